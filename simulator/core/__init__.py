"""The pure Daraja: no threads, no clock of its own, no random state, standard library only.

Start with `Daraja`; `HttpRequest` goes in, `HttpAnswer` comes out, `CallbackDelivery` tells the
caller which callback to post and when.
"""

from simulator.core.audit import Audit, Finding
from simulator.core.callback_board import CallbackDelivery
from simulator.core.config import App, Config, Merchant
from simulator.core.daraja import Daraja
from simulator.core.errors import SimulatorError
from simulator.core.http import HttpAnswer, HttpRequest, Transport
from simulator.core.known_phones import KNOWN_PHONES, KnownPhone
from simulator.core.ledger import Debit
from simulator.core.scenario import Scenario

__all__ = [
    "KNOWN_PHONES",
    "App",
    "Audit",
    "CallbackDelivery",
    "Config",
    "Daraja",
    "Debit",
    "Finding",
    "HttpAnswer",
    "HttpRequest",
    "KnownPhone",
    "Merchant",
    "Scenario",
    "SimulatorError",
    "Transport",
]
