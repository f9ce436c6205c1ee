"""An M-Pesa organisation statement: read tolerantly, matched without guessing too much."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from payments.protocol.payment import Payment, PaymentStatus
from payments.values import account_reference

from tests.support.aws import REPOSITORY
from tools.hakika.errors import UsageError
from tools.hakika.matching import Match, Verdict, match_statement
from tools.hakika.statement import Statement, read_kes, read_statement

PREAMBLE = """Organization Statement,,,
Short Code:,600000,Organization:,CLINIC LTD
Time Period:,From 22-09-2026 00:00:00 To 23-09-2026 23:59:59,,

"""
EXPORT = (REPOSITORY / "tests/payloads/organisation_statement.csv").read_bytes()
HEADING = (
    "Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,"
    "Balance,Balance Confirmed,Reason Type,Other Party Info,Linked Transaction ID,A/C No."
)
NOON = 1_790_154_000  # 2026-09-23 12:00 EAT
PAYMENT_ID = "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d"
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
) -> str:
    details = '"Pay Bill from 2547*****149, JANE"'
    return (
        f"{receipt},{at},{at},{details},{status},{paid_in},{withdrawn},"
        f'"52,000.00",true,Pay Bill Online,"2547*****149 - JANE",{linked},{account}'
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
        token_sha256="0" * 64,
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
    "at", ["2026-09-23 12:00:00", "23/09/2026 12:00:00", "23-09-2026 12:00", "23/09/2026 12:00"]
)
def test_times_are_read_in_the_forms_that_exports_have(at: str) -> None:
    assert statement(row(at=at)).lines[0].completed_at == NOON


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
    assert read.returned == {"UKQ5B8T3WC"}
    assert read.span == (read.lines[-1].completed_at, read.lines[0].completed_at)


def test_charges_have_cents_and_their_payments_receipt() -> None:
    charge = row(paid_in="", withdrawn='"-1,005.50"', account="")
    read = statement(charge, row(), charge)
    assert [line.amount_kes for line in read.lines] == [-1005, 1000, -1005]
    assert (len(read.incoming), read.returned, read.unreadable) == (1, set(), [])


def test_the_account_may_stand_in_the_details_only() -> None:
    heading = "Receipt No.,Completion Time,Details,Paid In"
    details = f"Pay Bill from 2547*****149 - JANE WANJIKU Acc. {REFERENCE}"
    [line] = statement(f"SIN1ABC234,23-09-2026 12:00:00,{details},1000", heading=heading).lines
    assert line.account == REFERENCE


def test_the_same_money_is_counted_once() -> None:
    read = statement(row(), row())
    assert (len(read.lines), len(read.unreadable)) == (1, 1)
    assert "SIN1ABC234 stands there twice" in read.unreadable[0]


def test_what_did_not_complete_is_left_out() -> None:
    read = statement(
        row(), row("SIN1ABC235", status="Failed"), row("SIN1ABC236", status="Declined")
    )
    assert [line.receipt_number for line in read.lines] == ["SIN1ABC234"]


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


@pytest.mark.parametrize(
    ("text", "amount_kes"),
    [("", 0), ("1,000.00", 1000), ("KES 5", 5), ("-23.00", -23), ("+7", 7), ("Ksh. 10.0", 10)],
)
def test_amounts_are_read_with_commas_and_words(text: str, amount_kes: int) -> None:
    assert read_kes(text) == amount_kes


def test_money_known_here_and_there_is_matched_by_its_receipt() -> None:
    paid = payment(
        status=PaymentStatus.COMPLETED, receipt_number="SIN1ABC234", paid_amount_kes=1000
    )
    [match] = matched(statement(row()), paid, received=(paid,))
    assert (match.verdict, match.proposal) == (Verdict.BOTH, "")


def test_another_amount_than_was_reported_is_told() -> None:
    paid = payment(status=PaymentStatus.REVIEW, receipt_number="SIN1ABC234", paid_amount_kes=900)
    [match] = matched(statement(row()), paid)
    assert match.verdict is Verdict.AMOUNT_DIFFERS


def test_money_only_there_is_recognised_by_our_reference() -> None:
    [match] = matched(statement(row(account="cons-" + REFERENCE[-8:].lower())), payment())
    assert (match.verdict, match.is_certain) == (Verdict.ONLY_THERE, True)
    assert match.proposal == (
        f"hakika record-receipt {PAYMENT_ID} --receipt SIN1ABC234 --amount 1000 "
        '--at "2026-09-23 12:00:00"'
    )


def test_money_only_there_is_guessed_by_amount_and_time_and_says_so() -> None:
    [match] = matched(statement(row(account="")), payment())
    assert match.payment is not None
    assert not match.is_certain


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_kes": 999},
        {"created_at": NOON - 3600},
        {"created_at": NOON + 600},
        {"receipt_number": "OTHER12345"},
    ],
)
def test_nothing_is_guessed_that_does_not_fit(changes: dict[str, object]) -> None:
    [match] = matched(statement(row(account="")), payment(**changes))
    assert (match.verdict, match.payment, match.proposal) == (Verdict.ONLY_THERE, None, "")


def test_of_two_payments_that_fit_none_is_guessed() -> None:
    other = payment(payment_id="a" * 32, account_reference="X" * 8)
    [match] = matched(statement(row(account="")), payment(), other)
    assert match.payment is None


def test_one_payment_is_proposed_for_one_line_only() -> None:
    read = statement(row(account=""), row("SIN1ABC235", account=""))
    first, second = matched(read, payment())
    assert (first.payment is not None, second.payment) == (True, None)


def test_a_reference_that_was_paid_to_twice_shows_its_payment() -> None:
    paid = payment(
        status=PaymentStatus.COMPLETED, receipt_number="SIN1ABC234", paid_amount_kes=1000
    )
    first, second = matched(statement(row(), row("SIN1ABC235")), paid, received=(paid,))
    assert first.verdict is Verdict.BOTH
    assert (second.verdict, second.payment, second.is_certain) == (Verdict.ONLY_THERE, paid, True)
    assert second.proposal == f"hakika payment show {PAYMENT_ID}"


def test_two_lines_with_one_reference_are_recorded_once() -> None:
    first, second = matched(statement(row(), row("SIN1ABC235")), payment())
    assert first.proposal.startswith("hakika record-receipt")
    assert second.proposal == f"hakika payment show {PAYMENT_ID}"


def test_a_payment_that_is_settled_is_shown_rather_than_recorded() -> None:
    done = payment(status=PaymentStatus.COMPLETED, receipt_pending=True)
    [match] = matched(statement(row()), done)
    assert match.proposal == f"hakika payment show {PAYMENT_ID}"


def test_money_that_is_only_here_is_told() -> None:
    paid = payment(status=PaymentStatus.COMPLETED, receipt_number="GONE123456")
    match = matched(statement(row(account="")), paid, received=(paid,))[-1]
    assert (match.verdict, match.payment) == (Verdict.ONLY_HERE, paid)


def test_a_refund_on_the_statement_proposes_to_mark_it() -> None:
    owed = payment(
        status=PaymentStatus.REFUND_DUE, receipt_number="SIN1ABC234", paid_amount_kes=1000
    )
    sent_back = row("SIN1ABC300", paid_in="", withdrawn="-1000.00", linked="SIN1ABC234")
    [match] = matched(statement(row(), sent_back), owed, received=(owed,))
    assert match.verdict is Verdict.RETURNED
    assert match.proposal == f"hakika refund mark {PAYMENT_ID}"


@pytest.mark.parametrize(
    "rows",
    [
        (row(), row("SIN1ABC300", paid_in="", withdrawn="-1000.00", linked="SIN1ABC234")),
        (row(status="Reversed"),),
    ],
    ids=["linked reversal", "status reversed"],
)
def test_a_completed_payment_whose_money_went_back_must_be_looked_at(rows: tuple[str, ...]) -> None:
    paid = payment(
        status=PaymentStatus.COMPLETED, receipt_number="SIN1ABC234", paid_amount_kes=1000
    )
    [match] = matched(statement(*rows), paid, received=(paid,))
    assert match.verdict is Verdict.RETURNED
    assert match.needs_a_look
    assert match.proposal == f"hakika payment show {PAYMENT_ID}"


def test_a_refund_that_was_marked_already_needs_no_look() -> None:
    done = payment(status=PaymentStatus.REFUNDED, receipt_number="SIN1ABC234", paid_amount_kes=1000)
    [match] = matched(statement(row(status="Reversed")), done, received=(done,))
    assert (match.verdict, match.needs_a_look) == (Verdict.RETURNED, False)
