"""Calls the initiator APIs of a simulated Daraja on virtual time, and reads their Results."""

import base64
import json
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from simulator.core import HttpAnswer
from simulator.core.initiator.certificate import certificate_pem
from simulator.core.initiator.settings import DEFAULT_INITIATORS
from tests.unit.simulator.virtual_merchant import PAYS, VirtualMerchant

PASSWORD = DEFAULT_INITIATORS[0].password
PATHS = {
    "reversal": "/mpesa/reversal/v1/request",
    "status": "/mpesa/transactionstatus/v1/query",
    "balance": "/mpesa/accountbalance/v1/query",
    "b2c": "/mpesa/b2c/v3/paymentrequest",
    "b2c_v1": "/mpesa/b2c/v1/paymentrequest",
}
RESULT_URL = "https://pay.example.com/result/1"
TIMEOUT_URL = "https://pay.example.com/timeout/1"
_OWN: dict[str, dict[str, Any]] = {
    "reversal": {
        "CommandID": "TransactionReversal",
        "Amount": 100,
        "ReceiverParty": "174379",
        "RecieverIdentifierType": "11",
    },
    "status": {"CommandID": "TransactionStatusQuery", "PartyA": "174379", "IdentifierType": "4"},
    "balance": {"CommandID": "AccountBalance", "PartyA": "174379", "IdentifierType": "4"},
    "b2c": {"CommandID": "BusinessPayment", "Amount": 10, "PartyA": "174379", "PartyB": PAYS},
}
_OWN["b2c_v1"] = _OWN["b2c"]


def certificate_key() -> RSAPublicKey:
    """The public key in the simulator's certificate."""
    key = x509.load_pem_x509_certificate(certificate_pem()).public_key()
    assert isinstance(key, RSAPublicKey)
    return key


@lru_cache
def credential(password: str = PASSWORD) -> str:
    """The password encrypted as Daraja wants it."""
    block = certificate_key().encrypt(password.encode(), padding.PKCS1v15())
    return base64.b64encode(block).decode()


def call_fields(api: str, **changes: Any) -> dict[str, Any]:
    """A call in order, with some fields replaced; a field given as None is left out."""
    is_payout = api.startswith("b2c")
    fields = {
        "InitiatorName" if is_payout else "Initiator": "testapi",
        "SecurityCredential": credential(),
        "ResultURL": RESULT_URL,
        "QueueTimeOutURL": TIMEOUT_URL,
        "Remarks": "OK",
        **({"OriginatorConversationID": "own-1"} if api == "b2c" else {}),
        **_OWN[api],
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


class InitiatorClient(VirtualMerchant):
    """A merchant that was paid KES 100, with an API operator."""

    receipt: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.pushed(PAYS)
        self.run()
        self.receipt = next(iter(self.daraja.ledger.debits))

    def call(self, api: str, scenario: str | None = None, **changes: Any) -> HttpAnswer:
        """One call. Reversal and status ask about the payment where no other id is given."""
        named = {"TransactionID", "OriginalConversationID"} & set(changes)
        if api in ("reversal", "status") and not named:
            changes["TransactionID"] = self.receipt
        headers = {"X_Simulator_Scenario": scenario} if scenario else {}
        return self.post(PATHS[api], call_fields(api, **changes), **headers)

    def outcome(self, api: str, scenario: str | None = None, **changes: Any) -> dict[str, Any]:
        """The last Result of one call; {} where none comes."""
        before = len(self.received)
        answer = self.call(api, scenario, **changes)
        self.run()
        assert answer.status == 200 or scenario, answer.body
        posts = [each for each in self.received[before:] if each.url == RESULT_URL]
        result: dict[str, Any] = json.loads(posts[-1].body)["Result"] if posts else {}
        return result

    def code(self, api: str, scenario: str | None = None, **changes: Any) -> object:
        """The ResultCode of one call; None where no Result comes."""
        return self.outcome(api, scenario, **changes).get("ResultCode")


def parameters(result: dict[str, Any]) -> dict[str, Any]:
    """The ResultParameters by key; a parameter without a value gives None."""
    items = result["ResultParameters"]["ResultParameter"]
    listed = items if isinstance(items, list) else [items]
    return {each["Key"]: each.get("Value") for each in listed}
