"""SpamAssassin, with the rules that Debian ships and no network, gives no shipped letter's email a single point."""

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import needs
import pytest
from commandline import ROOT

from pastdue.config import Config
from pastdue.config_file import load
from pastdue.documents import emails, samples
from pastdue.documents.letters import Letters
from pastdue.model import Notice

pytestmark = needs.spamassassin

LETTERS = ROOT / "letters"
SOURCES = {path.relative_to(LETTERS).as_posix(): path.read_text("utf-8") for path in sorted(LETTERS.rglob("*.*"))}
WRITTEN = Letters(SOURCES)
# "reminder.en.md" and "it/reminder.md" are letters, "_table.en.md" is a part of some.
NAMES = sorted({Path(name).name.split(".")[0] for name in SOURCES if name.endswith(".md")})
ALL = [(name, language) for name in NAMES if name[0] != "_" for language in WRITTEN.languages(name)]
SENT_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
COMMIT = "0123456789abcdef0123456789abcdef01234567"

# How it arrives from the sender's server. An address of TEST-NET would cost points of its own; this one is of a net
# that is set apart for measurements. It is not trusted: that alone would make up for a point.
RECEIVED = (
    "Received: from mail.harbourjoinery.example (mail.harbourjoinery.example [198.18.7.25])\n"
    "\tby mx.customer.example with ESMTPS id pd{number:06} for <ap@customer.example>;\n"
    "\tMon, 2 Mar 2026 09:00:04 +0000 (UTC)\n"
)
SETTINGS = ("use_bayes 0", "clear_trusted_networks", "trusted_networks 127.0.0.0/8", "report_safe 0")
FOLD = re.compile(rb"\r?\n[ \t]+")

# What filters do not like: to see that this one is listening.
UNLOVED = (
    b"From: accounts@harbourjoinery.example\r\nTo: ap@customer.example\r\nSubject: URGENT!!! PAY NOW\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n<html><body><p>100% guaranteed $ 1,000,000</p></body></html>\r\n"
)


def _email(notice: Notice, language: str, config: Config, subject: str) -> bytes:
    """The notice as `send` would hand it to a server, from a sensible address."""
    sender = {"sender": "Harbour Joinery <accounts@harbourjoinery.example>", "subject": subject}
    config = config.model_copy(update={"mail": config.mail.model_copy(update=sender)})
    customer = replace(notice.customer, language=language, email="ap@customer.example")
    notice = replace(notice, channel="email", customer=customer)
    document = emails.compose(notice, WRITTEN.write(notice, config), config, sent_at=SENT_AT, draft=False)
    return emails.witnessed(document, COMMIT).content


def _points(contents: Sequence[bytes], home: Path) -> list[tuple[float, str]]:
    """The points of each email and the rules that it met, by one SpamAssassin for all of them."""
    box = b"".join(
        b"From accounts@harbourjoinery.example Mon Mar  2 09:00:04 2026\n"
        + RECEIVED.format(number=number).encode()
        + re.sub(rb"(?m)^(>*From )", rb">\1", content.replace(b"\r\n", b"\n"))
        + b"\n"
        for number, content in enumerate(contents)
    )
    done = subprocess.run(
        ["spamassassin", "-L", "-x", "--mbox", *(f"--cf={line}" for line in SETTINGS)],
        input=box,
        capture_output=True,
        check=True,
        timeout=600,
        env=os.environ | {"HOME": str(home), "LC_ALL": "C"},
    )
    found: dict[int, tuple[float, str]] = {}  # it takes them in an order of its own
    for said in re.split(rb"(?m)^From ", done.stdout)[1:]:
        head = FOLD.sub(b" ", said)
        number = re.search(rb"with ESMTPS id pd(\d{6}) ", head)
        status = re.search(rb"(?m)^X-Spam-Status: \w+, score=(-?[\d.]+) .*?tests=([\w, ]+?) autolearn", head)
        assert number, head[:500]
        assert status, head[:500]
        found[int(number[1])] = float(status[1]), status[2].decode()
    return [found[number] for number in range(len(contents))]


def _config() -> Config:
    config, _ = load((ROOT / "config.toml").read_text("utf-8"))
    assert config is not None
    return config


@pytest.mark.parametrize("language", sorted({language for _, language in ALL}))
def test_no_email_of_a_shipped_letter_gets_a_point_with_all_that_can_stand_in_it(language: str, tmp_path: Path) -> None:
    letters = [name for name, written in ALL if written == language]
    tried = [next(samples.tries(letter, _config())) for letter in letters]
    *points, unloved = _points([*(_email(n, language, c, "account") for n, c in tried), UNLOVED], tmp_path)
    assert {letter: said for letter, said in zip(letters, points, strict=True) if said[0]} == {}
    assert len(points) >= 15
    # It listens, and trusts nobody.
    assert unloved[0] > 2
    assert not {"ALL_TRUSTED"} & {rule for _, rules in (*points, unloved) for rule in rules.split(",")}


def test_no_email_as_the_shipped_schedules_send_it_gets_a_point_under_its_letters_own_subject(tmp_path: Path) -> None:
    config = _config()
    steps = {
        step.letter_name: step for schedule in config.schedule.values() for step in schedule.step if not step.is_call
    }
    contents = [
        _email(samples.for_step(letter, step, "email"), "en", config, "letter") for letter, step in steps.items()
    ]
    points = _points(contents, tmp_path)
    assert {letter: said for letter, said in zip(steps, points, strict=True) if said[0]} == {}
    assert len(points) >= 8


def test_english_and_german_are_among_the_languages() -> None:
    assert {"en", "de"} <= {language for _, language in ALL}
