"""The operator's colour and logo, from config.toml to what customers see: the page, the email, the letter."""

import struct
import subprocess
import zlib
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from commandline import Workspace, html_of

LOOK = '\n[look]\naccent = "#7a1f5c"\nlogo = "{logo}"\n'
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 1"><path fill="#7a1f5c" d="M0 0h4v1h-4z"/></svg>'


def png(wide: int, high: int) -> bytes:
    """A black rectangle."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\0" * wide) * high)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def demo(root: Path, logo: str, content: bytes) -> Workspace:
    workspace = Workspace.demo(root, history=True)
    workspace.write("config.toml", (root / "config.toml").read_text(encoding="utf-8") + LOOK.format(logo=logo))
    (root / "site/static" / logo).write_bytes(content)
    return workspace.committed()


def email_of(workspace: Workspace, name: str) -> EmailMessage:
    content = (workspace.root / "outbox/2026-03-02" / name).read_bytes()
    return message_from_bytes(content, policy=policy.default)  # type: ignore[return-value]


@pytest.mark.parametrize(("name", "content"), [("logo.png", png(80, 20)), ("logo.svg", SVG.encode())])
def test_the_logo_is_on_page_and_letter_and_in_the_email_where_mail_programs_show_it(
    name: str, content: bytes, tmp_path: Path
) -> None:
    workspace = demo(tmp_path / "books", name, content)
    workspace.done("build")
    root = workspace.root
    assert "--accent:#7a1f5c" in (root / "site/public/static/style.css").read_text()
    assert (root / "site/public/static" / name).read_bytes() == content
    pages = list(root.glob("site/public/*/index.html"))
    assert pages
    assert all(f'src="../static/{name}" alt="Harbour Joinery"' in page.read_text() for page in pages)

    message = email_of(workspace, "CLADDAGH-reminder.eml")
    html = html_of(message)
    pictures = [part for part in message.walk() if part.get_content_maintype() == "image"]
    assert "#7a1f5c" in html
    assert "#0b5563" not in html
    if name == "logo.png":
        (picture,) = pictures
        assert picture.get_content() == content
        assert f'src="cid:{picture["Content-ID"].strip("<>")}" alt="Harbour Joinery"' in html
    else:
        assert not pictures
        assert "<img" not in html
    assert "http" not in html.replace("https://pay", "").replace("https://harbour", "").replace("http://www.w3.org", "")

    printed = root / "outbox/2026-03-02/ARDILAUN-final-demand.pdf"
    assert printed.read_bytes().startswith(b"%PDF")
    text = subprocess.run(["pdftotext", "-l", "1", printed, "-"], capture_output=True, text=True, check=True).stdout
    assert not text.startswith(
        "Harbour Joinery\n"
    )  # the name has given way to the picture, which carries it for readers


def test_a_pale_accent_and_a_logo_that_is_missing_stop_the_build_with_what_to_do(tmp_path: Path) -> None:
    workspace = Workspace.demo(tmp_path / "books", history=True)
    config = (workspace.root / "config.toml").read_text(encoding="utf-8")
    workspace.write("config.toml", config + LOOK.format(logo="gone.png").replace("#7a1f5c", "#ffee00"))
    result = workspace.run("build")
    assert result.exit_code == 1
    assert "config.toml: error: look.accent: text in #ffee00 is hard to read" in result.stderr
    assert "look.logo: there is no site/static/gone.png" in result.stderr
    assert not (workspace.root / "site/public").exists()
