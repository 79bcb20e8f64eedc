"""The forms mayday opens: declare, update, action item, timeline entry, runbook, close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.incident import TITLE_LIMIT, Incident, Policy
from bot.domain.slack_message import unescape
from bot.domain.timeline import Line
from bot.render import blocks as b
from bot.render.text import cut

DECLARE = "declare"
UPDATE = "update"
ACTION_ITEM = "action_item"
EDIT_ENTRY = "edit_entry"
RUN = "run"
CLOSE = "close"


def declare(
    *,
    title: str,
    policy: Policy,
    descriptions: Mapping[str, str],
    hubs: Sequence[str],
    origin: str,
) -> b.Block:
    """The form of ``/incident declare``, filled from the command."""
    severities = [
        b.option(name, name, description=descriptions.get(name, "")) for name in policy.severities
    ]
    blocks = [
        b.input_block(
            "title",
            "What is broken?",
            b.text_input(
                "value",
                initial=cut(title, 3000),
                placeholder="Users of DataHub see 500 errors",
            ),
            hint=f"At most {TITLE_LIMIT} characters; it names the channel and the report.",
        ),
        b.input_block(
            "severity",
            "How bad is it?",
            b.select("value", severities, chosen=policy.severities[min(1, len(severities) - 1)]),
        ),
    ]
    if hubs:
        blocks.append(_hubs(hubs, chosen=hubs if len(hubs) == 1 else ()))
    blocks += [
        b.input_block(
            "summary",
            "What is known so far?",
            b.text_input("value", multiline=True),
            optional=True,
        ),
        b.input_block(
            "private",
            "Who may see it?",
            {
                "type": "checkboxes",
                "action_id": "value",
                "options": [
                    b.option(
                        "Private",
                        "private",
                        description="A private channel; announced nowhere.",
                    )
                ],
            },
            optional=True,
        ),
    ]
    return b.modal(DECLARE, "Declare an incident", blocks, submit="Declare", metadata=origin)


def _hubs(hubs: Sequence[str], *, chosen: Sequence[str]) -> b.Block:
    """Which hubs; in words where mayday knows none."""
    if not hubs:
        words = b.text_input("value", placeholder="datahub, stat20", limit=500)
        return b.input_block("hubs", "Which hubs?", words, optional=True)
    menu: b.Block = {
        "type": "multi_static_select",
        "action_id": "value",
        "placeholder": b.plain("Choose hubs"),
        "options": [b.option(name, name) for name in hubs][:100],
    }
    if chosen:
        menu["initial_options"] = [b.option(name, name) for name in chosen]
    return b.input_block("hubs", "Which hubs?", menu, optional=True)


def update(incident: Incident, *, policy: Policy) -> b.Block:
    """Tell people how things stand, and move the status in one go."""
    return b.modal(
        UPDATE,
        "Post an update",
        [
            b.input_block(
                "text",
                "How do things stand?",
                b.text_input("value", multiline=True, placeholder="What you know, what is next"),
            ),
            b.input_block(
                "status",
                "Status",
                b.select(
                    "value",
                    [b.option(s, s) for s in (*policy.open_statuses, "resolved")],
                    chosen=incident.status,
                ),
            ),
        ],
        submit="Post",
        metadata=incident.id,
    )


def action_item(
    incident_id: str, *, groups: Sequence[str], title: str = "", source: str = ""
) -> b.Block:
    """Something to do so that it does not come back."""
    return b.modal(
        ACTION_ITEM,
        "Action item",
        [
            b.input_block("title", "What is to be done?", b.text_input("value", initial=title)),
            b.input_block(
                "group",
                "Under which heading?",
                b.select("value", [b.option(g, g) for g in groups], chosen=groups[-1]),
            ),
            b.input_block(
                "owner",
                "Whose is it?",
                {
                    "type": "users_select",
                    "action_id": "value",
                    "placeholder": b.plain("Choose a person"),
                },
                optional=True,
            ),
            b.input_block(
                "link",
                "Is it tracked somewhere already?",
                b.text_input("value", placeholder="https://…"),
                optional=True,
                hint="The issue or pull request; an issue that links to it is filed at close.",
            ),
        ],
        submit="Add",
        metadata=f"{incident_id}|{source}",
    )


def shown_time(at: datetime, zone: ZoneInfo) -> str:
    """A time as :func:`edit_entry` shows it. Fractions and which of two equal hours it was are left out:
    a form that comes back with this text has not changed the time."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def edit_entry(incident_id: str, line: Line, *, zone: ZoneInfo) -> b.Block:
    """Change what an entry says, and when it happened."""
    return b.modal(
        EDIT_ENTRY,
        "Edit the entry",
        [
            b.input_block(
                "text",
                "What the timeline says",
                b.text_input("value", initial=unescape(line.text), multiline=True),
            ),
            b.input_block(
                "at",
                f"When it happened ({zone.key})",
                b.text_input("value", initial=shown_time(line.entry.at, zone), limit=40),
            ),
        ],
        submit="Save",
        metadata=f"{incident_id}|{line.entry.id}",
    )


def run(
    incident_id: str, *, runbooks: Sequence[tuple[str, str, str]], hubs: Sequence[str]
) -> b.Block:
    """Choose a runbook and a hub; nothing happens before the plan is confirmed."""
    one = len(hubs) == 1
    return b.modal(
        RUN,
        "Run a runbook",
        [
            b.input_block(
                "runbook",
                "Runbook",
                b.select("value", [b.option(title, name) for name, title, _ in runbooks]),
            ),
            b.context("\n".join(f"*{title}*: {help_}" for _, title, help_ in runbooks)),
            b.input_block(
                "hub",
                "Hub",
                # Where there is a choice, nobody is to run something on a hub that they did not choose.
                b.select("value", [b.option(h, h) for h in hubs], chosen=hubs[0] if one else ""),
            ),
            b.input_block(
                "users",
                "Only these users",
                b.text_input("value", placeholder="ana, ben", limit=500),
                optional=True,
                hint="Hub user names, where a runbook can be kept to some of them.",
            ),
            b.context("You will see a plan first. Nothing happens until somebody confirms it."),
        ],
        submit="Make a plan",
        metadata=incident_id,
    )


def close(
    incident: Incident,
    *,
    summary: str,
    zone: ZoneInfo,
    now: datetime,
    gaps: Sequence[str],
    hubs: Sequence[str],
    wants_hubs_and_impact: bool,
) -> b.Block:
    """What only people know and the report still needs. ``hubs`` are those to choose from."""
    day = incident.answers.report_date or now.astimezone(zone).date()
    missing = "\n".join(f"• {gap}" for gap in gaps)
    blocks = [
        b.section(
            f"*Still missing in the report:*\n{missing}\nWhat stays empty is marked in the report."
            if gaps
            else "Nothing is missing in the report."
        ),
        b.input_block("title", "Title", b.text_input("value", initial=incident.title)),
        b.input_block(
            "report_date",
            "Date of the report",
            {"type": "datepicker", "action_id": "value", "initial_date": day.isoformat()},
        ),
        b.input_block(
            "summary",
            "Summary",
            b.text_input("value", initial=summary, multiline=True),
            optional=True,
            hint="What broke, for whom, for how long, and how it was fixed; messages filed as "
            "summary follow it.",
        ),
        b.input_block(
            "impact",
            "User impact",
            b.text_input("value", initial=incident.answers.impact, multiline=True),
            optional=True,
        ),
        _hubs(list(dict.fromkeys((*hubs, *incident.hubs))), chosen=incident.hubs),
        b.input_block(
            "conclusion",
            "Conclusion",
            b.text_input("value", initial=incident.answers.conclusion, multiline=True),
            optional=True,
        ),
    ]
    if not wants_hubs_and_impact:
        blocks = [block for block in blocks if block.get("block_id") not in ("impact", "hubs")]
    return b.modal(CLOSE, "Close and report", blocks, submit="Close", metadata=incident.id)
