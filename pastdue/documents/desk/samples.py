"""Are the operator's own templates of the desk sound? Found out by rendering samples with them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd

from pastdue.config import Config
from pastdue.documents import site
from pastdue.documents.desk import morning as words
from pastdue.documents.desk import previews, timelines
from pastdue.documents.desk.morning import Morning
from pastdue.documents.desk.page import desk
from pastdue.documents.desk.sections import LISTED
from pastdue.findings import Finding, Severity
from pastdue.model import (
    Action,
    Activity,
    Charge,
    Class,
    Conduct,
    Customer,
    Decision,
    Document,
    Hold,
    Instalment,
    ItemDecision,
    Ledger,
    Notice,
    Obligation,
    ObligationState,
    OpenItem,
    Payment,
    Plan,
    PlanState,
    Promise,
    PromiseState,
    Sent,
    Standing,
    State,
)
from pastdue.outlook import Cash, Coming, CountBack, Kind, Metrics, MonthEnd, Ratio, Week


def check(templates: Mapping[str, str]) -> list[Finding]:
    """What is wrong with the templates, found by rendering samples with them; one finding for each."""
    config = Config.model_validate({"business": {"name": "Sample Joinery"}})
    samples = Morning(date(2026, 3, 2), (), ()), _sample()

    def of_the_page() -> None:
        for morning in samples:
            desk(morning, config, templates, {})

    def of_the_timelines() -> None:
        for morning in samples:
            list(timelines.pages(morning, _books(), config, templates, {}, frozenset({"invoices/S-1.pdf"})))

    def of_the_previews() -> None:
        list(previews.pages(samples[1].documents, templates))

    return [
        *site.trial(words.TEMPLATE, of_the_page),
        *site.trial(timelines.TEMPLATE, of_the_timelines),
        *site.trial(previews.TEMPLATE, of_the_previews),
    ]


def _sample() -> Morning:
    """A morning with something in every list, and one list that is cut."""
    on = date(2026, 3, 2)
    late = OpenItem("S-1", on - timedelta(9), on - timedelta(39), "EUR", 90000, 60000, 9, "Sample work")
    early = OpenItem("S-2", on + timedelta(3), None, "EUR", 5000, 5000, -3)
    next_step = ItemDecision(late, "reminder", "second-notice", on + timedelta(3), False, ("a reason",), 3)
    printed = Sent("n1", on, "S-1", late.due, "reminder", 2, "letter", State.PRINTED, 60000, "EUR", file="outbox/a.pdf")
    buckets = (5000, 60000, 0, 0, 0, 0)
    promises = tuple(Promise(on, on, on, 9, 10, 5, state, n) for n, state in enumerate(PromiseState))
    in_default = Plan(on, on, PlanState.DEFAULT, on, (Instalment(1, on, 9, 5),))
    conduct = Conduct(
        promises, in_default, "cash-flow", on, 1, (), Class.BREAKS, "figures", ("a proposal",), "a reason"
    )
    in_order = replace(conduct, plan=replace(in_default, state=PlanState.GOOD))

    said = tuple(Obligation("agency", on, state, (late.key,), on, "n1", "why", "held") for state in ObligationState)
    charge = Charge("S-1", late.due, "EUR", "ie-si580", on, (), 4000, on, told=True)

    diary = (Activity(on, "s-0", "plan", "S-1", 9, on, "week", 3, "me", "a note", 4),)
    paid = (Payment(on, 9, "EUR", "S-1", "a transfer"),)

    def standing(account: str, phone: str) -> Standing:
        customer = Customer(account, "Sample", contact="A Person", phone=phone)
        how, items = (conduct, (late, early)) if phone else (in_order, ())
        return Standing(
            on, customer, "EUR", items, 100, buckets, paid, (printed,), diary, conduct=how, charges=(charge,),
            obligations=said,
        )  # fmt: skip

    def decision(account: str, action: Action) -> Decision:
        hold = Hold("hold", "a reason")
        return Decision(
            account, "EUR", action, ("a reason",), "reminder", -1, "", ("email",), on, (next_step,), holds=(hold,)
        )

    wanted = [(action, phone) for action in Action for phone in ("", "+44 20 7946 0000")]
    wanted += [(Action.HOLD, "")] * LISTED
    accounts = [f"s-{n}" for n in range(len(wanted))]
    return Morning(
        on,
        [standing(account, phone) for account, (_, phone) in zip(accounts, wanted, strict=True)],
        [decision(account, action) for account, (action, _) in zip(accounts, wanted, strict=True)],
        [Finding(Severity.ERROR, "accounts/invoices.csv", "a message", "a hint", row=3)] * (LISTED + 1),
        documents=_documents(on),
        guards=("a guard",),
        timelines={account: timelines.path(account) for account in accounts[:2]},
        pages=dict.fromkeys(accounts, "site/public/x/index.html"),
        hours=dict.fromkeys(accounts, "Call between 09:00 and 17:30"),
        worth={(account, "EUR"): (9, 10, "90 % of a sample") for account in accounts},
        costly={(account, "EUR"): (6, 30, 0, 9, 5) for account in accounts},
        kept={"EUR": (17, 20, 1240000, 1600000)},
        unbilled=[(Activity(on, accounts[0], "delivered", amount=4500, note="a note"), "EUR", 9)],
        unread={accounts[0]: ("a reason", None)},
        metrics=(_metrics(on),),
        cash=(_cash(on),),
        coming=tuple(_coming(on, accounts)),
        until=on + timedelta(60),
    )


def _documents(on: date) -> tuple[Document, ...]:
    """An email and a letter to the account that gets a notice."""
    eml = b"Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\na line\n"

    def document(channel: str, kind: str, content: bytes) -> Document:
        customer = Customer("s-0", "Sample")
        notice = Notice("n1", on, customer, "EUR", "reminder", 2, "reminder", channel, (), None, (), (), "")
        return Document(notice, f"outbox/{on}/s-0.{kind}", kind, content, "a subject")

    return document("email", "eml", eml), document("letter", "pdf", b"")


def _books() -> Ledger:
    """Books of one invoice."""
    row = {"invoice_id": "S-1", "account_id": "s-0", "issued": 1, "due": 2, "amount": 9, "currency": "EUR"}
    texts = {"description": "work", "reference": "", "row": 2}
    return Ledger({}, pd.DataFrame([row | texts]), pd.DataFrame(), (), pd.DataFrame())


def _metrics(on: date) -> Metrics:
    """Figures with two month ends, one of which says why it has none."""
    ratio, none = Ratio(1, 2), Ratio(1, 2, missing="the books begin later")

    def end(day: date, dso: Ratio) -> MonthEnd:
        return MonthEnd(day, (5, 4, 3, 2, 1, 0), 0, 9, 9, 0, ratio, dso, ratio)

    return Metrics(
        "EUR", dso=ratio, best_dso=ratio, delinquent=ratio, count_back=CountBack(None, (), none.missing), days_late=ratio,
        past_due=ratio, rolled=(), kept_count=ratio, kept_value=none, reached=ratio, promised=ratio,
        history=(end(on - timedelta(60), none), end(on - timedelta(30), ratio)),
    )  # fmt: skip


def _cash(on: date) -> Cash:
    return Cash("EUR", (Week(on, 1, 2, 3),), (), later=1, no_date=1, no_record=1, apart=1, balance=9, habit=None)


def _coming(on: date, accounts: Sequence[str]) -> Iterator[Coming]:
    """More of it than is listed, and more accounts on one day than are named."""
    for place, account in enumerate(accounts):
        yield Coming(
            on + timedelta(1 + place % 9), account, "EUR", Kind.NOTICE, "reminder", 9, ("email",), why="a reason"
        )
