"""django-daraja as its documentation shows it: stk_push, then parse_stk_result in the callback.

Only the base URL is replaced. Run it with a Python that has django-daraja.
"""

import tempfile
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command

from bench.referee.small_backend import SmallBackend
from simulator.core.config import SANDBOX_PASSKEY, SANDBOX_SHORTCODE
from simulator.referee.adapter import Context, Order

FOLDER = Path(tempfile.mkdtemp())
settings.configure(
    SECRET_KEY="only-for-this-run",
    INSTALLED_APPS=["django_daraja"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": FOLDER / "db.sqlite3",
            "OPTIONS": {"timeout": 30},
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
    MPESA_ENVIRONMENT="sandbox",
    MPESA_CONSUMER_KEY="sandbox-consumer-key",
    MPESA_CONSUMER_SECRET="sandbox-consumer-secret",
    MPESA_SHORTCODE=SANDBOX_SHORTCODE,
    MPESA_EXPRESS_SHORTCODE=SANDBOX_SHORTCODE,
    MPESA_PASSKEY=SANDBOX_PASSKEY,
)
django.setup()

from django_daraja.mpesa import core, utils  # noqa: E402

CLIENT = core.MpesaClient()


def _push(order: Order) -> str | None:
    answer = CLIENT.stk_push(
        order.phone_number, order.amount_kes, order.reference, "Payment", BACKEND.callback_url
    )
    return answer.checkout_request_id if answer.response_code == "0" else None


BACKEND = SmallBackend(CLIENT.parse_stk_result, _push)
charge, verdict, stop = BACKEND.charge, BACKEND.verdict, BACKEND.stop


def start(context: Context) -> None:
    """Points the package at the simulator and listens."""
    call_command("migrate", verbosity=0)
    for module in (core, utils):
        module.api_base_url = lambda: f"{context.simulator_url}/"
    CLIENT.access_token()  # one token for all; first pushes at once would end each other's
    BACKEND.start()
