"""A mail server of the tests' own on this machine: what arrived, from whom and to whom, and to whom it says no."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


@dataclass
class MailServer:
    """What it got, and what it answers to which recipient."""

    port: int = 0
    arrived: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(self, _server: object, _session: object, envelope: object, address: str, _: object) -> str:  # noqa: N802
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)  # type: ignore[attr-defined]
        return "250 2.1.5 fine"

    async def handle_DATA(self, _server: object, _session: object, got: object) -> str:  # noqa: N802
        self.arrived.append((got.mail_from, got.rcpt_tos, got.original_content))  # type: ignore[attr-defined]
        return f"250 2.0.0 queued as {len(self.arrived)}"

    @property
    def config(self) -> str:
        """The part of config.toml that sends to it."""
        return f'[mail]\ntransport = "smtp"\nhost = "127.0.0.1"\nport = {self.port}\nsecurity = "none"\n'

    @property
    def recipients(self) -> list[str]:
        """Whom the envelopes were for, in the order of arrival."""
        return [recipient for _, recipients, _ in self.arrived for recipient in recipients]

    def to(self, recipient: str) -> bytes:
        """The one email to a recipient."""
        (content,) = [content for _, recipients, content in self.arrived if recipients == [recipient]]
        return content


@contextmanager
def mail_server(tls: ssl.SSLContext | None = None, login: tuple[bytes, bytes] = (b"", b"")) -> Iterator[MailServer]:
    """A server that runs meanwhile; with `tls` it takes mail only over STARTTLS, as `localhost`, and after a login."""

    def authenticate(_: object, __: object, ___: object, ____: str, given: LoginPassword) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == login, handled=False)

    with socket.create_server(("127.0.0.1", 0)) as free:
        server = MailServer(free.getsockname()[1])
    secured = {
        "server_hostname": "localhost",
        "tls_context": tls,
        "require_starttls": True,
        "authenticator": authenticate,
        "auth_required": True,
    }
    controller = Controller(server, hostname="127.0.0.1", port=server.port, **(secured if tls else {}))
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost that only its own file vouches for, and the server's side of it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return public, context
