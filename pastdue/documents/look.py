"""One visual language: the colours that pages, emails and letters share, the operator's accent among them, and their logo.

Contrast is that of WCAG 2.2, 1.4.3: the ratio of relative luminances, 4.5 at the least for text.
"""

import base64
import colorsys
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from pastdue.config import FILE, Config
from pastdue.config import Look as Chosen
from pastdue.findings import Finding, error

# The custom properties of site/static/style.css, which email.css uses by the same names: on light ground and on dark.
LIGHT: Mapping[str, str] = {
    "ground": "#f6f5f1", "card": "#ffffff", "ink": "#191d21", "soft": "#575d64", "line": "#dfdcd4",
    "accent": "#0b5563", "on-accent": "#ffffff", "tint": "#e8f0f1",
}  # fmt: skip
DARK: Mapping[str, str] = {
    "ground": "#121518", "card": "#1a1e22", "ink": "#eceae5", "soft": "#a6abb1", "line": "#333a40",
    "accent": "#7cc7d3", "on-accent": "#0a2a30", "tint": "#1d2f34",
}  # fmt: skip

ENOUGH, EASY = 4.5, 7.0  # contrast of text that can be read, and of text that is read with ease
STATIC = "site/static"
LARGEST = 40_000  # bytes of a logo: every letter holds it
_KINDS: Mapping[str, Literal["svg", "png", "jpeg"]] = {"svg": "svg", "png": "png", "jpg": "jpeg", "jpeg": "jpeg"}


@dataclass(frozen=True, slots=True)
class Logo:
    """The operator's picture, from `site/static`."""

    name: str
    kind: Literal["svg", "png", "jpeg"]
    content: bytes

    @property
    def content_id(self) -> str:
        """By which an email's HTML names the picture beside it; "" for one that mail programs do not show."""
        return "" if self.kind == "svg" else f"logo.{sha256(self.content).hexdigest()[:16]}@pastdue"

    def svg(self) -> str:
        """The picture as SVG in ASCII, for where nothing else is known; one of points is wrapped."""
        if self.kind == "svg":
            return self.content.decode().encode("ascii", "xmlcharrefreplace").decode()
        wide, high = _size(self)
        data = base64.b64encode(self.content).decode()
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}">'
            f'<image width="{wide}" height="{high}" href="data:image/{self.kind};base64,{data}"/></svg>'
        )


@dataclass(frozen=True, slots=True)
class Look:
    """What everything looks like: colours by their names, on light ground and on dark, and the logo if there is one."""

    light: Mapping[str, str]
    dark: Mapping[str, str]
    logo: Logo | None = None


PLAIN = Look(LIGHT, DARK)


def of(chosen: Chosen, static: Mapping[str, bytes]) -> Look:
    """The look that the config's section asks for; `static` are the files of site/static by name."""
    accent, logo = chosen.accent, _logo(chosen.logo, static)
    if accent in {"", LIGHT["accent"]}:
        return Look(LIGHT, DARK, logo)
    light = {**LIGHT, "accent": accent, "tint": _tint(accent, LIGHT)}
    bright = _until(accent, lambda colour: contrast(colour, DARK["card"]) >= EASY, lighter=True)
    on_bright = _until(bright, lambda colour: contrast(colour, bright) >= EASY, lighter=False)
    dark = {**DARK, "accent": bright, "on-accent": on_bright, "tint": _tint(bright, DARK)}
    return Look(light, dark, logo)


def problems(config: Config, static: Mapping[str, bytes]) -> Iterator[Finding]:
    """An accent that cannot be read, and a logo that is not there or is no picture."""
    accent, logo = config.look.accent, config.look.logo
    if accent and not _is_legible(accent):
        ratio = min(contrast(accent, LIGHT["card"]), contrast(accent, _tint(accent, LIGHT)))
        better = _until(accent, _is_legible, lighter=False)
        message = f"look.accent: text in {accent} is hard to read: its contrast is {ratio:.1f}, and {ENOUGH} is needed"
        yield error(FILE, message, f'The nearest shade of it that can be read: accent = "{better}".')
    if not logo:
        return
    found = _logo(logo, static)
    if logo not in static:
        yield error(
            FILE, f"look.logo: there is no {STATIC}/{logo}", f"Put the picture into {STATIC}, or leave logo out."
        )
    elif found is None:
        yield error(f"{STATIC}/{logo}", "is no picture that pages and letters can show", "Save it as SVG, PNG or JPEG.")
    elif len(found.content) > LARGEST:
        size = f"{len(found.content):,} bytes"
        yield error(f"{STATIC}/{logo}", f"is too large for a logo: {size}", f"Save it with {LARGEST:,} at the most.")


def stylesheet(styles: bytes, look: Look) -> bytes:
    """The pages' stylesheet with the colours that are not its own at its end."""
    if look.light == LIGHT:
        return styles
    light, dark = (
        "".join(f"--{name}:{colours[name]};" for name in colours if colours[name] != usual[name])
        for colours, usual in ((look.light, LIGHT), (look.dark, DARK))
    )
    on_light = f"@media screen{{:root{{{light}}}}}"
    on_dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return styles + f"\n{on_light}\n{on_dark}\n".encode()


def dressed(static: Mapping[str, bytes], look: Look) -> dict[str, bytes]:
    """The files of site/static as they are published."""
    return {name: stylesheet(content, look) if name == "style.css" else content for name, content in static.items()}


def email_styles(styles: str, look: Look) -> str:
    """The emails' stylesheet with every `var(--accent)` and `var(--dark-accent)` as a colour: few mail programs know variables."""
    colours = {**look.light, **{f"dark-{name}": colour for name, colour in look.dark.items()}}
    return re.sub(r"var\(--([a-z-]+)\)", lambda found: colours.get(found[1], found[0]), styles)


# ------------------------------------------------------------------ colours


def contrast(one: str, other: str) -> float:
    """How well two colours, as #rrggbb, can be told apart: from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _rgb(colour))
    return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _is_legible(accent: str) -> bool:
    """Can text in it be read on white and on its own tint, and white text on it?"""
    return contrast(accent, LIGHT["card"]) >= ENOUGH and contrast(accent, _tint(accent, LIGHT)) >= ENOUGH


def _tint(accent: str, colours: Mapping[str, str]) -> str:
    """A breath of the accent over the card, on which the soft ink can still be read."""
    for share in (0.1, 0.08, 0.06, 0.04):
        mixed = _hex([a * share + c * (1 - share) for a, c in zip(_rgb(accent), _rgb(colours["card"]), strict=True)])
        if contrast(colours["soft"], mixed) >= ENOUGH:
            return mixed
    return colours["card"]


def _until(colour: str, is_enough: Callable[[str], bool], *, lighter: bool) -> str:
    """The nearest shade of a colour, lighter or darker, that is enough; in the end white or black."""
    hue, light, full = colorsys.rgb_to_hls(*_rgb(colour))
    for step in range(101):
        towards = light + (1 - light) * step / 100 if lighter else light * (1 - step / 100)
        shade = _hex(colorsys.hls_to_rgb(hue, towards, full))
        if is_enough(shade):
            return shade
    return "#ffffff" if lighter else "#000000"


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(rgb: "tuple[float, ...] | list[float]") -> str:
    return "#" + "".join(f"{round(c * 255):02x}" for c in rgb)


# ------------------------------------------------------------------ the logo


def _logo(name: str, static: Mapping[str, bytes]) -> Logo | None:
    kind, content = _KINDS.get(name.rpartition(".")[2].lower()), static.get(name, b"")
    logo = Logo(name, kind, content) if kind and content else None
    return logo if logo and _is_picture(logo) else None


def _is_picture(logo: Logo) -> bool:
    if logo.kind != "svg":
        return min(_size(logo)) > 0
    from lxml import etree

    try:
        logo.content.decode()
        root = etree.fromstring(logo.content, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, UnicodeDecodeError, ValueError):
        return False
    return bool(etree.QName(root).localname == "svg")


def _size(logo: Logo) -> tuple[int, int]:
    """Width and height of a picture of points; 0 and 0 where it is none."""
    data = logo.content
    if logo.kind == "png":
        is_one = data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) > 24
        return (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) if is_one else (0, 0)
    at = 2
    while data[:2] == b"\xff\xd8" and at + 9 < len(data) and data[at] == 0xFF:
        if 0xC0 <= data[at + 1] <= 0xCF and data[at + 1] not in {0xC4, 0xC8, 0xCC}:  # the frame
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return 0, 0
