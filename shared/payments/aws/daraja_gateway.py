"""Composes Daraja: apart from the runtime, so that functions that never call it start faster."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from payments.aws.settings import Settings
from payments.daraja.client import DarajaClient
from payments.ports import Observer
from payments.store.oauth_token import OAuthToken
from payments.store.table import Table

if TYPE_CHECKING:
    from payments.aws.adapters import Adapters


def new_gateway(
    settings: Settings,
    adapters: "Adapters",
    table: Table,
    observer: Observer,
    *,
    credentials: Callable[[], Mapping[str, str]],
    forget_credentials: Callable[[], None],
) -> DarajaClient:
    """Return the Daraja client with the token that the whole deployment shares."""
    return DarajaClient(
        adapters.http_session(),
        base_url=settings.base_url,
        merchant=settings.merchant,
        credentials=credentials,
        forget_credentials=forget_credentials,
        share_oauth_token=lambda fetch: OAuthToken(
            table,
            fetch,
            clock=adapters.clock,
            sleep=adapters.sleep,
            ids=adapters.ids,
            observer=observer,
        ),
        clock=adapters.clock,
        observer=observer,
    )
