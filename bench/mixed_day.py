"""A day of everything on virtual time: pushes, payments by hand, Pull, reversals and payouts.

Equal seeds must give equal days, byte for byte, and the ledger must balance after every one.
`python -m bench.simulator` plays 10,000 operations, the tests a few hundred.
"""

import base64
import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from simulator.core import Config, Daraja, HttpAnswer, HttpRequest
from simulator.core.chance import unit
from simulator.core.config import SANDBOX_PASSKEY, SANDBOX_SHORTCODE
from simulator.core.identifiers import eat
from simulator.core.initiator.certificate import certificate_pem
from simulator.core.initiator.settings import DEFAULT_INITIATORS

NOON = 1_795_424_400.0
STAMP = "20261123120000"
FIRST_NUMBER = 10_000_000  # beyond the test numbers, which have ways of their own
PHONES = 900
SECONDS_BETWEEN = 5.0
PULL_SECONDS = 1_800.0
SHARES = (("push", 0.5), ("hand", 0.25), ("pull", 0.1), ("reversal", 0.08), ("b2c", 0.07))
BAD_DAYS: list[tuple[object, float]] = [
    ("pays+callback_lost", 0.03),
    ("pays+callback_three_times", 0.03),
    ("pays+callback_late", 0.03),
    ("pays+callback_reversed", 0.02),
    ("pays+push_hang", 0.02),
    ("pays+twin_twice", 0.02),
    ("pays+twin_lost", 0.02),
    ("cancels", 0.05),
    ("ignores", 0.05),
]
SETTINGS: dict[str, Any] = {
    "token_seconds": 1e9,
    "journal_max": 10_000_000,
    "c2b_loss": 0.03,
    "c2b_validation": True,
    "pull_delay_seconds_max": 300.0,
    "opening_utility_kes": 10_000,
}
PUBLIC = "https://pay.example.com"


@dataclass(frozen=True, slots=True)
class Day:
    """What a day came to. `digest` covers every journal entry and every answer."""

    digest: str
    operations: dict[str, int]
    payments: int
    reversals: int
    payouts: int
    is_balanced: bool


@dataclass
class _Player:
    seed: int
    now: float = NOON
    answers: Any = field(default_factory=sha256)
    counts: dict[str, int] = field(default_factory=dict)
    bearer: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.daraja = Daraja(clock=lambda: self.now, seed=self.seed, config=Config(**SETTINGS))
        self.daraja.set_scenario("pays", BAD_DAYS)
        key = base64.b64encode(b"sandbox-consumer-key:sandbox-consumer-secret").decode()
        grant = {"grant_type": "client_credentials"}
        headers = {"Authorization": f"Basic {key}"}
        answer = self.daraja.handle(HttpRequest("GET", "/oauth/v1/generate", headers, b"", grant))
        self.bearer = {
            "Authorization": f"Bearer {answer.json()['access_token']}",
            "Content-Type": "application/json",
        }
        self.credential = _credential()

    def post(self, path: str, fields: dict[str, object]) -> HttpAnswer:
        """One call, its answer counted into the digest."""
        body = json.dumps(fields).encode()
        answer = self.daraja.handle(HttpRequest("POST", path, self.bearer, body))
        self.answers.update(answer.body)
        return answer

    def play(self, number: int) -> None:
        """The n-th operation, drawn from the seed, and everything that is due by then."""
        drawn, kind = unit(self.seed, "operation", number), "push"
        for name, share in SHARES:
            kind = name
            if drawn < share:
                break
            drawn -= share
        self.counts[kind] = self.counts.get(kind, 0) + 1
        getattr(self, kind)(number)
        self.now += SECONDS_BETWEEN
        self.deliver()

    def deliver(self) -> None:
        """Answers what is due; the validation refuses one in ten."""
        for each in self.daraja.due_callbacks():
            is_refused = each.url.endswith("/validate") and unit(self.seed, each.id) < 0.1
            self.answers.update(each.body)
            code = "C2B00012" if is_refused else "0"
            self.daraja.callback_answered(each.id, 200, b'{"ResultCode":"%s"}' % code.encode())

    def push(self, number: int) -> None:
        msisdn = int(self._phone(number))
        plain = f"{SANDBOX_SHORTCODE}{SANDBOX_PASSKEY}{STAMP}"
        self.post(
            "/mpesa/stkpush/v1/processrequest",
            {
                "BusinessShortCode": int(SANDBOX_SHORTCODE),
                "Password": base64.b64encode(plain.encode()).decode(),
                "Timestamp": STAMP,
                "TransactionType": "CustomerPayBillOnline",
                "Amount": 1 + number % 700,
                "PartyA": msisdn,
                "PartyB": int(SANDBOX_SHORTCODE),
                "PhoneNumber": msisdn,
                "CallBackURL": f"{PUBLIC}/callback",
                "AccountReference": f"B{number}",
                "TransactionDesc": "Bench",
            },
        )

    def hand(self, number: int) -> None:
        is_till = number % 3 == 0
        self.daraja.pay_by_hand(
            self._phone(number),
            number="5123456" if is_till else SANDBOX_SHORTCODE,
            account="" if is_till else f"H{number}",
            amount_kes=1 + number % 300,
            is_till=is_till,
            pin="0000" if number % 40 == 1 else None,
        )

    def pull(self, number: int) -> None:
        self.post(
            "/pulltransactions/v1/query",
            {
                "ShortCode": SANDBOX_SHORTCODE,
                "StartDate": f"{eat(self.now - PULL_SECONDS):%Y-%m-%d %H:%M:%S}",
                "EndDate": f"{eat(self.now):%Y-%m-%d %H:%M:%S}",
                "OffSetValue": str(number % 3 * 10),
            },
        )

    def reversal(self, number: int) -> None:
        paid = [*self.daraja.ledger.debits.values()][-30:]
        debit = paid[int(unit(self.seed, "reversal", number) * len(paid))] if paid else None
        self.post(
            "/mpesa/reversal/v1/request",
            {
                **self._initiator("Initiator", "TransactionReversal"),
                "TransactionID": debit.receipt if debit else "UKN0000000",
                "Amount": debit.amount_kes if debit else 1,
                "ReceiverParty": debit.shortcode if debit else SANDBOX_SHORTCODE,
                "RecieverIdentifierType": "11",
            },
        )

    def b2c(self, number: int) -> None:
        self.post(
            "/mpesa/b2c/v3/paymentrequest",
            {
                **self._initiator("InitiatorName", "BusinessPayment"),
                "OriginatorConversationID": f"own-{number // 10}",  # some are sent again
                "Amount": 10 + number % 50,
                "PartyA": SANDBOX_SHORTCODE,
                "PartyB": self._phone(number),
            },
        )

    def _initiator(self, name: str, command: str) -> dict[str, object]:
        return {
            name: DEFAULT_INITIATORS[0].name,
            "SecurityCredential": self.credential,
            "CommandID": command,
            "ResultURL": f"{PUBLIC}/result",
            "QueueTimeOutURL": f"{PUBLIC}/timeout",
            "Remarks": "Bench",
        }

    def _phone(self, number: int) -> str:
        return f"2547{FIRST_NUMBER + int(unit(self.seed, 'phone', number) * PHONES):08d}"


def play_day(operations: int, seed: int) -> Day:
    """One whole day, until nothing is owed any more."""
    player = _Player(seed)
    addresses = {"ConfirmationURL": f"{PUBLIC}/confirm", "ValidationURL": f"{PUBLIC}/validate"}
    registration: dict[str, object] = {
        "ShortCode": SANDBOX_SHORTCODE,
        "ResponseType": "Completed",
        **addresses,
    }
    assert player.post("/mpesa/c2b/v1/registerurl", registration).status == 200
    pull: dict[str, object] = {
        "ShortCode": SANDBOX_SHORTCODE,
        "RequestType": "Pull",
        "NominatedNumber": "254712345678",
        "CallBackURL": f"{PUBLIC}/pull",
    }
    assert player.post("/pulltransactions/v1/register", pull).status == 200
    for number in range(operations):
        player.play(number)
    daraja = player.daraja
    while (at := daraja.next_event_at()) is not None:
        player.now = max(player.now, at)
        player.deliver()
    digest = sha256(f"{daraja.journal.digest()} {player.answers.hexdigest()}".encode())
    kinds = [str(each.kind) for each in daraja.ledger.books.movements]
    return Day(
        digest=digest.hexdigest(),
        operations=player.counts,
        payments=len(daraja.ledger.debits),
        reversals=kinds.count("reversal"),
        payouts=kinds.count("payout"),
        is_balanced=daraja.ledger.is_balanced,
    )


def _credential() -> str:
    key = x509.load_pem_x509_certificate(certificate_pem()).public_key()
    assert isinstance(key, RSAPublicKey)
    block = key.encrypt(DEFAULT_INITIATORS[0].password.encode(), padding.PKCS1v15())
    return base64.b64encode(block).decode()
