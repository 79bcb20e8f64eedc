"""What others attach to the sandbox's page: hubs, outages to cause, published reports, a clock to move."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.clock import SandboxClock
from sandbox.outages import Outage

HubsReader = Callable[[], Sequence[Mapping[str, Any]]]
ReportsReader = Callable[[], Sequence[Mapping[str, str]]]


@dataclass(kw_only=True)
class Extras:
    """What is attached; None or empty where nothing is."""

    hubs: HubsReader | None = None
    reports: ReportsReader | None = None
    outages: list[Outage] = field(default_factory=list)
    clock: SandboxClock | None = None
