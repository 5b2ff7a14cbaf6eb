"""Payment codes: each standard to the letter, whatever stands in names and references, and a picture that is the code."""

import json
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import needs
import pytest
import segno.helpers
from hypothesis import given
from hypothesis import strategies as st
from papers import HAMBURG

from pastdue.config import Business, Config
from pastdue.documents import payment
from pastdue.documents.payment import epc, references
from pastdue.documents.payment.drawing import qr_matrix, qr_svg
from pastdue.model import Customer

VECTORS = needs.REAL_DATA / "vectors"

IBAN = "DE71110220330123456789"


def pay(amount: int = 1230, currency: str = "EUR", reference: str = "", **business: object) -> str | None:
    return epc.payload(Config(business=HAMBURG.model_copy(update=business)), amount, currency, reference)


def test_a_creditor_reference_stands_on_its_own_line_and_nothing_follows_it() -> None:
    assert pay(1230, reference="RF18 5390 0754 7034").split("\n") == [
        "BCD", "002", "1", "SCT", "BHBLDEHHXXX", "Nordlicht Messtechnik GmbH", IBAN, "EUR12.30", "", "RF18539007547034",
    ]  # fmt: skip


def test_any_other_reference_is_text_and_the_line_before_it_stays_empty() -> None:
    assert pay(5, reference="K-20417").split("\n")[7:] == ["EUR0.05", "", "", "K-20417"]


def test_a_reference_with_wrong_check_digits_is_text_not_a_creditor_reference() -> None:
    assert pay(reference="RF19539007547034").split("\n")[9:] == ["", "RF19539007547034"]


def test_without_a_reference_the_amount_is_the_last_line() -> None:
    assert pay(99_999_999_999).split("\n")[-1] == "EUR999999999.99"


@pytest.mark.parametrize(
    ("why", "given"),
    [
        ("another currency", {"currency": "CHF"}),
        ("nothing to pay", {"amount": 0}),
        ("money to give back", {"amount": -100}),
        ("more than the scheme carries", {"amount": 100_000_000_000}),
        ("no account", {"iban": ""}),
        ("an account that does not exist", {"iban": "DE72110220330123456789"}),
        ("nobody to pay", {"name": "  "}),
    ],
)
def test_there_is_no_code_where_a_transfer_would_fail(why: str, given: dict[str, object]) -> None:
    assert pay(**given) is None, why  # type: ignore[arg-type]


def test_the_account_holder_goes_before_the_business_name() -> None:
    assert pay(account_holder="J. Petersen").split("\n")[5] == "J. Petersen"


@pytest.mark.parametrize("bad", ["BHBLDE", "BHBLDEHHXXXX", "BHBLDEHHXX", ""])
def test_a_bank_code_that_is_none_is_left_out(bad: str) -> None:
    assert pay(bic=bad).split("\n")[4] == ""


def test_names_and_references_are_cut_at_whole_characters() -> None:
    lines = pay(name="a" * 69 + "e\u0301" + "x", reference="r" * 200).split("\n")
    assert lines[5] == "a" * 69  # the accent would have been the 71st character: its letter goes with it
    assert lines[10] == "r" * 140


def test_line_breaks_in_a_name_add_no_lines() -> None:
    payload = pay(name="Evil\nDE00\r\nEUR9.99\u2028x\x0by\x85z", reference="a\nb\rc\x00d")
    assert payload.split("\n")[5] == "Evil DE00 EUR9.99 x y z"
    assert payload.split("\n")[10] == "a b c d"


@given(st.text(max_size=200), st.text(max_size=300), st.integers(1, 99_999_999_999))
def test_whatever_the_books_say_the_code_keeps_its_form(name: str, reference: str, amount: int) -> None:
    payload = pay(amount, reference=reference, name=name or "x", account_holder="")
    if payload is None:
        assert not "".join(c for c in name if c.isprintable()).strip()
        return
    lines = payload.split("\n")
    assert len(payload.encode()) <= 331
    assert lines[:4] == ["BCD", "002", "1", "SCT"]
    assert lines[6] == IBAN
    assert re.fullmatch(r"EUR(0|[1-9]\d{0,8})\.\d\d", lines[7])
    assert len(lines) <= 11
    assert len(lines[5]) <= 70
    assert len("".join(lines[10:])) <= 140
    assert all(character == "\n" or character.isprintable() for character in payload)
    assert lines[-1]


def test_the_largest_code_is_version_13_at_level_m() -> None:
    payload = pay(name="名" * 70, reference="😀" * 140)
    assert len(payload.encode()) <= 331
    assert len(qr_matrix(payload)) <= 17 + 4 * 13
    assert payload.split("\n")[5] == "名" * 70


def test_another_writer_of_such_codes_takes_the_same_fields() -> None:
    fields = {"name": "Nordlicht Messtechnik GmbH", "iban": IBAN, "bic": "BHBLDEHHXXX", "text": "K-20417"}
    code = segno.helpers.make_epc_qr(**fields, amount="12.34", encoding="utf-8")
    ours = qr_matrix(pay(1234, reference="K-20417"))
    assert code.error == "M"
    assert len(ours) == len(code.matrix)


# ------------------------------------------------------------------ the picture


def dots(svg: str) -> list[list[bool]]:
    """The picture's modules, drawn from its path as a renderer would."""
    root = ET.fromstring(svg)  # noqa: S314 -- our own picture
    side = int(root.attrib["viewBox"].split()[2])
    ground, dark = (path.attrib for path in root)
    assert (ground["fill"], ground["d"]) == ("#fff", f"M0 0h{side}v{side}h-{side}z")
    grid = [[False] * side for _ in range(side)]
    for x, y, length, back in re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", dark["d"]):
        assert length == back
        for at in range(int(x), int(x) + int(length)):
            grid[int(y)][at] = True
    return grid


def test_the_picture_is_the_code_with_four_modules_of_white_around_it() -> None:
    payload = pay(reference="RF18539007547034")
    matrix, grid = qr_matrix(payload), dots(qr_svg(payload))
    assert [tuple(row[4:-4]) for row in grid[4:-4]] == list(matrix)
    assert sum(map(sum, grid)) == sum(map(sum, matrix))


def test_the_pictures_label_is_text() -> None:
    assert ET.fromstring(qr_svg("x", 'a "b" <c>')).attrib["aria-label"] == 'a "b" <c>'  # noqa: S314


@needs.zbar
@pytest.mark.parametrize(
    "reference", ["RF18539007547034", "Müller & Söhne, Nr. 7", "U" * 140, "0" * 100, "*" * 99, "請求書 12", "  - - -  "]
)
def test_a_reader_reads_what_the_code_says(reference: str, tmp_path: Path) -> None:
    payload = pay(reference=reference)
    grid = dots(qr_svg(payload))
    wide = [[module for module in row for _ in range(6)] for row in grid for _ in range(6)]
    picture = tmp_path / "code.pgm"
    picture.write_bytes(
        b"P5 %d %d 255\n" % (len(wide), len(wide)) + bytes(0 if dark else 255 for row in wide for dark in row)
    )
    read = subprocess.run(
        ["zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", "-Sbinary", picture], capture_output=True, check=True
    )
    assert read.stdout.decode().removesuffix("\n") == payload


# ------------------------------------------------------------------ published vectors


@needs.real_data
def test_published_codes_come_out_the_same() -> None:
    for file in sorted((VECTORS / "epc069-12").glob("*.txt")):
        raw = file.read_bytes()
        charset = {"1": "utf-8", "2": "iso-8859-1"}[raw.split(b"\n")[2].decode().strip()]
        lines = [*raw.decode(charset).split("\n"), "", "", ""][:11]
        business = Business(name=lines[5], iban=lines[6], bic=lines[4])
        cents = round(float(lines[7].removeprefix("EUR")) * 100)
        ours = epc.payload(Config(business=business), cents, "EUR", lines[9] or lines[10])
        expected = [*lines[:2], "1", *lines[3:7], f"EUR{cents // 100}.{cents % 100:02d}", "", *lines[9:11]]
        assert ours == "\n".join(expected).rstrip("\n"), file.name


@needs.real_data
def test_published_ibans_and_references_are_told_apart() -> None:
    ibans = json.loads((VECTORS / "iban.json").read_text())
    for entry in ibans["valid"]:
        is_known = not entry["iban"].startswith("SN")  # Senegal takes no part in SEPA, nor does the library know it
        assert bool(pay(iban=entry["iban"])) == is_known, entry
    for entry in ibans["invalid"]:
        assert pay(iban=entry["iban"]) is None or "hyphens" in entry["why"], entry
    references = json.loads((VECTORS / "iso11649_rf.json").read_text())
    for reference in references["valid"]:
        assert len(pay(reference=reference).split("\n")) == 10, reference
    for entry in references["invalid"]:
        assert len(pay(reference=entry["rf"]).split("\n")) in {8, 11}, entry


# ------------------------------------------------------------------ references


@pytest.mark.parametrize(
    ("kind", "about", "reference", "shown"),
    [
        ("plain", "2026/014", "2026/014", "2026/014"),
        ("rf", "539007547034", "RF18539007547034", "RF18 5390 0754 7034"),
        ("rf", "2026/014", "RF972026014", "RF97 2026 014"),
        ("rf", "R 2026-0001", "RF55R20260001", "RF55 R202 6000 1"),
        ("rf", "RF18 5390 0754 7034", "RF18 5390 0754 7034", "RF18 5390 0754 7034"),
        ("rf", "Müller", "Müller", "Müller"),
        ("rf", "x" * 22, "x" * 22, "x" * 22),
        ("qrr", "21000000000313947143000901", "210000000003139471430009017", "21 00000 00003 13947 14300 09017"),
        ("qrr", "A-7", "000000000000000000000001076", "00 00000 00000 00000 00000 01076"),
        ("qrr", "000", "000", "000"),
        ("qrr", "7" * 28, "7" * 28, "7" * 28),
    ],
)
def test_a_reference_gets_its_check_digits_where_it_can(kind: str, about: str, reference: str, shown: str) -> None:
    iban = "CH4431999123000889012" if kind == "qrr" else IBAN
    config = Config(business=Business(iban=iban, references=kind))
    assert payment.reference(config, about) == reference
    assert payment.grouped(reference) == shown


@given(st.text("ABCXYZ019 -/.", min_size=1, max_size=24))
def test_a_reference_made_of_a_number_is_a_creditor_reference_or_the_number(about: str) -> None:
    from stdnum import iso11649

    made = payment.reference(Config(business=Business(iban=IBAN, references="rf")), about)
    assert made == about or (iso11649.is_valid(made) and len(made) <= 25)


@pytest.mark.parametrize(
    ("iban", "kind"), [("CH4431999123000889012", "plain"), ("CH4431999123000889012", "rf"), (IBAN, "qrr")]
)
def test_a_qr_reference_goes_with_a_qr_iban_and_no_other(iban: str, kind: str) -> None:
    with pytest.raises(ValueError, match="QR-IBAN"):
        Business(iban=iban, references=kind)


# ------------------------------------------------------------------ Switzerland

BIEL = Business(
    name="Robert Schneider AG",
    address=("Rue du Lac 1268",),
    postcode="2501",
    city="Biel",
    country="CH",
    iban="CH5800791123000889012",
)
PIA = Customer("42", "Pia Rutschmann", address=("Marktgasse 28",), postcode="9400", city="Rorschach", country="CH")


def swiss(
    amount: int = 394975, currency: str = "CHF", about: str = "42", customer: Customer = PIA, **business: object
) -> str | None:
    code = payment.code(Config(business=BIEL.model_copy(update=business)), amount, currency, about, customer)
    assert code is None or code.kind == "swiss"
    return code and code.payload


def test_a_qr_bill_names_both_parties_with_structured_addresses() -> None:
    assert swiss(about="Bill no. 3139").split("\n") == [
        "SPC", "0200", "1", "CH5800791123000889012",
        "S", "Robert Schneider AG", "Rue du Lac 1268", "", "2501", "Biel", "CH",
        *[""] * 7,
        "3949.75", "CHF",
        "S", "Pia Rutschmann", "Marktgasse 28", "", "9400", "Rorschach", "CH",
        "NON", "", "Bill no. 3139", "EPD",
    ]  # fmt: skip


def test_a_creditor_reference_is_its_own_line_of_a_qr_bill() -> None:
    assert swiss(about="539007547034", references="rf").split("\n")[27:] == ["SCOR", "RF18539007547034", "", "EPD"]


def test_a_qr_iban_takes_a_qr_reference_and_has_no_code_without_one() -> None:
    account = {"iban": "CH4431999123000889012", "references": "qrr"}
    made = swiss(about="21000000000313947143000901", **account).split("\n")
    assert made[27:] == ["QRR", "210000000003139471430009017", "", "EPD"]
    assert swiss(about="Müller", **account) is None


@pytest.mark.parametrize("lost", [{"postcode": ""}, {"city": ""}, {"country": ""}, {"name": ""}, {"country": "XX"}])
def test_without_the_creditors_whole_address_there_is_no_qr_bill(lost: dict[str, str]) -> None:
    assert swiss(**lost) is None


@pytest.mark.parametrize(
    "who",
    [
        Customer("1", "Pia"),
        Customer("1", "", postcode="1", city="A", country="CH"),
        Customer("1", "Pia", postcode="1", city="A", country="XX"),
    ],
)
def test_a_payer_without_a_whole_address_is_left_blank(who: Customer) -> None:
    assert swiss(customer=who).split("\n")[20:27] == [""] * 7


@pytest.mark.parametrize(
    ("currency", "iban", "country", "kind"),
    [
        ("CHF", BIEL.iban, "DE", "swiss"),
        ("EUR", BIEL.iban, "LI", "swiss"),
        ("EUR", BIEL.iban, "", "swiss"),
        ("EUR", BIEL.iban, "DE", "epc"),
        ("CHF", IBAN, "CH", None),
        ("EUR", IBAN, "CH", "epc"),
        ("USD", BIEL.iban, "CH", None),
        ("INR", BIEL.iban, "CH", None),
    ],
)
def test_which_code_a_payment_has(currency: str, iban: str, country: str, kind: str | None) -> None:
    business = BIEL.model_copy(update={"iban": iban})
    made = payment.code(Config(business=business), 100, currency, "42", Customer("42", "Pia", country=country))
    assert (made and made.kind) == kind


@given(st.text(max_size=120), st.text(max_size=160), st.text(max_size=90), st.integers(1, 99_999_999_999))
def test_whatever_the_books_say_a_qr_bill_keeps_its_form(name: str, about: str, street: str, amount: int) -> None:
    who = Customer("1", name, address=(street,), postcode="1" * 20, city=name, country="CH")
    lines = swiss(amount, about=about, customer=who).split("\n")
    assert len(lines) == 31
    assert re.fullmatch(r"[1-9]?\d{0,8}\.\d\d", lines[18])
    assert len(lines[29]) <= 140
    assert [len(line) <= most for line, most in zip(lines[21:26], (70, 70, 16, 16, 35), strict=True)] == [True] * 5
    assert all(c.isprintable() and ord(c) < 0x20AD for line in lines for c in line)


# ------------------------------------------------------------------ India


def test_a_upi_link_carries_payee_amount_and_note() -> None:
    config = Config(business=Business(name="Asha & Sons", upi="asha@okbank"))
    made = payment.code(config, 123450, "INR", "INV 7+1", PIA)
    assert made == ("upi", "upi://pay?pa=asha@okbank&pn=Asha%20%26%20Sons&am=1234.50&cu=INR&tn=INV%207%2B1")
    assert payment.code(config, 0, "INR", "7", PIA) is None
    assert payment.code(Config(), 100, "INR", "7", PIA) is None


@pytest.mark.parametrize("bad", ["asha", "a@b&pa=evil@b", "@bank", "asha@bank?x", "asha@", "a b@bank"])
def test_what_is_no_upi_id_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="upi"):
        Business(upi=bad)


@needs.zbar
@pytest.mark.parametrize("about", ["539007547034", "Rechnung für Geigenbau Zürich " * 4])
def test_a_reader_reads_the_qr_bill_through_its_cross(about: str, tmp_path: Path) -> None:
    made = payment.code(Config(business=BIEL.model_copy(update={"references": "rf"})), 394975, "CHF", about, PIA)
    picture = tmp_path / "code.svg"
    picture.write_text(made.svg("a code"))
    side = len(qr_matrix(made.payload, 14)) + 8
    drawn = tmp_path / "code.png"
    import typst

    typst.compile(
        f'#set page(width: {side * 2}mm, height: {side * 2}mm, margin: 0pt)\n#image("code.svg", width: 100%)'.encode(),
        root=tmp_path, output=drawn, format="png", ppi=200,
    )  # fmt: skip
    read = subprocess.run(
        ["zbarimg", "-q", "--raw", "-Sdisable", "-Sqrcode.enable", "-Sbinary", drawn], capture_output=True, check=True
    )
    assert read.stdout.decode().removesuffix("\n") == made.payload
    assert made.svg().count("<path") == 6


@needs.real_data
def test_published_qr_bills_and_references_come_out_the_same() -> None:
    known = json.loads((VECTORS / "swiss_qr_reference.json").read_text())
    assert all(references.swiss_reference(text) for text in known["valid"])
    assert not any(references.swiss_reference(text) for text, _ in known["invalid"])
    for name in ("sample1", "sample4"):
        lines = (VECTORS / "swiss-qr" / f"{name}.lf.txt").read_text().split("\n")
        who = Customer("1", lines[21], address=("Marktgasse 28",), postcode="9400", city="Rorschach", country="CH")
        made = swiss(round(float(lines[18]) * 100), lines[19], lines[28] or lines[29], who).split("\n")
        same = [*range(6), *range(8, 20), 21, *range(24, 31)] if name == "sample1" else [*range(6), 18, 27, 28, 30]
        assert [made[n] for n in same] == [lines[n] for n in same], name
