"""Which witness named each prompted payment's money first, per EAT day of its creation."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from payments.protocol.payment import Origin, Payment, Proof
from payments.protocol.receipts import ReceiptRow
from payments.usecases.compare_statement import WITH_MONEY
from payments.values import eat_day


def first_witnesses(
    payments: Iterable[Payment], rows: Mapping[str, ReceiptRow]
) -> list[dict[str, Any]]:
    """Return for each day how many payments had their money named first by which source.

    Shape: `day`, `payments`, `by` (source: count), `not_callback_percent`. A payment whose receipt
        no witness has named counts for what proves it, such as `query`. Money paid by hand has no
        callback, so it is left out.
    """
    days: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for payment in payments:
        if payment.status in WITH_MONEY and payment.origin is not Origin.PAYBILL:
            days[eat_day(payment.created_at)][_source(payment, rows)] += 1
    return [_day(day, counts) for day, counts in sorted(days.items())]


def sentence(day: Mapping[str, Any]) -> str:
    """Return one day as a line for people."""
    counts = ", ".join(f"{source} {count}" for source, count in day["by"].items())
    share = day["not_callback_percent"]
    return f"{day['day']}: first named by {counts}; {share}% not by a callback."


def _source(payment: Payment, rows: Mapping[str, ReceiptRow]) -> str:
    row = rows.get(payment.bound_receipt or "")
    return str((row and row.source) or payment.proof or "unknown")


def _day(day: str, counts: Counter[str]) -> dict[str, Any]:
    total = counts.total()
    return {
        "day": day,
        "payments": total,
        "by": dict(counts.most_common()),
        "not_callback_percent": round(100 * (total - counts[Proof.CALLBACK]) / total),
    }
