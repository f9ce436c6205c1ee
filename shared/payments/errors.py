"""Every error the payment layer raises, by what the caller must do.

    PaymentError
    ├── RequestError              the caller's request; nothing was changed
    │   ├── InvalidRequestError       400  a field is missing or wrong
    │   ├── UnauthenticatedError      401
    │   ├── ForbiddenError            403
    │   ├── NotFoundError             404  absent, or another's: alike
    │   ├── ConflictError             409  the state of things forbids it
    │   ├── TooLargeError             413
    │   ├── PromptLimitError          429  retry_after_seconds says when
    │   └── ClaimLimitError           429  enough receipts were named
    ├── InitiationError           502  Daraja refused; nobody was charged
    ├── UnavailableError          503  nothing is known to have happened; ask again
    │   ├── StoreUnavailableError        DynamoDB refused or did not answer
    │   └── ProviderUnavailableError     Daraja refused or did not answer
    └── SettingsError                  configured wrongly; raised before any request

A push whose outcome is unknown is not an error: it is a payment in status `unknown`.
"""

from collections.abc import Mapping
from typing import ClassVar

HTTP_INTERNAL_ERROR = 500


class PaymentError(Exception):
    """Base of all, with its own HTTP answer: status, sentence, facts and headers.

    Shape: `sentence` is safe to show to a caller: no phone, token or secret; `facts` are public
        ids that explain the refusal; `headers` are this error's own.
    Units: retry_after_seconds in seconds, None where a retry does not help.
    """

    http_status: ClassVar[int] = HTTP_INTERNAL_ERROR
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self,
        sentence: str,
        *,
        code: str,
        retry_after_seconds: int | None = None,
        facts: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.retry_after_seconds = retry_after_seconds
        self.facts = dict(facts or {})

    @property
    def public_sentence(self) -> str:
        """The sentence for a caller: what is wrong inside the service is not for callers."""
        is_ours = self.http_status == HTTP_INTERNAL_ERROR
        return "The service is not configured correctly" if is_ours else self.sentence


class RequestError(PaymentError):
    """The request is refused; nothing was changed."""


class InvalidRequestError(RequestError):
    """A field is missing or wrong."""

    http_status = 400

    def __init__(self, sentence: str, *, code: str = "invalid_request") -> None:
        super().__init__(sentence, code=code)


class UnauthenticatedError(RequestError):
    """No valid token came with the request."""

    http_status = 401
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": 'Bearer error="invalid_token"'}

    def __init__(self, sentence: str = "Authentication is required") -> None:
        super().__init__(sentence, code="unauthenticated")


class ForbiddenError(RequestError):
    """The token is valid but lacks the scope."""

    http_status = 403

    def __init__(self, sentence: str = "This token does not allow the operation") -> None:
        super().__init__(sentence, code="forbidden")


class NotFoundError(RequestError):
    """It does not exist, or it belongs to another caller."""

    http_status = 404


class ConflictError(RequestError):
    """The current state forbids it; `facts` are the public ids that explain why."""

    http_status = 409


class TooLargeError(RequestError):
    """The body is too large."""

    http_status = 413

    def __init__(self, bytes_max: int) -> None:
        super().__init__(f"The request body is over {bytes_max} bytes", code="too_large")


class PromptLimitError(RequestError):
    """Too many prompts for this phone or user; the fact `limited_by` says whose limit it is.

    Units: retry_after_seconds in seconds.
    """

    http_status = 429

    def __init__(
        self, sentence: str, *, retry_after_seconds: int, facts: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(
            sentence,
            code="too_many_prompts",
            retry_after_seconds=retry_after_seconds,
            facts=facts,
        )


class ClaimLimitError(RequestError):
    """Enough receipts were named for this payment, or by this client today.

    Units: retry_after_seconds in seconds, None where the payment itself has enough.
    """

    http_status = 429

    def __init__(self, sentence: str, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(sentence, code="too_many_claims", retry_after_seconds=retry_after_seconds)


class InitiationError(PaymentError):
    """Daraja refused the push, or it was never sent; nobody was charged."""

    http_status = 502

    def __init__(self, *, payment_id: str) -> None:
        facts = {"payment_id": payment_id}
        super().__init__("Failed to initiate payment", code="initiation_failed", facts=facts)


class UnavailableError(PaymentError):
    """A service we depend on did not answer; a retry is safe.

    Units: retry_after_seconds in seconds.
    """

    http_status = 503

    def __init__(self, sentence: str, *, code: str, retry_after_seconds: int = 5) -> None:
        super().__init__(sentence, code=code, retry_after_seconds=retry_after_seconds)


class StoreUnavailableError(UnavailableError):
    """DynamoDB refused or did not answer: the write may or may not have happened."""

    def __init__(self, cause: str) -> None:
        super().__init__("The service is busy. Please try again shortly", code="store_unavailable")
        self.cause = cause


class ProviderUnavailableError(UnavailableError):
    """Daraja refused or did not answer a call that changes nothing (token, query)."""

    def __init__(self, cause: str) -> None:
        super().__init__("M-PESA is busy. Please try again shortly", code="provider_unavailable")
        self.cause = cause


class SettingsError(PaymentError):
    """One sentence that names the wrong setting; never the value of a secret."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, code="misconfigured")
