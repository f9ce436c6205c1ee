"""The real handlers in processes that are killed, against AWS's own DynamoDB Local."""
