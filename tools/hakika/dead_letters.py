"""Dead-letter queues: every message is shown once, and moved back or left where it is."""

from collections.abc import Iterator, Sequence
from typing import Any

from tools.hakika.session import Session

RECEIVES_MAX = 100
AT_ONCE = 10
HIDDEN_SECONDS = 120
"""How long a message that was looked at is hidden from other readers, unless it is given back."""


class DeadLetters:
    """One dead-letter queue, and the queue that its messages came from."""

    def __init__(self, session: Session, *, url: str, source_url: str) -> None:
        self._queue = session.deployment.client("sqs")
        self._url = url
        self._source_url = source_url

    def receive(self) -> Iterator[dict[str, Any]]:
        """Yield every message once; each stays hidden until it is moved or given back."""
        seen: set[str] = set()
        for _ in range(RECEIVES_MAX):
            answer = self._queue.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=AT_ONCE,
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=1,
            )
            messages = answer.get("Messages", [])
            if not messages:
                return
            for message in messages:
                if message["MessageId"] not in seen:
                    seen.add(message["MessageId"])
                    yield message

    def move(self, *, text: str, handle: str) -> None:
        """Send first, delete then: a crash between leaves a copy, which is harmless."""
        self._queue.send_message(QueueUrl=self._source_url, MessageBody=text)
        self._queue.delete_message(QueueUrl=self._url, ReceiptHandle=handle)

    def give_back(self, handles: Sequence[str]) -> None:
        """Make messages visible again at once."""
        for handle in handles:
            self._queue.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=handle, VisibilityTimeout=0
            )
