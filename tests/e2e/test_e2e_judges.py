"""What others say of the pages and emails: the Nu checker, axe, Lighthouse, and what mail programs are known to support.

They are installed by `npm install --no-package-lock` in tests/judges; the Nu checker runs on Java.
"""

import json
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import needs
import pytest
from commandline import Workspace, html_of
from webserver import serving

pytestmark = [needs.browser, needs.judges]
THERE = needs.JUDGES / "node_modules"

# The mail programs that most people read with, by the names that caniemail.com has for them.
PROGRAMS = ("apple-mail.*", "gmail.*", "outlook.*", "yahoo.*", "samsung-email.*", "thunderbird.macos")
# What some of them leave out without anybody missing anything: corners are square, dark mode is the program's own, the
# preview line is not hidden but one pixel high, and a narrow screen gets the wide layout, which is fluid anyway.
GRACEFUL = {
    "<body> element": "what it sets stands on the table around everything as well",
    "<style> element": "nothing but @media rules is in it",
    "@media": "dark mode, and more room on phones",
    "border-radius": "corners",
    "color-scheme meta tag": "dark mode",
    "display:none": "the preview line has one pixel, in the colour of the ground",
    "role attribute": "for screen readers, which Outlook for Windows knows from the missing headings of a table",
    "min-width property": "columns of words get narrower on a phone before they wrap",
    "white-space": "sums break in a very narrow window",
    "word-break": "very long words make the window scroll",
}


@pytest.fixture(scope="module")
def address(demo: Workspace) -> Iterator[str]:
    """The workspace over HTTP."""
    with serving(demo.root) as there:
        yield there


def pages(demo: Workspace) -> list[str]:
    """All but the emails' own HTML, which is written for mail programs and judged as they see it."""
    found = [*demo.root.glob("site/public/**/*.html"), *demo.root.glob("outbox/**/*.html")]
    return sorted(path.relative_to(demo.root).as_posix() for path in found if not path.name.endswith(".email.html"))


def fullest(demo: Workspace) -> list[str]:
    """The largest three pages of each kind, which have most of what their template can say."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for page in sorted(pages(demo), key=lambda page: -(demo.root / page).stat().st_size):
        folder, _, name = page.rpartition("/")
        kinds[re.sub(r"[^/]{26,}", "*", folder) + name[-10:].lstrip("0123456789abcdef")].append(page)
    return [page for own in kinds.values() for page in own[:3]]


def invalid(demo: Workspace, pages: list[str]) -> list[dict[str, Any]]:
    """What the Nu checker has against these files."""
    said = subprocess.run(
        [
            "java", "-jar", THERE / "vnu-jar/build/dist/vnu.jar", "--format", "json", "--also-check-css",
            # A folder has no origin that a page's policy could mean by 'self'; in a browser it has.
            "--filterpattern", ".*violates Content Security Policy.*",
            *pages,
        ],
        cwd=demo.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = json.loads(said.stderr)["messages"]
    return [message for message in found if message["type"] != "info" or message.get("subType")]


def test_the_nu_checker_finds_pages_and_styles_valid(demo: Workspace) -> None:
    assert invalid(demo, [*pages(demo), "site/public/static/style.css"]) == []


def test_the_nu_checker_finds_sealed_pages_valid(sealed: Workspace, browser: Any) -> None:
    """As they lie on the host, and as they are once they are open."""
    opened = []
    with serving(sealed.root / "site/public") as there:
        for number, link in enumerate(fullest_sealed(sealed)):
            tab = browser.new_page()
            tab.goto(f"{there}{link}")
            tab.locator(".as-at").wait_for(timeout=5000)
            sealed.write(
                f"opened-{number}.html", f"<!DOCTYPE html>\n{tab.evaluate('document.documentElement.outerHTML')}"
            )
            opened.append(f"opened-{number}.html")
            tab.close()
    assert invalid(sealed, [path for path in pages(sealed) if path.startswith("site/")] + opened) == []


def violations(tab: Any) -> list[tuple[str, list[str]]]:
    """What axe finds wrong with the page in the tab, all of it unfolded."""
    tab.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    tab.add_script_tag(path=THERE / "axe-core/axe.min.js")
    found = tab.evaluate("axe.run()")["violations"]
    return [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing(browser: Any, demo: Workspace, address: str, scheme: str, width: int) -> None:
    look: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    tab = browser.new_context(bypass_csp=True, **look).new_page()
    for page in fullest(demo):
        tab.goto(f"{address}{page}")
        assert violations(tab) == [], page
    tab.context.close()


def fullest_sealed(sealed: Workspace) -> list[str]:
    """The whole links, from the site's folder on, of the three accounts with the most to tell, and of one without debts."""
    desk = (sealed.root / "outbox/desk.html").read_text("utf-8")
    found = {name: link for link, name in re.findall(r'href="\.\./site/public/([^"]+#k=[^"]+)"[^>]*><bdi>(\w+)<', desk)}
    return [found[name] for name in ("OFLAHERTY", "HARGREAVES", "WESTWOOD", "SEAVIEW")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_a_sealed_page_open_or_locked(browser: Any, sealed: Workspace, scheme: str) -> None:
    look: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": 360, "height": 800}}
    tab = browser.new_context(bypass_csp=True, **look).new_page()
    with serving(sealed.root / "site/public") as there:
        for link in fullest_sealed(sealed):
            tab.goto("about:blank")
            tab.goto(f"{there}{link}")
            tab.locator(".as-at").wait_for(timeout=5000)
            assert violations(tab) == [], link
        tab.goto("about:blank")
        tab.goto(there + link.partition("#")[0])
        tab.get_by_text("This link is not complete.").wait_for(timeout=5000)
        assert violations(tab) == []
    tab.context.close()


def test_lighthouse_gives_the_portal_full_marks(demo: Workspace, address: str, tmp_path: Path) -> None:
    largest = max(demo.root.glob("site/public/*/index.html"), key=lambda path: path.stat().st_size)
    best: dict[str, float] = {}
    for _ in range(3):  # the machine may be busy with something else
        subprocess.run(
            [
                "node", THERE / "lighthouse/cli/index.js", f"{address}{largest.relative_to(demo.root).parent.as_posix()}/",
                "--quiet", "--output=json", f"--output-path={tmp_path / 'marks.json'}",
                "--only-categories=accessibility,best-practices,performance", "--chrome-flags=--headless=new --no-sandbox",
            ],
            env={"CHROME_PATH": str(needs.CHROMIUM), "PATH": str(Path(str(shutil.which("node"))).parent), "HOME": str(tmp_path)},
            check=True,
        )  # fmt: skip
        marks = json.loads((tmp_path / "marks.json").read_text())["categories"]
        best = {name: max(best.get(name, 0), marks[name]["score"]) for name in marks}
        if best["performance"] >= 0.95:
            break
    assert (best["accessibility"], best["best-practices"]) == (1, 1)
    assert best["performance"] >= 0.95


def test_a_page_with_all_that_it_needs_is_light(demo: Workspace) -> None:
    style = (demo.root / "site/public/static/style.css").stat().st_size
    for page in demo.root.glob("site/public/**/*.html"):
        assert page.stat().st_size + style < 60_000, page


def test_emails_use_nothing_that_the_main_mail_programs_do_not_support(demo: Workspace) -> None:
    emails = [
        html_of(message_from_bytes(path.read_bytes(), policy=policy.default))
        for path in sorted(demo.root.glob("outbox/2026-03-02/*.eml"))
    ]
    said = subprocess.run(
        ["node", "emails.mjs", *PROGRAMS],
        input=json.dumps(emails),
        capture_output=True,
        text=True,
        cwd=needs.JUDGES,
        check=True,
    )
    lost = {
        problem.removeprefix("errors: ")
        for found in json.loads(said.stdout)
        for problem in found
        if problem.startswith("errors")
    }
    assert lost - GRACEFUL.keys() == set()
