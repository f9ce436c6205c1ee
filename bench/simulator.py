"""How much the simulator carries: `python -m bench.simulator` from the repository's root.

1. Over HTTP: 200 pushes a second for 30 s with callbacks, every check and the ledger on; the
   merchant (client and callback sink) is this process, the simulator another one. Afterwards what
   the callbacks said is audited against the ledger.
2. In process: 10,000 mixed operations (pushes, payments by hand, Pull, reversals, payouts) with bad
   days on virtual time, twice; both histories must be equal and the ledger must balance.

Ends with status 1 where a push was refused, a callback is missing, the audit finds something, the
rate was not reached or the histories differ. A run of the full size writes its figures into
docs/simulator.md (bench/simulator_page.py).
"""

import argparse
import asyncio
import base64
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from bench import simulator_page
from bench.mixed_day import play_day
from simulator.core.config import SANDBOX_PASSKEY, SANDBOX_SHORTCODE

RATE, SECONDS, OPERATIONS = 200, 30, 10_000
"""The full size, which the figures of docs/simulator.md are of."""
SIMULATOR_PORT = 9610
SINK_PORT = 9611
START_SECONDS_MAX = 20.0
CALLBACK_SECONDS_MAX = 30.0
STAMP = "20261123120000"
FIRST_NUMBER = 10_000_000  # beyond the test numbers, which have ways of their own
NOON = 1_795_424_400.0
PASSWORD = base64.b64encode(f"{SANDBOX_SHORTCODE}{SANDBOX_PASSKEY}{STAMP}".encode()).decode()
BASIC = base64.b64encode(b"sandbox-consumer-key:sandbox-consumer-secret").decode()
BAD_DAYS: list[tuple[object, float]] = [
    ("pays+callback_lost", 0.03),
    ("pays+callback_three_times", 0.03),
    ("pays+callback_late", 0.03),
    ("pays+callback_reversed", 0.02),
    ("pays+push_hang", 0.02),
    ("pays+callback_shuffled+callback_masked_phone", 0.02),
    ("cancels", 0.05),
    ("ignores", 0.05),
]


def push_body(msisdn: str, amount_kes: int, callback_url: str) -> bytes:
    """One push as a client sends it."""
    return json.dumps(
        {
            "BusinessShortCode": int(SANDBOX_SHORTCODE),
            "Password": PASSWORD,
            "Timestamp": STAMP,
            "TransactionType": "CustomerPayBillOnline",
            "Amount": amount_kes,
            "PartyA": int(msisdn),
            "PartyB": int(SANDBOX_SHORTCODE),
            "PhoneNumber": int(msisdn),
            "CallBackURL": callback_url,
            "AccountReference": "BENCH",
            "TransactionDesc": "Bench",
        }
    ).encode()


# Over HTTP


@dataclass
class Merchant:
    """The client and the callback sink, with what they saw."""

    latencies: list[float] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    beliefs: list[dict[str, Any]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """The callback's address."""
        callback = json.loads(await request.read())["Body"]["stkCallback"]
        values = {e["Name"]: e.get("Value") for e in callback["CallbackMetadata"]["Item"]}
        self.beliefs.append(
            {
                "receipt": values["MpesaReceiptNumber"],
                "amount": int(values["Amount"]),
                "phone": str(values["PhoneNumber"]),
                "checkout_request_id": callback["CheckoutRequestID"],
            }
        )
        return web.json_response({"ResultCode": 0, "ResultDesc": "Accepted"})

    async def push(self, session: aiohttp.ClientSession, token: str, number: int) -> None:
        """One push, timed."""
        body = push_body(
            f"2547{FIRST_NUMBER + number:08d}", 1 + number % 500, f"http://127.0.0.1:{SINK_PORT}/c"
        )
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        url = f"http://127.0.0.1:{SIMULATOR_PORT}/mpesa/stkpush/v1/processrequest"
        began = time.perf_counter()
        async with session.post(url, data=body, headers=headers) as response:
            text = await response.text()
        self.latencies.append(time.perf_counter() - began)
        if response.status != 200:
            self.refusals.append(text)


async def over_http(rate: int, seconds: int) -> tuple[bool, dict[str, Any]]:
    """Runs the load: whether everything was right, and the figures."""
    merchant = Merchant()
    sink = await _serve_sink(merchant)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "simulator", "--port", str(SIMULATOR_PORT), "--short-times"),
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            token = await _start(session)
            began = time.perf_counter()
            await _load(session, merchant, token, rate, seconds)
            took = time.perf_counter() - began
            await _callbacks_in(session, merchant)
            return await _report(session, merchant, rate, took)
    finally:
        process.terminate()
        await process.wait()
        await sink.cleanup()


async def _serve_sink(merchant: Merchant) -> web.AppRunner:
    app = web.Application()
    app.router.add_post("/c", merchant.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", SINK_PORT).start()
    return runner


async def _start(session: aiohttp.ClientSession) -> str:
    base = f"http://127.0.0.1:{SIMULATOR_PORT}"
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            async with session.put(f"{base}/_simulator/scenario", json={"scenario": "pays"}):
                break
        except aiohttp.ClientConnectionError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.1)
    url = f"{base}/oauth/v1/generate?grant_type=client_credentials"
    async with session.get(url, headers={"Authorization": f"Basic {BASIC}"}) as response:
        return str((await response.json())["access_token"])


async def _load(
    session: aiohttp.ClientSession, merchant: Merchant, token: str, rate: int, seconds: int
) -> None:
    """Sends at the rate whatever the answers take: a slow server cannot slow the clock down."""
    began = time.perf_counter()
    pushes = []
    for number in range(rate * seconds):
        pushes.append(asyncio.create_task(merchant.push(session, token, number)))
        ahead = (number + 1) / rate - (time.perf_counter() - began)
        if ahead > 0:
            await asyncio.sleep(ahead)
        if number % (rate * 5) == 0 and sys.stderr.isatty():
            print(f"  {number} of {rate * seconds} pushes", file=sys.stderr)
    await asyncio.gather(*pushes)


async def _callbacks_in(session: aiohttp.ClientSession, merchant: Merchant) -> None:
    url = f"http://127.0.0.1:{SIMULATOR_PORT}/_simulator/health"
    deadline = time.monotonic() + CALLBACK_SECONDS_MAX
    while time.monotonic() < deadline:
        async with session.get(url) as response:
            health = await response.json()
        is_in = len(merchant.beliefs) >= len(merchant.latencies)
        if is_in and health["callbacks_waiting"] == health["callbacks_out"] == 0:
            return
        await asyncio.sleep(0.2)
    print(f"callbacks are still out after {CALLBACK_SECONDS_MAX:.0f} s")


async def _report(
    session: aiohttp.ClientSession, merchant: Merchant, rate: int, took: float
) -> tuple[bool, dict[str, Any]]:
    base = f"http://127.0.0.1:{SIMULATOR_PORT}/_simulator"
    async with session.post(f"{base}/audit", json={"beliefs": merchant.beliefs}) as response:
        audit = await response.json()
    async with session.get(f"{base}/ledger") as response:
        is_balanced = (await response.json())["is_balanced"]
    lags = await _callback_lags(session, base)
    pushes = len(merchant.latencies)
    reached = pushes / took
    refused = len(merchant.refusals)
    print(f"pushes        {pushes} in {took:.1f} s = {reached:.0f}/s, {refused} refused")
    print(f"push latency  {_percentiles(merchant.latencies)}")
    print(f"callbacks     {len(merchant.beliefs)}, posted late by {_percentiles(lags)}")
    print(
        f"ledger        {audit['debits']} debits, KES {audit['debited_kes']}, "
        f"{'balanced' if is_balanced else 'NOT BALANCED'}, {len(audit['findings'])} audit findings"
    )
    is_right = (
        not merchant.refusals
        and len(merchant.beliefs) == audit["debits"] == pushes
        and audit["is_clean"]
        and is_balanced
        and reached >= rate * 0.98
    )
    return is_right, {
        "seconds": round(pushes / rate),
        "pushes_per_second": reached,
        "pushes": pushes,
        "refused": refused,
        "median_ms": _percentile(merchant.latencies, 0.5) * 1000,
        "p99_ms": _percentile(merchant.latencies, 0.99) * 1000,
        "debits": audit["debits"],
        "callbacks": len(merchant.beliefs),
        "findings": len(audit["findings"]),
    }


async def _callback_lags(session: aiohttp.ClientSession, base: str) -> list[float]:
    """How long after the time they were due the callbacks were posted."""
    lags: list[float] = []
    after = 0
    while True:
        url = f"{base}/journal?kind=callback_posted&limit=5000&after={after}"
        async with session.get(url) as response:
            page = await response.json()
        if not page["entries"]:
            return lags
        lags += [each["at"] - each["due_at"] for each in page["entries"]]
        after = page["after"]


def _percentiles(values: list[float]) -> str:
    picked = ((name, _percentile(values, part)) for name, part in _PARTS)
    return ", ".join(f"{name} {value * 1000:.1f} ms" for name, value in picked)


def _percentile(values: list[float], part: float) -> float:
    ordered = sorted(values) or [0.0]
    return ordered[int((len(ordered) - 1) * part)]


_PARTS = (("median", 0.5), ("p95", 0.95), ("p99", 0.99), ("most", 1.0))


# In process


def in_process(operations: int) -> tuple[bool, dict[str, Any]]:
    """Plays the same day twice: whether both are equal and the money adds up, and the figures."""
    began = time.perf_counter()
    first = play_day(operations, seed=4)
    took = time.perf_counter() - began
    second, other = play_day(operations, seed=4), play_day(operations, seed=5)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(first.operations.items()))
    print(
        f"replay        {operations} operations ({kinds}) in {took:.2f} s\n"
        f"money         {first.payments} payments, {first.reversals} reversals, "
        f"{first.payouts} payouts, {'balanced' if first.is_balanced else 'NOT BALANCED'}, "
        f"digest {first.digest[:16]}"
    )
    print(f"again         {'identical' if first == second else 'DIFFERENT'}")
    print(f"other seed    {'different, as it must be' if other != first else 'THE SAME'}")
    has_all = min(first.payments, first.reversals, first.payouts) > 0
    is_right = first == second and other != first and first.is_balanced and has_all
    return is_right, {
        "operations": first.operations,
        "payments": first.payments,
        "reversals": first.reversals,
        "payouts": first.payouts,
        "is_equal": first == second,
        "is_balanced": first.is_balanced,
    }


def main() -> int:
    """Runs both, keeps the figures of a run of the full size, and gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.simulator")
    parser.add_argument("--rate", type=int, default=RATE, help="pushes a second (%(default)s)")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for so long (%(default)s)")
    parser.add_argument(
        "--operations", type=int, default=OPERATIONS, help="to replay (%(default)s)"
    )
    given = parser.parse_args()
    is_day_right, day = in_process(given.operations)
    is_load_right, load = asyncio.run(over_http(given.rate, given.seconds))
    if (given.rate, given.seconds, given.operations) == (RATE, SECONDS, OPERATIONS):
        simulator_page.keep({"load": load, "day": day})
    is_right = is_day_right and is_load_right
    print("ok" if is_right else "NOT OK")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
