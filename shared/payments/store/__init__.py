"""The one DynamoDB table: every conditional write, and nothing but."""

from payments.store.store import DynamoStore

__all__ = ["DynamoStore"]
