"""How a plan of now differs from the plan that was approved, in sentences.

Fewer steps are no difference: what is left out is not done, and nothing is done that nobody approved.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from bot.runbook.losses import Loss, LossKind
from bot.runbook.plan import Plan

SHOWN = 5
ALIKE = 0.75
"""How alike the words of two cautions are that differ only in names, numbers and plurals."""

MORE_STEPS = "Steps that were not in the plan: {targets}."
MORE_SERVERS = "{count} {kind}, {before} before."
MORE_ACTIVE = "{count} of them were used in the last ten minutes, {before} before."
MORE_UNKNOWN = "Of {count} of them the last activity is unknown, {before} before."
OVER_LIMIT = "The plan is over the limit now: {why}"
OVER = "What it does would end at {until} UTC, which has passed."
NEW_CAUTION = "New: {caution}"
KINDS = {
    LossKind.SERVER: "servers end with what is not saved",
    LossKind.CONNECTION: "connections drop for a moment",
}


def difference(approved: Plan, fresh: Plan) -> tuple[str, ...]:
    """What must be approved again; empty if the fresh plan is the same or a part of the approved one."""
    ids = {step.id for step in approved.steps}
    others = [step for step in fresh.steps if step.id not in ids]
    found = []
    if others:
        names = [f"{step.verb.replace('_', ' ')} {step.target}" for step in others]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        found.append(MORE_STEPS.format(targets=", ".join(names[:SHOWN]) + more))
    ends = [step.undo_at for step in approved.steps if step.undo_at]
    if fresh.steps and ends and min(ends) <= fresh.read_at:
        found.append(OVER.format(until=f"{min(ends):%Y-%m-%d %H:%M}"))
    for loss in fresh.losses:
        found += _greater(loss, approved)
    if fresh.over_limit and not approved.over_limit:
        found.append(OVER_LIMIT.format(why=fresh.over_limit))
    if fresh.steps:
        known = [_shape(caution, approved, fresh) for caution in approved.cautions]
        found += [
            NEW_CAUTION.format(caution=caution)
            for caution in fresh.cautions
            if not any(_alike(_shape(caution, approved, fresh), each) for each in known)
        ]
    return tuple(found)


def _greater(loss: Loss, approved: Plan) -> list[str]:
    """In what this loss is greater than the approved one of its kind."""
    before = next((each for each in approved.losses if each.kind is loss.kind), None)
    servers = before.servers if before else 0
    active = before.active if before else 0
    unknown = before.unknown if before else 0
    found = []
    if loss.servers > servers:
        kind = KINDS.get(loss.kind, loss.kind.value)
        found.append(MORE_SERVERS.format(count=loss.servers, kind=kind, before=servers))
    if loss.active > active:
        found.append(MORE_ACTIVE.format(count=loss.active, before=active))
    if loss.unknown > unknown:
        found.append(MORE_UNKNOWN.format(count=loss.unknown, before=unknown))
    return found


def _shape(caution: str, *plans: Plan) -> list[str]:
    """The words of a caution without numbers and without the names of servers and pods."""
    names = {
        name
        for plan in plans
        for row in plan.rows
        for name in (row.user, row.server, row.pod.name if row.pod else "")
    }
    words = re.findall(r"[\w@./-]+", caution)
    return [
        word.strip(".").lower()
        for word in words
        if word.strip(".") not in names and not re.search(r"\d", word)
    ]


def _alike(one: list[str], other: list[str]) -> bool:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALIKE
