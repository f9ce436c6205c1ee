"""The command that a line of a compared statement proposes."""

from payments.protocol.statement_match import Match, Step

from tools.hakika.screen import clock_text


def command(match: Match) -> str:
    """Return what an operator can type next, "" where nothing is left to be done."""
    if match.step is None or match.payment is None:
        return ""
    payment_id, line = match.payment.payment_id, match.line
    if match.step is Step.MARK:
        return f"hakika refund mark {payment_id}"
    if match.step is Step.LOOK or line is None:
        return f"hakika payment show {payment_id}"
    at = clock_text(line.completed_at, has_year=True)
    return (
        f"hakika record-receipt {payment_id} --receipt {line.receipt_number} "
        f'--amount {line.amount_kes} --at "{at}"'
    )
