"""Sealed pages in a real browser: opened by the whole link alone, from a file and from a host, with nothing fetched and nothing lost."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import needs
import pytest
from commandline import Workspace

pytestmark = needs.browser
INCOMPLETE, LOCKED = "This link is not complete.", "This page is locked."


@pytest.fixture(scope="module")
def demo(sealed: Workspace) -> Workspace:
    """In this file the demo is sealed, also as it is published."""
    return sealed


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield page
    page.close()


def on_desk(demo: Workspace, account: str) -> str:
    """Where the desk's link for a customer leads: from the site's folder on."""
    desk = (demo.root / "outbox/desk.html").read_text("utf-8")
    found = re.search(rf'href="\.\./site/public/([^"]+)"[^>]*><bdi>{account}<', desk)
    assert found, account
    return found[1]


def watched(tab: Any) -> tuple[list[str], list[str]]:
    """What the tab asks for from now on, and what goes wrong in it."""
    fetched: list[str] = []
    wrong: list[str] = []
    tab.on("request", lambda request: fetched.append(request.url))
    tab.on("requestfailed", lambda request: wrong.append(request.url))
    tab.on("console", lambda said: wrong.append(said.text))
    tab.on("pageerror", lambda problem: wrong.append(str(problem)))
    return fetched, wrong


def shown(tab: Any, address: str, waiting_for: str) -> str:
    """What a reader sees once the page says what is waited for."""
    tab.goto("about:blank")
    tab.goto(address)
    tab.get_by_text(waiting_for).first.wait_for(timeout=5000)
    return str(tab.evaluate("document.body.innerText"))


def opened(tab: Any, address: str) -> str:
    """What a reader sees of the page itself."""
    tab.goto("about:blank")
    tab.goto(address)
    tab.locator(".as-at").wait_for(timeout=5000)
    return str(tab.evaluate("document.body.innerText"))


@pytest.fixture(params=["file", "host"])
def site(request: pytest.FixtureRequest, demo: Workspace, published: str) -> str:
    return published if request.param == "host" else (demo.root / "site/public").as_uri() + "/"


# ------------------------------------------------------------------ who can open a page


def test_the_whole_link_opens_it_and_nothing_else_is_asked_for(demo: Workspace, site: str, tab: Any) -> None:
    link = site + on_desk(demo, "GALLAGHER")
    fetched, wrong = watched(tab)
    text = opened(tab, link)
    assert "Gallagher Fit-Out" in text
    assert "€2,349.61" in text
    assert tab.title() == "Your account – Harbour Joinery"
    assert {url.partition("#")[0] for url in fetched} <= {
        "about:blank", link.partition("#")[0], f"{site}static/style.css", "data:,",
    }  # fmt: skip
    assert wrong == []
    assert tab.url == link, "the address stays whole, to be kept and opened again"


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda link, _: link.partition("#")[0],
        lambda link, _: link.partition("#")[0] + "#",
        lambda link, _: link.partition("#k=")[0] + "#k=",
        lambda link, _: link[:-1],
        lambda link, _: link + "A",
        lambda link, _: link[:-2] + ("A" if link[-2] != "A" else "B") + link[-1],
        lambda link, other: link.partition("#")[0] + "#" + other.partition("#")[2],
        lambda link, _: link.partition("#")[0] + "#k=%F0%9F" + "A" * 37,
    ],
    ids=["none", "mark", "empty", "cut", "longer", "mistyped", "another's", "garbled"],
)
def test_any_other_link_is_answered_with_a_calm_sentence(demo: Workspace, site: str, tab: Any, spoilt: Any) -> None:
    link, other = (on_desk(demo, name) for name in ("GALLAGHER", "KEANE"))
    _, wrong = watched(tab)
    text = shown(tab, site + spoilt(link, other), INCOMPLETE)
    assert "+353 20 910 0100" in text
    assert "accounts@harbourjoinery.example" in text
    assert not [word for word in ("Gallagher", "GALLAGHER", "€", "rror") if word in text]
    assert wrong == []


def test_a_page_that_lies_at_anothers_address_opens_with_nobodys_link(demo: Workspace, tab: Any) -> None:
    one, other = (on_desk(demo, name).partition("/")[0] for name in ("GALLAGHER", "KEANE"))
    swapped = demo.root / "site/swapped" / one
    shutil.copytree(demo.root / "site/public" / other, swapped)
    assert INCOMPLETE in shown(tab, f"{swapped.as_uri()}/{on_desk(demo, 'GALLAGHER').partition('/')[2]}", INCOMPLETE)


def test_the_whole_link_pasted_over_half_of_it_opens_the_page(demo: Workspace, published: str, tab: Any) -> None:
    link = published + on_desk(demo, "GALLAGHER")
    shown(tab, link[:-9], INCOMPLETE)
    tab.evaluate("link => { location.href = link }", link)
    tab.get_by_text("Gallagher Fit-Out").first.wait_for(timeout=5000)


@pytest.mark.parametrize("mangled", ["#k%3D", "#k="])
def test_what_mail_programs_do_to_a_link_does_no_harm(demo: Workspace, published: str, tab: Any, mangled: str) -> None:
    link = published + on_desk(demo, "GALLAGHER").replace("#k=", mangled)
    assert "Gallagher" in opened(tab, link + ("." if mangled == "#k=" else ""))


def test_without_javascript_it_says_whom_to_call(demo: Workspace, site: str, browser: Any) -> None:
    tab = browser.new_page(java_script_enabled=False)
    tab.goto(site + on_desk(demo, "GALLAGHER"))
    text = tab.locator("body").inner_text()
    assert LOCKED in text
    assert "+353 20 910 0100" in text
    assert tab.locator('a[href^="tel:"]').count() == 1
    assert "Gallagher" not in tab.content()
    tab.close()


def test_over_plain_http_it_says_why_it_does_not_open(demo: Workspace, published: str, browser: Any) -> None:
    context = browser.new_context()
    tab = context.new_page()
    # A host that is neither the machine itself nor https; nothing leaves, the answer is the published file.
    address = on_desk(demo, "GALLAGHER")
    page = (demo.root / "site/public" / address.partition("#")[0]).read_bytes()
    tab.route("http://pay.plain.example/**", lambda route: route.fulfill(body=page, content_type="text/html"))
    text = shown(tab, f"http://pay.plain.example/{address}", "has to begin with https://")
    assert "+353 20 910 0100" in text
    context.close()


# ------------------------------------------------------------------ the page once it is open


def test_open_it_is_the_page_that_would_stand_there_unsealed(demo: Workspace, tmp_path: Path, tab: Any) -> None:
    bare = Workspace.demo(tmp_path, history=True)
    bare.done("build")
    look = """() => [...document.body.querySelectorAll('*')].map(e => {
        const box = e.getBoundingClientRect();
        return [e.tagName, e.className.toString(), Math.round(box.x), Math.round(box.y), Math.round(box.width), Math.round(box.height)].join(' ');
    })"""
    for name in ("GALLAGHER", "KEANE", "MUELLER"):
        link = on_desk(demo, name)
        texts = [opened(tab, f"{w.root.as_uri()}/site/public/{link}") for w in (demo, bare)]
        assert texts[0] == texts[1]
        seen = []
        for workspace in (demo, bare):
            opened(tab, f"{workspace.root.as_uri()}/site/public/{link}")
            seen.append((tab.evaluate(look), tab.evaluate("document.documentElement.lang"), tab.title()))
        assert seen[0] == seen[1], name


@needs.zbar
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_code_reads_on_the_screen_light_and_dark(demo: Workspace, tab: Any, tmp_path: Path, scheme: str) -> None:
    tab.emulate_media(color_scheme=scheme)
    opened(tab, f"{(demo.root / 'site/public').as_uri()}/{on_desk(demo, 'GALLAGHER')}")
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(18, 21, 24)") is (scheme == "dark")
    tab.locator(".qr").screenshot(path=tmp_path / "code.png")
    read = subprocess.run(
        ["zbarimg", "-q", "--raw", tmp_path / "code.png"], capture_output=True, text=True, check=True
    ).stdout
    assert read.startswith("BCD\n")
    assert "EUR2349.61" in read


def test_its_links_keyboard_and_print_work(demo: Workspace, tab: Any) -> None:
    link = f"{(demo.root / 'site/public').as_uri()}/{on_desk(demo, 'GALLAGHER')}"
    opened(tab, link)
    mails = tab.eval_on_selector_all('a[href^="mailto:"]', "links => links.map(link => link.href)")
    assert len(mails) > 3
    assert any("GALLAGHER" in mail for mail in mails)

    stops = []
    for _ in range(4):
        tab.keyboard.press("Tab")
        stops.append(tab.evaluate("document.activeElement.innerText.trim()"))
    assert stops[:2] == ["Pay by card", "How to pay"]
    tab.locator("a", has_text="How to pay").focus()
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "pay-EUR"
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.closest('.reply, .after') !== null"), (
        "on from there, in the page's order"
    )
    assert tab.url == link
    tab.reload()
    tab.get_by_text("Gallagher Fit-Out").first.wait_for(timeout=5000)
    pdf = tab.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
    from io import BytesIO

    from pypdf import PdfReader

    printed = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    assert "Gallagher Fit-Out" in printed
    assert LOCKED not in printed


def test_no_script_in_it_runs_whatever_the_operators_template_holds(tmp_path: Path, tab: Any) -> None:
    demo = Workspace.demo(tmp_path, history=True)
    config = (tmp_path / "config.toml").read_text("utf-8")
    demo.write("config.toml", config.replace("[portal]", "[portal]\nsealed = true"))
    template = (tmp_path / "site/templates/account.html").read_text("utf-8")
    hostile = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'><svg onload='window.ran = 1'></svg>"
    demo.write("site/templates/account.html", template.replace("</header>", f"</header>{hostile}"))
    demo.done("build")
    opened(tab, f"{(tmp_path / 'site/public').as_uri()}/{on_desk(demo, 'GALLAGHER')}")
    assert tab.locator("svg[onload]").count() == 1
    tab.wait_for_timeout(200)
    assert tab.evaluate("window.ran") is None


# ------------------------------------------------------------------ the page while it is shut


@pytest.fixture(scope="module", params=["en-IE", "de-AT"])
def shut(request: pytest.FixtureRequest, demo: Workspace, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The language of a business, and a link to one of its pages that lacks a character."""
    workspace = Workspace(tmp_path_factory.mktemp("shut"))
    shutil.copytree(demo.root, workspace.root, dirs_exist_ok=True)
    config = (demo.root / "config.toml").read_text("utf-8")
    workspace.write("config.toml", config.replace('language = "en-IE"', f'language = "{request.param}"'))
    workspace.done("build")
    return request.param, f"{(workspace.root / 'site/public').as_uri()}/{on_desk(demo, 'GALLAGHER')[:-1]}"


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_shut_it_fits_every_screen(shut: tuple[str, str], browser: Any, width: int) -> None:
    language, link = shut
    tab = browser.new_page(viewport={"width": width, "height": 700})
    text = shown(tab, link, INCOMPLETE)
    assert ("nicht vollständig" in text) is (language == "de-AT")
    assert tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert tab.locator("h1").count() == 1
    assert tab.get_by_role("status").count() == (2 if language == "de-AT" else 1)
    tab.close()
