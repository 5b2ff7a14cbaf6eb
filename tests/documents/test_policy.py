"""The policy and the schedule as pages: every fact from config.toml, nothing of a customer, nothing of another track."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_tools import CONFIG as PAGES_CONFIG
from page_tools import HOSTILE, ON, STATIC, TEMPLATES, Read, item, standing
from test_answer_letters import ONE, answering, notice, said

from pastdue.config import Config
from pastdue.documents import policy, portal, schedule
from pastdue.documents.catalogue import SHIPPED as WORDS
from pastdue.documents.letters import Letters
from pastdue.model import NO_ITEM, Answer, Customer, Notice

FOLDER = Path(__file__).parents[2] / "letters"
SHIPPED = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
LETTERS = Letters(SHIPPED)
STEPS = (
    {"name": "invoice", "from": "issued", "days": 0, "channels": ["email"]},
    {"name": "reminder", "days": 1, "channels": ["email"], "pay_within": 7,
     "announces": [{"consequence": "interest", "in_days": 14}]},
    {"name": "call", "days": 22, "channels": ["call"]},
    {"name": "final-demand", "days": 30, "channels": ["email", "letter"], "pay_within": 14,
     "announces": [{"consequence": "agency", "in_days": 30}, {"consequence": "fee", "in_days": 0}]},
    {"name": "last-word", "from": "previous", "days": 16, "channels": ["letter"], "pay_within": 0},
)  # fmt: skip
SECRET = {"name": "hidden-step", "days": 77, "channels": ["letter"], "pay_within": 3}


def config(*steps: dict[str, Any], business: dict[str, Any] | None = None, **more: Any) -> Config:
    own = PAGES_CONFIG.model_dump(include={"business", "portal"}, by_alias=True)
    own["business"] |= business or {}
    tracks = {
        "standard": {"minimum_gap": 5, "step": list(steps or STEPS)},
        "firm": {"minimum_gap": 2, "step": [SECRET]},
    }
    base = {"policy": {"version": "2026-01"}, "interest": {"regime": "ie-si580"}, "schedule": tracks}
    return Config.model_validate(own | base | more)


CONFIG = config()


def rungs(settings: Config = CONFIG, language: str = "en") -> list[tuple[str, str, str]]:
    return [(each.when, each.what, each.more) for each in schedule.steps(settings, WORDS.of(language))]


def rules(settings: Config = CONFIG, language: str = "en") -> dict[str, str]:
    return {each.title: each.text for each in schedule.rules(settings, WORDS.of(language))}


def pages(settings: Config = CONFIG, letters: Letters = LETTERS) -> dict[str, Read]:
    made = policy.pages(letters, settings, ON, TEMPLATES, portal.policy(settings))
    return {page.path.removeprefix("site/public/"): Read(page.content) for page in made}


def one(**step: Any) -> tuple[str, str, str]:
    return rungs(config({"name": "reminder", "days": 1, "channels": ["email"]} | step))[0]


# ------------------------------------------------------------------ the steps in words


def test_each_step_says_when_how_by_when_and_what_it_announces() -> None:
    assert rungs() == [
        ("On the day of the invoice", "Invoice, by email", ""),
        (
            "The day after the due date",
            "Reminder, by email",
            "To be paid within 7 days. Announced for 14 days later: interest on what is then still unpaid.",
        ),
        ("22 days after the due date", "We call you", ""),
        (
            "30 days after the due date",
            "Final demand, by email and by letter",
            (
                "To be paid within 14 days. Announced for 30 days later: what is then still unpaid goes to a collection agency. "
                "Announced for the same day: the late-payment fee agreed in our terms (businesses only)."
            ),
        ),
        (
            "16 days after the step before",
            "Message about your account, by letter",
            "To be paid on the day it reaches you.",
        ),
    ]


def test_the_same_in_german() -> None:
    assert rungs(language="de")[1] == (
        "Am Tag nach der Fälligkeit",
        "Zahlungserinnerung, per E-Mail",
        "Zu zahlen innerhalb von 7 Tagen. Angekündigt für 14 Tage danach: Verzugszinsen auf das, was dann noch offen ist.",
    )
    assert rungs(language="de")[2][1] == "Wir rufen Sie an"


@pytest.mark.parametrize(
    ("start", "days", "when"),
    [
        ("issued", 3, "3 days after the date of the invoice"),
        ("issued", -1, "The day before the date of the invoice"),
        ("due", 0, "On the due date"),
        ("due", -5, "5 days before the due date"),
        ("due", -1, "The day before the due date"),
        ("due-month-end", 0, "At the end of the month in which the invoice is due"),
        ("due-month-end", 10, "At the first end of a month from 10 days after the due date"),
        ("due-month-end", -2, "At the first end of a month from 2 days before the due date"),
    ],
)
def test_a_day_is_said_as_people_say_it(start: str, days: int, when: str) -> None:
    assert one(**{"from": start, "days": days})[0] == when


def test_interest_that_no_rule_lets_run_is_not_told_of() -> None:
    none = config(interest={"regime": ""})
    assert "interest" not in str(rungs(none))
    assert "Interest" not in rules(none)


@settings(max_examples=150, deadline=None)
@given(
    start=st.sampled_from(["issued", "due", "due-month-end", "previous"]),
    days=st.integers(-366, 400),
    within=st.none() | st.integers(0, 366),
    channels=st.sampled_from([["email"], ["letter"], ["letter", "email"], ["call"]]),
    announces=st.lists(
        st.tuples(
            st.sampled_from(["interest", "fee", "prepayment", "stop-service", "agency", "small-claims"]),
            st.integers(0, 366),
        ),
        max_size=3,
    ),
    language=st.sampled_from(["en", "de", "es", "fr"]),
)
def test_every_number_of_a_step_is_on_the_page_and_no_other(
    start: str, days: int, within: int | None, channels: list[str], announces: list[tuple[str, int]], language: str
) -> None:
    each = {"name": "reminder", "from": start, "days": days, "channels": channels, "pay_within": within}
    first = {"name": "invoice", "from": "issued", "days": 0, "channels": ["email"]}
    each["announces"] = [{"consequence": what, "in_days": in_days} for what, in_days in announces]
    rung = schedule.steps(config(first, each), WORDS.of(language))[1]

    def numbers(text: str) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", text)]

    assert numbers(rung.when) == [abs(days)] * (abs(days) > 1)
    assert [n for n in numbers(rung.within) if n > 1] == [within] * ((within or 0) > 1)
    assert bool(rung.within) == (within is not None)
    assert [numbers(line) for line in rung.announces] == [[n] * (n > 1) for _, n in announces]
    calls = {"We call you", "Wir rufen Sie an", "Le llamamos", "Nous vous appelons"}
    assert (rung.what in calls) == (channels == ["call"])
    assert "{" not in f"{rung}"


# ------------------------------------------------------------------ what holds beside them


def test_the_rules_are_those_of_the_settings() -> None:
    told = rules(config(promises={"grace": 4, "most_broken": 3}, plans={"unsigned_days": 9, "grace": 6}))
    assert list(told) == [
        "No surprises", "If something is wrong", "If you need a few more days", "If you need to pay in parts", "Interest",
    ]  # fmt: skip
    assert "At least 5 days lie between two of these steps" in told["No surprises"]
    assert "for 4 business days more, we wait" in told["If you need a few more days"]
    assert "After 3 such dates that were not kept" in told["If you need a few more days"]
    assert "We wait 9 days for your signature." in told["If you need to pay in parts"]
    assert "more than 6 days late ends the plan" in told["If you need to pay in parts"]
    assert told["Interest"].startswith("Interest under the European Communities (Late Payment")


def test_the_least_gap_of_any_step_is_the_one_that_is_told() -> None:
    steps = [dict(STEPS[0], minimum_gap=0), dict(STEPS[1], minimum_gap=3), STEPS[3]]
    assert "At least 3 days lie" in rules(config(*steps))["No surprises"]
    assert "At least one day lies" in rules(config(STEPS[0], dict(STEPS[1], minimum_gap=0)))["No surprises"]


def test_interest_says_from_when_and_at_which_rate() -> None:
    agreed = config(interest={"regime": "contract", "rate": "8.5", "starts": "due"})
    assert rules(agreed)["Interest"] == (
        "Interest at 8.5% a year, as agreed in our terms, runs from the day after the due date, and we ask for it only"
        " once a notice has announced it."
    )
    assert rules()["Interest"].endswith("from consumers we ask for no more than the law gives.")
    assert rules(agreed, "de")["Zinsen"].startswith("Verzugszinsen von 8,5 % im Jahr")


def test_payment_in_advance_is_told_of_where_it_can_come() -> None:
    late = config(prepayment={"late_times": 3, "late_days": 10})
    assert rules(late)["Payment in advance"] == (
        "Customers who have paid 3 invoices 10 days late or more within twelve months pay in advance for new orders."
        " We write to you when that begins and when it ends."
    )
    demand = rules(config(prepayment={"after_final_demand": True}))["Payment in advance"]
    assert demand.startswith("While a final demand is open, new orders are paid in advance.")
    assert "Payment in advance" not in rules()


def test_that_others_may_have_other_steps_is_said_and_which_is_not() -> None:
    assert "steps may come later or sooner" in rules()["No surprises"]
    alone = CONFIG.model_copy(update={"schedule": {"standard": CONFIG.schedule["standard"]}})
    assert "sooner" not in rules(alone)["No surprises"]


# ------------------------------------------------------------------ the pages


def test_there_is_a_page_of_each_in_each_language_of_the_text() -> None:
    made = pages()
    assert list(made) == [f"{page}{tag}.html" for tag in ("", ".de", ".es", ".fr") for page in ("policy", "schedule")]
    for name, page in made.items():
        assert page.problems() == [], name
        assert page.all("html")[0]["lang"][:2] == (name.split(".")[1] if name.count(".") == 2 else "en")
        assert page.requests == ["data:,", "static/style.css"]
        assert {"name": "robots", "content": "noindex, nofollow, noarchive"} in page.all("meta")
        here = {link for link in page.links if not link.startswith(("mailto:", "tel:"))}
        assert here <= set(made), name


def test_in_a_german_house_the_german_page_has_the_plain_name() -> None:
    made = pages(config(business={"language": "de"}))
    assert list(made) == [f"{page}{tag}.html" for tag in ("", ".en", ".es", ".fr") for page in ("policy", "schedule")]
    assert "Zahlungsgrundsätze" in made["policy.html"].text


def test_without_a_version_there_are_no_pages_and_no_links() -> None:
    none = config(policy={})
    assert pages(none) == {}
    assert policy.links(LETTERS, none, "en") == ()
    assert list(policy.findings(LETTERS, none)) == []


def flat(text: str) -> str:
    """Spaces of any width as one."""
    return " ".join(text.split())


def test_both_pages_tell_every_step_and_rule() -> None:
    made = pages()
    for language, suffix in (("en", ""), ("de", ".de"), ("es", ".es"), ("fr", ".fr")):
        for page in (made[f"policy{suffix}.html"], made[f"schedule{suffix}.html"]):
            for rung in schedule.steps(CONFIG, WORDS.of(language)):
                assert all(
                    flat(line) in flat(page.text) for line in (rung.when, rung.what, rung.within, *rung.announces)
                )
            for rule in schedule.rules(CONFIG, WORDS.of(language)):
                assert flat(rule.title) in flat(page.text)
                assert flat(rule.text) in flat(page.text)


def test_no_track_class_or_other_schedule_is_on_them() -> None:
    for name, page in pages().items():
        hidden = r"\bfirm\b|hidden|\b77\b|valued|\btrack|standard|slow but honest|avoids"
        assert re.findall(hidden, page.text, re.IGNORECASE) == [], name


def test_nothing_of_a_customer_is_on_them_even_if_the_text_asks_for_it() -> None:
    text = "{{ customer.name }}|{{ customer.id }}|{{ portal_url }}|{{ total }}|{{ channel }}"
    made = pages(letters=Letters(SHIPPED | {"_policy.en.md": text}))
    assert re.search(r"\|\|\|€0.00\|page", made["policy.html"].text)


@pytest.mark.parametrize("text", HOSTILE)
def test_the_name_of_the_business_is_text_and_no_markup(text: str) -> None:
    for name, page in pages(config(business={"name": text, "phone": text, "registration": text})).items():
        assert page.problems() == [], name
        assert page.all("style") == [], name


def test_a_policy_without_a_text_is_said() -> None:
    bare = Letters({name: text for name, text in SHIPPED.items() if not name.startswith("_policy")})
    (found,) = policy.findings(bare, CONFIG)
    assert str(found).startswith("letters/_policy.en.md: warning: there is no text of the credit policy")
    assert pages(letters=bare) == {}


def test_the_shipped_templates_are_sound_and_a_mistake_in_one_is_found() -> None:
    assert policy.check(TEMPLATES) == []
    broken = TEMPLATES | {"schedule.html": TEMPLATES["schedule.html"].replace("step.when", "step.wehn")}
    (found,) = policy.check(broken)
    assert found.file == "site/templates/schedule.html"
    assert found.stops_run


# ------------------------------------------------------------------ from the customer's page


def customer_page(language: str) -> Read:
    customer = Customer("A-1", "Acme", language=language)
    own = [standing(customer, item("1", 3, 100))]
    made = portal.pages(
        own, [], CONFIG, TEMPLATES, STATIC, b"k" * 32, lambda wanted: policy.links(LETTERS, CONFIG, wanted)
    )
    return next(Read(page.content) for page in made if page.path.endswith("/index.html") and len(page.path) > 40)


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", ["../policy.html", "../schedule.html"]),
        ("de-AT", ["../policy.de.html", "../schedule.de.html"]),
        ("fr", ["../policy.fr.html", "../schedule.fr.html"]),
        ("es-MX", ["../policy.es.html", "../schedule.es.html"]),
        ("pl", ["../policy.html", "../schedule.html"]),
    ],
)
def test_every_customer_finds_both_from_their_page_in_their_language(language: str, names: list[str]) -> None:
    page = customer_page(language)
    assert page.links[-2:] == names
    assert page.problems() == []


# ------------------------------------------------------------------ the letters


def policy_notice(language: str, channel: str = "email") -> Notice:
    made = Answer("policy-2026-01", (NO_ITEM,))
    this = notice("policy", language=language, channel=channel)
    return replace(this, items=(), answer=made, pay_by=None, step="policy-2026-01", rung=-1)


@pytest.mark.parametrize(
    ("language", "reply"),
    [("en", "I have read it."), ("de", "Ich habe sie gelesen."), ("es", "«La he leído»"), ("fr", "« Je l’ai lue. »")],
)
def test_the_policy_letter_holds_the_policy_and_asks_for_an_answer(language: str, reply: str) -> None:
    letter = LETTERS.write(policy_notice(language), CONFIG)
    text = said(letter)
    assert reply in text
    assert "2026-01" in text
    assert (
        "https://pay.harbourjoinery.example/a/policy" + ("" if language == "en" else f".{language}") + ".html"
        in letter.text
    )
    for rung in schedule.steps(CONFIG, WORDS.of(language)):
        assert rung.when in text
        assert rung.what in text
    for rule in schedule.rules(CONFIG, WORDS.of(language)):
        assert flat(rule.text) in flat(text)


@pytest.mark.parametrize("language", ["en", "de", "es", "fr"])
def test_the_letter_names_no_invoice_and_no_sum_of_the_account(language: str) -> None:
    for channel in ("email", "letter"):
        letter = LETTERS.write(policy_notice(language, channel), CONFIG)
        assert not re.search(r"[€£$]|2041|EUR", letter.text)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["On 26 February 2026 we delivered", "please tell us by 9 March 2026", "set aside until it is settled"]),
        ("de", ["am 26. Februar 2026 haben wir geliefert", "bitte bis zum 9. März 2026", "ruht, bis es geklärt ist"]),
        ("es", ["El 26 de febrero de 2026 entregamos", "a más tardar el 9 de marzo de 2026", "queda en suspenso"]),
        ("fr", ["Le 26 février 2026, nous avons livré", "au plus tard le 9 mars 2026", "est mise de côté jusqu’à"]),
    ],
)
def test_the_question_names_the_delivery_the_invoice_its_due_date_and_by_when_to_answer(
    language: str, words: list[str]
) -> None:
    early = replace(ONE[0], days_past_due=-24, due=ON.replace(day=26))
    this = answering(notice("satisfaction", early, language=language))
    assert this.answer is not None
    this = replace(this, answer=replace(this.answer, delivered=ON.replace(month=2, day=26)))
    text = said(LETTERS.write(this, CONFIG))
    due = {
        "en": "due on 26 March 2026",
        "de": "am 26. März 2026 fällig",
        "es": "vence el 26 de marzo de 2026",
        "fr": "est à payer le 26 mars 2026",
    }
    for each in (*words, "2041", due[language]):
        assert each in text
    several = said(LETTERS.write(replace(this, answer=replace(this.answer, delivered=None)), CONFIG))
    assert not re.search("febr|févr", several, re.IGNORECASE)
