"""Text of the books as it may stand in a payment code: on its line, and no longer than the standard allows."""

import unicodedata


def line(text: str) -> str:
    """Text that stays on its line: no breaks, no control characters, no invisible direction marks."""
    return " ".join("".join(c if c.isprintable() or c == " " else " " for c in text).split())


def cut(text: str, longest: int) -> str:
    """The text up to a number of characters, never between a letter and its accent."""
    if len(text) <= longest:
        return text
    end = longest
    while end and unicodedata.combining(text[end]):
        end -= 1
    return text[:end].rstrip()
