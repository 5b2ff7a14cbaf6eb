"""`send` against a real mail server, over STARTTLS and with a login: what arrives, what is recorded, what git holds."""

import email.utils
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commandline import PLAIN, Workspace, html_of, parsed, text_of
from mailserver import MailServer, mail_server

PASSWORD = "korrekt horse"
LOGIN = (b"harbour", PASSWORD.encode())
PDF = b"%PDF-1.4 the operator's own invoice\n" + bytes(range(256)) * 40


@pytest.fixture
def box(certificate: tuple[Path, ssl.SSLContext]) -> Iterator[MailServer]:
    with mail_server(certificate[1], LOGIN) as running:
        yield running


def _mail(box: MailServer, authority: Path, more: str = "") -> str:
    return (
        f'[mail]\ntransport = "smtp"\nhost = "localhost"\nport = {box.port}\nsecurity = "starttls"\nuser = "harbour"\n'
        f"ca_file = '{authority}'\nsender = \"Harbour Joinery <billing@harbourjoinery.example>\"\n"
        f'reply_to = "accounts@harbourjoinery.example"\n{more}'
    )


# ------------------------------------------------------------------ the demo, really sent


@pytest.fixture(scope="module")
def sent(
    tmp_path_factory: pytest.TempPathFactory, certificate: tuple[Path, ssl.SSLContext]
) -> Iterator[tuple[Workspace, MailServer]]:
    """The demo's books after `send --yes` over SMTP, with the password in the environment."""
    workspace = Workspace.demo(tmp_path_factory.mktemp("demo"))
    with mail_server(certificate[1], LOGIN) as box:
        config = (workspace.root / "config.toml").read_text("utf-8")
        head, _, tail = config.partition("[mail]")
        workspace.write("config.toml", head + _mail(box, certificate[0]) + "\n[portal]" + tail.partition("[portal]")[2])
        workspace.write("invoices/HJ-2517.pdf", PDF)
        workspace.write("invoices/HJ-9999.pdf", PDF + b"of somebody else")
        workspace.committed()
        before = workspace.git("rev-parse", "HEAD")
        said = workspace.done("send", "--yes", env={"PASTDUE_SMTP_PASSWORD": PASSWORD})
        assert f"{len(box.arrived)} sent" in said
        assert workspace.git("rev-parse", "HEAD~1") == before
        yield workspace, box


def test_each_recipient_of_the_ledger_got_one_message_and_nobody_else_did(sent: tuple[Workspace, MailServer]) -> None:
    workspace, box = sent
    wanted = {row["notice_id"]: row["recipient"] for row in workspace.notices() if row["state"] == "sent"}
    assert sorted(box.recipients) == sorted(wanted.values())
    assert len(box.arrived) == 16
    assert all(len(recipients) == 1 for _, recipients, _ in box.arrived)
    assert {sender for sender, _, _ in box.arrived} == {"billing@harbourjoinery.example"}
    # Those who get a letter or a call, are settled, disputed or in credit, got no mail.
    customers = (workspace.root / "accounts/customers.csv").read_text("utf-8")
    assert "aoife@brennan.example" in customers
    assert not {"aoife@brennan.example", "office@seaview.example"} & set(box.recipients)


def test_the_bytes_that_arrived_are_the_bytes_in_git(sent: tuple[Workspace, MailServer]) -> None:
    import subprocess

    workspace, box = sent
    arrived = {content for _, _, content in box.arrived}
    files = {row["file"] for row in workspace.notices() if row["state"] == "sent"}
    held = {
        subprocess.run(["git", "show", f"HEAD:{name}"], cwd=workspace.root, capture_output=True, check=True).stdout
        for name in files
    }
    assert held == arrived
    assert {(workspace.root / name).read_bytes() for name in files} == arrived


def test_the_headers_say_who_to_whom_what_and_when(sent: tuple[Workspace, MailServer]) -> None:
    workspace, box = sent
    message = parsed(box.to("accounts@ardilaun.example"))
    assert str(message["From"]) == "Harbour Joinery <billing@harbourjoinery.example>"
    assert str(message["To"]) == "Siobhán Lyons <accounts@ardilaun.example>"
    assert str(message["Reply-To"]) == "accounts@harbourjoinery.example"
    assert str(message["Subject"]) == "Your account ARDILAUN with Harbour Joinery"
    assert text_of(message).startswith("Reminder: invoice HJ-2517\n")
    assert email.utils.parsedate_to_datetime(message["Date"]).isoformat() == "2026-03-02T09:00:00+00:00"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "en-IE"
    row = next(row for row in workspace.notices() if row["account_id"] == "ARDILAUN")
    assert message["Message-ID"] == row["message_id"]
    for _, _, content in box.arrived:
        message = parsed(content)
        assert message["Bcc"] is None
        assert message["X-Unsent"] is None
        assert len(message.get_all("To", [])) == 1
        assert message.defects == []
    names = [parsed(content)["Message-ID"] for _, _, content in box.arrived]
    assert len(set(names)) == len(names)


def test_the_parts_are_text_and_html_with_the_same_figures(sent: tuple[Workspace, MailServer]) -> None:
    message = parsed(sent[1].to("sean@oflaherty.example"))
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    text, html = text_of(message), html_of(message)
    for said in ("€3,085.75", "HJ-2535", "HJ-2541", "€1,092.15", "IE29 AIBK 9311 5212 3456 78", "9 March 2026"):
        assert said in text, said
        assert said in html.replace("\N{NO-BREAK SPACE}", " "), said
    assert "https://pay.harbourjoinery.example/" in text
    assert "<script" not in html
    assert "style=" in html
    assert " src=" not in html


def test_the_invoice_that_is_asked_for_is_attached_and_no_other(sent: tuple[Workspace, MailServer]) -> None:
    message = parsed(sent[1].to("accounts@ardilaun.example"))
    assert message.get_content_type() == "multipart/mixed"
    (attachment,) = message.iter_attachments()
    assert (attachment.get_filename(), attachment.get_content_type()) == ("HJ-2517.pdf", "application/pdf")
    assert attachment.get_content() == PDF
    others = [parsed(c) for _, to, c in sent[1].arrived if to != ["accounts@ardilaun.example"]]
    assert [list(message.iter_attachments()) for message in others] == [[]] * len(others)


def test_a_copy_goes_to_its_own_address_alone(sent: tuple[Workspace, MailServer]) -> None:
    workspace, box = sent
    copies = [parsed(c) for _, to, c in box.arrived if to == ["priya@hargreaves.example"]]
    firsts = [parsed(c) for _, to, c in box.arrived if to == ["ap@hargreaves.example"]]
    assert len(copies) == len(firsts) == 2  # euro and sterling
    assert sorted(map(text_of, copies)) == sorted(map(text_of, firsts))
    for message in copies:
        assert "priya@hargreaves.example" in str(message["To"])
        assert "ap@hargreaves.example" not in str(message["To"])
        assert message["Cc"] is None
    assert [row["channel"] for row in workspace.notices() if row["recipient"] == "priya@hargreaves.example"] == [
        "copy",
        "copy",
    ]


def test_the_ledger_has_the_servers_own_words(sent: tuple[Workspace, MailServer]) -> None:
    workspace, box = sent
    replies = {row["reply"] for row in workspace.notices() if row["state"] == "sent"}
    assert replies == {f"250 2.0.0 queued as {n}" for n in range(1, len(box.arrived) + 1)}
    letters = {row["account_id"]: row["state"] for row in workspace.notices() if row["channel"] == "letter"}
    assert letters == {"DUNNE": "printed"}
    from hashlib import sha256

    assert {row["sha256"] for row in workspace.notices()} == {
        sha256((workspace.root / row["file"]).read_bytes()).hexdigest() for row in workspace.notices()
    }


def test_the_history_names_each_notice_and_the_work_tree_is_clean(sent: tuple[Workspace, MailServer]) -> None:
    workspace, _ = sent
    body = workspace.git("log", "-1", "--format=%B")
    assert body.startswith("sent: ")
    for row in workspace.notices():
        assert f"Notice: {row['notice_id']} {row['state']} {row['message_id'] or '-'} " in body
    assert PASSWORD not in workspace.git("log", "-p", "--all", "--text")
    assert [line for line in workspace.git("status", "--porcelain").splitlines() if "-call.html" not in line] == []


def test_a_second_send_sends_nothing(sent: tuple[Workspace, MailServer]) -> None:
    workspace, box = sent
    before = len(box.arrived), workspace.git("rev-parse", "HEAD")
    assert "Nothing is due." in workspace.done("send", "--yes", env={"PASTDUE_SMTP_PASSWORD": PASSWORD})
    assert (len(box.arrived), workspace.git("rev-parse", "HEAD")) == before


# ------------------------------------------------------------------ passwords, and servers that say no

CUSTOMERS = (
    "account_id,name,email,address,city\n"
    "ACME,Acme,ap@acme.example,1 Mill Road,Bristol\nBOLT,Bolt,office@bolt.example,,\n"
)
INVOICES = (
    "invoice_id,account_id,issued,due,amount\nI-1,ACME,2026-01-01,2026-01-31,10\nI-2,BOLT,2026-01-01,2026-01-31,20\n"
)


@pytest.fixture
def books(tmp_path: Path, box: MailServer, certificate: tuple[Path, ssl.SSLContext]) -> Workspace:
    more = _mail(box, certificate[0]).replace("Harbour Joinery", "Brook Street Bakery")
    config = PLAIN.format(business="", more=more)
    return Workspace.of(tmp_path / "books", config, customers=CUSTOMERS, invoices=INVOICES)


ON = ("--on", "2026-02-02")


def test_the_password_may_come_from_a_command(books: Workspace, box: MailServer) -> None:
    (books.root / "pass.py").write_text(f"print({PASSWORD!r})\n")
    config = (books.root / "config.toml").read_text("utf-8")
    command = f'password_command = \'"{sys.executable}" "{books.root / "pass.py"}"\'\n'
    books.write("config.toml", config.replace('user = "harbour"\n', f'user = "harbour"\n{command}'))
    books.done("send", "--yes", *ON, env={"PASTDUE_SMTP_PASSWORD": "another one"})
    assert box.recipients == ["ap@acme.example", "office@bolt.example"]


@pytest.mark.parametrize("password", ["wrong", None])
def test_without_the_right_password_a_guard_stops_before_any_mail(
    books: Workspace, box: MailServer, password: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    result = books.run("send", "--yes", *ON, env={"PASTDUE_SMTP_PASSWORD": password})
    assert result.exit_code == 4
    assert "password" in result.stderr
    assert "wrong" not in result.stderr.replace("wrong password", "")
    assert (box.arrived, books.notices()) == ([], [])
    assert "2 sent" in books.done("send", "--yes", *ON, env={"PASTDUE_SMTP_PASSWORD": PASSWORD})


def test_a_server_that_nobody_vouches_for_gets_no_password(books: Workspace, box: MailServer) -> None:
    config = (books.root / "config.toml").read_text("utf-8")
    books.write("config.toml", "\n".join(line for line in config.splitlines() if not line.startswith("ca_file")))
    result = books.run("send", "--yes", *ON, env={"PASTDUE_SMTP_PASSWORD": PASSWORD})
    assert result.exit_code == 4
    assert "certificate" in result.stderr
    assert (box.arrived, books.notices()) == ([], [])


def test_an_address_that_is_refused_is_3_the_other_goes_and_a_letter_follows(books: Workspace, box: MailServer) -> None:
    box.answers["ap@acme.example"] = "550 5.1.1 no such mailbox"
    result = books.run("send", "--yes", *ON, env={"PASTDUE_SMTP_PASSWORD": PASSWORD})
    assert result.exit_code == 3
    assert "refused: 2026-02-02-ACME-reminder-email to ap@acme.example: 550 5.1.1 no such mailbox" in result.stderr
    assert books.told("account_id", "state") == [("ACME", "refused"), ("BOLT", "sent")]
    later = books.done("send", "--yes", "--on", "2026-02-03", env={"PASTDUE_SMTP_PASSWORD": PASSWORD})
    assert "1 printed" in later
    assert books.told("account_id", "step", "channel", "state")[-1] == ("ACME", "reminder", "letter", "printed")
    assert box.recipients == ["office@bolt.example"]


def test_the_servers_words_are_told_with_their_brackets(books: Workspace, box: MailServer) -> None:
    box.answers["ap@acme.example"] = "550 5.1.1 no such mailbox [mx.acme.example] [/fin]"
    result = books.run("send", "--yes", *ON, env={"PASTDUE_SMTP_PASSWORD": PASSWORD})
    assert result.exit_code == 3
    assert "550 5.1.1 no such mailbox [mx.acme.example] [/fin]" in result.stderr


@pytest.mark.parametrize("again", ["2026-02-02", "2026-02-03"])
def test_a_mailbox_that_cannot_now_is_3_and_tried_again(books: Workspace, box: MailServer, again: str) -> None:
    box.answers["office@bolt.example"] = "450 4.2.1 come back later"
    assert books.run("send", "--yes", *ON, env={"PASTDUE_SMTP_PASSWORD": PASSWORD}).exit_code == 3
    assert books.told("account_id", "state") == [("ACME", "sent"), ("BOLT", "deferred")]
    box.answers.clear()
    assert "1 sent" in books.done("send", "--yes", "--on", again, env={"PASTDUE_SMTP_PASSWORD": PASSWORD})
    assert books.told("account_id", "step", "state") == [
        ("ACME", "reminder", "sent"),
        ("BOLT", "reminder", "deferred"),
        ("BOLT", "reminder", "sent"),
    ]
    assert box.recipients == ["ap@acme.example", "office@bolt.example"]


def test_a_thread_answers_its_first_message(books: Workspace, box: MailServer) -> None:
    env = {"PASTDUE_SMTP_PASSWORD": PASSWORD}
    books.done("send", "--yes", "--only", "BOLT", *ON, env=env)
    books.done("send", "--yes", "--only", "BOLT", "--on", "2026-02-12", env=env)
    first, second = (parsed(content) for _, _, content in box.arrived)
    assert first["In-Reply-To"] is None
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert str(first["Subject"]) == str(second["Subject"]) == "Your account BOLT with Brook Street Bakery"
    assert text_of(second).startswith("Still open: invoice I-2\n")


def test_what_was_sent_is_copied_to_the_sent_folder_or_it_is_told_and_nothing_changes(
    books: Workspace, box: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pastdue.delivery import Stopped, copies

    config = (books.root / "config.toml").read_text("utf-8")
    books.write("config.toml", config.replace('user = "harbour"\n', 'user = "harbour"\nimap_host = "localhost"\n'))
    kept: list[bytes] = []
    monkeypatch.setattr(copies, "keep", lambda _config, _root, messages: kept.extend(messages))
    env = {"PASTDUE_SMTP_PASSWORD": PASSWORD}
    books.done("send", "--yes", "--only", "BOLT", *ON, env=env)
    assert kept == [content for _, _, content in box.arrived]

    def refuse(*_: object) -> None:
        raise Stopped("1 of 1 messages have no copy")

    monkeypatch.setattr(copies, "keep", refuse)
    result = books.run("send", "--yes", *ON, env=env)
    assert result.exit_code == 0
    assert "1 of 1 messages have no copy" in result.stderr
    assert books.told("account_id", "state") == [("BOLT", "sent"), ("ACME", "sent")]


def test_gits_commit_hooks_a_half_done_merge_and_a_detached_head_are_said_and_mended(
    books: Workspace, box: MailServer
) -> None:
    env = {"PASTDUE_SMTP_PASSWORD": PASSWORD}
    hook = books.root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    (books.root / ".git/MERGE_HEAD").write_text(books.git("rev-parse", "HEAD"))
    result = books.run("send", "--yes", *ON, env=env)
    assert (result.exit_code, "git merge --abort" in result.stderr) == (4, True)
    (books.root / ".git/MERGE_HEAD").unlink()
    books.git("checkout", "-q", "--detach")
    result = books.run("send", "--yes", *ON, env=env)
    assert (result.exit_code, "git switch main" in result.stderr) == (4, True)
    assert (box.arrived, books.notices()) == ([], [])
    books.git("switch", "-q", "main")
    assert "2 sent. Committed as" in books.done("send", "--yes", *ON, env=env)
