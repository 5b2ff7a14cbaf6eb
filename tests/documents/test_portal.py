"""The customers' pages: what stands on them, who can find them, and what text from the books can do to them."""

import re
from dataclasses import replace
from datetime import date, timedelta
from html import escape
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_tools import CONFIG, HOSTILE, ON, STATIC, TEMPLATES, Read, item, paid, sent, standing, with_claims
from pydantic import ValidationError

from pastdue.books.headers import COLUMNS
from pastdue.config import Portal
from pastdue.days import Calendar
from pastdue.documents import portal
from pastdue.documents.payment import epc, qr_svg
from pastdue.documents.portal import replies
from pastdue.documents.portal.replies import days_to_pay
from pastdue.documents.site import plain
from pastdue.findings import Severity
from pastdue.model import (
    Accrual,
    Action,
    Activity,
    Charge,
    Class,
    Conduct,
    Customer,
    Decision,
    Hold,
    Instalment,
    Obligation,
    ObligationState,
    Page,
    Plan,
    PlanState,
    Promise,
    PromiseState,
    Standing,
    State,
)

KEY = bytes(range(32))


def built(*standings: Standing, decisions=(), config=CONFIG, templates=TEMPLATES) -> dict[str, Page]:
    told = [with_claims(each) for each in standings]
    return {page.path: page for page in portal.pages(told, decisions, config, templates, STATIC, KEY)}


def page_of(*standings: Standing, decisions=(), config=CONFIG) -> Read:
    pages = built(*standings, decisions=decisions, config=config)
    return Read(pages[portal.path(config, KEY, standings[0].account_id)].content)


def decision(account: Standing, action: Action = Action.WAIT, **more) -> Decision:
    return Decision(account.account_id, account.currency, action, ("a reason",), **more)


OWING = standing(
    Customer("K-7", "Brückner Interiors", contact="Anna Byrne", email="anna@bruckner.example"),
    item("HJ-31", 41, 104000, 184000, description="Oak shelving", reference="PO 77-A"),
    item("HJ-44", 12, 62550),
    item("HJ-58", -14, 240000, description="Kitchen fronts"),
    payments=(paid(70, 95000, "HJ-11", reference="bank transfer"), paid(20, 80000, "HJ-31")),
    history=(
        sent(71, "HJ-31", "invoice", 0),
        sent(40, "HJ-31", "reminder", 2, pay_by=ON - timedelta(days=33)),
        sent(10, "HJ-31", "second-notice", 3, State.POSTED, channel="letter", pay_by=ON + timedelta(days=4)),
    ),
)


# ------------------------------------------------------------------ the address


def test_an_address_holds_160_bits_and_can_stand_in_a_path():
    address = portal.address(KEY, "K-7")
    assert re.fullmatch(r"[a-z2-7]{32}", address)


def test_an_address_is_the_same_on_every_machine_that_has_the_key():
    # printf 'portal\\0K-7\\0000' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0001...1f -binary | head -c 20 | base32
    assert portal.address(KEY, "K-7", 0) == "b6gmzall54rtahyvkawc7hngsnokk45o"


def test_another_rotation_moves_one_account_and_no_other():
    config = CONFIG.model_copy(update={"portal": CONFIG.portal.model_copy(update={"rotate": {"K-7": 1}})})
    assert portal.url(config, KEY, "K-7") != portal.url(CONFIG, KEY, "K-7")
    assert portal.url(config, KEY, "K-8") == portal.url(CONFIG, KEY, "K-8")
    assert set(built(OWING, config=config)) & set(built(OWING)) == set(built())


@given(st.text(max_size=40), st.text(max_size=40), st.integers(0, 99), st.integers(0, 99))
def test_no_two_accounts_or_rotations_share_an_address(one, other, rotation, other_rotation):
    same = (one, rotation) == (other, other_rotation)
    assert (portal.address(KEY, one, rotation) == portal.address(KEY, other, other_rotation)) is same


def test_another_key_gives_other_addresses_and_a_short_one_none():
    assert portal.address(KEY, "K-7") != portal.address(KEY[::-1], "K-7")
    with pytest.raises(ValueError, match="16 bytes"):
        portal.address(b"short", "K-7")


def test_notices_link_to_the_page_and_to_nothing_while_there_is_none():
    link = portal.url(CONFIG, KEY, "K-7")
    assert link == f"https://pay.harbourjoinery.example/a/{portal.address(KEY, 'K-7')}/"
    assert f"site/public{urlsplit(link).path.removeprefix('/a')}index.html" in built(OWING)
    assert portal.url(CONFIG, b"", "K-7") == ""
    unpublished = CONFIG.model_copy(update={"portal": CONFIG.portal.model_copy(update={"base_url": ""})})
    assert portal.url(unpublished, KEY, "K-7") == ""


# ------------------------------------------------------------------ what stands on the page


def test_every_figure_date_and_name_of_the_account_is_on_its_page():
    text = page_of(OWING).text
    for said in (
        "Harbour Joinery", "Brückner Interiors", "K-7", "As at 2 March 2026", "Registered in Ireland No. 000000",
        "HJ-31", "Oak shelving", "PO 77-A", "Issued 21 Dec 2025", "20 Jan 2026", "41 days late",
        "€1,040.00", "of €1,840.00", "€800.00 paid",
        "HJ-44", "18 Feb 2026", "12 days late", "€625.50",
        "HJ-58", "Kitchen fronts", "16 Mar 2026", "in 14 days", "€2,400.00",
        "Open in total €4,065.50", "Overdue €1,665.50", "A further €2,400.00 is open and not due yet.",
        "Please pay by 6 March 2026.",
        "22 Dec 2025", "HJ-11", "bank transfer", "€950.00", "10 Feb 2026",
        "20 Feb 2026", "Second reminder", "Letter", "21 Jan 2026", "Reminder", "Email", "Invoice",
        "IE29 AIBK 9311 5212 3456 78", "AIBKIE2D",
    ):  # fmt: skip
        assert said in text, said


def test_what_is_owed_and_by_when_comes_before_all_else():
    text = page_of(OWING).text
    order = [
        text.index(said)
        for said in ("€1,665.50", "Please pay by", "Open invoices", "How to pay Amount", "Payments received")
    ]
    assert order == sorted(order)


def test_the_deadline_is_that_of_the_notice_that_goes_out_today():
    today = decision(OWING, Action.NOTICE, pay_by=ON + timedelta(days=14))
    assert "Please pay by 16 March 2026." in page_of(OWING, decisions=[today]).text


def test_a_deadline_that_has_passed_is_not_stated_again():
    late = replace(OWING, history=OWING.history[:2])
    text = page_of(late).text
    assert "Please pay now." in text
    assert "28 January" not in text


def test_before_anything_is_overdue_the_page_says_what_is_due_first():
    text = page_of(standing("K-8", item("A", 0, 15000), item("B", -20, 25000))).text
    assert "To pay €400.00 €150.00 by 2 March 2026." in text
    assert "due today" in text
    assert "in 20 days" in text
    assert "Overdue" not in text


def test_a_single_due_date_is_the_deadline():
    assert "To pay €150.00 Please pay by 3 March 2026." in page_of(standing("K-8", item("A", -1, 15000))).text


def test_two_currencies_stand_on_one_page_and_are_never_added():
    euros = standing("K-8", item("A", 3, 120000))
    pounds = standing(euros.customer, item("B", 3, 30000, currency="GBP"), currency="GBP")
    pages = built(pounds, euros)
    assert len(pages) == len(built()) + 1
    text = page_of(pounds, euros).text
    assert text.index("Overdue · EUR €1,200.00") < text.index("Overdue · GBP £300.00"), "their own currency first"
    assert "1,500" not in text


def test_a_currency_that_was_never_used_is_not_mentioned():
    euros = standing("K-8", item("A", 3, 120000))
    assert "GBP" not in page_of(euros, standing(euros.customer, currency="GBP")).text


def test_a_settled_account_is_thanked_and_asked_for_nothing():
    page = page_of(standing("K-8", payments=(paid(5, 123456, "HJ-1"),)))
    assert "All paid Thank you. Nothing is open on your account." in page.text
    assert "Your last payment, €1,234.56, reached us on 25 February 2026." in page.text
    assert "IBAN" not in page.text
    assert not [link for link in page.links if link.startswith("https:")]


def test_an_account_in_credit_is_told_so():
    page = page_of(standing("K-8", credit=3000, payments=(paid(5, 5000),)))
    assert "In your favour €30.00" in page.text
    assert "IBAN" not in page.text


def test_an_account_without_any_history_has_a_page_too():
    assert "Nothing to pay" in page_of(standing("K-8")).text


def test_a_payment_that_was_taken_back_says_so():
    assert (
        "Taken back by the bank -€50.00"
        in page_of(standing("K-8", item("A", 3, 5000), payments=(paid(5, -5000),))).text
    )


def test_a_disputed_invoice_is_listed_and_not_asked_for():
    held = decision(OWING, holds=(Hold("dispute", "HJ-31 is disputed (activity, line 3): angry", None, "HJ-31"),))
    page = page_of(OWING, decisions=[held])
    assert "Overdue €625.50" in page.text
    assert "€1,040.00 more is under discussion" in page.text
    assert "under discussion" in page.text
    assert "41 days late" not in page.text
    assert "Open in total €4,065.50" in page.text
    assert [parse_qs(urlsplit(link).query)["a"] for link in page.links if "pay.example" in link] == [["625.50"]]
    assert "angry" not in page.text


def test_an_account_that_is_wholly_disputed_is_asked_for_nothing():
    account = standing("K-8", item("A", 3, 5000))
    held = decision(account, Action.HOLD, holds=(Hold("dispute", "why", None, "A"),))
    page = page_of(account, decisions=[held])
    assert "Open €50.00 It is under discussion with you" in page.text
    assert "IBAN" not in page.text


@pytest.mark.parametrize("kind", ["lawyer", "insolvency", "deceased", "stop-contact", "fraud", "hold"])
def test_an_account_on_hold_is_asked_for_nothing_and_not_told_why(kind):
    page = page_of(OWING, decisions=[decision(OWING, Action.HOLD, holds=(Hold(kind, f"{kind}: a secret"),))])
    assert "We are not asking for payment at the moment." in page.text
    assert not re.search(f"secret|{kind}\\b|pay now|pay by|IBAN", page.text, re.IGNORECASE)


def test_an_account_that_keeps_an_arrangement_can_pay_and_is_not_pressed():
    page = page_of(OWING, decisions=[decision(OWING, Action.HOLD, holds=(Hold("promise", "a promise", ON),))])
    assert "What you have arranged with us holds." in page.text
    assert "Please pay" not in page.text
    assert "IBAN" in page.text


# ------------------------------------------------------------------ what was promised and agreed


def promise(made, due, amount, received, state):
    day = ON - timedelta(days=due)
    return Promise(ON - timedelta(days=made), day, day + timedelta(days=2), amount, amount, received, state)


PENDING = promise(3, -3, 50000, 0, PromiseState.PENDING)
PROMISED = decision(OWING, Action.HOLD, holds=(Hold("promise", "a secret", PENDING.deadline),))


def plan(state, paid=1, until=None):
    days = (-30, -1, 28, 59)
    parts = tuple(Instalment(n + 1, ON + timedelta(days=days[n]), 20000, 20000 if n < paid else 0) for n in range(4))
    return Plan(ON - timedelta(days=40), ON - timedelta(days=38), state, until, parts)


def agreed(state, paid=1, until=None, invoices=("HJ-31", "HJ-44", "HJ-58")):
    account = replace(OWING, conduct=Conduct(plan=plan(state, paid, until)))
    return page_of(
        account, decisions=[decision(account, holds=tuple(Hold("plan", "a secret", until, i) for i in invoices))]
    )


def asked(page):
    return [parse_qs(urlsplit(link).query)["a"][0] for link in page.links if "pay.example" in link]


def test_what_they_said_they_would_pay_is_what_the_page_asks_for():
    account = replace(OWING, conduct=Conduct(promises=(PENDING,)))
    page = page_of(account, decisions=[PROMISED])
    assert "You told us that you will pay €500.00 by 5 March 2026. What you have arranged with us holds." in page.text
    assert asked(page) == ["500.00"]
    assert not [cell for cell in page.all("span") if "alarm" in cell.get("class", "")]
    assert "Please pay" not in page.text
    part = replace(account, conduct=Conduct(promises=(replace(PENDING, received=20000),)))
    assert asked(page_of(part, decisions=[PROMISED])) == ["300.00"]
    assert "5 Mar 2026 €200.00 received" in page_of(part, decisions=[PROMISED]).text


def test_what_became_of_what_they_told_us_stands_there_in_plain_words():
    told = (
        promise(99, 95, 111, 111, PromiseState.KEPT),
        promise(60, 50, 95000, 95000, PromiseState.KEPT),
        promise(40, 30, 9000, 2500, PromiseState.PARTLY_KEPT),
        promise(20, 10, 4000, 0, PromiseState.BROKEN),
        PENDING,
    )
    text = page_of(replace(OWING, conduct=Conduct(promises=told))).text
    assert (
        "What you told us Told on By Amount 27 Feb 2026 5 Mar 2026 expected €500.00 10 Feb 2026 20 Feb 2026 not received "
        "€40.00 21 Jan 2026 31 Jan 2026 €25.00 received €90.00 1 Jan 2026 11 Jan 2026 received, thank you €950.00"
    ) in re.sub(r"\s+", " ", text)
    assert "€1.11" not in text, "long past"


def test_a_plan_that_is_kept_asks_for_its_next_payment_alone():
    page = agreed(PlanState.GOOD, 2)
    assert (
        "Your next payment €200.00 Please pay by 30 March 2026. €4,065.50 is open in total, and paid by your plan."
        in page.text
    )
    assert asked(page) == ["200.00"]
    assert "we ask for nothing else on these invoices" in page.text
    assert (
        "1 of 4 31 Jan 2026 received €200.00 2 of 4 1 Mar 2026 received €200.00 3 of 4 30 Mar 2026 to come €200.00"
        in page.text
    )
    assert "in your payment plan" in page.text
    assert not re.search("under discussion|days late|Overdue", page.text)


def test_a_late_payment_of_a_plan_can_still_be_made():
    page = agreed(PlanState.LATE, 1, ON + timedelta(days=4))
    assert "Your next payment €200.00 Please pay by 6 March 2026." in page.text
    assert "Payment 2 was due on 1 March 2026. Please make it by 6 March 2026; then the plan goes on." in page.text
    assert "2 of 4 1 Mar 2026 not received €200.00" in page.text
    assert asked(page) == ["200.00"]


def test_an_unsigned_plan_waits_and_asks_for_nothing_yet():
    page = agreed(PlanState.OFFERED, 0, ON + timedelta(days=9))
    assert "Open €4,065.50 Your payment plan is waiting for your signature." in page.text
    assert "Please return it by 11 March 2026." in page.text
    assert asked(page) == []


def test_what_is_beside_the_plan_is_asked_for_as_ever():
    page = agreed(PlanState.GOOD, 2, invoices=("HJ-31",))
    assert "Overdue €625.50" in page.text
    assert "€1,040.00 more is paid by your payment plan." in page.text
    assert "A further €2,400.00 is open and not due yet." in page.text
    assert asked(page) == ["625.50"]


def test_a_plan_that_was_not_kept_says_so_and_the_whole_is_asked_for():
    page = agreed(PlanState.DEFAULT, 1, ON - timedelta(days=1), invoices=())
    assert "Payment 2 was due on 1 March 2026, and has not arrived in full. Please talk to us." in page.text
    assert "Overdue €1,665.50" in page.text


def test_a_plan_that_is_paid_is_thanked_for_and_one_never_signed_is_not_told_of():
    settled = standing("K-8", payments=(paid(5, 80000),), conduct=Conduct(plan=plan(PlanState.PAID, 4)))
    assert "All payments have arrived. Thank you." in page_of(settled).text
    assert "Your payment plan" not in agreed(PlanState.LAPSED, 0, invoices=()).text


def test_payment_in_advance_is_told_without_its_reason():
    account = replace(OWING, conduct=Conduct(prepayment="3 invoices were paid 10 days late"))
    text = page_of(account).text
    assert "For now, we ask for payment in advance for new orders." in text
    assert "10 days" not in text
    assert "in advance" not in page_of(OWING).text


@pytest.mark.parametrize("kind", ["lawyer", "insolvency", "deceased", "stop-contact", "fraud", "hold", "placed"])
def test_an_account_that_is_left_in_peace_is_told_of_no_promise_and_no_plan(kind):
    account = replace(OWING, conduct=Conduct(promises=(PENDING,), plan=plan(PlanState.GOOD), prepayment="a reason"))
    holds = (Hold(kind, "a secret"), *PROMISED.holds, Hold("plan", "a secret", None, "HJ-31"))
    text = page_of(account, decisions=[decision(account, Action.HOLD, holds=holds)]).text
    assert "We are not asking for payment at the moment." in text
    assert not re.search("You told us|payment plan|in advance", text)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("state", list(PlanState))
def test_what_the_operator_thinks_of_them_never_reaches_the_page(state, language):
    secret = Conduct(
        promises=tuple(promise(20, 10, 4000, 0, each) for each in PromiseState),
        plan=plan(state, 1, ON + timedelta(days=4)),
        reason="SECRET avoids",
        reason_on=ON,
        unanswered=98765,
        klass=Class.BREAKS,
        figures="SECRET figures",
        proposals=("SECRET proposal: move to the firm track",),
        prepayment="SECRET rule",
    )
    customer = replace(OWING.customer, track="SECRET-track", language=language)
    said = (Activity(ON, "K-7", "reason", note="SECRET note", by="SECRET person"),)
    account = replace(OWING, customer=customer, conduct=secret, activity=said)
    holds = (Hold("promise", "SECRET", ON), Hold("plan", "SECRET", None, "HJ-31"))
    for decided in (decision(account), decision(account, Action.HOLD, holds=holds), decision(account, holds=holds[1:])):
        page = page_of(account, decisions=[decided])
        assert not re.search("SECRET|98765|promises and breaks|avoid|firm|broken|proposal|track", page.text)
        assert page.problems() == []
        assert "{" not in page.text


def test_the_plan_speaks_the_customers_language():
    account = replace(
        OWING,
        customer=replace(OWING.customer, language="de"),
        conduct=Conduct(promises=(PENDING,), plan=plan(PlanState.GOOD, 2)),
    )
    held = decision(account, Action.HOLD, holds=(*PROMISED.holds, Hold("plan", "x", None, "HJ-31")))
    text = page_of(account, decisions=[held]).text
    for said in (
        "Sie haben uns gesagt, dass Sie 500,00 € bis zum 5. März 2026 zahlen.",
        "Ihr Ratenplan",
        "1 von 4",
        "erwartet",
    ):
        assert said in text, said
    assert not re.search("You told|received|Payment", text)


def test_a_mistake_in_the_books_is_no_matter_of_the_customers():
    held = decision(OWING, Action.HOLD, holds=(Hold("error", "accounts/invoices.csv:3: error: secret"),))
    page = page_of(OWING, decisions=[held])
    assert "Overdue €1,665.50" in page.text
    assert "secret" not in page.text


def test_only_what_the_customer_has_in_hand_counts_as_sent():
    states = (State.PRINTED, State.UNCLEAR, State.REFUSED, State.DEFERRED)
    history = tuple(sent(9, "A", "final-demand", 5, state) for state in states)
    copy = sent(8, "A", "final-demand", 5, channel="copy")
    assert "Final demand" not in page_of(standing("K-8", item("A", 3, 5000), history=(*history, copy))).text


def test_one_notice_about_several_invoices_is_one_line():
    history = (sent(9, "A", "reminder", 2), sent(9, "B", "", -1, notice_id="9-reminder"))
    page = page_of(standing("K-8", item("A", 3, 5000), history=history))
    assert page.text.count("21 Feb 2026") == 1
    assert "Reminder" in page.text


def test_a_step_that_the_operator_named_is_not_shown_by_its_name():
    history = (sent(9, "A", "squeeze-the-avoider", 4),)
    text = page_of(standing("K-8", item("A", 3, 5000), history=history)).text
    assert "squeeze" not in text
    assert "Message about your account" in text


def test_reasons_tracks_and_notes_never_reach_the_page():
    customer = Customer("K-8", "Eight", track="firm", phone="+353 1 000 0000", email="eight@example.com")
    account = standing(customer, item("A", 3, 5000), errors=("an error",))
    said = Decision("K-8", "EUR", Action.NOTICE, ("avoids us", "two broken promises"), step="final-demand")
    text = page_of(account, decisions=[said]).text
    assert not re.search("avoid|firm|broken|an error|final-demand|eight@example", text)


def test_long_histories_are_cut_and_the_page_says_so():
    many = tuple(paid(400 - n, 100 + n) for n in range(30))
    text = page_of(standing("K-8", payments=many)).text
    assert "6 earlier ones are not shown here" in text
    assert "€1.29" in text, "the latest is there"
    assert "€1.05" not in text


def test_the_page_speaks_the_customers_language():
    page = page_of(replace(OWING, customer=replace(OWING.customer, language="de")))
    assert page.all("html")[0]["lang"].startswith("de")
    for said in (
        "Überfällig",
        "41 Tage überfällig",
        "Bitte zahlen Sie bis zum 6. März 2026.",
        "Mahnung",
        "So zahlen Sie",
    ):
        assert said in page.text, said
    assert "Please" not in page.text


def test_a_language_without_words_gets_the_business_s_words_and_figures():
    page = page_of(replace(OWING, customer=replace(OWING.customer, language="tlh-<b>")))
    assert "Please pay by 6 March 2026." in page.text
    assert page.all("html")[0]["lang"] == "en-IE"


# ------------------------------------------------------------------ paying and answering


def test_payment_links_carry_the_overdue_sum_quoted():
    account = standing("K & 7/ä", item("A?b=c", 3, 5050))
    (link,) = (link for link in page_of(account).links if link.startswith("https://pay.example"))
    assert parse_qs(urlsplit(link).query) == {"a": ["50.50"], "c": ["EUR"], "r": ["A?b=c"], "n": ["K & 7/ä"]}


def test_the_code_for_banking_apps_asks_for_the_same_sum():
    page = page_of(OWING)
    assert page.all("svg")[0]["role"] == "img"
    pages = built(OWING)
    drawn = qr_svg(epc.payload(CONFIG, 166550, "EUR", "K-7") or "", "QR code for a bank transfer")
    assert drawn.encode() in pages[portal.path(CONFIG, KEY, "K-7")].content


def test_there_is_no_code_for_another_currency():
    assert not page_of(standing("K-8", item("A", 3, 5000, currency="GBP"), currency="GBP")).all("svg")


def test_the_reference_is_the_invoice_where_one_is_asked_for_and_else_the_account():
    assert portal.reference_of(standing("K-8", item("A", 3, 5000), item("B", -3, 100))) == "A"
    assert portal.reference_of(standing("K-8", item("A", 3, 5000), item("B", 4, 100))) == "K-8"
    assert portal.reference_of(standing("K-8", item("A", -3, 5000), item("B", -4, 100))) == "K-8"


def mails(page: Read) -> dict[str, tuple[str, list[str]]]:
    """What each button's email says: its subject's beginning, with the lines of its body."""
    found = {}
    for link in (each for each in page.links if each.startswith("mailto:") and "?" in each):
        to, _, query = link.removeprefix("mailto:").partition("?")
        fields = parse_qs(query, strict_parsing=True)
        assert unquote(to) == "accounts@harbourjoinery.example"
        assert set(fields) == {"subject", "body"}
        said, _, account = fields["subject"][0].rpartition(" (")
        found[said] = account, fields["body"][0].split("\r\n")
    return found


def test_each_answer_begins_an_email_that_names_the_account_and_ends_with_a_line_for_the_diary():
    said = mails(page_of(OWING))
    assert {name: (account, body[0], body[-2], body[-1]) for name, (account, body) in said.items()} == {
        name: ("Account K-7)", f"{name}.", f"2026-03-02,K-7,{line}", "")
        for name, line in {
            "I have paid": "message,,,,,,,says: paid",
            "I can pay on 9 March 2026": "promise,,1665.50,2026-03-09,,,,says: can pay",
            "I can pay on 16 March 2026": "promise,,1665.50,2026-03-16,,,,says: can pay",
            "I can pay on 31 March 2026": "promise,,1665.50,2026-03-31,,,,says: can pay",
            "I need instalments: 3 payments, one a month, of €1,355.17": (
                "plan,,1355.17,2026-03-16,month,3,,says: instalments"
            ),
            "I dispute invoice HJ-31": "dispute,HJ-31,,,,,,says: disputes",
            "I dispute invoice HJ-44": "dispute,HJ-44,,,,,,says: disputes",
            "I dispute invoice HJ-58": "dispute,HJ-58,,,,,,says: disputes",
            "Wrong person": "message,,,,,,,says: wrong person",
            "I have a question": "message,,,,,,,says: question",
        }.items()
    }
    assert all(len(line) <= 72 for _, body in said.values() for line in body if line.startswith("2026-"))
    assert said["I have paid"][1][-3].startswith("Please leave this line as it is")
    assert "you may change its second date and the amount" in said["I can pay on 9 March 2026"][1][-3]


def test_the_plans_that_could_be_agreed_are_those_that_can_be_asked_for():
    made = portal.pages(
        [OWING], (), CONFIG, TEMPLATES, STATIC, KEY, ways=lambda _account: ((200000, 206550), (9, 9, 9))
    )
    page = Read(next(page.content for page in made if page.path == portal.path(CONFIG, KEY, "K-7")))
    plans = [name for name in mails(page) if "instalments" in name]
    assert [name.partition(": ")[2] for name in plans] == [
        "2 payments, one a month, of €2,000.00",
        "3 payments, one a month, of €0.09",
    ]


def test_days_to_pay_are_business_days_after_today_and_after_the_due_date():
    assert days_to_pay(date(2026, 3, 2), Calendar("IE")) == (date(2026, 3, 9), date(2026, 3, 16), date(2026, 3, 31))
    assert days_to_pay(date(2026, 3, 10), Calendar("IE")) == (date(2026, 3, 18), date(2026, 3, 24), date(2026, 3, 31))
    assert days_to_pay(date(2026, 5, 27), Calendar()) == (date(2026, 6, 3), date(2026, 6, 10), date(2026, 6, 30))
    early = mails(page_of(standing("K-8", item("A", -30, 100))))
    assert [name for name in early if "can pay" in name] == [
        "I can pay on 8 April 2026",
        "I can pay on 15 April 2026",
        "I can pay on 30 April 2026",
    ]


def test_who_keeps_an_arrangement_is_not_offered_another_and_who_is_left_in_peace_none():
    promised = page_of(replace(OWING, conduct=Conduct(promises=(PENDING,))), decisions=[PROMISED])
    assert not [name for name in mails(promised) if "can pay" in name]
    assert [name for name in mails(promised) if "instalments" in name]
    by_plan = mails(agreed(PlanState.GOOD, 2))
    assert not [name for name in by_plan if "can pay" in name or "instalments" in name]
    held = page_of(OWING, decisions=[decision(OWING, Action.HOLD, holds=(Hold("lawyer", "why"),))])
    assert not [name for name in mails(held) if "paid" in name or "can pay" in name or "instalments" in name]
    assert "Wrong person" in mails(held)


def test_what_is_under_discussion_need_not_be_disputed_again():
    held = decision(OWING, holds=(Hold("dispute", "why", None, "HJ-31"),))
    assert [name for name in mails(page_of(OWING, decisions=[held])) if "dispute" in name] == [
        "I dispute invoice HJ-44",
        "I dispute invoice HJ-58",
    ]


def test_a_customer_with_many_invoices_gets_a_page_that_stays_small():
    many = standing("K-8", *(item(f"HJ-{n}", 40 - n, 100) for n in range(30)))
    names = [name for name in mails(page_of(many)) if "dispute" in name]
    assert (names[0], len(names), names[-1]) == ("I dispute invoice HJ-0", 13, "I dispute this")
    pages = built(many)
    assert len(pages[portal.path(CONFIG, KEY, "K-8")].content) < 45_000


def test_sums_in_another_currency_can_be_disputed_and_not_promised():
    euros = standing("K-8", item("A", 3, 120000))
    pounds = standing(euros.customer, item("B", 3, 30000, currency="GBP"), currency="GBP")
    said = mails(page_of(pounds, euros))
    assert {"I dispute invoice A", "I dispute invoice B"} <= said.keys()
    assert {body[-2].split(",")[4] for name, (_, body) in said.items() if "can pay" in name} == {"1200.00"}
    assert not [name for name in mails(page_of(standing(euros.customer), pounds)) if "can pay" in name]


def test_a_settled_customer_is_offered_a_question_alone_and_what_was_sent_is_folded_away():
    page = page_of(standing("K-8", payments=(paid(5, 123456, "HJ-1"),), history=(sent(9, "A", "final-demand", 5),)))
    assert list(mails(page)) == ["Wrong person", "I have a question"]
    assert "A question?" in page.text
    html = built(standing("K-8", history=(sent(9, "A", "reminder", 5),)))[portal.path(CONFIG, KEY, "K-8")].content
    assert b"<details>\n<summary><h2>What we have sent you</h2></summary>" in html


FORMED = CONFIG.model_copy(
    update={"portal": CONFIG.portal.model_copy(update={"form": "https://forms.example:8443/a?b=c"})}
)


def forms(page: Read) -> list[dict[str, dict[str, str]]]:
    """The inputs of each form, by name."""
    found: list[dict[str, dict[str, str]]] = []
    for tag, has in page.elements:
        if tag == "form":
            assert has == {"method": "post", "action": "https://forms.example:8443/a?b=c"}
            found.append({})
        elif tag in {"input", "select", "textarea"}:
            found[-1][has["name"]] = has
    return found


def test_where_a_form_is_configured_each_answer_is_one_that_holds_the_line():
    page = page_of(OWING, config=FORMED)
    paid_, later, plan_, dispute, wrong, question = forms(page)
    for each in (paid_, later, plan_, dispute, wrong, question):
        assert set(each) == {
            "on", "account_id", "kind", "invoice_id", "amount", "due", "every", "count", "by", "note", "message",
        }  # fmt: skip
    assert (later["kind"]["value"], later["note"]["value"]) == ("promise", "says: can pay")
    assert later["due"] == {
        "type": "date", "name": "due", "value": "2026-03-09", "required": "", "min": "2026-03-03",
    }  # fmt: skip
    assert later["amount"] == {
        "type": "number", "name": "amount", "value": "1665.50", "required": "", "min": "0.01", "max": "1665.50", "step": "0.01",
    }  # fmt: skip
    assert (plan_["count"]["value"], plan_["count"]["type"], plan_["every"]["value"]) == ("3", "number", "month")
    assert "type" not in dispute["invoice_id"]
    assert [has for tag, has in page.elements if tag == "option"] == [{}, {}, {}]
    assert "required" in question["message"]
    assert "required" not in wrong["message"]
    assert not [link for link in page.links if link.startswith("mailto:") and "?" in link]
    assert page.problems() == ["<form>"] * 6, "which pages without this setting have none of"


def test_forms_may_go_to_the_configured_origin_alone():
    page = page_of(OWING, config=FORMED)
    (policy,) = (meta["content"] for meta in page.all("meta") if "http-equiv" in meta)
    assert policy.endswith("; form-action https://forms.example:8443")
    assert (
        "form-action https://forms.example:8443; frame-ancestors"
        in built(config=FORMED)["site/public/_headers"].content.decode()
    )
    sealed = FORMED.model_copy(update={"portal": FORMED.portal.model_copy(update={"sealed": True})})
    assert b"form-action https://forms.example:8443; script-src" in built(config=sealed)["site/public/_headers"].content


@pytest.mark.parametrize(
    "address",
    [
        "http://forms.example/", "javascript:alert(1)", "https://u:p@forms.example/", "https://forms.example/#a", "//x",
        "https://a.example; script-src *", "https://a.example 'unsafe-inline'", "https://[::1",
    ],
)  # fmt: skip
def test_no_form_goes_where_others_can_listen_or_bends_the_policy(address):
    with pytest.raises(ValidationError):
        Portal(form=address)


def test_the_cells_of_a_line_stand_in_the_order_of_the_ledgers_columns():
    line = Activity(ON, 'K "7", ä', "plan", "A,1", 100050, ON, "month", 3, "JD", "says: instalments")
    assert tuple(replies.columns(line, "EUR")) == COLUMNS["activity"]
    assert replies.row(line, "EUR") == (
        '2026-03-02,"K ""7"", ä",plan,"A,1",1000.50,2026-03-02,month,3,JD,says: instalments'
    )


def test_the_telephone_link_dials_the_number():
    assert "tel:+353209100100" in page_of(OWING).links


def test_a_business_without_email_and_telephone_offers_neither():
    config = CONFIG.model_copy(update={"business": CONFIG.business.model_copy(update={"email": "", "phone": ""})})
    assert not [link for link in page_of(OWING, config=config).links if link.startswith(("mailto:", "tel:"))]


# ------------------------------------------------------------------ what the site gives away


def test_no_page_mentions_another_account():
    accounts = [standing(f"SECRET-{n}", item(f"INV-{n}", 3, 5000 + n)) for n in range(5)]
    pages = built(*accounts)
    for path, page in pages.items():
        named = set(re.findall(rb"SECRET-\d|INV-\d", page.content))
        own = [n for n in range(5) if portal.path(CONFIG, KEY, f"SECRET-{n}") == path]
        assert named == {name for n in own for name in (b"SECRET-%d" % n, b"INV-%d" % n)}
        others = {portal.address(KEY, f"SECRET-{n}").encode() for n in range(5) if n not in own}
        assert not [address for address in others if address in page.content]


def test_beside_the_accounts_there_is_only_what_tells_nothing():
    pages = built()
    assert set(pages) == {
        f"site/public/{name}" for name in ("index.html", "404.html", "robots.txt", "_headers", "static/style.css")
    }
    assert pages["site/public/robots.txt"].content == b"User-agent: *\nDisallow: /\n"
    for name in ("index.html", "404.html"):
        page = Read(pages[f"site/public/{name}"].content)
        assert page.links == []
        assert "Harbour" not in page.text
        assert page.problems() == []


def test_the_page_for_missing_addresses_finds_its_stylesheet_from_anywhere():
    assert "/a/static/style.css" in Read(built()["site/public/404.html"].content).requests


@pytest.mark.parametrize("account", [OWING, standing("K-8"), standing("K-8", credit=5)], ids=["owing", "new", "credit"])
def test_a_page_fetches_nothing_but_its_stylesheet_and_asks_not_to_be_found(account):
    page = page_of(account)
    assert page.requests == ["data:,", "../static/style.css"]
    metas = {meta.get("http-equiv") or meta.get("name"): meta.get("content") for meta in page.all("meta")}
    assert metas["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'"
    )
    assert "noindex" in metas["robots"]
    assert metas["referrer"] == "no-referrer"
    assert page.problems() == []


def test_the_stylesheet_fetches_nothing():
    assert not re.search(rb"url\(|@import|https?:", STATIC["style.css"])


def test_hosts_that_read_headers_are_told_the_same():
    headers = built()["site/public/_headers"].content.decode()
    for said in (
        portal.policy(CONFIG),
        "X-Robots-Tag: noindex",
        "Referrer-Policy: no-referrer",
        "frame-ancestors 'none'",
    ):
        assert said in headers


def test_the_same_input_gives_the_same_bytes():
    assert built(OWING) == built(OWING)


# ------------------------------------------------------------------ hostile text


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_text_from_the_books_is_shown_and_never_obeyed(text):
    customer = Customer(text, text, contact=text, email=text, phone=text, language=text)
    account = standing(
        customer,
        item(text, 3, 5000, 6000, description=text, reference=text),
        payments=(paid(3, 1000, text, reference=text),),
        history=(sent(5, text, text, 2, channel=text, file=text),),
    )
    pages = built(account, decisions=[decision(account, Action.NOTICE)])
    (path,) = set(pages) - set(built())
    assert re.fullmatch(r"site/public/[a-z2-7]{32}/index\.html", path)
    page = Read(pages[path].content)
    assert page.problems() == []
    assert page.requests == ["data:,", "../static/style.css"]
    assert {urlsplit(link).scheme for link in page.links} <= {"https", "mailto", "tel", ""}
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", pages[path].content.decode())
    assert page.text.count(Read(escape(plain(text)).encode("utf-8")).text.strip()) >= 4, (
        "name, invoice, description, payment"
    )


@given(st.text(max_size=60))
def test_any_text_is_harmless(text):
    account = standing(Customer(text, text), item(text, 3, 5000, description=text))
    page = page_of(account)
    assert page.problems() == []
    assert page.requests == ["data:,", "../static/style.css"]


# ------------------------------------------------------------------ the operator's templates


def test_the_shipped_templates_are_sound():
    assert portal.check(TEMPLATES) == []


@pytest.mark.parametrize("name", ["account.html", "index.html", "404.html"])
def test_a_template_that_is_missing_stops_the_run(name):
    found = portal.check({key: text for key, text in TEMPLATES.items() if key != name})
    assert [finding.file for finding in found] == [f"site/templates/{name}"]
    assert all(finding.stops_run for finding in found)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ("{% if %}", "not a template"),
        ("{{ unknown }}", "'unknown' is undefined"),
        ("{{ say.misspelt }}", "misspelt"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{% include 'nowhere.html' %}", "nowhere.html"),
        ("{{ business.name() }}", "not callable"),
    ],
)
def test_a_broken_template_is_a_finding_at_its_line(broken, message):
    lines = TEMPLATES["account.html"].split("\n")
    lines.insert(20, broken)
    (found,) = portal.check(TEMPLATES | {"account.html": "\n".join(lines)})
    assert found.severity is Severity.ERROR
    assert found.stops_run
    assert (found.file, found.row) == ("site/templates/account.html", 21)
    assert message in found.message
    assert found.hint


@pytest.mark.parametrize(
    "branch",
    [
        "{% for label, href in part.links %}",
        "{% if part.earlier %}",
        "{% if part.qr %}",
        "{% for line in part.more %}",
        "{% if part.ahead %}",
        "{% for number, day, due, amount, state in part.plan %}",
        "{% for made, amount, day, due, state in part.promises %}",
    ],
)
def test_a_mistake_in_a_branch_that_few_accounts_take_is_found(branch):
    assert TEMPLATES["account.html"].count(branch) == 1
    broken = TEMPLATES["account.html"].replace(branch, branch + "{{ misspelt }}")
    assert len(portal.check(TEMPLATES | {"account.html": broken})) == 1


def test_a_mistake_in_a_part_that_the_operator_included_is_placed_there():
    templates = TEMPLATES | {"foot.html": "fine\n{{ misspelt }}"}
    templates["account.html"] += "{% include 'foot.html' %}"
    (found,) = portal.check(templates)
    assert (found.file, found.row) == ("site/templates/foot.html", 2)


# ------------------------------------------------------------------ legible to all


def tokens(stylesheet: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6})", stylesheet))


def luminance(colour: str) -> float:
    parts = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *((text, ground) for text in ("ink", "soft", "accent", "alarm") for ground in ("ground", "card")),
        ("ink", "tint"),
        ("accent", "tint"),
        ("ink", "alarm-tint"),
        ("alarm", "alarm-tint"),
        ("on-accent", "accent"),
    ],
)
def test_text_stands_out_from_its_ground_by_wcag_aa(scheme, text, ground):
    light, dark, *_ = STATIC["style.css"].decode().split("@media")
    colours = tokens(light) | (tokens(dark) if scheme == "dark" else {})
    lighter, darker = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


# ------------------------------------------------------------------ interest and fixed sums


def charge(number: str, late: int, principal: int, interest: int, fee: int = 0, *, told: bool = True, **more) -> Charge:
    """Interest of one line, on an invoice that is so many days late, and a fixed sum."""
    due = ON - timedelta(days=late)
    line = Accrual(max(principal, 100), due, ON, late + 1, 101500, interest, 21500)
    said = {"since": due, "accruals": (line,), "fee": fee, "fee_on": due if fee else None} | more
    return Charge(number, due, "EUR", "ie-si580", principal=principal, told=told, **said)


def asked_of(page: Read) -> tuple[str, str]:
    """The sum under "How to pay", and the one in the link to the card payment."""
    shown = re.search(r"How to pay (?:How to pay )?Amount (€[\d,.]+)", page.text)
    link = next(link for link in page.links if link.startswith("https://pay.example/"))
    return shown[1] if shown else "", parse_qs(urlsplit(link).query)["a"][0]


CHARGED = standing(
    "K-9",
    item("HJ-1", 90, 740000, 1240000),
    item("HJ-2", 30, 50000),
    item("HJ-3", -20, 9900),
    charges=(charge("HJ-1", 90, 740000, 17530, 10000, fee_waived=1500), charge("HJ-0", 200, 0, 901, 4000)),
)


def test_the_page_asks_for_what_is_overdue_and_for_the_charges_that_were_told() -> None:
    page = page_of(CHARGED)
    owed = 740000 + 50000 + 17530 + 8500 + 901 + 4000
    assert asked_of(page) == ("€8,209.31", "8209.31")
    assert owed == 820931
    assert "Invoices €7,900.00 Interest €184.31 Fixed sums €125.00" in page.text
    assert "Open in total €8,308.31" in page.text  # with what is not due yet
    assert "A further €99.00 is open and not due yet." in page.text


def test_the_code_for_banking_apps_carries_the_charges_too() -> None:
    pages = built(CHARGED)
    html = pages[portal.path(CONFIG, KEY, "K-9")].content.decode()
    payload = epc.payload(CONFIG, 820931, "EUR", "K-9")
    assert payload
    assert "EUR8209.31" in payload
    assert qr_svg(payload, "QR code for a bank transfer") in html


def test_what_no_notice_told_of_is_neither_shown_nor_asked_for() -> None:
    silent = replace(CHARGED, charges=tuple(replace(each, told=False) for each in CHARGED.charges))
    page = page_of(silent)
    assert asked_of(page) == ("€7,900.00", "7900.00")
    assert "nterest" not in page.text
    assert "ixed sum" not in page.text


def test_charges_of_a_disputed_invoice_are_under_discussion_with_it() -> None:
    held = decision(CHARGED, holds=(Hold("dispute", "a reason", invoice_id="HJ-1"),))
    page = page_of(CHARGED, decisions=(held,))
    assert asked_of(page) == ("€549.01", "549.01")  # HJ-2 and what HJ-0 still owes
    assert "€7,660.30 more is under discussion" in page.text
    assert "under discussion; €15.00 waived" in page.text


def test_an_account_on_hold_is_shown_its_charges_and_asked_for_nothing() -> None:
    page = page_of(CHARGED, decisions=(decision(CHARGED, Action.HOLD, holds=(Hold("lawyer", "a reason"),)),))
    assert "We are not asking for payment at the moment." in page.text
    assert "How to pay" not in page.text


def test_an_account_that_paid_its_invoices_is_told_politely_what_remains_and_why() -> None:
    paid_late = standing("K-9", payments=(paid(20, 90000, "HJ-0"),), charges=(charge("HJ-0", 60, 0, 901, 4000),))
    page = page_of(paid_late)
    assert asked_of(page) == ("€49.01", "49.01")
    assert "To pay €49.01 Interest €9.01 Fixed sums €40.00 Your invoices are paid, thank you." in page.text
    assert "Payment reference HJ-0" in page.text
    assert "Open in total €49.01" in page.text
    assert "I dispute invoice HJ-0" in page.text


def test_the_arithmetic_of_interest_is_on_the_page_for_who_asks() -> None:
    page = page_of(CHARGED)
    assert [tag for tag, _ in page.elements].count("details") == 1
    assert "How the interest is worked out" in page.text
    assert "under the European Communities (Late Payment in Commercial Transactions) Regulations 2012" in page.text
    assert "91 €7,400.00 10.15% = 2.15% + 8.00% €175.30" in page.text


def test_days_without_a_known_rate_cost_nothing_and_say_so() -> None:
    lines = (
        Accrual(100000, ON - timedelta(20), ON - timedelta(11), 10, 101500, 278, 21500),
        Accrual(100000, ON - timedelta(10), ON, 11, None, 0),
    )
    page = page_of(standing("K-9", item("HJ-1", 30, 100000), charges=(charge("HJ-1", 30, 100000, 0, accruals=lines),)))
    assert asked_of(page) == ("€1,002.78", "1002.78")
    assert "From 20 February 2026 on, the rate is not known yet; nothing is claimed for that time." in page.text
    assert "11 €1,000.00" not in page.text, "as in the letter, a line without a rate is no line"


def test_while_a_deadline_runs_the_page_shows_the_interest_that_the_notice_asked_for() -> None:
    """It has grown since; who pays in time owes no more than the letter says, and the page is to say the same."""
    asked, grown = charge("HJ-1", 90, 740000, 17530), charge("HJ-1", 90, 740000, 18970)
    page = page_of(standing("K-9", item("HJ-1", 90, 740000), charges=(grown,), claims=(asked,)))
    assert asked_of(page) == ("€7,575.30", "7575.30")
    assert "HJ-1 Interest since 2 Dec 2025 €175.30" in page.text
    assert "91 €7,400.00 10.15% = 2.15% + 8.00% €175.30" in page.text
    assert "€189.70" not in page.text


def test_interest_that_was_announced_and_does_not_run_yet_is_told_with_its_day() -> None:
    one = item("HJ-1", 3, 100000)
    ahead = Obligation("interest", ON + timedelta(12), ObligationState.AHEAD, (one.key,), ON, "n1", "a reason")
    agency = replace(ahead, consequence="agency")
    page = page_of(standing("K-9", one, obligations=(ahead, agency)))
    assert "From 14 March 2026, interest is added to whatever is then still unpaid." in page.text
    assert "agency" not in page.text
    assert asked_of(page) == ("€1,000.00", "1000.00")


def test_an_obligation_is_never_shown_to_the_customer() -> None:
    one = item("HJ-1", 60, 100000)
    overdue = tuple(
        Obligation(what, ON - timedelta(3), ObligationState.OVERDUE, (one.key,), ON - timedelta(20), "n1", "place it")
        for what in ("agency", "stop-service", "small-claims", "prepayment", "plan-default", "interest", "fee")
    )
    assert page_of(standing("K-9", one, obligations=overdue)).text == page_of(standing("K-9", one)).text


def test_what_went_to_charges_is_shown_while_an_invoice_is_open() -> None:
    """Where the law takes payments for costs and interest first, less than the payment went to the invoice."""
    settled = charge("HJ-1", 30, 100000, 901, 4000, interest_paid=901, fee_paid=4000)
    page = page_of(standing("K-9", item("HJ-1", 30, 100000), charges=(settled,)))
    assert asked_of(page) == ("€1,000.00", "1000.00")
    assert "Fixed sum for late payment, from 31 Jan 2026 €40.00 paid €0.00" in page.text
    assert "nterest" not in page_of(standing("K-9", charges=(settled,))).text


COLLECTING = {
    "en": ("Interest and collection costs", "Collection costs, from", "collection costs are added"),
    "de": ("Zinsen und Inkassokosten", "Inkassokosten, ab", "kommen Inkassokosten zu"),
    "fr": (
        "Intérêts et frais de recouvrement",
        "Frais de recouvrement, à compter",
        "des frais de recouvrement s’ajoutent",
    ),
    "es": ("Intereses y gastos de cobro", "Gastos de cobro, desde", "se añaden gastos de cobro"),
}


@pytest.mark.parametrize("language", COLLECTING)
def test_what_dutch_law_calls_collection_costs_is_called_so_on_the_page(language: str) -> None:
    def page(regime: str) -> str:
        one = charge("HJ-1", 90, 740000, 17530, 10000)
        ahead = Obligation("fee", ON + timedelta(12), ObligationState.AHEAD, (("HJ-2", ON),), ON, "n1", "a reason")
        customer = Customer("K-9", "K-9 BV", currency="EUR", language=language)
        items = (item("HJ-1", 90, 740000), item("HJ-2", 3, 50000))
        told = sent(3, "HJ-1", "charges", 1)
        more = {"charges": (replace(one, regime=regime),), "obligations": (ahead,), "history": (told,)}
        return page_of(standing(customer, *items, regime=regime, **more)).text

    fixed = re.compile(r"fixed sum|pauschale|forfaitaire|cantidad(es)? fija", re.IGNORECASE)
    charges, of, to_come = COLLECTING[language]
    text = page("nl-119a")
    assert (text.count(charges), of in text, to_come in text) == (2, True, True)
    assert not fixed.search(text)
    assert fixed.search(page("ie-si580"))


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Pay by card"), ("de-CH", "Mit Karte zahlen"), ("fr", "Pay by card")]
)
def test_a_way_to_pay_online_has_a_name_in_the_reader_s_language(language: str, said: str) -> None:
    (link,) = CONFIG.portal.links
    named = link.model_copy(update={"names": {"de": "Mit Karte zahlen"}})
    config = CONFIG.model_copy(update={"portal": CONFIG.portal.model_copy(update={"links": (named,)})})
    customer = Customer("K-9", "K-9 Ltd", currency="EUR", language=language)
    assert said in page_of(standing(customer, item("HJ-1", 30, 100000)), config=config).text


def test_notices_in_several_currencies_say_in_which() -> None:
    euros = sent(3, "HJ-1", "reminder", 1)
    pounds = replace(euros, notice_id="n-gbp", invoice_id="HJ-2", currency="GBP")
    one = item("HJ-1", 30, 100000)
    both = page_of(standing("K-9", one, history=(euros, pounds))).text
    assert "Reminder · EUR" in both
    assert "Reminder · GBP" in both
    assert "Reminder ·" not in page_of(standing("K-9", one, history=(euros,))).text


def test_the_two_parts_of_a_rate_are_explained_where_it_has_two() -> None:
    own = Accrual(100000, ON, ON, 1, 80000, 22)
    fixed = charge("HJ-1", 30, 100000, 0, accruals=(own,))
    one = item("HJ-1", 30, 100000)
    assert "The rate in front" not in page_of(standing("K-9", one, charges=(fixed,))).text
    assert "The rate in front" in page_of(standing("K-9", one, charges=(charge("HJ-1", 30, 100000, 22),))).text
