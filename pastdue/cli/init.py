"""`init`: a new workspace, with empty ledgers, the shipped letters and pages, and a config to fill in."""

import re
import shutil
import subprocess
from pathlib import Path

from pastdue.books.headers import COLUMNS
from pastdue.cli import DONE, Desk
from pastdue.delivery import Stopped, files

TYPED_BY_THE_OPERATOR = ("customers", "invoices", "payments", "activity")

_CONFIG = """\
# What you decided. Every setting is described in the docs; `check` finds mistakes here.

[business]
name = ""                     # as your customers know you; letters go out in no other name
address = [""]
postcode = ""
city = ""
country = ""                  # two letters, such as "IE"; also the calendar of public holidays
email = ""                    # where customers reach you
phone = ""
contact = ""                  # who signs
timezone = "UTC"              # such as "Europe/Dublin"
currency = "EUR"
language = "en"
iban = ""

[mail]
transport = "folder"          # nothing leaves the machine; "smtp" sends

[portal]
base_url = ""                 # where site/public will be published; blank: notices carry no link
sealed = false                # true: the pages are ciphertext for all who have no link, as a public host needs

[interest]
regime = ""                   # blank: no interest is claimed; with one, let the steps below announce it

"""
_IGNORED = (
    "/site/public/\n/outbox/desk.html\n/outbox/preview/\n/outbox/accounts/\n/outbox/*/*-call.html\n/evidence/\n"
    "/outbox/.manifest\n/outbox/.letters.json\n"
)
_KEPT_AS_IT_IS = "*.eml -text\naccounts/*.csv -text\noutbox/** -text\n*.pdf binary\n"


def _without_interest(schedules: str) -> str:
    """The shipped schedules with their announcements of interest as comments: nothing lets it run yet."""
    return re.sub(r'^(announces = \[\{ consequence = "interest")', r"# \1", schedules, flags=re.MULTILINE)


def init(desk: Desk, folder: Path) -> int:
    """Fills a folder that is empty or not there, and makes it a git repository. Nothing that is there is touched."""
    folder = folder.resolve()
    if folder.exists() and any(folder.iterdir()):
        raise Stopped(f"{folder} is not empty", "Name a new folder.")
    shipped = files.starter()
    since = (shipped / files.CONFIG).read_text(encoding="utf-8")
    schedules = _without_interest(since[since.index("# ----") :])
    (folder / "accounts").mkdir(parents=True)
    for part in ("letters", "site/templates", "site/static"):
        shutil.copytree(shipped / part, folder / part)
    for name in TYPED_BY_THE_OPERATOR:
        (folder / "accounts" / f"{name}.csv").write_text(",".join(COLUMNS[name]) + "\n", encoding="utf-8")
    (folder / files.CONFIG).write_text(_CONFIG + schedules, encoding="utf-8")
    (folder / ".gitignore").write_text(_IGNORED, encoding="utf-8")
    (folder / ".gitattributes").write_text(_KEPT_AS_IT_IS, encoding="utf-8")
    files.ensure_portal_key(folder)
    if subprocess.run(["git", "init", "--quiet", str(folder)], check=False).returncode:
        raise Stopped("git init failed: the workspace is there, without a history", f"Run git init in {folder}.")
    desk.out.print(f"{folder}\nFill in config.toml and accounts/, then: build.py -C {folder} check", soft_wrap=True)
    return DONE
