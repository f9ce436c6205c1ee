"""How an answer can go wrong on its way, and when a result is posted."""

from enum import StrEnum


class PushAnswer(StrEnum):
    """How processrequest answers a push that is otherwise in order."""

    NORMAL = "normal"
    HANG = "hang"
    RESET = "reset"
    INTERNAL_ERROR = "internal_error"  # 500.003.1001
    HTML = "html"  # the web firewall's 403
    HTML_503 = "html_503"  # the same page with a 503
    BAD_GATEWAY = "bad_gateway"  # 502 with a body nobody can read
    BUSY = "busy"  # 500.003.02 "System is busy"
    SPIKE_ARREST = "spike_arrest"  # 500.003.02 "Spike Arrest Violation"
    QUOTA = "quota"  # 500.003.03
    REFUSED = "refused"  # 200 with ResponseCode 1


NEVER_REACHES_MPESA = frozenset(
    {PushAnswer.BUSY, PushAnswer.SPIKE_ARREST, PushAnswer.QUOTA, PushAnswer.REFUSED}
)


class CallbackTiming(StrEnum):
    """When the result is posted."""

    NORMAL = "normal"
    BEFORE_ANSWER = "before_answer"
    NEVER = "never"


class TwinTiming(StrEnum):
    """When the C2B confirmation of a prompted payment is posted."""

    OFF = "off"  # this shortcode gets none
    LOST = "lost"  # it gets one, which never arrives
    BEFORE = "before"
    AFTER = "after"
