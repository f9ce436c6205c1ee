"""`hakika doctor --push`: a payment of KES 1 the whole way, as a customer's browser would."""

import json
import os
import secrets
from collections.abc import Mapping
from typing import Any

import jwt
import requests
from payments.ports import Actor
from payments.protocol.consultation import BookingStatus
from payments.protocol.payment import Payment, PaymentStatus, Proof
from payments.usecases.register_consultation import register_consultation

from tools.hakika.errors import RefusedError
from tools.hakika.findings import Finding, Health
from tools.hakika.session import Session

CLIENT_ID = "hakika-doctor"
AMOUNT_KES = 1
TOKEN_SECONDS = 600
WAIT_SECONDS_MAX = 180
POLL_SECONDS = 3
ANSWER_SECONDS_MAX = 35


def prove_by_push(session: Session, msisdn: str) -> list[Finding]:
    """Take KES 1 and say how far it came. Errors: RefusedError where it cannot begin."""
    booking_id = f"doctor-{secrets.token_hex(4)}"
    register_consultation(
        session.parts,
        booking_id=booking_id,
        client_id=CLIENT_ID,
        price_kes=AMOUNT_KES,
        status=BookingStatus.PENDING,
        actor=Actor(by="operator:doctor", request_id=f"hakika-{secrets.token_hex(8)}"),
    )
    status, body = _initiate(session, booking_id, msisdn)
    if status not in (200, 202):
        said = f"HTTP {status}: {body.get('error', 'no JSON came back')}"
        return [Finding(check="push", health=Health.BAD, detail=said)]
    payment_id = str(body["payment_id"])
    accepted = Finding(
        check="push",
        health=Health.GOOD if status == 200 else Health.DOUBTFUL,
        detail=f"Daraja answered; payment {payment_id}, booking {booking_id}",
    )
    return [accepted, _judge(_wait(session, payment_id))]


def _initiate(session: Session, booking_id: str, msisdn: str) -> tuple[int, dict[str, Any]]:
    """Call the public API with a token, so that gateway and authentication are proven as well."""
    order = {"phone_number": msisdn, "amount": AMOUNT_KES, "booking_id": booking_id}
    try:
        response = session.deployment.api_session().post(
            f"{session.deployment.api_url}/api/payment/mpesa/stk-push",
            json=order,
            headers={"Authorization": f"Bearer {_token(session)}"},
            timeout=ANSWER_SECONDS_MAX,
        )
        body = response.json()
    except requests.JSONDecodeError:
        return response.status_code, {}
    except requests.RequestException as error:
        raise RefusedError(f"The API does not answer: {type(error).__name__}") from error
    return response.status_code, body if isinstance(body, dict) else {}


def _token(session: Session) -> str:
    """Sign a short token, or take the one a JWKS identity provider made (HAKIKA_TOKEN)."""
    environment = session.deployment.environment("stk-push")
    if environment.get("JWKS_URL"):
        token = os.environ.get("HAKIKA_TOKEN")
        if not token:
            raise RefusedError(
                "This deployment takes tokens of an identity provider: put one for the subject "
                f"{CLIENT_ID} into the environment variable HAKIKA_TOKEN"
            )
        return token
    stored = session.deployment.client("secretsmanager").get_secret_value(
        SecretId=session.deployment.outputs["JwtSecretArn"]
    )
    secret = str(json.loads(stored["SecretString"])["JWT_SECRET"])
    return jwt.encode(_claims(environment, session.now()), secret, algorithm="HS256")


def _claims(environment: Mapping[str, str], now: int) -> dict[str, object]:
    claims: dict[str, object] = {"sub": CLIENT_ID, "iat": now, "exp": now + TOKEN_SECONDS}
    for claim, name in (("iss", "JWT_ISSUER"), ("aud", "JWT_AUDIENCE")):
        if environment.get(name):
            claims[claim] = environment[name]
    return claims


def _wait(session: Session, payment_id: str) -> Payment:
    """Read the payment until a verdict fell or time is up; the cleanup asks Daraja meanwhile."""
    give_up_at = session.now() + WAIT_SECONDS_MAX
    while True:
        payment = session.parts.store.get_payment(payment_id)
        if payment is None:
            raise RefusedError(f"Payment {payment_id} is not in this deployment's table")
        if not payment.is_open or session.now() >= give_up_at:
            return payment
        session.parts.sleep(POLL_SECONDS)


def _judge(payment: Payment) -> Finding:
    health, said = Health.BAD, f"{payment.status}: {payment.result_desc or 'no verdict in time'}"
    if payment.status is PaymentStatus.COMPLETED and payment.proof is Proof.CALLBACK:
        health = Health.GOOD
        said = f"paid and called back, receipt {payment.receipt_number}. Send the shilling back"
    elif payment.status is PaymentStatus.COMPLETED:
        health = Health.DOUBTFUL
        said = (
            "paid, but no authentic callback came: in the sandbox that is usual; in production "
            "check the callback URL and CallbackSourceIps"
        )
    return Finding(check="callback", health=health, detail=said)
