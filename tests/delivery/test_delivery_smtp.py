"""Emails leave by SMTP: over verified TLS, with a login, byte for byte, and with the server's own words as the result."""

import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_server import FaultServer
from fault_workspace import email, git
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mailserver import MailServer, mail_server

from pastdue.config import Config
from pastdue.delivery import Stopped, mail, passwords
from pastdue.delivery.mail import Envelope, Folder, Reply, Sendmail
from pastdue.delivery.smtp import Patience, Smtp
from pastdue.model import State

HASTY = Patience(connect=5, command=5, data=5, dot=0.4, pause=0)
SENDER = "billing@us.example"


def envelope(recipient: str = "a1@customer.example", content: bytes | None = None) -> Envelope:
    return Envelope("n+1", "outbox/d/a.eml", recipient, content if content is not None else email("A1", recipient))


def plain(server: FaultServer) -> Smtp:
    return Smtp("127.0.0.1", server.port, "none", SENDER, patience=HASTY)


def sent(smtp: Smtp, *envelopes: Envelope, ahead: bool = True) -> tuple[list[Reply], int]:
    """The replies, and how often the last byte was released; `ahead`: the server may hear of each one with the dot before it."""
    released: list[int] = []
    following = [*envelopes[1:], None] if ahead else [None] * len(envelopes)
    smtp.open()
    try:
        replies = [
            smtp.send(each, lambda: released.append(1), after) for each, after in zip(envelopes, following, strict=True)
        ]
        return replies, len(released)
    finally:
        smtp.close()


# ------------------------------------------------------------------ a real server with TLS and login


@pytest.fixture
def box(certificate: tuple[Path, ssl.SSLContext]) -> Iterator[MailServer]:
    with mail_server(certificate[1], (b"pat", b"secret")) as running:
        yield running


def secured(box: MailServer, ca_file: Path | str = "", password: str = "secret") -> Smtp:  # noqa: S107
    return Smtp("localhost", box.port, "starttls", SENDER, "pat", lambda: password, str(ca_file), patience=HASTY)


def test_over_starttls_with_a_login_the_server_gets_the_very_bytes(
    box: MailServer, certificate: tuple[Path, ssl.SSLContext]
) -> None:
    replies, _ = sent(
        secured(box, certificate[0]), envelope(), envelope("b2@bücher.example", email("B2", "b2@x.example"))
    )
    assert replies == [Reply(State.SENT, f"250 2.0.0 queued as {n}") for n in (1, 2)]
    assert box.arrived == [
        (SENDER, ["a1@customer.example"], email("A1", "a1@customer.example")),
        (SENDER, ["b2@xn--bcher-kva.example"], email("B2", "b2@x.example")),
    ]


def test_an_address_beyond_ascii_goes_where_the_server_offers_it(
    box: MailServer, certificate: tuple[Path, ssl.SSLContext]
) -> None:
    content = email("Jörg", "jörg@customer.example")
    replies, _ = sent(secured(box, certificate[0]), envelope("jörg@customer.example", content))
    assert replies[0].state is State.SENT
    assert box.arrived[0][1:] == (["jörg@customer.example"], content)


def test_a_certificate_that_nobody_vouches_for_stops_before_the_login(box: MailServer) -> None:
    with pytest.raises(Stopped, match=r"certificate of localhost:.* is not to be trusted"):
        secured(box).open()


def test_a_certificate_for_another_name_is_not_taken(box: MailServer, certificate: tuple[Path, ssl.SSLContext]) -> None:
    smtp = Smtp("127.0.0.1", box.port, "starttls", SENDER, ca_file=str(certificate[0]), patience=HASTY)
    with pytest.raises(Stopped, match="not to be trusted"):
        smtp.open()


def test_a_wrong_password_stops_and_is_not_told(box: MailServer, certificate: tuple[Path, ssl.SSLContext]) -> None:
    with pytest.raises(Stopped, match="refused the login of pat") as stopped:
        secured(box, certificate[0], "wr0ng").open()
    assert "wr0ng" not in f"{stopped.value}{stopped.value.__cause__}"


def test_a_password_that_no_login_can_carry_stops(box: MailServer, certificate: tuple[Path, ssl.SSLContext]) -> None:
    with pytest.raises(Stopped, match="characters"):
        secured(box, certificate[0], "пароль").open()


def test_tls_from_the_first_byte(certificate: tuple[Path, ssl.SSLContext]) -> None:
    with FaultServer(tls=certificate[1]) as server:
        smtp = Smtp("localhost", server.port, "tls", SENDER, ca_file=str(certificate[0]), patience=HASTY)
        replies, _ = sent(smtp, envelope(), envelope())
    assert [reply.state for reply in replies] == [State.SENT] * 2
    assert server.accepted[0] == envelope().content


def test_a_server_without_starttls_gets_nothing(server: FaultServer) -> None:
    smtp = Smtp("localhost", server.port, "starttls", SENDER, "pat", lambda: "secret", patience=HASTY)
    with pytest.raises(Stopped, match="STARTTLS"):
        smtp.open()
    assert [command[:4] for command in server.commands] == ["ehlo"]


def test_a_server_that_speaks_no_tls_at_all(server: FaultServer) -> None:
    with pytest.raises(Stopped, match="TLS"):
        Smtp("localhost", server.port, "tls", SENDER, patience=HASTY).open()


def test_no_mail_in_the_clear_to_another_machine() -> None:
    with pytest.raises(Stopped, match="in the clear"):
        Smtp("mail.example.com", 25, "none", SENDER)


@pytest.mark.parametrize(
    ("host", "match"), [("127.0.0.1", "nothing|refused|no connection"), ("no-such-host.invalid", "no mail server")]
)
def test_nobody_there(host: str, match: str) -> None:
    with FaultServer() as gone:
        port = gone.port
    with pytest.raises(Stopped, match=match):
        Smtp(host, port, "none" if host == "127.0.0.1" else "tls", SENDER, patience=HASTY).open()


# ------------------------------------------------------------------ the transaction


@pytest.mark.parametrize("ahead", [True, False])
def test_the_commands_for_an_email_go_at_once_where_the_server_pipelines(server: FaultServer, *, ahead: bool) -> None:
    sent(plain(server), envelope(), envelope(), envelope(), ahead=ahead)
    assert server.in_one_go == [True] * 3
    assert server.told_ahead == ([True, True, False] if ahead else [False] * 3)
    assert server.connections == 1


def test_nothing_is_told_ahead_where_the_server_does_not_pipeline() -> None:
    with FaultServer(pipelining=False) as server:
        replies, _ = sent(plain(server), envelope(), envelope())
        assert [reply.state for reply in replies] == [State.SENT] * 2
        assert server.told_ahead == [False, False]


def test_nothing_is_told_ahead_of_an_email_that_this_server_cannot_take(server: FaultServer) -> None:
    beyond_ascii = envelope("jörg@customer.example", email("Jörg", "jörg@customer.example"))
    replies, _ = sent(plain(server), envelope(), beyond_ascii, envelope("no address"), envelope())
    assert [reply.state for reply in replies] == [State.SENT, State.REFUSED, State.REFUSED, State.SENT]
    assert server.told_ahead == [False, False]
    assert server.connections == 1


def test_an_email_that_was_told_ahead_and_is_not_sent_leaves_nothing(server: FaultServer) -> None:
    smtp, first, second, third = plain(server), envelope(), envelope("b2@x.example"), envelope("c3@x.example")
    smtp.open()
    assert smtp.send(first, lambda: None, second).state is State.SENT
    assert smtp.send(third, lambda: None, second).state is State.SENT  # and not as the second one
    smtp.close()
    assert server.accepted == [first.content, third.content]
    assert [each.split()[1] for each in server.commands if each.startswith("RCPT")] == [
        f"TO:<{each.recipient}>" for each in (first, second, third, second)
    ]
    assert "QUIT" not in [command.upper() for command in server.commands]  # it would take that for the second's text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(st.lists(st.sampled_from([b"", b".", b"..", b".x", b"x.", b"text", b"...."]), min_size=1, max_size=12))
def test_dots_arrive_as_they_were_written(server: FaultServer, lines: list[bytes]) -> None:
    content = b"".join(line + b"\r\n" for line in lines)
    server.accepted.clear()
    sent(plain(server), envelope(content=content))
    assert server.accepted == [content]


def test_delivery_notes_lead_back_to_the_notice(server: FaultServer) -> None:
    sent(plain(server), envelope())
    assert server.commands[1].endswith("RET=HDRS ENVID=n+2B1")
    assert server.commands[2].endswith("NOTIFY=FAILURE,DELAY")


@pytest.mark.parametrize(("pipelining", "ahead"), [(True, True), (True, False), (False, False)])
@pytest.mark.parametrize(
    ("fault", "state", "words", "released"),
    [
        ("", State.SENT, "250 2.0.0", 1),
        ("rcpt-450", State.DEFERRED, "450 4.0.0 no", 0),
        ("rcpt-550", State.REFUSED, "550 4.0.0 no", 0),
        ("rcpt-550-then-354", State.REFUSED, "550 5.7.1", 0),
        ("mail-552", State.REFUSED, "552", 0),
        ("data-451", State.DEFERRED, "451", 0),
        ("data-554", State.REFUSED, "554", 0),
        ("body-552", State.REFUSED, "552 5.3.4 too big, says the filter", 0),
        ("dot-451", State.DEFERRED, "451 4.3.0", 1),
        ("dot-554", State.REFUSED, "554 5.7.1", 1),
        ("dot-421", State.DEFERRED, "421", 1),
        ("dot-multiline", State.SENT, "250 queued as 12345", 1),
        ("dot-trickle", State.SENT, "250 2.0.0 queued", 1),
        ("dot-drop-accepted", State.UNCLEAR, "no answer to the last byte: it hung up", 1),
        ("dot-reset-accepted", State.UNCLEAR, "no answer to the last byte", 1),
        ("dot-stall-accepted", State.UNCLEAR, "it did not answer in time", 1),
        ("dot-half-accepted", State.UNCLEAR, "it hung up", 1),
        ("dot-garbage-accepted", State.UNCLEAR, "it does not speak SMTP", 1),
        ("dot-mixed-codes-accepted", State.UNCLEAR, "it does not speak SMTP", 1),
        ("dot-354-accepted", State.UNCLEAR, "354", 1),
    ],
)
def test_the_servers_word_is_the_result(
    fault: str, state: State, words: str, released: int, *, pipelining: bool, ahead: bool
) -> None:
    with FaultServer(pipelining=pipelining) as server:
        server.script = [fault] if fault else []
        replies, count = sent(plain(server), envelope(), envelope(), ahead=ahead)
        assert replies[0].state is state
        assert words in replies[0].text
        assert replies[1].state is State.SENT  # the next one is not worse for it
        assert server.connections == (1 if state is State.SENT else 2)  # after a no, or no answer: a fresh one
        # The filter's word may come just before our last byte or just after it; it counts either way.
        assert count == released + 1 or fault == "body-552"


@pytest.mark.parametrize(
    "fault", ["mail-421", "mail-drop", "rcpt-421", "rcpt-drop", "data-drop", "data-250", "body-reset"]
)
def test_a_line_that_breaks_before_the_last_byte_is_tried_again(server: FaultServer, fault: str) -> None:
    server.script = [fault, fault]
    replies, released = sent(plain(server), envelope())
    assert (replies[0].state, released) in {(State.SENT, 1), (State.UNCLEAR, 1)}
    assert replies[0].state is State.SENT or fault == "body-reset"  # it may hang up between our look and the last byte
    assert len(server.accepted) == (replies[0].state is State.SENT)


def test_an_email_that_breaks_every_line_is_deferred_and_the_next_goes(server: FaultServer) -> None:
    server.script = ["rcpt-421"] * 3
    replies, released = sent(plain(server), envelope(), envelope())
    assert [reply.state for reply in replies] == [State.DEFERRED, State.SENT]
    assert released == 1


@pytest.mark.parametrize("fault", ["mail-550", "mail-451"])
def test_a_sender_that_is_refused_is_no_notices_fault(server: FaultServer, fault: str) -> None:
    server.script = [fault]
    smtp = plain(server)
    smtp.open()
    with pytest.raises(Stopped, match=r"takes nothing from billing@us\.example: "):
        smtp.send(envelope(), lambda: None)


def test_a_server_that_always_hangs_up_at_once_stops_the_run(server: FaultServer) -> None:
    server.script = ["mail-421"] * 3
    smtp = plain(server)
    smtp.open()
    with pytest.raises(Stopped, match="takes no mail now: 421"):
        smtp.send(envelope(), lambda: None)


def test_an_extra_reply_does_not_pass_for_the_next_emails_answer(server: FaultServer) -> None:
    server.script = ["dot-extra-reply", "rcpt-550"]
    replies, _ = sent(plain(server), envelope(), envelope(), envelope())
    assert [reply.state for reply in replies] == [State.SENT, State.REFUSED, State.SENT]
    assert len(server.accepted) == 2


def test_what_the_server_cannot_take_is_refused_before_anything_is_sent(server: FaultServer) -> None:
    replies, released = sent(plain(server), envelope("jörg@customer.example"), envelope(content=b"x" * 10_000_001))
    assert [reply.state for reply in replies] == [State.REFUSED] * 2
    assert released == 0
    assert [command[:4] for command in server.commands] == ["ehlo", "quit"]


def test_when_the_mark_cannot_be_set_the_last_byte_is_not_sent(server: FaultServer) -> None:
    def full() -> None:
        raise Stopped("the disk is full")

    smtp = plain(server)
    smtp.open()
    with pytest.raises(Stopped):
        smtp.send(envelope(), full)
    smtp.close()
    assert server.accepted == []


# ------------------------------------------------------------------ passwords


def test_the_password_command_comes_first_and_only_its_first_line_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(passwords.PASSWORD, "from the environment")
    assert passwords.password("pat", f"{sys.executable} -c 'print(\"s3cret\\nmore\")'") == "s3cret"
    assert passwords.password("pat", "") == "from the environment"


@pytest.mark.parametrize("command", ["false", "/no/such/program", "echo 'unbalanced"])
def test_a_password_command_that_fails_stops(command: str) -> None:
    with pytest.raises(Stopped, match="password_command"):
        passwords.password("pat", command)


def helper(root: Path, script: str) -> None:
    """A credential helper of the repository's own."""
    (root / ".git/helper").write_text(f"#!/bin/sh\n{script}\n")
    (root / ".git/helper").chmod(0o755)
    git(root, "config", "credential.helper", "")  # those of this machine do not count
    git(root, "config", "--add", "credential.helper", str(root / ".git/helper"))


def test_gits_credential_helper_is_asked_for_the_server_and_the_user(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(passwords.PASSWORD, raising=False)
    helper(workspace, 'cat > "$0.asked"; echo "$1" >> "$0.asked"; echo password=s=3cret')
    assert passwords.password("pat", "", "smtp.example:587", workspace) == "s=3cret"
    assert (workspace / ".git/helper.asked").read_text().split() == [
        "protocol=smtp", "host=smtp.example:587", "username=pat", "get"
    ]  # fmt: skip
    monkeypatch.setenv(passwords.PASSWORD, "from the environment")
    assert passwords.password("pat", "", "smtp.example:587", workspace) == "from the environment"


@pytest.mark.parametrize("script", ["exit 0", "exit 1", "echo username=pat", "sleep 60", "read -r line < /dev/tty"])
def test_a_helper_that_knows_nothing_or_asks_is_not_waited_for(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.delenv(passwords.PASSWORD, raising=False)
    monkeypatch.setitem(sys.modules, "keyring", None)
    monkeypatch.setattr(passwords, "HELPER_PATIENCE", 1.0)
    monkeypatch.setenv("GIT_ASKPASS", "/bin/cat")
    helper(workspace, script)
    with pytest.raises(Stopped, match="no password for pat"):
        passwords.password("pat", "", "smtp.example:587", workspace)


def test_a_login_with_what_the_helper_knows(
    box: MailServer, certificate: tuple[Path, ssl.SSLContext], workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(passwords.PASSWORD, raising=False)
    helper(workspace, "echo password=secret")
    settings_ = {
        "transport": "smtp",
        "host": "localhost",
        "port": box.port,
        "user": "pat",
        "ca_file": str(certificate[0]),
    }
    config = Config.model_validate({"business": {"name": "Us", "email": SENDER}, "mail": settings_})
    smtp = mail.transport(config, workspace)
    assert isinstance(smtp, Smtp)
    assert sent(smtp, envelope())[0][0].state is State.SENT


def test_without_any_password_the_operator_is_told_where_it_may_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(passwords.PASSWORD, raising=False)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(Stopped, match="no password for pat") as stopped:
        passwords.password("pat", "")
    assert passwords.PASSWORD in stopped.value.hint


# ------------------------------------------------------------------ the other ways out


def program(folder: Path, exit_code: int) -> str:
    """A stand-in for /usr/sbin/sendmail that keeps what it is given."""
    path = folder / "sendmail"
    path.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {folder}/arguments\ncat > {folder}/message\necho words >&2\nexit {exit_code}\n'
    )
    path.chmod(0o755)
    return f"{path} -i"


def test_sendmail_gets_the_message_its_sender_and_its_recipient(tmp_path: Path) -> None:
    sendmail = Sendmail(SENDER, program(tmp_path, 0))
    sendmail.open()
    released: list[int] = []
    assert sendmail.send(envelope(), lambda: released.append(1)).state is State.SENT
    assert released == [1]
    assert (tmp_path / "arguments").read_text().split("\n") == ["-i", "-f", SENDER, "a1@customer.example", ""]
    assert (tmp_path / "message").read_bytes() == envelope().content.replace(b"\r\n", b"\n")


@pytest.mark.parametrize(
    ("exit_code", "state"), [(75, State.DEFERRED), (67, State.REFUSED), (1, State.REFUSED), (74, State.UNCLEAR)]
)
def test_sendmails_exit_code_is_the_result(tmp_path: Path, exit_code: int, state: State) -> None:
    reply = Sendmail(SENDER, program(tmp_path, exit_code)).send(envelope(), lambda: None)
    assert (reply.state, reply.text) == (state, f"sendmail ended with {exit_code}: words")


def test_a_sendmail_that_is_set_up_wrongly_is_no_notices_fault(tmp_path: Path) -> None:
    with pytest.raises(Stopped, match="sendmail ended with 78"):
        Sendmail(SENDER, program(tmp_path, 78)).send(envelope(), lambda: None)
    with pytest.raises(Stopped, match="there is no program"):
        Sendmail(SENDER, "/no/such/sendmail -i").open()


def test_an_address_never_passes_for_an_option(tmp_path: Path) -> None:
    reply = Sendmail(SENDER, program(tmp_path, 0)).send(envelope("-oQ/tmp@customer.example"), lambda: None)
    assert reply.state is State.REFUSED
    assert not (tmp_path / "message").exists()


def test_a_killed_sender_never_makes_sendmail_post_a_part(tmp_path: Path) -> None:
    (tmp_path / "sendmail").write_text(
        f"#!/bin/sh\nkill -9 $PPID\nsleep 0.2\ncat > {tmp_path}/part\nmv {tmp_path}/part {tmp_path}/message\n"
    )
    (tmp_path / "sendmail").chmod(0o755)
    code = (
        "import sys\nfrom pastdue.delivery.mail import *\n"
        "Sendmail('a@b.example', sys.argv[1]).send(Envelope('n', 'p', 'c@d.example', b'x' * 300_000), lambda: None)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "sendmail")], check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL
    for _ in range(500):
        if (tmp_path / "message").exists():
            break
        time.sleep(0.02)
    assert (tmp_path / "message").stat().st_size == 300_000


def test_the_folder_keeps_everything_here() -> None:
    reply = Folder().send(envelope(), lambda: None)
    assert reply == Reply(State.DRAFTED, "left in outbox/d/a.eml")


def test_the_config_names_the_transport() -> None:
    business = {"name": "Us", "email": SENDER}
    assert isinstance(mail.transport(Config.model_validate({"business": business})), Folder)
    smtp = {"transport": "smtp", "host": "mail.example.com"}
    assert isinstance(mail.transport(Config.model_validate({"business": business, "mail": smtp})), Smtp)
    assert isinstance(
        mail.transport(Config.model_validate({"business": business, "mail": {"transport": "sendmail"}})), Sendmail
    )
