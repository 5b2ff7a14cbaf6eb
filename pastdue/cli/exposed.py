"""Warns of customers' pages that lie open in a public place: their addresses are secret only while nobody can list them."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from pastdue.config import FILE, Config
from pastdue.delivery import Stopped
from pastdue.delivery.git import Repository
from pastdue.documents.portal import PUBLIC
from pastdue.findings import Finding, warning

# Hosts of static sites that mostly publish a repository or a folder which others can see.
_HOSTS = (
    "bitbucket.io",
    "codeberg.page",
    "firebaseapp.com",
    "github.io",
    "gitlab.io",
    "neocities.org",
    "netlify.app",
    "onrender.com",
    "pages.dev",
    "r2.dev",
    "storage.googleapis.com",
    "surge.sh",
    "vercel.app",
    "web.app",
)


def findings(root: Path, config: Config) -> list[Finding]:
    """A warning for each public place that the pages go to unsealed."""
    if config.portal.sealed:
        return []
    hint = "Say `sealed = true` under [portal] (docs/portal.md), or publish where nobody can list the files."
    return [
        warning(FILE, f"{place}: whoever sees the files there can read every customer's page", hint)
        for place in _places(root, config)
    ]


def _places(root: Path, config: Config) -> Iterator[str]:
    with suppress(Stopped):  # outside git nothing is pushed
        if Repository.open(root).git("ls-files", "-z", "--", PUBLIC):
            yield f"{PUBLIC} is in git with the books"
    if (root / PUBLIC / ".git").exists():
        with suppress(Stopped):
            remotes = Repository.open(root / PUBLIC).git("remote").decode("utf-8", "replace").split()
            if remotes:
                yield f"{PUBLIC} is a git repository of its own, and is pushed to {', '.join(remotes)}"
    host = urlsplit(config.portal.base_url).hostname or ""
    if any(host == each or host.endswith(f".{each}") for each in _HOSTS):
        yield f"{host} is a public host of static sites"
