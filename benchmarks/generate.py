"""Makes books of any size: `python benchmarks/generate.py FOLDER --accounts 10000 --invoices 100000`.

The mix is that of a small wholesaler: most invoices are paid on time, some late, some in part, some not at all;
the same seed gives the same books.
"""

import argparse
import csv
import random
import shutil
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).parent.parent
TODAY = date(2026, 3, 2)


def write(folder: Path, accounts: int, invoices: int, seed: int = 7, *, by_letter: bool = True) -> None:
    """A workspace with the demo's config and generated ledgers: about 0.9 payments per invoice.

    `by_letter`: one customer in ten has no email address.
    """
    dice = random.Random(seed)
    books = folder / "accounts"
    books.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "config.toml", folder / "config.toml")
    with (books / "customers.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(
            ["account_id", "name", "email", "address", "postcode", "city", "country", "language", "terms_days"]
        )
        for n in range(accounts):
            mail = f"accounts@c{n:06d}.example" if n % 10 or not by_letter else ""
            language = "de" if n % 5 == 0 else ""
            out.writerow(
                [f"C{n:06d}", f"Customer {n} & Co", mail, f"{n} High Street", "H91 AB12", "Galway", "IE", language, 30]
            )
    with (
        (books / "invoices.csv").open("w", newline="") as bills,
        (books / "payments.csv").open("w", newline="") as money,
    ):
        out, paid = csv.writer(bills), csv.writer(money)
        out.writerow(["invoice_id", "account_id", "issued", "due", "amount", "description"])
        paid.writerow(["received", "account_id", "amount", "invoice_id"])
        for n in range(invoices):
            account = f"C{dice.randrange(accounts):06d}"
            issued = TODAY - timedelta(days=dice.randrange(0, 400))
            due = issued + timedelta(days=30)
            cents = dice.randrange(1_000, 500_000)
            out.writerow(
                [f"INV-{n:07d}", account, issued, due, f"{cents // 100}.{cents % 100:02d}", "Goods as ordered"]
            )
            fate = dice.random()
            received = due + timedelta(days=dice.randrange(-20, 5) if fate < 0.7 else dice.randrange(5, 60))
            if fate < 0.93 and received <= TODAY:
                part = cents if fate < 0.88 else cents // 2
                paid.writerow([received, account, f"{part // 100}.{part % 100:02d}", f"INV-{n:07d}"])


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--accounts", type=int, default=10_000)
    asked.add_argument("--invoices", type=int, default=100_000)
    wanted = asked.parse_args()
    write(wanted.folder, wanted.accounts, wanted.invoices)
