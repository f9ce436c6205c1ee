"""What a change of a refund writes to the refund gate, with the conditions it is written under."""

from collections.abc import Mapping
from typing import Any

from payments.protocol.policy import REFUND_SPACING_SECONDS
from payments.protocol.refund_rules import GateEffect, RequireRunning, StopRefunds, TakeTurn
from payments.store.attributes import to_item
from payments.store.expressions import Expression, update_action
from payments.store.items import STATE


def refund_gate_key(shortcode: str) -> dict[str, str]:
    """Key of a shortcode's refund gate."""
    return {"pk": f"REFUNDS#{shortcode}", "sk": STATE}


def gate_action(
    table: str, shortcode: str, effect: GateEffect, *, now: int
) -> dict[str, dict[str, Any]]:
    """Return the action that a change of a refund has on the gate, with its conditions."""
    key, e = refund_gate_key(shortcode), Expression()
    runs = f"attribute_not_exists({e.name('stopped')})"
    match effect:
        case RequireRunning():
            check = {
                "TableName": table,
                "Key": to_item(key),
                "ConditionExpression": runs,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                **e.parts(),
            }
            return {"ConditionCheck": check}
        case TakeTurn():
            next_at = e.name("next_at")
            is_turn = f"(attribute_not_exists({next_at}) OR {next_at} <= {e.value(now)})"
            sets = [f"{next_at} = {e.value(now + REFUND_SPACING_SECONDS)}"]
            condition = f"{runs} AND {is_turn}"
            return {
                "Update": update_action(table, key, e, sets=sets, removes=[], condition=condition)
            }
        case StopRefunds(code=code):
            return {"Update": stop_update(table, key, code, now)}


def stop_update(table: str, key: Mapping[str, str], code: str, now: int) -> dict[str, Any]:
    """Stop refunds; the first reason stays. It is on no condition: a stop must never be lost."""
    e = Expression()
    stopped, stopped_at = e.name("stopped"), e.name("stopped_at")
    return {
        "TableName": table,
        "Key": to_item(key),
        "UpdateExpression": (
            f"SET {stopped} = if_not_exists({stopped}, {e.value(code)}), "
            f"{stopped_at} = {e.value(now)}"
        ),
        **e.parts(),
    }
