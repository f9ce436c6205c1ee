"""The backend around a published Daraja client: a callback address and a list of orders.

It does what the clients' own documentation shows: push, keep the CheckoutRequestID, take the
callback's word. Whatever more a client offers, its adapter adds.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Document = dict[str, Any]


@dataclass
class SmallBackend:
    """One process that pushes and receives callbacks. `parse` is the client's own parser.

    Shape: `parse` gives the callback's CheckoutRequestID, ResultCode, Amount and receipt by name.
    """

    parse: Callable[[bytes], Document]
    checkouts: dict[str, list[str]] = field(default_factory=dict)
    results: dict[str, Document] = field(default_factory=dict)

    def start(self) -> None:
        """Listens for callbacks on a free port."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def callback_url(self) -> str:
        """The one address that every push gives."""
        return f"http://127.0.0.1:{self._server.server_port}/payments/callback"

    def pushed(self, reference: str, checkout_request_id: str) -> None:
        """Keeps an accepted push of an order."""
        self.checkouts.setdefault(reference, []).append(checkout_request_id)

    def is_paid(self, reference: str) -> bool:
        """Whether the order is paid already; then no adapter pushes again."""
        return bool(self.verdict(reference)["status"] == "paid")

    def verdict(self, reference: str) -> Document:
        """What the backend believes of an order."""
        known = [self.results.get(each) for each in self.checkouts.get(reference, [])]
        for result in known:
            if result is not None and str(result["ResultCode"]) == "0":
                receipt = result.get("MpesaReceiptNumber")
                return {"status": "paid", "amount": result.get("Amount"), "receipt": receipt}
        is_over = bool(known) and None not in known
        return {"status": "failed" if is_over else "pending"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        backend = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                try:
                    result = backend.parse(body)
                    backend.results[result["CheckoutRequestID"]] = result
                except Exception:
                    self.send_response(500)
                    self.end_headers()
                    return
                answer = json.dumps({"ResultCode": 0, "ResultDesc": "Accepted"}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_arguments: object) -> None:
                """Says nothing."""

        return Handler
