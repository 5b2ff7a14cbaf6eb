"""The preview: it follows the books, says what is wrong, and answers this machine alone."""

import http.client
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import needs
import pytest
from commandline import BUILD, Workspace

CUSTOMERS = "account_id,name,email\nACME,Acme Ltd,ap@acme.example\n"
INVOICES = "invoice_id,account_id,due,amount\n2041,ACME,2026-01-31,{amount}\n"


class Served:
    """A running `build.py serve`."""

    def __init__(self, books: Workspace) -> None:
        self.books = books
        # Where the tests run in the background, Ctrl-C is set to be ignored, and children would inherit that.
        before = signal.signal(signal.SIGINT, signal.SIG_DFL)
        self.process = subprocess.Popen(
            [sys.executable, "-u", BUILD, "-C", str(books.root), "serve", "--port", "0", "--on", "2026-02-02"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        signal.signal(signal.SIGINT, before)
        assert self.process.stdout
        self.address = re.search(r"http://\S+/", self.process.stdout.readline())[0]  # type: ignore[index]

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=60)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def news(self, after: int = 0) -> dict[str, Any]:
        for _ in range(5):
            told: dict[str, Any] = json.loads(self.get(f"/-/news?after={after}")[2])
            if told["version"] > after:
                return told
        raise AssertionError("no news came")

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    running = Served(Workspace.of(tmp_path / "books", customers=CUSTOMERS, invoices=INVOICES.format(amount="131.70")))
    yield running
    running.end()


def test_a_change_in_the_books_is_built_and_told(served: Served) -> None:
    first = served.news()
    assert (first["stopped"], first["findings"]) == (False, [])
    assert b"131.70" in served.get("/outbox/desk.html")[2]
    served.books.write("accounts/invoices.csv", INVOICES.format(amount="257.30"))
    second = served.news(first["version"])
    assert second["said"].startswith("built for 2026-02-02: ")
    desk = served.get("/outbox/desk.html")[2]
    assert b"257.30" in desk
    assert b"131.70" not in desk


def test_what_is_wrong_is_told_with_its_place_and_the_last_good_pages_stay(served: Served) -> None:
    version = served.news()["version"]
    served.books.write("accounts/invoices.csv", "invoice_id,account_id,due\n2041,ACME,2026-01-31\n")
    told = served.news(version)
    assert told["stopped"]
    assert told["findings"][0]["place"].startswith("accounts/invoices.csv")
    assert told["findings"][0]["severity"] == "error"
    assert b"131.70" in served.get("/outbox/desk.html")[2]
    served.books.write("accounts/invoices.csv", INVOICES.format(amount="70.00"))
    assert not served.news(told["version"])["stopped"]


def test_nothing_but_desk_and_site_is_answered_with(served: Served) -> None:
    served.news()
    (served.books.root / "site/public/leak").symlink_to(served.books.root / "portal.key")
    secrets = ("portal.key", "config.toml", "accounts/customers.csv", ".git/config")
    ways = ("/{}", "/outbox/../{}", "/outbox/%2e%2e/{}", "/site/public/..%2f..%2f{}", "//{}", "/site/public/../../{}")
    for secret in secrets:
        for way in ways:
            assert served.get(way.format(secret))[0] == 404
    assert served.get("/site/public/leak")[0] == 404
    assert served.get("/site/public/nobody/")[0] == 404
    assert b"<html" in served.get("/site/public/nobody/")[2]
    assert served.get("/outbox/%00")[0] == 404
    assert served.get("/", method="POST")[0] == 501


def test_it_listens_on_the_loopback_interface_and_to_its_own_names(served: Served) -> None:
    assert urlsplit(served.address).hostname == "127.0.0.1"
    port = urlsplit(served.address).port
    assert served.get("/", Host=f"localhost:{port}")[0] == 200
    for name in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "[", ""):
        assert served.get("/", Host=name)[0] == 421
    assert "frame-ancestors 'self'" in served.get("/outbox/desk.html")[1]["content-security-policy"]


def test_a_port_that_is_taken_is_said(served: Served) -> None:
    port = urlsplit(served.address).port
    result = served.books.run("serve", "--port", str(port))
    assert result.exit_code == 4
    assert f"port {port} cannot be listened on" in result.stderr


def test_it_ends_quietly_at_ctrl_c(served: Served) -> None:
    served.news()
    served.process.send_signal(signal.SIGINT)
    said, _ = served.process.communicate(timeout=20)
    assert served.process.returncode == 0
    assert said.endswith("The preview has ended.\n")


@needs.browser
def test_the_open_page_follows_the_books(browser: Any, served: Served) -> None:
    served.news()
    tab = browser.new_page()
    tab.goto(served.address)
    desk = tab.frame_locator("#page")
    desk.get_by_text("131.70").first.wait_for()
    served.books.write("accounts/invoices.csv", INVOICES.format(amount="257.30"))
    desk.get_by_text("257.30").first.wait_for()
    served.books.write("accounts/invoices.csv", "invoice_id\n")
    tab.locator("#findings li").first.wait_for()
    assert "accounts/invoices.csv" in tab.locator("#findings").inner_text()
    assert desk.get_by_text("257.30").count()
    tab.close()
