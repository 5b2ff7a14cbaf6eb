"""A part payment leaves one remainder, and every paper, page and code says that one."""

import re
import subprocess
from pathlib import Path

import needs
import pytest
from commandline import PLAIN, Workspace, html_of, text_of
from pypdf import PdfReader

CUSTOMERS = (
    "account_id,name,email,address,postcode,city,country,language\n"
    "ACME,Acme Ltd,ap@acme.example,1 Mill Road,H91 AB12,Galway,IE,{language}\n"
)
INVOICES = "invoice_id,account_id,issued,due,amount\nINV-7,ACME,2026-01-01,2026-01-31,1234.56\n"
PAYMENTS = "received,account_id,amount,invoice_id\n2026-01-20,ACME,1000.01,INV-7\n2026-02-01,ACME,100.00,\n"
SAID = {"en": ("€134.55", "€1,234.56", "€1,100.01"), "de": ("134,55 €", "1.234,56 €", "1.100,01 €")}
PAYLOAD = ["BCD", "002", "1", "SCT", "", "Brook Street Bakery", "IE29AIBK93115212345678", "EUR134.55", "", "", "INV-7"]


@pytest.fixture(scope="module", params=["en", "de"])
def sent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, str]:
    """An invoice of 1,234.56 with 1,100.01 paid in two sums, reminded of by email and by letter, and the page it links to."""
    portal = '[portal]\nbase_url = "https://pay.brookstreet.example"\n'
    config = PLAIN.format(business="", more=portal).replace('["email"]', '["email", "letter"]')
    workspace = Workspace.of(
        tmp_path_factory.mktemp("books"),
        config,
        customers=CUSTOMERS.format(language=request.param),
        invoices=INVOICES,
        payments=PAYMENTS,
    )
    workspace.done("send", "--yes", "--on", "2026-02-02")
    return workspace, request.param


def _spaced(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " "))


def _page(workspace: Workspace) -> str:
    """The customer's page, at the address that the email names."""
    text = text_of(workspace.email("outbox/2026-02-02/ACME-reminder.eml"))
    linked = re.search(r"https://pay\.brookstreet\.example/(\S+)", text)
    assert linked
    return (workspace.root / "site/public" / linked[1].strip("/").rstrip(")>") / "index.html").read_text("utf-8")


def _without_markup(html: str) -> str:
    import html as entities

    return _spaced(entities.unescape(re.sub(r"<(style|svg)\b.*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL)))


def test_the_remainder_is_the_same_in_text_html_print_and_page(sent: tuple[Workspace, str]) -> None:
    workspace, language = sent
    message = workspace.email("outbox/2026-02-02/ACME-reminder.eml")
    letter = PdfReader(workspace.root / "outbox/2026-02-02/ACME-reminder.pdf")
    told = {
        "text": _spaced(text_of(message)),
        "html": _without_markup(html_of(message)),
        "print": _spaced(" ".join(page.extract_text() for page in letter.pages)),
        # But for what they may answer: ways to pay the remainder in parts.
        "page": _without_markup(_page(workspace).partition('<section class="reply')[0]),
    }
    remainder, whole, paid = SAID[language]
    for where, text in told.items():
        assert remainder in text, where
        assert whole in text, where
        # What was asked for is nowhere the whole sum, and no third amount is made up.
        euros = set(re.findall(r"€[\d,]+\.\d\d|[\d.]+,\d\d €", text))
        assert euros <= {remainder, whole, paid, *_payments(language)}, (where, euros)


def _payments(language: str) -> set[str]:
    return {"€1,000.01", "€100.00"} if language == "en" else {"1.000,01 €", "100,00 €"}


def test_the_ledger_and_json_have_it_too(sent: tuple[Workspace, str]) -> None:
    import json

    workspace, _ = sent
    assert workspace.told("channel", "open", "currency") == [("email", "134.55", "EUR"), ("letter", "134.55", "EUR")]
    status = json.loads(workspace.done("status", "--json", "--on", "2026-02-02"))
    assert status["accounts"][0]["balance"] == "134.55"


def test_the_pages_code_is_drawn_from_the_same_remainder(sent: tuple[Workspace, str]) -> None:
    from pastdue.documents.payment import qr_svg

    path = re.search(r'<path[^>]* fill="#000" d="([^"]+)"|<path fill="#000" d="([^"]+)"', _page(sent[0]))
    assert path
    drawn = path[1] or path[2]
    assert f'd="{drawn}"' in qr_svg("\n".join(PAYLOAD))


@needs.zbar
def test_a_banking_app_reads_the_same_remainder_from_page_and_paper(
    sent: tuple[Workspace, str], tmp_path: Path
) -> None:
    workspace, _ = sent
    picture = tmp_path / "letter"
    pdf = workspace.root / "outbox/2026-02-02/ACME-reminder.pdf"
    subprocess.run(["pdftoppm", "-r", "200", "-png", str(pdf), str(picture)], check=True)
    (printed,) = [_scanned(path) for path in sorted(tmp_path.glob("letter*.png")) if _scanned(path)]
    assert printed.split("\n") == PAYLOAD
    assert _scanned(_painted(_page(workspace), tmp_path / "page.pgm")).split("\n") == PAYLOAD


def _scanned(picture: Path) -> str:
    done = subprocess.run(["zbarimg", "--quiet", "--raw", str(picture)], capture_output=True, text=True, check=False)
    return done.stdout.rstrip("\n")


def _painted(page: str, target: Path) -> Path:
    """The page's code as a picture: each module of its path a square of eight pixels."""
    side = int(re.search(r'viewBox="0 0 (\d+) ', page[page.index("<svg") :])[1])  # type: ignore[index]
    dots = [[255] * side for _ in range(side)]
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", page):
        for n in range(int(length)):
            dots[int(y)][int(x) + n] = 0
    rows = [bytes(dot for dot in row for _ in range(8)) * 8 for row in dots]
    target.write_bytes(b"P5 %d %d 255\n" % (side * 8, side * 8) + b"".join(rows))
    return target
