"""Notices: a decision as the messages that carry it, with a name that is the same on every run and safe as a path."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

from pastdue import money
from pastdue.model import (
    COPY,
    NO_ITEM,
    Announcement,
    Charge,
    Decision,
    Document,
    Notice,
    NoticeItem,
    OpenItem,
    Payment,
    Sent,
    Standing,
    State,
)

CHARGES = "charges"  # the answer that asks for interest and fixed sums where everything else is paid


def notices(standing: Standing, decision: Decision, portal_url: str) -> Iterator[Notice]:
    """One notice per channel of the decision, all with the same lines; calls are not notices but call sheets.

    Every open item is listed, except one that is held: what is disputed is not demanded. Only an item whose own step is
    due, or that an answer is about, is recorded; only what its own step announces is announced for it.
    """
    lines = _lines(standing, decision)
    asked = [line.item for line in lines if line.step and line.item.is_overdue] or [
        line.item for line in lines if line.step
    ]
    for channel in decision.channels:
        if channel == "call":
            continue
        notice = Notice(
            notice_id=notice_id(standing, decision, channel),
            on=standing.on,
            customer=standing.customer,
            currency=standing.currency,
            step=decision.step,
            rung=decision.rung,
            letter=decision.letter,
            channel=channel,
            items=lines,
            pay_by=decision.pay_by,
            announces=_together(lines),
            reasons=decision.reasons,
            portal_url=portal_url,
            reference=asked[0].invoice_id if len({item.invoice_id for item in asked}) == 1 else standing.account_id,
            replies_to=_replies_to(standing, decision),
            payments=_payments_since_last_notice(standing),
            answer=decision.answer,
            broken=decision.broken,
            follows=_follows(decision),
            regime=standing.regime,
        )
        yield notice
        if channel == "email" and standing.customer.cc:
            yield replace(
                notice,
                notice_id=f"{notice.notice_id}-{COPY}",
                channel=COPY,
                customer=replace(standing.customer, email=standing.customer.cc),
            )


def _follows(decision: Decision) -> str:
    """The step that comes next if nothing is paid: the highest among what the notice is about."""
    about = set(decision.answer.items) if decision.answer else {line.item.key for line in decision.items}
    coming = [line for line in decision.items if line.next_step and line.item.key in about]
    return max(coming, key=lambda line: line.rung).next_step if coming else ""


def _lines(standing: Standing, decision: Decision) -> tuple[NoticeItem, ...]:
    """The notice's lines: all that is open and not held, or, for an answer, at least what the answer is about.

    A step of the schedule claims interest and fixed sums, of invoices that are paid by now too; an answer asks for what
    it is about, and only the one about such charges, and a notice that goes once more, claim them.
    """
    if _is_about_none(decision):
        return ()
    answer = decision.answer
    held = {hold.invoice_id for hold in decision.holds if hold.invoice_id}
    charges = {claim.key: claim for claim in standing.claims if claim.invoice_id not in held}
    if answer:
        about = set(answer.items)
        lines = [
            NoticeItem(line.item, answer.step if line.item.key in about else "")
            for line in decision.items
            if line.item.key in about or line.item.invoice_id not in held
        ]
        if answer.step != CHARGES and not answer.original:
            return tuple(lines)
    else:
        lines = [
            NoticeItem(line.item, line.next_step, line.rung, line.announces)
            if line.is_due
            else NoticeItem(line.item, "")
            for line in decision.items
            if line.item.invoice_id not in held
        ]
    step = decision.step if answer else ""
    rest = [NoticeItem(_paid(charge, standing), step) for charge in charges.values() if not charge.principal]
    together = sorted((*rest, *lines), key=lambda line: (line.item.due, line.item.invoice_id))
    return tuple(replace(line, charge=charges.get(line.item.key)) for line in together)


def _paid(charge: Charge, standing: Standing) -> OpenItem:
    """An invoice that is paid, and stands in a notice for what it owes beside its principal."""
    late = (standing.on - charge.due).days
    return OpenItem(charge.invoice_id, charge.due, None, charge.currency, 0, 0, late)


def plain_step(step: str) -> str:
    """The step by its bare name: behind some stands on record which version it was, or which notice it repeats."""
    return next((name for name in ("policy", "again") if step.startswith(f"{name}-")), step)


def _is_about_none(decision: Decision) -> bool:
    """True for a notice about no invoice: it lists nothing, and belongs to no thread of reminders."""
    return decision.answer is not None and NO_ITEM in decision.answer.items


def slug(text: str) -> str:
    """The text as part of a file name: ASCII letters, digits and hyphens, and, where that lost anything, a short hash."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    return safe if safe == text else f"{safe}-{sha256(text.encode()).hexdigest()[:8]}".lstrip("-")


def file_stem(standing: Standing, what: str) -> str:
    """The name that an account's files of one day begin with; the currency stands in it when it is not their own."""
    other = "" if standing.currency == standing.customer.currency else f"-{standing.currency.lower()}"
    return f"{slug(standing.account_id)}{other}-{what}"


def notice_id(standing: Standing, decision: Decision, channel: str) -> str:
    """The notice's name for good: day, account, step and channel, such as `2026-03-02-ACME-reminder-email`."""
    return f"{standing.on}-{file_stem(standing, decision.step)}-{channel}"


def path(notice: Notice) -> str:
    """Where the notice's document lies: in the folder of its day."""
    suffix = {"email": "eml", COPY: "eml", "letter": "pdf"}[notice.channel]
    name = notice.notice_id.removeprefix(f"{notice.on}-").removesuffix(f"-{notice.channel}")
    return f"outbox/{notice.on}/{name}{'-copy' if notice.channel == COPY else ''}.{suffix}"


def records(notice: Notice, state: State) -> tuple[Sent, ...]:
    """The notice's lines on record, one per item that it records.

    What an answer is about and is paid by now stands there with nothing open.
    """
    on_record = {line.item.key for line in notice.recorded}
    paid = [key for key in notice.answer.items if key not in on_record] if notice.answer else []
    asked = notice.asked

    def sent(
        key: tuple[str, date], step: str, rung: int, open_: int, pay_by: date | None = None, announces: str = ""
    ) -> Sent:
        return Sent(
            notice_id=notice.notice_id,
            on=notice.on,
            invoice_id=key[0],
            due=key[1],
            step=step,
            rung=rung,
            channel=notice.channel,
            state=state,
            open=open_,
            currency=notice.currency,
            pay_by=pay_by,
            announces=announces,
        )

    lines = tuple(
        sent(
            line.item.key,
            line.step,
            line.rung,
            line.item.open,
            pay_by=notice.pay_by if line in asked else None,
            announces="; ".join(map(str, line.announces)),
        )
        for line in notice.recorded
    )
    return (*lines, *(sent(key, notice.step, -1, 0) for key in paid))


def ledger_rows(notice: Notice, document: Document) -> tuple[dict[str, str], ...]:
    """The notice's rows for the notices ledger; state, time and reply come with delivery."""
    of_all = {
        "notice_id": notice.notice_id,
        "on": notice.on.isoformat(),
        "account_id": notice.customer.account_id,
        "channel": notice.channel,
        "currency": notice.currency,
        "message_id": document.message_id,
        "file": document.path,
        "recipient": document.recipient,
    }
    return tuple(
        {
            **of_all,
            "step": line.step,
            "rung": str(line.rung),
            "open": money.to_text(line.open, line.currency),
            "pay_by": line.pay_by.isoformat() if line.pay_by else "",
            "announces": line.announces,
            **_named(line.key),
        }
        for line in records(notice, State.SENT)
    )


def _named(key: tuple[str, date]) -> dict[str, str]:
    """The cells that name an item; what is about none leaves them blank."""
    return {"invoice_id": key[0], "due": "" if key == NO_ITEM else key[1].isoformat()}


def _together(lines: tuple[NoticeItem, ...]) -> tuple[Announcement, ...]:
    """What the notice announces, each consequence and day once, with the invoices it is for and what it comes to."""
    found: dict[tuple[date, str, date], list[Announcement]] = {}
    for line in lines:
        for each in line.announces:
            found.setdefault((each.on, each.consequence, each.since or each.on), []).append(each)
    return tuple(
        Announcement(
            what,
            on,
            tuple(dict.fromkeys(invoice for each in same for invoice in each.invoices)),
            sum(each.amount for each in same),
            same[0].since,
        )
        for (on, what, _), same in sorted(found.items())
    )


def _replies_to(standing: Standing, decision: Decision) -> str:
    """The Message-ID that the notice answers: of the one that it repeats, else of the first in the account's thread."""
    original = decision.answer.original if decision.answer else None
    if original and original.message_id:
        return original.message_id
    return "" if _is_about_none(decision) else _first_message(standing)


def _first_message(standing: Standing) -> str:
    """The Message-ID that the account's thread began with."""
    sent = (line for line in standing.history if line.went_out and line.key != NO_ITEM)
    return next((line.message_id for line in sent if line.message_id), "")


def _payments_since_last_notice(standing: Standing) -> tuple[Payment, ...]:
    """What has come in since the customer last heard from us, to be thanked for; without any notice, in the last month."""
    last = max((line.on for line in standing.history if line.went_out), default=standing.on - timedelta(days=30))
    return tuple(payment for payment in standing.payments if payment.received > last)
