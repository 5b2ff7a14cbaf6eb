"""The shapes of `--json`: names that scripts rely on (CONTRACT, "Commands"). Amounts are text in the currency's digits."""

from collections.abc import Iterable
from typing import Any

from pastdue import money
from pastdue.findings import Finding
from pastdue.flow import Run
from pastdue.model import BUCKETS, Action, Decision, Hold, ItemDecision, Plan, Promise, Standing


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
        "interest": amount(0),
        "fees": amount(0),
        "class": str(standing.conduct.klass),
        "track": standing.customer.track,
        "prepayment": bool(standing.conduct.prepayment),
        "holds": [_hold(hold) for hold in decision.holds],
        "promises": [_promise(promise, currency) for promise in standing.conduct.promises],
        "plan": _plan(standing.conduct.plan, currency) if standing.conduct.plan else None,
        "reason": standing.conduct.reason or None,
        "figures": standing.conduct.figures,
        "proposals": list(standing.conduct.proposals),
        "obligations": [],
        "items": [_item(line, currency) for line in decision.items],
        "decision": _decision(decision),
    }


def totals(standings: Iterable[Standing]) -> dict[str, Any]:
    """Balance, overdue and ageing of each currency; currencies are never added together."""
    found: dict[str, dict[str, Any]] = {}
    for standing in standings:
        sums = found.setdefault(standing.currency, {"balance": 0, "overdue": 0, "credit": 0, "buckets": [0] * 6})
        sums["balance"] += standing.balance
        sums["overdue"] += standing.overdue
        sums["credit"] += standing.credit
        sums["buckets"] = [a + b for a, b in zip(sums["buckets"], standing.buckets, strict=True)]
    return {
        currency: {
            **{name: money.to_text(sums[name], currency) for name in ("balance", "overdue", "credit")},
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
