"""The desk: one page for the people who answer the phone, and its staff routes."""

from pathlib import Path
from typing import Any

from payments.aws.runtime import prepare
from payments.http import api_gateway
from payments.http.desk import DeskApi
from payments.http.desk_page import page_file

runtime = prepare()
desk = DeskApi(runtime)
FOLDER = Path(__file__).parent


def handler(event: dict[str, Any], context: Any) -> api_gateway.Response:
    """Answer with a file of the page, or for the member of staff whose session it is."""
    if api_gateway.route_key(event) in {"GET /desk", "GET /desk/{file}"}:
        name = api_gateway.path_parameter(event, "file") or "index.html"
        return api_gateway.answered(event, lambda: page_file(FOLDER, name, desk.accounts))
    response = desk.handle(event, lambda: context.get_remaining_time_in_millis() / 1000)
    runtime.observer.flush()
    return response
