"""The operator's page templates, compiled once; and what every page does to text before it may stand in one."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from jinja2 import Environment, FunctionLoader, StrictUndefined, TemplateError, TemplateSyntaxError
from markupsafe import Markup

from pastdue.findings import Finding, error

FOLDER = "site/templates"
STYLESHEET = "style.css"

# Control characters have no place in a page, and marks that turn the direction of text around would let a
# customer's name rearrange the figures that follow it.
_WHITE = dict.fromkeys(map(ord, "\t\n\v\f\r\x85\u2028\u2029"), " ")
_CONTROL = dict.fromkeys((*range(9), *range(14, 32), *range(127, 133), *range(134, 160)), "\N{REPLACEMENT CHARACTER}")
_TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), "")
_HARMLESS = _WHITE | _CONTROL | _TURNING


def plain(text: str) -> str:
    """Text of the books as it may stand on a page: one line, no control characters, no turned direction."""
    return text if text.isprintable() else text.translate(_HARMLESS)


def cut(text: str, longest: int) -> str:
    """Plain text for a place that has to end: cut with an ellipsis when it is longer."""
    line = plain(text)
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def compiled(templates: Mapping[str, str]) -> Environment:
    """The templates, by file name, ready to render: a name that no value fills is an error, and all values are escaped."""
    return _compiled(tuple(sorted(templates.items())))


@lru_cache(maxsize=8)
def _compiled(templates: tuple[tuple[str, str], ...]) -> Environment:
    texts = dict(templates)

    def load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        return (texts[name], f"{FOLDER}/{name}", lambda: True) if name in texts else None

    return Environment(
        loader=FunctionLoader(load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def encoded(html: str) -> bytes:
    """The page as it is written."""
    return html.encode()


def inline(stylesheet: bytes) -> Markup:
    """The stylesheet for a `<style>` element of a page that has to stand alone."""
    return Markup(stylesheet.decode("utf-8", "replace").replace("</", "<\\/"))  # noqa: S704 -- the operator's own file, and nothing can close the element


def trial(name: str, attempt: Callable[[], object]) -> list[Finding]:
    """What is wrong with a template, found by rendering a sample with it: one finding that stops the run, or none."""
    try:
        attempt()
    except TemplateSyntaxError as problem:
        file = problem.filename or f"{FOLDER}/{name}"
        return [
            error(file, f"not a template: {problem.message}", "Mend the line, or restore the file.", row=problem.lineno)
        ]
    except TemplateError as problem:
        return [_runtime(name, problem, _hint(problem))]
    except Exception as problem:  # a template may call anything that its values offer
        return [_runtime(name, problem, "The template asks something of a value that it cannot do.")]
    return []


def _hint(problem: TemplateError) -> str:
    missing = type(problem).__name__ == "TemplateNotFound"
    return "Restore the file." if missing else "Check the spelling of the name in the template."


def _runtime(name: str, problem: Exception, hint: str) -> Finding:
    """The finding for a template that parses and does not render, at the line of the template that was running."""
    file, row = line_running(problem, FOLDER) or (f"{FOLDER}/{name}", 0)
    said = str(problem) or type(problem).__name__
    return error(file, f"does not render: {said}", hint, row=row)


def line_running(problem: Exception, folder: str) -> tuple[str, int] | None:
    """The template of a folder that was running when it failed, and the line; None when none of them was."""
    found, trace = None, problem.__traceback__
    while trace:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(f"{folder}/"):
            found = file, trace.tb_lineno
        trace = trace.tb_next
    return found


def telephone(number: str) -> str:
    """A number as a `tel:` link dials it; "" when it holds no number. "+44 (0)20 7946 0000 ext 5" is tel:+442079460000."""
    before_extension = re.split(r"[A-Za-z;,]", number, maxsplit=1)[0]
    dialled = re.sub(r"\(0\)", "", before_extension) if number.lstrip().startswith("+") else before_extension
    digits = re.sub(r"[^0-9]", "", dialled)
    plus = "+" if number.lstrip().startswith("+") else ""
    return f"tel:{plus}{digits}" if len(digits) > 2 else ""
