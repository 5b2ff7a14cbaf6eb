"""The demo's pages in a real browser: nothing is wider than the screen, nothing is fetched from elsewhere, nothing is blocked."""

from pathlib import Path
from typing import Any

import needs
import pytest
from commandline import Workspace, html_of

pytestmark = needs.browser
WIDTHS = (360, 768, 1280)


def looked_at(browser: Any, width: int, address: str, content: str = "") -> dict[str, Any]:
    """What a reader with a screen of that width gets: how wide the page is, what was fetched, what went wrong."""
    tab = browser.new_page(viewport={"width": width, "height": 800})
    fetched: list[str] = []
    wrong: list[str] = []
    tab.on("request", lambda request: fetched.append(request.url))
    tab.on("requestfailed", lambda request: wrong.append(request.url))
    tab.on("response", lambda response: wrong.append(response.url) if response.status >= 400 else None)
    tab.on("console", lambda said: wrong.append(said.text))
    tab.on("pageerror", lambda problem: wrong.append(str(problem)))
    tab.set_content(content, wait_until="load") if content else tab.goto(address, wait_until="load")
    wide = tab.evaluate(
        """() => { const most = document.documentElement.clientWidth;
             return [...document.querySelectorAll('body *')].filter(e => {
               const box = e.getBoundingClientRect();
               return box.width && box.right > most + 1 && !e.closest('[class*=scroll]') && !e.closest('svg');
             }).map(e => e.tagName + '.' + e.className + ' ' + Math.round(e.getBoundingClientRect().right)).slice(0, 5) }"""
    )
    scrolls = tab.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    text = tab.evaluate("() => document.body.innerText.trim()")
    tab.close()
    return {"fetched": fetched, "wrong": wrong, "wide": wide, "scrolls": scrolls, "text": text}


@pytest.mark.parametrize("width", WIDTHS)
def test_every_published_page_fits_and_fetches_only_its_own_site(
    browser: Any, demo: Workspace, published: str, width: int
) -> None:
    public = demo.root / "site/public"
    pages = sorted(path.relative_to(public).as_posix() for path in public.rglob("*.html"))
    assert len(pages) > 15
    for page in pages:
        seen = looked_at(browser, width, published + page)
        assert seen["scrolls"] <= 0, (page, seen["wide"])
        assert all(url.startswith((published, "data:")) for url in seen["fetched"]), (page, seen["fetched"])
        assert f"{published}static/style.css" in seen["fetched"], page
        assert seen["wrong"] == [], page
        assert seen["text"], page


def test_a_printed_page_has_no_heading_with_nothing_beneath(browser: Any, demo: Workspace) -> None:
    """What is folded stays away, with the line that would unfold it; what the customer opened is printed."""
    (page,) = (
        path for path in demo.root.glob("site/public/*/index.html") if "Ardilaun House" in path.read_text("utf-8")
    )
    tab = browser.new_page()
    tab.emulate_media(media="print")
    tab.goto(page.as_uri())
    arithmetic = tab.locator(".charges details")
    assert not arithmetic.is_visible()
    tab.evaluate("document.querySelector('.charges details').open = true")
    assert arithmetic.is_visible()
    assert tab.evaluate("getComputedStyle(document.querySelector('.headline .label'), '::before').display") == "none"
    tab.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_desk_and_the_call_sheets_fit_and_fetch_nothing(browser: Any, demo: Workspace, width: int) -> None:
    pages = sorted(path for path in (demo.root / "outbox").rglob("*.html") if path.parent.name != "preview")
    assert {path.name for path in pages} >= {"desk.html", "KEANE-call.html"}
    for path in pages:
        seen = looked_at(browser, width, path.as_uri())
        assert seen["scrolls"] <= 0, (path.name, seen["wide"])
        assert all(url.startswith(("file://", "data:")) for url in seen["fetched"]), (path.name, seen["fetched"])
        assert seen["wrong"] == [], path.name


@pytest.mark.parametrize("width", [360, 768])
def test_every_email_fits_and_fetches_nothing(browser: Any, demo: Workspace, width: int) -> None:
    drafts = sorted((demo.root / "outbox").rglob("*.eml"))
    assert drafts
    for path in drafts:
        seen = looked_at(browser, width, "", html_of(demo.email(path.relative_to(demo.root).as_posix())))
        assert seen["scrolls"] <= 0, (path.name, seen["wide"])
        assert seen["fetched"] == [], path.name
        assert seen["wrong"] == [], path.name


def test_every_link_of_the_desk_leads_to_a_file(demo: Workspace) -> None:
    import re

    desk = demo.root / "outbox/desk.html"
    links = set(re.findall(r'href="([^"#]+)"', desk.read_text("utf-8")))
    local = {link for link in links if not re.match(r"[a-z]+:", link)}
    assert len(local) > 15
    assert [link for link in sorted(local) if not (desk.parent / Path(link)).exists()] == []
