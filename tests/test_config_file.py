"""Every mistake in config.toml is found at once, with its line and what to write instead."""

import pytest

from pastdue.config_file import load

SOUND = """
business.name = "Harbour Joinery"
business.email = "accounts@harbour.example"

[[schedule.standard.step]]
name = "reminder"
days = 1
channels = ["email"]
"""


def said(text: str) -> list[str]:
    return [str(each) for each in load(text)[1]]


def test_what_is_sound_is_read_and_nothing_is_said() -> None:
    config, findings = load(SOUND)
    assert not findings
    assert config
    assert [step.name for step in config.schedule["standard"].step] == ["reminder"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("[git]\npsh = 3", "config.toml:11: error: git.psh is not a setting\n    Did you mean push?"),
        ("[git]\ncolour = 3", "config.toml:11: warning: git.colour is not a setting\n    It is ignored."),
        ("[git]\nsign = 3", 'config.toml:11: error: git.sign: "3": input should be a valid boolean'),
        ("git = 3", 'config.toml:10: warning: schedule.standard.step[1].git is not a setting'),
        ("[mail]\npassword = 'x'", "config.toml:11: error: a password must not stand in config.toml"),
        ("[mail]\ntransport = 'smtp'", "config.toml:10: error: mail.host is missing"),
        ("[mail]\nsecurity = 'none'\nhost = 'mx.example'", 'config.toml:11: error: mail.security = "none" is for a server'),
        ("[mail]\ndkim_key = 'k'", "config.toml:11: error: mail.dkim_selector and mail.dkim_key go together"),
        ("[mail]\nreply_to = 'a b'", 'config.toml:11: error: mail.reply_to: "a b" is not an email address'),
        ("[calendar]\ncountry = 'XX'", 'config.toml:10: error: the public holidays of "XX" are not known'),
        ("[columns.invoice]\ndue = 'x'", 'config.toml:10: error: there is no ledger called "invoice"'),
        ("[columns]\ninvoices = 3", 'config.toml:11: error: columns.invoices: "3": input should be'),
        ("[columns.invoices]\nheaders = 'x'", 'config.toml:11: error: columns.invoices.headers: "x": input should be'),
        ("[[overrule]]\ncode = 'L12'", "config.toml:10: error: overrule[1].reason: is missing"),
        ("[[schedule.firm.step]]\nname = 'a'\n[[schedule.firm.step]]\nnam = 'b'", "config.toml:13: error: schedule.firm.step[2].nam"),
        ("[git", "config.toml:10: error: not valid TOML"),
        ("x = " + "[" * 9999, "config.toml: error: nested too deeply"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(more: str, message: str) -> None:
    found = said(f"{SOUND}\n{more}\n")
    assert any(each.startswith(message) for each in found), found


def test_all_mistakes_are_told_and_nothing_is_used() -> None:
    config, findings = load("[git]\nsign = 3\n[mail]\nport = 'x'\n[look]\naccent = 'red'\n")
    assert config is None
    assert [(each.row, each.message.partition(":")[0]) for each in findings] == [
        (4, "mail.port"), (6, "look.accent"), (2, "git.sign"),
    ]  # fmt: skip


def test_server_on_this_machine_needs_no_encryption() -> None:
    assert not said(f"{SOUND}\n[mail]\ntransport = 'smtp'\nhost = 'localhost'\nsecurity = 'none'\n")


def test_headers_stand_beside_the_formats_or_in_a_table_of_their_own() -> None:
    config, findings = load(f"{SOUND}\n[columns.invoices]\ndue = 'Faellig'\nheaders = {{ amount = 'Betrag' }}\n")
    assert not findings
    assert config
    assert config.columns["invoices"].headers == {"due": "Faellig", "amount": "Betrag"}


def test_shipped_schedules_hold_where_there_are_none_and_announce_interest_only_where_a_rule_is_named() -> None:
    starter = (
        SOUND + "announces = [{ consequence = 'interest', in_days = 3 }, { consequence = 'agency', in_days = 3 }]\n"
    )
    own = "business = { name = 'Harbour Joinery', email = 'accounts@harbour.example' }\n"
    for more, announced in (("", ["agency"]), ("[interest]\nregime = 'uk-lpcda'\n", ["interest", "agency"])):
        config, _ = load(own + more, starter)
        assert config
        (step,) = config.schedule["standard"].step
        assert [each.consequence for each in step.announces] == announced
