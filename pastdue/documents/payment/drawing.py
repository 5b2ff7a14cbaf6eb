"""A payment code as a picture on its own white ground."""

from functools import lru_cache, partial
from html import escape

# ISO/IEC 18004 asks for four modules of white around the code; many readers fail with less.
_QUIET = 4
# Swiss Implementation Guidelines QR-bill, 6.4.2: a cross of 7 by 7 mm in the middle of a code of 46 by 46 mm.
_CROSS = 7 / 46
_WITHOUT_MIDDLE = (
    14  # the least version whose middle holds no alignment pattern for the cross to hide; so do the next six
)


@lru_cache(maxsize=1024)
def qr_matrix(payload: str, least: int = 1) -> tuple[tuple[bool, ...], ...]:
    """The code as rows of modules, True for dark, without the white around it: error level M, bytes in UTF-8.

    Its version is the smallest that holds the payload, from `least` on.
    """
    import segno

    # Any of the eight masks makes a valid code. Weighing them all takes five times as long; the diagonal one stayed
    # nearest the best in what scanners stumble over, a tenth off on average, whatever was in the payload.
    make = partial(segno.make_qr, payload, error="m", boost_error=False, mode="byte", encoding="utf-8", mask=3)
    code = make()
    if len(code.matrix) < 17 + 4 * least:
        code = make(version=least)
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


@lru_cache(maxsize=1024)
def qr_svg(payload: str, label: str = "", *, cross: bool = False) -> str:
    """The code as an SVG picture, so that it reads on a dark page too; `label` is what it shows, in words.

    With `cross`, the Swiss cross stands in its middle, by which payers know a QR-bill.
    """
    matrix = qr_matrix(payload, _WITHOUT_MIDDLE if cross else 1)
    side = len(matrix) + 2 * _QUIET
    # One path: a renderer that smooths edges leaves no hairlines between its parts.
    dark = "".join(
        f"M{x + _QUIET} {y + _QUIET}h{length}v1h-{length}z" for y, row in enumerate(matrix) for x, length in _runs(row)
    )
    meaning = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" {meaning}>'
        f'<path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/><path fill="#000" d="{dark}"/>'
        f"{_cross(side, len(matrix) * _CROSS) if cross else ''}</svg>"
    )


def _cross(side: int, wide: float) -> str:
    """A white cross on black with a white edge, `wide` modules in all, in the middle of a picture of `side` modules."""
    unit = wide / 36  # an edge of 1, a square of 34, and a cross of arms 6 wide and 20 long

    def rect(width: float, height: float, fill: str) -> str:
        x, y = (side - width * unit) / 2, (side - height * unit) / 2
        return f'<path fill="{fill}" d="M{x:.2f} {y:.2f}h{width * unit:.2f}v{height * unit:.2f}h-{width * unit:.2f}z"/>'

    return rect(36, 36, "#fff") + rect(34, 34, "#000") + rect(20, 6, "#fff") + rect(6, 20, "#fff")


def _runs(row: tuple[bool, ...]) -> list[tuple[int, int]]:
    """Where dark modules begin in a row, and how many stand together."""
    runs: list[tuple[int, int]] = []
    for x, module in enumerate(row):
        if module and runs and sum(runs[-1]) == x:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif module:
            runs.append((x, 1))
    return runs
