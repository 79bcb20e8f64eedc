"""What people read of invitations: who is on call, and who can't be invited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.domain.command import COMMAND
from bot.ports import JSON, Post
from bot.render import blocks as b
from bot.render.text import cut, escape, escaped

SHOWN = 20
"""How many people a message names."""

ADVICE = "To have them invited, add them to `on_call[].people` in the configuration, with their Slack ids."


def on_call(spec: JSON) -> Post:
    """Who is on call by a schedule, and was invited. ``spec`` has the schedule's name under ``of``."""
    text = f"📟 {_who(str(spec['of']), spec['users'], spec['unknown'])}"
    if spec.get("role"):
        text += f" <@{spec['users'][0]}> is {escape(str(spec['role']))} now."
    if spec["unknown"]:
        text += f"\n{ADVICE}"
    return Post(text=text, blocks=(b.section(text),))


def not_invited(spec: JSON) -> Post:
    """Which members of a group can't be invited, and why. ``spec`` has the group's id under ``of``."""
    refused: dict[str, Any] = dict(spec["refused"])
    named = [f"<@{user}> ({escaped(str(why), 80)})" for user, why in sorted(refused.items())]
    group = f"@{spec['name']}" if spec.get("name") else str(spec["of"])
    text = f"⚠️ Slack doesn't let mayday invite some members of {escape(group)}: {_listed(named)}."
    return Post(text=text, blocks=(b.section(text),))


def asked(found: Sequence[Any], hub: str) -> Post:
    """Who is on call by each schedule, for the person who asked. ``found`` are
    :class:`bot.services.on_call.FoundOnCall`."""
    lines = [f"*On call now{f' for {escape(hub)}' if hub else ''}*"]
    for each in found:
        if each.error:
            lines.append(f"• {escape(each.schedule)}: ⚠️ {escaped(each.error, 300)}")
        else:
            lines.append(f"• {_who(each.schedule, each.users, each.unknown)}")
    lines.append(f"To give somebody a role, use `{COMMAND} lead @name` in an incident's channel.")
    text = cut("\n".join(lines), 2900)
    return Post(text=text, blocks=(b.section(text),))


def _who(schedule: str, users: Sequence[str], unknown: Sequence[str]) -> str:
    people = [f"<@{user}>" for user in users]
    people += [f"“{escaped(name, 80)}”, whom mayday can't find in Slack" for name in unknown]
    who = _listed(people) if people else "nobody"
    return f"On call by {escape(schedule)}: {who}."


def _listed(people: Sequence[str]) -> str:
    more = len(people) - SHOWN
    shown = ", ".join(people[:SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown
