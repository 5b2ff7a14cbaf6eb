"""What the desk leads to: the notices as their readers see them, and a page for each account with all that happened."""

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pandas as pd
import pytest
from page_tools import CONFIG, HOSTILE, ON, STATIC, TEMPLATES, Read, document, item, paid, sent, standing, to_come

from pastdue.documents import desk
from pastdue.documents.desk import Morning, previews, timelines
from pastdue.model import (
    COPY,
    Accrual,
    Action,
    Activity,
    Charge,
    Conduct,
    Customer,
    Decision,
    Hold,
    Instalment,
    Ledger,
    Obligation,
    ObligationState,
    Plan,
    PlanState,
    Promise,
    PromiseState,
    State,
)
from pastdue.outlook import Kind


def decided(account, action=Action.WAIT, **more):
    return Decision(account.account_id, account.currency, action, ("a reason",), **more)


def email(html="<p>Grüße <b>€5</b></p>", text="Grüße\n   €5  <b>\n"):
    message = EmailMessage(policy=policy.SMTP)
    message["Subject"] = "x"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message.as_bytes()


def drafted(account, channel, kind, content=b"", stem="K-1-reminder"):
    return document(account, channel, f"outbox/{ON}/{stem}.{kind}", content)


ONE = standing(Customer("K-1", "One & Co <b>"), item("A", 12, 50000))


# ------------------------------------------------------------------ previews


def looked_at(*documents):
    return {page.path: page.content for page in previews.pages(documents, TEMPLATES)}


def test_the_preview_of_an_email_is_its_html_part_byte_for_byte():
    content = email()
    files = looked_at(drafted(ONE, "email", "eml", content))
    part = message_from_bytes(content, policy=policy.default).get_body(("html",))
    assert files["outbox/preview/K-1-reminder.email.html"] == part.get_payload(decode=True)
    assert "Grüße <b>€5</b>".encode() in files["outbox/preview/K-1-reminder.email.html"]


def test_the_text_part_keeps_its_columns_and_obeys_nothing():
    read = Read(looked_at(drafted(ONE, "email", "eml", email()))["outbox/preview/K-1-reminder.text.html"])
    assert "Grüße\n   €5  <b>" in "".join(read.texts)
    assert read.problems() == []


def test_an_account_s_notices_stand_side_by_side_and_emails_may_run_no_script():
    letter = drafted(ONE, "letter", "pdf")
    copy = drafted(ONE, COPY, "eml", email(), stem="K-1-reminder-copy")
    files = looked_at(drafted(ONE, "email", "eml", email()), letter, copy)
    assert sorted(files) == [
        f"outbox/preview/K-1-reminder{suffix}" for suffix in (".email.html", ".html", ".text.html")
    ]
    frames = Read(files["outbox/preview/K-1-reminder.html"]).all("iframe")
    assert [frame["src"] for frame in frames] == [
        "K-1-reminder.email.html",
        "K-1-reminder.text.html",
        "../2026-03-02/K-1-reminder.pdf",
    ]
    assert [frame.get("sandbox") for frame in frames] == ["", "", None]
    assert [frame["title"] for frame in frames] == [
        f"{what} to One & Co <b>" for what in ("Email", "Email as text", "Letter")
    ]


def test_the_desk_holds_a_link_to_each_preview_and_nothing_of_it():
    documents = [
        drafted(standing(f"N-{n}", item("A", 12, 500)), "email", "eml", email(), f"N-{n}-reminder") for n in range(1000)
    ]
    accounts = [standing(f"N-{n}", item("A", 12, 500)) for n in range(1000)]
    morning = Morning(ON, accounts, [decided(each, Action.NOTICE) for each in accounts], documents=documents)
    read = Read(desk.desk(morning, CONFIG, TEMPLATES, STATIC).content)
    shown = read.all("object")
    assert [each["data"] for each in shown] == [f"preview/N-{n}-reminder.html" for n in sorted(range(1000), key=str)]
    assert all(each["aria-label"].startswith("What goes to N-") for each in shown)
    assert read.all("iframe") == []
    assert len(desk.desk(morning, CONFIG, TEMPLATES, STATIC).content) < 2_000_000
    assert ".preview:not([open]) object { display: none; }" in read.styles


# ------------------------------------------------------------------ timelines


def books(*rows):
    """Invoices: account, number, issued and due (days ago), amount."""
    lines = [
        {
            "invoice_id": number, "account_id": account, "issued": (ON - timedelta(issued)).toordinal(),
            "due": (ON - timedelta(due)).toordinal(), "amount": amount, "currency": "EUR", "description": "cabinets",
            "reference": "", "row": place,
        }
        for place, (account, number, issued, due, amount) in enumerate(rows, 2)
    ]  # fmt: skip
    columns = ["invoice_id", "account_id", "issued", "due", "amount", "currency", "description", "reference", "row"]
    return Ledger({}, pd.DataFrame(lines, columns=columns), pd.DataFrame(), (), pd.DataFrame())


def timeline(*pairs, ledger=None, invoices=frozenset(), **more):
    """The pages of the accounts, by account."""
    standings = [account for account, _ in pairs]
    places = timelines.paths(standings)
    morning = Morning(ON, standings, [decision for _, decision in pairs], timelines=places, **more)
    made = {
        page.path: page.content
        for page in timelines.pages(morning, ledger or books(), CONFIG, TEMPLATES, STATIC, invoices)
    }
    assert made.pop("outbox/accounts/style.css")
    assert set(made) == set(places.values())
    return {account: Read(made[place]) for account, place in places.items()}


def said(read):
    return re.sub(r"\s+", " ", read.text.replace("\N{NO-BREAK SPACE}", " "))


def test_what_happened_stands_newest_first_with_the_balance_after_each():
    account = standing(
        Customer("K-1", "One"), item("A", 12, 30000, amount=50000), payments=(paid(5, 20000),), history=(sent(9, "A", "reminder", 2, State.SENT, file="outbox/2026-02-21/x y.eml"),),
        activity=(Activity(ON - timedelta(3), "K-1", "call", note="they <b>pay</b> soon", by="Ann"),),
    )  # fmt: skip
    ledger = books(("K-1", "A", 42, 12, 50000), ("K-2", "B", 4, 1, 700))
    read = timeline((account, decided(account)), ledger=ledger, invoices=frozenset({"invoices/A.pdf"}))["K-1"]
    text = said(read)
    told = [
        "27 Feb 2026 Conversation by telephone they <b>pay</b> soon written down by Ann",
        "25 Feb 2026 Payment -€200.00 €300.00 owed",
        "21 Feb 2026 reminder by email",
        "19 Jan 2026 Invoice A €500.00 €500.00 owed cabinets due on 18 Feb 2026",
    ]
    assert [text.index(each) for each in told] == sorted(text.index(each) for each in told)
    assert "Invoice B" not in text
    assert {"../2026-02-21/x%20y.eml", "../../invoices/A.pdf", "../desk.html"} <= set(read.links)
    assert read.problems() == []


def test_a_promise_stands_with_what_became_of_it():
    made = ON - timedelta(20)
    line = Activity(made, "K-1", "promise", amount=9000, due=ON - timedelta(9), row=7)
    promise = Promise(made, ON - timedelta(9), ON - timedelta(7), 9000, 9000, 2500, PromiseState.PARTLY_KEPT, 7)
    account = replace(ONE, activity=(line,), conduct=Conduct(promises=(promise,)))
    text = said(timeline((account, decided(account)))["K-1"])
    assert "Promise to pay €90.00 for 21 Feb 2026 partly kept, €25.00 came" in text


def test_a_plan_charges_and_what_was_announced_are_told():
    plan = Plan(ON - timedelta(50), ON, PlanState.GOOD, None, (Instalment(1, ON + timedelta(9), 20000, 5000),))
    charge = Charge(
        "A", ON - timedelta(12), "EUR", "ie-si580", ON - timedelta(11),
        (Accrual(50000, ON - timedelta(11), ON, 12, 101500, 167),), 4000, ON - timedelta(11), fee_paid=1000, told=True,
    )  # fmt: skip
    done = Obligation(
        "stop-service", ON - timedelta(2), ObligationState.CARRIED_OUT, (("A", ON),), ON - timedelta(30), "n", "logged"
    )
    ahead = replace(done, on=ON + timedelta(5), state=ObligationState.AHEAD, consequence="agency")
    account = replace(ONE, conduct=Conduct(plan=plan), charges=(charge,), obligations=(done, ahead))
    text = said(timeline((account, decided(account, Action.HOLD, holds=(Hold("plan", "a plan"),))))["K-1"])
    assert "Plan of 11 Jan 2026, signed on 2 Mar 2026. Every instalment that was due is paid." in text
    assert "11 Mar 2026 €200.00 €50.00" in text
    assert "19 Feb 2026 Interest on invoice A begins €1.67 by today, €1.67 of it owed ie-si580" in text
    assert "Fixed sum for invoice A €40.00 €30.00 of it owed" in text
    assert "28 Feb 2026 Pause of further work and deliveries: carried out announced on 31 Jan 2026 logged" in text
    assert "Collection agency" not in text, "its day has not come"


def test_copies_of_an_email_are_told_of_beside_it():
    lines = (
        sent(9, "A", "reminder", 2, State.SENT),
        sent(9, "A", "", -1, State.SENT, notice_id="9-reminder"),
        replace(sent(9, "A", "reminder", 2, State.SENT, channel=COPY), notice_id="9-copy", recipient="cc@example.com"),
    )
    account = replace(ONE, history=lines)
    text = said(timeline((account, decided(account)))["K-1"])
    assert text.count("21 Feb 2026") == 1
    assert "copied to cc@example.com" in text


def test_an_account_in_two_currencies_has_one_page_with_both():
    pounds = standing(ONE.customer, item("B", 3, 700, currency="GBP"), currency="GBP")
    (read,) = timeline((ONE, decided(ONE)), (pounds, decided(pounds))).values()
    assert "EUR today Open €500.00" in said(read)
    assert "GBP today Open £7.00" in said(read)


def test_who_owes_nothing_and_was_not_heard_of_in_a_year_has_no_page():
    old = (paid(366, 100), paid(365, 100))
    silent = standing("K-2", payments=old)
    recent = standing("K-3", payments=(*old, paid(364, 100)))
    credit = standing("K-4", payments=old, credit=5)
    assert set(timelines.paths([ONE, silent, recent, credit])) == {"K-1", "K-3", "K-4"}


@pytest.mark.parametrize("account_id", [*HOSTILE, "", ".", "..", "CON", "a/b", "a\\b", "ß" * 300, "🧾"])
def test_the_name_of_a_page_is_safe_whatever_the_account_is_called(account_id):
    place = timelines.path(account_id)
    assert re.fullmatch(r"outbox/accounts/[a-z0-9-]{17,80}\.html", place), place
    assert not place.startswith("outbox/accounts/.")


def test_no_two_accounts_share_a_page_also_where_capitals_do_not_count():
    names = ["acme", "ACME", "Acme", "a-b", "a_b", "a b", timelines.path("ACME").split("/")[-1].removesuffix(".html")]
    assert len({timelines.path(name).casefold() for name in names}) == len(names)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_timeline_obeys_nothing_of_the_books(text):
    account = standing(
        Customer(text, text, contact=text, email=text, phone=text), item(text, 12, 50000),
        history=(replace(sent(9, text, text, 2, State.SENT, file=text), announces=""),),
        activity=(Activity(ON, text, "note", text, note=text, by=text),),
    )  # fmt: skip
    (read,) = timeline((account, decided(account)), ledger=books((text, text, 42, 12, 50000))).values()
    assert read.problems() == []
    assert text not in read.links


@pytest.mark.parametrize(
    "file", ["outbox/../../etc/passwd", "https://x.example/", "/etc/passwd", "outbox/2026-02-21/..\\x.eml", "outbox/a/b/c.eml"]
)  # fmt: skip
def test_only_a_place_in_the_outbox_is_linked(file):
    account = replace(ONE, history=(sent(9, "A", "reminder", 2, State.SENT, file=file),))
    read = timeline((account, decided(account)))["K-1"]
    assert not [link for link in read.links if "etc" in link or "x.e" in link or "c.eml" in link]


def test_every_place_that_names_an_account_leads_to_its_page():
    held = replace(ONE, customer=replace(ONE.customer, name="One"))
    morning = Morning(
        ON, [held], [decided(held, Action.HOLD, holds=(Hold("hold", "x", ON + timedelta(3)),))],
        timelines=timelines.paths([held]),
        coming=[to_come(2, Kind.CALL, "call")],
    )  # fmt: skip
    read = Read(desk.desk(morning, CONFIG, TEMPLATES, STATIC).content)
    place = timelines.path("K-1").removeprefix("outbox/")
    assert read.links.count(place) == 4, "holds that end, on hold, the next seven days, and one by one"
    assert "hold until 5 Mar 2026 €500.00 x" in said(read)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("timeline.html", "{% if n.instalments %}"),
        ("timeline.html", "{% if e.balance %}"),
        ("preview.html", "{% for each in shown %}"),
        ("text.html", "<pre"),
    ],
)
def test_a_mistake_in_what_the_desk_leads_to_is_found(name, place):
    assert place in TEMPLATES[name]
    (found,) = desk.check(TEMPLATES | {name: TEMPLATES[name].replace(place, "{{ misspelt }}" + place)})
    assert found.stops_run
    assert found.file == f"site/templates/{name}"


def test_pages_are_the_same_for_the_same_books():
    def made():
        account = standing(Customer("K-1", "One"), item("A", 12, 30000), payments=(paid(5, 20000),))
        return timeline((account, decided(account)), ledger=books(("K-1", "A", 42, 12, 50000)))["K-1"].text

    assert made() == made()
