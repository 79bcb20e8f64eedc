"""What others attach to the sandbox's page: practice hubs, outages to cause, published reports."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack.values import Json

HubsReader = Callable[[], Sequence[Mapping[str, Any]]]
ReportsReader = Callable[[], Sequence[Mapping[str, str]]]


@dataclass(frozen=True, kw_only=True)
class Param:
    """A parameter of an outage, to be chosen from `choices`."""

    name: str
    label: str
    choices: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Outage:
    """Something that a person can break. `run` does it and returns a sentence about what it did."""

    id: str
    label: str
    help: str = ""
    params: Sequence[Param] = ()
    run: Callable[[Mapping[str, str]], str]

    def view(self) -> Json:
        """The outage as the page's API shows it."""
        params = [
            {"name": param.name, "label": param.label, "choices": list(param.choices)}
            for param in self.params
        ]
        return {"id": self.id, "label": self.label, "help": self.help, "params": params}


@dataclass(kw_only=True)
class Extras:
    """What is attached; None or empty where nothing is."""

    hubs: HubsReader | None = None
    reports: ReportsReader | None = None
    outages: list[Outage] = field(default_factory=list)
