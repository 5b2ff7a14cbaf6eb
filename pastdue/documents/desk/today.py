"""What goes out today, whom to call, what hangs and what is for the operator to decide."""

from dataclasses import replace
from functools import partial

from pastdue.documents.desk.view import Entry, View, asked, charged
from pastdue.documents.desk.words import TEXT, count, link
from pastdue.documents.site import cut, plain
from pastdue.model import COPY, Action, Decision, Sent, Standing, State

_STATES = {
    State.PRINTED: ("printed, not posted", "when it is in the post: build.py send --posted"),
    State.UNCLEAR: ("it is unclear whether it arrived", "build.py send --resolve {notice}=sent, or {notice}=resend"),
    State.DEFERRED: ("put off by their mail server", "the next send tries again"),
    State.REFUSED: ("refused by their mail server", "mend the address in customers; until then a letter goes instead"),
}


def doing(view: View, action: Action) -> list[Entry]:
    """The accounts about which this is done, the largest sums first."""
    return [view.entry(standing, decision) for standing, decision in view.doing(action)]


def notices(view: View) -> list[Entry]:
    """What goes out today, the largest sums first, each to be looked at; and what an error stops."""
    return [_notice(view, standing, decision) for standing, decision in view.doing(Action.NOTICE)]


def _notice(view: View, standing: Standing, decision: Decision) -> Entry:
    entry, key = view.entry(standing, decision), (standing.account_id, standing.currency)
    if key not in view.files and standing.account_id in view.stopped:
        return entry._replace(when="does not go: an error under Books stops it")
    return entry._replace(preview=view.previews.get(key, ""))


def to_call(view: View) -> list[Entry]:
    """The day's calls, those of the greatest expected worth first; each with how it comes about."""
    chosen = [pair for pair in view.pairs if pair[1].action is Action.CALL]
    chosen.sort(key=partial(_by_worth, view))
    return [_call(view, standing, decision) for standing, decision in chosen]


def _by_worth(view: View, pair: tuple[Standing, Decision]) -> tuple[bool, str, int, int, str]:
    standing = pair[0]
    known = view.morning.worth.get((standing.account_id, standing.currency))
    worth = known[0] if known else asked(*pair)
    return *view.currency_order(standing.currency), -worth, -standing.days_past_due, standing.account_id


def _call(view: View, standing: Standing, decision: Decision) -> Entry:
    entry = view.entry(standing, decision)
    known = view.morning.worth.get((standing.account_id, standing.currency))
    if known is None:
        return entry
    score, amount, words = known
    show = view.money(standing.currency)
    return entry._replace(
        sum=show(amount + charged(standing, decision)),
        reasons=(f"Worth {show(score)}: {show(amount)} × {plain(words)}.", *entry.reasons),
    )


def stuck(view: View) -> list[Entry]:
    """Notices whose delivery the operator has to settle: not posted, unclear, refused or put off, and not overtaken."""
    stuck = [
        (standing, line)
        for standing, _ in view.pairs
        for line in _unsettled(standing)
        if standing.items or line.state.blocks
    ]
    stuck.sort(key=lambda pair: (not pair[1].state.blocks, pair[1].on))
    return [_stuck_entry(view, standing, line) for standing, line in stuck]


def _stuck_entry(view: View, standing: Standing, line: Sent) -> Entry:
    what, remedy = _STATES[line.state]
    return Entry(
        view.who(standing),
        what=f"{line.step or 'notice'} by {line.channel}: {what}",
        when=view.day(line.on),
        sum=view.money(line.currency)(line.open),
        reasons=(remedy.format(notice=cut(line.notice_id, TEXT)),),
        files=((line.channel, link(line.file)),) if line.file else (),
    )


def unbilled(view: View) -> list[Entry]:
    """Delivered work without an invoice: day, sum, and for how long."""
    standings = {standing.account_id: standing for standing in view.morning.standings}
    return [
        Entry(
            view.who(standings[line.account_id]),
            what=f"delivered on {view.day(line.on)}",
            when=f"{count(waiting, 'day')} without an invoice",
            sum=view.money(currency)(line.amount or 0),
            reasons=(cut(line.note, 3 * TEXT),) if line.note else (),
        )
        for line, currency, waiting in view.morning.unbilled
    ]


def _unsettled(standing: Standing) -> list[Sent]:
    """The last line of each notice in the standing's currency that hangs, unless a later notice overtook it.

    An email that was put off is not tried again where the letter of the same step is there.
    """
    found: dict[str, Sent] = {}
    there = {(line.on, line.step) for line in standing.history if line.went_out and line.currency == standing.currency}
    for line in standing.history:
        if line.currency != standing.currency or line.channel == COPY:
            continue
        if line.state is State.DEFERRED and (line.on, line.step) in there:
            continue
        if line.state in _STATES:
            known = found.get(line.notice_id)
            found[line.notice_id] = line if known is None else _with(known, line)
        elif line.went_out:
            for other in [each for each in found.values() if each.on < line.on and not each.state.blocks]:
                del found[other.notice_id]
    return list(found.values())


def _with(known: Sent, line: Sent) -> Sent:
    """Two lines of one notice as one: the higher step, the sum of both."""
    higher = line if line.rung > known.rung else known
    return replace(higher, open=known.open + line.open)
