"""A whole deployment in one process on virtual time: real handlers and boto3, simulated Daraja."""

from .world import World

__all__ = ["World"]
