"""Sealed pages end to end: what lies in the folder, what goes out in notices, what happens on the way in and back, what `check` says."""

import csv
import re
import subprocess
from pathlib import Path

import needs
import pytest
from commandline import ROOT, Workspace, html_of, table, text_of

CONFIG = """
[business]
name = "Brook Street Bakery"
address = ["2 Brook Street"]
email = "accounts@brookstreet.example"
phone = "+353 20 910 0100"
country = "IE"
iban = "IE29 AIBK 9311 5212 3456 78"
[portal]
base_url = "{base}"
{portal}
[calendar]
country = "none"
weekend = []
[schedule.standard]
minimum_gap = 0
[[schedule.standard.step]]
name = "reminder"
days = 1
channels = ["email", "letter"]
pay_within = 7
"""
CUSTOMERS = ("account_id", "name", "email", "address", "city", "country")
LINK = re.compile(r"https://pay\.brookstreet\.example/([a-z2-7]{32})/#k=([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])")


def config(*portal: str, base: str = "https://pay.brookstreet.example") -> str:
    return CONFIG.format(base=base, portal="\n".join(portal))


def bakery(folder: Path, *portal: str, base: str = "https://pay.brookstreet.example") -> Workspace:
    return Workspace.of(
        folder,
        config(*portal, base=base),
        customers=table(
            CUSTOMERS,
            ("ACME", "Acme Interiors", "anna@acme.example", "9 Quay Lane", "Cork", "IE"),
            ("BOLT", "Bolt & Co", "bo@bolt.example", "3 Mill Road", "Cork", "IE"),
        ),
        invoices=table(
            ("invoice_id", "account_id", "issued", "due", "amount", "currency"),
            ("INV-2041", "ACME", "2026-01-02", "2026-02-01", "1234.56", "EUR"),
        ),
    )


def public(books: Workspace) -> dict[str, bytes]:
    return books.files("site/public")


def folders(books: Workspace) -> set[str]:
    return {name.split("/")[2] for name in public(books) if name.count("/") == 3 and "/static/" not in name}


# ------------------------------------------------------------------ what lies in the folder


def test_of_the_demos_books_nothing_is_at_rest_in_the_published_folder(tmp_path: Path) -> None:
    demo = Workspace.demo(tmp_path, history=True)
    demo.done("build")
    bare = public(demo)
    demo.write(
        "config.toml", (tmp_path / "config.toml").read_text("utf-8").replace("[portal]", "[portal]\nsealed = true")
    )
    demo.done("build")
    sealed = public(demo)
    assert sealed.keys() == bare.keys()

    with (ROOT / "accounts/customers.csv").open(encoding="utf-8", newline="") as rows:
        secret = {row[column] for row in csv.DictReader(rows) for column in ("account_id", "name", "email", "contact")}
    with (ROOT / "accounts/invoices.csv").open(encoding="utf-8", newline="") as rows:
        secret |= {row[column] for row in csv.DictReader(rows) for column in ("invoice_id", "description", "reference")}
    sums = {
        found for page in bare.values() for found in re.findall(r"[€£$][\d,]+\.\d\d", page.decode("utf-8", "replace"))
    }
    assert len(sums) > 20
    words = [word.encode() for word in secret if len(word) > 4] + [each.encode() for each in sums]
    assert len(words) > 60

    around = {name for name in sealed if name.split("/")[2] not in folders(demo)} - {"site/public/_headers"}
    assert {sealed[name] == bare[name] for name in around} == {True}
    for name in sealed.keys() - around:
        assert [word for word in words if word in sealed[name]] == [], name
    assert len({len(sealed[name]) for name in sealed if name.endswith("/index.html") and name not in around}) == 1
    assert all(len(page) + len(sealed["site/public/static/style.css"]) < 60_000 for page in sealed.values())


def test_turning_it_on_and_off_leaves_nothing_stale(tmp_path: Path) -> None:
    books = bakery(tmp_path)
    books.done("build", "--on", "2026-02-12")
    bare = public(books)
    assert any(b"Acme Interiors" in page for page in bare.values())

    books.write("config.toml", config("sealed = true"))
    (tmp_path / "site/public" / f"{min(folders(books))}/index.html.pastdue-tmp").write_bytes(b"Acme Interiors")
    books.done("build", "--on", "2026-02-12")
    sealed = public(books)
    assert sealed.keys() == bare.keys()
    assert not any(word in page for page in sealed.values() for word in (b"Acme", b"ACME", b"INV-2041", b"1,234.56"))
    assert "nothing changed" in books.done("build", "--on", "2026-02-12")

    books.write("config.toml", config())
    books.done("build", "--on", "2026-02-12")
    assert public(books) == bare


def test_a_rotated_page_moves_and_one_of_an_account_that_is_gone_goes(tmp_path: Path) -> None:
    books = bakery(tmp_path, "sealed = true")
    books.done("build", "--on", "2026-02-12")
    before, pages = folders(books), public(books)
    books.write("config.toml", config("sealed = true", "rotate = { ACME = 1 }"))
    books.done("build", "--on", "2026-02-12")
    after = folders(books)
    assert [len(before), len(after), len(before & after)] == [2, 2, 1]
    (kept,) = before & after
    assert public(books)[f"site/public/{kept}/index.html"] == pages[f"site/public/{kept}/index.html"]

    books.write(
        "accounts/customers.csv", table(CUSTOMERS, ("ACME", "Acme Interiors", "anna@acme.example", "", "", "IE"))
    )
    books.done("build", "--on", "2026-02-12")
    assert folders(books) == after - {kept}
    assert {path.name for path in (tmp_path / "site/public").iterdir() if path.is_dir()} == {*folders(books), "static"}


# ------------------------------------------------------------------ what goes out


def test_the_whole_link_is_in_every_notice_and_on_the_desk(tmp_path: Path) -> None:
    from pypdf import PdfReader

    books = bakery(tmp_path, "sealed = true")
    books.done("build", "--on", "2026-02-12")
    email = books.email("outbox/2026-02-12/ACME-reminder.eml")
    (line,) = [line for line in text_of(email).splitlines() if "#k=" in line]
    found = LINK.fullmatch(line.strip())
    assert found, "on a line of its own, in one piece"
    assert re.findall(rf'href="{re.escape(found[0])}"', html_of(email))

    letter = PdfReader(tmp_path / "outbox/2026-02-12/ACME-reminder.pdf")
    targets = {
        each.get_object()["/A"]["/URI"]
        for page in letter.pages
        for each in page.get("/Annots", ())
        if "/A" in each.get_object()
    }
    assert found[0] in targets
    assert found[0] in "".join("".join(page.extract_text().split()) for page in letter.pages)

    assert found[0] in (tmp_path / "outbox/2026-02-12/ACME-call.html").read_text("utf-8")
    desk = (tmp_path / "outbox/desk.html").read_text("utf-8")
    assert f'href="../site/public/{found[1]}/index.html#k={found[2]}"' in desk


@needs.zbar
def test_a_phone_reads_the_whole_link_off_the_printed_letter(tmp_path: Path) -> None:
    read: dict[str, list[str]] = {}
    for portal in ("sealed = true", "sealed = false"):
        books = bakery(tmp_path / portal[9:], portal)
        books.done("build", "--on", "2026-02-12")
        pdf, picture = books.root / "outbox/2026-02-12/ACME-reminder.pdf", books.root / "page"
        subprocess.run(["pdftoppm", "-r", "200", "-gray", "-f", "1", "-l", "1", pdf, picture], check=True)
        (page,) = books.root.glob("page*.pgm")
        scan = ["zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", page]
        codes = subprocess.run(scan, capture_output=True, text=True, check=True).stdout
        read[portal] = sorted(line for line in codes.splitlines() if line == "BCD" or line.startswith("https://"))
    code, link = read["sealed = true"]
    assert LINK.fullmatch(link)
    assert read["sealed = false"] == [code] == ["BCD"]


def test_what_was_sent_with_a_key_in_it_agrees_with_the_record(tmp_path: Path) -> None:
    books = bakery(tmp_path, "sealed = true")
    done = books.process("send", "--on", "2026-02-12", "--yes")
    assert done.returncode == 0, done.stderr
    assert "#k=" not in done.stdout + done.stderr
    assert "#k=" not in (tmp_path / "accounts/notices.csv").read_text("utf-8")
    assert "#k=" not in books.git("log", "--format=%B")
    books.done("audit", "--rebuild", books.notices()[0]["notice_id"])


# ------------------------------------------------------------------ what check says


def test_pages_that_only_their_own_host_has_are_no_matter(tmp_path: Path) -> None:
    books = bakery(tmp_path)
    books.done("build", "--on", "2026-02-12")
    assert "whoever sees" not in books.run("check", "--on", "2026-02-12").output


@pytest.mark.parametrize("where", ["in the books' repository", "in a repository of their own"])
def test_pages_that_git_takes_elsewhere_are_warned_of_until_they_are_sealed(tmp_path: Path, where: str) -> None:
    books = bakery(tmp_path)
    books.done("build", "--on", "2026-02-12")
    if where == "in a repository of their own":
        for command in (["init", "-q"], ["remote", "add", "origin", "https://user:word@git.example/site.git"]):
            subprocess.run(["git", *command], cwd=tmp_path / "site/public", check=True)
        place = "site/public is a git repository of its own, and is pushed to origin"
    else:
        books.git("add", "--force", "site/public")
        place = "site/public is in git with the books"
    for command in (("check",), ("build",), ("send", "--dry-run")):
        result = books.run(*command, "--on", "2026-02-12")
        assert result.exit_code == 0
        told = " ".join(result.output.split())
        assert f"{place}: whoever sees the files there can read every customer's page" in told, command
        assert "sealed = true" in told
        assert "user:word" not in told
    assert "whoever sees" in (tmp_path / "outbox/desk.html").read_text("utf-8")

    books.write("config.toml", config("sealed = true"))
    for command in ("check", "build"):
        assert "whoever sees" not in books.run(command, "--on", "2026-02-12").output
    assert "whoever sees" not in (tmp_path / "outbox/desk.html").read_text("utf-8")


@pytest.mark.parametrize("host", ["bakery.github.io", "bakery.gitlab.io", "bakery.pages.dev", "bakery.netlify.app"])
def test_public_hosts_of_static_sites_are_warned_of(tmp_path: Path, host: str) -> None:
    books = bakery(tmp_path, base=f"https://{host}/accounts")
    assert f"{host} is a public host of static sites" in " ".join(books.run("check").output.split())
    books.write("config.toml", config("sealed = true", base=f"https://{host}/accounts"))
    assert host not in books.run("check").output


def test_a_name_that_only_ends_alike_is_no_public_host(tmp_path: Path) -> None:
    assert "public host" not in bakery(tmp_path, base="https://mygithub.io").run("check").output


def test_sealed_pages_over_plain_http_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    books = bakery(tmp_path, "sealed = true", base="http://pay.brookstreet.example")
    result = books.run("build")
    assert result.exit_code == 1
    assert "config.toml" in result.stderr
    assert "https://" in result.stderr
    assert not (tmp_path / "site").exists()
