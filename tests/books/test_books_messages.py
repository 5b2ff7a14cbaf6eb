"""Every message about the books, once: what stands in the file, what the operator reads, and whom it stops."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from pastdue.findings import Finding, Severity, in_reading_order

Read = Callable[..., tuple[Any, list[Finding]]]

_INVOICES = "invoice_id,account_id,due,amount\n"
_PAYMENTS = "received,account_id,amount,invoice_id,reference,currency\n"
_ACTIVITY = "on,account_id,kind,invoice_id,amount,due,every,count,note\n"
_NOTICES = (
    "notice_id,on,account_id,invoice_id,due,step,rung,channel,state,open,"
    "currency,pay_by,announces,message_id,sha256,file,at,reply\n"
)


@dataclass(frozen=True)
class Case:
    """Files beside (or instead of) small sound ones, and all that is said about them."""

    title: str
    files: dict[str, str | bytes | None]
    says: str
    columns: dict[str, Any] = field(default_factory=dict)


GALLERY = [
    # ------------------------------------------------------------------ files
    Case(
        "no customers",
        {"customers": None, "invoices": _INVOICES},
        r"""
accounts/customers.csv: error: there is no customers ledger
    Begin with a file of one line: account_id,name
    => the run
""",
    ),
    Case(
        "no invoices",
        {"invoices": None},
        r"""
accounts/invoices.csv: error: there is no invoices ledger
    Begin with a file of one line: invoice_id,account_id,due,amount
    => the run
""",
    ),
    Case(
        "two files for one ledger",
        {"Payments": _PAYMENTS, "payments": _PAYMENTS},
        r"""
accounts/payments.csv: error: there are two payments ledgers: accounts/Payments.csv and accounts/payments.csv
    Keep one of them, nobody can tell which holds.
    => the run
""",
    ),
    Case(
        "a file nobody reads where its ledger is missing",
        {"payment": _PAYMENTS},
        r"""
accounts/payment.csv: error: this file is not read, and there is no payments ledger
    Call it payments if it is that ledger, or move it elsewhere.
    => the run
""",
    ),
    Case(
        "a file nobody reads beside the ledger it is like",
        {"invoices-2025": _INVOICES},
        r"""
accounts/invoices-2025.csv: warning: this file is not a ledger and not read
    The ledgers are customers, invoices, payments, activity, or sheets of those names in one workbook called books.
    => nobody
""",
    ),
    Case(
        "a table that is no ledger",
        {"prices": "a,b\n"},
        r"""
accounts/prices.csv: warning: this file is not a ledger and not read
    The ledgers are customers, invoices, payments, activity, or sheets of those names in one workbook called books.
    => nobody
""",
    ),
    Case(
        "a ledger in an ending that is not read",
        {"payments.xls": b"\xd0\xcf\x11\xe0"},
        r"""
accounts/payments.xls: error: this file is not read
    Save it as CSV UTF-8, XLSX or ODS, or move it elsewhere.
    => the run
""",
    ),
    Case(
        "a copy in an ending that is not read",
        {"invoices.txt": _INVOICES},
        r"""
accounts/invoices.txt: warning: this file is not read
    Save it as CSV UTF-8, XLSX or ODS, or move it elsewhere.
    => nobody
""",
    ),
    Case(
        "notices as a spreadsheet",
        {"notices.xlsx": b"PK"},
        r"""
accounts/notices.xlsx: error: the notices ledger is CSV
    The tool writes accounts/notices.csv; bring that file back from version control.
    => the run
""",
    ),
    Case(
        "a damaged spreadsheet",
        {"payments.xlsx": b"received,account_id,amount\n"},
        r"""
accounts/payments.xlsx: error: the file is damaged, or not a spreadsheet
    Open it in your spreadsheet program, save it again, or save the sheet as CSV UTF-8.
    => the run
""",
    ),
    Case(
        "an old spreadsheet with a new ending",
        {"payments.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"},
        r"""
accounts/payments.xlsx: error: this is an old Excel file, whatever its name says
    Save it as XLSX, ODS or CSV UTF-8.
    => the run
""",
    ),
    Case(
        "a spreadsheet with a password",
        {
            "payments.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00"
        },
        r"""
accounts/payments.xlsx: error: the file is protected by a password
    Save it without one.
    => the run
""",
    ),
    Case(
        "a spreadsheet that is called csv",
        {"payments": b"PK\x03\x04"},
        r"""
accounts/payments.csv: error: this is a spreadsheet, not CSV
    Give the file its own ending: .xlsx or .ods.
    => the run
""",
    ),
    # ------------------------------------------------------------------ text
    Case(
        "an empty file",
        {"payments": ""},
        r"""
accounts/payments.csv: error: the file is empty
    Write the header into its first line: received,account_id,amount.
    => the run
""",
    ),
    Case(
        "Windows-1252",
        {"customers": b"account_id,name\nacme,M\xfcller\nbolt,Bolt\n"},
        r"""
accounts/customers.csv:2: warning: the text is not UTF-8; it is read as Windows-1252: look whether names come out right
    Save it again as "CSV UTF-8".
    => nobody
""",
    ),
    Case(
        "neither UTF-8 nor Windows-1252",
        {"customers": b"account_id,name\nacme,M\xfc\x81ller\n"},
        r"""
accounts/customers.csv:2: error: the text is neither UTF-8 nor Windows-1252
    Save it again as "CSV UTF-8".
    => the run
""",
    ),
    Case(
        "broken UTF-16",
        {"customers": b"\xff\xfea\x00\x00"},
        r"""
accounts/customers.csv: error: the text is broken: it begins as UTF-16 and is not
    Save it again as "CSV UTF-8".
    => the run
""",
    ),
    Case(
        "a NUL byte",
        {"customers": b"account_id,name\nacme,M\x00\n"},
        r"""
accounts/customers.csv:2: error: the file is damaged: it holds a NUL byte
    Save it again as "CSV UTF-8".
    => the run
""",
    ),
    Case(
        "a quote that is never closed",
        {"invoices": _INVOICES + 'INV-1,acme,2026-01-31,"100.00\nINV-2,bolt,2026-01-31,50.00\n'},
        r"""
accounts/invoices.csv:2: error: a quoted cell is never closed
    Close it with ", or delete the " that opens it.
    => the run
""",
    ),
    Case(
        "text behind a closing quote",
        {"invoices": _INVOICES + 'INV-1,acme,2026-01-31,"100.00"EUR\n'},
        r"""
accounts/invoices.csv:2: error: text follows a closing quote
    Write a quote inside a quoted cell twice: "the ""Old Mill"" inn".
    => the run
""",
    ),
    Case(
        "a cell without end",
        {"customers": b'account_id,name\nacme,"\n' + b"x" * 131073 + b'"\n'},
        r"""
accounts/customers.csv:2: error: a cell is longer than 131,072 characters
    Is there a quote that is never closed?
    => the run
""",
    ),
    Case(
        "a cell beyond the header",
        {"invoices": _INVOICES + "INV-1,acme,2026-01-31,1,234.56\n"},
        r"""
accounts/invoices.csv:2: error: "234.56" stands beyond the last of the 4 columns
    Put a cell that holds a comma between quotes: "Miller, Inc".
    => acme
""",
    ),
    # ------------------------------------------------------------------ headers
    Case(
        "required columns that are missing",
        {"invoices": "Invoice No,Customer,due,amount\nINV-1,acme,2026-01-31,1\n"},
        r"""
accounts/invoices.csv:1: error: the columns invoice_id and account_id are missing; the header has "Invoice No", "Customer", "due", "amount"
    Rename a header, or name yours in config.toml: invoice_id = "your header" under [columns.invoices].
    => the run
""",
    ),
    Case(
        "a required column of config.toml that is missing",
        {"invoices": "invoice_id,account_id,due\n"},
        r"""
accounts/invoices.csv:1: error: the column amount ("Total") is missing; the header has "invoice_id", "account_id", "due"
    Rename a header, or name yours in config.toml: amount = "your header" under [columns.invoices].
    => the run
""",
        {"invoices": {"headers": {"amount": "Total"}}},
    ),
    Case(
        "another column of config.toml that is missing",
        {},
        r"""
accounts/invoices.csv:1: error: there is no column "Cur.", which config.toml names for currency
    Correct currency under [columns.invoices] in config.toml.
    => the run
""",
        {"invoices": {"headers": {"currency": "Cur."}}},
    ),
    Case(
        "a column that stands there twice",
        {"invoices": "invoice_id,account_id,due,amount,Amount\n"},
        r"""
accounts/invoices.csv:1: error: amount stands there 2 times: "amount" and "Amount"
    Keep one of the columns, rename the others.
    => the run
""",
    ),
    Case(
        "a misspelt column",
        {"invoices": "invoice_id,account_id,due,amount,curency\nINV-1,acme,2026-01-31,1,EUR\n"},
        r"""
accounts/invoices.csv:1: warning: "curency" is not a column of invoices; it is ignored
    Did you mean currency?
    => nobody
""",
    ),
    Case(
        "a column in config.toml that no ledger has",
        {},
        r"""
config.toml: error: columns.invoices.ammount: invoices has no column "ammount"
    Did you mean amount?
    => the run
""",
        {"invoices": {"headers": {"ammount": "Total"}}},
    ),
    Case(
        "a date format that nobody can read by",
        {},
        r"""
config.toml: error: columns.invoices.date_format: "%d.%m" is not a form for dates
    It is made of %d, %m or %b, and %Y or %y: date_format = "%d/%m/%Y".
    => the run
""",
        {"invoices": {"date_format": "%d.%m"}},
    ),
    Case(
        "a number format that nobody can read by",
        {},
        r"""
config.toml: error: columns.invoices.number_format: "1.234.56" sets thousands and decimals apart by the same sign
    Write it as number_format = "1.234,56".
    => the run
""",
        {"invoices": {"number_format": "1.234.56"}},
    ),
    # ------------------------------------------------------------------ cells
    Case(
        "a date that is none",
        {"invoices": _INVOICES + "INV-1,acme,31/02/2025,1\n"},
        r"""
accounts/invoices.csv:2: error: due: "31/02/2025" is not a date
    Write dates as 2025-02-28.
    => acme
""",
    ),
    Case(
        "a date in another form",
        {"invoices": _INVOICES + "INV-1,acme,03/04/2025,1\n"},
        r"""
accounts/invoices.csv:2: error: due: "03/04/2025" is not a date
    Write dates as 2025-02-28. Or declare how yours are written: date_format = "%d/%m/%Y" or date_format = "%m/%d/%Y" under [columns.invoices].
    => acme
""",
    ),
    Case(
        "a date in the usual form where another is declared",
        {"invoices": _INVOICES + "INV-1,acme,2025-02-28,1\n"},
        r"""
accounts/invoices.csv:2: error: due: "2025-02-28" is not a date
    Write dates as 28/02/2025. As %d/%m/%Y is declared, all dates of invoices are read by it.
    => acme
""",
        {"invoices": {"date_format": "%d/%m/%Y"}},
    ),
    Case(
        "a date of another century",
        {"invoices": _INVOICES + "INV-1,acme,1899-12-30,1\n"},
        r"""
accounts/invoices.csv:2: error: due: "1899-12-30" is not a date
    Write dates as 2025-02-28. It lies outside the years 1990 to 2100.
    => acme
""",
    ),
    Case(
        "an amount that is none",
        {"invoices": _INVOICES + "INV-1,acme,2026-01-31,1e5\n"},
        r"""
accounts/invoices.csv:2: error: amount: "1e5" is not an amount
    Write amounts as 1234.56.
    => acme
""",
    ),
    Case(
        "a decimal comma that is not declared",
        {"invoices": _INVOICES + 'INV-1,acme,2026-01-31,"1500,75"\n'},
        r"""
accounts/invoices.csv:2: error: amount: "1500,75" is not an amount
    Write amounts as 1234.56. Or declare how yours are written: number_format = "1234,56" under [columns.invoices].
    => acme
""",
    ),
    Case(
        "thousands that are not declared",
        {"invoices": _INVOICES + 'INV-1,acme,2026-01-31,"1,500.75"\n'},
        r"""
accounts/invoices.csv:2: error: amount: "1,500.75" is not an amount
    Write amounts as 1234.56. Or declare how yours are written: number_format = "1,234.56" under [columns.invoices].
    => acme
""",
    ),
    Case(
        "a decimal point where a comma is declared",
        {"invoices": _INVOICES + "INV-1,acme,2026-01-31,99.00\n"},
        r"""
accounts/invoices.csv:2: error: amount: "99.00" is not an amount
    Write amounts as 1.234,56.
    => acme
""",
        {"invoices": {"number_format": "1.234,56"}},
    ),
    Case(
        "more decimals than the currency has",
        {"invoices": _INVOICES + "INV-1,acme,2026-01-31,12.345\n"},
        r"""
accounts/invoices.csv:2: error: amount: "12.345" has more decimals than EUR has
    Round it to 2 decimals.
    => acme
""",
    ),
    Case(
        "decimals in a currency without any",
        {"invoices": _INVOICES + "INV-1,yen,2026-01-31,12.5\n"},
        r"""
accounts/invoices.csv:2: error: amount: "12.5" has more decimals than JPY has
    Write whole JPY.
    => yen
""",
    ),
    Case(
        "an amount beyond all measure",
        {"invoices": _INVOICES + "INV-1,acme,2026-01-31,99999999999999\n"},
        r"""
accounts/invoices.csv:2: error: amount: "99999999999999" is larger than an amount can be
    The largest is 10000000000.00 EUR. Is this the right column?
    => acme
""",
    ),
    Case(
        "a blank amount",
        {"invoices": _INVOICES + "INV-1,acme,2026-01-31,\n"},
        r"""
accounts/invoices.csv:2: error: amount: the cell is blank
    Write amounts as 1234.56.
    => acme
""",
    ),
    Case(
        "a blank account",
        {"invoices": _INVOICES + "INV-1,,2026-01-31,1\n"},
        r"""
accounts/invoices.csv:2: error: account_id: the cell is blank
    Each row names its account_id.
    => the run
""",
    ),
    Case(
        "a blank invoice number",
        {"invoices": _INVOICES + ",acme,2026-01-31,1\n"},
        r"""
accounts/invoices.csv:2: error: invoice_id: the cell is blank
    Each row names its invoice_id.
    => acme
""",
    ),
    Case(
        "a number that is too long",
        {"invoices": _INVOICES + f"{'9' * 65},acme,2026-01-31,1\n"},
        r"""
accounts/invoices.csv:2: error: invoice_id: "99999999999999999999999999999999999999999999999999999999999…" is longer than 64 characters
    Is this the right column?
    => acme
""",
    ),
    Case(
        "an invisible character in a number",
        {"invoices": _INVOICES + "INV-1,ac\u200bme,2026-01-31,1\n"},
        r"""
accounts/invoices.csv:2: error: account_id: "ac�me" holds the character U+200B (zero width space)
    Delete it, or type the cell again: no reader can see it.
    => the run
""",
    ),
    Case(
        "text on two lines",
        {"customers": 'account_id,name,city\nacme,Acme Ltd,"Leeds\nUK"\nbolt,Bolt GmbH,\n'},
        r"""
accounts/customers.csv:2: error: city: "Leeds�UK" stands on more than one line
    Write it on one line.
    => acme
""",
    ),
    Case(
        "a character that turns text round",
        {"customers": "account_id,name\nacme,Acme \u202eLtd\nbolt,Bolt\n"},
        r"""
accounts/customers.csv:2: error: name: "Acme �Ltd" holds the character U+202E (right-to-left override)
    Delete it, or type the cell again: no reader can see it.
    => acme
""",
    ),
    Case(
        "a name that is too long",
        {"customers": f"account_id,name\nacme,{'x' * 201}\nbolt,Bolt\n"},
        r"""
accounts/customers.csv:2: error: name: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" is longer than 200 characters
    Shorten it.
    => acme
""",
    ),
    # ------------------------------------------------------------------ customers
    Case(
        "a customer without a name",
        {"customers": "account_id,name\nacme,\nbolt,Bolt\n"},
        r"""
accounts/customers.csv:2: error: name: the cell is blank
    Letters are addressed to it.
    => acme
""",
    ),
    Case(
        "an account that stands there twice",
        {"customers": "account_id,name\nacme,Acme\nbolt,Bolt\nacme,Acme Ltd\n"},
        r"""
accounts/customers.csv:4: error: account_id: "acme" is the account of row 2 already
    Keep one row per account.
    => acme
""",
    ),
    Case(
        "an unknown kind of customer",
        {"customers": "account_id,name,kind\nacme,Acme Ltd,charity\nbolt,Bolt GmbH,\n"},
        r"""
accounts/customers.csv:2: error: kind: "charity" is no kind of customer
    Write business or consumer.
    => acme
""",
    ),
    Case(
        "an email address that is none",
        {"customers": "account_id,name,email\nacme,Acme Ltd,acme at example.com\nbolt,Bolt GmbH,\n"},
        r"""
accounts/customers.csv:2: error: email: "acme at example.com" is not an email address
    Write one address, such as post@example.com.
    => acme
""",
    ),
    Case(
        "two email addresses",
        {"customers": "account_id,name,email\nacme,Acme Ltd,a@example.com; b@example.com\nbolt,Bolt GmbH,\n"},
        r"""
accounts/customers.csv:2: error: email: "a@example.com; b@example.com" is not an email address
    Write one address, such as post@example.com. A second address goes into cc.
    => acme
""",
    ),
    Case(
        "two addresses in cc",
        {"customers": 'account_id,name,cc\nacme,Acme Ltd,"a@example.com, b@example.com"\nbolt,Bolt GmbH,\n'},
        r"""
accounts/customers.csv:2: error: cc: "a@example.com, b@example.com" is not an email address
    Write one address, such as post@example.com. cc takes no list.
    => acme
""",
    ),
    Case(
        "a country by its name",
        {"customers": "account_id,name,country\nacme,Acme Ltd,Germany\nbolt,Bolt GmbH,\n"},
        r"""
accounts/customers.csv:2: error: country: "Germany" is not a country
    Write DE.
    => acme
""",
    ),
    Case(
        "the country UK",
        {"customers": "account_id,name,country\nacme,Acme Ltd,UK\nbolt,Bolt GmbH,\n"},
        r"""
accounts/customers.csv:2: error: country: "UK" is not a country
    Write GB.
    => acme
""",
    ),
    Case(
        "a country that is none",
        {"customers": "account_id,name,country\nacme,Acme Ltd,Freedonia\nbolt,Bolt GmbH,\n"},
        r"""
accounts/customers.csv:2: error: country: "Freedonia" is not a country
    Write the two letters of ISO 3166, such as GB.
    => acme
""",
    ),
    Case(
        "a language that is none",
        {"customers": "account_id,name,language\nacme,Acme Ltd,english\nbolt,Bolt GmbH,\n"},
        r"""
accounts/customers.csv:2: error: language: "english" is not a language
    Write its code, such as en, de or pt-BR.
    => acme
""",
    ),
    Case(
        "a currency that is none",
        {"customers": "account_id,name,currency\nacme,Acme Ltd,€\nbolt,Bolt GmbH,\n"},
        r"""
accounts/customers.csv:2: error: currency: "€" is not a currency
    Write its ISO 4217 code, such as EUR.
    => acme
""",
    ),
    Case(
        "terms that are no number",
        {"customers": "account_id,name,terms_days\nacme,Acme Ltd,30 days\nbolt,Bolt GmbH,\n"},
        r"""
accounts/customers.csv:2: error: terms_days: "30 days" is not a whole number from 0 to 366
    Write digits alone.
    => acme
""",
    ),
    Case(
        "a track that no schedule has",
        {"customers": "account_id,name,track\nacme,Acme Ltd,gentel\nbolt,Bolt GmbH,\n"},
        r"""
accounts/customers.csv:2: error: track: "gentel" is not a schedule of config.toml
    Did you mean gentle?
    => acme
""",
    ),
    Case(
        "a time zone that is none",
        {"customers": "account_id,name,timezone\nacme,Acme Ltd,London\nbolt,Bolt GmbH,\n"},
        r"""
accounts/customers.csv:2: error: timezone: "London" is not a time zone
    Write it as Europe/London.
    => acme
""",
    ),
    # ------------------------------------------------------------------ invoices
    Case(
        "an account that customers does not have",
        {"invoices": _INVOICES + "INV-1,acne,2026-01-31,1\n"},
        r"""
accounts/invoices.csv:2: error: account_id: customers has no account "acne"
    Did you mean "acme"? Correct the row, or add the account to customers.
    => acne
""",
    ),
    Case(
        "neither due date nor day of issue",
        {"invoices": _INVOICES + "INV-1,acme,,1\n"},
        r"""
accounts/invoices.csv:2: error: due: the cell is blank, and so is issued
    Write when it is due, or when it was issued and the customer's terms_days.
    => acme
""",
    ),
    Case(
        "neither due date nor terms",
        {"invoices": "invoice_id,account_id,issued,due,amount\nINV-2,bolt,2026-01-01,,1\n"},
        r"""
accounts/invoices.csv:2: error: due: the cell is blank, and the customer has no terms_days
    Write when it is due, or the customer's terms_days.
    => bolt
""",
    ),
    Case(
        "due before it was issued",
        {"invoices": "invoice_id,account_id,issued,due,amount\nINV-2,bolt,2026-02-01,2026-01-01,1\n"},
        r"""
accounts/invoices.csv:2: error: due: "2026-01-01" is before the day of issue, 2026-02-01
    Correct one of the two.
    => bolt
""",
    ),
    Case(
        "an invoice of nothing",
        {"invoices": _INVOICES + "INV-1,acme,2026-01-31,0.00\n"},
        r"""
accounts/invoices.csv:2: warning: amount: the amount is 0
    It asks for nothing; delete the row, or correct it.
    => nobody
""",
    ),
    Case(
        "a duplicate",
        {"invoices": _INVOICES + "INV-1,acme,2026-01-31,1\nINV-1,acme,2026-01-31,2\n"},
        r"""
accounts/invoices.csv:3: error: invoice_id: "INV-1" with the same due date stands in row 2 already
    Delete one of them; instalments have different due dates.
    => acme
""",
    ),
    Case(
        "one number in two accounts",
        {"invoices": _INVOICES + "INV-1,acme,2026-01-31,1\nINV-1,bolt,2026-01-31,2\n"},
        r"""
accounts/invoices.csv:2: error: invoice_id: "INV-1" is an invoice of "acme" here and an invoice of "bolt" in row 3
    An invoice belongs to one account: give each its own number.
    => acme
accounts/invoices.csv:3: error: invoice_id: "INV-1" is an invoice of "bolt" here and an invoice of "acme" in row 2
    An invoice belongs to one account: give each its own number.
    => bolt
""",
    ),
    Case(
        "one number in two currencies",
        {
            "invoices": "invoice_id,account_id,due,amount,currency\nINV-1,acme,2026-01-31,1,EUR\nINV-1,acme,2026-02-28,2,USD\n"
        },
        r"""
accounts/invoices.csv:2: error: invoice_id: "INV-1" is in "EUR" here and in "USD" in row 3
    An invoice has one currency: give each its own number.
    => acme
accounts/invoices.csv:3: error: invoice_id: "INV-1" is in "USD" here and in "EUR" in row 2
    An invoice has one currency: give each its own number.
    => acme
""",
    ),
    # ------------------------------------------------------------------ payments
    Case(
        "an invoice that there is not",
        {"payments": _PAYMENTS + "2026-02-01,acme,1.00,inv 1,,\n"},
        r"""
accounts/payments.csv:2: warning: invoice_id: invoices has no "inv 1"; the money goes to the account's oldest due invoice
    Did you mean "INV-1"? Correct the number if it is meant for another.
    => nobody
""",
    ),
    Case(
        "an invoice of another account",
        {"payments": _PAYMENTS + "2026-02-01,acme,1.00,INV-2,,\n"},
        r"""
accounts/payments.csv:2: error: invoice_id: "INV-2" is an invoice of "bolt", the payment is of "acme"
    Correct the account or the invoice: until then neither is chased.
    => acme
accounts/payments.csv:2: error: invoice_id: "INV-2" is an invoice of "bolt", the payment is of "acme"
    Correct the account or the invoice: until then neither is chased.
    => bolt
""",
    ),
    Case(
        "another currency than the invoice's",
        {"payments": _PAYMENTS + "2026-02-01,acme,1.00,INV-1,,USD\n"},
        r"""
accounts/payments.csv:2: error: invoice_id: "INV-1" is in EUR, the payment is in USD
    Write the currency of the payment, or leave the invoice blank.
    => acme
""",
    ),
    Case(
        "a payment of nothing",
        {"payments": _PAYMENTS + "2026-02-01,acme,0,,,\n"},
        r"""
accounts/payments.csv:2: warning: amount: the amount is 0
    Nothing was paid; delete the row, or correct it.
    => nobody
""",
    ),
    Case(
        "a payment that was entered twice",
        {"payments": _PAYMENTS + "2026-02-01,acme,1.00,INV-1,R7,\n2026-02-01,acme,1.00,INV-1,R7,\n"},
        r"""
accounts/payments.csv:3: warning: reference: the same payment stands in an earlier row: "R7", same day, account, invoice and amount
    Was it entered twice? Then delete one; else give each its own reference.
    => nobody
""",
    ),
    Case(
        "a payment without a day",
        {"payments": _PAYMENTS + ",acme,1.00,,,\n"},
        r"""
accounts/payments.csv:2: error: received: the cell is blank
    Write dates as 2025-02-28.
    => acme
""",
    ),
    # ------------------------------------------------------------------ activity
    Case(
        "an unknown kind of activity",
        {"activity": _ACTIVITY + "2026-02-01,acme,promissed,,,,,,\n"},
        r"""
accounts/activity.csv:2: error: kind: "promissed" is no kind of activity
    Did you mean promise?
    => acme
""",
    ),
    Case(
        "a kind that is like no other",
        {"activity": _ACTIVITY + "2026-02-01,acme,xyzzy,,,,,,\n"},
        r"""
accounts/activity.csv:2: error: kind: "xyzzy" is no kind of activity
    Write call, voicemail, no-answer, message, reason, promise, dispute, resolved, plan, signed, hardship, hold, release, stop-contact, lawyer, insolvency, deceased, fraud, delivered, acknowledged, placed, recalled, carried-out, waive, writeoff, track or note.
    => acme
""",
    ),
    Case(
        "a write-off without a reason, and one that undoes too much",
        {"activity": _ACTIVITY + "2026-02-01,acme,writeoff,,10.00,,,,\n2026-02-02,acme,writeoff,,-10.01,,,,back\n"},
        r"""
accounts/activity.csv:3: error: amount: "-10.01" undoes more than was written off by that day
    Undo a write-off with its own invoice_id, or with none where it had none.
    => acme
accounts/activity.csv:2: warning: note: the write-off gives no reason
    Write why, such as: uneconomic, gone away, insolvent, time-barred, dispute settled, goodwill.
    => nobody
""",
    ),
    Case(
        "no kind",
        {"activity": _ACTIVITY + "2026-02-01,acme,,,,,,,\n"},
        r"""
accounts/activity.csv:2: error: kind: the cell is blank
    Say what happened: call, promise, dispute, note, ...
    => acme
""",
    ),
    Case(
        "a promise of nothing",
        {"activity": _ACTIVITY + "2026-02-01,acme,promise,,,,,,\n"},
        r"""
accounts/activity.csv:2: error: amount: the cell is blank, and promise needs it
    It takes amount and due.
    => acme
accounts/activity.csv:2: error: due: the cell is blank, and promise needs it
    It takes amount and due.
    => acme
""",
    ),
    Case(
        "a promise below 0",
        {"activity": _ACTIVITY + "2026-02-01,acme,promise,,-5,2026-03-01,,,\n"},
        r"""
accounts/activity.csv:2: error: amount: "-5" is not above 0
    Write how much it is about.
    => acme
""",
    ),
    Case(
        "a dispute without an invoice",
        {"activity": _ACTIVITY + "2026-02-01,acme,dispute,,,,,,\n"},
        r"""
accounts/activity.csv:2: error: invoice_id: the cell is blank, and dispute needs it
    It takes invoice_id.
    => acme
""",
    ),
    Case(
        "a dispute of another account's invoice",
        {"activity": _ACTIVITY + "2026-02-01,acme,dispute,INV-2,,,,,\n"},
        r"""
accounts/activity.csv:2: error: invoice_id: "INV-2" is not an invoice of "acme"
    Write one of the account's invoices, or leave it blank.
    => acme
""",
    ),
    Case(
        "a reason that is none",
        {"activity": _ACTIVITY + "2026-02-01,acme,reason,,,,,,too busy\n"},
        r"""
accounts/activity.csv:2: error: note: "too busy" says nothing about reason
    Write not-received, forgot, cash-flow, dispute, fraud, refuses or avoids.
    => acme
""",
    ),
    Case(
        "an outcome that is none",
        {"activity": _ACTIVITY + "2026-02-01,acme,resolved,INV-1,,,,,maybe\n"},
        r"""
accounts/activity.csv:2: error: note: "maybe" says nothing about resolved
    Write upheld or rejected.
    => acme
""",
    ),
    Case(
        "a consequence that is none",
        {"activity": _ACTIVITY + "2026-02-01,acme,carried-out,,,,,,shouting\n"},
        r"""
accounts/activity.csv:2: error: note: "shouting" says nothing about carried-out
    Write interest, fee, prepayment, stop-service, agency, small-claims or plan-default.
    => acme
""",
    ),
    Case(
        "a plan in default that was carried out",
        {"activity": _ACTIVITY + "2026-02-01,acme,carried-out,,,,,,Plan default\n"},
        "",
    ),
    Case(
        "a waiver of nothing",
        {
            "activity": _ACTIVITY
            + "2026-02-01,acme,waive,,,,,,goodwill\n"
            + "2026-02-01,acme,waive,,,,,,\n"
            + "2026-02-01,acme,waive,,5.00,,,,goodwill\n"
            + "2026-02-01,acme,waive,INV-1,,,,,Interest: goodwill\n"
            + "2026-02-01,acme,waive,INV-1,,,,,plan-default\n"
        },
        r"""
accounts/activity.csv:2: error: note: "goodwill" does not say what is waived, and there is no amount
    Write an amount, or begin the note with what it is, as in interest: goodwill. Write interest, fee, prepayment, stop-service, agency, small-claims or plan-default.
    => acme
accounts/activity.csv:3: error: note: the cell is blank, and waive needs it
    It takes note.
    => acme
""",
    ),
    Case(
        "a plan without a rhythm",
        {"activity": _ACTIVITY + "2026-02-01,acme,plan,,10.00,2026-03-01,daily,0,\n"},
        r"""
accounts/activity.csv:2: error: count: "0" is not a whole number from 1 to 600
    Write digits alone.
    => acme
accounts/activity.csv:2: error: every: "daily" is no rhythm
    Write week or month.
    => acme
""",
    ),
    Case(
        "a switch to a track that is none",
        {"activity": _ACTIVITY + "2026-02-01,acme,track,,,,,,harsh\n"},
        r"""
accounts/activity.csv:2: error: note: "harsh" is not a schedule of config.toml
    Write standard or gentle.
    => acme
""",
    ),
    # ------------------------------------------------------------------ notices
    Case(
        "a record without its columns",
        {"notices": "notice_id,on\n"},
        r"""
accounts/notices.csv:1: error: the columns account_id, invoice_id, due, step, rung, channel, state, open, currency, pay_by, announces, message_id, sha256, file, at and reply are missing; the header has "notice_id", "on"
    The tool writes this file; bring it back from version control.
    => the run
""",
    ),
    Case(
        "a damaged state in the record",
        {
            "notices": _NOTICES
            + "N1,2026-02-01,acme,INV-1,2026-01-31,reminder,0,email,went,100.00,EUR,2026-02-08,,,,,,\n"
        },
        r"""
accounts/notices.csv:2: error: state: "went" is not a state
    The tool writes this file; bring it back from version control.
    => the run
""",
    ),
    Case(
        "a missing state in the record",
        {"notices": _NOTICES + "N1,2026-02-01,acme,INV-1,2026-01-31,reminder,0,email,,100.00,EUR,2026-02-08,,,,,,\n"},
        r"""
accounts/notices.csv:2: error: state: the cell is blank
    The tool writes this file; bring it back from version control.
    => the run
""",
    ),
    Case(
        "a damaged step in the record",
        {
            "notices": _NOTICES
            + "N1,2026-02-01,acme,INV-1,2026-01-31,reminder,first,email,sent,100.00,EUR,2026-02-08,,,,,,\n"
        },
        r"""
accounts/notices.csv:2: error: rung: "first" is not the place of a step
    The tool writes this file; bring it back from version control.
    => the run
""",
    ),
    Case(
        "a damaged date in the record",
        {"notices": _NOTICES + "N1,2026-02-01,acme,INV-1,2026-01-31,reminder,0,email,sent,100.00,EUR,soon,,,,,,\n"},
        r"""
accounts/notices.csv:2: error: pay_by: "soon" is not a date
    The tool writes this file; bring it back from version control.
    => the run
""",
    ),
]


@pytest.mark.parametrize("case", GALLERY, ids=lambda case: case.title)
def test_a_mistake_is_said_with_its_place_and_what_to_write_instead(case: Case, read: Read) -> None:
    _, findings = read(case.columns, **case.files)
    assert "\n".join(_told(finding) for finding in in_reading_order(findings)) == case.says.strip()


def _told(finding: Finding) -> str:
    stopped = "the run" if finding.stops_run else finding.account_id if finding.severity is Severity.ERROR else "nobody"
    return f"{finding}\n    => {stopped}"
