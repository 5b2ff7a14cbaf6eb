"""What the operator reads in the terminal: tables for 80 columns, plain sentences, nothing that a pipe could not take."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pastdue import days, money
from pastdue.cli.as_json import totals
from pastdue.config import Schedule
from pastdue.documents import beside, said_and_done
from pastdue.findings import Finding, Severity
from pastdue.flow import Run
from pastdue.model import (
    Accrual,
    Action,
    Charge,
    Decision,
    Notice,
    Obligation,
    ObligationState,
    Plan,
    PlanState,
    Promise,
    PromiseState,
    Sent,
    Standing,
)

LANGUAGE = "en_GB"  # of the operator's screens

_TONE = {
    Action.NOTICE: "bold",
    Action.CALL: "bold cyan",
    Action.REFER: "bold magenta",
    Action.HOLD: "yellow",
    Action.WAIT: "dim",
}


def consoles() -> tuple[Console, Console]:
    """One for results (stdout) and one for what is said about them (stderr); brackets and colons are the text's own."""
    results = Console(highlight=False, markup=False, emoji=False, soft_wrap=False)
    return results, Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def plain(text: str) -> str:
    """Ledger text for a terminal: without control characters, which could move its cursor or change its colours."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def show_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Every finding, errors first, each with its place and what to do."""
    for finding in findings:
        colour = "red" if finding.severity is Severity.ERROR else "yellow"
        column = f"{finding.column}: " if finding.column else ""
        console.print(
            Text.assemble(
                (plain(finding.place), "bold"),
                ": ",
                (str(finding.severity), colour),
                ": ",
                plain(column + finding.message),
            ),
            soft_wrap=True,
        )
        if finding.hint:
            console.print(Text(f"    {plain(finding.hint)}", style="dim"), soft_wrap=True)


def show_overruled(console: Console, overruled: Iterable[str]) -> None:
    """The linter's warnings that the operator lets stand, each with the reason on record."""
    for each in overruled:
        console.print(Text(plain(each), style="dim"), soft_wrap=True)


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 letter", "3 letters"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def summary(findings: Sequence[Finding]) -> str:
    """How many findings there are, in words; "" when there are none."""
    errors = sum(f.severity is Severity.ERROR for f in findings)
    warnings = len(findings) - errors
    parts = [count(errors, "error")] * bool(errors) + [count(warnings, "warning")] * bool(warnings)
    return " and ".join(parts)


def show_status(console: Console, run: Run, *, everyone: bool) -> None:
    """The day, what was said and is to be done, the sums per currency with their ageing, and who is to hear what."""
    console.print(Text.assemble((_date(run.on), "bold"), f"  {plain(run.config.business.name)}"))
    console.print()
    said = _said(run.standings)
    if said:
        console.print(said)
        console.print()
    for currency, sums_ in totals(run.standings).items():
        for line in _ageing(currency, sums_):
            console.print(line)
    pairs = list(zip(run.standings, run.decisions, strict=True))
    shown = pairs if everyone else [(s, d) for s, d in pairs if _matters(s)]
    shown.sort(key=lambda pair: (pair[0].currency, -pair[0].overdue, -pair[0].balance, pair[0].account_id))
    if shown:
        console.print()
        console.print(_accounts(shown))
    agreed = _agreed(run.standings)
    if agreed:
        console.print()
        console.print(agreed)
    quiet = len(pairs) - len(shown)
    if quiet:
        console.print(Text(f"{count(quiet, 'settled account')} not shown: status --all", style="dim"))


def _matters(standing: Standing) -> bool:
    """True when something is open, owed beside, in credit, wrong or to be done."""
    to_do = any(map(said_and_done.is_open, standing.obligations))
    owed = standing.balance or standing.interest or standing.fees
    return bool(standing.items or owed or standing.errors or standing.credit or to_do)


_BESIDE = {"interest": "interest", "fees": "fixed sums"}


def _said(standings: Iterable[Standing]) -> Table | None:
    """What was announced and is to be done: the longest overdue first, then what is due today, then what still waits."""
    open_ = [(each, s) for s in standings for each in said_and_done.to_do(s)]
    if not open_:
        return None
    open_.sort(key=lambda pair: (bool(pair[0].held), pair[0].on, pair[1].account_id, pair[0].consequence))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("account", max_width=14, no_wrap=True, overflow="ellipsis")
    table.add_column("said, and to be done", ratio=1)
    for each, standing in open_:
        late = each.state is ObligationState.OVERDUE and not each.held
        told = f"{_late(each, standing)}: {_sentence(each)}"
        table.add_row(plain(standing.account_id), Text(told, style="red" if late else "yellow"))
    return table


def _late(each: Obligation, standing: Standing) -> str:
    late = said_and_done.days_overdue(each, standing)
    return f"{count(late, 'day')} overdue" if late else "due today"


def _sentence(each: Obligation) -> str:
    """An obligation in a line: what is to be done, when it was said for what, and why it waits."""
    about = ", ".join(said_and_done.invoices(each))
    what, said = each.consequence, f"announced on {_short_day(each.announced)}"
    since = f"{said if each.notice_id else f'since {_short_day(each.on)}'}{f' for {about}' if about else ''}"
    waits = f"; waits: {each.held}" if each.held else ""
    told = f"{each.why} ({what} {since})" if said_and_done.is_open(each) else f"{what}: {each.why} ({since})"
    return plain(f"{told}{waits}")


def _short_day(day: date) -> str:
    return days.display_short(day, LANGUAGE)


def _date(on: date) -> str:
    from babel.dates import format_date

    return format_date(on, format="EEEE d MMMM y", locale="en_GB")


def _ageing(currency: str, sums_: dict[str, Any]) -> Iterable[Text]:
    """What is open and overdue in one currency, and below it how old the overdue part is."""
    told = [f"{_short(sums_['balance'])} open", f"{_short(sums_['overdue'])} overdue"]
    told += [f"{_short(sums_[key])} {name}" for key, name in _BESIDE.items() if sums_[key].strip("0.")]
    yield Text.assemble((currency, "bold"), f"  {', '.join(told)}")
    ages = [f"{name} days {_short(a)}" for name, a in list(sums_["buckets"].items())[1:] if a.strip("0.")]
    if ages:
        yield Text("     " + " · ".join(ages), style="dim")


def _short(amount: str) -> str:
    """An amount in figures alone, grouped, and a dash for nothing."""
    whole, point, part = amount.partition(".")
    return f"{int(whole):,}{point}{part}" if amount.strip("0.-") else "–"


def _accounts(pairs: Sequence[tuple[Standing, Decision]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("account", max_width=14, no_wrap=True, overflow="ellipsis")
    table.add_column("overdue", justify="right", no_wrap=True)
    table.add_column("days", justify="right", no_wrap=True)
    charged = any(standing.interest or standing.fees for standing, _ in pairs)
    if charged:
        table.add_column("charges", justify="right", no_wrap=True)
    table.add_column("today", ratio=1)
    for standing, decision in pairs:
        owed = standing.interest + standing.fees
        sums_ = [(standing.overdue, "–"), (owed, "")] if charged else [(standing.overdue, "–")]
        overdue, *rest = [money.display(sum_, standing.currency, LANGUAGE) if sum_ else none for sum_, none in sums_]
        table.add_row(
            plain(standing.account_id),
            overdue,
            str(standing.days_past_due or ""),
            *rest,
            Text(plain(today(standing, decision)), style=_TONE.get(decision.action, "")),
        )
    return table


def _agreed(standings: Iterable[Standing]) -> Table | None:
    """What was promised and agreed and is still to come, and what did not come and is still owed."""
    said = sorted((standing.account_id, *line) for standing in standings for line in _still_open(standing))
    if not said:
        return None
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("account", max_width=14, no_wrap=True, overflow="ellipsis")
    table.add_column("promised and agreed", ratio=1)
    for account_id, line, is_bad in said:
        table.add_row(plain(account_id), Text(line, style="red" if is_bad else ""))
    return table


def _still_open(standing: Standing) -> Iterable[tuple[str, bool]]:
    """The plan in force, the promises that are pending, and the last that was not kept; True for what did not come."""
    conduct, currency = standing.conduct, standing.currency
    if conduct.plan and conduct.plan.state in _PLANS and conduct.plan.state is not PlanState.LAPSED:
        yield _plan(conduct.plan, currency), conduct.plan.state is PlanState.DEFAULT
    pending = (promise for promise in conduct.promises if promise.state is PromiseState.PENDING)
    yield from ((_promise(promise, currency), False) for promise in pending)
    if conduct.broken and standing.overdue:
        yield _promise(max(conduct.broken, key=lambda promise: promise.deadline), currency), True


_PLANS = {
    PlanState.OFFERED: "out for signature until {until}",
    PlanState.LAPSED: "never signed",
    PlanState.GOOD: "in good standing",
    PlanState.LATE: "a payment is late, its grace ends on {until}",
    PlanState.DEFAULT: "in default",
}


def _promise(promise: Promise, currency: str) -> str:
    """What was promised and what came of it, in a line."""
    came = money.display(promise.received, currency, LANGUAGE)
    state = {PromiseState.PENDING: "pending", PromiseState.KEPT: "kept", PromiseState.BROKEN: "not kept, nothing came"}
    said = state.get(promise.state, f"not kept, {came} came")
    if promise.state is PromiseState.PENDING and promise.received:
        said = f"pending, {came} has come"
    made = f"on {promise.made}"
    if promise.said > promise.amount:
        made += f", as {money.display(promise.said, currency, LANGUAGE)}, which is more than was owed"
    return f"promised {money.display(promise.amount, currency, LANGUAGE)} for {promise.due} ({made}): {said}"


def _plan(plan: Plan, currency: str) -> str:
    """How a plan goes and what it asks for next, in a line."""
    paid = sum(each.paid >= each.amount for each in plan.instalments)
    said = f"plan of {plan.made}: {paid} of {len(plan.instalments)} payments made"
    if plan.state is PlanState.PAID:
        return f"{said}, all of it"
    following = next(each for each in plan.instalments if each.paid < each.amount)
    amount = money.display(following.amount - following.paid, currency, LANGUAGE)
    return f"{said}, {amount} due on {following.due}; {_PLANS[plan.state].format(until=plan.until)}"


def today(standing: Standing, decision: Decision) -> str:
    """What happens to the account today, or next, in a few words."""
    if decision.action is Action.NOTICE:
        by = " and ".join(decision.channels)
        until = f", pay by {decision.pay_by}" if decision.pay_by else ""
        return f"{decision.step} by {by}{until}"
    if decision.action is Action.CALL:
        return f"call ({decision.step})"
    owed = standing.interest + standing.fees
    if decision.action is Action.SETTLED and owed:
        return f"paid; {money.display(owed, standing.currency, LANGUAGE)} of charges still owed"
    if decision.action is Action.SETTLED and standing.credit:
        return f"settled, {money.display(standing.credit, standing.currency, LANGUAGE)} in credit"
    return f"{decision.action}: {decision.reasons[0]}" if decision.reasons else str(decision.action)


def show_notices(console: Console, notices: Sequence[Notice], verb: str) -> None:
    """The list that `build` prepares, the dry run prints and `send` delivers: the same in all three."""
    if not notices:
        console.print("Nothing is due.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("account", max_width=14, no_wrap=True, overflow="ellipsis")
    table.add_column("step", no_wrap=True)
    table.add_column("by", no_wrap=True)
    table.add_column("asks for", justify="right", no_wrap=True)
    table.add_column("until", no_wrap=True)
    for notice in notices:
        table.add_row(
            plain(notice.customer.account_id),
            notice.step,
            notice.channel,
            money.display(notice.asked_sum, notice.currency, LANGUAGE),
            notice.pay_by.isoformat() if notice.pay_by else "",
        )
    console.print(table)
    console.print(Text(f"{verb} {sums(notices)}", style="bold"))


def sums(notices: Iterable[Notice]) -> str:
    """How many notices to how many accounts, and what they ask for per currency: an item counts once, however it is sent."""
    notices = list(notices)
    accounts = {notice.customer.account_id for notice in notices}
    asked: dict[str, dict[tuple[str, object], int]] = {}
    for notice in notices:
        lines = {*notice.asked, *(line for line in notice.items if not line.item.open)}
        asked.setdefault(notice.currency, {}).update({line.item.key: line.claimed for line in lines})
    amounts = [money.display(sum(lines.values()), currency, LANGUAGE) for currency, lines in sorted(asked.items())]
    said = f"{count(len(notices), 'notice')} to {count(len(accounts), 'account')}"
    return f"{said}, asking for {' and '.join(amounts)}" if amounts else said


def show_account(console: Console, standing: Standing, decision: Decision, schedule: Schedule) -> None:
    """Everything about one account in one currency: what is open, what happens today and why, each step of each item."""
    customer, currency = standing.customer, standing.currency

    def amount(minor: int) -> str:
        return money.display(minor, currency, LANGUAGE)

    console.print(Text.assemble((plain(customer.account_id), "bold"), "  ", plain(customer.name)))
    facts = [f"{amount(standing.balance)} open", f"{amount(standing.overdue)} overdue"]
    if standing.days_past_due:
        facts.append(f"{count(standing.days_past_due, 'day')} past due")
    facts += [f"{amount(sum_)} {name}" for key, name in _BESIDE.items() if (sum_ := getattr(standing, key))]
    if standing.credit:
        facts.append(f"{amount(standing.credit)} in credit")
    console.print(", ".join(facts) + f"; track {customer.track}, as at {standing.on}")
    console.print()
    console.print(Text.assemble("Today: ", (plain(today(standing, decision)), _TONE.get(decision.action, ""))))
    for reason in decision.reasons:
        console.print(Text(f"  · {plain(reason)}"))
    for hold in decision.holds:
        until = f" until {hold.until}" if hold.until else ", with no end set"
        where = f" on {hold.invoice_id}" if hold.invoice_id else ""
        why = "" if hold.why in decision.reasons else f": {hold.why}"
        console.print(Text(f"  · hold ({hold.kind}){plain(where)}{until}{plain(why)}", style="yellow"))
    for said in (*_obligations(standing), *_given_up(standing), *_conduct(standing)):
        console.print(said, soft_wrap=True)
    for line in decision.items:
        item = line.item
        age = _age(item.days_past_due)
        console.print()
        console.print(
            Text.assemble(
                (plain(item.invoice_id), "bold"),
                f"  {amount(item.open)} open",
                f" of {amount(item.amount)}" if item.open != item.amount else "",
                f", due {days.display_short(item.due, LANGUAGE)}, {age}",
            )
        )
        sent = [s for s in standing.history if s.key == item.key]
        for step in schedule.step:
            console.print(Text("    ").append_text(_step(step.name, line.step, line.next_step, sent, line.next_on)))
        for reason in line.reasons:
            console.print(Text(f"    · {plain(reason)}", style="dim"))
    for charge in standing.charges:
        console.print()
        for told in _worksheet(charge):
            console.print(told, soft_wrap=True)


def _obligations(standing: Standing) -> Iterable[Text]:
    """What was said and what became of it: what is to be done first, with the commands that answer it."""
    order = (ObligationState.OVERDUE, ObligationState.DUE, ObligationState.AHEAD)
    told = sorted(standing.obligations, key=lambda each: order.index(each.state) if each.state in order else len(order))
    if told:
        yield Text("Said and done:")
    for each in told:
        state = _late(each, standing) if said_and_done.is_open(each) else str(each.state)
        if said_and_done.is_ahead(each):
            state = f"from {_short_day(each.on)}"
        tone = "red" if each.state is ObligationState.OVERDUE and not each.held else ""
        yield Text(f"  · {state}: {_sentence(each)}", style=tone or ("yellow" if said_and_done.is_open(each) else ""))
        for command in said_and_done.answers(each, standing):
            yield Text(f"      {command}", style="bold")


def _worksheet(charge: Charge) -> Iterable[Text]:
    """What a due amount owes beside its principal, with the arithmetic of every line."""

    def amount(minor: int) -> str:
        return money.display(minor, charge.currency, LANGUAGE)

    paid = "" if charge.principal > 0 else ", principal paid"
    told = "" if charge.told else "; not claimed: no notice announced it, or it was paid before the day announced"
    yield Text.assemble(
        (plain(charge.invoice_id), "bold"),
        f"  {amount(charge.owed)} owed beside the principal{paid}, by {charge.regime}{told}",
    )
    for line in charge.accruals:
        yield Text(f"    {_accrual(line, charge.year_days, charge.currency)}")
    if charge.accruals:
        left = _left(charge.accrued, charge.interest_paid, charge.interest_waived, charge.interest, amount)
        yield Text(f"    interest {left}")
    if charge.fee and charge.fee_on:
        left = _left(charge.fee, charge.fee_paid, charge.fee_waived, charge.fees, amount)
        yield Text(f"    fixed sum of {charge.fee_on} {left}")
    if charge.unknown_from:
        yield Text(
            f"    No rate is known from {charge.unknown_from}: nothing is claimed for these days. Add the reference "
            "rate in config.toml,",
            style="yellow",
        )
        yield Text(
            f'    by the day it holds from: [interest.rates] {charge.unknown_from} = "RATE"',
            style="yellow",
        )


def _accrual(line: Accrual, year: int, currency: str) -> str:
    """Principal × days × rate / year = amount, its days, and what the rate is made of."""
    span = f"{line.first} to {line.last}"
    principal = money.display(line.principal, currency, LANGUAGE)
    if line.rate is None:
        return f"{span}: {principal} × {count(line.days, 'day')}, rate not known: nothing"
    rate, made_of = f"{beside.percent(line.rate)} %", ""
    if line.reference is not None:
        more = line.rate - line.reference
        sign = "+" if more >= 0 else "-"
        made_of = f"  ({rate} = {beside.percent(line.reference)} % {sign} {beside.percent(abs(more))} %)"
    amount = money.display(line.amount, currency, LANGUAGE)
    return f"{span}: {principal} × {count(line.days, 'day')} × {rate} / {year} = {amount}{made_of}"


def _left(sum_: int, paid: int, waived: int, owed: int, amount: Callable[[int], str]) -> str:
    """A charge with what was paid and waived of it, and what is owed."""
    gone = [f"{amount(each)} {what}" for each, what in ((paid, "paid"), (waived, "waived")) if each]
    return f"{amount(sum_)}, {' and '.join(gone)}: {amount(owed)} owed" if gone else f"{amount(sum_)} owed"


def _conduct(standing: Standing) -> Iterable[Text]:
    """How they have behaved, what was promised and agreed, and what that suggests."""
    conduct = standing.conduct
    yield Text.assemble(
        "Record: ", (str(conduct.klass), "bold"), f" ({plain(conduct.figures)})" if conduct.figures else ""
    )
    if conduct.reason:
        yield Text(f"  · last reason: {plain(conduct.reason)}, on {conduct.reason_on}")
    for promise in conduct.promises:
        yield Text(f"  · {_promise(promise, standing.currency)}", style="red" if promise.is_broken else "")
    if conduct.plan and conduct.plan.instalments:
        is_bad = conduct.plan.state is PlanState.DEFAULT
        yield Text(f"  · {_plan(conduct.plan, standing.currency)}", style="red" if is_bad else "")
    if conduct.prepayment:
        yield Text(f"  · payment in advance: {plain(conduct.prepayment)}")
    for proposal in conduct.proposals:
        yield Text(f"  · proposed: {plain(proposal)}", style="magenta")


def _given_up(standing: Standing) -> Iterable[Text]:
    """What was written off, and what of that was undone: off the balance, and never off the record."""
    lines = [line for line in standing.activity if line.kind == "writeoff" and line.amount]
    for line in lines if standing.currency == standing.customer.currency else ():
        amount = money.display(abs(line.amount or 0), standing.currency, LANGUAGE)
        said = "written off" if (line.amount or 0) > 0 else "write-off undone"
        of = f" of {line.invoice_id}" if line.invoice_id else ""
        why = f": {line.note}" if line.note else ""
        yield Text(plain(f"  · {said}{of} on {line.on}, {amount}{why}"))


def _age(days_past_due: int) -> str:
    if days_past_due > 0:
        return f"{count(days_past_due, 'day')} past due"
    return "due today" if days_past_due == 0 else f"due in {count(-days_past_due, 'day')}"


def _step(name: str, last: str, following: str, sent: Sequence[Sent], on: date | None) -> Text:
    """One rung in one line: when it went and how, when it comes, or that it is still ahead."""
    went = [line for line in sent if line.step == name]
    if went:
        said = ", ".join(f"{line.channel} {line.state}" for line in went)
        return Text.assemble("✓ ", f"{name:<16}", f"{went[-1].on}  {said}")
    if name == following:
        return Text.assemble(("→ ", "bold"), (f"{name:<16}", "bold"), f"{on or 'not before that is settled'}")
    if name == last:
        return Text.assemble("✓ ", f"{name:<16}", "by telephone")
    return Text.assemble(("  ", ""), (f"{name:<16}", "dim"))
