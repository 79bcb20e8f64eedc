"""The app's Home: the incidents that are open, what is one's own to do, and how to begin.

Slack allows a Home 100 blocks and 250 kB.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

from bot.domain.command import COMMAND
from bot.domain.home import HomePage
from bot.domain.incident import Incident
from bot.render import blocks as b
from bot.render import card, items, listing
from bot.render.diagnose import ACTION_DIAGNOSE
from bot.render.reader_buttons import catch_up_button
from bot.render.text import escape, escaped, shortened

MOST_BLOCKS = 100
MOST_BYTES = 240_000
"""Of the blocks, as they are sent: some characters take twelve bytes."""
SHOWN, DRILLS, ITEMS, RUNBOOKS, SETUP = 20, 5, 20, 20, 10
"""How many of each are shown."""

NOTHING = "No incident is open."
HOW = (
    f"Declare an incident with the button, with `{COMMAND} declare` and a title in any channel, or with the "
    f"shortcut *Declare an incident*. `{COMMAND} help` lists all commands."
)
FOR_GUESTS = "You see the incidents whose channels you are in."
SET_UP = "*What to set up*"
RUN = f"*Runbooks that you may run* (`{COMMAND} run` in an incident's channel)"


def home(page: HomePage, *, said: str = "") -> b.Block:
    """Return the view. ``said`` answers what the person did in it, already escaped."""
    drills = [one for one in page.incidents if is_drill(one)]
    real = [one for one in page.incidents if not is_drill(one)]
    own = [one for one in real if page.user in (one.declared_by, *one.roles.values())]
    others = [one for one in real if one not in own]
    blocks: list[b.Block] = [b.context(said)] if said else []
    blocks += [b.header("Incidents"), *_begin(page)]
    if not page.incidents:
        blocks.append(b.section(NOTHING))
    blocks += _part("Yours", own, page, SHOWN)
    blocks += _part("Open", others, page, SHOWN)
    blocks += _part("Drills", drills, page, DRILLS)
    if page.items:
        blocks.append(b.section(f"*Your action items: {len(page.items)}*"))
        blocks += [
            items.row(
                item, f"{shortened(items.line(item, page.today), 600)} · _{escaped(title, 300)}_"
            )
            for item, title in page.items[:ITEMS]
        ]
        blocks += _more(len(page.items) - ITEMS, f"`{COMMAND} actions mine` lists them all.")
    if page.runbooks:
        lines = [f"• `{name}`: {escaped(title, 60)}" for name, title in page.runbooks[:RUNBOOKS]]
        blocks.append(b.section(f"{RUN}\n" + "\n".join(lines)))
        blocks += _more(len(page.runbooks) - RUNBOOKS, f"`{COMMAND} run help` lists them all.")
    if page.setup:
        lines = [f"• {escaped(text, 250)}" for text in page.setup[:SETUP]]
        blocks.append(b.section(f"{SET_UP}\n" + "\n".join(lines)))
    blocks.append(b.context(HOW if page.may_declare else FOR_GUESTS))
    return {"type": "home", "blocks": _fitting(blocks)}


def _fitting(blocks: Sequence[b.Block]) -> list[b.Block]:
    """Return as many of the first blocks as Slack accepts."""
    found: list[b.Block] = []
    room = MOST_BYTES
    for block in blocks[:MOST_BLOCKS]:
        room -= len(json.dumps(block)) + len(", ")
        if room < 0:
            break
        found.append(block)
    return found


def is_drill(incident: Incident) -> bool:
    """Return whether the incident is only practised."""
    return incident.drill


def _begin(page: HomePage) -> list[b.Block]:
    buttons = []
    if page.may_declare:
        declare = b.button("Declare an incident", action=listing.ACTION_DECLARE, style="danger")
        buttons.append(declare)
    if page.has_hubs:
        buttons.append(b.button("Diagnose a hub", action=ACTION_DIAGNOSE))
    return [b.actions(*buttons)] if buttons else []


def _part(heading: str, found: Sequence[Incident], page: HomePage, most: int) -> list[b.Block]:
    if not found:
        return []
    shown = [b.section(f"*{heading}: {len(found)}*")]
    for one in found[:most]:
        show = {**catch_up_button(one.id), "text": b.plain("Show")}
        shown.append(b.section(_incident(one, page), accessory=show))
    return shown + _more(len(found) - most, f"`{COMMAND} list` lists them all.")


def _incident(one: Incident, page: HomePage) -> str:
    where = f"<#{one.channel_id}>" if one.channel_id else escape(one.channel_name)
    leads = page.leaders.get(one.id, "")
    who = f"<@{leads}>" if leads else "nobody yet"
    parts = [
        one.severity,
        f"*{one.status}*",
        escaped(", ".join(one.hubs), 200),
        age(page.now - one.declared_at),
        f"{escape(page.lead)}: {who}" if page.lead else "",
    ]
    lock = "🔒 " if one.private else ""
    return (
        f"{card.sign(one)} {lock}*{escape(one.title)}* {where}\n"
        f"{' · '.join(part for part in parts if part)}"
    )


def age(since: timedelta) -> str:
    """Return how long an incident has been open, in its largest unit."""
    minutes = max(0, int(since.total_seconds() // 60))
    if minutes < 60:
        return f"for {minutes} min"
    if minutes < 48 * 60:
        return f"for {minutes // 60} h"
    return f"for {minutes // (24 * 60)} days"


def _more(count: int, how: str) -> list[b.Block]:
    return [b.context(f"{count} more. {how}")] if count > 0 else []
