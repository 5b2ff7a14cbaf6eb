"""The shapes of `--json`: names that scripts rely on (CONTRACT, "Commands"). Amounts are text in the currency's digits."""

from collections.abc import Iterable
from typing import Any

from pastdue import money
from pastdue.documents import beside, said_and_done
from pastdue.findings import Finding
from pastdue.flow import Run
from pastdue.model import (
    BUCKETS,
    Accrual,
    Action,
    Charge,
    Decision,
    Hold,
    ItemDecision,
    Obligation,
    Plan,
    Promise,
    Standing,
)

_SUMS = ("balance", "overdue", "credit", "interest", "fees")


def findings(found: Iterable[Finding]) -> list[dict[str, Any]]:
    """Every finding with its place, message and hint."""
    return [
        {
            "severity": str(f.severity),
            "file": f.file,
            "sheet": f.sheet,
            "row": f.row,
            "column": f.column,
            "message": f.message,
            "hint": f.hint,
            "account_id": f.account_id,
        }
        for f in found
    ]


def status(run: Run) -> dict[str, Any]:
    """Every account's standing and today's decision, and the sums per currency."""
    accounts = [account(s, d) for s, d in zip(run.standings, run.decisions, strict=True)]
    return {"on": run.on.isoformat(), "accounts": accounts, "totals": totals(run.standings)}


def account(standing: Standing, decision: Decision) -> dict[str, Any]:
    """One account in one currency."""
    currency = standing.currency

    def amount(minor: int) -> str:
        return money.to_text(minor, currency)

    return {
        "account_id": standing.account_id,
        "name": standing.customer.name,
        "currency": currency,
        "balance": amount(standing.balance),
        "overdue": amount(standing.overdue),
        "credit": amount(standing.credit),
        "oldest_due": standing.oldest_due.isoformat() if standing.oldest_due else None,
        "days_past_due": standing.days_past_due,
        "buckets": buckets(standing.buckets, currency),
        "interest": amount(standing.interest),
        "fees": amount(standing.fees),
        "class": str(standing.conduct.klass),
        "track": standing.customer.track,
        "prepayment": bool(standing.conduct.prepayment),
        "holds": [_hold(hold) for hold in decision.holds],
        "promises": [_promise(promise, currency) for promise in standing.conduct.promises],
        "plan": _plan(standing.conduct.plan, currency) if standing.conduct.plan else None,
        "reason": standing.conduct.reason or None,
        "figures": standing.conduct.figures,
        "proposals": list(standing.conduct.proposals),
        "obligations": [_obligation(each) for each in standing.obligations if not said_and_done.is_ahead(each)],
        "announced": [_obligation(each) for each in standing.obligations if said_and_done.is_ahead(each)],
        "items": _items(standing, decision),
        "charges": [_charge(charge) for charge in standing.charges],
        "decision": _decision(decision),
    }


def totals(standings: Iterable[Standing]) -> dict[str, Any]:
    """Balance, overdue, charges and ageing of each currency; currencies are never added together."""
    found: dict[str, dict[str, Any]] = {}
    for standing in standings:
        sums = found.setdefault(standing.currency, {**dict.fromkeys(_SUMS, 0), "buckets": [0] * 6})
        for name in _SUMS:
            sums[name] += getattr(standing, name)
        sums["buckets"] = [a + b for a, b in zip(sums["buckets"], standing.buckets, strict=True)]
    return {
        currency: {
            **{name: money.to_text(sums[name], currency) for name in _SUMS},
            "buckets": buckets(sums["buckets"], currency),
        }
        for currency, sums in sorted(found.items())
    }


def buckets(sums: Iterable[int], currency: str) -> dict[str, str]:
    """The ageing by the names of its buckets."""
    return {name: money.to_text(amount, currency) for name, amount in zip(BUCKETS, sums, strict=True)}


def _hold(hold: Hold) -> dict[str, Any]:
    return {
        "kind": hold.kind,
        "until": hold.until.isoformat() if hold.until else None,
        "invoice_id": hold.invoice_id or None,
        "why": hold.why,
    }


def _promise(promise: Promise, currency: str) -> dict[str, Any]:
    return {
        "made": promise.made.isoformat(),
        "due": promise.due.isoformat(),
        "amount": money.to_text(promise.amount, currency),
        "state": str(promise.state),
        "received": money.to_text(promise.received, currency),
    }


def _plan(plan: Plan, currency: str) -> dict[str, Any]:
    return {
        "made": plan.made.isoformat(),
        "signed": plan.signed.isoformat() if plan.signed else None,
        "state": str(plan.state),
        "until": plan.until.isoformat() if plan.until else None,
        "instalments": [
            {
                "due": each.due.isoformat(),
                "amount": money.to_text(each.amount, currency),
                "paid": money.to_text(each.paid, currency),
            }
            for each in plan.instalments
        ],
    }


def _obligation(each: Obligation) -> dict[str, Any]:
    return {
        "consequence": each.consequence,
        "due": each.on.isoformat(),
        "state": str(each.state),
        "announced": each.announced.isoformat(),
        "notice_id": each.notice_id or None,
        "invoices": list(said_and_done.invoices(each)),
        "why": each.why,
        "held": each.held or None,
    }


def _items(standing: Standing, decision: Decision) -> list[dict[str, Any]]:
    """What is open, and what is paid and still owes interest or a fixed sum; oldest due first."""
    charges = {charge.key: charge for charge in standing.charges}
    lines = [
        _item(line, standing.currency) | _beside(charges.get(line.item.key), standing.currency)
        for line in decision.items
    ]
    listed = {line.item.key for line in decision.items}
    lines += [_paid(each, standing) for each in standing.charges if each.owed and each.key not in listed]
    return sorted(lines, key=lambda line: str(line["due"]))


def _item(line: ItemDecision, currency: str) -> dict[str, Any]:
    return {
        "invoice_id": line.item.invoice_id,
        "due": line.item.due.isoformat(),
        "open": money.to_text(line.item.open, currency),
        "days_past_due": max(line.item.days_past_due, 0),
        "step": line.step or None,
        "next_step": line.next_step or None,
        "next_on": line.next_on.isoformat() if line.next_on and line.next_step else None,
        "reasons": list(line.reasons),
    }


def _paid(charge: Charge, standing: Standing) -> dict[str, Any]:
    """An invoice whose principal is paid: what it owes beside it stays as its own open item."""
    nothing: dict[str, Any] = {"step": None, "next_step": None, "next_on": None, "reasons": []}
    return {
        "invoice_id": charge.invoice_id,
        "due": charge.due.isoformat(),
        "open": money.to_text(0, charge.currency),
        "days_past_due": max((standing.on - charge.due).days, 0),
        **nothing,
        **_beside(charge, charge.currency),
    }


def _beside(charge: Charge | None, currency: str) -> dict[str, str]:
    """What an item owes beside its principal."""
    interest, fees = (charge.interest, charge.fees) if charge else (0, 0)
    return {"interest": money.to_text(interest, currency), "fees": money.to_text(fees, currency)}


def _charge(charge: Charge) -> dict[str, Any]:
    """The worksheet of a due amount: every line of its interest, its fixed sum, and what became of both."""
    sums = ("accrued", "interest_paid", "interest_waived", "fee", "fee_paid", "fee_waived")
    return {
        "invoice_id": charge.invoice_id,
        "due": charge.due.isoformat(),
        "regime": charge.regime,
        "told": charge.told,
        "since": charge.since.isoformat() if charge.since else None,
        "fee_on": charge.fee_on.isoformat() if charge.fee_on else None,
        **{name: money.to_text(getattr(charge, name), charge.currency) for name in sums},
        **_beside(charge, charge.currency),
        "year_days": charge.year_days,
        "lines": [_accrual(line, charge.currency) for line in charge.accruals],
    }


def _accrual(line: Accrual, currency: str) -> dict[str, Any]:
    return {
        "principal": money.to_text(line.principal, currency),
        "from": line.first.isoformat(),
        "to": line.last.isoformat(),
        "days": line.days,
        "rate": None if line.rate is None else beside.percent(line.rate),
        "amount": money.to_text(line.amount, currency),
    }


def _decision(decision: Decision) -> dict[str, Any]:
    acts = decision.action in {Action.NOTICE, Action.CALL}
    return {
        "action": str(decision.action),
        "step": decision.step or None,
        "channels": list(decision.channels),
        "pay_by": decision.pay_by.isoformat() if decision.pay_by else None,
        "items": [
            {"invoice_id": line.item.invoice_id, "due": line.item.due.isoformat(), "step": line.next_step}
            for line in decision.items
            if acts and line.is_due
        ],
        "reasons": list(decision.reasons),
    }
