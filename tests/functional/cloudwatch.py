"""What CloudWatch would make of an alarm of the template and of the metrics that were printed.

Enough of it for our alarms: a metric or a math expression, sliding periods, M out of N, missing
data. The expression's functions are those that the template uses.
"""

from __future__ import annotations

import ast
import json
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.functional.emf import Datum

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
}
STATISTICS: dict[str, Callable[[list[float]], float]] = {"Sum": sum, "Maximum": max}
_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
}

type Alarm = Mapping[str, Any]
type Series = list[Datum]


def resolved(reference: object) -> str:
    """A name as written in the template: the stack is called hakika, all else by its reference."""
    return "hakika" if reference == {"Ref": "AWS::StackName"} else json.dumps(reference)


def metrics_read(alarm: Alarm) -> list[Mapping[str, Any]]:
    """The metrics that an alarm reads, each with Namespace, MetricName and Dimensions."""
    if "MetricName" in alarm:
        return [alarm]
    return [each["MetricStat"]["Metric"] for each in alarm["Metrics"] if "MetricStat" in each]


def rings(alarm: Alarm, data: Iterable[Datum], now: float, *, was: bool = False) -> bool:
    """Whether the alarm is in ALARM at this moment, given whether it was before."""
    data = list(data)
    periods = alarm["EvaluationPeriods"]
    found = [_value(alarm, data, now - back * _period(alarm)) for back in range(periods)]
    treatment = alarm["TreatMissingData"]
    if treatment == "ignore" and all(value is None for value in found):
        return was
    compare = COMPARISONS[alarm["ComparisonOperator"]]
    breaches = sum(
        treatment == "breaching" if value is None else compare(value, alarm["Threshold"])
        for value in found
    )
    return bool(breaches >= alarm.get("DatapointsToAlarm", periods))


def _period(alarm: Alarm) -> int:
    if "Period" in alarm:
        return int(alarm["Period"])
    [period] = {each["MetricStat"]["Period"] for each in alarm["Metrics"] if "MetricStat" in each}
    return int(period)


def _value(alarm: Alarm, data: Series, until: float) -> float | None:
    """The alarm's value in the period that ends here."""
    if "MetricName" in alarm:
        return _statistic(alarm, alarm["Statistic"], data, until, _period(alarm))
    values: dict[str, float | None] = {}
    for each in alarm["Metrics"]:
        if "MetricStat" in each:
            read = each["MetricStat"]
            found = _statistic(read["Metric"], read["Stat"], data, until, read["Period"])
            values[each["Id"]] = found
    [expression] = [each["Expression"] for each in alarm["Metrics"] if "Expression" in each]
    return evaluated(expression, values)


def _statistic(
    metric: Mapping[str, Any], statistic: str, data: Series, until: float, period: int
) -> float | None:
    dimensions = {each["Name"]: resolved(each["Value"]) for each in metric["Dimensions"]}
    values = [
        datum.value
        for datum in data
        if (datum.namespace, datum.name) == (metric["Namespace"], metric["MetricName"])
        and dict(datum.dimensions) == dimensions
        and until - period < datum.at <= until
    ]
    return STATISTICS[statistic](values) if values else None


def evaluated(expression: str, values: Mapping[str, float | None]) -> float | None:
    """The value of a math expression; None where it meets a missing one."""
    text = re.sub(r"\b(AND|OR)\b", lambda word: word[0].lower(), expression)
    result = _walk(ast.parse(text, mode="eval").body, values)
    return None if result is None else float(result)


def _walk(node: ast.AST, values: Mapping[str, float | None]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return values[name]
        case ast.BinOp(left=left, op=op, right=right):
            return _combined(_OPERATORS[type(op)], _walk(left, values), _walk(right, values))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _combined(_OPERATORS[type(op)], _walk(left, values), _walk(right, values))
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(_walk(part, values) for part in parts)
        case ast.Call(func=ast.Name(id="FILL"), args=[series, filling]):
            found = _walk(series, values)
            return _walk(filling, values) if found is None else found
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
            return _walk(then if _walk(condition, values) else otherwise, values)
    raise NotImplementedError(ast.dump(node))


def _combined(compute: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    return None if left is None or right is None else compute(left, right)
