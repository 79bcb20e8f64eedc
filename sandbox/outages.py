"""What an outage on the sandbox's page is: a button with a sentence, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.errors import SandboxError


class OutageError(SandboxError):
    """An outage cannot be played now; the message is one sentence that says why."""


@dataclass(frozen=True, kw_only=True)
class Param:
    """One thing to choose before an outage is played."""

    name: str
    label: str
    choices: Sequence[str] = ()

    def view(self) -> dict[str, Any]:
        """The parameter as the page's API shows it."""
        return {"name": self.name, "label": self.label, "choices": list(self.choices)}


@dataclass(frozen=True, kw_only=True)
class Outage:
    """Something to break or repair.

    `mends` says that it repairs something. `run` takes the chosen parameters by name and returns
    one sentence that says what happened; it raises OutageError when it cannot be done now.
    """

    id: str
    label: str
    help: str = ""
    params: Sequence[Param] = ()
    mends: bool = False
    run: Callable[[Mapping[str, str]], str]

    def view(self) -> dict[str, Any]:
        """The outage as the page's API shows it."""
        return {
            "id": self.id,
            "label": self.label,
            "help": self.help,
            "params": [param.view() for param in self.params],
            "mends": self.mends,
        }
