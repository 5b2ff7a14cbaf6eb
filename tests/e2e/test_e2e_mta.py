"""A real Postfix between `send` and the customers: what it passes on, and what it reports of what it could not."""

import base64
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path
from tempfile import TemporaryDirectory

import dkim
import needs
import pytest
from commandline import PLAIN, Workspace
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from mailserver import MailServer, mail_server

pytestmark = needs.postfix

CUSTOMERS = (
    "account_id,name,email,address,city\n"
    "ACME,Acme,ap@acme.example,1 Mill Road,Bristol\nBOLT,Bolt & Söhne,office@bolt.example,,\n"
)
INVOICES = (
    "invoice_id,account_id,issued,due,amount\nI-1,ACME,2026-01-01,2026-01-31,10\nI-2,BOLT,2026-01-01,2026-01-31,20\n"
)
SENDER = "accounts@brookstreet.example"
ACME = "2026-02-02-ACME-reminder-email"
KEY = rsa.generate_private_key(65537, 2048)

MAIN = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/log
maillog_file_prefixes = {home}
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
myhostname = relay.brookstreet.example
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
relayhost = [127.0.0.1]:{onward}
smtp_dns_support_level = disabled
"""

# Postfix' own services, none of them locked into a folder without the system's files.
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@pytest.fixture(scope="module")
def onward() -> Iterator[MailServer]:
    """Where Postfix hands everything on: the customers' servers, and the sender's own mailbox."""
    with mail_server() as server:
        server.answers["ap@acme.example"] = "550 5.1.1 <ap@acme.example>: user unknown here"
        yield server


@pytest.fixture(scope="module")
def postfix(onward: MailServer) -> Iterator[int]:
    """The port of a Postfix with folders of its own, stopped afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    daemons = subprocess.run(["postconf", "-d", "-h", "daemon_directory"], capture_output=True, text=True, check=True)
    # Its daemons run as another user, who cannot pass through the folders of pytest.
    with TemporaryDirectory(prefix="pastdue-mta-") as name:
        home = Path(name)
        home.chmod(0o755)
        for folder in ("config", "queue", "data"):
            (home / folder).mkdir()
        shutil.chown(home / "data", "postfix")
        main = MAIN.format(home=home, daemons=daemons.stdout.strip(), onward=onward.port)
        (home / "config/main.cf").write_text(main, "utf-8")
        (home / "config/master.cf").write_text(MASTER.format(port=port), "utf-8")
        command = ["postfix", "-c", str(home / "config")]
        begun = subprocess.run([*command, "start"], capture_output=True, text=True, check=False, timeout=60)
        log = home / "log"
        assert begun.returncode == 0, begun.stderr + (log.read_text("utf-8") if log.exists() else "")
        try:
            _until(lambda: _listens(port))
            yield port
        finally:
            subprocess.run([*command, "stop"], capture_output=True, check=False, timeout=60)


def _until(happened: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"it did not happen within {seconds} seconds"
        time.sleep(0.05)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory, postfix: int, onward: MailServer) -> Workspace:
    """After `send`, and when Postfix has delivered what it could and reported the rest."""
    home = tmp_path_factory.mktemp("mta")
    pem = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (home / "books.pem").write_bytes(pem)
    more = (
        f'[mail]\ntransport = "smtp"\nhost = "127.0.0.1"\nport = {postfix}\nsecurity = "none"\n'
        f"dkim_selector = \"books\"\ndkim_key = '{home / 'books.pem'}'\n"
    )
    books = Workspace.of(home / "books", PLAIN.format(business="", more=more), customers=CUSTOMERS, invoices=INVOICES)
    assert "2 sent" in books.done("send", "--yes", "--on", "2026-02-02")
    _until(lambda: len(onward.arrived) == 2)
    return books


def test_a_bounce_of_postfix_leads_back_to_its_notice_by_the_envelopes_id_alone(
    books: Workspace, onward: MailServer
) -> None:
    sender, content = next((sender, content) for sender, to, content in onward.arrived if to == [SENDER])
    assert not sender.strip("<>")  # what comes back has no sender that could be answered
    status = next(part for part in message_from_bytes(content).walk() if part["Original-Envelope-Id"])
    assert status["Original-Envelope-Id"] == ACME
    # Without the email's own headers there is nothing but that id to go by.
    without = b"\r\n".join(line for line in content.split(b"\r\n") if not line.lower().startswith(b"message-id:"))
    bounce = books.root.parent / "bounce.eml"
    bounce.write_bytes(without)
    said = books.done("send", "--bounced", str(bounce))
    assert f"refused: {ACME} to ap@acme.example: bounced: " in said
    row = books.notices()[-1]
    assert (row["notice_id"], row["state"]) == (ACME, "refused")
    assert "550 5.1.1 <ap@acme.example>: user unknown here" in row["reply"]
    bounce.write_bytes(content)
    assert f"nothing changes: {ACME}" in books.done("send", "--bounced", str(bounce))
    assert "all of it agrees" in books.done("audit")
    assert "their address refused mail: by letter instead" in books.done("explain", "ACME", "--on", "2026-02-05")


def test_what_postfix_passes_on_keeps_its_signature_and_is_witness_of_the_log(
    books: Workspace, onward: MailServer
) -> None:
    content = onward.to("office@bolt.example")
    assert b"relay.brookstreet.example (Postfix)" in content
    der = KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)
    names = [b"books._domainkey.brookstreet.example."]
    assert dkim.verify(content, dnsfunc=lambda name, **_: record if name in names else None)
    assert not dkim.verify(content.replace(b"20.00", b"90.00"), dnsfunc=lambda *_, **__: record)
    kept = books.root.parent / "kept.eml"
    kept.write_bytes(content)
    assert "the very bytes that are on record" in books.done("audit", "--witness", str(kept))
