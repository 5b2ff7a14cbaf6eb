"""One look: an accent that can be read on every ground, the same on page, email and letter; a logo that is a picture."""

import base64
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pastdue.config import Config
from pastdue.config import Look as Chosen
from pastdue.documents import look

ROOT = Path(__file__).parents[2]
# One black point, as a PNG and as a JPEG.
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1"><path d="M0 0h2v1z"/></svg>'
colours = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)


def config(**chosen: str) -> Config:
    return Config(look=Chosen(**chosen))


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48), ("#ffffff", "#ffffff", 1), ("#0000ff", "#ffffff", 8.59)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert look.contrast(one, other) == look.contrast(other, one) == pytest.approx(ratio, abs=0.005)


def test_the_stylesheets_and_the_letters_have_the_colours_named_here() -> None:
    pages = (ROOT / "site/static/style.css").read_text()
    light, dark = re.findall(r":root \{(.*?)\}", pages, re.DOTALL)[:2]
    for block, colours_ in ((light, look.LIGHT), (dark, look.DARK)):
        assert dict(re.findall(r"--([a-z-]+): (#\w{6});", block)) | dict(colours_) == dict(
            re.findall(r"--([a-z-]+): (#\w{6});", block)
        )
    typeset = (ROOT / "pastdue/delivery/type.typ").read_text()
    assert all(look.LIGHT[name] in typeset for name in ("ink", "soft", "accent"))


@given(colours)
def test_whatever_accent_is_taken_every_text_can_be_read(accent: str) -> None:
    if any(look.problems(config(accent=accent), {})):
        return
    made = look.of(Chosen(accent=accent), {})
    for tokens in (made.light, made.dark):
        for text, ground in (("accent", "card"), ("on-accent", "accent"), ("soft", "tint"), ("ink", "tint")):
            assert look.contrast(tokens[text], tokens[ground]) >= 4.5, (text, ground, tokens)
    assert look.contrast(made.light["accent"], made.light["tint"]) >= 4.5


@given(colours)
def test_the_shade_that_is_proposed_for_a_pale_accent_is_taken(accent: str) -> None:
    for problem in look.problems(config(accent=accent), {}):
        better = re.search(r"#[0-9a-f]{6}", problem.hint)
        assert better
        assert not list(look.problems(config(accent=better[0]), {}))


def test_a_pale_accent_is_refused_with_its_contrast() -> None:
    (found,) = look.problems(config(accent="#ffcc00"), {})
    assert found.message == "look.accent: text in #ffcc00 is hard to read: its contrast is 1.4, and 4.5 is needed"
    assert found.stops_run


def test_an_accent_of_ones_own_stands_at_the_end_of_the_stylesheet_for_screens() -> None:
    made = look.of(Chosen(accent="#7a1f5c"), {})
    styles = look.dressed({"style.css": b"a{}", "other.css": b"b{}"}, made)
    assert styles["other.css"] == b"b{}"
    assert b"@media screen{:root{--accent:#7a1f5c;--tint:#" in styles["style.css"]
    assert look.dressed({"style.css": b"a{}"}, look.PLAIN)["style.css"] == b"a{}"


def test_emails_get_colours_and_no_names_of_colours() -> None:
    styles = (ROOT / "letters/email.css").read_text()
    made = look.email_styles(styles, look.of(Chosen(accent="#7a1f5c"), {}))
    assert "var(" not in made.partition("*/")[2]
    assert "#7a1f5c" in made
    assert "#0b5563" not in made


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("logo.svg", None, "there is no site/static/logo.svg"),
        ("logo.gif", b"GIF89a", "is no picture"),
        ("logo.png", b"<svg/>", "is no picture"),
        ("logo.jpg", b"\xff\xd8\xff", "is no picture"),
        ("logo.svg", b"<html/>", "is no picture"),
        ("logo.svg", b"\xff\xfe", "is no picture"),
        ("logo.svg", SVG.replace(b"/>", b"/>" + b" " * 40_001), "is too large"),
    ],
)
def test_a_logo_that_cannot_be_shown_is_an_error(name: str, content: bytes | None, said: str) -> None:
    static = {} if content is None else {name: content}
    (found,) = look.problems(config(logo=name), static)
    assert said in found.message
    assert found.stops_run


@pytest.mark.parametrize(("name", "content"), [("logo.svg", SVG), ("logo.png", PNG)])
def test_a_logo_is_svg_for_the_letter_and_has_a_name_in_emails_unless_it_is_svg(name: str, content: bytes) -> None:
    assert not list(look.problems(config(logo=name), {name: content}))
    logo = look.of(Chosen(logo=name), {name: content}).logo
    assert logo
    assert logo.svg().startswith("<svg")
    assert logo.svg().isascii()
    assert bool(logo.content_id) == (name != "logo.svg")
