"""Copies in the Sent folder are the very bytes that were sent; what the server does to them is only told."""

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_workspace import email

from pastdue.config import Config
from pastdue.delivery import Stopped, copies, passwords

MESSAGES = [email("A1", "a1@customer.example"), email("Jörg", "jörg@customer.example")]


class Imap:
    """An IMAP server over TLS that knows LOGIN, APPEND and LOGOUT."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.kept: list[tuple[str, bytes]] = []
        self.refuse = ""  # the command that it answers with NO
        self.silent = False
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                wire, _ = self.listener.accept()
                self._serve(self._context.wrap_socket(wire, server_side=True))
            except OSError:
                if self.listener.fileno() < 0:
                    return

    def _serve(self, wire: ssl.SSLSocket) -> None:
        lines = wire.makefile("rb")
        wire.sendall(b"* OK hello\r\n")
        while line := lines.readline().decode():
            tag, verb, rest = [*line.rstrip("\r\n").split(" ", 2), ""][:3]
            if self.silent and verb == "APPEND":
                threading.Event().wait(3)
            if verb == "CAPABILITY":
                wire.sendall(b"* CAPABILITY IMAP4rev1\r\n")
            if verb == "APPEND":
                wire.sendall(b"+ go on\r\n")
                content = lines.read(int(re.findall(r"\{(\d+)\}", rest)[0]))
                lines.readline()
                if self.refuse != verb:
                    self.kept.append((rest, content))
            good = verb != self.refuse and (verb != "LOGIN" or rest == '"pat" "secret"')
            wire.sendall(f"{tag} {'OK' if good else 'NO'} {verb} answered\r\n".encode())
            if verb == "LOGOUT":
                break
        wire.close()


@pytest.fixture
def imap(certificate: tuple[Path, ssl.SSLContext]) -> Iterator[Imap]:
    server = Imap(certificate[1])
    yield server
    server.listener.close()


@pytest.fixture
def config(imap: Imap, certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv(passwords.PASSWORD, "secret")
    settings = {
        "user": "pat",
        "ca_file": str(certificate[0]),
        "imap_host": "localhost",
        "imap_port": imap.port,
        "imap_folder": "Sent Items",
    }
    return Config.model_validate({"business": {"name": "Us"}, "mail": settings})


def test_each_message_is_kept_as_read_on_its_own_day_byte_for_byte(imap: Imap, config: Config, tmp_path: Path) -> None:
    copies.keep(config, tmp_path, MESSAGES)
    assert [content for _, content in imap.kept] == MESSAGES
    assert imap.kept[0][0].startswith('"Sent Items" (\\Seen) "02-Mar-2026 09:30:00 +0000" ')


@pytest.mark.parametrize("refused", ["APPEND", "LOGIN"])
def test_a_no_is_told_in_the_servers_words_and_without_the_password(
    imap: Imap, config: Config, tmp_path: Path, refused: str
) -> None:
    imap.refuse = refused
    with pytest.raises(Stopped, match=f"2 of 2 messages have no copy in Sent Items.*: {refused} answered") as stopped:
        copies.keep(config, tmp_path, MESSAGES)
    assert "secret" not in str(stopped.value)


def test_silence_and_absence_are_told(
    imap: Imap, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "PATIENCE", 0.5)
    imap.silent = True
    with pytest.raises(Stopped, match="2 of 2"):
        copies.keep(config, tmp_path, MESSAGES)
    imap.listener.close()
    with pytest.raises(Stopped, match="2 of 2"):
        copies.keep(config, tmp_path, MESSAGES)


def test_a_server_that_nobody_vouches_for_gets_neither_password_nor_copy(
    imap: Imap, config: Config, tmp_path: Path
) -> None:
    unsure = config.model_copy(update={"mail": config.mail.model_copy(update={"ca_file": ""})})
    with pytest.raises(Stopped, match="certificate"):
        copies.keep(unsure, tmp_path, MESSAGES)
    assert imap.kept == []


def test_a_password_that_no_login_can_carry_is_told_without_it(
    imap: Imap, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(passwords.PASSWORD, "пароль")
    with pytest.raises(Stopped, match="characters") as stopped:
        copies.keep(config, tmp_path, MESSAGES)
    assert "пароль" not in str(stopped.value)
