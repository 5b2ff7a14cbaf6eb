"""Charts, drawn by pygal: what it draws is kept, its script, styles and marks of the day are not. The page has the colours."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from markupsafe import Markup

_WIDTH, _HEIGHT = 480, 220
_LONG = re.compile(r"(-?\d+\.\d)\d+")
_LEFT_OUT = {"desc", "title", "defs", "script", "style"}  # of every shape: its value, which the table beneath says

# A name, and a value for each label: None where there is none.
Series = tuple[str, Sequence[float | None]]


def bars(labels: Sequence[str], series: Sequence[Series], written: Callable[[float], str], told: str) -> Markup:
    """Stacked bars, one for each label; `told` is what a screen reader says of it."""
    import pygal

    return _drawn(pygal.StackedBar, labels, series, written, told)


def lines(labels: Sequence[str], series: Sequence[Series], written: Callable[[float], str], told: str) -> Markup:
    """A line for each of the series, with a dot at each value."""
    import pygal

    return _drawn(pygal.Line, labels, series, written, told)


def _drawn(
    kind: Callable[..., Any],
    labels: Sequence[str],
    series: Sequence[Series],
    written: Callable[[float], str],
    told: str,
) -> Markup:
    from lxml import etree
    from pygal.style import Style

    chart = kind(
        style=Style(label_font_size=12, major_label_font_size=12),
        width=_WIDTH,
        height=_HEIGHT,
        margin=2,
        spacing=4,
        show_legend=False,
        js=[],
        no_prefix=True,
        max_scale=6,
        truncate_label=-1,
        value_formatter=written,
        include_x_axis=True,
        dots_size=3,
    )
    chart.x_labels = list(labels)
    for name, values in series:
        chart.add(name, list(values))
    root = etree.fromstring(chart.render())
    for each in list(root.iter()):
        name = etree.QName(each).localname if isinstance(each.tag, str) else ""
        if not name or name in _LEFT_OUT or "tooltip-overlay" in each.get("class", ""):
            parent = each.getparent()
            if parent is not None:
                parent.remove(each)
    root.attrib.pop("id", None)
    root.set("class", "chart")
    root.set("role", "img")
    root.set("aria-label", told)
    etree.cleanup_namespaces(root)
    text = etree.tostring(root, encoding="unicode")
    return Markup(_LONG.sub(r"\1", text))  # noqa: S704 -- numbers and escaped labels
