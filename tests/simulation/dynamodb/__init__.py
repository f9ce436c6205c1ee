"""A deterministic, in-memory DynamoDB behind unmodified boto3; see `engine` and `botocore_hook`."""

from .botocore_hook import Execute, Intercept, attach
from .engine import Engine
from .errors import (
    ConditionFailedError,
    DynamoDBError,
    ResourceNotFoundError,
    TransactionCanceledError,
    ValidationError,
)
from .pages import Read
from .requests import UnsupportedRequestError
from .sdk_cost import lighten
from .sdk_time import use_virtual_time
from .template import table_from_template

__all__ = [
    "ConditionFailedError",
    "DynamoDBError",
    "Engine",
    "Execute",
    "Intercept",
    "Read",
    "ResourceNotFoundError",
    "TransactionCanceledError",
    "UnsupportedRequestError",
    "ValidationError",
    "attach",
    "lighten",
    "table_from_template",
    "use_virtual_time",
]
