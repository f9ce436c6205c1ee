"""A narrow, deterministic DynamoDB in memory, behind a real boto3 client."""

from .engine import Engine
from .errors import DynamoDBError, UnsupportedRequestError, ValidationError
from .sdk import Execute, Intercept, attach, new_client, use_virtual_time
from .template import table_from_template

__all__ = [
    "DynamoDBError",
    "Engine",
    "Execute",
    "Intercept",
    "UnsupportedRequestError",
    "ValidationError",
    "attach",
    "new_client",
    "table_from_template",
    "use_virtual_time",
]
