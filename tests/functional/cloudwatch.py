"""What CloudWatch would make of an alarm of the template and of the metrics that were printed.

Enough of it for our alarms: a metric or a math expression, sliding periods, M out of N, missing
data. The expression's functions are those that the template uses.

Source: Amazon CloudWatch user guide, "Configuring how CloudWatch alarms treat missing data". AWS
looks at more periods than an alarm evaluates (the evaluation range), and judges by the newest
values that exist where there are enough of them; only else does TreatMissingData count. It does
not publish how many more: its table has five periods for three.
"""

from __future__ import annotations

import ast
import itertools
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
EXTRA_PERIODS = 2
STATISTICS: dict[str, Callable[[list[float]], float]] = {"Sum": sum, "Maximum": max}
_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda left, right: _divided(left, right),
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


def rings(
    alarm: Alarm,
    data: Iterable[Datum],
    now: float,
    *,
    was: bool = False,
    extra: int = EXTRA_PERIODS,
) -> bool:
    """Whether the alarm is in ALARM at this moment, given whether it was before."""
    periods = alarm["EvaluationPeriods"]
    needed = alarm.get("DatapointsToAlarm", periods)
    ends = [now - back * _period(alarm) for back in reversed(range(periods + extra))]
    found = [value for value in _values(alarm, list(data), ends) if value is not None]
    compare = COMPARISONS[alarm["ComparisonOperator"]]
    breaches = sum(compare(value, alarm["Threshold"]) for value in found[-periods:])
    missing = max(periods - len(found), 0)
    match alarm["TreatMissingData"]:
        case "breaching":
            return bool(breaches + missing >= needed)
        case "ignore" if breaches < needed <= breaches + missing:
            return was
    return bool(breaches >= needed)


def _period(alarm: Alarm) -> int:
    if "Period" in alarm:
        return int(alarm["Period"])
    [period] = {each["MetricStat"]["Period"] for each in alarm["Metrics"] if "MetricStat" in each}
    return int(period)


def _values(alarm: Alarm, data: Series, ends: list[float]) -> list[float | None]:
    """The alarm's values in the periods that end there, the oldest first."""
    if "MetricName" in alarm:
        return _statistics(alarm, alarm["Statistic"], data, ends, _period(alarm))
    series: dict[str, list[float | None]] = {}
    for each in alarm["Metrics"]:
        if "MetricStat" in each:
            read = each["MetricStat"]
            series[each["Id"]] = _statistics(
                read["Metric"], read["Stat"], data, ends, read["Period"]
            )
    [expression] = [each["Expression"] for each in alarm["Metrics"] if "Expression" in each]
    return evaluated(expression, series)


def _statistics(
    metric: Mapping[str, Any], statistic: str, data: Series, ends: list[float], period: int
) -> list[float | None]:
    """A metric's statistic in the periods that end there; None where it has no value."""
    dimensions = {each["Name"]: resolved(each["Value"]) for each in metric["Dimensions"]}
    oldest = min(ends) - period
    found = [
        (datum.at, datum.value)
        for datum in data
        if datum.name == metric["MetricName"]
        and datum.at > oldest
        and datum.namespace == metric["Namespace"]
        and dict(datum.dimensions) == dimensions
    ]
    periods = ([value for at, value in found if end - period < at <= end] for end in ends)
    return [STATISTICS[statistic](values) if values else None for values in periods]


def evaluated(expression: str, series: Mapping[str, list[float | None]]) -> list[float | None]:
    """The values of a math expression, one a period; None where it meets a missing one."""
    text = re.sub(r"\b(AND|OR)\b", lambda word: word[0].lower(), expression)
    result: list[float | None] = _walk(ast.parse(text, mode="eval").body, series)
    return [None if value is None else float(value) for value in result]


def _walk(node: ast.AST, series: Mapping[str, list[float | None]]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return series[name]
        case ast.BinOp(left=left, op=op, right=right):
            return _each(_OPERATORS[type(op)], _walk(left, series), _walk(right, series))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _each(_OPERATORS[type(op)], _walk(left, series), _walk(right, series))
        case ast.BoolOp(op=ast.And(), values=parts):
            return _each(lambda *found: all(found), *(_walk(part, series) for part in parts))
        case ast.Call(func=ast.Name(id="FILL"), args=[filled, filling]):
            value = _walk(filling, series)
            return [value if each is None else each for each in _walk(filled, series)]
        case ast.Call(func=ast.Name(id="RUNNING_SUM"), args=[summed]):
            return list(itertools.accumulate(_walk(summed, series)))
        case ast.Call(func=ast.Name(id="IF"), args=branches):
            rows = _rows(*(_walk(branch, series) for branch in branches))
            return [then if condition else otherwise for condition, then, otherwise in rows]
    raise NotImplementedError(ast.dump(node))


def _each(compute: Callable[..., Any], *operands: Any) -> Any:
    """Compute period by period; a missing value spoils its own."""
    if not any(isinstance(each, list) for each in operands):
        return compute(*operands)
    return [None if None in row else compute(*row) for row in _rows(*operands)]


def _rows(*operands: Any) -> list[tuple[Any, ...]]:
    """The operands of each period; a number counts in every one."""
    [length] = {len(each) for each in operands if isinstance(each, list)}
    spread = (each if isinstance(each, list) else [each] * length for each in operands)
    return list(zip(*spread, strict=True))


def _divided(left: float, right: float) -> float | None:
    """A division by nothing has no value."""
    return left / right if right else None
