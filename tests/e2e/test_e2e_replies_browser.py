"""The replies of the customers' pages in a real browser: what the buttons say, what the forms post, and to nobody else."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import needs
import pytest
from commandline import PLAIN, Workspace
from webserver import serving

from pastdue.books import replies

pytestmark = needs.browser

CUSTOMERS = "account_id,name,email,language\nOWES,Owes Ltd,o@owes.example,en\nDE,Schuldet GmbH,d@owes.example,de\nDONE,Done Ltd,,en\n"
INVOICES = (
    "invoice_id,account_id,issued,due,amount\nB-1,OWES,2026-01-01,2026-01-31,420.00\nB-2,OWES,2026-01-10,2026-02-10,99.95\n"
    "B-3,DE,2026-01-01,2026-01-31,1000\nB-4,DONE,2026-01-01,2026-01-31,50\n"
)
PAYMENTS = "received,account_id,amount\n2026-02-01,DONE,50\n2026-02-20,OWES,20\n"


class Sink(BaseHTTPRequestHandler):
    """Takes what forms post, and keeps it."""

    got: list[str]

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).got.append(content.decode())
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><title>Thanks</title><link rel=icon href=data:,><p>Thank you")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def sink() -> Iterator[tuple[str, list[str]]]:
    handler = type("Own", (Sink,), {"got": []})
    with serving(handler) as address:
        yield address, handler.got  # type: ignore[attr-defined]


def house(folder: Path, portal: str = "") -> Workspace:
    config = PLAIN.format(business="", more=f'[portal]\nbase_url = "https://pay.example"\n{portal}\n')
    books = Workspace.of(folder, config, customers=CUSTOMERS, invoices=INVOICES, payments=PAYMENTS)
    books.done("build", "--on", "2026-03-02")
    return books


def link_of(books: Workspace, account: str, *, sealed: bool) -> str:
    """The folder of an account's page, and what opens it."""
    from pastdue import config_file
    from pastdue.documents import portal

    key = bytes.fromhex((books.root / "portal.key").read_text().strip())
    config, _ = config_file.load((books.root / "config.toml").read_text("utf-8"), "")
    assert config is not None
    assert config.portal.sealed is sealed
    return portal.url(config, key, account).removeprefix("https://pay.example/")


def test_every_link_of_every_page_begins_an_email_whose_last_line_the_ledger_takes(
    browser: Any, tmp_path: Path
) -> None:
    books = house(tmp_path / "books")
    tab = browser.new_page()
    found = []
    for path in sorted((books.root / "site/public").glob("*/index.html")):
        tab.goto(path.as_uri())
        found += tab.evaluate(
            """() => [...document.querySelectorAll('a[href^="mailto:"][href*="?"]')].map(a => {
                 const url = new URL(a.href), fields = [...url.search.slice(1).split('&')].map(f => f.split('='));
                 return [url.pathname, ...fields.map(([k, v]) => k + '=' + decodeURIComponent(v)), a.getBoundingClientRect().height] })"""
        )
    tab.close()
    assert len(found) == 11 + 10 + 2
    rows = []
    for to, subject, body, height in found:
        assert to == "accounts@brookstreet.example"
        assert subject.startswith("subject=")
        assert height >= 24, f"{subject} can be hit by a thumb"
        (cells,) = replies.read("mail", body.removeprefix("body=").encode()).lines
        rows.append(",".join(cells.values()))
        assert body.endswith(f"\r\n{rows[-1]}\r\n")
    assert len(set(rows)) == len(rows)
    emails = tmp_path / "all.txt"
    for row in rows:
        emails.write_text(row)
        books.done("log", "--from", str(emails), "--yes", "--on", "2026-03-02")
    assert (books.root / "accounts/activity.csv").read_text("utf-8").splitlines()[1:] == rows
    books.done("status", "--on", "2026-03-02")


@pytest.mark.parametrize("sealed", [False, True])
def test_a_form_is_filled_by_keyboard_and_posts_a_line_that_the_ledger_takes(
    browser: Any, tmp_path: Path, sink: tuple[str, list[str]], *, sealed: bool
) -> None:
    address, got = sink
    books = house(tmp_path / "books", f'form = "{address}in?to=us"' + "\nsealed = true" * sealed)
    where = link_of(books, "OWES", sealed=sealed)
    tab = browser.new_page(viewport={"width": 360, "height": 800})
    wrong: list[str] = []
    tab.on("console", lambda said: wrong.append(said.text))
    with serving(books.root / "site/public") as root:
        tab.goto(f"{root}{where}")
    tab.get_by_text("I can pay on", exact=True).focus()
    tab.keyboard.press("Enter")
    amount = tab.locator("details[open]").get_by_label("Amount (EUR)")
    assert amount.input_value() == "499.95"
    amount.fill("250")
    tab.locator("details[open]").get_by_label("On", exact=True).fill("2026-03-12")
    tab.locator("details[open]").get_by_label("Anything that we should know:").fill("Zahle dann – sicher & bald")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Send"
    tab.keyboard.press("Enter")
    tab.get_by_text("Thank you").wait_for()
    assert wrong == []
    (posted,) = got
    fields = {name: value for name, (value,) in parse_qs(posted, keep_blank_values=True).items()}
    assert fields == {
        "on": "2026-03-02", "account_id": "OWES", "kind": "promise", "invoice_id": "", "amount": "250",
        "due": "2026-03-12", "every": "", "count": "", "by": "", "note": "says: can pay",
        "message": "Zahle dann – sicher & bald",
    }  # fmt: skip
    taken = books.run("log", "--from", "-", "--yes", "--on", "2026-03-02", answer=posted)
    assert taken.stdout == "accounts/activity.csv:2: promise of 250.00 EUR by 12 March 2026: says: can pay\n"
    tab.close()


def test_every_form_posts_a_line_that_the_ledger_takes(
    browser: Any, tmp_path: Path, sink: tuple[str, list[str]]
) -> None:
    address, got = sink
    books = house(tmp_path / "books", f'form = "{address}"')
    tab = browser.new_page()
    path = books.root / "site/public" / link_of(books, "DE", sealed=False) / "index.html"
    tab.goto(path.as_uri())
    count = tab.locator("form").count()
    assert count == 6
    for n in range(count):
        tab.goto(path.as_uri())
        tab.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        if tab.locator("form").nth(n).locator("textarea[required]").count():
            tab.locator("form").nth(n).locator("textarea").fill("Warum?")
        tab.locator("form").nth(n).get_by_role("button", name="Senden").click()
        tab.get_by_text("Thank you").wait_for()
    tab.close()
    for posted in got:
        assert books.run("log", "--from", "-", "--yes", "--on", "2026-03-02", answer=posted).exit_code == 0, posted
    kinds = [line.split(",")[2] for line in (books.root / "accounts/activity.csv").read_text().splitlines()[1:]]
    assert kinds == ["message", "promise", "plan", "dispute", "message", "message"]


def test_a_form_that_was_bent_to_another_host_is_not_sent(
    browser: Any, tmp_path: Path, sink: tuple[str, list[str]]
) -> None:
    address, got = sink
    books = house(tmp_path / "books", 'form = "https://forms.example/in"')
    tab = browser.new_page()
    refused: list[str] = []
    tab.on("console", lambda said: refused.append(said.text))
    tab.goto((books.root / "site/public" / link_of(books, "OWES", sealed=False) / "index.html").as_uri())
    tab.evaluate(
        f"() => {{ const form = document.forms[0]; form.action = '{address}'; form.closest('details').open = true }}"
    )
    tab.get_by_role("button", name="Send").first.click(no_wait_after=True)
    tab.wait_for_timeout(300)
    tab.close()
    assert got == []
    assert any("form-action" in said for said in refused)


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("form", ["", 'form = "https://forms.example/in"'])
def test_replies_fit_whatever_the_screen_and_a_settled_page_says_thank_you(
    browser: Any, tmp_path: Path, width: int, form: str
) -> None:
    books = house(tmp_path / "books", form)
    tab = browser.new_page(viewport={"width": width, "height": 800})
    for name in ("OWES", "DE", "DONE"):
        tab.goto((books.root / "site/public" / link_of(books, name, sealed=False) / "index.html").as_uri())
        tab.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        wide = tab.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, (name, width)
    text = tab.evaluate("document.querySelector('main').innerText")
    assert "Thank you. Nothing is open on your account." in text
    assert "Your last payment, €50.00, reached us on February 1, 2026." in text
    assert not re.search("overdue|pay by|pay now|IBAN|How to pay|late", text, re.IGNORECASE)
    tab.close()


def test_an_account_that_is_removed_leaves_no_page_behind(tmp_path: Path) -> None:
    books = house(tmp_path / "books")
    gone = books.root / "site/public" / link_of(books, "DONE", sealed=False)
    assert (gone / "index.html").is_file()
    for ledger, text in (("customers", CUSTOMERS), ("invoices", INVOICES), ("payments", PAYMENTS)):
        kept = [line for line in text.splitlines() if "DONE" not in line]
        (books.root / f"accounts/{ledger}.csv").write_text("\n".join(kept) + "\n")
    books.done("build", "--on", "2026-03-02")
    assert not gone.exists()
    missing = (books.root / "site/public/404.html").read_text("utf-8")
    assert not re.search("Done|DONE|Brook Street|€", missing)
