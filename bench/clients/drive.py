"""Drives one Python client: `python drive.py CLIENT BASE CREDENTIAL`, with that client's Python.

Prints a JSON object: each step is null (the client lacks it), "" (it went well) or an error.
"""

# mypy: ignore-errors
import json
import sys
import time
import urllib.request
from base64 import b64encode
from datetime import datetime

KEY, SECRET, PAYBILL = "sandbox-consumer-key", "sandbox-consumer-secret", "174379"
PASSKEY = "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919"
PHONE, INITIATOR = "254708374149", "testapi"
CALLBACK = "https://pay.example.com/callback"
RESULT, TIMEOUT = "https://pay.example.com/result", "https://pay.example.com/timeout"
CONFIRM, VALIDATE = "https://pay.example.com/confirm", "https://pay.example.com/validate"
STEPS = ("push", "query", "c2b_register", "c2b_simulate", "status", "b2c", "reversal")
PAID_SECONDS = 8.0


def signed():
    """The fields that prove who asks, for clients that leave them to their user."""
    stamp = datetime.now().astimezone().strftime("%Y%m%d%H%M%S")
    password = b64encode(f"{PAYBILL}{PASSKEY}{stamp}".encode()).decode()
    return {"BusinessShortCode": PAYBILL, "Password": password, "Timestamp": stamp}


def push_fields():
    """A push in order."""
    return {
        **signed(), "TransactionType": "CustomerPayBillOnline", "Amount": 100, "PartyA": PHONE,
        "PartyB": PAYBILL, "PhoneNumber": PHONE, "CallBackURL": CALLBACK,
        "AccountReference": "ABC123", "TransactionDesc": "Payment",
    }  # fmt: skip


def initiator_fields(credential, **own):
    """What every initiator call has."""
    return {
        "SecurityCredential": credential, "ResultURL": RESULT, "QueueTimeOutURL": TIMEOUT,
        "Remarks": "Order 1", **own,
    }  # fmt: skip


def c2b_fields():
    """The two C2B calls."""
    register = {"ShortCode": PAYBILL, "ResponseType": "Completed", "ConfirmationURL": CONFIRM}
    simulate = {
        "ShortCode": PAYBILL, "CommandID": "CustomerPayBillOnline", "Amount": 50, "Msisdn": PHONE,
        "BillRefNumber": "ABC123",
    }  # fmt: skip
    return {**register, "ValidationURL": VALIDATE}, simulate


def money_fields(credential, receipt):
    """Status, B2C and reversal."""
    status = initiator_fields(
        credential, Initiator=INITIATOR, CommandID="TransactionStatusQuery", TransactionID=receipt,
        PartyA=PAYBILL, IdentifierType="4", Occasion="Check",
    )  # fmt: skip
    b2c = initiator_fields(
        credential, InitiatorName=INITIATOR, CommandID="BusinessPayment", Amount=10,
        PartyA=PAYBILL, PartyB=PHONE,
    )  # fmt: skip
    reversal = initiator_fields(
        credential, Initiator=INITIATOR, CommandID="TransactionReversal", TransactionID=receipt,
        Amount=100, ReceiverParty=PAYBILL, RecieverIdentifierType="11", Occasion="Refund",
    )  # fmt: skip
    return status, b2c, reversal


def noriapay(base, credential):
    """noriapay: typed dictionaries; the user signs."""
    from noriapay import MpesaClient

    client = MpesaClient(consumer_key=KEY, consumer_secret=SECRET, base_url=base)
    register, _ = c2b_fields()
    return {
        "push": lambda _: client.stk_push(push_fields())["CheckoutRequestID"],
        "query": lambda made: client.stk_push_query({**signed(), "CheckoutRequestID": made.id}),
        "c2b_register": lambda _: client.register_c2b_urls(register),
        "status": lambda made: client.transaction_status(money_fields(credential, made.receipt)[0]),
        "b2c": lambda made: client.b2c_payment(money_fields(credential, made.receipt)[1]),
        "reversal": lambda made: client.reversal(money_fields(credential, made.receipt)[2]),
    }


def daraja_v3(base, credential):
    """daraja-v3."""
    from mpesa import MpesaClient

    client = MpesaClient(KEY, SECRET, PAYBILL, PASSKEY, base_url=base)
    return {
        "push": lambda _: client.stk_push(
            PHONE, 100, "ABC123", callback_url=CALLBACK
        ).checkout_request_id,
        "query": lambda made: client.stk_query(made.id),
        "c2b_register": lambda _: client.c2b_register_urls(VALIDATE, CONFIRM),
        "b2c": lambda _: client.b2c(
            PHONE, 10, callback_url=RESULT, queue_timeout_url=TIMEOUT, initiator_name=INITIATOR,
            security_credential=credential,
        ),
    }  # fmt: skip


def mpesakit(base, credential):
    """mpesakit, through its services."""
    from mpesakit.auth import TokenManager
    from mpesakit.b2c import B2CCommandIDType
    from mpesakit.http_client import MpesaHttpClient
    from mpesakit.mpesa_express.schemas import StkPushQueryRequest, StkPushSimulateRequest
    from mpesakit.mpesa_express.stk_push import StkPush
    from mpesakit.services.b2c import B2CService
    from mpesakit.services.c2b import C2BService
    from mpesakit.services.reversal import ReversalService
    from mpesakit.services.transaction import TransactionService

    http = MpesaHttpClient(env="sandbox")
    http.base_url = base
    tokens = TokenManager(consumer_key=KEY, consumer_secret=SECRET, http_client=http)
    parts = {"http_client": http, "token_manager": tokens}
    stk = StkPush(**parts)
    urls = {"result_url": RESULT, "queue_timeout_url": TIMEOUT}
    fields = {**push_fields(), "BusinessShortCode": int(PAYBILL)}
    return {
        "push": lambda _: stk.push(StkPushSimulateRequest(**fields)).CheckoutRequestID,
        "query": lambda made: stk.query(
            StkPushQueryRequest(
                BusinessShortCode=int(PAYBILL), Passkey=PASSKEY, CheckoutRequestID=made.id
            )
        ),
        "c2b_register": lambda _: C2BService(**parts).register_url(
            int(PAYBILL), "Completed", CONFIRM, VALIDATE
        ),
        "status": lambda made: TransactionService(**parts).query_status(
            INITIATOR, credential, made.receipt, int(PAYBILL), 4, occasion="Check", **urls
        ),
        "b2c": lambda _: B2CService(**parts).send_payment(
            "own-1", INITIATOR, credential, B2CCommandIDType.BusinessPayment, 10, PAYBILL, PHONE,
            "Order 1", TIMEOUT, RESULT,
        ),
        "reversal": lambda made: ReversalService(**parts).reverse(
            INITIATOR, credential, made.receipt, 100, int(PAYBILL), remarks="Order 1", **urls
        ),
    }  # fmt: skip


def django_daraja(base, credential):
    """django-daraja; it encrypts with its own certificate, so its key is replaced as well."""
    import tempfile

    import django
    from django.conf import settings
    from django.core.management import call_command

    settings.configure(
        SECRET_KEY="only-for-this-run", INSTALLED_APPS=["django_daraja"], USE_TZ=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3",
                               "NAME": f"{tempfile.mkdtemp()}/db.sqlite3"}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField", MPESA_ENVIRONMENT="sandbox",
        MPESA_CONSUMER_KEY=KEY, MPESA_CONSUMER_SECRET=SECRET, MPESA_SHORTCODE=PAYBILL,
        MPESA_EXPRESS_SHORTCODE=PAYBILL, MPESA_PASSKEY=PASSKEY,
        MPESA_INITIATOR_USERNAME=INITIATOR, MPESA_INITIATOR_SECURITY_CREDENTIAL="unused",
    )  # fmt: skip
    django.setup()
    call_command("migrate", verbosity=0)
    from django_daraja.mpesa import core, utils

    for module in (core, utils):
        module.api_base_url = lambda: f"{base}/"
    core.encrypt_security_credential = lambda _password: credential
    client = core.MpesaClient()
    return {
        "push": lambda _: (
            accepted(client.stk_push(PHONE, 100, "ABC123", "Payment", CALLBACK)).checkout_request_id
        ),
        "b2c": lambda _: accepted(
            client.business_payment(PHONE, 10, "Order 1", RESULT, "Occasion")
        ),
    }


def daraja_sdk_py(base, credential):
    """daraja-sdk-py."""
    import daraja
    from daraja import environment

    environment.SANDBOX_BASE_URL = base
    client = daraja.Mpesa(
        {"consumer_key": KEY, "consumer_secret": SECRET, "environment": "sandbox",
         "passkey": PASSKEY, "short_code": PAYBILL, "shortcode": PAYBILL}
    )  # fmt: skip
    whole = {"BusinessShortCode": int(PAYBILL), "PartyA": int(PHONE), "PartyB": int(PAYBILL)}
    register, simulate = c2b_fields()

    def money(number, receipt):
        numbers = ("PartyA", "PartyB", "ReceiverParty", "IdentifierType")
        fields = money_fields(credential, receipt)[number]
        return {name: int(x) if name in numbers else x for name, x in fields.items()}

    return {
        "push": lambda _: (
            client.stk_push({**push_fields(), **whole, "PhoneNumber": int(PHONE)}).CheckoutRequestID
        ),
        "query": lambda made: client.stk_query({**signed(), "CheckoutRequestID": made.id}),
        "c2b_register": lambda _: client.c2b_register_url(register),
        "c2b_simulate": lambda _: client.c2b_simulate(
            {**simulate, "ShortCode": int(PAYBILL), "Msisdn": int(PHONE)}
        ),
        "status": lambda made: client.transaction_status(money(0, made.receipt)),
        "b2c": lambda made: client.b2c(
            {**money(1, made.receipt), "OriginatorConversationID": "own-1"}
        ),
        "reversal": lambda made: client.reversal(money(2, made.receipt)),
    }


def pympesa(base, credential):
    """pympesa: keyword arguments; the user signs."""
    import pympesa as package
    from pympesa.urls import URL

    sandbox = URL["sandbox"]["v1"]
    for name, url in sandbox.items():
        sandbox[name] = url.replace("https://sandbox.safaricom.co.ke", base)
    token = package.oauth_generate_token(KEY, SECRET, env="sandbox").json()["access_token"]
    client = package.Pympesa(token, env="sandbox", timeout=20)
    register, simulate = c2b_fields()
    return {
        "push": lambda _: answered(client.lipa_na_mpesa_online_payment(**push_fields()))[
            "CheckoutRequestID"
        ],
        "query": lambda made: answered(
            client.lipa_na_mpesa_online_query(**signed(), CheckoutRequestID=made.id)
        ),
        "c2b_register": lambda _: answered(client.c2b_register_url(**register)),
        "c2b_simulate": lambda _: answered(client.c2b_simulate_transaction(**simulate)),
        "status": lambda made: answered(
            client.transation_status_request(**money_fields(credential, made.receipt)[0])
        ),
        "b2c": lambda made: answered(
            client.b2c_payment_request(
                **money_fields(credential, made.receipt)[1], Occassion="Order"
            )
        ),
        "reversal": lambda made: answered(
            client.reversal_request(**money_fields(credential, made.receipt)[2])
        ),
    }


def answered(response):
    """The body of an answer that is no refusal."""
    if response.status_code != 200:
        raise RuntimeError(response.json().get("errorMessage"))
    return response.json()


def accepted(response):
    """django-daraja's answer, where it is no refusal."""
    if response.response_code != "0":
        raise RuntimeError(response.error_message)
    return response


class Made:
    """What the steps before have made."""

    id = receipt = ""


def main(client, base, credential):
    """Runs every step that the client has."""
    calls = globals()[client.replace("-", "_")](base, credential)
    made, said = Made(), {}
    for step in STEPS:
        said[step] = None
        if step not in calls:
            continue
        try:
            given = calls[step](made)
            said[step] = ""
        except Exception as error:
            said[step] = f"{type(error).__name__}: {error}"[:160]
            continue
        if step == "push":
            made.id = given
            time.sleep(PAID_SECONDS)
            with urllib.request.urlopen(f"{base}/_simulator/ledger") as answer:
                made.receipt = json.load(answer)["debits"][0]["receipt"]
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
