"""What must be true of a notice before it goes: its words, and what it claims, of whom, by when and in whose name."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from pastdue.config import THIRD_PARTY, Business, Config, End
from pastdue.documents.linter.folding import fold, sentences
from pastdue.documents.linter.in_words import (
    PARAGRAPHS,
    SUBJECT,
    TEXT,
    carried_out,
    made_alike,
    remarks_in,
    remarks_in_notice,
)
from pastdue.documents.linter.remark import Remark
from pastdue.documents.patterns import RULES, SHIPPED, Lists, Patterns, Tables
from pastdue.findings import Severity
from pastdue.model import Charge, Notice

_BUSINESS_ONLY = frozenset({"uk-lpcda", "ie-si580", "eu-2011-7", "de-288-b2b", "at-456", "fr-l441-10", "nl-119a"})
_CONSUMER_SUMS = frozenset({"nl-119"})  # rules that give a fixed sum against consumers: the Dutch collection costs
_COMPARED = ("interest", "fee", "prepayment", "stop-service")
_LEAST_DAYS = 7  # for a consumer to pay in
_AMOUNT = re.compile(r"(?:[€£$]|\b[A-Z]{3})\s?\d|\d[\d.,' \u00a0\u202f]*\s?(?:[€£$]|(?:EUR|GBP|USD|CHF)\b)")


def notice(
    notice: Notice,
    subject: str,
    text: str,
    config: Config,
    disputed: Collection[str] = (),
    time_barred: Collection[str] = (),
    spoken: Patterns = SHIPPED,
) -> tuple[Remark, ...]:
    """What stands against sending the notice: its words, and what it claims, of whom, by when and in whose name.

    `disputed` and `time_barred` are invoice ids. What the books say, such as names, is not read as the letter's words.
    """
    language = notice.customer.language or config.business.language
    tables = spoken.of(language)
    planned = carried_out(config, spoken.lists) | {each.consequence for each in notice.announces}
    values = _values(notice, config)
    said, on_top = _masked(text, values), _masked(subject, values)
    found = [
        *remarks_in_notice(on_top, tables, planned, SUBJECT),
        *remarks_in_notice(said, tables, planned, (*TEXT, *_looked_for(notice, config, planned))),
        *_charges(notice),
        *_deadline(notice, said, tables.lists),
        *_subject(notice, subject, config, tables.lists),
        *_asked(notice, said, tables, disputed, time_barred),
        *_sender(config, tables.lists),
    ]
    return tuple(dict.fromkeys(replace(each, letter=notice.letter, language=language) for each in found))


def _remark(code: str, found: str, reason: str = "", severity: Severity | None = None) -> Remark:
    rule = RULES[code]
    return Remark(code, severity or rule.severity, found, reason or rule.reason, rule.basis)


def _values(notice: Notice, config: Config) -> list[str]:
    """What the letter prints of the books and the config: names, places, descriptions; the longest first."""
    customer = notice.customer
    values = {customer.account_id, customer.name, customer.contact, customer.city, *customer.address, notice.reference}
    for line in notice.items:
        values |= {line.item.invoice_id, line.item.description, line.item.reference}
    values |= _own_values(config.business, config.end)
    plain = {" ".join(value.split()) for value in values}
    return sorted((value for value in plain if len(value) > 2), key=lambda value: (-len(value), value))


@lru_cache(maxsize=8)
def _own_values(business: Business, end: End) -> frozenset[str]:
    values = {business.name, business.contact, business.city, *business.address, business.registration, business.bank}
    return frozenset({*values, business.account_holder, business.website, business.bic, end.agency, end.court})


def _masked(text: str, values: Iterable[str]) -> str:
    """The text with a row of x in the place of each value, also of one that is broken over two lines."""
    flat = text
    for gap in "\n\t\u00a0\u202f":
        flat = flat.replace(gap, " ")
    spans = []
    for value in values:
        at = flat.find(value)
        while at >= 0:
            end = at + len(value)
            if not (flat[at - 1 : at].isalnum() or flat[end : end + 1].isalnum()):
                spans.append((at, end))
            at = flat.find(value, end)
    parts, done = [], 0
    for at, end in sorted(spans):
        parts += [text[done:at], "x" * (end - max(at, done))]
        done = max(done, end)
    return "".join((*parts, text[done:]))


def _looked_for(notice: Notice, config: Config, planned: Collection[str]) -> Iterator[str]:
    """What the words may not name of this notice: charges of businesses, and consequences that nobody announced or owes."""
    if notice.customer.kind == "consumer" and notice.regime not in _CONSUMER_SUMS:
        yield "consumer"
    real = {*planned, *({"interest", "fee"} if config.interest.regime else ())}
    real |= {"interest" for line in notice.items if line.charge and line.charge.accruals}
    real |= {"fee" for line in notice.items if line.charge and line.charge.fee}
    if notice.letter.startswith("prepayment"):
        real.add("prepayment")
    yield from (each for each in _COMPARED if each not in real)


def _charges(notice: Notice) -> Iterator[Remark]:
    """L11 and L19: what is claimed beside the principal."""
    for line in notice.items:
        charge = line.charge
        if charge is None or not charge.owed:
            continue
        name = f"{charge.invoice_id}: {'interest' if charge.interest else 'a fixed sum'}"
        if not charge.regime:
            yield _remark("L11", name, "It is claimed by no rule: neither a law nor a contract is named for it.")
        elif not charge.told:
            yield _remark("L11", name, "It is claimed, and no notice has announced it before.")
        if notice.customer.kind == "consumer":
            yield from _of_consumer(charge)


def _of_consumer(charge: Charge) -> Iterator[Remark]:
    if charge.regime in _BUSINESS_ONLY:
        reason = f"The rule {charge.regime} is for debts between businesses, and this customer is a consumer."
        yield _remark("L19", charge.invoice_id, reason)
    elif charge.fees and charge.regime not in _CONSUMER_SUMS:
        yield _remark("L19", charge.invoice_id, "A fixed sum for late payment is not owed by a consumer.")


def _deadline(notice: Notice, text: str, lists: Lists) -> Iterator[Remark]:
    """L12: days to pay that are over, too few, or fewer in the words than in the schedule; a step before its deadline."""
    if notice.pay_by is None:
        return
    days = (notice.pay_by - notice.on).days
    stated = notice.pay_by.isoformat()
    if days < 0:
        yield _remark("L12", stated, f"The day to pay by is before the day of the notice, {notice.on.isoformat()}.")
    elif days < _LEAST_DAYS and notice.customer.kind == "consumer" and notice.answer is None:
        yield _remark("L12", stated, f"It leaves a consumer {days} days to pay; {_LEAST_DAYS} are the least.")
    for given, words in _days_to_pay(text, lists):
        if given < days:
            yield _remark("L12", words, f"The words give fewer days than the notice does: it says {stated}.")
    for each in notice.announces:
        if each.consequence in THIRD_PARTY and each.on <= notice.pay_by:
            yield _remark("L12", str(each), f"It is announced for a day before the one to pay by is over, {stated}.")


def _days_to_pay(text: str, lists: Lists) -> Iterator[tuple[int, str]]:
    """The days that a text gives for paying, and its words for them."""
    if not any(_gives_days(paragraph, lists) for paragraph in PARAGRAPHS.split(made_alike(text))):
        return
    for _, sentence in sentences(text, lists):
        folded = fold(sentence)
        if lists.paying.search(folded.lower):
            for few in lists.days.finditer(folded.lower):
                start, end = folded.at(few.start(), few.end())
                if few.lastindex:
                    yield int(few[few.lastindex]), sentence[start:end]


@lru_cache(maxsize=8192)
def _gives_days(paragraph: str, lists: Lists) -> bool:
    """True for a paragraph, alike in all notices, that gives days to pay in: only then is the notice read sentence by sentence."""
    return bool(lists.days.search(fold(paragraph).lower))


def _subject(notice: Notice, subject: str, config: Config, lists: Lists) -> Iterator[Remark]:
    """L13: an amount in the subject of an email that others read too, where it is the letter's own."""
    if config.mail.subject != "letter":
        return
    name = notice.customer.email.partition("@")[0].lower()
    amount = _AMOUNT.search(subject)
    if notice.channel != "letter" and amount and not lists.shared.isdisjoint({name, re.split(r"[.\-_+]", name)[0]}):
        severity = Severity.ERROR if notice.customer.kind == "consumer" else Severity.WARNING
        reason = (
            f"The subject names an amount, and {notice.customer.email} looks like an address that several people read."
        )
        yield _remark("L13", amount[0], reason, severity)


def _asked(
    notice: Notice, text: str, tables: Tables, disputed: Collection[str], time_barred: Collection[str]
) -> Iterator[Remark]:
    """L15 and L16: invoices that may not be sued for, or not be asked for now."""
    asked = dict.fromkeys(line.item.invoice_id for line in notice.asked)
    for invoice_id in asked:
        if invoice_id in disputed:
            yield _remark("L16", invoice_id)
    if not any(invoice_id in time_barred for invoice_id in asked):
        return
    for each in notice.announces:
        if each.consequence == "small-claims":
            yield _remark("L15", str(each))
    for remark in remarks_in(text, tables, ("agency",), TEXT):
        if remark.code == "L03":
            yield _remark("L15", remark.found)


def _sender(config: Config, lists: Lists) -> Iterator[Remark]:
    """L06: mail that comes from a name that is not the business's."""
    business, name = config.business, config.sender()[0]
    if not _is_own_name(name, business.name, business.contact, lists):
        yield _remark("L06", name, f"Mail comes from another name than the business's own, {business.name}.")


@lru_cache(maxsize=64)
def _is_own_name(name: str, business: str, contact: str, lists: Lists) -> bool:
    """True when a sender's name shares a word with the business or its contact, and adds no department or lawyer to it."""
    if not name or name in {business, contact}:
        return True
    own = fold(business).lower
    added = any(word[0] not in own for word in lists.not_ours.finditer(fold(name).lower))
    said, known = _name_words(name), _name_words(business) | _name_words(contact)
    return not added and not (said & known) <= lists.any_name


def _name_words(name: str) -> set[str]:
    return set(re.findall(r"\w+", fold(name).lower))
