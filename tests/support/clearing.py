"""A stuck server beside a healthy one, and why a plan has no steps."""

from __future__ import annotations

from datetime import timedelta

from bot.domain.facts import HubFacts
from bot.domain.hubs import Pod, Server
from bot.runbook.plan import Plan
from tests.support.hubs import (
    NOW,
    facts,
    pod,
    route,
    server,
)

SINCE = {("ana", ""): NOW - timedelta(minutes=5)}


def beside_zoe(
    record: Server | None, its_pod: Pod | None, *, routed: bool = False, **more: object
) -> HubFacts:
    """Ana's server as given; Zoe's is healthy."""
    return facts(
        servers=(*((record,) if record else ()), server("zoe")),
        pods=(*((its_pod,) if its_pod else ()), pod("zoe")),
        routes=(*((route("ana"),) if routed else ()), route("zoe")),
        **more,  # type: ignore[arg-type]
    )


def named(*users: str) -> dict[str, list[str]]:
    return {"users": sorted(users)}


def why(plan: Plan) -> str:
    """Why the plan is undecided."""
    assert (plan.steps, plan.nothing_to_do) == ((), "")
    return " ".join(part.why for part in plan.undecided)
