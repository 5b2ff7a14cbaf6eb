"""Emails as they leave: read back as a mail program reads them, they say what was meant and nothing else."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, message_from_string, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pastdue.config import Config
from pastdue.documents import emails
from pastdue.documents.emails import address, compose, message_id, witnessed
from pastdue.documents.letters import Letter
from pastdue.model import COPY, Customer, Document, Notice, NoticeItem, OpenItem

ON = date(2026, 3, 2)
SENT_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
CUSTOMER = Customer("ACME-1", "Byrne & Daughters Ltd", contact="Anna Byrne", email="anna@byrne.example")
LETTER = Letter(
    "en", "Reminder: invoice 2041", "<p>Dear Anna, €10.00</p>\n", "Dear Anna, €10.00\n\n-- \nHarbour\n.\n", []
)
NOTICE = Notice(
    notice_id="2026-03-02-ACME-1-reminder-email",
    on=ON,
    customer=CUSTOMER,
    currency="EUR",
    step="reminder",
    rung=1,
    letter="reminder",
    channel="email",
    items=(NoticeItem(OpenItem("2041", ON - timedelta(1), None, "EUR", 1000, 1000, 1), "reminder", 1),),
    pay_by=None,
    announces=(),
    reasons=(),
    portal_url="",
)


def config(**mail: str) -> Config:
    return Config.model_validate(
        {"business": {"name": "Harbour Joinery", "email": "accounts@joinery.example"}, "mail": mail}
    )


CONFIG = config()


def written(
    this: Notice = NOTICE, letter: Letter = LETTER, settings: Config = CONFIG, *, draft: bool = False, **more: Any
) -> Document:
    return compose(this, letter, settings, sent_at=SENT_AT, draft=draft, **more)


def said(part: Any) -> str:
    """A part's text with the line ends of text, not of mail."""
    return str(part.get_content()).replace("\r\n", "\n")


def name_of(message: EmailMessage) -> str:
    """The name in To. (Python's newer parser puts spaces between the words of a long encoded name; the older is right.)"""
    raw = re.sub(r"\r?\n(?=[ \t])", "", dict(message.raw_items())["To"])
    return str(make_header(decode_header(parseaddr(raw)[0])))


def read(document: Document) -> EmailMessage:
    message = message_from_bytes(document.content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not [defect for part in message.walk() for defect in part.defects]
    return message


def person(contact: str = "", email: str = "anna@byrne.example") -> Notice:
    return replace(NOTICE, customer=replace(CUSTOMER, contact=contact, email=email))


# ------------------------------------------------------------------ headers


def test_headers_are_exactly_these() -> None:
    head = written().content.partition(b"\r\n\r\n")[0].decode()
    assert head.split("\r\n") == [
        "From: Harbour Joinery <accounts@joinery.example>",
        "To: Anna Byrne <anna@byrne.example>",
        "Subject: Reminder: invoice 2041",
        "Date: Mon, 02 Mar 2026 09:30:00 +0000",
        f"Message-ID: {message_id(NOTICE.notice_id, CONFIG)}",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "Content-Language: en",
        "X-Pastdue-Notice: 2026-03-02-ACME-1-reminder-email",
        "MIME-Version: 1.0",
        "Content-Type: multipart/alternative;",
        f' boundary="{re.search("boundary=.([^;]*).$", head)[1]}"',
    ]


def test_the_subject_is_the_accounts_and_the_letters_own_stands_above_its_text() -> None:
    letter = replace(LETTER, mailed_as="Your account ACME-1 with Harbour Joinery")
    message = read(written(letter=letter))
    assert message["Subject"] == "Your account ACME-1 with Harbour Joinery"
    text = message.get_body(("plain",))
    assert text is not None
    assert said(text).startswith("Reminder: invoice 2041\n======================\n\n")


def test_an_email_that_is_sent_names_the_last_commit_of_the_log_and_is_as_it_was_otherwise() -> None:
    document, commit = written(), "0123456789abcdef0123456789abcdef01234567"
    sent = witnessed(document, commit)
    assert read(sent)["X-Pastdue-Log"] == commit
    assert sent.content.replace(f"X-Pastdue-Log: {commit}\r\n".encode(), b"") == document.content
    assert witnessed(document, "") == document
    assert read(witnessed(document, "f" * 64))["X-Pastdue-Log"] == "f" * 64
    with pytest.raises(ValueError, match="no name of a commit"):
        witnessed(document, "HEAD\r\nBcc: x@y.example")


def test_a_draft_says_so_and_a_reply_joins_its_thread() -> None:
    first = "<pd.0123456789abcdef0123456789abcdef@joinery.example>"
    message = read(written(replace(NOTICE, replies_to=first), draft=True))
    assert message["X-Unsent"] == "1"
    assert (message["In-Reply-To"], message["References"]) == (first, first)
    assert read(written())["X-Unsent"] is None


@pytest.mark.parametrize("broken", ["<a b@c>", "a@b", "<a@b>\r\nBcc: x@y.example", "<a@b><c@d>", "<é@b>"])
def test_a_damaged_message_id_in_the_ledger_starts_a_thread_of_its_own(broken: str) -> None:
    message = read(written(replace(NOTICE, replies_to=broken)))
    assert message["In-Reply-To"] is None
    assert message["Bcc"] is None


def test_sender_and_answers_are_those_of_the_config() -> None:
    message = read(
        written(settings=config(sender="Nora <nora@joinery.example>", reply_to='"Office, A" <office@x.example>'))
    )
    assert str(message["From"]) == "Nora <nora@joinery.example>"
    assert message["Reply-To"].addresses[0].display_name == "Office, A"
    assert message["Reply-To"].addresses[0].addr_spec == "office@x.example"


def test_without_a_sender_a_draft_is_from_an_address_that_cannot_exist() -> None:
    nobody = Config.model_validate({"business": {"name": "Harbour"}})
    document = written(settings=nobody, draft=True)
    assert str(read(document)["From"]) == "Harbour <unset@sender.invalid>"
    assert document.message_id.endswith("@sender.invalid>")


def test_a_copy_goes_to_its_own_address_under_the_firms_name() -> None:
    copy = replace(
        NOTICE,
        notice_id=f"{NOTICE.notice_id}-copy",
        channel=COPY,
        customer=replace(CUSTOMER, email="books@byrne.example"),
    )
    document = written(copy)
    assert document.recipient == "books@byrne.example"
    assert read(document)["To"].addresses[0].display_name == "Byrne & Daughters Ltd"
    assert document.message_id != written().message_id
    assert document.path != written().path


def test_the_document_carries_what_delivery_needs() -> None:
    document = written()
    assert (document.kind, document.recipient, document.subject) == ("eml", "anna@byrne.example", LETTER.subject)
    assert document.path == "outbox/2026-03-02/ACME-1-reminder.eml"
    assert document.message_id == message_id(NOTICE.notice_id, CONFIG)


@pytest.mark.parametrize(
    ("email", "travels"),
    [
        ("jo@bücher.example", "jo@xn--bcher-kva.example"),
        ("jo@straße.example", "jo@xn--strae-oqa.example"),
        ("jo@BÜCHER.Example", "jo@xn--bcher-kva.Example"),
        ("jo@例え.テスト", "jo@xn--r8jz45g.xn--zckzah"),
        ("jo+x@a.example", "jo+x@a.example"),
    ],
)
def test_domains_travel_in_idna(email: str, travels: str) -> None:
    assert address(email) == travels
    assert read(written(person(email=email)))["To"].addresses[0].addr_spec == travels


@pytest.mark.parametrize("email", ["jörg@byrne.example", "jo\u0308rg@byrne.example", "用户@例え.example"])
def test_a_recipient_beyond_ascii_stands_in_the_header_as_it_is(email: str) -> None:
    document = written(person(email=email))
    (to,) = message_from_string(document.content.decode(), policy=policy.default)["To"].addresses
    assert f"{to.username}@{to.domain}" == document.recipient
    assert document.recipient in {"jörg@byrne.example", "用户@xn--r8jz45g.example"}
    head, _, body = document.content.partition(b"\r\n\r\n")
    assert [line.partition(b":")[0] for line in head.split(b"\r\n") if not line.isascii()] == [b"To"]
    assert body.isascii()


def test_a_sender_beyond_ascii_is_refused() -> None:
    with pytest.raises(ValueError, match="before the @"):
        written(settings=Config.model_validate({"business": {"name": "H", "email": "jörg@byrne.example"}}))


@pytest.mark.parametrize(
    "email",
    [
        "",
        "anna",
        "a@b.example, c@d.example",
        "a@b.example\r\nBcc: c@d.example",
        "=?utf-8?q?x?=@evil.example",
        "a@b c.example",
        "a@b\u2024example",
        "a@" + "ü" * 60 + ".example",
        "a@b!c.example",
        "a@\u200b.example",
    ],
)
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(ValueError, match=r"address|domain|before the @"):
        written(person(email=email))


# ------------------------------------------------------------------ Message-ID


def test_message_ids_are_the_same_on_every_run_and_differ_by_notice_and_sender() -> None:
    assert message_id("a", CONFIG) == message_id("a", config())
    assert message_id("a", CONFIG) != message_id("b", CONFIG)
    assert message_id("a", CONFIG) != message_id("a", config(sender="other@joinery.example"))
    assert re.fullmatch(r"<pd\.[0-9a-f]{32}@joinery\.example>", message_id("a", CONFIG))


@pytest.mark.parametrize(
    "domain",
    [
        "x.de",
        "a" * 20 + ".example",
        "a" * 32 + ".example",
        "b" * 30 + ".c" * 10 + ".example",
        "a" * 60 + ".de",
        "münchen.example",
    ],
)
def test_message_ids_stay_short_enough_for_one_line(domain: str) -> None:
    made = message_id("2026-03-02-ACME-1-reminder-email", config(sender=f"a@{domain}"))
    assert len(made) <= 62
    assert re.fullmatch(r"<pd\.[0-9a-f]{16,32}@[a-z0-9.-]+>", made)
    assert len(made) == 62 or len(re.search(r"pd\.([0-9a-f]+)@", made)[1]) == 32 or len(domain) > 40


# ------------------------------------------------------------------ injection

TRICKS = [
    "=?utf-8?q?x=0D=0ABcc:_evil@example.com?=",
    "x\r\nBcc: evil@example.com",
    "x\nBcc: evil@example.com\n\nbody",
    "x\r Bcc: evil@example.com",
    '"x" <evil@example.com>, y',
    "x <evil@example.com>",
    "a, b; c: d (comment) \\ \" ' @",
    "=?utf-8?b?",
    "\u202e\u0000\u000b\u2028 x",
    "Jörg 田中 👩‍👩‍👧 é\u0301",
    "ü" * 500,
    "x" * 5000,
    "word " * 300,
    "",
    "   ",
    "\ud800",
]


@pytest.mark.parametrize("text", TRICKS, ids=lambda text: repr(text[:14]))
def test_no_text_in_the_books_becomes_a_header(text: str) -> None:
    this = replace(NOTICE, customer=replace(CUSTOMER, contact=text, name=text), notice_id=f"{ON}-{text}")
    document = written(this, replace(LETTER, subject=text), draft=True)
    message = read(document)
    assert [name for name in message if name != "X-Unsent"] == list(read(written()))
    (to,) = message["To"].addresses
    assert to.addr_spec == "anna@byrne.example"
    assert message["Bcc"] is None
    head = document.content.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    assert max(map(len, head.split(b"\r\n"))) <= 78


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=120), st.text(max_size=240))
def test_any_name_and_subject_arrive_as_they_were(name: str, subject: str) -> None:
    document = written(person(contact=name), replace(LETTER, subject=subject))
    message = read(document)
    meant = emails._one_line(name, 120) or CUSTOMER.name
    assert message["To"].addresses[0].addr_spec == "anna@byrne.example"
    assert str(message["Subject"]) == emails._one_line(subject, 250) == document.subject
    assert name_of(message) == meant


def test_headers_that_read_differently_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last line of defence works even if the encoding were to fail."""
    monkeypatch.setattr(emails, "_is_plain", lambda _: True)
    monkeypatch.setattr(emails, "clean", lambda text: text)
    monkeypatch.setattr(emails, "_one_line", lambda text, _: text)
    for trick in TRICKS[:3]:
        with pytest.raises(ValueError, match="headers of this email"):
            written(letter=replace(LETTER, subject=trick))


def test_long_words_are_cut_where_a_header_has_to_end_and_said_so() -> None:
    message = read(written(person(contact="ü" * 500), replace(LETTER, subject="x" * 5000)))
    assert name_of(message) == "ü" * 119 + "…"
    assert message["Subject"] == "x" * 249 + "…"


# ------------------------------------------------------------------ content


def test_both_parts_arrive_as_they_were_written() -> None:
    message = read(written())
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert said(text) == f"Reminder: invoice 2041\n======================\n\n{LETTER.text}"
    assert said(html) == LETTER.html
    assert [part.get_content_charset() for part in (text, html)] == ["utf-8", "utf-8"]


def test_attachments_come_with_their_names_and_bytes() -> None:
    files = [
        ("HJ-2041.pdf", b"%PDF-1.7\r\n\x00\xff" * 1000),
        ('Größe "1".pdf', b""),
        ("../../etc/passwd", b"x"),
        ("a\r\nX-Evil: 1.pdf", b"x"),
        ("x" * 300 + ".pdf", b"x"),
        ("請求書.pdf", b"x"),
        (".", b"x"),
    ]
    message = read(written(attachments=files))
    assert message.get_content_type() == "multipart/mixed"
    parts = list(message.iter_attachments())
    assert [part.get_content() for part in parts] == [content for _, content in files]
    assert [part.get_filename() for part in parts] == [
        "HJ-2041.pdf",
        'Größe "1".pdf',
        "passwd",
        "a X-Evil: 1.pdf",
        "x" * 80 + ".pdf",
        "請求書.pdf",
        "attachment",
    ]
    assert parts[0].get_content_type() == "application/pdf"
    assert [part["X-Evil"] for part in parts] == [None] * len(parts)
    body = message.get_body(("plain",))
    assert said(body).endswith(f"\n\n{LETTER.text}")


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
def test_lines_end_as_mail_wants_and_none_is_too_long(ending: str) -> None:
    text = f"a{ending}b {ending}.{ending}..{ending}From x{ending}{'é' * 3000}{ending}{'x' * 3000}{ending}"
    document = written(letter=replace(LETTER, text=text, html=text), attachments=[("a.pdf", b"\r\n.\r\n" * 500)])
    content = document.content
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\0" not in content
    assert max(map(len, content.split(b"\r\n"))) <= 78
    body = read(document).get_body(("plain",))
    assert said(body).endswith("\n\n" + text.replace("\r\n", "\n").replace("\r", "\n"))


def test_a_text_cannot_end_its_part() -> None:
    boundaries = re.findall(r'boundary="(.*?)"', written(attachments=[("a.pdf", b"x")]).content.decode())
    assert len(boundaries) == 2
    text = "".join(f"\r\n--{boundary}--\r\n--{boundary}\r\n" for boundary in boundaries)
    message = read(written(letter=replace(LETTER, text=text, html=text), attachments=[("a.pdf", text.encode())]))
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "application/pdf",
    ]


def test_the_same_notice_gives_the_same_bytes() -> None:
    assert written(attachments=[("a.pdf", b"x")]).content == written(attachments=[("a.pdf", b"x")]).content
    assert written().content != written(replace(NOTICE, notice_id="another")).content


def test_a_date_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        compose(NOTICE, LETTER, CONFIG, sent_at=SENT_AT.replace(tzinfo=None), draft=False)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([".", "..", "x" * 74, "x" * 75, "x" * 76, ".example", "ü", "=", "\n"]), max_size=40))
def test_no_line_begins_with_a_dot_where_there_is_room_for_digits(pieces: list[str]) -> None:
    text = "".join(pieces)
    document = written(letter=replace(LETTER, text=text + "\n"))
    body = document.content.partition(b"\r\n\r\n")[2]
    lines = body.split(b"\r\n")
    assert all(len(line) <= 76 for line in lines)
    assert all(len(line) > 74 for line in lines if line.startswith(b"."))
    plain = read(document).get_body(("plain",))
    assert text.strip("\n") in said(plain)
