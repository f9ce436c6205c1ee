"""Answers a request that is no HTTP without quoting it; aiohttp quotes it in answer and log."""

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

_usual_error = web.RequestHandler.handle_error


def _quiet_error(
    handler: web.RequestHandler,
    request: web.BaseRequest,
    status: int = 500,
    exc: BaseException | None = None,
    message: str | None = None,
) -> web.StreamResponse:
    if not isinstance(exc, HttpProcessingError):
        return _usual_error(handler, request, status, exc, message)
    handler.logger.warning("a broken request was refused: %s", type(exc).__name__)
    response = web.Response(status=status, text="This is no HTTP request.\n")
    response.force_close()
    return response


def quote_no_broken_request() -> None:
    """Takes effect in the whole process; aiohttp has no setting for it. A second call is harmless.

    What a client sent may be its secrets, with a line of HTTP missing.
    """
    web.RequestHandler.handle_error = _quiet_error  # type: ignore[method-assign, assignment]
