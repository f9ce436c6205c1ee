"""Fifty threads, the real handlers, one DynamoDB that is really shared between them."""
