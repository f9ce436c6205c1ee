"""Imports the payments of the earlier Flask + PostgreSQL integration, and overwrites nothing.

`python -m tools.import_payments FILE.csv --table NAME` is a rehearsal, until --write is given. Each
row is one transaction: the payment, its receipt's claim and its paid consultation. A payment's id
is derived from the row's id, so a second run finds it and changes nothing. Columns and their
meaning: docs/migration.md.
"""

import csv
import hashlib
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated

import boto3
import typer
from payments.errors import InvalidRequestError
from payments.protocol.consultation import BookingStatus, Consultation, ConsultationPaymentStatus
from payments.protocol.payment import Payment, PaymentStatus, Proof
from payments.protocol.result_codes import SUCCESS
from payments.store import items
from payments.store.attributes import to_item
from payments.store.expressions import ABSENT
from payments.store.table import Committed, Table
from payments.values import (
    CHECKOUT_REQUEST_ID,
    EAT,
    RECEIPT_NUMBER,
    account_reference,
    normalise_booking_id,
    normalise_phone,
    sha256_hex,
    whole_kes,
)

COLUMNS = (
    *("id", "user_id", "consultation_id", "phone_number", "amount", "status"),
    *("checkout_request_id", "merchant_request_id", "mpesa_receipt_number", "result_code"),
    *("result_desc", "created_at", "transaction_date"),
)
STATUSES = {name: PaymentStatus(name) for name in ("completed", "failed", "cancelled", "pending")}
NO_PHONE_HMAC = "0" * 32
"""Imported payments hold no phone: their prompts closed long ago."""


class RowError(ValueError):
    """A row that cannot be imported; the message names the column and quotes no phone."""


@dataclass(slots=True)
class Totals:
    """What a run did. Units: KES."""

    imported: int = 0
    present: int = 0
    count: Counter[str] = field(default_factory=Counter)
    amount_kes: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)


def import_rows(
    table: Table, rows: Iterable[Mapping[str, str]], *, now: int, writes: bool
) -> Totals:
    """Import every row that is in order; a refused row is named and changes nothing."""
    totals = Totals()
    for number, row in enumerate(rows, start=2):
        try:
            payment = read_row(row, now=now)
            key = items.payment_key(payment.payment_id)
            is_new = _create(table, payment) if writes else table.get(key) is None
        except RowError as error:
            totals.refused.append(f"line {number}: {error}")
            continue
        totals.imported += is_new
        totals.present += not is_new
        totals.count[payment.public_status] += 1
        totals.amount_kes[payment.public_status] += payment.amount_kes
    return totals


def payment_id_of(row_id: str) -> str:
    """Return the payment_id of an earlier payment."""
    return hashlib.sha256(f"import:{row_id}".encode()).hexdigest()[:32]


def read_row(row: Mapping[str, str], *, now: int) -> Payment:
    """Return the payment that a row becomes. Errors: RowError."""
    status = _cell(row, "status", lambda text: STATUSES[text.lower()])
    is_paid, waits = status is PaymentStatus.COMPLETED, status is PaymentStatus.PENDING
    row_id = _cell(row, "id", str)
    payment_id = payment_id_of(row_id)
    op_id = hashlib.sha256(f"import-op:{row_id}".encode()).hexdigest()[:32]
    created_at = _cell(row, "created_at", _read_time)
    amount_kes = _cell(row, "amount", whole_kes)
    # A pending payment is asked about by this id.
    read_id = _cell if waits else _optional
    checkout_id = read_id(row, "checkout_request_id", _checkout_id)
    return Payment(
        payment_id=payment_id,
        status=status,
        version=1,
        op_ids=(op_id,),
        reserved_by=op_id,
        booking_id=_cell(row, "consultation_id", normalise_booking_id),
        client_id=_cell(row, "user_id", str)[:64],
        phone_number=_cell(row, "phone_number", normalise_phone),
        phone_hmac=NO_PHONE_HMAC,
        amount_kes=amount_kes,
        account_reference=account_reference(requested="", payment_id=payment_id),
        requested_reference="",
        transaction_desc="",
        secret_sha256=sha256_hex(f"no callback can match:{payment_id}"),
        body_sha256=sha256_hex(row_id),
        created_at=created_at,
        locked_until=created_at,
        holds_locks=False,
        checkout_request_id=checkout_id,
        checkout_source=Proof.PUSH if checkout_id else None,
        merchant_request_id=_optional(row, "merchant_request_id", _checkout_id),
        proof=Proof.CALLBACK if is_paid else None,
        receipt_number=_cell(row, "mpesa_receipt_number", _receipt) if is_paid else None,
        paid_amount_kes=amount_kes if is_paid else None,
        result_code=SUCCESS if is_paid else row["result_code"].strip()[:24] or None,
        result_desc=row["result_desc"].strip()[:60] or None,
        transaction_at=_optional(row, "transaction_date", _read_time),
        final_at=None if waits else created_at,
        due_at=now if waits else None,
    )


def _create(table: Table, payment: Payment) -> bool:
    """Create the payment with what belongs to it; False where it is present. Errors: RowError."""
    new = [{**items.payment_key(payment.payment_id), **items.payment_values(payment)}]
    if payment.receipt_number is not None:
        key = items.receipt_key(payment.receipt_number)
        new.append({**key, "payment_id": payment.payment_id})
        booking = Consultation(
            booking_id=payment.booking_id,
            client_id=payment.client_id,
            price_kes=payment.amount_kes,
            status=BookingStatus.CONFIRMED,
            payment_status=ConsultationPaymentStatus.PAID,
            paid_payment_id=payment.payment_id,
        )
        key = items.consultation_key(payment.booking_id)
        new.append({**key, **items.consultation_values(booking)})
    puts = [
        {
            "Put": {
                "TableName": table.name,
                "Item": to_item(values),
                "ConditionExpression": ABSENT,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }
        for values in new
    ]
    outcome = table.transact(puts, op_id=secrets.token_hex(16))
    if isinstance(outcome, Committed):
        return True
    is_present, *others = outcome.objected
    if is_present:
        return False
    what = "receipt" if others and others[0] else "consultation"
    raise RowError(f"its {what} already belongs to another payment")


def _cell[T](row: Mapping[str, str], column: str, read: Callable[[str], T | None]) -> T:
    """Read a cell that may not be empty. Errors: RowError."""
    text = row[column].strip()
    try:
        value = read(text) if text else None
    except (InvalidRequestError, ValueError, KeyError):
        value = None
    if value is None:
        raise RowError(f"{column} is missing or cannot be read")
    return value


def _optional[T](row: Mapping[str, str], column: str, read: Callable[[str], T | None]) -> T | None:
    """Read a cell that may be empty. Errors: RowError."""
    return _cell(row, column, read) if row[column].strip() else None


def _checkout_id(text: str) -> str | None:
    return text if CHECKOUT_REQUEST_ID.match(text) else None


def _receipt(text: str) -> str | None:
    return text if RECEIPT_NUMBER.match(text) else None


def _read_time(text: str) -> int:
    """Read ISO 8601; a time without a zone is EAT, as the earlier integration wrote it."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=EAT)).timestamp())


def main(
    file: Annotated[Path, typer.Argument(help="CSV export of the earlier payments table")],
    table: Annotated[str, typer.Option(help="Name of the payments table")],
    region: Annotated[str, typer.Option(help="AWS region")] = "eu-west-1",
    endpoint: Annotated[str | None, typer.Option(help="For the local stack's emulator")] = None,
    write: Annotated[bool, typer.Option(help="Write; without it, only say what would be")] = False,
) -> None:
    """Import payments of the earlier integration. Running it again changes nothing."""
    client = boto3.client("dynamodb", region_name=region, endpoint_url=endpoint)
    target = Table(client, table, sleep=time.sleep, jitter=random.SystemRandom(), clock=time.time)
    with file.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        missing = set(COLUMNS) - set(reader.fieldnames or ())
        if missing:
            raise typer.BadParameter(f"columns are missing: {', '.join(sorted(missing))}")
        totals = import_rows(target, reader, now=int(time.time()), writes=write)
    verb = "imported" if write else "to import"
    print(f"{totals.imported} {verb}, {totals.present} already there")
    for word, count in sorted(totals.count.items()):
        print(f"  {word}: {count} payments, KES {totals.amount_kes[word]:,}")
    for sentence in totals.refused:
        print(f"refused: {sentence}")
    if not write:
        print("Nothing was written. Add --write to import.")
    raise typer.Exit(1 if totals.refused else 0)


if __name__ == "__main__":
    typer.run(main)
