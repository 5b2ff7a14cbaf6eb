"""The whole site: a page per account, open or sealed, and what stands beside them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import SimpleNamespace

from pastdue.config import Config
from pastdue.documents import sealing, shell, site
from pastdue.documents.catalogue import FALLBACK, SHIPPED, Words
from pastdue.documents.portal.account import Pairs, Writer
from pastdue.documents.portal.addresses import PUBLIC, address, path, rotation, site_path
from pastdue.documents.portal.headers import headers, policy
from pastdue.documents.portal.replies import Ways
from pastdue.documents.portal.words import business_of, say_in, told_in
from pastdue.documents.site import encoded
from pastdue.model import Decision, Page, Standing


def pages(
    standings: Iterable[Standing],
    decisions: Iterable[Decision],
    config: Config,
    templates: Mapping[str, str],
    static: Mapping[str, bytes],
    key: bytes,
    terms: Callable[[str], Pairs] = lambda _: (),
    words: Words = SHIPPED,
    ways: Ways = lambda _: (),
) -> Iterator[Page]:
    """The whole site but the pages of `terms`, which gives label and file of each, for a language.

    `ways` are the plans that could be agreed with an account, as amounts.
    """
    yield from _around(config, templates, static, words)
    decided = {(each.account_id, each.currency): each for each in decisions}
    accounts: dict[str, list[Standing]] = {}
    for standing in standings:
        accounts.setdefault(standing.account_id, []).append(standing)
    writer, published = Writer(config, templates, terms, words, ways), _published(config, templates, key, words)
    for account_id, own in accounts.items():
        yield Page(path(config, key, account_id), published(account_id, writer.page(own, decided)))


def _published(config: Config, templates: Mapping[str, str], key: bytes, words: Words) -> Callable[[str, bytes], bytes]:
    """What is published of an account's page: the page itself, or its ciphertext in a shell that is the same for all."""
    if not config.portal.sealed:
        return lambda _account, html: html
    around = sealed_shell(config, templates, words)

    def seal(account_id: str, html: bytes) -> bytes:
        moved = rotation(config, account_id)
        own = address(key, account_id, moved)
        return around(own, sealing.sealed(sealing.key(key, account_id, moved), own, html))

    return seal


def sealed_shell(config: Config, templates: Mapping[str, str], words: Words) -> Callable[[str, str], bytes]:
    """What stands around sealed pages. It speaks the business's language, and English: the customer's is nobody's business."""
    business = config.business
    said = [say_in(told_in(words, language, business), business) for language in (business.language, FALLBACK)]
    told = {each.sealed_locked: each for each in said}  # one, where the business speaks English
    return shell.shell(
        templates, shell.policy(policy(config)), tuple(told.values()), business_of(config, said[0].where)
    )


def _around(config: Config, templates: Mapping[str, str], static: Mapping[str, bytes], words: Words) -> Iterator[Page]:
    """What stands beside the accounts' pages. None of it tells who has one."""
    say = say_in(told_in(words, config.business.language, config.business), config.business)
    for name, title, text, root in (
        ("index.html", say.index_title, say.index_text, ""),
        # A host serves it in place of any path, so that only the path of the site itself finds the stylesheet.
        ("404.html", say.missing_title, say.missing_text, site_path(config.portal)),
    ):
        yield Page(f"{PUBLIC}/{name}", blank(name, title, text, root, say, config, templates))
    yield Page(f"{PUBLIC}/robots.txt", b"User-agent: *\nDisallow: /\n")
    yield Page(f"{PUBLIC}/_headers", headers(config).encode())
    for name, content in sorted(static.items()):
        yield Page(f"{PUBLIC}/static/{name}", content)


def blank(
    name: str, title: str, text: str, root: str, say: SimpleNamespace, config: Config, templates: Mapping[str, str]
) -> bytes:
    """A page that says nothing of anybody."""
    template = site.compiled(templates).get_template(name)
    return encoded(template.render(lang=say.lang, policy=policy(config), title=title, text=text, root=root))
