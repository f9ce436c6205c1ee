"""What a fresh stack starts with: a demo user, and consultations that wait to be paid."""

from dataclasses import dataclass

import requests

from local.errors import LocalStackError
from local.settings import LocalSettings
from local.state import StackState
from simulator.core.config import DEFAULT_MERCHANTS

CUSTOMER_ID = "demo-user"
ANSWER_SECONDS_MAX = 60.0
PRICE_KES = 1500
SANDBOX_PRICE_KES = 1


@dataclass(frozen=True)
class DemoConsultation:
    """One consultation of the demo window. Units: `price_kes` in whole shillings."""

    booking_id: str
    title: str
    price_kes: int


CONSULTATIONS = (
    DemoConsultation("demo-1", "Consultation with Dr. Achieng", 1500),
    DemoConsultation("demo-2", "Paediatric check-up with Dr. Kiptoo", 2000),
    DemoConsultation("demo-3", "Follow-up call with Dr. Wanjiku", 500),
)


def register_consultations(api_url: str, booking_token: str, client_id: str) -> None:
    """Register every demo consultation through the public API, as the booking system does."""
    for consultation in CONSULTATIONS:
        answer = requests.put(
            f"{api_url}/api/consultations/{consultation.booking_id}",
            json={
                "client_id": client_id,
                "price_kes": consultation.price_kes,
                "status": "Pending",
            },
            headers={"Authorization": f"Bearer {booking_token}"},
            timeout=ANSWER_SECONDS_MAX,
        )
        if not answer.ok:
            raise LocalStackError(
                f"registering consultation {consultation.booking_id} answered "
                f"{answer.status_code}: {answer.text[:300]}"
            )


def paybill_of(settings: LocalSettings) -> str | None:
    """Give the shortcode that the simulator's phones pay by hand, None for a till and sandbox."""
    if settings.uses_sandbox:
        return None
    known = {merchant.shortcode: merchant for merchant in DEFAULT_MERCHANTS}
    chosen = settings.values.get("SAFARICOM_SHORTCODE", "")
    merchant = known.get(chosen, DEFAULT_MERCHANTS[0])
    return None if merchant.till else merchant.shortcode


def demo_config(stack: StackState) -> dict[str, object]:
    """Give what the demo reads from /demo/config.json (web/demo/README.md describes it).

    Units: `priceKes` in whole shillings. Safaricom's sandbox charges a real phone: 1 there.
    """
    return {
        "apiBase": "",
        "simulatorBase": stack.simulator_url,
        "token": stack.customer_token,
        "clientId": stack.customer_id,
        "bookingsToken": stack.booking_token,
        "paybill": stack.paybill,
        "priceKes": PRICE_KES if stack.simulator_url else SANDBOX_PRICE_KES,
    }
