"""The letter linter in the product: what an operator's letters say is read before anything goes, and nothing is sent of what may not be."""

import json
from datetime import date
from pathlib import Path

import pytest
from commandline import PLAIN, ROOT, Workspace, table

from pastdue import flow
from pastdue.delivery import files
from pastdue.documents import linter
from pastdue.documents.linter import in_letters

ON = "2026-01-15"
FRONT = "---\nsubject: Reminder: {{ about }}\n---\n{{ customer.greeting }},\n\n"
ASKS = "Please pay {{ asked }} for {{ about }} by {{ pay_by }}.\n\n"
CUSTOMERS = ("account_id", "name", "email", "kind", "language")
INVOICES = ("invoice_id", "account_id", "issued", "due", "amount", "description")
ACME = ("ACME", "Acme Ltd", "pat@acme.example", "business", "en")
BYRNE = ("BYRNE", "Anna Byrne", "anna@byrne.example", "consumer", "en")


def workspace(root: Path, *customers: tuple[str, ...], more: str = "", **letters: str) -> Workspace:
    """Customers with an overdue invoice each, and letters in the operator's own words: reminder_en = "..."."""
    known = customers or (ACME,)
    bills = [(f"{who[0]}-1", who[0], "2025-12-01", "2026-01-10", "100.00", "Bread") for who in known]
    made = Workspace.of(
        root,
        PLAIN.format(business="", more=more),
        customers=table(CUSTOMERS, *known),
        invoices=table(INVOICES, *bills),
    )
    for name, body in letters.items():
        stem, _, language = name.rpartition("_")
        made.write(f"letters/{stem.replace('_', '-')}.{language}.md", FRONT + ASKS + body + "\n")
    return made.committed()


def checked(books: Workspace) -> tuple[int, list[dict[str, str]]]:
    """The exit code of `check`, and what it found."""
    result = books.run("check", "--json", "--on", ON)
    return result.exit_code, json.loads(result.stdout)["findings"]


# ------------------------------------------------------------------ what stops a run


def test_a_threat_of_arrest_is_refused_with_file_row_words_and_reason(tmp_path: Path) -> None:
    books = workspace(tmp_path, reminder_en="We will have you arrested.")
    result = books.run("check", "--on", ON)
    assert result.exit_code == 1
    assert 'letters/reminder.en.md:8: error: L01 "arrested": Nobody is arrested' in result.stdout
    assert "1692e(4)" in result.stdout


@pytest.mark.parametrize("command", [("build",), ("send", "--yes"), ("send", "--dry-run")])
def test_nothing_is_written_or_sent_of_what_may_not_be_said(tmp_path: Path, command: tuple[str, ...]) -> None:
    books = workspace(tmp_path, reminder_en="We will have you arrested.")
    result = books.run(*command, "--on", ON)
    assert result.exit_code == 1
    assert "L01" in result.stderr
    assert books.notices() == []
    assert books.files() == {}


def test_status_reads_no_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    books = workspace(tmp_path, reminder_en="We will have you arrested.")
    monkeypatch.setattr(linter, "sources", None)
    monkeypatch.setattr(linter, "notice", None)
    books.done("status", "--on", ON)


@pytest.mark.parametrize(
    "body", ["Wir lassen Sie verhaften.", "Wir lassen Sie verha\u00adften.", "Dafür kommen Sie ins Gefängnis."]
)
def test_german_words_are_read_with_their_umlauts(tmp_path: Path, body: str) -> None:
    books = workspace(tmp_path, reminder_de=body, reminder_en="")
    code, found = checked(books)
    assert code == 1
    assert [(each["file"], each["row"], each["message"][:3]) for each in found] == [
        ("letters/reminder.de.md", 8, "L01")
    ]


COURT = 'If it stays unpaid, we will sue you.\n\n{% include "_announcements.md" %}'
ANNOUNCES = 'announces = [{ consequence = "small-claims", in_days = 30 }]\n'


def test_a_court_may_be_named_where_a_schedule_goes_there_and_nowhere_else(tmp_path: Path) -> None:
    books = workspace(tmp_path, final_demand_en=COURT)
    code, found = checked(books)
    assert (code, [each["message"][:3] for each in found]) == (1, ["L03"])
    books.write("config.toml", PLAIN.format(business="", more="") + ANNOUNCES)
    assert checked(books) == (0, [])


# ------------------------------------------------------------------ letters that nobody gets


def test_a_letter_that_nobody_gets_stops_nothing_and_is_named(tmp_path: Path) -> None:
    books = workspace(tmp_path, winter_en="We will have you arrested.")
    code, (found,) = checked(books)
    assert (code, found["severity"], found["file"]) == (0, "warning", "letters/winter.en.md")
    assert "No schedule and no answer uses this letter" in found["hint"]
    books.done("send", "--yes", "--on", ON)
    assert [row["account_id"] for row in books.notices()] == ["ACME"]


def test_a_partial_stops_the_run_only_with_a_letter_that_includes_it(tmp_path: Path) -> None:
    books = workspace(tmp_path, winter_en='{% include "_cold.md" %}')
    books.write("letters/_cold.en.md", "We will have you arrested.\n")
    code, (found,) = checked(books)
    assert (code, found["severity"], found["file"]) == (0, "warning", "letters/_cold.en.md")
    books.write("letters/reminder.en.md", FRONT + ASKS + '{% include "_cold.md" %}\n')
    code, (found,) = checked(books)
    assert (code, found["severity"], found["file"]) == (1, "error", "letters/_cold.en.md")


# ------------------------------------------------------------------ overruling

OVERRULE = '[[overrule]]\ncode = "{}"\nletter = "reminder"\nreason = "The price really ends that day."\n'


def test_a_warning_is_said_and_stands_with_its_reason_on_record(tmp_path: Path) -> None:
    books = workspace(tmp_path, reminder_en="This is your last chance.")
    code, (found,) = checked(books)
    assert (code, found["severity"], found["row"], found["message"][:3]) == (0, "warning", 8, "L12")
    books.write("config.toml", PLAIN.format(business="", more=OVERRULE.format("L12")))
    result = books.run("check", "--on", ON)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "The price really ends that day." in result.stderr
    answer = json.loads(books.done("check", "--json", "--on", ON))
    assert answer["findings"] == []
    (told,) = answer["overruled"]
    assert told.startswith("L12 ")
    assert "Let stand in reminder: The price really ends that day." in told


def test_an_error_cannot_be_overruled(tmp_path: Path) -> None:
    books = workspace(tmp_path, more=OVERRULE.format("L01"), reminder_en="We will have you arrested.")
    code, found = checked(books)
    assert code == 1
    assert [(each["file"], each["message"][:3]) for each in found] == [
        ("config.toml", "ove"),
        ("letters/reminder.en.md", "L01"),
    ]
    assert books.run("send", "--yes", "--on", ON).exit_code == 1
    assert books.notices() == []


# ------------------------------------------------------------------ finished notices


def test_business_charges_do_not_go_to_a_consumer_and_the_others_get_theirs(tmp_path: Path) -> None:
    body = "Under the Late Payment of Commercial Debts (Interest) Act we may add a fixed sum of £40."
    books = workspace(tmp_path, ACME, BYRNE, reminder_en=body)
    result = books.run("send", "--yes", "--on", ON)
    assert result.exit_code == 1
    assert "BYRNE: L19" in result.stderr
    assert [row["account_id"] for row in books.notices()] == ["ACME"]
    assert not list((books.root / "outbox").rglob("BYRNE-reminder*"))
    code, found = checked(books)
    assert code == 1
    assert {each["message"][:10] for each in found if each["severity"] == "error"} == {"BYRNE: L19"}


def test_what_is_the_same_for_many_accounts_is_said_once(tmp_path: Path) -> None:
    others = [(f"C{n}", f"Customer {n}", f"c{n}@c.example", "business", "en") for n in range(3)]
    books = workspace(tmp_path, *others, reminder_en="We charge interest on late payments.")
    code, found = checked(books)
    assert code == 0
    (about,) = [each["message"] for each in found]
    assert about.startswith('C0 and 2 more: L03 "charge interest"')


def test_what_the_books_say_is_not_the_letter_s_words(tmp_path: Path) -> None:
    prison = ("PRISON", "Prison Service Supplies Ltd", "pat@prison.example", "business", "en")
    books = workspace(tmp_path, prison)
    bill = ("P-1", "PRISON", "2025-12-01", "2026-01-10", "100.00", "Arrest warrant printing, bailiffs' uniforms")
    books.write("accounts/invoices.csv", table(INVOICES, bill))
    books.committed()
    assert checked(books) == (0, [])
    books.done("send", "--yes", "--on", ON)
    assert [row["account_id"] for row in books.notices()] == ["PRISON"]


@pytest.mark.parametrize(("due", "goes"), [("2020-01-10", True), ("2019-12-10", False)])
def test_no_court_is_named_for_what_is_too_old_to_sue_for(tmp_path: Path, due: str, goes: bool) -> None:
    config = PLAIN.format(business='country = "GB"\ntimezone = "Europe/London"\ncurrency = "GBP"', more="")
    first = "[[schedule.standard.step]]"
    final = config[config.rindex(first) :].replace("days = 20", "days = 1")
    books = workspace(tmp_path, final_demand_en=COURT)
    books.write("config.toml", config[: config.index(first)] + final + ANNOUNCES)
    books.write("accounts/invoices.csv", table(INVOICES, ("A-1", "ACME", "2019-11-01", due, "100.00", "Bread")))
    books.committed()
    result = books.run("send", "--yes", "--on", "2026-01-09")
    assert ("L15" in result.stderr, len(books.notices())) == (not goes, int(goes))


# ------------------------------------------------------------------ what is shipped


def test_nothing_is_said_against_the_shipped_letters_in_the_demo(tmp_path: Path) -> None:
    demo = Workspace.demo(tmp_path)
    answer = json.loads(demo.done("check", "--json"))
    assert answer == {"findings": [], "overruled": []}


def test_nor_where_a_schedule_announces_nothing(tmp_path: Path) -> None:
    books = workspace(tmp_path, ACME, BYRNE, ("MUELLER", "Müller GmbH", "info@mueller.example", "business", "de"))
    assert checked(books) == (0, [])


def test_a_second_look_at_the_letters_costs_nothing() -> None:
    inputs, _ = files.read_inputs(ROOT)
    assert inputs is not None
    in_letters._in_source.cache_clear()
    looks = []
    for _ in range(2):
        flow.run(inputs, today=date(2026, 3, 2), clock=date(2026, 3, 2), in_every_language=True)
        looks.append(in_letters._in_source.cache_info().misses)
    assert looks == [len(inputs.letters)] * 2
