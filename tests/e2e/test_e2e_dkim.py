"""DKIM: what arrives carries a signature that the sender's published key verifies, and nothing of it can be changed."""

import base64
import re
import sys
from pathlib import Path

import dkim
import pytest
from commandline import PLAIN, Workspace
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from mailserver import MailServer

from pastdue.delivery import gate
from pastdue.delivery.dkim import SIGNED, Signer

CUSTOMERS = (
    "account_id,name,email,contact,address,city\nACME,Acme,ap@acme.example,,,\n"
    "BOLT,Bolt & Söhne,büro@bolt.example,Jörg Müller,,\nPOST,Post,,,1 Mill Road,Bristol\n"
)
INVOICES = (
    "invoice_id,account_id,issued,due,amount\nI-1,ACME,2026-01-01,2026-01-31,10\n"
    "I-2,BOLT,2026-01-01,2026-01-31,20\nI-3,POST,2026-01-01,2026-01-31,30\n"
)
ON = ("--on", "2026-02-02")

Key = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def _pem(key: Key, form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8, secret: bytes = b"") -> bytes:
    lock = serialization.BestAvailableEncryption(secret) if secret else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, lock)


def _published(key: Key) -> bytes:
    """The TXT record that receivers look up."""
    public = key.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        return b"v=DKIM1; k=ed25519; p=" + base64.b64encode(public.public_bytes_raw())
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)


def _verifies(content: bytes, key: Key, name: bytes = b"books._domainkey.brookstreet.example.") -> bool:
    return bool(dkim.verify(content, dnsfunc=lambda asked, **_: _published(key) if asked == name else None))


RSA = rsa.generate_private_key(65537, 2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()
TRADITIONAL = serialization.PrivateFormat.TraditionalOpenSSL

SHORT = b"""-----BEGIN RSA PRIVATE KEY-----
MIIBOgIBAAJBALHsRVEbPMoftVRz9qQ8gMv/2IPzCMRv97a3zFsfxDluimk8Fcez
H7GyaQ73XgAgMVrQgHgEnZJ3a0zQF/y+0f0CAwEAAQJALgDKF2N0f0pdhx2IqwRd
xOE86TkAjlHo+ZxiQTlgcfydQ7V9X8YcfDuBh5tv7DKfa+nLnfX49MSZp2jR74Sd
fQIhAOON1MQ2JiKPNhdDBkgB9PLJ4hsKLI1uiPqnjrbZXbwTAiEAyComDVaT+tFq
9uB1YESQBL2pb8gSybZRDoVXPC39268CIQCg/VEQWDb2sFdWccbZ3viLZKUg+Du4
/ADRRQZE+tfEHQIgbNGlQEkaSBiDy1V52m1L0pf9vnyJ4kmQxZEuPNRQF5cCIGEi
L1aOzrIH73W7UF2dhZL4KOFRx9MPLHFKl4Y1wKYj
-----END RSA PRIVATE KEY-----
"""  # made for this test and of no use to anybody


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "books.pem"
    path.parent.mkdir()
    path.write_bytes(_pem(RSA))
    return path


@pytest.fixture
def books(tmp_path: Path, server: MailServer, key_file: Path) -> Workspace:
    more = f"{server.config}dkim_selector = \"books\"\ndkim_key = '{key_file}'\n"
    config = PLAIN.format(business="", more=more)
    return Workspace.of(tmp_path / "books", config, customers=CUSTOMERS, invoices=INVOICES)


def _header_of(content: bytes) -> bytes:
    return content.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ")


# ------------------------------------------------------------------ what arrives


@pytest.mark.parametrize(
    ("key", "pem"),
    [(RSA, _pem(RSA)), (RSA, _pem(RSA, TRADITIONAL).replace(b"\n", b"\r\n")), (ED25519, _pem(ED25519))],
    ids=["rsa", "rsa-traditional-crlf", "ed25519"],
)
def test_what_arrives_verifies_against_the_published_key_and_not_against_another(
    books: Workspace, server: MailServer, key_file: Path, key: Key, pem: bytes
) -> None:
    key_file.write_bytes(pem)
    assert "2 sent, 1 printed" in books.done("send", "--yes", *ON)
    assert len(server.arrived) == 2
    other = rsa.generate_private_key(65537, 2048) if key is RSA else ed25519.Ed25519PrivateKey.generate()
    for _, _, content in server.arrived:
        assert content.startswith(b"DKIM-Signature: v=1; ")
        assert content.count(b"DKIM-Signature:") == 1
        assert _verifies(content, key)
        assert not _verifies(content, other)
        assert not _verifies(content, key, b"books._domainkey.elsewhere.example.")
    # What lies in the folder and in git is what arrived.
    assert {(books.root / file).read_bytes() for file, state in books.told("file", "state") if state == "sent"} == {
        content for _, _, content in server.arrived
    }
    letter = next(file for file, state in books.told("file", "state") if state == "printed")
    assert (books.root / letter).read_bytes().startswith(b"%PDF")


def test_the_signature_names_what_it_signs_and_no_time(books: Workspace, server: MailServer) -> None:
    books.done("send", "--yes", *ON)
    said = _header_of(server.to("ap@acme.example")).split(b"\r\n")[0].decode()
    tags = dict(tag.strip().split("=", 1) for tag in said.removeprefix("DKIM-Signature: ").split(";"))
    assert {name: tags[name] for name in ("a", "c", "d", "s")} == {
        "a": "rsa-sha256",
        "c": "relaxed/relaxed",
        "d": "brookstreet.example",
        "s": "books",
    }
    assert not tags.keys() & {"t", "x", "l"}
    names = re.split(r"\s*:\s*", tags["h"])
    assert set(names) == {name.lower() for name in SIGNED}
    assert {name for name in names if names.count(name) == 2} == {"from", "to", "subject"}


def test_the_same_books_are_signed_to_the_same_bytes(books: Workspace, server: MailServer, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(books.root, tmp_path / "again")
    books.done("send", "--yes", *ON)
    Workspace(tmp_path / "again").done("send", "--yes", *ON)
    first, second = server.arrived[:2], server.arrived[2:]
    assert first == second
    assert len(first) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\r\nSubject: ", b"\r\nSubject: Re: "),
        (b"\r\nFrom: ", b"\r\nFrom: Somebody else <x@evil.example>\r\nFrom: "),
        (b"\r\nSubject: ", b"\r\nSubject: Pay here\r\nSubject: "),
        (b"\r\nTo: ", b"\r\nTo: <x@evil.example>\r\nTo: "),
        (b"\r\nDate: ", b"\r\nReply-To: x@evil.example\r\nDate: "),
        (b"\r\nDate: ", b"\r\nIn-Reply-To: <a@evil.example>\r\nDate: "),
        (b"\r\nContent-Type: multipart/alternative", b"\r\nContent-Type: multipart/mixed"),
        (b"\r\nX-Pastdue-Log: ", b"\r\nX-Pastdue-Log: 0"),
        (b"10.00", b"90.00"),
    ],
)
def test_a_change_of_what_is_signed_is_seen(books: Workspace, server: MailServer, old: bytes, new: bytes) -> None:
    books.done("send", "--yes", *ON)
    content = server.to("ap@acme.example")
    assert old in content
    assert _verifies(content, RSA)
    assert not _verifies(content.replace(old, new, 1), RSA)


def test_servers_may_add_in_front_and_fold_anew(books: Workspace, server: MailServer) -> None:
    books.done("send", "--yes", *ON)
    content = server.to("ap@acme.example")
    assert _verifies(b"Received: from a by b; today\r\nReturn-Path: <x@y.example>\r\n" + content, RSA)
    assert _verifies(content.replace(b"\r\nSubject: ", b"\r\nSubject:\r\n\t "), RSA)
    assert _verifies(content + b"\r\n\r\n", RSA)


SIGNERS = [
    Signer("brookstreet.example", "books", "rsa-sha256", _pem(RSA)),
    Signer("brookstreet.example", "books", "ed25519-sha256", base64.b64encode(ED25519.private_bytes_raw())),
]


@settings(max_examples=40, deadline=None)
@given(
    body=st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126) | st.just("\t"), max_size=40), max_size=8),
    subject=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40),
    change=st.integers(min_value=0),
)
def test_any_email_verifies_and_with_one_other_letter_it_does_not(body: list[str], subject: str, change: int) -> None:
    content = (
        f"From: a@brookstreet.example\r\nTo: b@acme.example\r\nSubject: {subject}\r\n\r\n"
        + "\r\n".join([*body, "x", ""])
    ).encode()
    signed = SIGNERS[1].header(content) + content
    assert _verifies(signed, ED25519)
    # White space may change its amount on the way, everything else may not.
    place = len(signed) - len(content) + change % len(content)
    letter = signed[place : place + 1]
    if letter.isalnum() and signed[:place].rpartition(b"\r\n")[2].find(b":") >= 0:
        other = b"Q" if letter.lower() != b"q" else b"Z"
        assert not _verifies(signed[:place] + other + signed[place + 1 :], ED25519)


# ------------------------------------------------------------------ what is on record


def test_audit_its_witness_and_its_rebuild_agree_with_a_signed_email(
    books: Workspace, server: MailServer, tmp_path: Path
) -> None:
    books.done("send", "--yes", *ON)
    assert "all of it agrees" in books.done("audit")
    kept = tmp_path / "kept.eml"
    kept.write_bytes(b"Received: from a by b; today\r\n" + server.to("ap@acme.example"))
    assert "the very bytes that are on record" in books.done("audit", "--witness", str(kept))
    # A server that packs the body anew breaks the signature, adds its own, and leaves the words as they are.
    words = server.to("ap@acme.example").replace(
        b"\r\nMIME-Version", b"\r\nDKIM-Signature: v=1; d=relay.example\r\nMIME-Version"
    )
    kept.write_bytes(words)
    assert "the words that are on record" in books.done("audit", "--witness", str(kept))
    kept.write_bytes(words.replace(b"10.00", b"90.00"))
    assert books.run("audit", "--witness", str(kept)).exit_code == 1
    again = books.done("audit", "--rebuild", "2026-02-02-ACME-reminder-email")
    assert "identical, byte for byte, but for its DKIM signature" in again


def test_a_notice_that_is_sent_again_has_the_same_signature(books: Workspace, server: MailServer) -> None:
    books.done("send", "--yes", *ON)
    from pastdue.cli import _now
    from pastdue.delivery.post import Post
    from pastdue.model import State

    with Post(books.root, now=_now) as out:  # what a death between the last byte and the answer leaves
        out._journal.outcome("2026-02-02-ACME-reminder-email", State.UNCLEAR, out._at(), "the line broke")
    books.done("send", "--resolve", "2026-02-02-ACME-reminder-email=resend")
    first, second = (content for _, to, content in server.arrived if to == ["ap@acme.example"])
    assert first == second
    assert _verifies(second, RSA)


# ------------------------------------------------------------------ what keeps it from being signed


def _refused(books: Workspace, words: str, *, code: int = 1) -> None:
    checked = books.run("check", *ON)
    assert (checked.exit_code, words in checked.stdout) == (code, True), checked.output
    assert "config.toml" in checked.stdout
    for way in (("send", "--yes", *ON), ("send", "--dry-run", *ON)):
        result = books.run(*way)
        assert (result.exit_code, words in result.stderr) == (code, True), result.output
    assert books.notices() == []


def _with(books: Workspace, key: str) -> None:
    config = (books.root / "config.toml").read_text("utf-8")
    books.write("config.toml", re.sub(r"dkim_key = .*", lambda _: f"dkim_key = '{key}'", config))


@pytest.mark.parametrize("name", ["secret.pem", "./accounts/../secret.pem", "ignored/secret.pem"])
def test_a_key_in_the_workspaces_repository_is_refused(books: Workspace, server: MailServer, name: str) -> None:
    (books.root / "ignored").mkdir()
    books.write(".gitignore", "ignored/\n")
    books.write(name, _pem(RSA))
    _with(books, name)
    _refused(books, "lies in the workspace's repository")
    assert server.arrived == []


def test_a_key_above_a_workspace_in_a_larger_repository_is_refused_also_behind_a_link(
    books: Workspace, key_file: Path, tmp_path: Path
) -> None:
    inside = books.root / "deeper"
    inside.mkdir()
    for name in ("accounts", "config.toml", ".gitignore"):
        (books.root / name).rename(inside / name)
    deeper = Workspace(inside)
    books.write("key.pem", _pem(RSA))
    _with(deeper, "../key.pem")
    _refused(deeper, "lies in the workspace's repository")
    key_file.unlink()
    key_file.symlink_to(books.root / "key.pem")
    _with(deeper, str(key_file))
    _refused(deeper, "lies in the workspace's repository")


def test_the_home_folder_may_be_written_as_a_tilde(
    books: Workspace, server: MailServer, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(key_file.parent))
    _with(books, "~/books.pem")
    books.git("config", "user.name", "Pat")
    books.done("send", "--yes", *ON)
    assert _verifies(server.to("ap@acme.example"), RSA)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file"),
        (b"", "no private key in PEM"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "neither an RSA nor an Ed25519 key"),
        (_pem(RSA, secret=b"horse"), "locked by a passphrase"),
        (SHORT, "it has 512 bits"),
        (RSA.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo), "no private key in PEM"),
    ],
    ids=["absent", "empty", "garbage", "passphrase", "short", "public"],
)  # fmt: skip
def test_a_key_that_cannot_sign_is_a_finding_before_anything_leaves(
    books: Workspace, server: MailServer, key_file: Path, content: bytes | None, words: str
) -> None:
    key_file.unlink()
    if content is not None:
        key_file.write_bytes(content)
    _refused(books, words)
    assert server.arrived == []


def test_without_dkimpy_the_way_to_get_it_is_said(books: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dkim", None)
    _refused(books, "pip install 'pastdue[dkim]'")


def test_a_selector_without_a_key_or_the_other_way_round_is_a_finding(books: Workspace) -> None:
    config = (books.root / "config.toml").read_text("utf-8")
    for line in ("dkim_selector", "dkim_key"):
        books.write("config.toml", "\n".join(row for row in config.splitlines() if not row.startswith(line)))
        _refused(books, "mail.dkim_selector and mail.dkim_key go together")


def test_drafts_are_not_signed_and_need_no_key(books: Workspace, key_file: Path) -> None:
    key_file.unlink()
    config = (books.root / "config.toml").read_text("utf-8")
    books.write("config.toml", config.replace('"smtp"', '"folder"'))
    books.done("send", "--yes", *ON)
    assert not any(b"DKIM" in (books.root / file).read_bytes() for (file,) in books.told("file"))


def test_the_gate_takes_a_signature_in_front_of_all_else_and_nowhere_else() -> None:
    head = (
        b"From: a@b.example\r\nTo: c@d.example\r\nSubject: s\r\nDate: Mon, 02 Feb 2026 09:00:00 +0000\r\n"
        b"Message-ID: <x@b.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
    )
    signature = b"DKIM-Signature: v=1; b=abc\r\n def\r\n"

    def judged(content: bytes, *, draft: bool = False) -> str:
        return gate.check(content + b"\r\nBody\r\n", "c@d.example", "<x@b.example>", draft=draft)

    assert judged(head) == ""
    assert judged(signature + head) == ""
    assert "dkim-signature, which nobody wrote" in judged(head + signature)
    assert "dkim-signature, which nobody wrote" in judged(signature + head, draft=True)
    assert "dkim-signature twice" in judged(signature + signature + head)
