"""Makes the README's pictures from the demo: `python docs/pictures.py`. Needs Chromium and poppler's pdftoppm on the PATH."""

import email
import email.policy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "docs" / "pictures"
CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]


def screenshot(page: Path, name: str, width: int, height: int) -> None:
    """The page at a width, cut at a height."""
    size = f"--window-size={width},{height}"
    shot = f"--screenshot={PICTURES / name}"
    subprocess.run([*CHROMIUM, size, shot, page.as_uri()], check=True, capture_output=True)


def main() -> None:
    """Builds the demo in a folder of its own, and takes one picture of each thing that somebody looks at."""
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder)
        for part in ("accounts", "letters", "site"):
            shutil.copytree(ROOT / part, there / part, ignore=shutil.ignore_patterns("public"))
        for part in ("config.toml", "portal.key"):
            shutil.copy(ROOT / part, there / part)
        subprocess.run([sys.executable, ROOT / "build.py", "-C", there, "build"], check=True, capture_output=True)
        outbox = there / "outbox" / "2026-03-02"
        message = email.message_from_bytes(
            next(outbox.glob("OFLAHERTY-*.eml")).read_bytes(), policy=email.policy.default
        )
        parts = [part.get_content() for part in message.walk() if part.get_content_type() == "text/html"]
        (there / "email.html").write_text(parts[0], encoding="utf-8")
        page = next(p for p in (there / "site" / "public").glob("*/index.html") if "Tideline" in p.read_text("utf-8"))
        letter = next(iter(sorted(outbox.glob("ARDILAUN-*.pdf")) or sorted(outbox.glob("*.pdf"))))
        screenshot(there / "email.html", "email.png", 640, 1180)
        screenshot(page, "page.png", 400, 1180)
        screenshot(there / "outbox" / "desk.html", "desk.png", 1180, 1180)
        subprocess.run(["pdftoppm", "-r", "80", "-singlefile", "-png", letter, PICTURES / "letter"], check=True)


if __name__ == "__main__":
    main()
