"""What the tests of the books share: a config, and ledgers written where they are used."""

from collections.abc import Callable
from typing import Any

import pytest

from pastdue.books import ledger
from pastdue.books.tables import RawFile
from pastdue.config import Config
from pastdue.findings import Finding
from pastdue.model import Ledger

Read = Callable[..., tuple[Ledger, list[Finding]]]

_BOOKS = {
    "customers": "account_id,name,terms_days,currency\nacme,Acme Ltd,30,\nbolt,Bolt GmbH,,\nyen,Yen KK,,JPY\n",
    "invoices": "invoice_id,account_id,due,amount\nINV-1,acme,2026-01-31,100.00\nINV-2,bolt,2026-01-31,50.00\n",
}


def a_config(**sections: Any) -> Config:
    """A config with two tracks."""
    step = {"name": "reminder", "days": 1, "channels": ["email"]}
    schedules = {"standard": {"step": [step]}, "gentle": {"step": [step]}}
    return Config.model_validate({"schedule": schedules, **sections})


@pytest.fixture(scope="session")
def config() -> Config:
    """The config of tests that need no other."""
    return a_config()


@pytest.fixture(scope="session")
def read() -> Read:
    """Reads ledgers given by name, beside small sound ones; None takes one away, `columns` is [columns] of config.toml."""

    def reader(columns: dict[str, Any] | None = None, **ledgers: str | bytes | None) -> tuple[Ledger, list[Finding]]:
        files = [
            RawFile(_path(name), text.encode() if isinstance(text, str) else text)
            for name, text in {**_BOOKS, **ledgers}.items()
            if text is not None
        ]
        return ledger.read(files, a_config(columns=columns or {}))

    return reader


def _path(name: str) -> str:
    return f"accounts/{name}" if "." in name else f"accounts/{name}.csv"
