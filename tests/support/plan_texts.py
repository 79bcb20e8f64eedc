"""Plans of every size, and the texts in their blocks."""

from __future__ import annotations

from typing import Any

from bot.domain.facts import HubFacts
from bot.runbook.plan import Plan
from runbooks.force_delete_stuck_servers import force_delete_stuck_servers
from runbooks.restart_proxy import restart_proxy
from runbooks.resync_routes import resync_routes
from tests.support.hubs import (
    evicted,
    facts,
    healthy,
    pod,
    server,
    stuck,
    terminating,
)

RESYNC, RESTART, CLEAR = resync_routes, restart_proxy, force_delete_stuck_servers

PLACE = "`teaching / datahub-prod / datahub`"
MOST_IN_ALL = 9600
"""Characters of all texts of a message; Slack rejected 11,341."""

MANY = tuple(f"student{n:04}" for n in range(900))
NASTY = "<!channel>&`x`" + "y" * 90


def crowd(count: int) -> HubFacts:
    users = MANY[:count]
    return facts(
        servers=tuple(server(user, pending="stop") for user in users),
        pods=tuple(map(terminating, users)),
    )


def clearing(seen: HubFacts) -> Plan:
    """The plan for all users by name, with one step for each server."""
    return CLEAR.plan(seen, {"users": sorted(row.user for row in seen.rows)})


def nasty() -> HubFacts:
    return facts(
        servers=(server(NASTY, pending="stop"), server(f"{NASTY}2")),
        pods=(terminating(NASTY), pod(f"{NASTY}2")),
    )


SITUATIONS = (healthy("ana"), evicted("ana", "ben"), stuck(), crowd(900), nasty(), facts())


def texts(value: Any) -> list[str]:
    """Every text of the blocks. Asserts Slack's limit for each."""
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    if not isinstance(value, dict):
        return []
    found = []
    if value.get("type") in ("mrkdwn", "plain_text"):
        assert 0 < len(value["text"]) <= 3000
        found.append(value["text"])
    return found + [text for one in value.values() for text in texts(one)]
