"""What holds for any books: no step twice, nothing for what is settled, one message a day, and rows in any order."""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from commandline import PLAIN, ROOT, table
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pastdue import flow
from pastdue.documents.notices import ledger_rows
from pastdue.model import Document, Inputs

START = date(2026, 1, 1)
CLOCK = date(2026, 11, 1)
LETTERS = {path.name: path.read_text("utf-8") for path in sorted((ROOT / "letters").iterdir())}
TEMPLATES = {path.name: path.read_text("utf-8") for path in sorted((ROOT / "site/templates").iterdir())}
STATIC = {path.name: path.read_bytes() for path in sorted((ROOT / "site/static").iterdir())}
NOTICES = (
    "notice_id", "on", "account_id", "invoice_id", "due", "step", "rung", "channel", "state", "open", "currency",
    "pay_by", "announces", "message_id", "sha256", "file", "at", "reply", "recipient",
)  # fmt: skip
few = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def day(offset: int) -> str:
    return str(START + timedelta(days=offset))


def minor(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


@dataclass(frozen=True)
class Books:
    """Small books: rows of the three ledgers that the operator types, and a schedule."""

    customers: tuple[tuple[str, ...], ...]
    invoices: tuple[tuple[str, str, int, int, int, str], ...]  # id, account, issued, due, cents, currency
    payments: tuple[tuple[int, str, int, str, str], ...]  # received, account, cents, invoice or "", currency
    config: str

    def inputs(self, record: Iterable[dict[str, str]] = ()) -> Inputs:
        """The books as files, with the notices ledger so far."""
        ledgers = {
            "customers": table(("account_id", "name", "email", "address", "city"), *self.customers),
            "invoices": table(
                ("invoice_id", "account_id", "issued", "due", "amount", "currency"),
                *((i, a, day(f), day(t), minor(c), cur) for i, a, f, t, c, cur in self.invoices),
            ),
            "payments": table(
                ("received", "account_id", "amount", "invoice_id", "currency"),
                *((day(on), a, minor(c), i, cur) for on, a, c, i, cur in self.payments),
            ),
            "notices": table(NOTICES, *([row.get(name, "") for name in NOTICES] for row in record)),
        }
        return Inputs(
            config=self.config,
            starter_config="",
            ledgers=tuple((f"accounts/{name}.csv", text.encode()) for name, text in sorted(ledgers.items())),
            letters=LETTERS,
            templates=TEMPLATES,
            static=STATIC,
            portal_key=b"\1" * 32,
            invoices=frozenset(),
        )

    def shuffled(self, seed: int) -> "Books":
        """The same rows in another order."""
        mixed = random.Random(seed)

        def mix(rows: tuple) -> tuple:  # type: ignore[type-arg]
            return tuple(mixed.sample(rows, len(rows)))

        return replace(self, customers=mix(self.customers), invoices=mix(self.invoices), payments=mix(self.payments))


@st.composite
def some_books(draw: st.DrawFn) -> Books:
    """A few accounts in two currencies: instalments, credit notes, part payments, overpayments, money for nothing."""
    accounts = [f"A{n}" for n in range(draw(st.integers(1, 3)))]
    ways = st.sampled_from(
        [("a@x.example", "", ""), ("", "1 Road", "Town"), ("b@x.example", "2 Road", "Town"), ("", "", "")]
    )
    customers = tuple((account, f"Firm {account}", *draw(ways)) for account in accounts)
    # Few different days, so that many things happen on the same one.
    issues, terms, receipts = (st.sampled_from(days) for days in ((0, 5, 30), (0, 1, 14, 30), (2, 20, 41, 42, 60)))
    currencies = st.sampled_from(["EUR", "EUR", "EUR", "GBP"])
    invoices: dict[tuple[str, int], tuple[str, str, int, int, int, str]] = {}
    for n in range(draw(st.integers(1, 5))):
        account, currency, issued = draw(st.sampled_from(accounts)), draw(currencies), draw(issues)
        for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
            due = issued + draw(terms)
            invoices[f"I{n}", due] = (f"I{n}", account, issued, due, draw(st.integers(1, 9_999)), currency)
        if draw(st.integers(0, 6)) == 0:
            on = draw(st.integers(0, 60))
            invoices[f"C{n}", on] = (f"C{n}", account, on, on, -draw(st.integers(1, 9_999)), currency)
    payments = []
    for _ in range(draw(st.integers(0, 5))):
        invoice_id, account, _, _, cents, currency = draw(st.sampled_from(sorted(invoices.values())))
        amount = draw(st.sampled_from([abs(cents), max(abs(cents) // 2, 1), abs(cents) + 1, 12_345]))
        names = draw(st.sampled_from([invoice_id if cents > 0 else "", ""]))
        payments.append((draw(receipts), account, amount, names, currency))
    gap = draw(st.sampled_from([0, 1, 5, 9]))
    config = PLAIN.format(business="", more="").replace("minimum_gap = 0", f"minimum_gap = {gap}")
    channels = draw(st.sampled_from(['["email"]', '["letter"]', '["email", "letter"]']))
    return Books(customers, tuple(invoices.values()), tuple(payments), config.replace('["email"]', channels, 1))


def worked(books: Books, on: date, record: Iterable[dict[str, str]] = ()) -> flow.Run:
    run = flow.run(books.inputs(record), today=on, clock=CLOCK, check_letters=False)
    assert isinstance(run, flow.Run), run
    assert [str(f) for f in run.findings if f.severity == "error"] == []
    return run


def rows_of(run: flow.Run) -> list[dict[str, str]]:
    """What `send` would put on record, all of it gone out."""
    found = []
    for notice in run.notices:
        document = Document(notice, f"outbox/{notice.on}/{notice.notice_id}", "eml", b"", recipient="a@x.example")
        state = "posted" if notice.channel == "letter" else "sent"
        found += [row | {"state": state, "at": f"{notice.on}T09:00:00"} for row in ledger_rows(notice, document)]
    return found


def life(books: Books, days: Iterable[int]) -> list[tuple[flow.Run, list[dict[str, str]]]]:
    """Runs on each of the days, and records what goes."""
    record: list[dict[str, str]] = []
    story = []
    for offset in sorted(days):
        run = worked(books, START + timedelta(days=offset), record)
        rows = rows_of(run)
        record += rows
        story.append((run, rows))
    return story


run_days = st.lists(st.integers(0, 120), min_size=1, max_size=7)


@settings(few, max_examples=40)
@given(some_books(), run_days)
def test_no_step_comes_twice_for_an_item_and_none_comes_out_of_order(books: Books, days: list[int]) -> None:
    record = [row for _, rows in life(books, days) for row in rows]
    counts = Counter((r["account_id"], r["invoice_id"], r["due"], r["step"], r["channel"]) for r in record)
    assert set(counts.values()) <= {1}
    climbed: dict[tuple[str, ...], list[int]] = {}
    for row in record:
        climbed.setdefault((row["account_id"], row["invoice_id"], row["due"], row["channel"]), []).append(
            int(row["rung"])
        )
    assert all(rungs == sorted(rungs) for rungs in climbed.values())


@settings(few, max_examples=40)
@given(some_books(), run_days)
def test_what_is_settled_is_never_asked_for_and_what_is_asked_for_is_open(books: Books, days: list[int]) -> None:
    for run, rows in life(books, days):
        on = (run.on - START).days
        owed: Counter[tuple[str, str]] = Counter()
        named: Counter[str] = Counter()
        for invoice_id, account, issued, _, cents, currency in books.invoices:
            if issued <= on:
                owed[account, currency] += cents
                named[invoice_id] += cents
        for received, account, cents, invoice_id, currency in books.payments:
            if received <= on:
                owed[account, currency] -= cents
                named[invoice_id] -= cents
        for notice in run.notices:
            key = notice.customer.account_id, notice.currency
            assert notice.total == owed[key] > 0
            assert 0 < notice.asked_sum <= notice.total
        for row in rows:
            assert named[row["invoice_id"]] > 0, "its own money has paid it"
        for standing in run.standings:
            key = standing.account_id, standing.currency
            assert standing.balance == max(owed[key], 0)
            assert standing.credit == max(-owed[key], 0)
            assert sum(standing.buckets) == standing.balance


@settings(few, max_examples=40)
@given(some_books(), run_days)
def test_an_account_hears_once_a_day_and_never_within_the_gap_or_before_its_deadline(
    books: Books, days: list[int]
) -> None:
    story = life(books, sorted(set(days)))
    gap = max(story[0][0].config.schedule["standard"].minimum_gap, 1)
    last: dict[str, date] = {}
    deadline: dict[tuple[str, str, str], str] = {}
    for run, rows in story:
        heard = Counter((n.customer.account_id, n.currency, n.channel) for n in run.notices)
        assert set(heard.values()) <= {1}
        for account in {n.customer.account_id for n in run.notices}:
            assert account not in last or (run.on - last[account]).days >= gap
            last[account] = run.on
        for row in rows:
            assert deadline.get((row["account_id"], row["invoice_id"], row["due"]), "") < str(run.on)
        for row in rows:
            if row["pay_by"]:
                deadline[row["account_id"], row["invoice_id"], row["due"]] = row["pay_by"]
    told = {row["account_id"] for _, rows in story for row in rows}
    assert told <= {account for account, _, email, address, city in books.customers if email or (address and city)}


@settings(few, max_examples=15, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(some_books(), st.integers(20, 90), st.integers())
def test_rows_in_another_order_give_the_same_decisions_documents_and_pages(books: Books, on: int, seed: int) -> None:
    made = [_written(each, START + timedelta(days=on)) for each in (books, books.shuffled(seed))]
    assert made[0] == made[1]


def _written(books: Books, on: date) -> tuple[object, ...]:
    """Decisions, and everything that would be written; places in the books left out, which are the rows' own."""
    run = worked(books, on, rows_of(worked(books, on - timedelta(days=15))))
    run = replace(run, findings=())
    documents, findings = flow.documents(
        run, sent_at=datetime(2026, 3, 1, 9, tzinfo=UTC), invoices={}, typeset=lambda _path, data: data
    )
    pages = {page.path: page.content for page in flow.pages(run, documents)}
    return run.decisions, [(d.path, d.content) for d in documents], findings, pages
