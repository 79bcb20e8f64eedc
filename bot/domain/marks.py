"""Who changed an object of the cluster, until when and why: from the annotations that mayday writes to it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.domain.cluster import (
    CORDONED_AT,
    CORDONED_BY,
    CORDONED_UNTIL,
    CORDONED_WHY,
    SCALED_BY,
    SCALED_UNTIL,
    Node,
    Workload,
)

_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
OTHERS = "by somebody else, without mayday, {at}"
OWN = "by {who} with mayday {at}, until {until} (“{why}”)"
SCALED = ", by {who} with mayday until {until}"
SOMEBODY = "somebody on a terminal"
NO_TIME = "at an unknown time"


def is_own_cordon(node: Node) -> bool:
    """Whether mayday cordoned the node."""
    return node.is_cordoned and bool(cordoned_at(node))


def cordoned_at(node: Node) -> str:
    """When mayday cordoned it, as it wrote that to the node; empty if mayday didn't."""
    return node.annotations.get(CORDONED_AT, "")


def cordoned_by(node: Node) -> str:
    """Who cordoned the node and when, as the end of a sentence. People are Slack mentions."""
    if not is_own_cordon(node):
        at = node.cordoned_at
        return OTHERS.format(at=f"at {_shown(at)}" if at else NO_TIME)
    by = node.annotations.get(CORDONED_BY, "")
    return OWN.format(
        who=_person(by),
        at=f"at {_time(cordoned_at(node))}",
        until=_time(node.annotations.get(CORDONED_UNTIL, "")),
        why=node.annotations.get(CORDONED_WHY, "")[:200],
    )


def scaled_by(workload: Workload) -> str:
    """Who scaled a workload with mayday and until when, after a comma; empty if nobody did."""
    until = workload.annotations.get(SCALED_UNTIL, "")
    who = _person(workload.annotations.get(SCALED_BY, ""))
    return SCALED.format(who=who, until=_time(until)) if until else ""


def _person(user: str) -> str:
    return f"<@{user}>" if _USER.fullmatch(user) else SOMEBODY


def _time(text: str) -> str:
    try:
        return _shown(datetime.fromisoformat(text))
    except ValueError:
        return NO_TIME


def _shown(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
