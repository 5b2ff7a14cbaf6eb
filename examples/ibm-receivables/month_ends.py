"""Runs two years of a company's receivables, month end by month end, and says what would have gone out.

    python examples/ibm-receivables/month_ends.py receivables.csv FOLDER

The export is read as it is, by the headers declared in config.toml. It has no customer and no payment sheet, so these
two are derived from it: one customer per customerID, one payment per SettledDate. FOLDER becomes a workspace of its
own, with its own git history; the desk of each month end is kept beside it as desk-YYYY-MM-DD.html. Nothing is mailed.
"""

import csv
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).parent
BUILD = HERE.parent.parent / "build.py"


def month_ends(first: int, last: int) -> list[date]:
    """The last day of every month of the years, both inclusive."""
    firsts = [date(year, month, 1) for year in range(first, last + 1) for month in range(1, 13)]
    return [(day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1) for day in firsts]


def derive(export: Path, workspace: Path) -> None:
    """The workspace: the export itself as the invoices ledger, and the two ledgers that follow from it."""
    accounts = workspace / "accounts"
    accounts.mkdir(parents=True)
    shutil.copy(HERE / "config.toml", workspace / "config.toml")
    shutil.copy(export, accounts / "invoices.csv")
    with export.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    with (accounts / "customers.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["account_id", "name", "email"])
        for account in sorted({row["customerID"] for row in rows}):
            out.writerow([account, f"Customer {account}", f"accounts@{account.lower()}.example"])
    with (accounts / "payments.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["received", "account_id", "amount", "invoice_id"])
        for row in rows:
            day, month, year = row["SettledDate"].split("/")
            out.writerow([f"{year}-{month}-{day}", row["customerID"], row["InvoiceAmount"], row["invoiceNumber"]])


def main(export: Path, workspace: Path) -> None:
    """Derives the books; at every month end of 2012 and 2013 keeps the desk of the morning, then sends, into drafts."""
    derive(export, workspace)
    git = ["git", "-C", str(workspace)]
    for command in (
        ["init", "--quiet"],
        ["config", "user.name", "Example"],
        ["config", "user.email", "example@example-utilities.example"],
        ["add", "accounts", "config.toml"],
        ["commit", "--quiet", "--message", "Books"],
    ):
        subprocess.run([*git, *command], check=True)
    for day in month_ends(2012, 2013):
        run(workspace, day, "build")
        shutil.copy(workspace / "outbox" / "desk.html", workspace / f"desk-{day}.html")
        said = run(workspace, day, "send", "--yes")
        print(f"{day}  {next(line for line in said if line.startswith(('To send: ', 'Nothing is due')))}")


def run(workspace: Path, day: date, *command: str) -> list[str]:
    """One command as on that day: what it prints. The example ends where it fails."""
    arguments = [sys.executable, str(BUILD), "-C", str(workspace), *command, "--on", day.isoformat()]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{day}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout.splitlines()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
