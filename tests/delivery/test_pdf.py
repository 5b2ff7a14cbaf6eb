"""Letters in type: all that the data says comes back out of the file, on the right place of the right page, every time the same."""

import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import needs
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st
from papers import ALBRECHT, BRISTOL, DALLAS, HAMBURG, item, letter, notice, p, table
from pypdf import PdfReader

from pastdue import days, money
from pastdue.config import Config
from pastdue.delivery import pdf
from pastdue.documents.catalogue import SHIPPED
from pastdue.documents.paper import compose
from pastdue.documents.payment import epc
from pastdue.model import Customer, Document, Notice

MM = 72 / 25.4

LONG = "Donaudampfschifffahrtsgesellschaft" * 4  # 136 characters without a place to break


def pages(made: Document) -> list[str]:
    """The text of each page, as pypdf reads it."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf.render(made.content))).pages]


def squeezed(text: str) -> str:
    """Text without its white space: where lines break says nothing about what is in them."""
    return re.sub(r"\s", "", text)


def figures(of: Notice, language: str = "de") -> list[str]:
    """Every figure, date and name that a letter's table must show."""
    shown = [money.display(of.total, of.currency, language)]
    for line in of.items:
        i = line.item
        shown += [i.invoice_id, i.description, days.display_short(i.due, language)]
        shown += [money.display(minor, of.currency, language) for minor in (i.amount, i.open)]
    return shown


def lost(made: Document, wanted: list[str]) -> list[str]:
    found = squeezed("".join(pages(made)))
    return [each for each in wanted if squeezed(each) not in found]


# ------------------------------------------------------------------ nothing is lost


@pytest.mark.parametrize(("rows", "sheets"), [(0, 1), (1, 1), (60, 3)])
def test_every_figure_and_name_comes_back_out_of_the_file(rows: int, sheets: int) -> None:
    of = notice(
        *(
            item(n, f"Wartung {n} äöüß" if n % 3 else f"Position {n}: " + "Pumpen und Ventile, " * 4)
            for n in range(rows)
        )
    )
    made = letter(of)
    around = [
        "Nordlicht Messtechnik GmbH",
        "Große Elbstraße 212",
        "22767 Hamburg",
        "K-20417",
        "2. März 2026",
        "Jana Petersen",
    ]
    around += ["Amtsgericht Hamburg HRB 123456", of.notice_id]
    if rows:
        around += [money.display(of.asked_sum, "EUR", "de"), "DE71 1102 2033 0123 4567 89", "bis 16. März 2026"]
    assert len(pages(made)) == sheets
    assert lost(made, figures(of) + around) == []


HOSTILE = [
    "#panic() $a$ *b* _c_ `d` // e /* f */",
    '@preview/example:1.0.0 #import "x"',
    "<script>alert('x')</script> & &amp; {{ 7 * 7 }} {% raw %}",
    "C:\\temp\\ \"quoted\" 'single' --- ~ ... 1/2",
    LONG,
    "https://example.org/a/very/long/path/that/never/ends?and=queries&more=of-them#and-a-fragment-at-its-very-end",
    "Ωμέγα ΑΕ · ООО «Ромашка» · Gyönyörű Őű · Łódź · Þór · ı İ ş ğ",
    "株式会社 日本 · 北京有限公司 · 대한민국 주식회사",
    "ՀԱՅԱՍՏԱՆ · საქართველო · አማርኛ",
    "1\u202f234,50\u202f€ \u2212\u00a05 ₹ ₺ ₽ ₩ ฿ № ™ ½ ✓ ★ → ≤",
    "fi ffl office T\u00adrennung e\u0301a\u0308 \u1e9e",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_a_customer_is_called_is_printed_as_it_is(name: str) -> None:
    customer = replace(ALBRECHT, name=name, contact="", city=name)
    of = notice(item(1, name), item(2, "x", invoice_id=name), customer=customer, reference=name)
    made = letter(
        of,
        subject=f"Mahnung an {name}",
        before=(p("Guten Tag ", {"t": "strong", "c": [{"t": "em", "c": p(name)["c"]}]}, ","),),
    )
    assert pdf.unprintable(made.content) == ()
    found = squeezed("".join(pages(made))).replace("\u00ad", "")
    # Address, subject, greeting, two cells of the table, reference. pypdf sets combined accents where it likes.
    expected = squeezed(name).replace("\u00ad", "")
    assert found.count(expected) >= 7


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.text(
            st.characters(codec="iso-8859-15", exclude_categories=("Cc", "Cf", "Zs")) | st.sampled_from("Ωжł日한 "),
            min_size=1,
            max_size=80,
        ),
        min_size=1,
        max_size=6,
    )
)
def test_names_and_descriptions_of_any_make_come_back(names: list[str]) -> None:
    of = notice(*(item(n, name) for n, name in enumerate(names)), customer=replace(ALBRECHT, name=names[0]))
    assert lost(letter(of), [*figures(of), names[0]]) == []


ARABIC, HEBREW = "شركة الخليج للتجارة", "חברת ירושלים בע״מ"


@pytest.mark.parametrize("name", [ARABIC, HEBREW])
def test_a_right_to_left_name_is_there_word_by_word(name: str) -> None:
    of = notice(item(1, name), customer=replace(ALBRECHT, name=name, contact=""))
    found = "".join(pages(letter(of, before=(p(f"Guten Tag {name}, hier sind 12 Zeilen."),))))
    assert all(found.count(word) >= 3 for word in name.split())


@needs.poppler
@pytest.mark.parametrize("name", [ARABIC, HEBREW, "हिन्दी व्यापार लिमिटेड", "บริษัท ไทย จำกัด", "தமிழ் நிறுவனம்", "বাংলা কোম্পানি"])
def test_names_that_run_or_join_otherwise_come_back_in_order(name: str, tmp_path: Path) -> None:
    of = notice(item(1, name), customer=replace(ALBRECHT, name=name, contact=""), reference=name)
    file = tmp_path / "letter.pdf"
    file.write_bytes(pdf.render(letter(of, before=(p(f"Guten Tag {name}, hier sind 12 Zeilen."),)).content))
    read = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
    assert re.sub(r"[\u202a-\u202e]", "", read).count(name) >= 4


# ------------------------------------------------------------------ what no font has


def test_an_emoji_leaves_a_mark_and_is_told() -> None:
    of = notice(item(1), customer=replace(ALBRECHT, name="Blumen 🌷 Meyer 👨‍👩‍👧 🇩🇪", contact=""))
    made = letter(of)
    assert pdf.unprintable(made.content) == ("🇩", "🇪", "🌷", "👧", "👨", "👩")
    assert "Blumen � Meyer � ��" in pages(made)[0]


def test_an_accent_that_stands_on_a_foreign_letter_is_told_with_its_letter() -> None:
    assert pdf.preflight("x ✓\u0301 e\u0301 ก\u0e34") == ("✓\u0301",)


def test_what_shows_nothing_needs_no_font() -> None:
    assert pdf.preflight("1\ufe0f\u20e3 a\u200db\u200cc \U000e0041 \xad\u2060") == ()


def test_what_pdf_a_forbids_is_not_in_the_file() -> None:
    made = letter(notice(item(1, "a\ufeffb")))
    assert pdf.unprintable(made.content) == ()
    assert "ab" in pages(made)[0]


@settings(max_examples=30, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40), st.text(st.characters(), max_size=40))
def test_no_text_whatever_stops_a_letter(name: str, description: str) -> None:
    of = notice(item(1, description), customer=replace(ALBRECHT, name=name, contact=description), reference=name)
    made = letter(
        of, subject=name, before=(p(name, {"t": "strong", "c": p(description)["c"]}, {"t": "em", "c": p(name)["c"]}),)
    )
    assert pdf.render(made.content).startswith(b"%PDF")


def test_the_template_names_every_bundled_family_and_no_other() -> None:
    import typst

    source = (Path(pdf.__file__).parent / "type.typ").read_text(encoding="utf-8")
    named = re.findall(r'"([^"]+)"', source[source.index("#let families") :].split(")\n")[0])
    bundled = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[pdf.FONTS]).families()
    assert sorted(named) == sorted(bundled)


def test_everyday_characters_are_in_every_face_of_the_first_family() -> None:
    everyday = {chr(code) for code in range(0x3000)} - set(pdf._EVERYDAY.findall("".join(map(chr, range(0x3000)))))
    for face in ("Regular", "Bold", "Italic"):
        with TTFont(pdf.FONTS / f"NotoSans-{face}.ttf", lazy=True) as font:
            assert everyday <= set(map(chr, font.getBestCmap()))


def test_figures_are_all_as_wide_as_each_other() -> None:
    for face in ("Regular", "Bold"):
        with TTFont(pdf.FONTS / f"NotoSans-{face}.ttf", lazy=True) as font:
            names = font.getBestCmap()
            assert len({font["hmtx"][names[ord(figure)]][0] for figure in "0123456789"}) == 1


# ------------------------------------------------------------------ where things stand


def places(made: Document, page: int = 0) -> dict[str, tuple[float, float]]:
    """Where each piece of text begins: millimetres from the left and from the top of its page."""
    sheet = PdfReader(io.BytesIO(pdf.render(made.content))).pages[page]
    found: dict[str, tuple[float, float]] = {}

    def visit(text: str, ctm: list[float], tm: list[float], *_: object) -> None:
        x, y = tm[4] * ctm[0] + ctm[4], tm[5] * ctm[3] + ctm[5]
        if text.strip():
            found.setdefault(text.strip(), (x / MM, (float(sheet.mediabox.height) - y) / MM))

    sheet.extract_text(visitor_text=visit)
    return found


def at(found: dict[str, tuple[float, float]], text: str) -> tuple[float, float]:
    return next(place for said, place in found.items() if said.startswith(text))


def test_the_address_shows_in_the_window_of_din_5008() -> None:
    found = places(letter(notice(item(1))))
    first, last = at(found, "Frau Dr. Miriam"), at(found, "22767 Hamburg")
    assert first[0] == pytest.approx(25, abs=0.01)
    assert 63 < first[1] < last[1] < 90


@pytest.mark.parametrize(("lines", "top"), [(1, 63), (3, 63), (8, 50)])
def test_an_address_of_many_lines_still_shows_in_the_window(lines: int, top: int) -> None:
    street = tuple(f"Zeile {n} der Anschrift" for n in range(lines))
    found = places(letter(notice(item(1), customer=replace(ALBRECHT, address=street))))
    assert top < at(found, "Frau Dr. Miriam")[1] < at(found, "22767 Hamburg")[1] < 90
    assert 45 < at(found, "Nordlicht Messtechnik GmbH ·")[1] < at(found, "Frau Dr. Miriam")[1] - 2
    assert 98 < at(found, "Zweite Mahnung")[1] < 103


def test_an_email_address_beside_the_window_keeps_to_its_line_where_a_smaller_size_lets_it() -> None:
    business = HAMBURG.model_copy(update={"email": "accounts@harbourjoinery.example"})
    found = places(letter(notice(item(1)), business=business))
    label = at(found, "E-Mail")
    assert [said for said, (x, y) in found.items() if x > label[0] and label[1] + 1 < y < label[1] + 8] == []


def test_the_address_shows_in_the_window_of_a_number_10_envelope_wherever_the_sheet_slides() -> None:
    found = places(letter(notice(item(1, currency="USD"), currency="USD"), business=DALLAS, language="en"))
    inch = 25.4
    assert at(found, "Frau Dr. Miriam")[0] == pytest.approx(inch, abs=0.01)
    assert 2.0625 * inch < at(found, "Frau Dr. Miriam")[1] < at(found, "22767 Hamburg")[1] < 3.13 * inch


def test_an_address_that_needs_more_room_pushes_the_letter_down_and_covers_nothing() -> None:
    of = notice(item(1), customer=replace(ALBRECHT, address=("lange Straße " * 11,) * 8))
    found = places(letter(of))
    assert at(found, "Zweite Mahnung")[1] > at(found, "22767 Hamburg")[1] + 5


@pytest.mark.parametrize("rows", [*range(1, 18), 44, 45, 46])
def test_tables_break_between_rows_and_the_total_stays_with_the_last(rows: int) -> None:
    """The head stands on every page that has rows, and on no other; the box is whole."""
    made = letter(
        notice(
            *(
                item(n, "Wartungsvertrag, erstes Quartal, Pumpen und Ventile" if n % 2 else "Wartung")
                for n in range(rows)
            )
        )
    )
    texts = pages(made)

    def on(what: str) -> list[int]:
        return [number for number, text in enumerate(texts) if what in text]

    assert on("Summe") == on(f"RE-2026-{rows - 1:04d}")
    assert on("Leistung") == on("RE-2026-")
    assert on("Bitte zahlen Sie") == on("Verwendungszweck") == on("scannen")
    for number in range(rows):
        due = days.display_short(item(number).due, "de")
        assert set(on(f"RE-2026-{number:04d}")) <= set(on(due))


def test_every_page_says_which_of_how_many_and_from_the_second_on_whose() -> None:
    texts = pages(letter(notice(*map(item, range(60)))))
    quiet = "Nordlicht Messtechnik GmbH · K-20417 · 2. März 2026"
    assert [f"Seite {n} von {len(texts)}" in text for n, text in enumerate(texts, start=1)] == [True] * len(texts)
    assert [quiet in text for text in texts] == [False, *[True] * (len(texts) - 1)]
    assert all(squeezed("Amtsgericht Hamburg HRB 123456") in squeezed(text) for text in texts)


@needs.poppler
def test_no_word_runs_off_the_page(tmp_path: Path) -> None:
    word = "W" * 120
    of = notice(
        item(1, word), item(2, invoice_id=word), customer=replace(ALBRECHT, name=word, account_id=word), reference=word
    )
    file = tmp_path / "letter.pdf"
    file.write_bytes(pdf.render(letter(of, subject=word, before=(p(word),)).content))
    boxes = subprocess.run(["pdftotext", "-bbox", file, "-"], capture_output=True, text=True, check=True).stdout
    right = [float(x) for x in re.findall(r'xMax="([\d.]+)"', boxes)]
    assert len(right) > 50
    assert max(right) < 210 * MM - 8 * MM


def test_the_text_stands_in_the_order_in_which_it_is_read() -> None:
    """From the first column of a row to its last, and down the page."""
    of = notice(item(1), item(2))
    found = squeezed("".join(pages(letter(of))))
    order = [
        "NordlichtMesstechnik",
        "FrauDr.",
        "Kundennummer",
        "ZweiteMahnung",
        "RE-2026-0001",
        "RE-2026-0002",
        "Summe",
        "Bittezahlen",
    ]
    assert all(found.index(first) < found.index(then) for first, then in pairwise(order))


# ------------------------------------------------------------------ the code


@needs.zbar
@pytest.mark.parametrize("reference", ["RF18539007547034", "K-20417, RE-2026-0001", "U" * 140])
def test_the_printed_code_pays_what_the_letter_asks_for(reference: str, tmp_path: Path) -> None:
    of = notice(item(1), reference=reference)
    file = tmp_path / "letter.pdf"
    file.write_bytes(pdf.render(letter(of).content))
    subprocess.run(["pdftoppm", "-r", "150", "-gray", "-singlefile", file, tmp_path / "page"], check=True)
    read = subprocess.run(
        ["zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", "-Sbinary", tmp_path / "page.pgm"],
        capture_output=True,
        check=True,
    )
    assert read.stdout.decode() == epc.payload(Config(business=HAMBURG), of.asked_sum, "EUR", reference)


# ------------------------------------------------------------------ the file


def test_the_file_is_pdf_ua_and_pdf_a_with_every_font_inside() -> None:
    reader = PdfReader(io.BytesIO(pdf.render(letter(notice(*map(item, range(30)))).content)))
    root = reader.root_object
    about = root["/Metadata"].get_object().get_data().decode()
    assert re.search(r"pdfuaid:part>1<", about)
    assert re.search(r"pdfaid:part>2<", about)
    assert re.search(r"pdfaid:conformance>A<", about)
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "de-DE"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert (reader.metadata.title, reader.metadata.author) == ("Zweite Mahnung", "Nordlicht Messtechnik GmbH")
    fonts = {str(name): font for page in reader.pages for name, font in page["/Resources"]["/Font"].items()}
    assert fonts
    for font in fonts.values():
        described = font["/DescendantFonts"][0]["/FontDescriptor"]
        assert "/FontFile2" in described or "/FontFile3" in described


def test_a_code_has_words_for_those_who_cannot_see_it() -> None:
    data = pdf.render(letter(notice(item(1))).content)
    texts = [
        str(found["/Alt"])
        for found in PdfReader(io.BytesIO(data)).root_object["/StructTreeRoot"].get_object()["/K"]
        for found in figures_of(found)
    ]
    assert texts == ["Code für Ihre Banking-App: 986,63\xa0€ an Nordlicht Messtechnik GmbH"]


def figures_of(node: object) -> list[dict[str, object]]:
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        return [found for each in node for found in figures_of(each)]
    if not isinstance(node, dict):
        return []
    return ([node] if node.get("/S") == "/Figure" else []) + figures_of(node.get("/K"))


def test_the_date_of_the_file_is_the_letters() -> None:
    assert PdfReader(io.BytesIO(pdf.render(letter(notice(item(1))).content))).metadata.creation_date_raw.startswith(
        "D:20260302"
    )


def test_the_same_letter_is_the_same_file_whatever_was_set_before_it() -> None:
    made, other = (
        letter(notice(*map(item, range(20)))),
        letter(notice(item(1), customer=replace(ALBRECHT, name=HEBREW))),
    )
    first = pdf.render(made.content)
    pdf.render(other.content)
    assert pdf.render(made.content) == first


def test_the_same_letter_is_the_same_file_in_another_process_place_and_time(tmp_path: Path) -> None:
    made = letter(notice(*map(item, range(20)), customer=replace(ALBRECHT, name=f"{HEBREW} 株式会社 ✓")))
    source = tmp_path / "letter.json"
    source.write_bytes(made.content)
    script = "import sys, pathlib; from pastdue.delivery import pdf; sys.stdout.buffer.write(pdf.render(pathlib.Path(sys.argv[1]).read_bytes()))"
    away = {
        **os.environ,
        "TZ": "Pacific/Kiritimati",
        "PYTHONHASHSEED": "7",
        "LC_ALL": "C",
        "SOURCE_DATE_EPOCH": "1",
        "PYTHONPATH": str(Path(pdf.__file__).parents[2]),
    }
    there = subprocess.run(
        [sys.executable, "-c", script, str(source)], capture_output=True, check=True, cwd=tmp_path, env=away
    )
    assert there.stdout == pdf.render(made.content)


# ------------------------------------------------------------------ many, and what goes wrong


def test_many_letters_come_in_their_order_and_as_they_would_alone() -> None:
    made = [letter(notice(item(n))).content for n in range(20)]
    alone = list(map(pdf.render, made))
    assert list(pdf.render_many(made, workers=3)) == alone
    assert list(pdf.render_many(made, workers=1)) == alone
    assert list(pdf.render_many([])) == []


def test_a_letter_that_cannot_be_set_is_told_in_its_place_and_stops_no_other() -> None:
    good = letter(notice(item(1))).content
    bad = good.replace(b'"t":"p"', b'"t":"picture"')
    made = list(pdf.render_many([good, bad, *[good] * 8], workers=2))
    assert isinstance(made[1], pdf.CannotSet)
    assert "picture" in str(made[1])
    assert [each for number, each in enumerate(made) if number != 1] == [pdf.render(good)] * 9
    with pytest.raises(pdf.CannotSet, match="picture"):
        pdf.render(bad)


def test_a_warning_of_the_typesetter_is_no_letter() -> None:
    made = letter(notice(item(1)))
    broken = made.content.replace(b'"language":"de"', b'"language":"nonsense"')
    with pytest.raises(pdf.CannotSet):
        pdf.render(broken)


def test_letters_of_every_business_and_language_are_set() -> None:
    for business, language in (
        (HAMBURG, "de"),
        (BRISTOL, "en"),
        (DALLAS, "en-US"),
        (BRISTOL, "ar"),
        (HAMBURG, "zh-Hant-TW"),
        (BRISTOL, "xx"),
    ):
        of = notice(item(1), customer=Customer("A", "Firm", address=("1 Way",), city="Town", country="FR"))
        made = compose(of, "Subject", SHIPPED.of(language), [p("Hello"), table(of, "en")], Config(business=business))
        assert "RE-2026-0001" in pages(made)[0]
