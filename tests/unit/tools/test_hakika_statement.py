"""An M-Pesa organisation statement: read tolerantly, matched without guessing too much."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from payments.protocol.payment import Payment, PaymentStatus
from payments.protocol.statement_lines import Statement, read_kes, read_lines
from payments.protocol.statement_match import Match, Verdict, match_statement
from payments.values import account_reference

from tests.support.aws import REPOSITORY
from tools.hakika.errors import UsageError
from tools.hakika.matching import command
from tools.hakika.statement import read_statement

PREAMBLE = """Organization Statement,,,
Short Code:,600000,Organization:,CLINIC LTD
Time Period:,From 22-09-2026 00:00:00 To 23-09-2026 23:59:59,,

"""
EXPORT = (REPOSITORY / "tests/payloads/organisation_statement.csv").read_bytes()
HEADING = (
    "Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,"
    "Balance,Balance Confirmed,Reason Type,Other Party Info,Linked Transaction ID,A/C No."
)
HELD: dict[str, object] = {"receipt_number": "SIN1ABC234", "paid_amount_kes": 1000}
NOON = 1_790_154_000  # 2026-09-23 12:00 EAT
PAYMENT_ID = "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d"
MARK, LOOK = f"hakika refund mark {PAYMENT_ID}", f"hakika payment show {PAYMENT_ID}"
REFERENCE = account_reference(requested="CONS", payment_id=PAYMENT_ID)


def row(
    receipt: str = "SIN1ABC234",
    *,
    at: str = "23-09-2026 12:00:00",
    paid_in: str = '"1,000.00"',
    withdrawn: str = "",
    status: str = "Completed",
    linked: str = "",
    account: str = REFERENCE,
    reason: str = "Pay Bill Online",
) -> str:
    details = '"Pay Bill from 2547*****149, JANE"'
    return (
        f"{receipt},{at},{at},{details},{status},{paid_in},{withdrawn},"
        f'"52,000.00",true,{reason},"2547*****149 - JANE",{linked},{account}'
    )


def statement(*rows: str, preamble: str = PREAMBLE, heading: str = HEADING) -> Statement:
    return read_statement((preamble + "\n".join([heading, *rows]) + "\n").encode())


def payment(**changes: object) -> Payment:
    base = Payment(
        payment_id=PAYMENT_ID,
        status=PaymentStatus.UNKNOWN,
        version=2,
        op_ids=(),
        reserved_by="0" * 32,
        booking_id="12",
        client_id="7",
        phone_number="254708374149",
        phone_hmac="0" * 32,
        amount_kes=1000,
        account_reference=REFERENCE,
        requested_reference="CONS",
        transaction_desc="Consultation",
        secret_sha256="0" * 64,
        body_sha256="0" * 64,
        created_at=NOON - 30,
        locked_until=NOON + 270,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def matched(read: Statement, *payments: Payment, received: tuple[Payment, ...] = ()) -> list[Match]:
    owners = {each.receipt_number: each.payment_id for each in payments if each.receipt_number}
    return match_statement(read, owners=owners, payments=payments, received=received)


def test_a_statement_is_read_below_its_preamble() -> None:
    [line] = statement(row()).lines
    assert (line.receipt_number, line.amount_kes, line.completed_at) == ("SIN1ABC234", 1000, NOON)
    assert line.account == REFERENCE


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_are_understood(separator: str) -> None:
    text = f"Receipt No.{separator}Completion Time{separator}Paid In\n"
    text += f"SIN1ABC234{separator}23-09-2026 12:00:00{separator}1,000.00\n"
    [line] = read_statement(text.encode()).lines
    assert line.amount_kes == 1000


def test_a_byte_order_mark_and_windows_text_are_understood() -> None:
    text = PREAMBLE + HEADING + "\n" + row()
    assert read_statement(text.encode("utf-8-sig")).lines
    assert read_statement(text.replace("JANE", "JANÉ").encode("cp1252")).lines


@pytest.mark.parametrize(
    ("at", "since_noon"),
    [
        ("2026-09-23 12:00:00", 0),
        ("23/09/2026 12:00:00", 0),
        ("23-09-2026 12:00", 0),
        ("23/9/2026 12:00", 0),
        ("2026-09-23T12:00:00.000", 0),
        ("23-09-2026 12:00:00 PM", 0),
        ("23-09-2026 02:05:09 PM", 7509),
        ("23/09/2026 2:05:09pm", 7509),
        ("23-09-2026 12:30 a.m.", -41_400),
        ("23-09-2026 11:59:59 AM", -1),
    ],
)
def test_times_are_read_in_the_forms_that_exports_have(at: str, since_noon: int) -> None:
    assert statement(row(at=at)).lines[0].completed_at == NOON + since_noon


@pytest.mark.parametrize("at", ["23-09-2026 14:05:09 PM", "23-09-2026 0:05 AM", "31-09-2026 08:00"])
def test_a_time_that_no_clock_shows_is_named(at: str) -> None:
    assert len(statement(row("SIN1ABC299"), row(at=at)).unreadable) == 1


def test_a_day_comes_before_its_month() -> None:
    early = statement(row(at="03-11-2026 08:00:00")).lines[0].completed_at
    assert early == statement(row(at="2026-11-03 08:00:00")).lines[0].completed_at


def test_a_whole_export_is_read_line_by_line() -> None:
    read = read_statement(EXPORT)
    assert read.unreadable == []
    assert [(line.receipt_number, line.amount_kes, line.account) for line in read.incoming] == [
        ("UKQ7F2M9XD", 1000, "CONS7M2K9QXA"),
        ("UKQ5B8T3WC", 1500, "CONS4C8V1TZB"),
        ("UKQ3A1R7VB", 250_000, "CONS2H6N5PYC"),
        ("UKQ2Z9P6UA", 800, "ROOM4"),
        ("UKQ1Y8N5TZ", 600_000, ""),
    ]
    assert read.returned_kes == {"UKQ5B8T3WC": 1500, "UKQ0X7M4SY": 2501}
    assert read.span == (read.lines[-1].completed_at, read.lines[0].completed_at)


def test_charges_have_cents_and_their_payments_receipt() -> None:
    charge = row(paid_in="", withdrawn='"-1,005.50"', account="", reason="Pay Bill Charge")
    read = statement(charge, row(), charge)
    assert [line.amount_kes for line in read.lines] == [-1005, 1000, -1005]
    assert (len(read.incoming), read.returned_kes, read.unreadable) == (1, {}, [])


def test_the_account_may_stand_in_the_details_only() -> None:
    heading = "Receipt No.,Completion Time,Details,Paid In"
    details = f"Pay Bill from 2547*****149 - JANE WANJIKU Acc. {REFERENCE}"
    [line] = statement(f"SIN1ABC234,23-09-2026 12:00:00,{details},1000", heading=heading).lines
    assert line.account == REFERENCE


def test_the_same_money_is_counted_once() -> None:
    read = statement(row(), row())
    assert len(read.lines) == 1
    assert read.unreadable == ["line 7: SIN1ABC234 stands there twice"]


@pytest.mark.parametrize(
    ("status", "lines", "unreadable"),
    [
        ("Completed", 2, 0),
        ("Completed Successfully", 2, 0),
        ("SUCCESS", 2, 0),
        ("", 2, 0),
        ("Failed", 1, 0),
        ("Declined", 1, 0),
        ("Incomplete", 1, 0),
        ("Not completed", 1, 0),
        ("Unsuccessful", 1, 0),
        ("Imekamilika", 1, 1),
    ],
)
def test_what_did_not_complete_is_left_out_and_an_unknown_status_is_named(
    status: str, lines: int, unreadable: int
) -> None:
    read = statement(row(), row("SIN1ABC235", status=status))
    assert (len(read.lines), len(read.unreadable)) == (lines, unreadable)


@pytest.mark.parametrize("cell", ["x" * 131_073, '"' + "\nx" * 70_000])
def test_a_cell_that_never_ends_is_a_sentence(cell: str) -> None:
    with pytest.raises(UsageError, match="quotation mark"):
        statement(row(), row(account=cell))


def test_money_that_went_out_is_negative_and_never_incoming() -> None:
    read = statement(row(), row("SIN1ABC299", paid_in="", withdrawn="-23.00"))
    assert [line.amount_kes for line in read.lines] == [1000, -23]
    assert len(read.incoming) == 1


def test_a_line_that_cannot_be_read_is_named_and_the_rest_goes_on() -> None:
    read = statement(row(), row("SIN1ABC235", paid_in="10.50"), row("SIN1ABC236", at="noon"))
    assert len(read.lines) == 1
    assert [text.split(":")[0] for text in read.unreadable] == ["line 7", "line 8"]


@pytest.mark.parametrize(
    "content",
    [b"", b"hello", b"a,b,c\n1,2,3\n", b"PK\x03\x04xlsx", (HEADING + "\n").encode(), b"\x00" * 99],
)
def test_what_is_no_statement_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(UsageError):
        read_statement(content)


@given(st.binary(max_size=300))
def test_no_bytes_at_all_crash_the_reader(rest: bytes) -> None:
    content = (PREAMBLE + HEADING + "\n" + row() + "\n").encode() + rest
    try:
        read = read_statement(content)
    except UsageError:
        return
    assert read.lines


@pytest.mark.parametrize(("text", "amount_kes"), [("", 0), (" ", 0), ("1,000.00", 1000)])
def test_an_empty_cell_is_no_money(text: str, amount_kes: int) -> None:
    assert read_kes(text) == amount_kes


def test_a_cell_that_is_missing_reads_as_empty() -> None:
    known = {"receipt": "SIN1ABC234", "completed": "2026-11-23 12:00:00", "status": "Completed"}
    [line] = read_lines([(1, known), (2, {"paid_in": "7"})]).lines
    assert (line.amount_kes, line.account, line.linked) == (0, "", "")
    assert read_lines([(1, {"receipt": "SIN1ABC234", "status": "Completed"})]).unreadable


def test_money_known_here_and_there_is_matched_by_its_receipt() -> None:
    paid = payment(status=PaymentStatus.COMPLETED, **HELD)
    [match] = matched(statement(row()), paid, received=(paid,))
    assert (match.verdict, command(match)) == (Verdict.BOTH, "")


def test_another_amount_than_was_reported_is_told() -> None:
    paid = payment(status=PaymentStatus.REVIEW, receipt_number="SIN1ABC234", paid_amount_kes=900)
    [match] = matched(statement(row()), paid)
    assert match.verdict is Verdict.AMOUNT_DIFFERS


def test_money_only_there_is_recognised_by_our_reference() -> None:
    [match] = matched(statement(row(account="cons-" + REFERENCE[-8:].lower())), payment())
    assert (match.verdict, match.is_certain) == (Verdict.ONLY_THERE, True)
    assert command(match) == (
        f"hakika record-receipt {PAYMENT_ID} --receipt SIN1ABC234 --amount 1000 "
        '--at "2026-09-23 12:00:00"'
    )


def test_money_only_there_is_guessed_by_amount_and_time_and_says_so() -> None:
    [match] = matched(statement(row(account="")), payment())
    assert match.payment is not None
    assert not match.is_certain


@pytest.mark.parametrize(
    ("account", "changes"),
    [
        ("", {"amount_kes": 999}),
        ("", {"created_at": NOON - 3600}),
        ("", {"created_at": NOON + 600}),
        ("", {"receipt_number": "OTHER12345"}),
        *((typed, {}) for typed in ("RENT7", "CONS00000000", "7")),
    ],
)
def test_nothing_is_guessed_that_does_not_fit_or_where_an_account_was_typed(
    account: str, changes: dict[str, object]
) -> None:
    [match] = matched(statement(row(account=account)), payment(**changes))
    assert (match.verdict, match.payment, command(match)) == (Verdict.ONLY_THERE, None, "")


def test_of_two_payments_that_fit_none_is_guessed() -> None:
    other = payment(payment_id="a" * 32, account_reference="X" * 8)
    [match] = matched(statement(row(account="")), payment(), other)
    assert match.payment is None


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize(
    ("account", "named"),
    [
        (REFERENCE, True),
        ("RENT7", False),
        ("CONS00000000", False),  # well-formed, of a payment that is not loaded
        ("", False),
    ],
)
def test_a_line_that_names_a_payment_comes_before_every_guess(
    account: str, named: bool, is_first: bool
) -> None:
    """The other payment has the same price; a stranger's money is never guessed onto it."""
    other = payment(payment_id="a" * 32, account_reference="X" * 8, created_at=NOON - 7200)
    stranger, own = row("SIN1ABC299", account=account), row()
    rows = (stranger, own) if is_first else (own, stranger)
    found = {
        match.line.receipt_number: match
        for match in matched(statement(*rows), payment(), other)
        if match.line
    }
    assert command(found["SIN1ABC234"]).startswith(
        "hakika record-receipt" if not (named and is_first) else "hakika payment show"
    )
    assert (found["SIN1ABC299"].payment is not None) == named


def test_where_two_lines_fit_one_payment_neither_is_guessed() -> None:
    read = statement(row(account=""), row("SIN1ABC235", account=""))
    assert [match.payment for match in matched(read, payment())] == [None, None]


def test_of_two_lines_that_name_a_payment_the_exact_amount_is_recorded() -> None:
    read = statement(row("SIN1ABC299", paid_in="500"), row())
    short, exact = matched(read, payment())
    assert command(short) == LOOK
    assert command(exact).startswith("hakika record-receipt")


def test_a_reference_that_was_paid_to_twice_shows_its_payment() -> None:
    paid = payment(status=PaymentStatus.COMPLETED, **HELD)
    first, second = matched(statement(row(), row("SIN1ABC235")), paid, received=(paid,))
    assert first.verdict is Verdict.BOTH
    assert (second.verdict, second.payment, second.is_certain) == (Verdict.ONLY_THERE, paid, True)
    assert command(second) == LOOK


def test_two_lines_with_one_reference_are_recorded_once() -> None:
    first, second = matched(statement(row(), row("SIN1ABC235")), payment())
    assert command(first).startswith("hakika record-receipt")
    assert command(second) == LOOK


def test_a_payment_that_is_settled_is_shown_rather_than_recorded() -> None:
    done = payment(status=PaymentStatus.COMPLETED, receipt_pending=True)
    [match] = matched(statement(row()), done)
    assert command(match) == LOOK


def test_money_that_is_only_here_is_told() -> None:
    paid = payment(status=PaymentStatus.COMPLETED, receipt_number="GONE123456")
    match = matched(statement(row(account="")), paid, received=(paid,))[-1]
    assert (match.verdict, match.payment) == (Verdict.ONLY_HERE, paid)


def back(kes: str, **changes: str) -> str:
    """A line of money that went back."""
    values = {"receipt": "SIN1ABC300", "linked": "SIN1ABC234", "reason": "Pay Bill Reversal"}
    return row(paid_in="", withdrawn=f"-{kes}", account="", **{**values, **changes})


OWN = {"receipt": "SIN1ABC234", "linked": ""}
BACK, PARTLY, BOTH = Verdict.RETURNED, Verdict.PARTLY_RETURNED, Verdict.BOTH
WENT_BACK = [
    ("whole", [row(), back("1000.00")], BACK, 1000),
    ("in two parts", [row(), back("400"), back("600", receipt="SIN1ABC301")], BACK, 1000),
    ("under its own receipt", [row(), back("1000", **OWN)], BACK, 1000),
    ("status", [row(status="Reversed")], BACK, 1000),
    ("completed, then reversed", [row(), row(status="Reversed")], BACK, 1000),
    ("reversed, then completed", [row(status="Reversed"), row()], BACK, 1000),
    ("status and withdrawal", [row(status="Reversed"), back("1000")], BACK, 1000),
    ("withdrawal, Reversed", [row(), back("1000", status="Reversed", **OWN)], BACK, 1000),
    ("a part", [row(), back("100")], PARTLY, 100),
    ("one part, listed twice", [row(), back("500"), back("500")], PARTLY, 500),
    ("a part and a fee", [row(), back("984"), back("16", reason="Charge")], PARTLY, 984),
    ("all but a shilling", [row(), back("999.50")], PARTLY, 999),
    ("more than it was", [row(), back("1000"), back("16", receipt="SIN1ABC301")], BACK, 1016),
    ("a fee", [row(), back("16", reason="Pay Bill Charge")], BOTH, 0),
    ("a fee under its receipt", [row(), back("16", reason="Charge", **OWN)], BOTH, 0),
    ("a refund that came back", [row(), back("1000", status="Reversed")], BOTH, 0),
    ("another receipt's", [row(), back("1000", linked="SIN1ABC999")], BOTH, 0),
    ("failed", [row(), back("1000", status="Failed")], BOTH, 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "verdict", "kes"),
    [each[1:] for each in WENT_BACK],
    ids=[each[0] for each in WENT_BACK],
)
def test_only_the_whole_amount_that_went_back_proposes_to_mark_a_refund(
    rows: list[str], verdict: Verdict, kes: int
) -> None:
    """The same lines for money that is owed, completed, refunded, and not known here."""
    expected = {
        PaymentStatus.REFUND_DUE: MARK if kes == 1000 else LOOK if kes else "",
        PaymentStatus.COMPLETED: LOOK if kes else "",
        PaymentStatus.REFUNDED: LOOK if kes not in (0, 1000) else "",
    }
    for status, proposal in expected.items():
        ours = payment(status=status, **HELD)
        [match] = matched(statement(*rows), ours, received=(ours,))
        assert (match.verdict, match.returned_kes, command(match)) == (verdict, kes, proposal)
        assert match.needs_a_look == bool(proposal)
    [match] = matched(statement(*rows), payment())
    assert match.verdict is (verdict if kes else Verdict.ONLY_THERE)
    assert command(match).startswith(LOOK if kes else "hakika record-receipt")
