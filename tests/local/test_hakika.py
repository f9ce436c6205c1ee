"""The operator's command against the deployed template: every verb, as a script types it."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import typer
from payments.values import EAT, eat_day

from tests.local.operator_desk import ACCOUNT, WHY, answer, hakika, in_review, scene
from tests.local.runbook_scene import Scene, new_receipt, queue_paid_callback
from tools.hakika.app import app
from tools.hakika.first_day_checks import BY_HAND

__all__ = ["scene"]


def tries[Test: Callable[..., None]](*verbs: str) -> Callable[[Test], Test]:
    """Write on a test which verbs it tries."""

    def mark(test: Test) -> Test:
        test.__dict__["verbs"] = verbs
        return test

    return mark


def last_event(scene: Scene, payment_id: str) -> tuple[str, str, str]:
    """What the payment's history says happened last, by whom and why."""
    moments = answer(scene, "payment", "show", payment_id)["timeline"]
    [*_, event] = [each for each in moments if each["by"] and "sha256" not in each["by"]]
    return event["what"], event["by"], event["detail"].partition("; ")[0]


def test_every_verb_is_tried_here() -> None:
    def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
        nested = getattr(command, "commands", {})
        if not nested:
            yield " ".join(path)
        for name, each in nested.items():
            yield from leaves(each, (*path, name))

    elsewhere = {"clock show", "clock advance", "clock to"}  # test_clock.py, on its own stack
    # test_webhook_receivers.py, on a stack with WebhookUrl
    elsewhere |= {"webhooks list", "webhooks resend", "webhooks test"}
    tried = {verb for test in globals().values() for verb in getattr(test, "verbs", ())}
    assert set(leaves(typer.main.get_command(app))) == tried | elsewhere


@tries("payment show", "payment find")
def test_a_paid_payment_is_found_by_every_name_it_has(scene: Scene) -> None:
    payment = scene.paid()
    for option, value in (
        ("--receipt", payment.receipt_number),
        ("--checkout-id", payment.checkout_request_id),
        ("--phone", payment.phone_number),
        ("--booking", payment.booking_id),
        ("--reference", payment.account_reference),
    ):
        found = answer(scene, "payment", "find", option, str(value))
        assert [each["payment_id"] for each in found] == [payment.payment_id], option
    done = hakika(scene, "payment", "show", payment.payment_id)
    assert "PaymentCompleted" in done.stdout
    assert str(payment.phone_number) not in done.stdout
    assert "\x1b[" not in done.stdout


@tries("payment list")
def test_payments_are_listed_by_status_and_time(scene: Scene) -> None:
    paid, open_ = scene.pay("pays"), scene.someone_else().pay("waits+callback_lost")
    scene.wait(paid, "completed")
    completed = answer(scene, "payment", "list", "--status", "completed", "--since", "5m")
    ids = [each["payment_id"] for each in completed]
    assert (paid in ids, open_ in ids) == (True, False)
    assert {each["status"] for each in completed} == {"completed"}
    everything = answer(scene, "payment", "list")
    assert {paid, open_} <= {each["payment_id"] for each in everything}
    moments = [each["created_at"] for each in everything]
    assert moments == sorted(moments, reverse=True)
    nothing = hakika(scene, "payment", "list", "--status", "dispatching", "--since", "1m")
    assert (nothing.returncode, nothing.stdout) == (0, "No payment.\n")


@tries("consultation show", "consultation set")
def test_a_consultation_is_registered_revised_and_cancelled_with_its_money(scene: Scene) -> None:
    booking_id, client_id = scene.customer.book(900), scene.customer.client_id
    revised = answer(scene, "consultation", "set", booking_id, "--price", "1,000", *ACCOUNT)
    assert revised == answer(scene, "consultation", "show", booking_id)
    assert (revised["client_id"], revised["price_kes"]) == (client_id, 1000)
    [instruction] = revised["instructions"]
    assert (instruction["by"], instruction["reason"]) == ("operator:njeri", WHY)
    payment_id = scene.paid(booking_id=booking_id).payment_id
    assert answer(scene, "consultation", "show", booking_id)["paid_payment_id"] == payment_id
    answer(scene, "consultation", "set", booking_id, "--status", "cancelled", *ACCOUNT)
    assert scene.payment(payment_id).status == "refund_due"
    assert last_event(scene, payment_id) == ("RefundDue", "operator:njeri", WHY)


@tries("stats")
def test_statistics_count_the_payment_in_json_and_csv(scene: Scene) -> None:
    before = answer(scene, "stats")["totals"]["completed"]
    scene.paid()
    after = answer(scene, "stats")["totals"]["completed"]
    assert after["count"] > before["count"]
    assert after["amount_kes"] >= before["amount_kes"] + 1000
    rows = csv.DictReader(io.StringIO(hakika(scene, "stats", "--csv").stdout))
    assert sum(int(row["count"]) for row in rows if row["status"] == "completed") >= after["count"]


@tries("export")
def test_the_export_has_one_line_per_receipt(scene: Scene) -> None:
    payment = scene.paid()
    day = datetime.fromtimestamp(payment.transaction_at or 0, EAT)
    file = scene.folder / "money.csv"
    done = hakika(scene, "export", "--from", f"{day:%Y-%m-%d}", "--csv", str(file))
    assert (done.returncode, done.stdout) == (0, "")
    [row] = [
        each
        for each in csv.DictReader(file.open())
        if each["receipt_number"] == payment.receipt_number
    ]
    assert row["completed_at"] == f"{day:%Y-%m-%d %H:%M:%S}"
    assert (row["amount_kes"], row["account_reference"]) == ("1000", payment.account_reference)
    listed = answer(scene, "export", "--from", f"{day:%Y-%m-%d}")
    assert payment.payment_id in [each["payment_id"] for each in listed]


@tries("reconcile now")
def test_daraja_is_asked_about_one_payment_or_all_that_are_due(scene: Scene) -> None:
    payment_id = scene.pay("waits+callback_lost+query_never_final")
    scene.wait(payment_id, "pending")
    assert answer(scene, "reconcile", "now", payment_id)["status"] == "pending"
    report = answer(scene, "reconcile", "now")
    assert set(report) == {"looked_at", "settled", "poisoned"}
    unheard = scene.someone_else().pay("push_hang_lost")
    refused = hakika(scene, "reconcile", "now", unheard)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert str(scene.payment(unheard).account_reference) in refused.stderr


@tries("record-receipt", "review resolve")
def test_money_found_on_the_statement_completes_its_payment(scene: Scene) -> None:
    payment_id, receipt = scene.pay("push_hang_lost"), new_receipt()
    scene.keep_prompt(payment_id)
    found = ("--receipt", receipt, "--amount", "1,000.00")
    recorded = answer(scene, "record-receipt", payment_id, *found, *ACCOUNT)
    assert (recorded["status"], recorded["receipt_number"]) == ("review", receipt)
    assert last_event(scene, payment_id)[:2] == ("ReviewNeeded", "operator:njeri")
    other = scene.someone_else().pay("push_hang_lost")
    twice = hakika(scene, "record-receipt", other, *found, *ACCOUNT)
    assert (twice.returncode, twice.stdout) == (1, "")
    early = hakika(scene, "review", "resolve", receipt, "complete", *ACCOUNT)
    assert (early.returncode, "decide after" in " ".join(early.stderr.split())) == (1, True)
    scene.end_prompt(payment_id)
    completed = answer(scene, "review", "resolve", receipt, "complete", *ACCOUNT)
    assert completed["status"] == "completed"
    assert last_event(scene, payment_id)[:2] == ("PaymentCompleted", "operator:njeri")
    assert scene.consultation(scene.payment(payment_id).booking_id)["status"] == "Confirmed"


@tries("review resolve", "refund mark")
def test_a_wrong_amount_goes_back(scene: Scene) -> None:
    payment_id = in_review(scene)
    never = hakika(scene, "review", "resolve", payment_id, "complete", *ACCOUNT)
    assert (never.returncode, "exact price" in " ".join(never.stderr.split())) == (1, True)
    owed = answer(scene, "review", "resolve", payment_id, "refund-due", *ACCOUNT)
    assert owed["status"] == "refund_due"
    assert answer(scene, "refund", "mark", payment_id, *ACCOUNT)["status"] == "refunded"
    assert last_event(scene, payment_id) == ("PaymentRefunded", "operator:njeri", WHY)
    again = hakika(scene, "refund", "mark", payment_id, *ACCOUNT, "--json")
    assert (again.returncode, json.loads(again.stderr)["success"]) == (1, False)


@tries("review resolve")
def test_a_bogus_review_frees_the_consultation(scene: Scene) -> None:
    payment_id, receipt = scene.pay("push_hang_lost"), new_receipt()
    mistaken = ("--receipt", receipt, "--amount", "1000")
    answer(scene, "record-receipt", payment_id, *mistaken, *ACCOUNT)
    scene.end_prompt(payment_id)
    resolved = answer(scene, "review", "resolve", payment_id, "bogus", *ACCOUNT)
    assert (resolved["status"], resolved["receipt_number"]) == ("failed", None)
    booking_id = scene.payment(payment_id).booking_id
    assert scene.consultation(booking_id)["payment_status"] == "Failed"


@tries("attention clear")
def test_attention_is_cleared_once(scene: Scene) -> None:
    payment = scene.paid()
    queue_paid_callback(scene, "FallbackQueueUrl", payment, receipt=new_receipt())
    scene.wait_until(payment.payment_id, lambda found: found.attention is not None)
    waiting = answer(scene, "payment", "list", "--attention")
    assert payment.payment_id in [each["payment_id"] for each in waiting]
    cleared = answer(scene, "attention", "clear", payment.payment_id, *ACCOUNT)
    assert (cleared["attention"], cleared["status"]) == (None, "completed")
    assert last_event(scene, payment.payment_id)[1:] == ("operator:njeri", WHY)
    assert hakika(scene, "attention", "clear", payment.payment_id, *ACCOUNT).returncode == 1


@tries("callbacks list", "callbacks replay")
def test_a_dead_callback_is_replayed_and_what_is_none_of_ours_stays(scene: Scene) -> None:
    scene.empty_dead_letters()
    payment = scene.wait(scene.pay("waits+callback_lost+query_never_final"), "pending")
    receipt = new_receipt()
    queue_paid_callback(scene, "FallbackDeadLettersUrl", payment, receipt=receipt)
    scene.client("sqs").send_message(
        QueueUrl=scene.stack.outputs["FallbackDeadLettersUrl"], MessageBody="none of ours"
    )
    listed = {each["payment_id"]: each for each in answer(scene, "callbacks", "list")}
    assert listed[payment.payment_id]["receipt_number"] == receipt
    assert listed[None]["is_ours"] is False
    assert hakika(scene, "callbacks", "replay").returncode == 2
    assert answer(scene, "callbacks", "replay", "--yes") == {"replayed": 1, "left": 1}
    assert scene.wait(payment.payment_id, "completed").receipt_number == receipt
    sick = hakika(scene, "doctor")
    assert (sick.returncode, "1 callbacks" in sick.stdout) == (1, True)
    scene.empty_dead_letters()


@tries("doctor")
def test_the_doctor_finds_the_stack_fit_and_proves_it_with_a_shilling(scene: Scene) -> None:
    scene.empty_dead_letters()
    phone_number = scene.customer.phone_number
    assert scene.simulator.set_next("pays", phone_number).status == 200
    findings = {
        each["check"]: each for each in answer(scene, "doctor", "--push", phone_number, "--yes")
    }
    assert {"secrets", "callback URL", "Lambda concurrency", "Daraja", "table"} < set(findings)
    assert findings["callback"]["health"] == "good"
    assert [each for each in findings.values() if each["health"] == "bad"] == []
    assert phone_number[3:] not in str(findings)


@tries("doctor")
def test_the_doctor_finds_a_stopped_outbox(scene: Scene) -> None:
    name = scene.stack.outputs["OutboxPipeName"]
    pipes = scene.client("pipes")
    pipes.stop_pipe(Name=name)
    try:
        sick = hakika(scene, "doctor")
    finally:
        pipes.start_pipe(Name=name)
    assert (sick.returncode, f"pipe {name} is STOPPED" in sick.stdout) == (1, True)


@tries("paybill register", "paybill show", "paybill drop-old-tokens")
def test_the_paybill_is_registered_anew_and_its_tokens_are_shown(scene: Scene) -> None:
    before = answer(scene, "paybill", "show")["tokens_sha256_begin"]
    assert hakika(scene, "paybill", "register").returncode == 2
    assert answer(scene, "paybill", "register", "--yes")["version"] == "v2"
    after = answer(scene, "paybill", "show")["tokens_sha256_begin"]
    assert after[:-1] == before
    dropped = answer(scene, "paybill", "drop-old-tokens", "--yes")["dropped"]
    assert dropped == len(before)
    assert answer(scene, "paybill", "show")["tokens_sha256_begin"] == after[-1:]


@tries("pull register", "pull show")
def test_pull_is_registered_and_shows_its_state(scene: Scene) -> None:
    number = scene.customer.phone_number
    done = hakika(scene, "pull", "register", "--number", number, "--yes")
    assert (done.returncode, number[3:] in done.stdout + done.stderr) == (0, False)
    assert answer(scene, "pull", "show")["is_switched_on"] is True


@tries("first-day")
def test_the_first_day_is_asked_and_leaves_only_its_report(scene: Scene, tmp_path: Path) -> None:
    report = tmp_path / "first-day.md"
    found = answer(scene, "first-day", "--yes", "--report", str(report))
    healths = {each["check"]: each["health"] for each in found}
    assert set(healths) == {"FILL", "event", "CORS", "write units"}
    assert healths["event"] == "good", str(found)
    assert "HTTP 401" in str(found), "the emulator answers it without the header"
    assert report.read_text(encoding="utf-8").count("\n| ") == 2 + len(found) + len(BY_HAND)
    bus = scene.stack.outputs["EventBusName"]
    assert scene.client("events").list_rules(EventBusName=bus)["Rules"] == []
    urls = scene.client("sqs").list_queues().get("QueueUrls", [])
    assert not [url for url in urls if url.endswith("first-day")]


@tries("staff add", "staff link", "staff list", "staff remove")
def test_a_member_of_staff_comes_gets_a_link_and_goes(scene: Scene) -> None:
    added = answer(scene, "staff", "add", "zawadi", "--name", "Zawadi", "--role", "clerk", *ACCOUNT)
    assert (added["sub"], added["role"], added["is_active"]) == ("zawadi", "clerk", True)
    link = answer(scene, "staff", "link", "zawadi", *ACCOUNT)["link"]
    assert re.fullmatch(rf"{scene.stack.api_url}/desk#[0-9a-f]{{64}}", link)
    answer(scene, "staff", "remove", "zawadi", *ACCOUNT)
    [listed] = [each for each in answer(scene, "staff", "list") if each["sub"] == "zawadi"]
    assert listed["is_active"] is False


@tries(
    *("money list", "money show", "money attach", "money owe-back", "money set-aside"),
    *("money reopen", "money check", "money ask"),
)
def test_money_that_nobody_named_is_not_acted_on(scene: Scene) -> None:
    nobody = "SKI7NONE01"
    assert nobody not in str(answer(scene, "money", "list"))
    assert answer(scene, "money", "check")["findings"] == []
    for line in (
        ("show", nobody),
        ("attach", nobody, "--booking", "1", *ACCOUNT),
        ("owe-back", nobody, *ACCOUNT),
        ("set-aside", nobody, "test", *ACCOUNT),
        ("reopen", nobody, *ACCOUNT),
    ):
        refused = hakika(scene, "money", *line)
        assert (refused.returncode, f"hakika money ask {nobody}" in refused.stderr) == (1, True)
    assert answer(scene, "money", "ask", nobody)["receipt_number"] == nobody


@tries(
    *("refund request", "refund withdraw", "refund settle", "refund show", "refund resume"),
    *("refund mark", "initiator show", "initiator set"),
)
def test_a_refund_of_what_is_not_owed_is_refused(scene: Scene) -> None:
    payment_id = scene.paid().payment_id
    for line in (("request",), ("withdraw",), ("settle", "reversed")):
        verb, *more = line
        refused = hakika(scene, "refund", verb, payment_id, *more, *ACCOUNT)
        assert refused.returncode == 1, refused.stdout
    assert hakika(scene, "refund", "resume", *ACCOUNT).returncode == 1, "they are not stopped"
    assert answer(scene, "refund", "show", payment_id)["state"] is None
    assert "age_days" in answer(scene, "initiator", "show")
    missing = hakika(scene, "initiator", "set", "--certificate", "none.cer", *ACCOUNT)
    assert missing.returncode != 0


@tries("reconcile-statement")
def test_a_statement_is_matched_both_ways_and_changes_nothing(scene: Scene) -> None:
    both = scene.paid()
    here = scene.someone_else().paid()
    lost = scene.payment(scene.someone_else().pay("push_hang_lost"))
    before = [scene.payment(each.payment_id) for each in (both, here, lost)]
    hour = timedelta(hours=1)
    paid_at = datetime.fromtimestamp(both.transaction_at or 0, EAT)
    lost_at = datetime.fromtimestamp(lost.created_at + 20, EAT)
    rows = [
        "ORGANIZATION STATEMENT",
        "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,A/C No.",
        f"SIN1LAST01,{paid_at + hour:%d-%m-%Y %H:%M:%S},Withdrawal,Completed,,-1.50,",
        f'UKR1LOST01,{lost_at:%d-%m-%Y %H:%M:%S},Pay Bill,Completed,"1,000.00",,'
        f"{lost.account_reference}",
        f'{both.receipt_number},{paid_at:%d-%m-%Y %H:%M:%S},Pay Bill,Completed,"1,000.00",,X',
        f"SIN1FRST01,{paid_at - hour:%d-%m-%Y %H:%M:%S},Pay Bill Charge,Completed,,-1.50,",
    ]
    (scene.folder / "statement.csv").write_text("\r\n".join(rows), newline="")
    told = answer(scene, "reconcile-statement", str(scene.folder / "statement.csv"))
    verdicts = {
        match["payment_id"]: (match["verdict"], match["receipt_number"])
        for match in told["matches"]
    }
    assert verdicts[both.payment_id] == ("both", both.receipt_number)
    assert verdicts[here.payment_id] == ("only_here", here.receipt_number)
    assert verdicts[lost.payment_id] == ("only_there", "UKR1LOST01")
    assert [scene.payment(each.payment_id) for each in (both, here, lost)] == before


@tries("upgrade")
def test_an_older_payment_gets_the_time_of_its_money_once(scene: Scene) -> None:
    payment = scene.paid()
    day = eat_day(payment.created_at)
    assert hakika(scene, "upgrade", "--from", day).returncode == 2
    done = answer(scene, "upgrade", "--from", day, "--yes")
    assert done["had_it"] >= 1
    assert (done["written"], done["second_receipts"]) == (0, [])
