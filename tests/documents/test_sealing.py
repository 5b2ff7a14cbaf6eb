"""Sealed pages: opened here by the format that docs/portal.md describes, not by the code that seals them."""

import base64
import hashlib
import re
from dataclasses import replace
from itertools import product

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from page_tools import CONFIG, ROOT, STATIC, TEMPLATES, Read, item, paid, sent, standing
from pydantic import ValidationError

from pastdue.config import Config, Portal
from pastdue.documents import portal, sealing
from pastdue.model import Customer, Standing

KEY = bytes(range(32))
SEALED = CONFIG.model_copy(update={"portal": CONFIG.portal.model_copy(update={"sealed": True})})

OWING = standing(
    Customer("K-7", "Brückner Interiors", contact="Anna Byrne", email="anna@bruckner.example"),
    item("HJ-31", 41, 104000, 184000, description="Oak shelving", reference="PO 77-A"),
    payments=(paid(20, 80000, "HJ-31", reference="bank transfer"),),
    history=(sent(40, "HJ-31", "reminder", 2),),
)
SETTLED = standing(Customer("K-8", "Quayside Stores", email="anna@quayside.example"))
GERMAN = standing(Customer("K-9", "Hafen GmbH", language="de"), item("HJ-90", 3, 777))


def built(*accounts: Standing, config: Config = SEALED) -> dict[str, bytes]:
    made = portal.pages(accounts, (), config, TEMPLATES, STATIC, KEY)
    return {page.path: page.content for page in made}


def page_of(account: Standing, config: Config = SEALED) -> bytes:
    return built(account, config=config)[portal.path(config, KEY, account.account_id)]


def in_the_file(page: bytes) -> tuple[str, str]:
    """The address and the ciphertext that a published page holds."""
    (found,) = re.findall(rb'<script type="text/plain" id="sealed" data-page="([a-z2-7]+)">([A-Za-z0-9+/=]+)<', page)
    return found[0].decode(), found[1].decode()


def key_in(link: str) -> bytes:
    code = re.search(r"#k=([A-Za-z0-9_-]{43})$", link)
    assert code, link
    return base64.urlsafe_b64decode(code[1] + "=")


def opened(link: str, page: bytes) -> bytes:
    """What the page says to whoever has its link."""
    address, sealed = in_the_file(page)
    content = base64.b64decode(sealed, validate=True)
    return AESGCM(key_in(link)).decrypt(content[:12], content[12:], address.encode()).rstrip()


# ------------------------------------------------------------------ who can open a page


@pytest.mark.parametrize("account", [OWING, SETTLED, GERMAN], ids=["owing", "settled", "german"])
def test_the_link_opens_the_very_page_that_would_stand_there_unsealed(account):
    link = portal.url(SEALED, KEY, account.account_id)
    assert opened(link, page_of(account)) == page_of(account, CONFIG).rstrip()


def test_no_other_accounts_link_opens_it_nor_one_from_before_a_rotation():
    rotated = SEALED.model_copy(update={"portal": SEALED.portal.model_copy(update={"rotate": {"K-7": 1}})})
    for link in (portal.url(SEALED, KEY, "K-8"), portal.url(rotated, KEY, "K-7"), portal.url(SEALED, KEY[::-1], "K-7")):
        with pytest.raises(InvalidTag):
            opened(link, page_of(OWING))
    assert opened(portal.url(rotated, KEY, "K-7"), page_of(OWING, rotated)) == page_of(OWING, CONFIG).rstrip()


def test_no_bit_of_it_can_be_changed():
    key, address = sealing.key(KEY, "K-7"), portal.address(KEY, "K-7")
    whole = base64.b64decode(sealing.sealed(key, address, b"<p>EUR 1,040.00</p>"))
    for place in (*range(48), *range(48, len(whole), 509), *range(len(whole) - 16, len(whole))):
        for bit in (1, 128):
            changed = bytearray(whole)
            changed[place] ^= bit
            with pytest.raises(InvalidTag):
                AESGCM(key).decrypt(bytes(changed[:12]), bytes(changed[12:]), address.encode())
    with pytest.raises(InvalidTag):
        AESGCM(key).decrypt(whole[:12], whole[12:], portal.address(KEY, "K-8").encode())
    with pytest.raises(InvalidTag):
        AESGCM(key).decrypt(whole[:12], whole[12:], None)


def test_a_key_is_the_same_on_every_machine_that_has_the_portals():
    # printf 'seal\\0K-7\\0000' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0001...1f
    assert sealing.key(KEY, "K-7").hex() == "adcdf3a274d8e26a1e51af12f5df8caef8f761e175d691eb88cb054bae68a2cc"
    with pytest.raises(ValueError, match="16 bytes"):
        sealing.key(b"short", "K-7")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=40), st.text(max_size=40), st.integers(0, 99), st.integers(0, 99))
def test_no_two_accounts_or_rotations_share_a_key_and_no_address_tells_of_one(one, other, rotation, other_rotation):
    key = sealing.key(KEY, one, rotation)
    assert (key == sealing.key(KEY, other, other_rotation)) is ((one, rotation) == (other, other_rotation))
    assert base64.b32decode(portal.address(KEY, one, rotation).upper()) != key[:20]


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32))
def test_a_link_never_ends_in_what_a_mail_program_takes_for_punctuation(key):
    link = f"https://pay.example/a/{sealing.fragment(key)}"
    assert link[-1].isalnum()
    assert key_in(link) == key


def test_the_lines_in_the_documentation_open_a_page():
    (lines,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/portal.md").read_text("utf-8"), re.DOTALL)
    given = {"page": page_of(OWING).decode(), "link": portal.url(SEALED, KEY, "K-7")}
    exec(lines, given)  # noqa: S102 -- our own documentation
    assert given["html"] == page_of(OWING, CONFIG).decode().rstrip()


# ------------------------------------------------------------------ what a stranger learns


def test_nothing_of_an_account_is_at_rest():
    sealed, bare = built(OWING, SETTLED, GERMAN), built(OWING, SETTLED, GERMAN, config=CONFIG)
    assert sealed.keys() == bare.keys()
    words = ("K-7", "K-8", "K-9", "Brückner", "Quayside", "Hafen", "HJ-31", "HJ-90", "Oak shelving", "PO 77-A")
    sums = ("€1,040.00", "€800.00", "7,77", "41 days late", "IE29 AIBK", "Overdue", "Nothing to pay", "Überfällig")
    secret = [word.encode() for word in (*words, *sums)]
    unseen = [word for word in secret if not any(word in page for page in bare.values())]
    assert unseen == []
    encoded = [base64.b64encode(b"x" * shift + word)[4 : -4 or None] for word in secret for shift in range(3)]
    for path, content in sealed.items():
        assert [word for word in secret if word in content] == [], path
        assert [word for word in encoded if len(word) > 6 and word in content] == [], path


def test_all_sealed_pages_are_the_same_but_for_address_and_ciphertext():
    shells = set()
    for account in (OWING, SETTLED, GERMAN):
        page = page_of(account)
        shells.add(page.replace(in_the_file(page)[0].encode(), b"").replace(in_the_file(page)[1].encode(), b""))
    assert len(shells) == 1


def test_whether_anything_is_owed_does_not_show_in_the_size():
    sizes = {len(page_of(account)) for account in (OWING, SETTLED, GERMAN)}
    assert len(sizes) == 1
    assert sizes.pop() < 40_000


@pytest.mark.parametrize(("length", "padded"), [(0, 24), (24576, 24), (24577, 32), (32768, 32), (32769, 40)])
def test_the_size_tells_no_more_than_a_step_of_eight_kilobytes(length, padded):
    whole = base64.b64decode(sealing.sealed(KEY, "address", b"x" * length))
    assert len(whole) == 12 + padded * 1024 + 16


def test_equal_pages_give_equal_bytes_and_different_ones_share_no_nonce():
    contents, addresses, keys = (b"one", b"two", b"one "), ("a", "b"), (KEY, KEY[::-1])
    made = {each: sealing.sealed(*each) for each in product(keys, addresses, contents)}
    assert made == {each: sealing.sealed(*each) for each in made}
    nonces = {(key, address, content.strip()): made[key, address, content][:16] for key, address, content in made}
    assert len(set(nonces.values())) == len(nonces)
    assert built(OWING) == built(OWING)


# ------------------------------------------------------------------ the shell


def test_the_only_script_is_the_one_that_the_policy_names():
    page = Read(page_of(OWING))
    (policy,) = (meta["content"] for meta in page.all("meta") if meta.get("http-equiv"))
    script = re.findall(rb"<script>(.*?)</script>", page_of(OWING), re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(each).digest()).decode() for each in script]
    assert policy == f"{portal.policy(SEALED)}; script-src 'sha256-{digests[0]}'"
    assert len(digests) == 1
    assert "unsafe" not in policy
    assert page.requests == ["data:,", "../static/style.css"]


def test_hosts_that_read_headers_allow_it_and_the_other_pages_do_without():
    made = built(OWING)
    (policy,) = re.findall(rb'http-equiv="Content-Security-Policy" content="([^"]*)"', page_of(OWING))
    told = policy.replace(b"&#39;", b"'")
    assert told + b"; frame-ancestors 'none'\n" in made["site/public/_headers"]
    for name in ("index.html", "404.html"):
        assert made[f"site/public/{name}"] == built(OWING, config=CONFIG)[f"site/public/{name}"]


def test_it_says_whom_to_ask_and_nothing_of_the_customer():
    text = Read(page_of(OWING)).text
    for said in (
        "Your account",
        "needs JavaScript",
        "Harbour Joinery",
        "+353 (0)20 910 0100",
        "accounts@harbourjoinery.example",
    ):
        assert said in text


def test_it_speaks_the_businesss_language_and_english_whatever_the_customers_is():
    def languages(config: Config) -> list[str]:
        pages = [page_of(account, config) for account in (OWING, GERMAN)]
        found = {tuple(div["lang"] for div in Read(page).all("div")) for page in pages}
        assert len(found) == 1
        return list(found.pop())

    assert languages(SEALED) == ["en-IE"]
    german = CONFIG.business.model_copy(update={"language": "de-AT", "country": "AT"})
    assert languages(SEALED.model_copy(update={"business": german})) == ["de-AT", "en-AT"]


def test_a_business_without_telephone_and_email_is_named_all_the_same():
    alone = CONFIG.business.model_copy(update={"phone": "", "email": ""})
    text = Read(page_of(OWING, SEALED.model_copy(update={"business": alone}))).text
    assert "Harbour Joinery" in text
    assert "please ask us" not in text


# ------------------------------------------------------------------ links, config, templates


def test_only_links_to_sealed_pages_carry_a_key():
    bare = portal.url(CONFIG, KEY, "K-7")
    assert "#" not in bare
    assert portal.url(SEALED, KEY, "K-7") == bare + sealing.fragment(sealing.key(KEY, "K-7"))
    assert portal.url(SEALED, b"", "K-7") == ""
    assert portal.opening(CONFIG, KEY, "K-7") == ""


def test_a_rotation_gives_one_account_another_address_and_another_key():
    rotated = SEALED.model_copy(update={"portal": SEALED.portal.model_copy(update={"rotate": {"K-7": 1}})})
    before, after = portal.url(SEALED, KEY, "K-7"), portal.url(rotated, KEY, "K-7")
    assert [a == b for a, b in zip(before.split("/#"), after.split("/#"), strict=True)] == [False, False]
    assert portal.url(rotated, KEY, "K-8") == portal.url(SEALED, KEY, "K-8")


def test_without_the_portals_key_nothing_is_sealed_and_nothing_published():
    with pytest.raises(ValueError, match="16 bytes"):
        list(portal.pages([OWING], (), SEALED, TEMPLATES, STATIC, b""))


@pytest.mark.parametrize("base", ["", "https://pay.example", "http://localhost:8000", "http://127.0.0.1"])
def test_pages_can_be_sealed_wherever_browsers_decrypt(base):
    assert Portal(base_url=base, sealed=True).sealed


def test_pages_that_no_browser_would_open_are_refused():
    assert not Portal(base_url="http://pay.example").sealed
    with pytest.raises(ValidationError, match="https://"):
        Portal(base_url="http://pay.example", sealed=True)


def test_a_template_without_the_script_is_a_finding():
    for broken in (
        TEMPLATES["sealed.html"].replace("{{ script }}", ""),
        TEMPLATES["sealed.html"].replace("<script>{{ script }}", "<script> {{ script }}"),
    ):
        (found,) = portal.check(TEMPLATES | {"sealed.html": broken})
        assert found.stops_run
        assert found.file == "site/templates/sealed.html"
    (found,) = portal.check(
        TEMPLATES | {"sealed.html": TEMPLATES["sealed.html"].replace("<main", "{{ misspelt }}<main")}
    )
    assert "misspelt" in found.message
    (found,) = portal.check({name: text for name, text in TEMPLATES.items() if name != "sealed.html"})
    assert (found.file, found.stops_run) == ("site/templates/sealed.html", True)


def test_text_from_the_config_is_shown_and_never_obeyed():
    hostile = CONFIG.business.model_copy(update={"name": '"><script>alert(1)</script>', "phone": "</script>1"})
    page = page_of(replace(OWING), SEALED.model_copy(update={"business": hostile}))
    assert page.count(b"<script") == 2
    assert b"alert(1)</script>" not in page
