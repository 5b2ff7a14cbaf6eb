"""What an earlier email said, as it is quoted: every paragraph whole, and only the line breaks that were meant."""

from hypothesis import given
from hypothesis import strategies as st

from pastdue.documents.plaintext import to_text
from pastdue.documents.quoted import paragraphs

WORD = st.text("abcdeé,.", min_size=1, max_size=14)
LINE = st.lists(WORD, min_size=1, max_size=40).map(" ".join)


@given(st.lists(st.lists(LINE, min_size=1, max_size=3), min_size=1, max_size=5))
def test_every_paragraph_comes_back_with_all_its_words(said: list[list[str]]) -> None:
    def block(lines: list[str]) -> dict[str, object]:
        nodes = [part for line in lines for part in ({"t": "br"}, {"t": "text", "v": line})]
        return {"t": "p", "c": nodes[1:]}

    text = to_text([block(lines) for lines in said])
    assert [" ".join(each.split()) for each in paragraphs(text)] == [" ".join(lines) for lines in said]


def test_a_line_that_was_wrapped_is_one_again_and_a_short_one_stays() -> None:
    wrapped = to_text([{"t": "p", "c": [{"t": "text", "v": "word " * 40 + "end"}]}])
    assert wrapped.count("\n") == 3
    assert paragraphs(f"{wrapped}\nKind regards\n\nAnn\nThe Bakery\n") == (
        "word " * 40 + "end",
        "Kind regards",
        "Ann\nThe Bakery",
    )


def test_columns_get_dots_rules_and_the_small_print_go_and_items_keep_their_lines() -> None:
    text = (
        "Reminder\n========\n\nInvoice       To pay\n--------------------\nI-1          €10.00\nOak stairs\n\n"
        f"- {'long ' * 14}\n  tail\n- second\n\n-- \nHarbour Joinery\n"
    )
    assert paragraphs(text) == (
        "Reminder",
        "Invoice · To pay\nI-1 · €10.00\nOak stairs",
        f"- {'long ' * 14}tail\n- second",
    )
