"""The one error of the local stack."""


class LocalStackError(Exception):
    """The stack cannot go on; the message says what happened and what to do."""
