"""Every module of the product is in its room, and no file or function grows too long."""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.unit.test_docs import ROOT

PRODUCT = ROOT / "shared" / "payments"
ROOMS = {
    "": "errors ports values",
    "protocol": (
        "payment receipts consultation evidence result_codes policy decide case change push"
        " callback staff query money news report transitions matching opening witness statement"
        " requirements rules refusal operator schedule time_passed filing pull"
        " statement_lines statement_match"
        " refund refund_evidence refund_person refund_steps refund_rules reversal_codes delivery"
        " sent_refund provider_calls"
    ),
    "usecases": (
        "initiate record_callback read_status reconcile operate register_consultation"
        " count_payments apply_evidence gauges services record_money gather_facts"
        " look_at_receipts money_desk propose_owner pull_money receive_confirmation"
        " validate_payment upgrade_payments"
        " apply_refund refunds send_refund look_at_refund record_initiator_result result_addresses"
        " compare_statement count_hours"
        " prompts_money read_payments deliver_event staff desk_acts find_payments"
        " file_receipt_claim"
    ),
    "store": (
        "payments writes items receipt_items row_writes ledger instructions context events"
        " history oauth_token table expressions attributes reservation backlog listings"
        " staff pull_gate unproven_money refund_gate refund_writes deliveries receipt_claims"
    ),
    "daraja": (
        "client wire money_wire money_client push_outcomes query_answers oauth_client"
        " initiator initiator_wire reversal_answers"
    ),
    "http": (
        "api_gateway requests answers messages sentences authentication token_claims token_keys"
        " published_keys results refund_answers desk desk_page desk_answers desk_requests"
        " desk_sessions desk_statement desk_receipts"
    ),
    "aws": (
        "runtime adapters settings secrets token_families observability fallback_queue money_queue"
        " c2b_tokens paybill_runtime money_calls refunds_function daraja_gateway"
        " webhooks"
    ),
    "webhooks": "sender",
}
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 40
TEST_LINES_PER_PRODUCT_LINE_MAX = 1.4
PARSED = {path: ast.parse(path.read_text(encoding="utf-8")) for path in PRODUCT.rglob("*.py")}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_holds_its_modules_and_no_other(room: str) -> None:
    found = {path.stem for path in (PRODUCT / room).glob("*.py")} - {"__init__"}
    assert found == set(ROOMS[room].split())


def test_there_is_no_other_room() -> None:
    assert {path.parent.relative_to(PRODUCT).as_posix() for path in PARSED} == {
        room or "." for room in ROOMS
    }


def too_long() -> Iterator[str]:
    """Every file and function over its limit."""
    for path, tree in PARSED.items():
        name = path.relative_to(PRODUCT).as_posix()
        if len(path.read_text(encoding="utf-8").splitlines()) > FILE_LINES_MAX:
            yield name
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    yield f"{name}: {node.name}"


def test_no_file_and_no_function_is_too_long() -> None:
    assert list(too_long()) == []


def lines_of(*folders: str) -> int:
    """Count the lines of the committed Python and JavaScript."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, check=True
    )
    paths = [ROOT / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    read = (each.read_bytes() for each in paths if each.suffix in {".py", ".js"})
    return sum(len(text.splitlines()) for text in read)


def test_the_tests_do_not_outgrow_the_product() -> None:
    product = lines_of("functions", "shared", "simulator", "local", "tools", "web")
    assert product > 0
    assert lines_of("tests") <= TEST_LINES_PER_PRODUCT_LINE_MAX * product
