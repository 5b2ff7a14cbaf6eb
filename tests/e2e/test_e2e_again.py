"""`send --again`: what a notice said goes once more, over real SMTP, as a new notice that the ladder does not see."""

import asyncio
from email.message import EmailMessage
from pathlib import Path

import pytest
from commandline import PLAIN, Workspace, html_of, parsed, text_of
from mailserver import MailServer

CUSTOMERS = (
    "account_id,name,contact,email,address,city,cc\n"
    "ACME,Acme,Ann Byrne,ap@acme.example,1 Mill Road,Bristol,boss@acme.example\nBOLT,Bolt,,,2 Dock Road,Cork,\n"
)
INVOICES = (
    "invoice_id,account_id,issued,due,amount,description\n"
    "I-1,ACME,2026-01-01,2026-01-31,1210.50,Work on the stairs\nI-2,BOLT,2026-01-01,2026-01-31,20,\n"
)
PAYMENTS = "received,account_id,amount,invoice_id\n"
ACTIVITY = "on,account_id,kind,invoice_id,amount,due,note\n"
FIRST, FIRST_LETTER = "2026-02-02-ACME-reminder-email", "2026-02-02-BOLT-reminder-letter"
AGAIN = "2026-02-04-ACME-again-2026-02-02-reminder-email"


@pytest.fixture
def books(tmp_path: Path, server: MailServer) -> Workspace:
    """Books after the reminders of 2 February: one by email with a copy, one printed."""
    workspace = Workspace.of(
        tmp_path / "books",
        PLAIN.format(business="", more=server.config),
        customers=CUSTOMERS,
        invoices=INVOICES,
        payments=PAYMENTS,
        activity=ACTIVITY,
    )
    workspace.done("send", "--yes", "--on", "2026-02-02")
    return workspace


def once_more(books: Workspace, on: str = "2026-02-04", notice: str = FIRST) -> str:
    return books.done("send", "--yes", "--on", on, "--again", notice)


def refused(books: Workspace, on: str = "2026-02-04", notice: str = FIRST) -> str:
    """What is said where it does not go; nothing arrives and nothing is recorded."""
    before = books.notices(), books.git("rev-parse", "HEAD")
    result = books.run("send", "--yes", "--on", on, "--again", notice)
    assert result.exit_code == 4, result.output
    assert (books.notices(), books.git("rev-parse", "HEAD")) == before
    return result.stderr


def latest(server: MailServer, recipient: str = "ap@acme.example") -> EmailMessage:
    return parsed([content for _, to, content in server.arrived if to == [recipient]][-1])


def rebuilt(books: Workspace, notice: str) -> str:
    return books.done("audit", "--rebuild", notice)


# ------------------------------------------------------------------ what goes


def test_it_is_a_new_email_in_the_thread_of_the_first_with_its_words_and_todays_sums(
    books: Workspace, server: MailServer
) -> None:
    first = latest(server)
    books.write("accounts/payments.csv", PAYMENTS + "2026-02-03,ACME,210.50,I-1\n")
    assert "2 sent. Committed as" in once_more(books)
    message = latest(server)
    assert message["Message-ID"] != first["Message-ID"]
    assert message["In-Reply-To"] == message["References"] == first["Message-ID"]
    assert message["Subject"] == first["Subject"] == "Your account ACME with Brook Street Bakery"
    today, _, then = text_of(message).partition("Our message of February 2, 2026 was")
    assert today.startswith("Once more: our message of February 2, 2026\n")
    assert "€1,000.00" in today
    assert "Please pay €1,000.00 by February 9, 2026" in today  # the day that the reminder gave, and no new one
    assert "€210.50" in today  # received, with thanks
    assert "According to our books, invoice I-1, due on January 31, 2026, is" in then
    assert "I-1 · Jan 31, 2026 · €1,210.50" in then
    assert "Please pay €1,210.50" not in today
    assert "<h1" in html_of(message)
    assert text_of(latest(server, "boss@acme.example")) == text_of(message)


def test_it_is_on_record_beside_the_ladder_and_can_be_written_again_byte_for_byte(books: Workspace) -> None:
    once_more(books)
    rows = books.told("notice_id", "step", "rung", "channel", "state")[-2:]
    step = "again-2026-02-02-reminder"
    assert rows == [(AGAIN, step, "-1", "email", "sent"), (f"{AGAIN}-copy", step, "-1", "copy", "sent")]
    for notice in (FIRST, AGAIN, f"{AGAIN}-copy"):
        assert "identical, byte for byte" in rebuilt(books, notice)
    assert f"ACME {step} email 1210.50 EUR; {FIRST} once more" in books.git("log", "-1", "--format=%B")


def test_the_ladder_goes_on_as_if_it_had_not_been_sent(books: Workspace, server: MailServer) -> None:
    once_more(books, "2026-02-09")
    books.done("send", "--yes", "--on", "2026-02-10", "--only", "ACME")
    assert books.told("step", "on")[-1] == ("second-notice", "2026-02-10")
    assert latest(server)["Subject"] == "Your account ACME with Brook Street Bakery"
    assert latest(server)["In-Reply-To"] == parsed(server.arrived[0][2])["Message-ID"]  # of the first, still


def test_the_minimum_gap_counts_it_as_a_contact(books: Workspace) -> None:
    books.write("config.toml", (books.root / "config.toml").read_text("utf-8").replace("gap = 0", "gap = 5"))
    once_more(books, "2026-02-09")
    assert "second-notice on 2026-02-14: at least 5 days after the last contact" in " ".join(
        books.done("explain", "ACME", "--on", "2026-02-10").split()
    )


def test_a_second_time_today_is_refused_and_another_day_it_is_another_notice(
    books: Workspace, server: MailServer
) -> None:
    once_more(books)
    assert f"ACME was written to today: {AGAIN}" in refused(books)
    once_more(books, "2026-02-05", AGAIN)  # of one that went once more, the original goes
    names = {parsed(content)["Message-ID"] for _, _, content in server.arrived}
    assert len(names) == len(server.arrived) == 6
    first = parsed(server.arrived[0][2])
    assert latest(server)["In-Reply-To"] == first["Message-ID"]
    assert text_of(latest(server)).count("Our message of February 2, 2026 was") == 1
    assert "identical" in rebuilt(books, "2026-02-05-ACME-again-2026-02-02-reminder-email")


def test_what_is_paid_goes_once_more_and_asks_for_nothing(books: Workspace, server: MailServer) -> None:
    books.write("accounts/payments.csv", PAYMENTS + "2026-02-03,ACME,1210.50,I-1\n")
    books.committed()
    assert "asking for €0.00" in once_more(books)
    today = text_of(latest(server)).partition("Our message of")[0]
    assert "for your records and asks for no payment" in " ".join(today.split())
    assert "Please pay" not in today
    assert books.told("invoice_id", "open", "pay_by")[-1] == ("I-1", "0.00", "")
    assert "identical" in rebuilt(books, AGAIN)


def test_what_is_promised_is_listed_and_not_asked_for(books: Workspace, server: MailServer) -> None:
    books.write("accounts/activity.csv", ACTIVITY + "2026-02-03,ACME,promise,,1210.50,2026-02-12,\n")
    once_more(books)
    today = text_of(latest(server)).partition("Our message of")[0]
    assert "€1,210.50" in today
    assert "Please pay" not in today


def test_a_letter_goes_by_letter_once_it_is_in_the_post(books: Workspace) -> None:
    from pypdf import PdfReader

    assert "is printed, and not in the post yet" in refused(books, notice=FIRST_LETTER)
    books.done("send", "--yes", "--posted", "--on", "2026-02-03")
    assert "1 printed" in once_more(books, notice=FIRST_LETTER)
    said = PdfReader(books.root / "outbox/2026-02-04/BOLT-again-2026-02-02-reminder.pdf").pages[0].extract_text()
    assert "Once more: our letter of February 2, 2026" in said
    assert "It is enclosed." in said
    body = books.git("log", "-1", "--format=%B")
    assert "put outbox/2026-02-02/BOLT-reminder.pdf into the envelope" in body
    assert "identical" in rebuilt(books, "2026-02-04-BOLT-again-2026-02-02-reminder-letter")


def test_by_the_other_way_the_words_are_printed_or_the_letter_is_attached(books: Workspace, server: MailServer) -> None:
    from pypdf import PdfReader

    books.done("send", "--yes", "--posted", "--on", "2026-02-03")
    changed = CUSTOMERS.replace("ap@acme.example", "").replace(",boss@acme.example", ",")
    changed = changed.replace("BOLT,Bolt,,,2 Dock Road,Cork", "BOLT,Bolt,,office@bolt.example,,")
    books.write("accounts/customers.csv", changed)
    books.committed()
    once_more(books)
    pages = PdfReader(books.root / "outbox/2026-02-04/ACME-again-2026-02-02-reminder.pdf").pages
    assert "According to our books, invoice I-1" in " ".join("".join(p.extract_text() for p in pages).split())
    once_more(books, notice=FIRST_LETTER)
    message = latest(server, "office@bolt.example")
    (letter,) = message.iter_attachments()
    assert letter.get_content() == (books.root / "outbox/2026-02-02/BOLT-reminder.pdf").read_bytes()
    assert "It is attached." in text_of(message)
    for account, by in (("ACME", "letter"), ("BOLT", "email")):
        assert "identical" in rebuilt(books, f"2026-02-04-{account}-again-2026-02-02-reminder-{by}")


def test_what_was_attached_is_attached_again(books: Workspace, server: MailServer) -> None:
    config = (books.root / "config.toml").read_text("utf-8")
    config = config.replace('name = "second-notice"', 'name = "second-notice"\nattach_invoice = true')
    books.write("config.toml", config)
    books.write("invoices/I-1.pdf", b"%PDF-1.7 the invoice")
    books.committed()
    books.done("send", "--yes", "--on", "2026-02-10", "--only", "ACME")
    (books.root / "invoices/I-1.pdf").unlink()
    once_more(books, "2026-02-11", "2026-02-10-ACME-second-notice-email")
    (invoice,) = latest(server).iter_attachments()
    assert (invoice.get_filename(), invoice.get_content()) == ("I-1.pdf", b"%PDF-1.7 the invoice")


def test_customer_and_court_see_it_by_a_name(books: Workspace) -> None:
    once_more(books)
    books.done("build", "--on", "2026-02-05")
    pages = "".join(path.read_text("utf-8") for path in (books.root / "site/public").rglob("*.html"))
    assert "Sent once more" in pages
    assert "again-2026" not in pages


# ------------------------------------------------------------------ what does not


@pytest.mark.parametrize("kind", ["stop-contact", "lawyer", "insolvency", "deceased", "fraud", "placed", "hold"])
def test_a_held_account_gets_nothing(books: Workspace, kind: str) -> None:
    books.write("accounts/activity.csv", f"{ACTIVITY}2026-02-03,ACME,{kind},,,,\n")
    assert "ACME gets nothing: " in refused(books)


@pytest.mark.parametrize(
    ("contact", "why"),
    [
        ("messages_per_week = 1", "1 message in seven days is enough: the last was on 2026-02-02; again on 2026-02-09"),
        ("quiet = [2026-02-04]", "2026-02-04 is quiet by contact.quiet"),
    ],
)
def test_the_limits_of_contact_hold(books: Workspace, contact: str, why: str) -> None:
    config = (books.root / "config.toml").read_text("utf-8")
    books.write("config.toml", config.replace("[calendar]", f"[contact]\n{contact}\n[calendar]"))
    assert why in refused(books)


def test_it_waits_for_a_business_day(books: Workspace) -> None:
    config = (books.root / "config.toml").read_text("utf-8")
    books.write("config.toml", config.replace("weekend = []", "weekend = [6, 7]"))
    assert "Ask again on 2026-02-09" in refused(books, "2026-02-07")


def test_one_that_may_have_arrived_is_to_be_resolved_first(
    books: Workspace, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(_: MailServer, session: object, __: object, ___: object) -> str:
        session.transport.abort()  # type: ignore[attr-defined]
        await asyncio.sleep(0.2)
        return "250 too late"

    monkeypatch.setattr(MailServer, "handle_DATA", dies)
    assert books.run("send", "--yes", "--on", "2026-02-10", "--only", "ACME").exit_code == 3
    unclear = "2026-02-10-ACME-second-notice-email"
    assert books.told("notice_id", "state")[-1][1] == "unclear"
    assert f"--resolve {unclear}=resend" in refused(books, "2026-02-11", unclear)
    assert "settle it with send --resolve" in refused(books, "2026-02-11")


def test_one_that_was_refused_never_reached_them(books: Workspace, server: MailServer) -> None:
    server.answers["ap@acme.example"] = "550 5.1.1 no such mailbox"
    books.run("send", "--yes", "--on", "2026-02-10", "--only", "ACME")
    assert "never reached them: it is refused" in refused(books, "2026-02-11", "2026-02-10-ACME-second-notice-email")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--again", "2026-02-02-ACME-remider-email"), f"did you mean {FIRST}?"),
        (("--again", FIRST, "--only", "ACME"), "--again goes by itself"),
        (("--again", FIRST, "--resolve", f"{FIRST}=sent"), "--again goes by itself"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(books: Workspace, arguments: tuple[str, ...], said: str) -> None:
    result = books.run("send", "--yes", "--on", "2026-02-04", *arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_a_dry_run_shows_it_and_writes_nothing(books: Workspace) -> None:
    before = books.everything()
    said = books.done("send", "--dry-run", "--on", "2026-02-04", "--again", FIRST)
    assert "again-2026-02-02-reminder" in said
    assert "BOLT" not in said
    assert books.everything() == before
