"""``mayday actions``: the action items of all incidents, as lines or as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from bot.cli_options import ConfigFile
from bot.config import load
from bot.database import current
from bot.domain.actions import ListedItem
from bot.domain.item_policy import is_overdue
from bot.domain.item_states import LOST
from bot.domain.mrkdwn import UNNAMED, plain
from bot.store import items as rows

out = Console()
err = Console(stderr=True)

NONE = "No action items."
LEFT_OUT = "{number} of private incidents are left out: --private prints them, too."


def actions(
    every: Annotated[
        bool, typer.Option("--all", help="Also items that are done or dropped.")
    ] = False,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only items that are overdue.")
    ] = False,
    owner: Annotated[
        str, typer.Option("--owner", metavar="USER", help="Only items of this Slack user id.")
    ] = "",
    private: Annotated[
        bool, typer.Option("--private", help="Also items of private incidents.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object an item, each on its own line.")
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Print the action items of all incidents, those that are due first."""
    settings = load(config)
    today = datetime.now(UTC).astimezone(settings.report.zone).date()
    with current(settings) as store, store.read() as tx:
        found = rows.listed(tx, only_open=not every)
        problems = rows.problems(tx)
    found = [
        each
        for each in found
        if (not owner or each.item.owner == owner) and (not overdue or is_overdue(each.item, today))
    ]
    shown = found if private else rows.visible(found)
    for each in shown:
        is_late = is_overdue(each.item, today)
        text = json.dumps(_json(each, is_late)) if as_json else _text(each, is_late)
        out.print(text, markup=False, highlight=False, soft_wrap=True)
    if not (shown or as_json):
        out.print(NONE)
    if left_out := len(found) - len(shown):
        err.print(LEFT_OUT.format(number=left_out), soft_wrap=True)
    for name, error in problems.items():
        err.print(f"{name}: {error}", markup=False, highlight=False, soft_wrap=True)


def _json(found: ListedItem, is_late: bool) -> dict[str, Any]:
    item = found.item
    return {
        "id": item.id,
        "title": plain(item.title, UNNAMED),
        "state": item.state,
        "state_by": item.state_by,
        "owner": item.owner,
        "due_on": item.due_on.isoformat() if item.due_on else None,
        "overdue": is_late,
        "category": item.category,
        "group": item.group,
        "repository": item.repository,
        "issue": item.tracked_at,
        "issue_state": item.issue_state,
        "incident": item.incident_id,
        "incident_title": found.incident_title,
        "channel": found.channel_name,
        "private": found.is_private,
        "created_at": item.created_at.isoformat(),
    }


def _text(found: ListedItem, is_late: bool) -> str:
    item = found.item
    due = f"due {item.due_on}" if item.due_on else "no due date"
    parts = [
        item.state + (" (overdue)" if is_late else ""),
        plain(item.title, UNNAMED),
        item.owner or "no owner",
        due,
        item.category,
        item.tracked_at or item.link,
        f"its issue is {item.issue_state}" if item.issue_state in LOST else "",
        f"#{found.channel_name}",
    ]
    return "  ".join(part for part in parts if part)
