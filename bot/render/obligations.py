"""What people read when something that a run left is taken back, or waits for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.command import COMMAND
from bot.domain.hubs import Place
from bot.domain.obligations import ObligationOutcome
from bot.ports import Post
from bot.render import blocks as b
from bot.render.steps import words_of
from bot.render.text import code, escape, escaped
from bot.runbook.steps.step import Step

ACTION_PLAN = "obligation.plan"

HEADS = {
    ObligationOutcome.DONE: "✅ As planned with {runbook}, mayday did this on {place}: {act}.",
    ObligationOutcome.SKIPPED: "⏭️ As planned with {runbook}, this was due on {place}, but is left as it is: "
    "{act}.",
    ObligationOutcome.NEEDS_HUMAN: "❓ As planned with {runbook}, this was due on {place}, and mayday can't "
    "tell that it is done: {act}. Check it, and do it by hand if needed.",
}
NAG = "⏰ {who}: what was planned with {runbook} on {place} has passed its end, and is still to do: {act}."
UNREAD = "mayday can't read whether somebody did it meanwhile: {why}"
BY_COMMAND = "`{command} run {runbook} {hub} {arguments}`"
AGAIN = "mayday reminds you again in an hour, until it is done."
BUTTON = "Plan {runbook}"


@dataclass(frozen=True, kw_only=True)
class ObligationView:
    """An obligation as people see it. ``runbook`` is the one that made it, ``who`` has to be told."""

    id: str
    runbook: str
    who: str
    place: Place
    step: Step | None
    error: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)


def ended(view: ObligationView, outcome: ObligationOutcome) -> Post:
    """Return the message that says how an obligation ended."""
    text = HEADS[outcome].format(
        runbook=f"`{code(view.runbook)}`", place=_place(view.place), act=_act(view)
    )
    if view.error:
        text += f"\n{escaped(view.error, 1000)}"
    if outcome is ObligationOutcome.NEEDS_HUMAN:
        text += f" <@{view.who}>"
    return Post(text=text, blocks=(b.section(text),))


def nag(view: ObligationView, *, has_button: bool) -> Post:
    """Return the message that reminds people of what they still have to take back.

    ``has_button``: it is posted where a button can plan the runbook.
    """
    text = NAG.format(
        who=f"<@{view.who}>",
        runbook=f"`{code(view.runbook)}`",
        place=_place(view.place),
        act=_act(view),
    )
    if view.error:
        text += f"\n{UNREAD.format(why=escaped(view.error, 500))}"
    shown = [b.section(text)]
    planned_by = view.step.planned_by if view.step else None
    if planned_by is not None:
        runbook, arguments = planned_by
        typed = " ".join(f"{key}={value}" for key, value in arguments.items())
        hint = BY_COMMAND.format(
            command=COMMAND, runbook=runbook, hub=code(view.place.hub), arguments=code(typed)
        )
        if has_button:
            label = BUTTON.format(runbook=runbook)
            shown.append(b.actions(b.button(label, action=ACTION_PLAN, value=view.id)))
        shown.append(b.context(f"{hint} · {AGAIN}"))
        text += f"\n{hint}"
    return Post(text=text, blocks=tuple(shown))


def _act(view: ObligationView) -> str:
    if view.step is None:
        return "a step that this version of mayday doesn't know"
    line = words_of(view.step.verb).line(view.step)
    return line[0].lower() + line[1:]


def _place(place: Place) -> str:
    return escape(f"{place.cluster} / {place.namespace} / {place.hub}")
