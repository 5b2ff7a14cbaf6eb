"""The desk and what it leads to, on disk and in a browser: never committed, never left behind, nothing loaded before it is looked at."""

import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import needs
import pytest
from commandline import PLAIN, Workspace, table

CUSTOMERS = "account_id,name,email\nACME,Acme Ltd,ap@acme.example\n../B,Bolt & Co,office@bolt.example\n"
INVOICES = table(
    ("invoice_id", "account_id", "issued", "due", "amount"),
    ("INV-1", "ACME", "2026-01-01", "2026-01-31", "100.00"),
    ("INV-2", "../B", "2026-01-10", "2026-02-09", "40.00"),
)
PAYMENTS = "received,account_id,amount\n2026-01-05,ACME,1.00\n"
DAY = "2026-02-16"


@pytest.fixture
def books(tmp_path: Path) -> Workspace:
    return Workspace.of(tmp_path / "books", customers=CUSTOMERS, invoices=INVOICES, payments=PAYMENTS)


def beside(books: Workspace) -> set[str]:
    return {name for name in books.files("outbox") if name.startswith(("outbox/preview/", "outbox/accounts/"))}


# ------------------------------------------------------------------ on disk


def test_what_the_desk_leads_to_is_never_committed_and_no_draft(books: Workspace) -> None:
    books.done("build", "--on", DAY)
    assert len(beside(books)) == 2 * 3 + 3
    assert "outbox/accounts" not in (books.root / "outbox/.manifest").read_text("utf-8")
    assert "outbox/preview" not in (books.root / "outbox/.manifest").read_text("utf-8")
    books.done("send", "--yes", "--on", DAY)
    assert beside(books) == {name for name in beside(books) if name.startswith("outbox/accounts/")}, "nothing is to go"
    tracked = books.git("ls-files").splitlines()
    assert [name for name in tracked if name.endswith(".eml")]
    assert not [name for name in tracked if name.startswith(("outbox/preview", "outbox/accounts"))]
    assert books.git("status", "--porcelain", "--untracked-files=all") == ""
    assert "outbox/" not in books.run("audit").stdout


def test_stale_previews_and_timelines_go_and_what_did_not_change_is_not_written_again(books: Workspace) -> None:
    books.done("build", "--on", DAY)
    (kept,) = books.root.glob("outbox/preview/ACME-*.text.html")
    before = kept.stat().st_mtime_ns
    books.write("outbox/preview/left-over.html", "x")
    books.write("outbox/accounts/left-over.html.pastdue-tmp", "x")
    assert "nothing changed, 2 stale files" in books.done("build", "--on", DAY)
    assert kept.stat().st_mtime_ns == before
    books.write("accounts/payments.csv", PAYMENTS + "2026-02-16,ACME,99.00\n")
    books.done("build", "--on", DAY)
    assert not list(books.root.glob("outbox/preview/ACME-*"))
    assert len(list(books.root.glob("outbox/accounts/acme-*.html"))) == 1


def test_a_new_workspace_ignores_them(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from pastdue.cli import main

    assert CliRunner().invoke(main, ["init", str(tmp_path / "new")]).exit_code == 0
    ignored = (tmp_path / "new/.gitignore").read_text("utf-8").splitlines()
    assert {"/outbox/preview/", "/outbox/accounts/"} <= set(ignored)


def test_a_preview_is_the_very_html_that_goes(demo: Workspace) -> None:
    drafts = [path for path in demo.root.glob("outbox/2026-03-02/*.eml") if not path.stem.endswith("-copy")]
    assert len(drafts) > 8
    for path in drafts:
        html = demo.email(path.relative_to(demo.root).as_posix()).get_body(("html",))
        assert html is not None
        assert (demo.root / f"outbox/preview/{path.stem}.email.html").read_bytes() == html.get_payload(decode=True)


def test_every_link_of_every_timeline_and_preview_leads_to_a_file(demo: Workspace) -> None:
    pages = [*demo.root.glob("outbox/accounts/*.html"), *demo.root.glob("outbox/preview/*.html")]
    assert len(pages) > 30
    for page in pages:
        if not page.name.endswith(".email.html"):
            links = set(re.findall(r'(?:href|src|data)="([^"#]+)[^"]*"', page.read_text("utf-8")))
            local = {link for link in links if not re.match(r"[a-z]+:", link)}
            assert [link for link in sorted(local) if not (page.parent / Path(link)).exists()] == [], page


def test_stale_books_stand_on_the_desk_before_anybody_sends(books: Workspace) -> None:
    books.write("accounts/payments.csv", PAYMENTS + "2026-01-06,ACME,1.00\n")
    old = datetime(2026, 1, 6).timestamp()  # noqa: DTZ001 -- of this machine's zone, as a file's time is
    os.utime(books.root / "accounts/payments.csv", (old, old))
    books.done("build", "--on", DAY)
    desk = (books.root / "outbox/desk.html").read_text("utf-8")
    assert "Nothing will be sent" in desk
    assert "accounts/payments.csv was last changed on 2026-01-06" in desk
    assert "send --stale-books" in desk


def test_the_desk_foresees_what_the_forecast_says(demo: Workspace) -> None:
    import json

    found = json.loads(demo.done("forecast", "--json"))
    desk = re.sub(r"<[^>]+>", " ", (demo.root / "outbox/desk.html").read_text("utf-8"))
    text = re.sub(r"\s+", " ", desk).replace("\N{NO-BREAK SPACE}", " ")
    listed = text[text.index("One by one") : text.index("On hold", text.index("One by one"))]
    to_come = [each for each in found["coming"] if each["on"] > found["on"]]
    assert len(to_come) > 40
    assert listed.count("2026") - sum(
        "2026" in (each["why"] or "") and each["kind"] in {"promise", "instalment"} for each in to_come
    ) == len(to_come)
    for week in found["cash"]["EUR"]["weeks"]:
        assert f"€{float(week['total']):,.2f}" in text


def test_without_git_the_desk_is_built_and_nothing_is_said_of_sending(tmp_path: Path) -> None:
    books = Workspace(tmp_path / "plain")
    books.write("config.toml", PLAIN.format(business="", more=""))
    for name, content in (("customers", CUSTOMERS), ("invoices", INVOICES)):
        books.write(f"accounts/{name}.csv", content)
    books.done("build", "--on", DAY)
    assert "Nothing will be sent" not in (books.root / "outbox/desk.html").read_text("utf-8")


# ------------------------------------------------------------------ in a browser


@needs.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_preview_is_loaded_when_it_is_opened_and_not_before(browser: Any, demo: Workspace, scheme: str) -> None:
    tab = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900}).new_page()
    asked: list[str] = []
    said: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: said.append(message.text))
    tab.on("requestfailed", lambda request: said.append(request.url))
    desk = (demo.root / "outbox/desk.html").as_uri()
    tab.goto(desk, wait_until="load")
    assert [url for url in asked if not url.startswith("data:")] == [desk]
    tab.locator("details.preview", has_text="Island Ferries").locator("summary").click()
    opened = demo.root / "outbox/preview/FERRY-invoice"
    tab.wait_for_function("document.querySelector('details.preview[open] object').clientHeight > 300")
    tab.wait_for_load_state("networkidle")
    email, text = (tab.frame(url=Path(f"{opened}{suffix}").as_uri()) for suffix in (".email.html", ".text.html"))
    email.get_by_text("HJ-2543").first.wait_for()
    text.get_by_text("HJ-2543").first.wait_for()
    ground = email.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground)[:3])) > 380) is (scheme == "light")
    fetched = {url for url in asked if not url.startswith("data:")} - {desk}
    assert fetched == {Path(f"{opened}{suffix}").as_uri() for suffix in (".html", ".email.html", ".text.html")}
    assert said == []
    tab.context.close()


@needs.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_previews_and_timelines_fit(browser: Any, demo: Workspace, width: int) -> None:
    tab = browser.new_page(viewport={"width": width, "height": 900})
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    for path in (*demo.root.glob("outbox/preview/*"), *demo.root.glob("outbox/accounts/*.html")):
        if ".pdf" not in path.read_text("utf-8"):  # the viewer for those is the browser's own
            tab.goto(path.as_uri())
            assert tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0, (
                path
            )
    assert said == []
    tab.close()


@needs.browser
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_with_all_opened_the_desk_still_fits(browser: Any, demo: Workspace, width: int) -> None:
    tab = browser.new_page(viewport={"width": width, "height": 900})
    tab.goto((demo.root / "outbox/desk.html").as_uri())
    tab.evaluate("document.querySelectorAll('details:not(.preview)').forEach(each => each.open = true)")
    assert tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert tab.locator("svg[role=img]").count() >= 4
    tab.close()


@needs.browser
def test_a_screen_reader_hears_what_each_preview_chart_and_table_is(browser: Any, demo: Workspace) -> None:
    tab = browser.new_page()
    tab.goto((demo.root / "outbox/desk.html").as_uri())
    assert tab.get_by_text("Look at it: what goes to Mary Dunne").count() == 1
    assert tab.get_by_role("img", name="EUR: What was open at the ends of months, by age").count() == 1
    tab.get_by_text("The numbers: Days sales outstanding, EUR").click()
    assert tab.get_by_role("group", name="Days sales outstanding, EUR: the numbers").get_by_role("table").count() == 1
    tab.get_by_role("link", name="Westwood Hotel").first.click()
    assert tab.get_by_role("heading", level=1).inner_text() == "Westwood Hotel WESTWOOD"
    tab.get_by_role("link", name="Desk").click()
    assert tab.title() == "Desk, 2 March 2026"
    tab.close()
