"""Is every template sound? Samples rendered with them, an account for each branch that they may take."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

from pastdue.config import Config
from pastdue.documents import shell, site
from pastdue.documents.catalogue import ENGLISH, SHIPPED
from pastdue.documents.portal.account import Writer
from pastdue.documents.portal.history import LOOK_BACK
from pastdue.documents.portal.pages import blank, sealed_shell
from pastdue.documents.portal.words import say_in
from pastdue.findings import Finding
from pastdue.model import (
    Accrual,
    Charge,
    Conduct,
    Customer,
    Instalment,
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


def check(templates: Mapping[str, str]) -> list[Finding]:
    """Each mistake in the site's templates, found by rendering samples with them; all of them stop the run."""
    config = Config.model_validate(_SAMPLE)
    empty = partial(
        blank, title="", text="", root="", say=say_in(ENGLISH, config.business), config=config, templates=templates
    )

    def account() -> None:
        for each in (config, _with_form(config)):
            writer = Writer(each, templates, lambda _: (("Our credit policy", "policy.html"),))
            for own in _samples():
                writer.page(own, {})

    return [
        *site.trial("account.html", account),
        *site.trial("index.html", partial(empty, "index.html")),
        *site.trial("404.html", partial(empty, "404.html")),
        *shell.check(lambda: sealed_shell(config, templates, SHIPPED)("address", "c2VhbGVk")),
    ]


def _with_form(config: Config) -> Config:
    return config.model_copy(update={"portal": config.portal.model_copy(update={"form": "https://forms.example.com/"})})


_SAMPLE = {
    "business": {
        "name": "Sample Joinery",
        "address": ["1 Sample Street"],
        "email": "sample@example.com",
        "phone": "+44 20 7946 0000",
        "iban": "DE89370400440532013000",
    },
    "portal": {"links": [{"name": "Pay by card", "url": "https://pay.example.com/?a={amount}"}]},
}


def _samples() -> Iterator[list[Standing]]:
    """An account for each branch that a template may take: owing in two currencies, in credit, settled, never used."""
    on = date(2026, 3, 2)
    customer = Customer("sample", "Sample Customer", currency="EUR")
    late = OpenItem("S-1", on - timedelta(9), on - timedelta(39), "EUR", 90000, 60000, 9, "Sample work", "PO 1")
    early = OpenItem("S-2", on + timedelta(9), None, "GBP", 5000, 5000, -9)
    paid = tuple(Payment(on, 30000, "EUR", "S-1", "sample") for _ in range(LOOK_BACK + 1))
    history = tuple(
        Sent(f"n{n}", on, "S-1", late.due, "reminder", 1, "email", State.SENT, 60000, "EUR", on + timedelta(7))
        for n in range(LOOK_BACK + 1)
    )
    promise = Promise(on, on, on, 5000, 5000, 0, PromiseState.PENDING)
    plan = Plan(on, on, PlanState.GOOD, None, (Instalment(1, on, 60000, 0),))
    conduct = Conduct((promise,), plan, prepayment="a reason")
    line = Accrual(60000, on - timedelta(8), on, 9, 101500, 150, 21500)
    charge = Charge("S-1", late.due, "EUR", "ie-si580", line.first, (line,), 4000, on, 10, 0, 20, 0, 60000, told=True)
    yield [
        Standing(on, customer, "EUR", (late,), payments=paid, history=history, conduct=conduct, charges=(charge,)),
        Standing(on, customer, "GBP", (early,), history=history),
    ]
    yield [Standing(on, customer, "EUR", credit=5000, payments=paid[:1])]
    yield [Standing(on, customer, "EUR", payments=paid[:1], history=history[:1])]
    yield [Standing(on, customer, "EUR", payments=paid[:1], charges=(replace(charge, principal=0),))]
    yield [Standing(on, customer, "EUR")]
