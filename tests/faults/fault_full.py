"""Trials: the disk fills up during a run; then there is room again and clean runs, then the count."""

from dataclasses import dataclass
from pathlib import Path

from commandline import PLAIN, Workspace, table
from fault_disks import Disk, Disks
from fault_power import NAMES, Machine
from fault_server import FaultServer
from fault_trials import Count, judged

from pastdue.delivery.audit import audit

DAY = "2026-02-02"
ACCOUNTS = [f"C{number}" for number in range(1, 5)]
BY_POST = "C4"  # has no email address
MAIL = '[mail]\ntransport = "smtp"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'


def with_customers(disks: Disks) -> Disk:
    """A disk with a workspace on it as an operator has it: an invoice of each customer is overdue."""
    disk = disks.new()
    customers = [
        (name, f"{name} Ltd", "" if name == BY_POST else f"{name.lower()}@customer.example", "1 High Street", "Cork")
        for name in ACCOUNTS
    ]
    invoices = [(f"{name}-1", name, "2026-01-01", "2026-01-28", "120.00") for name in ACCOUNTS]
    with disk.mounted() as folder:
        Workspace.of(
            folder / "books",
            PLAIN.format(business="", more=MAIL.format(port=1)),
            customers=table(("account_id", "name", "email", "address", "city"), *customers),
            invoices=table(("invoice_id", "account_id", "issued", "due", "amount"), *invoices),
        )
    return disk


def full_disk(machine: Machine, *, left: int, fills: int = 0, kind: str = "ours") -> Count:
    """A run that has so many bytes left on its disk, or from its n-th event on none, then a clean one with room."""
    disk = machine.disk.copy()
    with FaultServer() as server, disk.used_up() as folder:
        root = folder / "books"
        disk.fill(left)
        ended = machine.run(root, server, sender=kind, fills=fills)
        assert ended in {0, 4} or kind == "naive"
        disk.make_room()
        assert machine.run(root, server, sender=kind) == 0, (root / ".git/said").read_text()
        return judged(root, server, kind, NAMES) + Count(killed=int(ended != 0))


@dataclass
class Ended:
    """How a command ended, and what it said to the operator."""

    code: int
    said: str


def full_disk_of_an_operator(machine: Machine, disks: Disks, disk: Disk, *, left: int) -> tuple[Ended, Count]:
    """The same with the whole command line: books read, documents written, sent, recorded, pages built."""
    disk = disk.copy()
    said = disk.image.with_suffix(".said")

    def command(root: Path, *arguments: str) -> Ended:
        code = machine.sender.run(sender="command", root=str(root), arguments=arguments, said=str(said), kill=None)
        return Ended(code, said.read_text("utf-8"))

    with FaultServer() as server, disk.used_up() as folder:
        workspace = Workspace(folder / "books")
        config = (workspace.root / "config.toml").read_text("utf-8")
        workspace.write("config.toml", config.replace("port = 1\n", f"port = {server.port}\n"))
        disk.fill(left)
        first = command(workspace.root, "send", "--yes", "--on", DAY)
        taken = _taken(server)
        wrong = [name for name, state in _states(workspace).items() if state == "sent" and not taken[name]]
        disk.make_room()
        again = command(workspace.root, "send", "--yes", "--on", DAY)
        assert again.code == 0, again.said
        taken, states = _taken(server), _states(workspace)
        by_mail = [name for name in ACCOUNTS if name != BY_POST]
        count = Count(
            trials=1,
            killed=int(first.code != 0),
            lost=[name for name in by_mail if not taken[name]],
            doubled=[name for name in by_mail if taken[name] > 1],
            wrong=[*wrong, *(name for name in by_mail if states.get(name) != "sent")],
            damaged=[f"{each.place}: {each.message}" for each in audit(workspace.root).breaks],
        )
        if states.get(BY_POST) != "printed":
            count.lost.append(BY_POST)
        return first, count


def _taken(server: FaultServer) -> dict[str, int]:
    """How often the server took an email to each account."""
    return {
        name: sum(f"<{name.lower()}@customer.example>".encode() in each for each in server.accepted)
        for name in ACCOUNTS
    }


def _states(workspace: Workspace) -> dict[str, str]:
    """The last state of each account's notice."""
    return {row["account_id"]: row["state"] for row in workspace.notices()}
