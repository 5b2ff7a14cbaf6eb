"""The credit policy: who is to read it, who has, and that it never gets in the way of anything."""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from commandline import PLAIN, Workspace, table, text_of
from world import day, decide, diary, every_day, ladder, ledger, line, live, recorded, step

from pastdue.config import Config
from pastdue.dunning import onboarding
from pastdue.model import NO_ITEM, Action, Activity, Customer, Ledger, State

STEPS = (step("reminder", 1, pay_within=7), step("second-notice", 10, pay_within=7))
NEW = ledger([])


def config(**policy: object) -> Config:
    return ladder(*STEPS, policy={"version": "2026-01", "send": True, **policy})


CONFIG = config()


def sent_to(books: Ledger, first: str, last: str, settings: Config = CONFIG, state: State = State.SENT) -> list[str]:
    """What goes out from the first day to the last, run daily."""
    return [f"{on} {what}" for on, _, _, what in live(books, settings, every_day(first, last), state)]


def missing(*lines: Activity, on: str = "2026-03-02", settings: Config = CONFIG) -> str:
    (standing,), _ = decide(ledger([], activity=diary(*lines)), settings, day(on))
    return onboarding.missing(standing, settings)


# ------------------------------------------------------------------ whose acknowledgement holds


def test_an_acknowledgement_holds_for_its_version_and_its_days() -> None:
    acknowledged = line("2026-01-10", "acknowledged", note="2026-01")
    assert missing() == "never acknowledged"
    assert missing(acknowledged) == ""
    assert missing(acknowledged, on="2027-01-10") == ""
    assert missing(acknowledged, on="2027-01-11") == "acknowledged on 2026-01-10, more than 365 days ago"
    assert missing(acknowledged, on="2026-02-11", settings=config(valid_days=31)) != ""
    assert missing(acknowledged, on="2026-02-10", settings=config(valid_days=31)) == ""
    assert missing(acknowledged, on="2026-01-09") == "never acknowledged"


def test_an_older_version_is_named_and_so_is_a_line_without_one() -> None:
    old = line("2026-01-10", "acknowledged", note="2025-01")
    assert missing(old) == "acknowledged version 2025-01 on 2026-01-10, and 2026-01 holds now"
    assert missing(line("2026-01-10", "acknowledged")) == "acknowledged no version on 2026-01-10, and 2026-01 holds now"
    assert missing(old, line("2026-02-01", "acknowledged", note="2026-01")) == ""


def test_without_a_version_there_is_no_policy_and_nothing_is_missing() -> None:
    none = ladder(*STEPS, policy={"send": True, "staff": {"Nora": day("2020-01-01")}})
    assert missing(settings=none) == ""
    assert sent_to(NEW, "2026-03-02", "2026-03-04", none) == []
    assert list(onboarding.findings([], none, day("2026-03-02"))) == []


# ------------------------------------------------------------------ who gets the letter


def test_a_new_customer_gets_it_once_in_a_year_and_then_not_again_without_business() -> None:
    assert sent_to(NEW, "2026-03-02", "2028-03-02") == ["2026-03-02 policy-2026-01"]


def test_a_customer_with_business_gets_it_again_after_a_year() -> None:
    books = ledger([("R", "2026-02-25", "2028-12-31", 100)])
    assert sent_to(books, "2026-03-02", "2027-03-03") == ["2026-03-02 policy-2026-01", "2027-03-02 policy-2026-01"]


def test_it_goes_only_when_it_is_to_be_sent() -> None:
    assert sent_to(NEW, "2026-03-02", "2026-03-09", config(send=False)) == []


def test_who_has_acknowledged_it_hears_of_it_when_that_is_out_of_date() -> None:
    books = ledger(
        [("R", "2026-02-25", "2028-12-31", 100)], activity=diary(line("2026-01-10", "acknowledged", note="2026-01"))
    )
    assert sent_to(books, "2026-03-02", "2027-01-12") == ["2027-01-11 policy-2026-01"]
    other = config(version="2026-07")
    assert sent_to(books, "2026-03-02", "2026-03-04", other) == ["2026-03-02 policy-2026-07"]


def test_a_new_version_goes_to_those_who_had_the_old_one() -> None:
    _, made = decide(NEW, CONFIG, day("2026-03-02"))
    books = recorded(ledger([("R", "2026-03-05", "2028-12-31", 100)]), made, day("2026-03-02"))
    assert sent_to(books, "2026-03-10", "2026-03-20", config(version="2026-02")) == ["2026-03-10 policy-2026-02"]


def test_whom_we_have_not_heard_of_for_a_year_is_left_in_peace() -> None:
    paid = ledger([("R", "2024-01-01", "2024-01-31", 100)], [("2024-02-01", "R", 100, "")])
    assert sent_to(paid, "2026-03-02", "2026-03-09") == []
    again = ledger([("R", "2024-01-01", "2024-01-31", 100)], [("2025-06-01", "R", 100, "")])
    assert sent_to(again, "2026-03-02", "2026-03-09") == ["2026-03-02 policy-2026-01"]


def test_a_printed_or_deferred_letter_is_not_written_anew_while_it_went_out() -> None:
    assert sent_to(NEW, "2026-03-02", "2026-03-09", state=State.PRINTED) == ["2026-03-02 policy-2026-01"]
    assert len(sent_to(NEW, "2026-03-02", "2026-03-04", state=State.DEFERRED)) == 3


HOLDS: Mapping[str, Activity] = {
    kind: line("2026-03-01", kind, **more)
    for kind, more in {
        "hold": {},
        "stop-contact": {},
        "lawyer": {},
        "insolvency": {},
        "deceased": {},
        "fraud": {},
        "placed": {"note": "an agency"},
        "hardship": {"due": "2026-04-01"},
        "promise": {"amount": 100, "due": "2026-03-20"},
        "dispute": {"invoice": "R"},
    }.items()
}


@pytest.mark.parametrize("kind", HOLDS)
def test_a_held_account_hears_nothing_of_it(kind: str) -> None:
    books = ledger([("R", "2026-02-25", "2026-03-25", 100)], activity=diary(HOLDS[kind]))
    assert not any("policy" in each for each in sent_to(books, "2026-03-02", "2026-03-05"))
    assert sent_to(replace(books, activity=()), "2026-03-02", "2026-03-05") == ["2026-03-02 policy-2026-01"]


def test_nobody_who_is_overdue_gets_it_whatever_the_currency() -> None:
    late = ledger([("R", "2026-01-01", "2026-01-31", 100)])
    assert not any("policy" in each for each in sent_to(late, "2026-03-02", "2026-06-30"))
    invoices = late.invoices.assign(currency="GBP")
    both = replace(late, invoices=invoices)
    standings, made = decide(both, CONFIG, day("2026-03-02"))
    assert [standing.currency for standing in standings] == ["GBP"]
    assert made[0].step == "reminder"


def test_an_account_with_two_currencies_gets_one_letter() -> None:
    import pandas as pd

    euros, pounds = (
        ledger([("E", "2026-02-25", "2026-04-25", 100)]),
        ledger([("P", "2026-02-25", "2026-04-25", 100)], currency="GBP"),
    )
    both = replace(euros, invoices=pd.concat([pounds.invoices, euros.invoices], ignore_index=True))
    _, made = decide(both, CONFIG, day("2026-03-02"))
    assert [(each.currency, each.action) for each in made] == [("EUR", Action.NOTICE), ("GBP", Action.WAIT)]
    assert sent_to(both, "2026-03-02", "2026-03-05") == ["2026-03-02 policy-2026-01"]


# ------------------------------------------------------------------ that it is in nobody's way


def test_a_step_that_is_due_goes_first_and_the_letter_keeps_the_gap() -> None:
    steps = (step("invoice", 0, **{"from": "issued"}), *STEPS)
    books = ledger([("R", "2026-03-02", "2026-04-01", 100)])
    settings = ladder(*steps, policy={"version": "2026-01", "send": True}, schedule={"minimum_gap": 5})
    assert sent_to(books, "2026-03-02", "2026-03-31", settings) == ["2026-03-02 invoice", "2026-03-07 policy-2026-01"]


def test_no_step_waits_because_of_the_letter() -> None:
    books = ledger([("R", "2026-02-01", "2026-03-01", 100)])
    settings = ladder(*STEPS, policy={"version": "2026-01", "send": True}, schedule={"minimum_gap": 5})
    _, made = decide(books, settings, day("2026-03-01"))
    assert made[0].step == "policy-2026-01"
    assert sent_to(books, "2026-03-01", "2026-03-31", settings) == [
        "2026-03-01 policy-2026-01",
        "2026-03-02 reminder",
        "2026-03-11 second-notice",
    ]


def test_it_goes_on_business_days_by_email_or_else_by_letter() -> None:
    settings = ladder(*STEPS, policy={"version": "2026-01", "send": True}, calendar={"country": "none"})
    assert sent_to(NEW, "2026-02-28", "2026-03-05", settings) == ["2026-03-02 policy-2026-01"]
    post = Customer("A", "Acme", address=("1 Quay Street",), city="Galway")
    _, (decision,) = decide(replace(NEW, customers={"A": post}), CONFIG, day("2026-03-02"))
    assert decision.channels == ("letter",)
    phone = Customer("A", "Acme", phone="+44 20 7946 0000")
    _, (decision,) = decide(replace(NEW, customers={"A": phone}), CONFIG, day("2026-03-02"))
    assert decision.action is Action.NONE


def test_the_letter_is_about_no_invoice_and_asks_for_nothing() -> None:
    _, (decision,) = decide(ledger([("R", "2026-02-25", "2026-04-25", 100)]), CONFIG, day("2026-03-02"))
    assert decision.answer is not None
    assert (decision.step, decision.letter) == ("policy-2026-01", "policy")
    assert (decision.answer.items, decision.answer.asks, decision.pay_by) == ((NO_ITEM,), 0, None)
    assert decision.reasons == ("the credit policy: never acknowledged",)


# ------------------------------------------------------------------ what check says


def found(*lines: Activity, settings: Config = CONFIG, sent: bool = True, on: str = "2026-03-20") -> list[str]:
    books = ledger([], activity=diary(*lines))
    if sent:
        _, made = decide(NEW, CONFIG, day("2026-03-02"))
        books = recorded(books, made, day("2026-03-02"))
    standings, _ = decide(books, settings, day(on))
    return [str(each) for each in onboarding.findings(standings, settings, day(on))]


def test_staff_are_due_again_after_their_days() -> None:
    staff = config(staff={"Nora": day("2025-03-20"), "Dan": day("2025-03-19")})
    (said,) = found(settings=staff)
    assert said == (
        'config.toml: warning: "Dan" acknowledged the credit policy on 2025-03-19, more than 365 days ago\n'
        "    Let them read it again, then set their date under [policy.staff]."
    )


def test_an_acknowledgement_after_the_letter_names_a_version_that_was_sent() -> None:
    assert found(line("2026-03-10", "acknowledged", note="2026-01")) == []
    (said,) = found(line("2026-03-10", "acknowledged", note="2026-1"))
    assert said.startswith(
        'accounts/activity:2: warning: note: acknowledged: "2026-1" is no version that they were sent'
    )
    (said,) = found(line("2026-03-10", "acknowledged"))
    assert "no version is named" in said


def test_an_old_version_is_no_mistake() -> None:
    assert found(line("2025-03-10", "acknowledged", note="2024")) == []
    assert found(line("2025-03-10", "acknowledged", note="2024"), sent=False) == []
    assert found(line("2026-03-10", "acknowledged", note="2026-01"), settings=config(version="2026-02")) == []


# ------------------------------------------------------------------ on record, through a real send

POLICY = PLAIN.replace("[schedule.standard]", '[policy]\nversion = "2026-01"\nsend = true\n[schedule.standard]', 1)
CUSTOMERS = table(
    ["account_id", "name", "email", "address", "city"],
    ["ACME", "Acme", "a@acme.example", "", ""],
    ["POST", "Post", "", "1 Quay Street", "Galway"],
)
EMPTY = {
    "invoices": table(["invoice_id", "account_id", "issued", "due", "amount"]),
    "payments": table(["received", "account_id", "amount"]),
}


def workspace(root: Path, **ledgers: str) -> Workspace:
    config = POLICY.format(business="", more="")
    return Workspace.of(root, config, **({"customers": CUSTOMERS} | EMPTY | ledgers))


def test_a_letter_about_no_invoice_is_on_record_and_does_not_go_again(tmp_path: Path) -> None:
    books = workspace(tmp_path)
    books.done("send", "--yes", "--on", "2026-03-02")
    told = books.told(
        "account_id", "invoice_id", "due", "step", "rung", "channel", "state", "open", "pay_by", "announces"
    )
    assert told == [
        ("ACME", "", "", "policy-2026-01", "-1", "email", "drafted", "0.00", "", ""),
        ("POST", "", "", "policy-2026-01", "-1", "letter", "printed", "0.00", "", ""),
    ]
    before = books.notices()
    for on in ("2026-03-02", "2026-03-03", "2026-04-02"):
        books.done("send", "--yes", "--on", on)
    assert books.notices() == before
    books.done("send", "--yes", "--posted", "--on", "2026-04-02")
    assert books.told("account_id", "state")[-1] == ("POST", "posted")
    assert books.run("check", "--on", "2026-04-02").exit_code == 0
    assert "drafted: 1 notice to 1 account, 0.00 EUR; 1 printed" in books.git("log", "--format=%s")


def test_the_email_starts_no_thread_and_joins_none(tmp_path: Path) -> None:
    invoices = table(
        ["invoice_id", "account_id", "issued", "due", "amount"], ["R1", "ACME", "2026-02-20", "2026-03-20", "100.00"]
    )
    books = workspace(tmp_path, invoices=invoices)
    books.done("send", "--yes", "--on", "2026-03-02", "--only", "ACME")
    books.done("send", "--yes", "--on", "2026-03-21", "--only", "ACME")
    policy, reminder = (books.email(row["file"]) for row in books.notices())
    assert "In-Reply-To" not in policy
    assert "In-Reply-To" not in reminder
    assert "R1" not in text_of(policy)
    assert "R1" in text_of(reminder)


def test_a_row_of_a_step_without_its_invoice_still_stops_the_run(tmp_path: Path) -> None:
    books = workspace(tmp_path)
    books.done("send", "--yes", "--on", "2026-03-02", "--only", "ACME")
    (row,) = books.notices()

    def said(**cells: str) -> str:
        out = io.StringIO()
        writer = csv.DictWriter(out, list(row), lineterminator="\n")
        writer.writeheader()
        writer.writerow(row | cells)
        books.write("accounts/notices.csv", out.getvalue())
        return books.run("check", "--on", "2026-03-03").output

    assert "notices.csv" not in said()
    assert "invoice_id: the cell is blank" in said(rung="0")
    assert "due: the cell is blank" in said(rung="0")
    assert "due: the cell is blank" in said(invoice_id="R1")
    assert "invoice_id: the cell is blank" in said(due="2026-03-20")
    assert "invoice_id: the cell is blank" in said(step="")


def test_the_year_of_the_letter_is_counted_in_days() -> None:
    first = date(2026, 3, 2)
    books = ledger([("R", "2026-02-25", "2028-12-31", 100)])
    _, made = decide(books, CONFIG, first)
    books = recorded(books, made, first)
    _, (eve,) = decide(books, CONFIG, first + timedelta(364))
    _, (again,) = decide(books, CONFIG, first + timedelta(365))
    assert (eve.action, again.step) == (Action.WAIT, "policy-2026-01")
