"""One run of the command: which deployment, how to answer, and whom to ask."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from payments.aws.runtime import Runtime
from payments.usecases.services import Services
from rich.console import Console

from tools.hakika.deployment import Choice, Deployment
from tools.hakika.person import Person

type Document = Mapping[str, Any] | list[Any]


@dataclass(kw_only=True)
class Session:
    """What every verb works with; the root command fills in what its options say."""

    resolve: Callable[[Choice], Deployment]
    out: Console
    err: Console
    person: Person
    choice: Choice = field(default_factory=Choice)
    is_json: bool = False
    reveals_phone: bool = False

    @cached_property
    def deployment(self) -> Deployment:
        """The deployment that is meant. Errors: DeploymentError."""
        return self.resolve(self.choice)

    @property
    def runtime(self) -> Runtime:
        """The payment layer of that deployment."""
        return self.deployment.runtime

    @property
    def parts(self) -> Services:
        """What the payment layer's service works with."""
        return self.deployment.runtime.services

    def now(self) -> int:
        """Return UTC epoch seconds."""
        return self.parts.now()

    def choose(self, **said: Any) -> None:
        """Take over what the options say."""
        self.choice = replace(self.choice, **said)

    def answer(self, document: Document, show: Callable[[Console], None]) -> None:
        """Print the document as JSON, or show it to a person."""
        if self.is_json:
            text = json.dumps(document, indent=2, ensure_ascii=False)
            print(text, file=self.out.file)
        else:
            show(self.out)

    def tell(self, text: str) -> None:
        """Say something beside the answer, where it does not disturb JSON or a file."""
        self.err.print(text, style="dim")
