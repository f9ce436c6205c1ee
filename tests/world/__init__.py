"""A whole deployment in one process on virtual time: real handlers, real boto3, a simulated Daraja."""

from .world import World

__all__ = ["World"]
