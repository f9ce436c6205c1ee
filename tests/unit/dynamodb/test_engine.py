"""The engine answers what the product sends as AWS documents it, and raises on everything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.aws import TABLE_NAME, new_engine
from tests.support.clock import VirtualClock
from tests.support.dynamodb import DynamoDBError, Engine, UnsupportedRequestError, ValidationError
from tests.support.dynamodb.errors import ConditionFailedError, TransactionCanceledError
from tests.support.dynamodb.values import check_value, item_size

KEY = {"pk": {"S": "PAY#1"}, "sk": {"S": "STATE"}}
OTHER = {"pk": {"S": "PAY#2"}, "sk": {"S": "STATE"}}
ITEM = {
    **KEY,
    "status": {"S": "pending"},
    "version": {"N": "3"},
    "seen": {"L": [{"S": "a"}]},
    "refund": {"M": {"step": {"S": "owed"}, "tries": {"N": "1"}}},
}
NAMES = {"#s": "status", "#v": "version", "#r": "refund", "#step": "step"}
VALUES = {
    ":s": {"S": "pending"},
    ":n": {"N": "3"},
    ":l": {"L": [{"S": "b"}]},
    ":owed": {"S": "owed"},
}
EXISTS = {"ConditionExpression": "attribute_exists(pk)"}

type Request = dict[str, Any]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(1000.0)


@pytest.fixture
def engine(clock: VirtualClock) -> Engine:
    made = new_engine(clock)
    put(made, ITEM)
    return made


def put(engine: Engine, item: Request, **more: Any) -> Request:
    return engine.execute("PutItem", {"TableName": TABLE_NAME, "Item": item, **more})


def get(engine: Engine, key: Request = KEY, *, strongly: bool = True) -> Any:
    request = {"TableName": TABLE_NAME, "Key": key, "ConsistentRead": strongly}
    return engine.execute("GetItem", request).get("Item")


def expression(**texts: str) -> Request:
    """Expressions, with those of the placeholders that they use."""
    words = " ".join(texts.values()).replace("(", " ").replace(")", " ").replace(",", " ")
    used = set(words.replace(".", " ").split())
    names = {name: NAMES[name] for name in used & NAMES.keys()}
    values = {value: VALUES[value] for value in used & VALUES.keys()}
    request: Request = dict(texts)
    request |= {"ExpressionAttributeNames": names} if names else {}
    return request | ({"ExpressionAttributeValues": values} if values else {})


def update(engine: Engine, text: str, key: Request = KEY, **more: str) -> Request:
    request = {"TableName": TABLE_NAME, "Key": key, **expression(UpdateExpression=text, **more)}
    return engine.execute("UpdateItem", request)


def transact(engine: Engine, *actions: Request, token: str | None = None) -> Request:
    given = [
        {kind: {"TableName": TABLE_NAME, **part}} for each in actions for kind, part in each.items()
    ]
    request = {"TransactItems": given} | ({} if token is None else {"ClientRequestToken": token})
    return engine.execute("TransactWriteItems", request)


def query(engine: Engine, condition: str, names: Request | None = None, **more: Any) -> Request:
    """Run a Query; the values of `:a` and `:b` come with it."""
    values = {f":{name}": more.pop(name) for name in ("a", "b") if name in more}
    request = {"TableName": TABLE_NAME, "KeyConditionExpression": condition, **more}
    request |= {"ExpressionAttributeValues": values}
    return engine.execute("Query", request | ({"ExpressionAttributeNames": names} if names else {}))


def sort_keys(answer: Request) -> list[str]:
    return [item["sk"]["S"] for item in answer["Items"]]


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("#s = :s", True),
        ("#s <> :s", False),
        ("#v = :n", True),
        ("#v < :n", False),
        ("#v <= :n", True),
        ("#v > :n", False),
        ("#v >= :n", True),
        ("#s <= :n", False),  # another type is in no order
        ("absent_one = :n", False),
        ("absent_one <> :n", True),
        ("absent_one <= :n", False),
        ("#r.#step = :owed", True),
        ("#r.#step.deeper_step = :owed", False),
        ("attribute_exists(#r.#step)", True),
        ("attribute_not_exists(#r.other_step)", True),
        ("attribute_not_exists(pk)", False),
        ("attribute_exists(pk) AND #v < :n", False),
        ("attribute_exists(pk) OR #v < :n", True),
        ("#v < :n AND #s = :s OR attribute_exists(pk)", True),  # AND binds closer
        ("#v < :n AND (#s = :s OR attribute_exists(pk))", False),
    ],
)
def test_a_write_happens_exactly_where_its_condition_holds(
    engine: Engine, text: str, holds: bool
) -> None:
    change = {"UpdateExpression": "SET mark_a = :owed", "ConditionExpression": text}
    request = {"TableName": TABLE_NAME, "Key": KEY, **expression(**change)}
    request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if holds:
        engine.execute("UpdateItem", request)
    else:
        with pytest.raises(ConditionFailedError) as failed:
            engine.execute("UpdateItem", request)
        assert failed.value.body()["Item"] == ITEM
    assert ("mark_a" in get(engine)) is holds


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("SET new_name = :s REMOVE #s", {"new_name": {"S": "pending"}, "status": None}),
        ("SET #v = #v + :n", {"version": {"N": "6"}}),
        ("SET #v = #v - :n", {"version": {"N": "0"}}),
        ("SET #v = if_not_exists(p_1, :n) + :n", {"version": {"N": "6"}}),
        ("SET p_2 = if_not_exists(#v, :s)", {"p_2": {"N": "3"}}),
        (
            "SET seen_now = list_append(if_not_exists(p_1, :l), :l)",
            {"seen_now": {"L": [{"S": "b"}] * 2}},
        ),
        ("SET #v = :s, was_version = #v", {"version": {"S": "pending"}, "was_version": {"N": "3"}}),
        ("SET #r.#step = :s", {"refund": {"M": {"step": {"S": "pending"}, "tries": {"N": "1"}}}}),
        ("REMOVE #r.#step", {"refund": {"M": {"tries": {"N": "1"}}}}),
        ("REMOVE absent_one", {}),
    ],
)
def test_an_update_changes_what_it_names_and_nothing_else(
    engine: Engine, text: str, changed: Request
) -> None:
    update(engine, text)
    expected = {**ITEM, **changed}
    assert get(engine) == {name: value for name, value in expected.items() if value is not None}
    assert engine.changes(TABLE_NAME)[0].new == ITEM, "the stored item was changed in place"


def test_an_update_creates_the_item_that_is_not_there(engine: Engine) -> None:
    update(engine, "SET #v = :n", OTHER)
    assert get(engine, OTHER) == {**OTHER, "version": {"N": "3"}}


@pytest.mark.parametrize(
    "text",
    [
        "SET #r.#step = :s, #r = :l",
        "SET #s = :s, #s = :n",
        "SET pk = :s",
        "SET other_map.#step = :s",
        "SET #s.#step = :s",
        "REMOVE other_map.#step",
        "SET #v = absent_one",
        "SET #s = #s + :n",
        "SET #s = list_append(#s, :l)",
        "SET due_at = :s",  # the key of an index, of another type
        "SET a_" + "x" * 4096 + " = :s",
    ],
)
def test_an_update_that_cannot_be_made_is_refused(engine: Engine, text: str) -> None:
    with pytest.raises(ValidationError):
        update(engine, text)
    assert get(engine) == ITEM


@pytest.mark.parametrize(
    "spoil",
    [
        {"ConditionExpression": "((attribute_exists(pk)))"},
        {"ConditionExpression": "#s = :s"},
        {**EXISTS, "ExpressionAttributeNames": {"#s": "status"}},
        {"Item": {"pk": KEY["pk"]}},
        {"Item": {**KEY, "sk": {"S": ""}}},
        {"Item": {**KEY, "sk": {"N": "1"}}},
        {"Item": {**KEY, "pk": {"S": "x" * 2049}}},
        {"Item": {**KEY, "body": {"S": "x" * 400 * 1024}}},
        {"Item": {**KEY, "many": {"N": "1" * 39}}},
        {"Item": {**KEY, "two": {"S": "a", "N": "1"}}},
        {"Item": {**KEY, "open": {"S": ""}}},
    ],
)
def test_a_put_that_breaks_a_rule_is_refused(engine: Engine, spoil: Request) -> None:
    with pytest.raises(ValidationError):
        put(engine, spoil.get("Item", ITEM), **{k: v for k, v in spoil.items() if k != "Item"})
    assert get(engine) == ITEM


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        *((name, {"TableName": TABLE_NAME}) for name in ("Scan", "DeleteItem", "TransactGetItems")),
        ("GetItem", {"Key": KEY, "ProjectionExpression": "pk"}),
        ("PutItem", {"Item": ITEM, "ReturnValues": "ALL_OLD"}),
        ("PutItem", {"Item": ITEM, "ReturnConsumedCapacity": "INDEXES"}),
        *(
            ("PutItem", {"Item": {**KEY, "odd": odd}})
            for odd in ({"NULL": True}, {"SS": ["a"]}, {"N": "1.5"}, {"N": "01"}, {"B": "A"})
        ),
        *(
            ("UpdateItem", {"Key": KEY, **expression(UpdateExpression=text)})
            for text in (
                "ADD #v :n", "DELETE seen_a :l", "SET #v = :n, status = :s", "SET seen_a[0] = :s",
                "SET #v :n", "REMOVE #s SET #v = :n", "",
            )
        ),
        *(
            ("PutItem", {"Item": ITEM, **expression(ConditionExpression=text)})
            for text in (
                "NOT #s = :s", "#s IN (:s)", "#v BETWEEN :n AND :n", "size(#s) = :n", "#s < :s",
                "begins_with(#s, :s)", "contains(#s, :s)", "#s = #v", ":s = #s",
                "status = :s", "#s = :s AND",
            )
        ),
        ("Query", {**expression(KeyConditionExpression="#s = :s"), "FilterExpression": "#s = :s"}),
        ("Query", {**expression(KeyConditionExpression="#s = :s"), "ScanIndexForward": False}),
        ("Query", expression(KeyConditionExpression="#s = :s OR #v = :n")),
        ("TransactWriteItems", {"TransactItems": [{"Get": {"TableName": TABLE_NAME, "Key": KEY}}]}),
        ("TransactWriteItems", {"TransactItems": [{}] * 11}),
    ],
)  # fmt: skip
def test_a_form_that_the_product_does_not_send_raises(
    engine: Engine, operation: str, request_: Request
) -> None:
    table = {} if operation == "TransactWriteItems" else {"TableName": TABLE_NAME}
    with pytest.raises(UnsupportedRequestError):
        engine.execute(operation, table | request_)
    assert get(engine) == ITEM


def test_a_batch_answers_what_exists_in_no_promised_order(engine: Engine) -> None:
    put(engine, OTHER)
    absent = {**KEY, "sk": {"S": "absent"}}

    def batch(*keys: Request) -> Any:
        part = {"Keys": list(keys), "ConsistentRead": True}
        return engine.execute("BatchGetItem", {"RequestItems": {TABLE_NAME: part}})

    assert batch(KEY, absent, OTHER)["Responses"][TABLE_NAME] == [OTHER, ITEM]
    with pytest.raises(ValidationError):
        batch(KEY, KEY)


def test_a_query_reads_a_range_of_one_partition_in_order_page_by_page(engine: Engine) -> None:
    for sk in ("EVENT#2", "EVENT#1", "EVIDENCE#9"):
        put(engine, {**KEY, "sk": {"S": sk}})
    put(engine, OTHER)
    wanted: Request = {"condition": "pk = :a AND begins_with(sk, :b)"}
    wanted |= {"a": KEY["pk"], "b": {"S": "EVENT#"}}
    first = query(engine, **wanted, Limit=1)
    assert sort_keys(first) == ["EVENT#1"]
    second = query(engine, **wanted, Limit=1, ExclusiveStartKey=first["LastEvaluatedKey"])
    whole = query(engine, **wanted)
    assert (sort_keys(second), sort_keys(whole)) == (["EVENT#2"], ["EVENT#1", "EVENT#2"])
    assert "LastEvaluatedKey" not in whole
    for beyond in (KEY, {**OTHER, "sk": {"S": "EVENT#1"}}, {"pk": KEY["pk"]}):
        with pytest.raises(ValidationError):
            query(engine, **wanted, ExclusiveStartKey=beyond)


def test_an_index_is_sparse_ordered_and_holds_only_what_it_projects(engine: Engine) -> None:
    for name, due_at in (("a", "20"), ("b", "9"), ("c", "30")):
        keys = {"open": {"S": "OPEN"}, "due_at": {"N": due_at}, "amount_kes": {"N": "1"}}
        put(engine, {"pk": {"S": name}, "sk": {"S": "STATE"}, "created_at": {"N": "1"}, **keys})
    due: Request = {"condition": "#open = :a AND due_at <= :b", "names": {"#open": "open"}}
    due |= {"IndexName": "open", "a": {"S": "OPEN"}, "b": {"N": "20"}}
    items = query(engine, **due)["Items"]
    assert [item["pk"]["S"] for item in items] == ["b", "a"], "numbers sort as numbers"
    assert items[0].keys() == {"pk", "sk", "open", "due_at", "created_at"}
    request = {"TableName": TABLE_NAME, "Key": {"pk": {"S": "b"}, "sk": {"S": "STATE"}}}
    engine.execute("UpdateItem", {**request, "UpdateExpression": "REMOVE due_at"})
    assert [item["pk"]["S"] for item in query(engine, **due)["Items"]] == ["a"]
    spoilt = ({"ConsistentRead": True}, {"b": {"S": "20"}}, {"IndexName": "none"}, {"Limit": 0})
    for spoil in spoilt:
        with pytest.raises(ValidationError):
            query(engine, **due | spoil)
    with pytest.raises(ValidationError):
        query(engine, "#open <= :a", {"#open": "open"}, IndexName="open", a={"S": "OPEN"})


def test_a_stale_read_does_not_see_the_latest_changes(engine: Engine) -> None:
    update(engine, "SET #v = :n, checkout_request_id = :s")
    update(engine, "SET checkout_request_id = :owed")
    by_id: Request = {"condition": "checkout_request_id = :a", "IndexName": "by_checkout"}
    found = {}
    for lag in range(4):
        engine.lag = lag
        found[lag] = [
            len(query(engine, **by_id, a={"S": text})["Items"]) for text in ("owed", "pending")
        ]
        assert get(engine)["checkout_request_id"] == {"S": "owed"}, "a strong read is never stale"
    assert found == {0: [1, 0], 1: [0, 1], 2: [0, 0], 3: [0, 0]}
    assert get(engine, strongly=False) is None


def test_a_transaction_writes_all_or_nothing_and_says_why(engine: Engine) -> None:
    fails = {"Key": KEY, **expression(ConditionExpression="#v > :n")}
    fails["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    bad = {"Key": {**KEY, "sk": {"S": "a"}}, **expression(UpdateExpression="SET #v = absent_one")}
    with pytest.raises(TransactionCanceledError) as failed:
        transact(engine, {"Put": {"Item": OTHER}}, {"ConditionCheck": fails}, {"Update": bad})
    reasons = failed.value.body()["CancellationReasons"]
    codes = ["None", "ConditionalCheckFailed", "ValidationError"]
    assert [reason["Code"] for reason in reasons] == codes
    assert reasons[1]["Item"] == ITEM
    assert get(engine, OTHER) is None
    holds = expression(ConditionExpression="#v = :n")
    transact(engine, {"Put": {"Item": OTHER}}, {"Delete": {"Key": KEY, **holds}})
    assert (get(engine, OTHER), get(engine)) == (OTHER, None)
    for twice in (
        [{"Put": {"Item": OTHER}}, {"Delete": {"Key": OTHER}}],
        [{"ConditionCheck": {"Key": KEY}}],
    ):
        with pytest.raises(ValidationError):
            transact(engine, *twice)


def test_a_token_makes_a_transaction_idempotent_for_ten_minutes(
    engine: Engine, clock: VirtualClock
) -> None:
    absent = {"Item": OTHER, "ConditionExpression": "attribute_not_exists(pk)"}
    exists = {"Key": OTHER, **EXISTS}
    put(engine, OTHER)
    with pytest.raises(TransactionCanceledError):
        transact(engine, {"Put": absent}, token="t")
    transact(engine, {"Delete": {"Key": OTHER}})
    transact(engine, {"Put": absent}, token="t")  # what was cancelled is decided anew
    clock.sleep(599)
    transact(engine, {"Put": absent}, token="t")
    with pytest.raises(DynamoDBError) as other:
        transact(engine, {"ConditionCheck": exists}, token="t")
    assert other.value.code == "IdempotentParameterMismatchException"
    clock.sleep(1)
    with pytest.raises(TransactionCanceledError):
        transact(engine, {"Put": absent}, token="t")
    with pytest.raises(ValidationError):
        transact(engine, {"Put": {"Item": KEY}}, token="t" * 37)


def test_the_change_log_has_every_change_and_nothing_that_changed_nothing(engine: Engine) -> None:
    update(engine, "SET #v = :n")
    put(engine, {**OTHER, "purge_at": {"N": "2000"}})
    put(engine, {**OTHER, "sk": {"S": "young"}, "purge_at": {"N": "2001"}})
    five_years_later = 2000 + 5 * 365 * 24 * 3600
    assert engine.expire_items(five_years_later + 1) == 0, "too old to be deleted"
    assert engine.expire_items(1999) == 0
    assert engine.expire_items(2000) == 1
    changes = engine.changes(TABLE_NAME)
    assert [(change.old is None, change.new is None, change.by_ttl) for change in changes] == [
        (True, False, False), (True, False, False), (True, False, False), (False, True, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "aé"}, 3), ({"B": "AAAA"}, 3), ({"B": "AA=="}, 1), ({"BOOL": True}, 1),
        ({"N": "0"}, 1), ({"N": "123"}, 3), ({"N": "-5"}, 3), ({"N": "1000000"}, 2),
        ({"L": [{"S": "ab"}]}, 6), ({"M": {"ab": {"S": "c"}}}, 7),
    ],
)  # fmt: skip
def test_bytes_are_counted_as_the_service_counts_them(value: Request, size: int) -> None:
    assert item_size({"name": check_value(value)}) == 4 + size


def test_capacity_is_counted_as_the_guide_says(engine: Engine) -> None:
    """2 units for 1.5 KB, 1 for each index entry made, changed or dropped, 2 for one moved."""

    def written(act: Callable[[], object]) -> float:
        before = engine.units["write"]
        act()
        return engine.units["write"] - before

    engine.counts_units = True
    big = {**KEY, "body": {"S": "x" * 1500}}
    indexed = {"open": {"S": "OPEN"}, "due_at": {"N": "1"}}
    assert written(lambda: put(engine, big)) == 2
    assert written(lambda: put(engine, {**big, **indexed})) == 2 + 1
    assert written(lambda: put(engine, {**big, **indexed, "due_at": {"N": "2"}})) == 2 + 2
    assert written(lambda: put(engine, {**big, **indexed, "due_at": {"N": "2"}})) == 2
    assert written(lambda: transact(engine, {"Put": {"Item": big}})) == 2 * 2 + 1
    with pytest.raises(ConditionFailedError):
        assert put(engine, KEY, ConditionExpression="attribute_not_exists(pk)")
    shown = put(engine, big, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]["CapacityUnits"]
    assert (shown, engine.units["write"]) == (2, 3 + 4 + 2 + 5 + 2 + 2 + 2)
    put(engine, {**big, "body": {"S": "x" * 4500}})
    read = engine.units["read"]
    get(engine)
    get(engine, strongly=False)
    get(engine, OTHER)
    assert engine.units["read"] - read == 2 + 1 + 1
