"""Collect what can be read of a hub in one file, for people who look into it, now or later."""

from datetime import UTC, timedelta
from typing import Annotated

from bot.runbook import (
    Draft,
    Field,
    HubFacts,
    Lock,
    NodeName,
    Part,
    Purpose,
    RunPolicy,
    Servers,
    ShareDiagnostics,
    one_node,
    runbook,
)

RECENT = timedelta(minutes=2)
READ = frozenset({Part.SERVERS, Part.PODS, Part.CLUSTER_PODS, Part.CLUSTER_EVENTS, Part.NODES})

SUMMARY = (
    "Read {what}. Share all of it as one text file in {where}. Nothing is changed. Tokens, cookies, "
    "passwords and e-mail addresses are redacted; the file names users, pods and nodes."
)
CONTENT = (
    "the diagnosis; descriptions of the pods of hub and proxy, {more}, and of nodes that are not well; the "
    "events of the namespace; and the last {lines} lines of logs"
)
UNWELL = "of servers that are not well"
NAMED = "of {count} named server{s}"
ON_NODE = "of node {node} and all pods on it"
JUST_SHARED = (
    "mayday shared this file at {at}, less than 2 minutes ago, in {where}. To collect newer "
    "diagnostics, wait a moment, then ask again."
)


@runbook(
    "Collect diagnostics",
    purpose=Purpose.LOOK,
    wants={Part.CLUSTER_PODS, Part.CLUSTER_EVENTS, Part.NODES},
    is_safe=True,
    policy=RunPolicy(lock=Lock.NODE),
)
def collect_diagnostics(
    facts: HubFacts,
    users: Servers = None,
    node: Annotated[NodeName, Field(description="A node to describe with its pods.")] | None = None,
    log_lines: Annotated[
        int, Field(ge=10, le=1000, description="How many lines of each log.")
    ] = 200,
) -> Draft:
    """Shares descriptions of pods and nodes, events and logs as a redacted file. Changes nothing."""
    found = one_node(facts, node) if node else None
    if isinstance(found, Draft):
        return found
    unread = facts.unread(READ)
    if len({gap.part for gap in unread}) == len(READ):
        return Draft(undecided=unread)
    step = ShareDiagnostics(
        key=facts.run,
        since=facts.read_at,
        by=facts.asked_by,
        incident=facts.asked_in,
        servers=tuple(sorted(users or ())),
        node=node or "",
        lines=log_lines,
    )
    if facts.same_done is not None and facts.read_at - facts.same_done < RECENT:
        at = facts.same_done.astimezone(UTC).strftime("%H:%M:%S UTC")
        return Draft(nothing_to_do=JUST_SHARED.format(at=at, where=step.target))
    more = [NAMED.format(count=len(users), s="" if len(users) == 1 else "s")] if users else []
    more += [ON_NODE.format(node=node)] if node else []
    what = CONTENT.format(
        more=", ".join(more or [UNWELL]),
        lines=log_lines,
    )
    return Draft(summary=SUMMARY.format(what=what, where=step.target), steps=(step,))
