"""DKIM (RFC 6376, RFC 8463): a signature over a finished email, by the key of the sender's domain.

It is made once, after everything else and before the bytes are frozen; nothing changes them afterwards. It carries no
time of its own: the Date is signed, and the same inputs give the same bytes.
"""

import base64
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

from pastdue.config import FILE, Config
from pastdue.delivery import Stopped
from pastdue.delivery.gate import mailbox
from pastdue.delivery.git import Repository
from pastdue.findings import Finding, error, shown
from pastdue.model import Document

SHORTEST = 1024  # bits of an RSA key; a receiver takes a signature by a shorter one for none

# One that is not there is signed as well: nobody can add it on the way without breaking the signature.
SIGNED = (
    *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References"),
    *("MIME-Version", "Content-Type", "Auto-Submitted", "X-Pastdue-Log"),
)
ONLY_ONCE = ("From", "To", "Subject")  # signed once more than they occur, so that no second one can be added

# What stands before the 32 bytes of the key in the DER of any Ed25519 key (RFC 8410): its algorithm, two lengths.
_ED25519 = b"\x06\x03\x2b\x65\x70\x04\x22\x04\x20"
_MAKE_ONE = "openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -out FILE makes one."


@dataclass(frozen=True, slots=True)
class Signer:
    """The key of a domain, as receivers find its public half at `SELECTOR._domainkey.DOMAIN`."""

    domain: str
    selector: str
    algorithm: str
    key: bytes = field(repr=False)

    def signed(self, document: Document) -> Document:
        """The email with its signature in front; a letter is as it was."""
        if document.kind != "eml":
            return document
        return replace(document, content=self.header(document.content) + document.content)

    def header(self, content: bytes) -> bytes:
        """The header that signs the email."""
        import dkim

        signing = dkim.DKIM(content)
        whole = signing.gen_header
        signing.gen_header = lambda fields, *rest: whole([each for each in fields if each[0] != b"t"], *rest)
        made: bytes = signing.sign(
            self.selector.encode(),
            self.domain.encode(),
            self.key,
            signature_algorithm=self.algorithm.encode(),
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[name.encode() for name in (*SIGNED, *ONLY_ONCE)],
        )
        return made


def signer(config: Config, root: Path) -> tuple[Signer | None, list[Finding]]:
    """What signs the emails that leave, and what keeps it from doing so; None where nothing is to be signed."""
    if not config.mail.dkim_selector or config.mail.transport == "folder":
        return None, []
    try:
        return _ready(config, root), []
    except _Unusable as problem:
        return None, [error(FILE, f"mail.dkim_key: {problem.args[0]}", problem.args[1])]


class _Unusable(Exception):  # noqa: N818
    """Why the key cannot sign, and what can be done about it."""


def _ready(config: Config, root: Path) -> Signer:
    if not find_spec("dkim"):
        raise _Unusable("signing needs dkimpy, which is not installed", "python -m pip install 'pastdue[dkim]'")
    try:
        domain = mailbox(config.sender()[1]).rpartition("@")[2]
    except ValueError as problem:
        raise _Unusable(str(problem), "Set mail.sender.") from problem
    made = Signer(domain, config.mail.dkim_selector, *_algorithm(_pem(config.mail.dkim_key, root)))
    try:
        made.header(b"From: a@b.example\r\nSubject: a trial\r\n\r\n\r\n")
    except Exception as problem:  # whatever a key that is damaged makes of arithmetic
        raise _Unusable("it is no key that can sign", _MAKE_ONE) from problem
    return made


def _pem(name: str, root: Path) -> bytes:
    """The bytes of the key; refused where they are, or could be, committed with the books."""
    try:
        path = (root / Path(name).expanduser()).resolve()
        content = path.read_bytes()
    except (OSError, RuntimeError, ValueError) as problem:
        said = getattr(problem, "strerror", None) or str(problem)
        raise _Unusable(f"{shown(name)} cannot be read: {said}", "It is the path of a private key in PEM.") from problem
    if _in_repository(path, root):
        hint = "Whoever has a copy of that could write in your name: keep it elsewhere, and make a new one if it was ever committed."
        raise _Unusable(f"{shown(name)} lies in the workspace's repository", hint)
    return content.replace(b"\r\n", b"\n").strip()


def _in_repository(path: Path, root: Path) -> bool:
    """True for what lies in the workspace, or in any work tree of its repository, ignored by git or not."""
    if path.is_relative_to(root.resolve()):
        return True
    try:
        return Repository.open(path.parent).common.resolve() == Repository.open(root).common.resolve()
    except Stopped:  # in no repository at all
        return False


def _algorithm(pem: bytes) -> tuple[str, bytes]:
    """By which algorithm a key signs, and the key as dkimpy takes it: RSA in PEM, the 32 bytes of Ed25519 in base64."""
    from dkim.crypto import parse_pem_private_key

    if b"ENCRYPTED" in pem:
        raise _Unusable(
            "it is locked by a passphrase, and nobody is asked", "Keep it without one, for you alone to read."
        )
    if not pem.startswith(b"-----BEGIN ") or b"PRIVATE KEY-----\n" not in pem:
        raise _Unusable("it is no private key in PEM", _MAKE_ONE)
    try:
        der = base64.b64decode(b"".join(line for line in pem.split(b"\n") if not line.startswith(b"--")))
        if _ED25519 in der[:24]:
            return "ed25519-sha256", base64.b64encode(der.partition(_ED25519)[2][:32])
        bits = parse_pem_private_key(pem)["modulus"].bit_length()
    except Exception as problem:  # a parser of keys that raises what it likes
        raise _Unusable("it is neither an RSA nor an Ed25519 key", _MAKE_ONE) from problem
    if bits < SHORTEST:
        raise _Unusable(f"it has {bits} bits, and receivers want {SHORTEST} or more", _MAKE_ONE)
    return "rsa-sha256", pem
