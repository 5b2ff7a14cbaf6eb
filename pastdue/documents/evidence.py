"""The file of one account, for whoever takes the matter on: all that is claimed, how it came about, and what proves it.

Here is what it says, as data that `delivery.pdf` sets in type; `bundle` has the folder around it. Every sum can be worked
out again from what is printed beside it, and nothing is claimed that no notice announced.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from hashlib import sha256
from typing import Any

from pastdue import days, money
from pastdue.config import Config
from pastdue.documents import statement
from pastdue.documents.catalogue import SHIPPED, Words
from pastdue.documents.notices import plain_step
from pastdue.documents.site import cut, plain
from pastdue.documents.words import address_lines, agreed_rate, costs_of, locale
from pastdue.model import Accrual, Activity, Charge, Decision, Plan, Standing

Node = dict[str, Any]

_LINE = 160  # characters of a line of an address


@dataclass(frozen=True, slots=True)
class Enclosure:
    """One document that is enclosed: where it lies in the file, where it was taken from, and what git knows of it."""

    path: str  # in the file: "notices/2026-02-03-ACME-reminder.eml"
    source: str  # in the workspace
    content: bytes | None  # None: it is nowhere any more
    recorded: str = ""  # its sha256 in the notices ledger; "" where none is on record
    commit: str = ""  # that recorded these bytes; "" where none did
    committed: date | None = None
    copy_differs: bool = False  # what lies in the folder today is not what is enclosed

    @property
    def sha256(self) -> str:
        """Of the enclosed bytes; "" where there are none."""
        return "" if self.content is None else sha256(self.content).hexdigest()

    @property
    def is_as_recorded(self) -> bool:
        """True when these are the bytes that went out, by the notices ledger."""
        return self.content is not None and self.recorded in {"", self.sha256}


@dataclass(frozen=True, slots=True)
class Message:
    """One notice on record, in its last state: an email, its copy, or a letter."""

    notice_id: str
    on: date
    steps: tuple[str, ...]
    channel: str
    state: str
    items: tuple[tuple[str, date, int], ...]  # invoice, due date, what was open then
    currency: str
    pay_by: date | None
    announces: str
    message_id: str
    recipient: str
    reply: str
    at: str
    sha256: str
    file: str

    @property
    def total(self) -> int:
        """What was open of all that it was recorded for."""
        return sum(open_ for _, _, open_ in self.items)


@dataclass(frozen=True, slots=True)
class Account:
    """All that the file of one account is made of."""

    on: date
    standings: tuple[tuple[Standing, Decision], ...]  # one per currency
    statements: tuple[statement.Statement, ...]  # in the same order
    messages: tuple[Message, ...]
    config: Config
    words: Words = SHIPPED  # those of the run
    enclosed: tuple[Enclosure, ...] = ()
    has_history: bool = False
    commit: str = ""  # the branch's own, of the books; "" where there is none
    changed: tuple[str, ...] = ()  # ledgers that are not as that commit has them

    @property
    def customer(self) -> Any:
        """Whose file it is."""
        return self.standings[0][0].customer

    def of(self, source: str) -> Enclosure | None:
        """The enclosure of a document of the workspace."""
        return next((each for each in self.enclosed if each.source == source), None)


class Say:
    """The words of the file, in the business's own language."""

    def __init__(self, account: Account) -> None:
        business = account.config.business
        self.words = account.words.of(business.language)
        self.where = locale(business.language, business)
        self._costs = costs_of(standing for standing, _ in account.standings)

    def __call__(self, key: str, **values: object) -> str:
        said = self.words.get(f"evidence.{key}{self._costs}") or self.words[f"evidence.{key}"]
        return said.format(**values)

    def of(self, table: str, name: str) -> str:
        """The word for a name of the tool's; the name itself where the catalogue has none."""
        return self.words.get(f"{table}-{name}{self._costs}") or self.words.get(f"{table}-{name}", name)

    def day(self, day: date) -> str:
        """A day in few letters: "2 Mar 2026"."""
        return days.display_short(day, self.where)

    def full(self, day: date) -> str:
        """A day in full: "2 March 2026"."""
        return days.display(day, self.where)

    def amount(self, minor: int, currency: str) -> str:
        """Minor units of a currency, as its readers write them."""
        return money.display(minor, currency, self.where)

    def size(self, octets: int) -> str:
        """The size of a file."""
        from babel.numbers import format_decimal

        return self("bytes", count=format_decimal(octets, locale=self.where))

    def rate(self, millionths: int) -> str:
        """A yearly rate in percent, with all the digits that it has."""
        from decimal import Decimal

        from babel.numbers import format_decimal

        percent = Decimal(millionths).scaleb(-4)
        return self("rate", rate=format_decimal(percent, format="#,##0.00##", locale=self.where))


def sheet(account: Account) -> Node:
    """The whole file, as `evidence.typ` sets it."""
    from babel import Locale

    say, business, customer = Say(account), account.config.business, account.customer
    reader = Locale.parse(say.where)
    name = cut(customer.name, _LINE)
    return {
        "paper": "us-letter" if business.country.strip().upper() in {"US", "CA"} else "a4",
        "language": reader.language,
        "region": reader.territory or "",
        "on": account.on.isoformat(),
        "sender": plain(business.name),
        "title": say("title", name=name),
        "running": " · ".join(
            (cut(business.name, 48), cut(customer.name, 48), say("as-at", date=say.full(account.on)))
        ),
        "page": say.words["paper.page"],
        "contents": say("contents"),
        "as_at": say("as-at", date=say.full(account.on)),
        "parties": [
            {"role": say("creditor"), "name": cut(business.name, _LINE), "lines": _creditor(account, say)},
            {"role": say("debtor"), "name": name, "lines": _debtor(account, say)},
        ],
        "sums": [_sum(standing, say) for standing, _ in account.standings],
        "notes_title": say("notes"),
        "notes": [plain(note) for note in _notes(account, say)],
        "sections": list(_sections(account, say)),
    }


def claimed(charge: Charge) -> tuple[int, int]:
    """Interest and fixed sum that are claimed: only what a notice announced."""
    return (charge.interest, charge.fees) if charge.told else (0, 0)


def claims(standing: Standing) -> tuple[int, int, int]:
    """Principal, interest and fixed sums that are claimed in one currency."""
    told = [claimed(charge) for charge in standing.charges]
    return standing.balance, sum(interest for interest, _ in told), sum(fee for _, fee in told)


# ------------------------------------------------------------------ the cover


def _creditor(account: Account, say: Say) -> list[str]:
    business = account.config.business
    lines = [*address_lines(business, say.where, home=""), business.contact, business.email, business.phone]
    lines += [part.strip() for part in business.registration.replace("\n", ";").split(";")]
    return [cut(line, _LINE) for line in lines if line]


def _debtor(account: Account, say: Say) -> list[str]:
    customer = account.customer
    lines = [*address_lines(customer, say.where, home=""), customer.contact, customer.email, customer.phone]
    kind = say("kind", kind=say(f"kind-{customer.kind}"), account=customer.account_id)
    return [cut(line, _LINE) for line in (*lines, kind) if line]


def _sum(standing: Standing, say: Say) -> Node:
    """What is claimed in one currency, as an addition."""
    show = partial(say.amount, currency=standing.currency)
    principal, interest, fees = claims(standing)
    rows = [(say("principal"), show(principal)), (say("interest"), show(interest)), (say("fees"), show(fees))]
    return {
        "currency": standing.currency,
        "rows": [{"label": label, "value": value} for label, value in rows],
        "label": say("claimed"),
        "total": show(principal + interest + fees),
    }


def _notes(account: Account, say: Say) -> Iterator[str]:
    """What a reader has to know before they rely on the sums."""
    for standing, decision in account.standings:
        show = partial(say.amount, currency=standing.currency)
        if not any(claims(standing)):
            yield say("nothing-open", currency=standing.currency)
        if standing.credit:
            yield say("credit", amount=show(standing.credit))
        untold = sum(charge.owed for charge in standing.charges if not charge.told)
        if untold:
            yield say("not-announced", amount=show(untold))
        unknown = [charge.unknown_from for charge in standing.charges if charge.unknown_from]
        if unknown:
            yield say("rate-unknown", date=say.full(min(unknown)))
        for hold in decision.holds:
            of = say("of-invoice", invoice=hold.invoice_id) if hold.invoice_id else ""
            until = say("until", date=say.full(hold.until)) if hold.until else ""
            yield say("held", what=say(f"hold-{hold.kind}"), of=of, until=until)
        yield from _limitation(standing, account.config, say)
    first = account.standings[0][0]
    yield from (say("error", message=error.partition("\n")[0]) for error in first.errors)
    yield from _provenance(account, say)


def _limitation(standing: Standing, config: Config, say: Say) -> Iterator[str]:
    """A hint and no more: which law governs the contract, and what restarted the time, is for a lawyer."""
    oldest = standing.oldest_due
    if oldest is None:
        return
    country, kind = config.business.country.strip().upper(), standing.customer.kind
    key = {"GB": "gb", "DE": "de", "FR": f"fr-{kind}"}.get(country)
    years = {"gb": 6, "de": 3, "fr-business": 5, "fr-consumer": 2}.get(key or "", 0)
    yield say("limitation", date=say.full(oldest)) + (" " + say(f"limitation-{key}", years=years) if key else "")


def _provenance(account: Account, say: Say) -> Iterator[str]:
    """What the file was made from, and what of it is not as it was recorded."""
    if account.commit:
        yield say("from-commit", commit=account.commit)
    if account.changed:
        yield say("books-changed", files=", ".join(account.changed))
    if not account.has_history:
        yield say("no-history")
    else:
        yield say("from-history")
    for each in account.enclosed:
        if each.content is None:
            yield say("missing", file=each.source)
        elif not each.is_as_recorded:
            yield say("not-as-recorded", file=each.path)
        elif account.has_history and not each.commit:
            yield say("not-committed", file=each.path)
        elif each.copy_differs:
            yield say("copy-differs", file=each.source)


# ------------------------------------------------------------------ the sections


def _sections(account: Account, say: Say) -> Iterator[Node]:
    several = len(account.standings) > 1
    for (standing, decision), entries in zip(account.standings, account.statements, strict=True):
        of = f" ({standing.currency})" if several else ""
        yield _section(say("claim") + of, _claim(standing, decision, say))
        yield _section(say("statement") + of, _statement(standing, entries, say))
        yield _section(say("worksheet") + of, _worksheet(standing, account.config, say))
    first = account.standings[0][0]
    yield _section(say("obligations"), _obligations(account, say))
    yield _section(say("notices"), _messages(account, say))
    yield _section(say("promises"), _promises(account, say))
    yield _section(say("log"), _log(first, say))
    yield _section(say("policy"), _policy(first.activity, say))
    yield _section(say("enclosures"), _enclosures(account, say))


def _section(title: str, blocks: Iterable[Node]) -> Node:
    return {"title": title, "blocks": list(blocks)}


def _said(text: str) -> Node:
    return {"t": "p", "v": plain(text)}


def _table(columns: Iterable[tuple[str, str, float]], rows: Iterable[Node]) -> Node:
    """Columns as title, side ("left", "right") and share of the width, 0 for as wide as what stands there."""
    return {
        "t": "table",
        "columns": [{"title": title, "side": side, "width": width} for title, side, width in columns],
        "rows": list(rows),
    }


def _row(*cells: str, below: Iterable[str] = (), is_sum: bool = False) -> Node:
    """One line of a table; what stands `below` runs over its whole width, in small print."""
    return {"cells": [plain(c) for c in cells], "below": [plain(b) for b in below if b], "sum": is_sum}


def _claim(standing: Standing, decision: Decision, say: Say) -> Iterator[Node]:
    """What is claimed, invoice by invoice; interest and fixed sums of paid invoices too."""
    show = partial(say.amount, currency=standing.currency)
    charges = {charge.key: charge for charge in standing.charges}
    items = {item.key: item for item in standing.items}
    keys = sorted({*items, *(key for key, charge in charges.items() if any(claimed(charge)))}, key=lambda k: (k[1], k))
    if not keys:
        yield _said(say("nothing-open", currency=standing.currency))
        return
    held = {hold.invoice_id: say(f"hold-{hold.kind}") for hold in decision.holds if hold.invoice_id}
    rows = []
    for key in keys:
        item, (interest, fee) = items.get(key), claimed(charges[key]) if key in charges else (0, 0)
        open_ = item.open if item else 0
        about = (item.description, say("reference", reference=item.reference) if item.reference else "") if item else ()
        late = say.words.plural("late", item.days_past_due) if item and item.is_overdue else ""
        note = " · ".join(part for part in (late, *about, held.get(key[0], "")) if part)
        cells = (key[0], say.day(key[1]), show(open_), show(interest), show(fee), show(open_ + interest + fee))
        rows.append(_row(*cells, below=[note]))
    principal, interest, fees = claims(standing)
    sums = (show(principal), show(interest), show(fees), show(principal + interest + fees))
    columns = ((say("invoice"), "left", 1), (say("due"), "left", 0))
    amounts = ("principal", "interest", "fees", "total")
    yield _table(
        (*columns, *((say(name), "right", 0) for name in amounts)), [*rows, _row(say("total"), "", *sums, is_sum=True)]
    )


def _statement(standing: Standing, entries: statement.Statement, say: Say) -> Iterator[Node]:
    """Everything that was charged and credited, in the order in which it happened, with the balance after each."""
    show = partial(say.amount, currency=standing.currency)
    yield _said(say("statement-how"))
    rows = []
    for entry in entries.lines:
        below = [entry.text, say("due-on", date=say.day(entry.due)) if entry.due else ""]
        what = say(f"entry-{entry.kind}", name=entry.name) if entry.name else say(f"entry-{entry.kind}-unnamed")
        rows.append(
            _row(
                say.day(entry.on) if entry.on else "",
                what,
                show(entry.amount),
                show(entry.balance),
                below=[" · ".join(filter(None, below))],
            )
        )
    closing = _row(say.day(standing.on), say("closing"), "", show(entries.closing), is_sum=True)
    columns = (
        (say("date"), "left", 0),
        (say("entry"), "left", 1),
        (say("amount"), "right", 0),
        (say("balance"), "right", 0),
    )
    yield _table(columns, [*rows, closing])
    if standing.credit:
        yield _said(say("closing-is", open=show(standing.balance), credit=show(standing.credit)))


# ------------------------------------------------------------------ interest and fixed sums


def _worksheet(standing: Standing, config: Config, say: Say) -> Iterator[Node]:
    charges = sorted(standing.charges, key=lambda charge: (charge.due, charge.invoice_id))
    if not charges:
        yield _said(say("no-interest"))
        return
    for charge in charges:
        if charge.accruals:
            yield {"t": "h", "v": plain(say("interest-of", invoice=charge.invoice_id, date=say.full(charge.due)))}
            yield from _interest(charge, config, say)
    fixed = [charge for charge in charges if charge.fee]
    if fixed:
        yield {"t": "h", "v": say("fees")}
        yield _fees(fixed, standing.currency, config, say)


def _interest(charge: Charge, config: Config, say: Say) -> Iterator[Node]:
    """One invoice's interest, line by line, so that each can be worked out again."""
    show = partial(say.amount, currency=charge.currency)
    basis = _basis(charge.regime, config, say)
    since = say("since", date=say.full(charge.since)) if charge.since else ""
    how = say("formula", year=charge.year_days)
    yield _said(" ".join(part for part in (basis, since, how) if part))
    rows = [
        _row(
            show(line.principal),
            say.day(line.first),
            say.day(line.last),
            str(line.days),
            _rate(line, say),
            show(line.amount),
        )
        for line in charge.accruals
    ]
    rows.append(_row(say("interest-total"), "", "", "", "", show(charge.accrued), is_sum=True))
    taken = (("paid", charge.interest_paid), ("waived", charge.interest_waived))
    rows += [_row(say(name), "", "", "", "", show(-minor)) for name, minor in taken if minor]
    owed = "interest-owed" if charge.told else "interest-not-claimed"
    if any(minor for _, minor in taken) or not charge.told:
        rows.append(_row(say(owed), "", "", "", "", show(charge.interest), is_sum=True))
    columns = (
        (say("principal"), "left", 1),
        (say("from"), "left", 0),
        (say("to"), "left", 0),
        (say("days"), "right", 0),
        (say("rate-a-year"), "right", 0),
        (say("amount"), "right", 0),
    )
    yield _table(columns, rows)


def _rate(line: Accrual, say: Say) -> str:
    if line.rate is None:
        return say("rate-not-known")
    if line.reference is None:
        return say.rate(line.rate)
    return say("rate-with-reference", rate=say.rate(line.rate), reference=say.rate(line.reference))


def _fees(charges: Iterable[Charge], currency: str, config: Config, say: Say) -> Node:
    show = partial(say.amount, currency=currency)
    charges = list(charges)
    rows = [
        _row(
            charge.invoice_id,
            say.day(charge.fee_on) if charge.fee_on else "",
            show(charge.fee),
            show(-charge.fee_paid),
            show(-charge.fee_waived),
            show(charge.fees),
            below=[_basis(charge.regime, config, say, "fee-basis"), "" if charge.told else say("fee-not-claimed")],
        )
        for charge in charges
    ]
    sums = [sum(column) for column in zip(*((c.fee, -c.fee_paid, -c.fee_waived, c.fees) for c in charges), strict=True)]
    rows.append(_row(say("total"), "", *map(show, sums), is_sum=True))
    titles = ("fee", "paid", "waived", "owed")
    columns = ((say("invoice"), "left", 1), (say("from"), "left", 0), *((say(name), "right", 0) for name in titles))
    return _table(columns, rows)


def _basis(regime: str, config: Config, say: Say, rule: str = "basis") -> str:
    """The rule that interest runs by, or with `fee-basis` the one that gives the fixed sum, in the catalogue's words and by the name it has in config.toml."""
    rate = agreed_rate(config, say.where)
    told = say.words.get(f"{rule}.{regime}", say.words.get(f"basis.{regime}")).format(rate=rate).strip(" ,")
    return (
        say("basis", basis=told[0].upper() + told[1:], regime=regime)
        if told
        else say("basis-plain", regime=regime)
        if regime
        else ""
    )


# ------------------------------------------------------------------ what was said and done


def _obligations(account: Account, say: Say) -> Iterator[Node]:
    """What notices announced, and what became of it."""
    rows = []
    for standing, _ in account.standings:
        for each in standing.obligations:
            invoices = ", ".join(dict.fromkeys(invoice for invoice, _ in each.items))
            why = (
                (each.why, each.held) if say.words.tag.startswith("en") else ()
            )  # the operator's words, in English alone
            below = (say("announced-by", notice=each.notice_id, invoices=invoices), *why)
            cells = (say.day(each.on), say(f"consequence-{each.consequence}"), say.day(each.announced))
            rows.append(_row(*cells, say(f"obligation-{each.state}"), below=below))
    if not rows:
        yield _said(say("no-obligations"))
        return
    columns = ("announced-for", "consequence", "announced", "became")
    yield _table(((say(name), "left", 1 if name == "consequence" else 0) for name in columns), rows)


def _messages(account: Account, say: Say) -> Iterator[Node]:
    """Every notice, with all that identifies it."""
    if not account.messages:
        yield _said(say("no-notices"))
        return
    yield _said(say("notices-how"))
    rows = []
    for each in account.messages:
        enclosure = account.of(each.file)
        cells = (
            say.day(each.on),
            " / ".join(say.of("portal.step", plain_step(step)) for step in each.steps)
            or say.of("portal.step", "other"),
            say.of("evidence.channel", each.channel),
            say(f"state-{each.state}"),
            say.amount(each.total, each.currency),
        )
        rows.append(_row(*cells, below=_particulars(each, enclosure, say)))
    columns = (("date", "left", 0), ("notice", "left", 1), ("by", "left", 0), ("state", "left", 0), ("sum", "right", 0))
    yield _table(((say(name), side, width) for name, side, width in columns), rows)


def _particulars(each: Message, enclosure: Enclosure | None, say: Say) -> Iterator[str]:
    yield say("about", invoices=", ".join(dict.fromkeys(invoice for invoice, _, _ in each.items)))
    if each.pay_by or each.announces:
        parts = (say("pay-by", date=say.day(each.pay_by)) if each.pay_by else "", _announced(each.announces, say))
        yield " · ".join(filter(None, parts))
    if each.recipient:
        yield say("to-address", address=each.recipient)
    if each.at or each.reply:
        yield say("server-said", at=each.at, reply=cut(each.reply, 240))
    if each.message_id:
        yield f"Message-ID {each.message_id}"
    if each.sha256:
        yield f"SHA-256 {each.sha256}"
    if enclosure and enclosure.commit:
        yield say("commit", commit=enclosure.commit)
    if enclosure and enclosure.content is not None:
        yield say("enclosed-as", file=enclosure.path)


def _announced(announces: str, say: Say) -> str:
    """The notices ledger's own "interest 2026-03-16; agency 2026-04-01" in words."""
    parts = []
    for part in filter(None, announces.split("; ")):
        name, _, day = part.rpartition(" ")
        try:
            parts.append(say("announces", what=say(f"consequence-{name}"), date=say.day(date.fromisoformat(day))))
        except (ValueError, KeyError):
            parts.append(part)
    return " · ".join(parts)


def _promises(account: Account, say: Say) -> Iterator[Node]:
    any_ = False
    for standing, _ in account.standings:
        show = partial(say.amount, currency=standing.currency)
        promises = standing.conduct.promises
        if promises:
            any_ = True
            rows = [
                _row(say.day(p.made), say.day(p.due), show(p.said), show(p.received), say(f"promise-{p.state}"))
                for p in promises
            ]
            columns = (("made", "left"), ("promised-for", "left"), ("promised", "right"), ("received", "right"))
            yield _table((*((say(n), side, 0) for n, side in columns), (say("became"), "left", 1)), rows)
        plan = standing.conduct.plan
        if plan and plan.instalments:
            any_ = True
            yield {"t": "h", "v": say("plan", date=say.full(plan.made))}
            yield from _plan(plan, standing.currency, say)
    if not any_:
        yield _said(say("no-promises"))


def _plan(plan: Plan, currency: str, say: Say) -> Iterator[Node]:
    show = partial(say.amount, currency=currency)
    signed = say("plan-signed", date=say.full(plan.signed)) if plan.signed else say("plan-unsigned")
    yield _said(f"{signed} {say(f'plan-{plan.state}')}")
    rows = [_row(str(each.number), say.day(each.due), show(each.amount), show(each.paid)) for each in plan.instalments]
    rows.append(
        _row(say("total"), "", show(plan.total), show(sum(each.paid for each in plan.instalments)), is_sum=True)
    )
    columns = (("instalment", "left", 1), ("due", "left", 0), ("amount", "right", 0), ("received", "right", 0))
    yield _table(((say(name), side, width) for name, side, width in columns), rows)


def _log(standing: Standing, say: Say) -> Iterator[Node]:
    """The operator's diary of the account, as it was typed; amounts there are in the account's own currency."""
    if not standing.activity:
        yield _said(say("no-log"))
        return
    currency = standing.customer.currency
    rows = [
        _row(
            say.day(line.on),
            say(f"activity-{line.kind}"),
            line.invoice_id,
            say.amount(line.amount, currency) if line.amount is not None else "",
            say.day(line.due) if line.due else "",
            line.by,
            below=[line.note],
        )
        for line in standing.activity
    ]
    columns = (
        ("date", "left", 0), ("what", "left", 1), ("invoice", "left", 0), ("amount", "right", 0), ("day", "left", 0), ("written-by", "left", 0),
    )  # fmt: skip
    yield _table(((say(name), side, width) for name, side, width in columns), rows)


def _policy(activity: Iterable[Activity], say: Say) -> Iterator[Node]:
    lines = [line for line in activity if line.kind == "acknowledged"]
    if not lines:
        yield _said(say("no-policy"))
        return
    rows = [_row(say.day(line.on), line.note, line.by) for line in lines]
    yield _table(((say("date"), "left", 0), (say("policy-version"), "left", 1), (say("written-by"), "left", 0)), rows)


def _enclosures(account: Account, say: Say) -> Iterator[Node]:
    yield _said(say("enclosures-how"))
    rows = []
    for each in account.enclosed:
        if each.content is None:
            rows.append(_row(each.source, "", below=[say("missing", file=each.source)]))
            continue
        on = (
            say("committed", commit=each.commit, date=say.day(each.committed)) if each.commit and each.committed else ""
        )
        source = say("taken-from", file=each.source)
        rows.append(_row(each.path, say.size(len(each.content)), below=[source, f"SHA-256 {each.sha256}", on]))
    if rows:
        yield _table(((say("file"), "left", 1), (say("size"), "right", 0)), rows)
    else:
        yield _said(say("no-enclosures"))


# ------------------------------------------------------------------ what the books have


def messages(frame: Any, account_id: str, on: date) -> tuple[Message, ...]:
    """The account's notices up to the day, each once, in the order in which they were decided."""
    mine = frame[(frame["account_id"] == account_id).to_numpy(dtype=bool) & (frame["on"].to_numpy() <= on.toordinal())]
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in mine.to_dict("records"):
        found.setdefault(str(row["notice_id"]), []).append(row)
    made = [_message(rows) for rows in found.values()]
    return tuple(sorted(made, key=lambda each: (each.on, each.notice_id)))


def _message(rows: list[Mapping[str, Any]]) -> Message:
    first = rows[0]
    pay_by = max((int(row["pay_by"]) for row in rows), default=0)
    texts = {name: str(first[name]) for name in ("message_id", "recipient", "reply", "at", "sha256", "file")}
    announces = [part for row in rows for part in str(row["announces"]).split("; ") if part]
    return Message(
        notice_id=str(first["notice_id"]),
        on=date.fromordinal(int(first["on"])),
        steps=tuple(dict.fromkeys(str(row["step"]) for row in rows if row["step"])),
        channel=str(first["channel"]),
        state=str(first["state"]),
        items=tuple((str(row["invoice_id"]), date.fromordinal(int(row["due"])), int(row["open"])) for row in rows),
        currency=str(first["currency"]),
        pay_by=date.fromordinal(pay_by) if pay_by else None,
        announces="; ".join(dict.fromkeys(announces)),
        **texts,
    )
