"""The backend around a published Daraja client: a callback address and a list of orders.

It does what the clients' own documentation shows: push unless the order is paid, keep the
CheckoutRequestID, and believe the callback. Whatever more a client offers, its adapter adds.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from simulator.referee.adapter import Order

Document = dict[str, Any]


@dataclass
class SmallBackend:
    """One process that pushes and receives callbacks.

    Shape: `parse` is the client's parser: it gives the callback's CheckoutRequestID, ResultCode,
        Amount and receipt by name. `push` is the client's call: it gives the CheckoutRequestID of
        an accepted push, None otherwise. `query` gives a Document with the ResultCode, None while
        the payment is pending; without one nothing is asked.
    """

    parse: Callable[[bytes], Document]
    push: Callable[[Order], str | None]
    query: Callable[[str], Document | None] = lambda checkout_request_id: None
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

    def charge(self, order: Order) -> None:
        """One push, unless the order is paid."""
        if self._believed(order.reference)["status"] == "paid":
            return
        checkout_request_id = self.push(order)
        if checkout_request_id is not None:
            self.checkouts.setdefault(order.reference, []).append(checkout_request_id)

    def verdict(self, order: Order) -> Document:
        """What the callbacks said; while there is none, what the query says."""
        for checkout_request_id in self.checkouts.get(order.reference, []):
            if checkout_request_id not in self.results:
                answer = self.query(checkout_request_id)
                if answer is not None:
                    self.results[checkout_request_id] = answer
        return self._believed(order.reference)

    def _believed(self, reference: str) -> Document:
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
