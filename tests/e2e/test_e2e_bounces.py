"""`send --bounced`: a report that an email came back is found by its id, and the customer has not heard of the step."""

import csv
from pathlib import Path

import needs
import pytest
from commandline import PLAIN, Workspace
from hypothesis import given, settings
from hypothesis import strategies as st
from mailserver import MailServer

from pastdue.delivery import bounces

CUSTOMERS = (
    "account_id,name,email,address,city\n"
    "ACME,Acme,ap@acme.example,1 Mill Road,Bristol\nBOLT,Bolt,office@bolt.example,,\n"
    "CORK,Cork,büro@kork.example,2 Mill Road,Bristol\nPOST,Post,,3 Mill Road,Bristol\n"
)
INVOICES = (
    "invoice_id,account_id,issued,due,amount\nI-1,ACME,2026-01-01,2026-01-31,10\nI-2,BOLT,2026-01-01,2026-01-31,20\n"
    "I-3,CORK,2026-01-01,2026-01-31,30\nI-4,POST,2026-01-01,2026-01-31,40\n"
)
ON = ("--on", "2026-02-02")
ACME, BOLT, CORK = (f"2026-02-02-{name}-reminder-email" for name in ("ACME", "BOLT", "CORK"))
NO_SUCH_USER = "550 5.1.1 <ap@acme.example>: Recipient address rejected: User unknown"


@pytest.fixture
def books(tmp_path: Path, server: MailServer) -> Workspace:
    config = PLAIN.format(business="", more=server.config)
    books = Workspace.of(tmp_path / "books", config, customers=CUSTOMERS, invoices=INVOICES)
    books.done("send", "--yes", *ON)
    assert books.told("account_id", "state") == [
        ("ACME", "sent"), ("BOLT", "sent"), ("CORK", "sent"), ("POST", "printed"),
    ]  # fmt: skip
    return books


def report(
    *,
    envelope: str = ACME,
    message: str = "",
    to: str = "ap@acme.example",
    final: str | None = None,
    action: str = "failed",
    status: str = "5.1.1",
    code: str = NO_SUCH_USER,
    kind: str = "message/delivery-status",
    top: str = "multipart/report; report-type=delivery-status",
    more: str = "",
) -> bytes:
    """What a mail server writes when it gives up, with the headers of the email that it could not deliver."""
    original = f"Original-Envelope-Id: {envelope}\n" if envelope else ""
    returned = f"From: accounts@brookstreet.example\nTo: {to}\nSubject: Reminder\n" + (
        f"Message-ID: {message}\n" if message else ""
    )
    text = f"""Return-Path: <>
From: MAILER-DAEMON@relay.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: accounts@brookstreet.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: {top}; boundary="=b"

--=b
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--=b
Content-Type: {kind}

Reporting-MTA: dns; relay.example
{original}Arrival-Date: Mon,  2 Feb 2026 09:00:00 +0000 (UTC)

Final-Recipient: rfc822; {final if final is not None else to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {code}
{more}
--=b
Content-Type: text/rfc822-headers

{returned}
--=b--
"""
    return text.replace("\n", "\r\n").encode()


def bounced(books: Workspace, *contents: bytes) -> tuple[int, str]:
    """The exit code and all that is said."""
    named: list[str] = []
    for number, content in enumerate(contents):
        path = books.root.parent / f"report-{number}.eml"
        path.write_bytes(content)
        named += ["--bounced", str(path)]
    result = books.run("send", *named)
    return result.exit_code, result.stdout + result.stderr


def _nothing(books: Workspace, content: bytes, words: str, *, code: int = 1) -> None:
    """The report changes neither ledger nor history, and the words say why."""
    before = books.everything(), books.git("rev-parse", "HEAD")
    exit_code, said = bounced(books, content)
    assert (exit_code, words in said) == (code, True), said
    assert (books.everything(), books.git("rev-parse", "HEAD")) == before


def _message_id(books: Workspace, account: str) -> str:
    return next(row["message_id"] for row in books.notices() if row["account_id"] == account)


# ------------------------------------------------------------------ what a report changes


@pytest.mark.parametrize("by", ["envelope", "message", "both"])
def test_a_report_puts_its_notice_on_record_as_refused_in_the_servers_words(books: Workspace, by: str) -> None:
    message = "" if by == "envelope" else _message_id(books, "ACME")
    code, said = bounced(books, report(envelope="" if by == "message" else ACME, message=message))
    assert code == 0
    assert f"refused: {ACME} to ap@acme.example: bounced: {NO_SUCH_USER}" in said
    assert books.told("account_id", "step", "state", "reply")[-1] == (
        "ACME", "reminder", "refused", f"bounced: {NO_SUCH_USER}",
    )  # fmt: skip
    assert len(books.notices()) == 5
    assert f"Notice: {ACME} refused {_message_id(books, 'ACME')} " in books.git("log", "-1", "--format=%B")
    assert books.git("status", "--porcelain") == ""
    assert "all of it agrees" in books.done("audit")


def test_the_customer_has_not_heard_of_the_step_and_gets_a_letter(books: Workspace) -> None:
    later = ("--on", "2026-02-05")
    assert "the customer has until 2026-02-09" in books.done("explain", "ACME", *later)
    assert bounced(books, report())[0] == 0
    explained = books.done("explain", "ACME", *later)
    assert "nothing sent before" in explained
    assert "the customer has until" not in explained
    assert "their address refused mail: by letter instead" in explained
    books.done("send", "--yes", *later)
    assert books.told("account_id", "step", "channel", "state")[-1] == ("ACME", "reminder", "letter", "printed")
    # The others were heard: their deadline runs.
    assert "the customer has until 2026-02-09" in books.done("explain", "BOLT", *later)


def test_a_bounce_that_comes_after_the_next_step_changes_the_way_and_repeats_no_step(books: Workspace) -> None:
    books.done("send", "--posted", "--yes", "--on", "2026-02-12")
    assert books.told("account_id", "step", "channel", "state")[-4] == ("ACME", "second-notice", "email", "sent")
    assert bounced(books, report())[0] == 0
    books.done("send", "--posted", "--yes", "--on", "2026-02-22")
    assert ("ACME", "final-demand", "letter", "printed") in books.told("account_id", "step", "channel", "state")[-5:]


def test_a_mended_address_is_written_to_again_and_the_old_report_changes_nothing_any_more(
    books: Workspace, server: MailServer
) -> None:
    assert bounced(books, report())[0] == 0
    books.write("accounts/customers.csv", CUSTOMERS.replace("ap@acme", "billing@acme"))
    books.done("send", "--yes", "--changed", *ON)
    assert server.to("billing@acme.example")
    assert books.told("account_id", "state", "recipient")[-1] == ("ACME", "sent", "billing@acme.example")
    _nothing(books, report(), "it is not about")


def test_the_same_report_twice_adds_nothing(books: Workspace) -> None:
    assert bounced(books, report(), report())[0] == 0
    assert [state for (state,) in books.told("state")].count("refused") == 1
    _nothing(books, report(), "nothing changes", code=0)
    _nothing(books, report(code="550 5.1.1 in other words"), "nothing changes", code=0)


@pytest.mark.parametrize(
    "action", ["delayed", "delivered", "relayed", "expanded", "Delayed (still trying)", "deliverable"]
)
def test_what_is_no_final_no_changes_nothing(books: Workspace, action: str) -> None:
    _nothing(books, report(action=action, status="4.4.1"), "nothing changes", code=0)


def test_one_mailbox_behind_the_address_that_got_it_or_may_yet_is_enough(books: Workspace) -> None:
    for action in ("delivered", "delayed"):
        more = f"\nFinal-Recipient: rfc822; other@acme.example\nAction: {action}\nStatus: 2.0.0\n"
        _nothing(books, report(more=more), f"nothing changes: {ACME}: {action}", code=0)


def test_a_server_that_gave_up_for_now_puts_off_and_the_next_run_tries_again(
    books: Workspace, server: MailServer
) -> None:
    code, said = bounced(books, report(status="4.4.7", code="delivery time expired"))
    assert (code, f"deferred: {ACME}" in said) == (0, True)
    assert books.told("account_id", "state", "reply")[-1] == (
        "ACME",
        "deferred",
        "bounced: 4.4.7 delivery time expired",
    )
    books.done("send", "--yes", "--on", "2026-02-05")
    assert books.told("account_id", "step", "channel", "state")[-1] == ("ACME", "reminder", "email", "sent")
    assert "all of it agrees" in books.done("audit")


def test_a_report_settles_what_was_unclear(books: Workspace) -> None:
    from pastdue.cli import _now
    from pastdue.delivery.post import Post
    from pastdue.model import State

    with Post(books.root, now=_now) as out:
        out._journal.outcome(ACME, State.UNCLEAR, out._at(), "the line broke")
    assert bounced(books, report())[0] == 0
    assert books.told("account_id", "state")[-2:] == [("ACME", "unclear"), ("ACME", "refused")]
    assert "all of it agrees" in books.done("audit")


def test_addresses_beyond_ascii_are_reported_in_their_own_kind_of_part(books: Workspace) -> None:
    content = report(
        envelope=CORK,
        to="büro@kork.example",
        kind="message/global-delivery-status",
        code="550 5.1.1 gibt es nicht: büro",
    ).replace(b"rfc822; b", b"utf-8; b")
    assert bounced(books, content)[0] == 0
    assert books.told("account_id", "state", "reply")[-1] == (
        "CORK",
        "refused",
        "bounced: 550 5.1.1 gibt es nicht: büro",
    )


def test_a_domain_that_travels_in_another_spelling_is_refused_in_the_one_of_the_books(
    books: Workspace, server: MailServer
) -> None:
    books.write("accounts/customers.csv", CUSTOMERS.replace("ap@acme", "ap@bücher"))
    server.answers["ap@xn--bcher-kva.example"] = "550 5.1.1 no such mailbox"
    books.run("send", "--yes", "--changed", "--on", "2026-02-12")
    assert ("ACME", "refused", "ap@xn--bcher-kva.example") in books.told("account_id", "state", "recipient")
    assert "their address refused mail: by letter instead" in books.done("explain", "ACME", "--on", "2026-02-13")


def test_a_folder_or_an_mbox_of_reports_is_read_whole_and_the_odd_one_is_a_finding(
    books: Workspace, tmp_path: Path
) -> None:
    other = report(envelope=BOLT, to="office@bolt.example", code="550 5.2.1 closed")
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "1.eml").write_bytes(report())
    (folder / "2.eml").write_bytes(b"Subject: hello\r\n\r\nHow are you?\r\n")
    (folder / ".hidden").write_bytes(b"nothing")
    box = tmp_path / "Bounces"
    box.write_bytes(
        b"".join(
            b"From - Mon Feb  2 10:00:00 2026\n" + each.replace(b"\r\n", b"\n") + b"\n" for each in (other, report())
        )
    )
    result = books.run("send", "--bounced", str(folder), "--bounced", str(box))
    assert result.exit_code == 1
    assert "2.eml: error: it is no report of a mail server" in result.stderr
    assert result.stderr.count("error") == 1
    assert books.told("account_id", "state")[-2:] == [("ACME", "refused"), ("BOLT", "refused")]
    assert "2 notices on record" in result.stdout


# ------------------------------------------------------------------ what is no report, or about none of ours


def test_what_names_no_notice_is_a_finding(books: Workspace) -> None:
    _nothing(books, report(envelope=""), "none of the notices on record")
    _nothing(books, report(envelope="2026-02-02-NOBODY-reminder-email"), "none of the notices on record")
    _nothing(books, report(envelope="", message="<pd.0123456789abcdef@brookstreet.example>"), "none of the notices")
    _nothing(books, report(envelope=ACME.lower()), "none of the notices on record")


def test_an_address_alone_finds_nothing(books: Workspace) -> None:
    _nothing(books, report(envelope="", to="ap@acme.example"), "none of the notices on record")


def test_an_id_of_one_account_with_the_address_or_the_email_of_another_is_a_finding(books: Workspace) -> None:
    _nothing(books, report(envelope=ACME, to="office@bolt.example"), 'it is not about "ap@acme.example"')
    _nothing(books, report(message=_message_id(books, "BOLT")), "gives back another notice's email")
    _nothing(
        books,
        report(envelope="", message=_message_id(books, "ACME"), to="office@bolt.example"),
        'it is not about "ap@acme.example"',
    )


def test_a_forwarded_address_that_failed_is_about_the_one_it_was_forwarded_from(books: Workspace) -> None:
    assert bounced(books, report(final="someone@elsewhere.example"))[0] == 0
    assert books.told("account_id", "state")[-1] == ("ACME", "refused")


def test_a_letter_does_not_bounce(books: Workspace) -> None:
    _nothing(books, report(envelope="2026-02-02-POST-reminder-letter"), "no email that had left")


def test_an_absence_note_a_complaint_and_garbage_are_findings(books: Workspace) -> None:
    away = (
        b"From: ap@acme.example\r\nTo: accounts@brookstreet.example\r\nAuto-Submitted: auto-replied\r\n"
        b"Subject: Out of office\r\nIn-Reply-To: "
        + _message_id(books, "ACME").encode()
        + b"\r\n\r\nBack on Monday.\r\n"
    )
    no_report = "it is no report of a mail server"
    _nothing(books, away, no_report)
    _nothing(
        books, report(kind="message/feedback-report", top="multipart/report; report-type=feedback-report"), no_report
    )
    _nothing(books, b"", no_report)
    _nothing(books, bytes(range(256)) * 50, no_report)
    _nothing(books, report().partition(b"Final-Recipient")[0] + b"\r\n--=b--\r\n", "what became of whom")
    nested = b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n" * 3000
    _nothing(books, nested, "")
    inside = b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: message/rfc822\r\n\r\n" + report()
    _nothing(books, inside + b"\r\n--o--\r\n", no_report)


def test_the_words_of_a_report_are_data(books: Workspace) -> None:
    hostile = "=HYPERLINK(evil)\x1b[31m\N{RIGHT-TO-LEFT OVERRIDE}[/bold] " + "x" * 900
    code, _ = bounced(books, report(code=hostile, status=""))
    assert code == 0
    reply = books.notices()[-1]["reply"]
    assert reply.startswith("bounced: ")
    assert reply.isprintable()
    assert len(reply) <= 500
    assert "all of it agrees" in books.done("audit")


REPORT = report()


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0, len(REPORT) - 1), length=st.integers(0, 60), junk=st.binary(max_size=30))
def test_no_damage_to_a_report_makes_anything_but_a_report_or_a_finding(place: int, length: int, junk: bytes) -> None:
    said = bounces.report("a.eml", REPORT[:place] + junk + REPORT[place + length :])
    if isinstance(said, bounces.Report):
        assert said.words.isprintable()
        assert len(said.words) <= 500


# ------------------------------------------------------------------ what real servers write


@needs.real_data
def test_reports_of_real_servers_are_read_as_what_they_are() -> None:
    folder = needs.REAL_DATA / "bounces"
    with (folder / "expected.csv").open(encoding="utf-8", newline="") as file:
        expected = {row["file"]: row for row in csv.DictReader(file)}
    read = {name: bounces.report(name, (folder / name).read_bytes()) for name in expected}
    reports = {name: said for name, said in read.items() if isinstance(said, bounces.Report)}
    assert len(reports) >= 15
    for name, said in reports.items():
        row = expected[name]
        assert said.recipients, name
        if row["hard_bounce"] == "1":
            assert said.state is not None, name
            assert said.state.value == "refused", name
            assert row["smtp_reply"] in said.words, name
        if row["reason"] in {"delivered", "expired"}:
            assert said.state is None, name
    # Absence notes, complaints and letters of thanks are no reports, whatever else they are.
    assert not {name for name in reports if expected[name]["reason"] in {"vacation", "feedback"}}
