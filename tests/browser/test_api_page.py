"""The API's description at /docs of the local stack: readable, and each call can be tried."""

import json
import secrets
from typing import Any

import yaml
from playwright.sync_api import BrowserContext, Page, expect

from local.api_pages import DESCRIPTION
from local.client import SimulatorClient
from local.demo import new_booking, new_phone
from local.state import StackState
from tests.browser.checkout import check_accessibility


def call(page: Page, operation_id: str, body: dict[str, Any], **parameters: str) -> dict[str, Any]:
    """Open an operation, fill in its fields, press Execute and give the answer's body."""
    block = page.locator(f".opblock[id$='-{operation_id}']")
    block.locator(".opblock-summary-control").click()
    for name, value in parameters.items():
        block.locator(f"tr[data-param-name='{name}'] input").fill(value)
    block.locator("textarea").fill(json.dumps(body))
    with page.expect_response(lambda response: "/api/" in response.url) as answered:
        block.get_by_role("button", name="Execute").click()
    expect(block.locator(".live-responses-table")).to_be_visible()
    assert answered.value.status == 200, answered.value.text()
    document: dict[str, Any] = answered.value.json()
    return document


def test_a_payment_is_tried_in_the_browser_with_the_demo_tokens(
    context: BrowserContext, stack: StackState, daraja: SimulatorClient, errors: list[str]
) -> None:
    page = context.new_page()
    page.goto(f"{stack.api_url}/docs")
    expect(page.get_by_role("heading", name="Consultations")).to_be_visible()
    check_accessibility(page)
    booking_id, phone_number = new_booking(), new_phone()
    page.get_by_role("radio", name="the booking system").check()
    # The example is of the demo user, so it works as shown.
    booked = call(
        page,
        "registerConsultation",
        {"client_id": stack.customer_id, "price_kes": 1500, "status": "Pending"},
        booking_id=booking_id,
    )
    assert booked["payment_status"] == "Unpaid"
    page.get_by_role("radio", name="the customer").check()
    wish = {"phone_number": phone_number, "amount": 1500, "booking_id": booking_id}
    key = {"Idempotency-Key": secrets.token_hex(8)}
    assert call(page, "requestPayment", wish, **key)["status"] == "pending"
    assert daraja.call("GET", f"/phones/{phone_number}").body["pushes"] == 1
    check_accessibility(page)
    assert errors == []


def test_the_description_served_is_the_one_in_docs_with_this_stack_as_server(
    context: BrowserContext, stack: StackState
) -> None:
    served = yaml.safe_load(context.request.get(f"{stack.api_url}/openapi.yaml").text())
    assert served.pop("servers") == [{"url": "/", "description": "This local stack"}]
    written = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))
    assert written.pop("servers")
    assert served == written
    examples = context.request.get(f"{stack.api_url}/docs/openapi.json").text()
    assert f'"client_id": "{stack.customer_id}"' in examples
