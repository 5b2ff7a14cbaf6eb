"""No email leaves that is not exactly one message to exactly one mailbox."""

import pytest
from fault_workspace import email
from hypothesis import given
from hypothesis import strategies as st

from pastdue.delivery import gate

TO, ID = "a1@customer.example", "<pd.2026-03-02.a1@us.example>"
GOOD = email("A1", TO)


def flaw(content: bytes, recipient: str = TO, message_id: str = ID, *, draft: bool = False) -> str:
    return gate.check(content, recipient, message_id, draft=draft)


def with_header(line: str) -> bytes:
    return email("A1", TO, extra=line)


def test_a_finished_email_passes() -> None:
    assert flaw(GOOD) == ""
    assert flaw(with_header("References: <a@b.example>\r\n <c@d.example>")) == ""
    assert flaw(GOOD.replace(b"To: A1 <", b"To: =?utf-8?q?J=C3=B6rg?= <")) == ""


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (GOOD.replace(b"\r\n", b"\n"), "CRLF"),
        (GOOD.replace(b"Dear", b"Dear\r"), "CRLF"),
        (GOOD + b"no end", "CRLF"),
        (GOOD.replace(b"Dear", b"De\0ar"), "NUL"),
        (GOOD.replace(b"Dear", "Dür".encode()), "ASCII"),
        (GOOD.replace(b"Dear", b"x" * 999), "longer than 998"),
        (GOOD.split(b"\r\n\r\n")[0] + b"\r\n", "no body"),
        (with_header("Bcc: evil@example.com"), "bcc, which nobody wrote"),
        (with_header("Subject: twice"), "subject twice"),
        (with_header("X-Unsent: 1"), "x-unsent, which nobody wrote"),
        (with_header("no header at all"), "is none"),
        (with_header("Content-Language : en"), "is none"),
        (with_header("References: <a@b>\r\n \r\n <c@d>"), "blank"),
        (b" folded\r\n" + GOOD, "blank"),
        (GOOD.replace(b"Date: ", b"Reply-To: "), "no date"),
        (GOOD.replace(b"Mon, 02 Mar 2026 09:30:00 +0000", b"yesterday"), "Date is none"),
        (GOOD.replace(b"Subject: Reminder", b"Subject: =?utf-8?q?x=0D=0ABcc:_evil@example.com?="), "control character"),
        (GOOD.replace(b"Subject: Reminder", b"Subject: =?utf-8?b?AA==?="), "control character"),
        (GOOD.replace(b"To: A1 <a1@", b"To: A1 <other@"), "one recipient"),
        (GOOD.replace(b"To: A1", b"To: evil@example.com, A1"), "one recipient"),
        (GOOD.replace(b"pd.2026", b"pd.2027"), "Message-ID"),
    ],
)
def test_anything_else_does_not(content: bytes, why: str) -> None:
    assert why in flaw(content)


def test_only_an_address_beyond_ascii_makes_a_header_that_is() -> None:
    international = GOOD.replace(b"To: A1 <a1@", "To: A1 <jörg@".encode())
    assert flaw(international, "jörg@customer.example") == ""
    assert "plain ASCII" in flaw(international, "a1@customer.example")
    assert "one recipient" in flaw(international, "jürg@customer.example")
    latin = GOOD.replace(b"To: A1 <a1@", "To: A1 <jörg@".encode("latin-1"))
    assert "UTF-8" in flaw(latin, "jörg@customer.example")


def test_a_draft_may_say_that_it_is_one() -> None:
    assert flaw(with_header("X-Unsent: 1"), draft=True) == ""


@given(st.text(max_size=40))
def test_no_text_that_reaches_a_header_adds_one_or_another_recipient(text: str) -> None:
    """Written raw, without any encoding, the worst a composer could do."""
    content = GOOD.replace(b"Reminder for A1", text.encode("utf-8", "replace"))
    if flaw(content) == "":
        block = content[: content.index(b"\r\n\r\n")]
        assert block.count(b"\r\n") == GOOD[: GOOD.index(b"\r\n\r\n")].count(b"\r\n")


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("Billing@Customer.EXAMPLE", "Billing@customer.example"),
        ("joerg@bücher.example", "joerg@xn--bcher-kva.example"),
        ("jörg@bücher.example", "jörg@xn--bcher-kva.example"),
        ("a+b=c@x-y.example", "a+b=c@x-y.example"),
    ],
)
def test_the_domain_goes_out_in_ascii_and_the_name_as_it_is(address: str, mailbox: str) -> None:
    assert gate.mailbox(address) == mailbox


@pytest.mark.parametrize(
    "address",
    [
        "", "a", "a@", "@b.example", "a@b.example>\r\nRCPT TO:<evil@example.com", "a b@c.example", "a@b@c.example",
        "a@-b.example", "a@b..example", "a@b_c.example", "a@[1.2.3.4]", "a@straße.example", "a@℀.example", '"a"@b.example',
        "a@" + "x" * 64 + ".example", "a" * 65 + "@b.example", "a\u202eb@c.example", "a@b.example, c@d.example",
    ],
)  # fmt: skip
def test_what_is_no_single_mailbox_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"address|domain"):
        gate.mailbox(address)


@given(st.text(max_size=60))
def test_a_mailbox_never_carries_a_second_command(text: str) -> None:
    try:
        mailbox = gate.mailbox(text)
    except ValueError:
        return
    assert not set(mailbox) & set(" \r\n\t<>\0")
    assert mailbox.count("@") == 1
