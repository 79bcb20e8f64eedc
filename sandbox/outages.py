"""The outages of the sandbox's page: a button with a sentence and an action."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.errors import SandboxError


class OutageError(SandboxError):
    """An outage cannot be played now; the message is one sentence that says why."""


@dataclass(frozen=True, kw_only=True)
class Param:
    """A parameter of an outage."""

    name: str
    label: str
    choices: Sequence[str] = ()

    def view(self) -> dict[str, Any]:
        """The parameter as the page's API shows it."""
        return {"name": self.name, "label": self.label, "choices": list(self.choices)}


@dataclass(frozen=True, kw_only=True)
class Button:
    """A button of the page, with its parameters."""

    id: str
    label: str
    help: str = ""
    params: Sequence[Param] = ()

    def view(self) -> dict[str, Any]:
        """The button as the page's API shows it."""
        params = [param.view() for param in self.params]
        return {"id": self.id, "label": self.label, "help": self.help, "params": params}


@dataclass(frozen=True, kw_only=True)
class Outage(Button):
    """Something to break or repair.

    `repairs`: whether it repairs something. `run` takes the chosen parameters by name and returns one
    sentence about what happened; it raises OutageError if it is not possible now.
    """

    repairs: bool = False
    run: Callable[[Mapping[str, str]], str]

    def view(self) -> dict[str, Any]:
        """The outage as the page's API shows it."""
        return super().view() | {"repairs": self.repairs}
