"""The paragraph of a channel's canvas that mayday keeps up to date.

It is one paragraph with line breaks, because Slack replaces a canvas block by block. People are named and
not mentioned, because each edit would notify them again. Times are in the team's zone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.domain.mrkdwn import Mentions, mentions
from bot.render.card import CardSpec, sign_of
from bot.render.markdown import Names, inline, link, literal
from bot.render.state import MOST_RUNNING, Said
from bot.render.text import cut

TITLE = "Incident: state and notes"
MARK = "mayday keeps this paragraph up to date"
"""By these words mayday finds its paragraph again."""
NOTES = "\n\n## Notes\n\nEverybody in the channel can write here.\n"
"""What a new canvas has below the paragraph."""

LIMIT = 20_000
"""Characters of the paragraph."""
_BREAK = "  \n"
_LATER = f"_{MARK}. Write above or below it._"


def mentioned(spec: CardSpec) -> Mentions:
    """Return who and what the paragraph names."""
    said = [one for one in (spec.update, spec.handover) if one]
    found = mentions(one.text for one in said)
    people = {*spec.roles.values(), spec.declared_by, *(one.by for one in said)}
    people |= {one.to for one in said}
    return Mentions(
        users=found.users | frozenset(people - {""}), groups=found.groups, channels=found.channels
    )


def paragraph(spec: CardSpec, names: Names) -> str:
    """Return the paragraph. ``names`` has those of :func:`mentioned`, and the team's zone."""

    def who(user: str) -> str:
        return literal(names.people.get(user, "somebody")) if user else "nobody yet"

    def at(moment: datetime) -> str:
        return f"{moment.astimezone(names.zone):%Y-%m-%d %H:%M %Z}"

    def said(one: Said) -> str:
        return inline(cut(one.text, 3000), names)

    lines = [
        f"**{sign_of(spec.status)} {literal(spec.title)}**",
        f"**Status:** {literal(spec.status)} · **Severity:** {literal(spec.severity)}",
        f"**Declared:** {at(spec.declared_at)} by {who(spec.declared_by)}",
        f"**Hubs:** {_listed(link(name, url) for name, url in spec.hubs.items())}",
        f"**Roles:** {_listed(f'{literal(role)}: {who(user)}' for role, user in spec.roles.items())}",
    ]
    if one := spec.update:
        lines.append(f"**Last update** ({at(one.at)}, {who(one.by)}): {said(one)}")
    if spec.next_at:
        lines.append(f"**Next update due:** {at(spec.next_at)}")
    if one := spec.handover:
        note = f": {said(one)}" if one.text else ""
        lines.append(f"**Handed over** to {who(one.to)} by {who(one.by)} ({at(one.at)}){note}")
    if spec.running:
        running = (f"{literal(run.runbook)} on {literal(run.hub)}" for run in spec.running)
        lines.append(f"**Running:** {_listed(list(running)[:MOST_RUNNING])}")
    if spec.summary:
        lines.append(f"**Summary:** {inline(cut(spec.summary, 3000), names)}")
    if spec.links:
        lines.append(f"**Links:** {_listed(link(name, url) for name, url in spec.links.items())}")
    return _BREAK.join([*_within(lines), _LATER])


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts) or "none"


def _within(lines: list[str]) -> list[str]:
    """Return the lines without those that would make the paragraph too long."""
    kept, length = [], 0
    for line in lines:
        length += len(line)
        if length <= LIMIT:
            kept.append(line)
    return kept
