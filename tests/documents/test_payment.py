"""Payment codes: EPC069-12 to the letter, whatever stands in names and references, and a picture that is the code."""

import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import segno.helpers
from hypothesis import given
from hypothesis import strategies as st
from papers import HAMBURG

from pastdue.config import Business, Config
from pastdue.documents.payment import epc_payload, qr_matrix, qr_svg

REAL_DATA = os.environ.get("PASTDUE_REAL_DATA")
VECTORS = Path(REAL_DATA or "") / "vectors"

IBAN = "DE71110220330123456789"


def pay(amount: int = 1230, currency: str = "EUR", reference: str = "", **business: object) -> str | None:
    return epc_payload(Config(business=HAMBURG.model_copy(update=business)), amount, currency, reference)


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


@pytest.mark.skipif(not shutil.which("zbarimg"), reason="needs zbarimg")
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


@pytest.mark.skipif(not REAL_DATA, reason="needs PASTDUE_REAL_DATA")
def test_published_codes_come_out_the_same() -> None:
    for file in sorted((VECTORS / "epc069-12").glob("*.txt")):
        raw = file.read_bytes()
        charset = {"1": "utf-8", "2": "iso-8859-1"}[raw.split(b"\n")[2].decode().strip()]
        lines = [*raw.decode(charset).split("\n"), "", "", ""][:11]
        business = Business(name=lines[5], iban=lines[6], bic=lines[4])
        cents = round(float(lines[7].removeprefix("EUR")) * 100)
        ours = epc_payload(Config(business=business), cents, "EUR", lines[9] or lines[10])
        expected = [*lines[:2], "1", *lines[3:7], f"EUR{cents // 100}.{cents % 100:02d}", "", *lines[9:11]]
        assert ours == "\n".join(expected).rstrip("\n"), file.name


@pytest.mark.skipif(not REAL_DATA, reason="needs PASTDUE_REAL_DATA")
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
