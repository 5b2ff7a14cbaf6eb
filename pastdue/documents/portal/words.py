"""The words of the customers' pages, and the creditor as they name them."""

from types import SimpleNamespace
from urllib.parse import quote

from pastdue.config import Business, Config
from pastdue.documents.catalogue import ENGLISH, FALLBACK, Language, Words
from pastdue.documents.site import plain, telephone
from pastdue.documents.words import address_lines, locale


def told_in(words: Words, language: str, business: Business) -> Language:
    """The customer's language, else the business's, else English."""
    return words.of(next((each for each in (language, business.language) if words.speaks(each)), FALLBACK))


def say_in(told: Language, business: Business, costs: str = "") -> SimpleNamespace:
    """The portal's words in a language; `where` is how figures are written, `costs` the ending of words said in place of others."""
    where = locale(told.tag, business)
    own = told.table("portal")
    if costs:
        own |= {key.removesuffix(costs): own[key] for key in ENGLISH.table("portal") if key.endswith(costs)}
    said = {key.replace("-", "_"): text for key, text in own.items()}
    return SimpleNamespace(**said, told=told, where=where, lang=where.replace("_", "-"))


def business_of(config: Config, where: str) -> SimpleNamespace:
    """The creditor as every page names them; `where` is how their country is written."""
    business = config.business
    lines = (*address_lines(business, where, home=business.country), business.registration)
    email = business.email or config.sender()[1]
    return SimpleNamespace(
        name=plain(business.name),
        logo=quote(config.look.logo),
        email=email,
        phone=plain(business.phone),
        tel=telephone(business.phone),
        lines=tuple(plain(line) for line in lines if line),
    )
