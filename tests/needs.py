"""What some tests need beside Python and git, a mark for each. Where it is not there, they are skipped, and say what they need.

`PASTDUE_NEEDS="zbar office"` names what has to be there: then the tests fail at once instead of being passed over. CI names all of it.
"""

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

NAMES = frozenset(
    [
        "browser",
        "chromium",
        "disks",
        "flock",
        "history",
        "judges",
        "mounts",
        "office",
        "poppler",
        "postfix",
        "proc",
        "real-data",
        "root",
        "spamassassin",
        "zbar",
    ]
)
REQUIRED = frozenset(os.environ.get("PASTDUE_NEEDS", "").split())
if REQUIRED - NAMES:
    raise RuntimeError(f"PASTDUE_NEEDS names what no test needs: {', '.join(sorted(REQUIRED - NAMES))}")


def need(name: str, there: object, what: str) -> pytest.MarkDecorator:
    """The mark of the tests that need something; an error where it is required and not there."""
    assert name in NAMES
    if not there and name in REQUIRED:
        raise RuntimeError(f"PASTDUE_NEEDS names {name}, and it is not here: {what}")
    return pytest.mark.skipif(not there, reason=f"needs {what}")


def on_path(*tools: str) -> bool:
    """Are all of these programs there?"""
    return all(map(shutil.which, tools))


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
JUDGES = Path(__file__).parent / "judges"
REAL_DATA = Path(os.environ.get("PASTDUE_REAL_DATA") or "PASTDUE_REAL_DATA is not set")  # a folder, with CI
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0

chromium = need("chromium", CHROMIUM, "Chromium")
browser = need("browser", CHROMIUM and find_spec("playwright"), "Chromium, and playwright from the extra `browser`")
judges = need(
    "judges",
    (JUDGES / "node_modules").is_dir() and on_path("node", "java"),
    "the judges, by npm install in tests/judges, and node and java to run them",
)
flock = need("flock", on_path("flock"), "flock of util-linux")
history = need("history", not (Path(__file__).parent.parent / ".git/shallow").exists(), "a whole clone")
mounts = need(
    "mounts",
    IS_ROOT
    and on_path("unshare")
    and not subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode,
    "root, with the right to mount",
)
office = need("office", OFFICE, "LibreOffice")
poppler = need("poppler", on_path("pdftotext", "pdfinfo", "pdftoppm"), "the tools of poppler")
postfix = need("postfix", on_path("postfix") and IS_ROOT, "Postfix, and root to start one of its own")
proc = need("proc", Path("/proc/self/fd").is_dir(), "names of open files under /proc")
real_data = need("real-data", REAL_DATA.is_dir(), "PASTDUE_REAL_DATA to name a folder")
root = need("root", IS_ROOT, "root")
spamassassin = need("spamassassin", on_path("spamassassin"), "SpamAssassin")
zbar = need("zbar", on_path("zbarimg", "pdftoppm"), "zbarimg and pdftoppm")
