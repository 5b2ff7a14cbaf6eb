"""Answers in words: what was promised, planned or asked for comes back in the customer's language, exactly, and nothing else does."""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from answer_tools import ON, answer, answering, plan, promise

from pastdue.config import Config
from pastdue.documents import attachments, paper, words
from pastdue.documents.catalogue import SHIPPED as WORDS
from pastdue.documents.letters import ANSWERS, NOTE, Letter, Letters
from pastdue.model import Class, Customer, Notice, NoticeItem, OpenItem, Plan, Promise

FOLDER = Path(__file__).parents[2] / "letters"
SHIPPED = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
LETTERS = Letters(SHIPPED)
OVERDUE = ("reminder", "reminder-valued", "second-notice", "final-demand", "final-demand-firm", "referral")
LANGUAGES = ("en", "de", "es", "fr")

CUSTOMER = Customer(
    "ACME-1",
    "Byrne & Daughters Ltd",
    contact="Anna Byrne",
    email="anna@byrne.example",
    address=("1 Quay Street",),
    postcode="H91 ABCD",
    city="Galway",
    country="IE",
)


def config(*steps: dict[str, Any], **business: Any) -> Config:
    ladder = steps or (
        {"name": "reminder", "days": 1, "channels": ["email"], "attach_invoice": True},
        {"name": "phone", "days": 9, "channels": ["call"]},
        {"name": "final-demand", "days": 20, "channels": ["email"]},
        {"name": "last-word", "days": 40, "channels": ["email"]},
    )
    about = {
        "name": "Harbour Joinery",
        "email": "accounts@joinery.example",
        "phone": "+353 20 910 0100",
        "iban": "DE89370400440532013000",
        "country": "IE",
    }
    return Config.model_validate({"business": about | business, "schedule": {"standard": {"step": list(ladder)}}})


CONFIG = config()


def item(invoice_id: str = "2041", late: int = 12, amount: int = 100000, paid: int = 0) -> OpenItem:
    due = ON - timedelta(late)
    return OpenItem(invoice_id, due, due - timedelta(30), "EUR", amount, amount - paid, late, "Oak staircase")


ONE = (item(),)
MANY = (item("2030", 40, 60000), item("2041", 12, 60000, 20000), item("2055", 2, 12345))


def notice(letter: str, *items: OpenItem, language: str = "en", **more: Any) -> Notice:
    fields = {
        "notice_id": f"{ON}-ACME-1-{letter}-email",
        "on": ON,
        "customer": replace(CUSTOMER, language=language),
        "currency": "EUR",
        "step": letter,
        "rung": 1,
        "letter": letter,
        "channel": "email",
        "items": tuple(NoticeItem(each, letter, 1) for each in items or ONE),
        "pay_by": ON + timedelta(7),
        "announces": (),
        "reasons": (),
        "portal_url": "https://pay.joinery.example/abc/",
        "reference": "ACME-1",
        "follows": "final-demand",
    }
    return Notice(**(fields | more))


def written(
    step: str, *items: OpenItem, about: Promise | Plan | None = None, settings: Config = CONFIG, **more: Any
) -> Letter:
    return LETTERS.write(answering(notice(step, *items, **more), about), settings)


def said(letter: Letter) -> str:
    """Subject and text on one line, ordinary spaces throughout."""
    return " ".join(f"{letter.subject}\n{letter.text}".replace("\xa0", " ").split())


# ------------------------------------------------------------------ promises


def test_a_promise_is_confirmed_with_its_amount_its_day_and_what_follows() -> None:
    english, german, spanish, french = (said(written("promise", language=language)) for language in LANGUAGES)
    assert english.startswith("Confirmed: payment by 11 March 2026 Dear Anna Byrne,")
    assert "what you told us on 27 February 2026: €1,000.00 by 11 March 2026" in english
    assert "You will get no reminder from us before that day." in english
    assert "If the payment has not reached us in full by then, our final demand will follow." in english
    assert german.startswith("Bestätigung: Zahlung bis zum 11. März 2026 Guten Tag Anna Byrne,")
    assert "Vor diesem Tag erhalten Sie von uns keine Mahnung." in german
    assert "Ist die Zahlung bis dahin nicht vollständig eingegangen, folgt unsere letzte Mahnung." in german
    assert spanish.startswith("Confirmado: pago a más tardar el 11 de marzo de 2026 Buenos días, Anna Byrne:")
    assert "No recibirá ningún recordatorio nuestro antes de ese día." in spanish
    assert "no hemos recibido el pago completo, seguirá nuestro último requerimiento de pago." in spanish
    assert french.startswith("Confirmé : paiement au plus tard le 11 mars 2026 Bonjour Anna Byrne,")
    assert "Vous ne recevrez aucune relance de notre part avant ce jour." in french
    assert "Si le paiement ne nous est pas parvenu en totalité d’ici là, notre mise en demeure suivra." in french
    for text in (english, german, spanish, french):
        assert "2041" in text
        assert "DE89 3704 0044 0532 0130 00" in text


def test_a_promise_of_more_than_is_open_says_what_is_counted_on() -> None:
    capped = promise(100000, said=150000)
    assert "You named €1,500.00; €1,000.00 was open, so we count on that." in said(written("promise", about=capped))
    german = said(written("promise", about=capped, language="de"))
    assert "Genannt hatten Sie 1.500,00 €; offen waren 1.000,00 €, daher rechnen wir mit diesem Betrag." in german
    spanish, french = (said(written("promise", about=capped, language=each)) for each in ("es", "fr"))
    assert "Usted mencionó 1.500,00 €; estaban pendientes 1.000,00 €, así que contamos con ese importe." in spanish
    assert "Vous avez indiqué 1 500,00 € ; il restait 1 000,00 € à payer" in french
    assert "You named" not in said(written("promise"))
    assert "Usted mencionó" not in said(written("promise", language="es"))
    assert "Vous avez indiqué" not in said(written("promise", language="fr"))
    assert "Genannt hatten" not in said(written("promise", language="de"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_promise_of_a_part_asks_for_that_part_and_names_the_rest(language: str) -> None:
    text = said(written("promise", *MANY, about=promise(40000, received=15000), language=language))
    # 1,123.45 is open; of 400.00 promised, 150.00 has come, so that 250.00 is to come and 873.45 is beyond it.
    expected = {
        "en": ("€1,123.45", "€400.00", "€150.00 of it has reached us already", "€250.00", "€873.45"),
        "de": ("1.123,45 €", "400,00 €", "Davon sind 150,00 € schon eingegangen", "250,00 €", "873,45 €"),
        "es": ("1.123,45 €", "400,00 €", "ya nos han llegado 150,00 €", "quedan por llegar 250,00 €", "873,45 €"),
        "fr": ("1 123,45 €", "400,00 €", "Nous en avons déjà reçu 150,00 €", "il reste 250,00 €", "873,45 €"),
    }[language]
    assert [each for each in expected if each not in text] == []
    asks = {
        "en": "Please pay €250.00 by",
        "de": "Bitte zahlen Sie 250,00 € bis",
        "es": "Le rogamos que pague 250,00 € a más tardar el",
        "fr": "Merci de payer 250,00 € au plus tard le",
    }
    assert asks[language] in text


def test_what_a_promise_covers_in_full_leaves_no_rest() -> None:
    assert "What remains" not in said(written("promise", *MANY))
    for language, rest in (("de", "Darüber hinaus"), ("es", "Lo que queda aparte"), ("fr", "Ce qui reste au-delà")):
        assert rest not in said(written("promise", *MANY, language=language))
        assert rest in said(written("promise", *MANY, about=promise(40000), language=language))


CALL = {"name": "phone", "days": 9, "channels": ["call"]}
REFERRAL = {"name": "referral", "days": 60, "channels": ["email"]}
TO_AGENCY = REFERRAL | {"announces": [{"consequence": "agency", "in_days": 14}]}


FOLLOWS = {
    "we will send you a reminder": {"es": "le enviaremos un recordatorio", "fr": "nous vous enverrons un rappel"},
    "we will call you": {"es": "le llamaremos", "fr": "nous vous appellerons"},
    "our final demand will follow": {
        "es": "seguirá nuestro último requerimiento de pago",
        "fr": "notre mise en demeure suivra",
    },
    "we will write to you again": {"es": "le escribiremos de nuevo", "fr": "nous vous écrirons de nouveau"},
    "we will write to you about passing the matter on": {
        "es": "le escribiremos sobre el traslado del asunto",
        "fr": "nous vous écrirons au sujet de la transmission du dossier",
    },
}


@pytest.mark.parametrize(
    ("follows", "steps", "english", "german"),
    [
        ("reminder", (), "we will send you a reminder", "erinnern wir Sie an die Zahlung"),
        ("phone", (), "we will call you", "rufen wir Sie an"),
        ("final-demand", (), "our final demand will follow", "folgt unsere letzte Mahnung"),
        ("last-word", (), "we will write to you again", "schreiben wir Ihnen erneut"),
        ("referral", (REFERRAL,), "we will write to you again", "schreiben wir Ihnen erneut"),
        ("referral", (TO_AGENCY,), "we will write to you about passing the matter on", "wegen der Abgabe der Sache"),
        ("final-demand", (CALL,), "we will write to you again", "schreiben wir Ihnen erneut"),
        ("", (), "we will write to you again", "schreiben wir Ihnen erneut"),
    ],
)
def test_what_follows_is_the_next_step_of_the_schedule_and_no_more(
    follows: str, steps: tuple[dict[str, Any], ...], english: str, german: str
) -> None:
    settings = config(*steps)
    for step in ("promise", "instalment"):
        assert english in said(written(step, settings=settings, follows=follows))
        assert german in said(written(step, settings=settings, follows=follows, language="de"))
        for language in ("es", "fr"):
            assert FOLLOWS[english][language] in said(
                written(step, settings=settings, follows=follows, language=language)
            )


# ------------------------------------------------------------------ a promise that was not kept


@pytest.mark.parametrize("items", [ONE, MANY], ids=["one", "many"])
@pytest.mark.parametrize("letter", OVERDUE)
def test_after_a_broken_promise_the_first_line_says_what_was_promised_and_what_came(
    letter: str, items: tuple[OpenItem, ...]
) -> None:
    def first_lines(language: str, broken: Promise | None) -> str:
        text = said(LETTERS.write(notice(letter, *items, language=language, broken=broken), CONFIG))
        return text.partition("Anna Byrne")[2][2:]

    told = "You told us on 27 February 2026 that €500.00 would reach us by 11 March 2026."
    gesagt = "am 27. Februar 2026 haben Sie uns 500,00 € bis zum 11. März 2026 zugesagt."
    assert first_lines("en", promise(50000)).startswith(f"{told} By then, nothing of it had arrived. ")
    assert first_lines("en", promise(50000, received=12000)).startswith(f"{told} €120.00 of it arrived. ")
    assert first_lines("de", promise(50000)).startswith(f"{gesagt} Bis dahin ist davon nichts eingegangen. ")
    assert first_lines("de", promise(50000, received=12000)).startswith(f"{gesagt} Davon sind 120,00 € eingegangen. ")
    dicho = "El 27 de febrero de 2026 nos dijo que recibiríamos 500,00 € a más tardar el 11 de marzo de 2026."
    dit = "Le 27 février 2026, vous nous avez annoncé un paiement de 500,00 € au plus tard le 11 mars 2026."
    for language, line, nothing, part in (
        ("es", dicho, "Hasta esa fecha no nos había llegado nada. ", "De ese importe nos han llegado 120,00 €. "),
        ("fr", dit, "À cette date, rien ne nous était parvenu. ", "Nous en avons reçu 120,00 €. "),
    ):
        assert first_lines(language, promise(50000)).startswith(f"{line} {nothing}")
        assert first_lines(language, promise(50000, received=12000)).startswith(f"{line} {part}")
        assert line[:20] not in first_lines(language, None)
    assert "told us on" not in first_lines("en", None)
    assert "zugesagt" not in first_lines("de", None)
    # What comes after the first line begins as a sentence does.
    ends = (("en", "arrived. "), ("de", "eingegangen. "), ("es", "llegado nada. "), ("fr", "était parvenu. "))
    for language, end in ends:
        rest = first_lines(language, promise(50000)).partition(end)[2]
        assert rest[0].isupper() or rest[0].isdigit(), rest[:40]


@pytest.mark.parametrize("letter", ["invoice", "courtesy"])
def test_a_notice_of_a_new_invoice_says_nothing_of_a_broken_promise(letter: str) -> None:
    assert "500.00" not in said(LETTERS.write(notice(letter, broken=promise(50000)), CONFIG))


# ------------------------------------------------------------------ plans


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plan_lists_its_instalments_and_says_until_when_to_sign(language: str) -> None:
    text = said(written("plan", about=plan(100000, 3), language=language))
    expected = {
        "en": (
            "please sign by 16 March 2026",
            "1 1 Apr 2026 €333.34 €666.66 2 1 May 2026 €333.33 €333.33 3 1 Jun 2026 €333.33 €0.00",
            "Total €1,000.00",
            "Please pay €333.34 by 1 April 2026",
        ),
        "de": (
            "bitte unterschreiben bis zum 16. März 2026",
            "1 1. Apr. 2026 333,34 € 666,66 € 2 1. Mai 2026 333,33 € 333,33 €",
            "Summe 1.000,00 €",
            "Bitte zahlen Sie 333,34 € bis zum 1. April 2026",
        ),
        "es": (
            "acuerdo para firmar a más tardar el 16 de marzo de 2026",
            "1 1 abr 2026 333,34 € 666,66 € 2 1 may 2026 333,33 € 333,33 € 3 1 jun 2026 333,33 € 0,00 €",
            "Total 1.000,00 €",
            "Le rogamos que pague 333,34 € a más tardar el 1 de abril de 2026",
        ),
        "fr": (
            "merci de signer au plus tard le 16 mars 2026",
            "1 1er avr. 2026 333,34 € 666,66 € 2 1er mai 2026 333,33 € 333,33 € 3 1er juin 2026 333,33 € 0,00 €",
            "Total 1 000,00 €",
            "Merci de payer 333,34 € au plus tard le 1er avril 2026",
        ),
    }[language]
    assert [each for each in expected if each not in text] == []


def test_a_plan_says_what_it_does_not_cover_and_where_its_agreement_is() -> None:
    part = plan(60000, 3)
    assert "This does not cover €400.00 of what is open" in said(written("plan", about=part))
    assert "does not cover" not in said(written("plan"))
    assert "The agreement is attached." in said(written("plan"))
    assert "The agreement is enclosed." in said(written("plan", channel="letter"))
    assert "With your signature you also confirm that you owe the amount." not in said(written("plan"))
    consumer = replace(CUSTOMER, kind="consumer")
    assert "With your signature you also confirm that you owe the amount." in said(written("plan", customer=consumer))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cents", [60000, 100000, 123457])
def test_the_ways_to_pay_in_parts_add_up_to_what_is_open(cents: int, language: str) -> None:
    of = answering(notice("plan-offer", item(amount=cents), language=language))
    offered = words.context(of, CONFIG, WORDS.of(language))["options"]
    text = said(LETTERS.write(of, CONFIG))
    assert [each.count for each in offered] == [2, 3, 6, 12]
    for each in offered:
        parts = re.findall(r"(\d+) × €?([\d.,\u202f]+)", each.amounts.replace("\xa0", " "))
        assert sum(int(times) * int(re.sub(r"\D", "", amount)) for times, amount in parts) == cents
        assert sum(int(times) for times, _ in parts) == each.count
        assert " ".join(each.amounts.split()) in text


def test_600_and_1000_are_offered_in_the_parts_that_everybody_expects() -> None:
    text = said(written("plan-offer", item(amount=60000)))
    assert "2 2 × €300.00 3 3 × €200.00 6 6 × €100.00 12 12 × €50.00" in text
    assert "3 1 × €333.34 + 2 × €333.33" in said(written("plan-offer"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_late_instalment_is_named_with_what_is_missing_and_until_when(language: str) -> None:
    missing = said(written("instalment", about=plan(100000, 3), language=language))
    part = said(written("instalment", about=plan(100000, 3, paid=43334), language=language))
    if language == "en":
        assert missing.startswith("Instalment 1 of 3 is missing")
        assert "Instalment 1 of 3, €333.34, was due on 1 April 2026. It has not reached us yet." in missing
        assert "Please pay €333.34 by 6 March 2026" in missing
        assert "the agreement is in default, and our final demand will follow" in missing
        assert "Instalment 2 of 3, €333.33, was due on 1 May 2026. €100.00 of it has reached us" in part
        assert "Please pay €233.33 by 6 March 2026" in part
    elif language == "es":
        assert missing.startswith("Falta el plazo 1 de 3")
        assert "se considerará incumplido y seguirá nuestro último requerimiento de pago" in missing
        assert "El plazo 2 de 3, de 333,33 €, vencía el 1 de mayo de 2026. De él nos han llegado 100,00 €" in part
        assert "Le rogamos que pague 233,33 € a más tardar el 6 de marzo de 2026" in part
    elif language == "fr":
        assert missing.startswith("Il manque l’échéance 1 sur 3")
        assert "l’accord est en défaut, et notre mise en demeure suivra" in missing
        assert "L’échéance 2 sur 3, soit 333,33 €, était à payer le 1er mai 2026. Nous en avons reçu 100,00 €" in part
        assert "Merci de payer 233,33 € au plus tard le 6 mars 2026" in part
    else:
        assert missing.startswith("Rate 1 von 3 fehlt noch")
        assert "gilt die Vereinbarung als nicht eingehalten; dann folgt unsere letzte Mahnung" in missing
        assert "Rate 2 von 3 über 333,33 € war am 1. Mai 2026 fällig. Davon sind 100,00 € eingegangen" in part
        assert "Bitte zahlen Sie 233,33 € bis zum 6. März 2026" in part


# ------------------------------------------------------------------ invoices again, and prepayment


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_invoice_sent_again_says_sorry_and_presses_nobody(language: str) -> None:
    of = answering(notice("invoice-again", item("2041", 12), language=language))
    other = NoticeItem(item("2030", 40, 60000), "")
    text = said(LETTERS.write(replace(of, items=(other, *of.items)), CONFIG))
    sorry, until = {
        "en": ("We are sorry", "€1,000.00 reaches us by 9 March 2026"),
        "de": ("es tut uns leid", "1.000,00 € bis zum 9. März 2026"),
        "es": ("Sentimos que no le llegara", "1.000,00 € nos lleguen a más tardar el 9 de marzo de 2026"),
        "fr": ("Nous regrettons", "nous recevions 1 000,00 € au plus tard le 9 mars 2026"),
    }[language]
    assert sorry in text
    assert until in text
    pressing = r"late\b|overdue|überfällig|remind|mahn|retraso|vencid|recordatorio|retard|impayé|relance|rappel|2030"
    assert re.findall(pressing, text, re.IGNORECASE) == []
    assert re.findall("Due on|Fällig am|Vence el|Échéance le", text) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_invoice_sent_again_before_its_day_names_that_day(language: str) -> None:
    of = answering(replace(notice("invoice-again", item("2041", -20), language=language), pay_by=None))
    text = said(LETTERS.write(of, CONFIG))
    due = {
        "en": "Due on 22 Mar 2026",
        "de": "Fällig am 22. März 2026",
        "es": "Vence el 22 mar 2026",
        "fr": "Échéance le 22 mars 2026",
    }
    assert due[language] in text


def test_an_invoice_sent_again_is_attached_whether_or_not_its_step_did() -> None:
    there = frozenset({"invoices/2041.pdf", "invoices/2030.pdf"})
    again = answering(notice("invoice-again"))
    assert attachments.wanted(again, CONFIG, there) == ("invoices/2041.pdf",)
    assert attachments.wanted(replace(again, channel="letter"), CONFIG, there) == ()
    assert attachments.wanted(answering(notice("promise")), CONFIG, there) == ()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("step", ["prepayment", "prepayment-lifted"])
def test_prepayment_is_told_in_one_paragraph_that_judges_nobody(step: str, language: str) -> None:
    letter = written(step, *MANY, language=language)
    since = {
        "en": "2 March 2026",
        "de": "2. März 2026",
        "es": "Desde el 2 de marzo de 2026",
        "fr": "À compter du 2 mars 2026",
    }
    assert since[language] in said(letter)
    said_first = [node for node in letter.blocks if node["t"] == "p"][1:]
    assert len(said_first) <= 4  # the paragraph, a button, and the closing
    judging = {
        "en": r"late|unreliab|because|trust",
        "de": r"säumig|weil|Vertrauen|Mahnung",
        "es": r"\bmoros|porque|confianza|\bretras",
        "fr": r"retard|mauvais|parce que|confiance|relance",
    }
    assert re.findall(judging[language], said(letter)) == []
    asking = r"please pay|bitte zahlen|rogamos que pague|merci de payer"
    assert re.findall(asking, said(letter), re.IGNORECASE) == []


def test_prepayment_can_end_when_nothing_is_open_any_more() -> None:
    lifted = replace(notice("prepayment-lifted"), items=(), pay_by=None, answer=answer("prepayment-lifted", ONE))
    assert "payment in advance is no longer needed" in said(LETTERS.write(lifted, CONFIG))


# ------------------------------------------------------------------ all of them


@pytest.mark.parametrize("step", ["prepayment", "prepayment-lifted", "plan-offer"])
def test_what_asks_for_nothing_has_no_payment_box_on_paper(step: str) -> None:
    def box(of: Notice) -> bytes:
        letter = LETTERS.write(of, CONFIG)
        return paper.compose(of, letter.subject, WORDS.of(letter.language), letter.blocks, CONFIG).content

    assert b'"payment":null' in box(answering(notice(step, channel="letter")))
    assert b'"payment":{' in box(answering(notice("promise", channel="letter")))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("step", ANSWERS)
def test_text_and_html_hold_the_same_figures(step: str, language: str) -> None:
    from lxml import html

    letter = written(step, *MANY, language=language)
    page = html.document_fromstring(letter.html).find("body")
    for hidden in page.find_class("preview"):
        hidden.drop_tree()
    for element in page.iter("br", "td", "th", "p", "h1", "h3", "li", "tr"):
        element.tail = f"\n{element.tail or ''}"
    seen = page.text_content()
    assert [figure for figure in re.findall(r"\d[\d.,]*", seen) if figure not in letter.text + letter.subject] == []
    assert len(letter.html.encode()) < 30_000


# What stays in the house: classes, tracks, reasons, and the words one might think of a debtor.
OF_THE_HOUSE = re.compile(
    "|".join(
        [
            *(re.escape(each) for each in Class if each is not Class.ON_TIME),
            r"MARK\b|\btracks?\b|\bclass\b|cash-flow|not-received|refus|\bavoid|unanswered|\bfirm\b|hardship|insolven",
            r"mauvais payeur|fiabilité|solvabilité|honnêt|moros|solvencia|fiabilidad|excusa|poco fiable",
            r"defaulter|delinquen|bad debt|reliab|honest|excuse|Klasse|Zahlungsmoral|säumig|unzuverlässig|Ausrede|Bonität",
        ]
    ),
    re.IGNORECASE,
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [*OVERDUE, "invoice", "courtesy", *ANSWERS, NOTE])
def test_no_letter_says_what_the_operator_keeps_of_a_customer(name: str, language: str) -> None:
    this = notice("plan" if name == NOTE else name, *MANY, language=language, reasons=("MARK",), broken=promise(500))
    this = replace(this, customer=replace(this.customer, track="MARK"))
    if name in {*ANSWERS, NOTE}:
        this = answering(this)
        this = replace(this, answer=replace(this.answer, why="MARK"), letter=name)
    letter = LETTERS.write(this, CONFIG)
    for form in (letter.subject, letter.text):
        assert OF_THE_HOUSE.findall(form) == []
    assert "MARK" not in letter.html
    own = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", SHIPPED[f"{name}.{language}.md"], flags=re.DOTALL)
    assert OF_THE_HOUSE.findall(own) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("step", ANSWERS)
def test_an_answer_threatens_nobody(step: str, language: str) -> None:
    text = said(written(step, *MANY, language=language))
    threats = r"agency|court\b|legal|lawyer|enforce|inkasso|gericht|anwalt|vollstreck|will charge|berechnen"
    threats += r"|tribunal|juzgado|judicial|abogad|recobro|ejecuci|cobraremos"
    threats += r"|avocat|huissier|judiciaire|juridique|recouvrement|facturerons"
    assert re.findall(threats, text, re.IGNORECASE) == []


def test_the_portal_has_a_name_for_every_answer() -> None:
    for language in LANGUAGES:
        told = WORDS.of(language)
        names = [told[f"portal.step-{step}"] for step in ANSWERS]
        assert len(set(names)) == len(ANSWERS)
    assert not set(names) & {WORDS.of("en")[f"portal.step-{step}"] for step in ANSWERS}


def test_a_year_of_instalments_keeps_its_dates() -> None:
    agreed = plan(120000, 12)
    assert agreed.instalments[-1].due == date(2027, 3, 1)
    text = said(written("plan", item(amount=120000), about=agreed))
    assert "12 1 Mar 2027 €100.00 €0.00" in text
