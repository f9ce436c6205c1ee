"""What several patches need from ministack."""

import json
from collections.abc import Callable
from typing import Any


def resource_handlers(resource_type: str) -> dict[str, Any]:
    from ministack.services.cloudformation import provisioners

    handlers: dict[str, Any] = provisioners._RESOURCE_HANDLERS[resource_type]
    return handlers


def checked(call: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
    """Call a ministack operation and raise where it answers an error."""
    status, _, body = call(*arguments)
    if status >= 400:
        raise ValueError(body)
    answer: dict[str, Any] = json.loads(body) if body else {}
    return answer
