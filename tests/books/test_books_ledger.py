"""Text tables become typed tables: what each ledger's rows mean, beside each other."""

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pastdue.books import ledger
from pastdue.books.headers import COLUMNS, NOTICE_COLUMNS
from pastdue.books.tables import RawFile, read_tables
from pastdue.config import Config
from pastdue.findings import Finding, Severity
from pastdue.model import Activity, Customer, Ledger

Read = Callable[..., tuple[Ledger, list[Finding]]]


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def stopped(findings: list[Finding]) -> set[str]:
    """Accounts that an error stops; "" is the run."""
    return {finding.account_id for finding in findings if finding.severity is Severity.ERROR}


# ------------------------------------------------------------------ customers


def test_a_customers_blank_cells_are_the_businesss_own_settings(read: Read) -> None:
    books, findings = read(
        customers="account_id,name\nacme, Acme Ltd \n", invoices="invoice_id,account_id,due,amount\n"
    )
    assert findings == []
    assert books.customers == {"acme": Customer("acme", "Acme Ltd", language="en", currency="EUR", row=2)}


def test_a_customers_cells_are_read_whatever_their_case() -> None:
    text = (
        "Account-ID;NAME;Kind;email;cc;phone;address;postcode;city;country;language;currency;Terms Days;track;timezone;contact\n"
        '0007;"Ørsted & Søn";Consumer;ann@ørsted.example;bo@example.com;+45 1;"Vej 1; 2. sal\nBaghuset";1000;Kbh;dk;DA;usd;0;gentle;Europe/Copenhagen;Ann\n'
    )
    files = [RawFile("accounts/customers.csv", text.encode())]
    config = Config.model_validate({"schedule": {name: {"step": [STEP]} for name in ("standard", "gentle")}})
    books, _ = ledger.read(files, config)
    assert books.customers["0007"] == Customer(
        account_id="0007",
        name="Ørsted & Søn",
        kind="consumer",
        contact="Ann",
        email="ann@ørsted.example",
        cc="bo@example.com",
        phone="+45 1",
        address=("Vej 1", "2. sal", "Baghuset"),
        postcode="1000",
        city="Kbh",
        country="DK",
        language="da",
        currency="USD",
        terms_days=0,
        track="gentle",
        timezone="Europe/Copenhagen",
        row=2,
    )


STEP = {"name": "reminder", "days": 1, "channels": ["email"]}


@pytest.mark.parametrize(
    ("written", "code"), [("pt-BR", "pt_BR"), ("DE", "de"), ("zh_Hant_TW", "zh_Hant_TW"), ("", "en")]
)
def test_a_language_is_named_as_babel_names_it(read: Read, written: str, code: str) -> None:
    books, _ = read(customers=f"account_id,name,language\nacme,Acme,{written}\n")
    assert books.customers["acme"].language == code


@pytest.mark.parametrize("written", ["en/../../x", "en.UTF-8", "xx", "english", "e", "en_US_POSIX_x", "../en"])
def test_a_language_that_could_be_a_path_is_none(read: Read, written: str) -> None:
    books, findings = read(customers=f"account_id,name,language\nacme,Acme,{written}\n")
    assert "acme" in stopped(findings)
    assert books.customers == {}


def test_account_numbers_that_look_the_same_are_the_same(read: Read) -> None:
    books, findings = read(
        customers="account_id,name\nCaf\u00e9,A\n",
        invoices="invoice_id,account_id,due,amount\nI,Cafe\u0301 ,2026-01-31,1\n",
    )
    assert findings == []
    assert books.invoices["account_id"].tolist() == ["Caf\u00e9"]


def test_rows_of_an_account_that_cannot_be_used_are_dropped_and_it_is_stopped(read: Read) -> None:
    books, findings = read(customers="account_id,name,email\nacme,Acme,nonsense\nbolt,Bolt,\n")
    assert list(books.customers) == ["bolt"]
    assert books.invoices["account_id"].tolist() == ["bolt"]
    assert stopped(findings) == {"acme"}


# ------------------------------------------------------------------ invoices


def test_an_invoice_is_due_by_its_customers_terms_where_no_date_is_written(read: Read) -> None:
    books, findings = read(
        customers="account_id,name,terms_days\nacme,Acme,30\nbolt,Bolt,0\n",
        invoices="invoice_id,account_id,issued,due,amount\n1,acme,2026-01-31,,1\n2,bolt,2026-01-31,,1\n3,acme,,2026-05-01,1\n",
    )
    assert findings == []
    assert books.invoices["due"].tolist() == [day("2026-03-02"), day("2026-01-31"), day("2026-05-01")]
    assert books.invoices["issued"].tolist() == [day("2026-01-31"), day("2026-01-31"), 0]


def test_an_invoice_is_in_its_customers_currency_where_none_is_written(read: Read) -> None:
    books, _ = read(
        customers="account_id,name,currency\nacme,Acme,\nyen,Yen,jpy\n",
        invoices="invoice_id,account_id,due,amount,currency\n1,acme,2026-01-31,5,\n2,yen,2026-01-31,5,\n3,yen,2026-01-31,5,KWD\n",
    )
    assert books.invoices["currency"].tolist() == ["EUR", "JPY", "KWD"]
    assert books.invoices["amount"].tolist() == [500, 5, 5000]


def test_one_number_with_several_due_dates_is_an_invoice_in_instalments(read: Read) -> None:
    books, findings = read(invoices="invoice_id,account_id,due,amount\n1,acme,2026-01-31,5\n1,acme,2026-02-28,5\n")
    assert findings == []
    assert len(books.invoices) == 2


def test_a_credit_note_may_be_due_before_it_was_issued(read: Read) -> None:
    books, findings = read(invoices="invoice_id,account_id,issued,due,amount\nC,acme,2026-02-01,2026-01-01,-5\n")
    assert findings == []
    assert books.invoices["amount"].tolist() == [-500]


def test_a_clash_in_one_account_leaves_the_others_alone(read: Read) -> None:
    books, findings = read(
        invoices="invoice_id,account_id,due,amount\n"
        "1,acme,2026-01-31,1\n1,acme,2026-01-31,1\n2,bolt,2026-01-31,1\n2,bolt,2026-02-28,1\n3,yen,2026-01-31,1\n"
    )
    assert stopped(findings) == {"acme"}
    assert books.invoices["row"].tolist() == [2, 4, 5, 6]


def test_a_number_in_many_accounts_stops_each_of_them(read: Read) -> None:
    books, findings = read(
        invoices="invoice_id,account_id,due,amount\n1,acme,2026-01-31,1\n1,bolt,2026-01-31,1\n1,yen,2026-02-28,1\n1,acme,2026-03-31,1\n"
    )
    assert stopped(findings) == {"acme", "bolt", "yen"}
    assert len(books.invoices) == 0


def test_line_breaks_in_a_description_are_spaces_and_the_text_is_kept_as_it_is(read: Read) -> None:
    books, findings = read(
        invoices='invoice_id,account_id,due,amount,description,reference\n1,acme,2026-01-31,1,"a\r\nb\tc",=HYPERLINK("x")\n'
    )
    assert findings == []
    assert books.invoices.loc[0, ["description", "reference"]].tolist() == ["a b c", '=HYPERLINK("x")']


# ------------------------------------------------------------------ payments


def test_money_for_an_invoice_that_there_is_not_is_kept(read: Read) -> None:
    books, findings = read(payments="received,account_id,amount,invoice_id\n2026-02-01,acme,5,INV-77\n")
    assert stopped(findings) == set()
    assert books.payments["amount"].tolist() == [500]


def test_a_payment_may_name_an_invoice_in_any_instalment_and_take_money_back(read: Read) -> None:
    books, findings = read(
        payments="received,account_id,amount,invoice_id\n2026-02-01,acme,5,INV-1\n2026-02-02,acme,-5,INV-1\n"
    )
    assert findings == []
    assert books.payments["amount"].tolist() == [500, -500]


def test_payments_that_only_look_alike_are_no_twins(read: Read) -> None:
    _, findings = read(
        payments="received,account_id,amount,reference\n2026-02-01,acme,5,\n2026-02-01,acme,5,\n"
        "2026-02-01,acme,6,R\n2026-02-01,acme,5,R\n2026-02-02,acme,5,R\n2026-02-01,bolt,5,R\n"
    )
    assert findings == []


def test_a_refused_invoice_does_not_make_its_payment_wrong(read: Read) -> None:
    _, findings = read(
        invoices="invoice_id,account_id,due,amount\nINV-1,acme,soon,1\n",
        payments="received,account_id,amount,invoice_id\n2026-02-01,acme,1,INV-1\n",
    )
    assert [finding.file for finding in findings] == ["accounts/invoices.csv"]


# ------------------------------------------------------------------ activity


def test_a_line_of_activity_is_read_with_all_that_it_says(read: Read) -> None:
    books, findings = read(
        activity="on,account_id,kind,invoice_id,amount,due,every,count,by,note\n"
        '2026-02-01,yen,Plan,,1000,2026-03-01,Month,3,Jo,"in three\nparts"\n'
        "2026-02-02,acme,no answer,,,,,,,\n2026-02-03,acme,reason,,,,,,,Cash flow\n2026-02-04,acme,waive,,,,,,,interest: goodwill\n"
    )
    assert findings == []
    assert books.activity == (
        Activity(date(2026, 2, 1), "yen", "plan", "", 1000, date(2026, 3, 1), "month", 3, "Jo", "in three parts", 2),
        Activity(date(2026, 2, 2), "acme", "no-answer", row=4),
        Activity(date(2026, 2, 3), "acme", "reason", note="cash-flow", row=5),
        Activity(date(2026, 2, 4), "acme", "waive", note="interest: goodwill", row=6),
    )


def test_a_hold_may_be_open_ended(read: Read) -> None:
    books, findings = read(activity="on,account_id,kind,due\n2026-02-01,acme,hold,\n")
    assert findings == []
    assert books.activity[0].due is None


# ------------------------------------------------------------------ notices

NOTICE = "N1,2026-02-01,acme,INV-1,2026-01-31,reminder,0,email,{},100.00,EUR,2026-02-08,interest 2026-02-09,<m>,ff,outbox/x,2026-02-01T09:00Z,{}\n"


def notices(*rows: str) -> str:
    return ",".join(NOTICE_COLUMNS) + "\n" + "".join(rows)


def test_the_last_state_of_a_notice_holds(read: Read) -> None:
    other = NOTICE.replace("INV-1", "INV-2").format("sent", '"250 ok, 2\nqueued"')
    books, findings = read(notices=notices(NOTICE.format("deferred", ""), other, NOTICE.format("sent", "250 ok")))
    assert findings == []
    assert books.notices["invoice_id"].tolist() == ["INV-2", "INV-1"]
    assert books.notices["state"].tolist() == ["sent", "sent"]
    assert books.notices["reply"].tolist() == ["250 ok, 2\nqueued", "250 ok"]


def test_a_notice_is_typed_as_the_model_says(read: Read) -> None:
    listed = NOTICE.replace(",reminder,0,", ",,-1,").replace("2026-02-08", "")
    books, findings = read(notices=notices(listed.format("sent", "")))
    assert findings == []
    row = books.notices.iloc[0].to_dict()
    expected = {"on": day("2026-02-01"), "due": day("2026-01-31"), "pay_by": 0, "open": 10000, "rung": -1, "step": ""}
    assert {name: row[name] for name in expected} == expected
    assert list(books.notices.columns) == list(NOTICE_COLUMNS)


def test_a_notice_to_an_account_that_has_gone_is_kept(read: Read) -> None:
    books, findings = read(notices=notices(NOTICE.replace("acme", "gone").format("sent", "")))
    assert findings == []
    assert len(books.notices) == 1


def test_own_headers_do_not_touch_the_tools_own_record(read: Read) -> None:
    columns = {"notices": {"headers": {"due": "Due Date"}, "date_format": "%d/%m/%Y"}}
    _, findings = read(columns, notices=notices(NOTICE.format("sent", "")))
    assert findings == []


# ------------------------------------------------------------------ which file is read


def test_files_of_other_kinds_and_in_other_folders_are_nobodys_business(config: Config) -> None:
    files = [
        RawFile(path, b"\0\xff")
        for path in (
            "accounts/README.md", "accounts/.~lock.invoices.csv#", "accounts/~$invoices.xlsx", "accounts/notes.txt",
            "accounts/2025/invoices.csv", "accounts/.invoices.csv", "accounts/logo.png",
        )
    ]  # fmt: skip
    tables, findings = read_tables(files, config.columns)
    assert tables == {}
    assert {finding.file for finding in findings} == {"accounts/customers.csv", "accounts/invoices.csv"}


def test_a_table_has_every_column_of_its_ledger_and_no_other(config: Config) -> None:
    content = b"due,account_id,invoice_id,amount,Our own column\n2026-01-31,acme,INV-1,NA,x\n"
    tables, _ = read_tables([RawFile("accounts/invoices.csv", content)], config.columns)
    frame = tables["invoices"].frame
    assert list(frame.columns) == list(COLUMNS["invoices"])
    assert frame.loc[0].to_dict() == {
        **dict.fromkeys(COLUMNS["invoices"], ""),
        "invoice_id": "INV-1",
        "account_id": "acme",
        "due": "2026-01-31",
        "amount": "NA",
    }
    assert tables["invoices"].rows.tolist() == [2]


def test_a_cell_that_is_called_like_a_place_in_a_message_is_text(read: Read) -> None:
    _, findings = read(
        customers="account_id,name\n{cell},A\nacme,B\n",
        invoices="invoice_id,account_id,due,amount\n{cell},{cell},{cell},1,{cell}\n{cell},{place},2026-01-31,1\n",
    )
    assert [finding.message for finding in findings] == [
        '"{cell}" stands beyond the last of the 4 columns',
        'customers has no account "{place}"',
        '"{cell}" is not a date',
        '"{cell}" is an invoice of "{cell}" here and an invoice of "{place}" in row 3',
        '"{cell}" is an invoice of "{place}" here and an invoice of "{cell}" in row 2',
    ]


def test_one_header_may_stand_for_two_columns(read: Read) -> None:
    columns = {"invoices": {"headers": {"invoice_id": "No.", "reference": "No."}}}
    books, findings = read(columns, invoices="No.,account_id,due,amount\nX,acme,2026-01-31,1\n")
    assert findings == []
    assert books.invoices.loc[0, ["invoice_id", "reference"]].tolist() == ["X", "X"]


# ------------------------------------------------------------------ many mistakes


def many(count: int, row: Callable[[int], str], head: str) -> str:
    return head + "".join(row(i) for i in range(count))


CUSTOMERS = many(400, lambda i: f"a{i},A{i}\n", "account_id,name\n")


def test_every_account_with_a_mistake_is_stopped_however_many_mistakes_there_are(read: Read) -> None:
    invoices = many(
        1200,
        lambda i: f"I{i},a{i // 3},{'never' if i % 3 == 2 or i < 60 else '2026-01-31'},1\n",
        "invoice_id,account_id,due,amount\n",
    )
    books, findings = read(customers=CUSTOMERS, invoices=invoices)
    assert stopped(findings) == {f"a{i}" for i in range(400)}
    (rest,) = [finding for finding in findings if finding.severity is Severity.WARNING]
    assert rest.message == "7 more rows have the same fault, up to row 1,201"
    assert len(books.invoices) == 1200 - 440


def test_one_accounts_many_mistakes_are_said_in_part(read: Read) -> None:
    invoices = many(500, lambda i: f"I{i},acme,never,1\n", "invoice_id,account_id,due,amount\n")
    _, findings = read(invoices=invoices)
    assert len(findings) == 51
    assert stopped(findings) == {"acme"}


def test_a_mistake_in_most_rows_of_many_accounts_is_the_files(read: Read) -> None:
    invoices = many(400, lambda i: f"I{i},a{i},31/12/2025,1\n", "invoice_id,account_id,due,amount\n")
    _, findings = read(customers=CUSTOMERS, invoices=invoices)
    (finding,) = findings
    assert finding.stops_run
    assert finding.message == '"31/12/2025" is not a date; so it is in 400 of 400 rows'


def test_a_zero_in_every_row_is_said_in_part(read: Read) -> None:
    invoices = many(500, lambda i: f"I{i},acme,2026-01-31,0\n", "invoice_id,account_id,due,amount\n")
    books, findings = read(invoices=invoices)
    assert len(findings) == 51
    assert stopped(findings) == set()
    assert len(books.invoices) == 500


# ------------------------------------------------------------------ whatever stands in the files

INTS = {"row": np.int32, "issued": np.int32, "due": np.int32, "received": np.int32, "on": np.int32, "pay_by": np.int32}
INTS |= {"rung": np.int32, "amount": np.int64, "open": np.int64}


def assert_sound(books: Ledger, findings: list[Finding]) -> None:
    """What every ledger keeps, whatever it was read from."""
    for frame in (books.invoices, books.payments, books.notices):
        assert isinstance(frame.index, pd.RangeIndex)
        for name, column in frame.items():
            assert column.dtype == INTS.get(str(name), "str"), name
            assert not column.isna().any()
    for frame in (books.invoices, books.payments):
        assert set(frame["account_id"]) <= set(books.customers)
    assert (books.invoices["due"] > 0).all()
    assert {line.account_id for line in books.activity} <= set(books.customers)
    for finding in findings:
        assert str(finding).isprintable() or "\n    " in str(finding)
        assert finding.message


WORDS = ["acme", "bolt", "INV-1", "INV-2", "2026-01-31", "2026-02-30", "1.00", "1e5", "", " ", "EUR", "JPY", "XXX", "€"]
WORDS += [
    "{cell}",
    "{place}",
    "promise",
    "plan",
    "note",
    "track",
    "gentle",
    "week",
    "3",
    "=1+1",
    "\u200b",
    "\x07",
    "a\nb",
    "é",
    "e\u0301",
    "\u202e",
]
CELL = st.sampled_from(WORDS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@st.composite
def any_books(draw: st.DrawFn) -> list[RawFile]:
    """Ledgers with their own columns and any text in their cells."""
    files = []
    for name in ("customers", "invoices", "payments", "activity", "notices"):
        rows = draw(st.lists(st.lists(CELL, min_size=len(COLUMNS[name]), max_size=len(COLUMNS[name])), max_size=4))
        lines = [COLUMNS[name], *rows]
        text = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in line) + "\n" for line in lines)
        files.append(RawFile(f"accounts/{name}.csv", text.replace("\0", "").encode()))
    return files


@given(any_books())
@settings(max_examples=50, deadline=None)
def test_no_cell_raises_and_the_ledger_is_always_sound(config: Config, files: list[RawFile]) -> None:
    assert_sound(*ledger.read(files, config))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["customers.csv", "invoices.csv", "books.xlsx", "payments.ods"]), st.binary(max_size=80)
        )
    )
)
@settings(deadline=None)
def test_no_bytes_raise_and_the_ledger_is_always_sound(config: Config, files: list[tuple[str, bytes]]) -> None:
    assert_sound(*ledger.read([RawFile(f"accounts/{name}", content) for name, content in files], config))


def test_what_is_read_is_typed_as_the_model_says(read: Read) -> None:
    books, findings = read(
        payments="received,account_id,amount\n2026-02-01,acme,5\n", notices=notices(NOTICE.format("sent", ""))
    )
    assert_sound(books, findings)
    empty, findings = read(customers=None, invoices=None)
    assert_sound(empty, findings)
    assert list(empty.invoices.columns) == list(books.invoices.columns)
    assert list(empty.payments.columns) == list(books.payments.columns)


def test_the_order_of_the_files_does_not_matter(read: Read, config: Config) -> None:
    texts: dict[str, Any] = {
        "customers": "account_id,name\nacme,A\n",
        "invoices": "invoice_id,account_id,due,amount\n1,acme,2026-01-31,1\n",
        "payments": "received,account_id,amount,invoice_id\n2026-02-01,acme,1,1\n",
    }
    files = [RawFile(f"accounts/{name}.csv", text.encode()) for name, text in texts.items()]
    one, _ = ledger.read(files, config)
    other, findings = ledger.read(files[::-1], config)
    assert findings == []
    assert one.invoices.equals(other.invoices)
    assert one.payments.equals(other.payments)
