"""The form of ``/incident run``: which runbook, on which hub, and the fields of that runbook's parameters.

The fields change with the runbook that is chosen. Each field's block id has the kind, the name and the
default of its parameter, so that Slack keeps what was typed where two runbooks ask for the same, and a
default never stays in the field of another runbook.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from bot.render import blocks as b
from bot.render.forms import RUN
from bot.render.hub_menu import HUB
from bot.render.parameters import written
from bot.render.text import escape
from bot.runbook import Runbook
from bot.runbook.parameters import Parameter, ParameterKind

RUNBOOK = "runbook"
"""The block id of the menu of runbooks."""
ACTION_CHOOSE = "run.choose"
MOST_KEPT = 2000
"""The most characters of what was typed that the form carries from one runbook to the next and back."""

CHOOSE = "Choose a runbook to see what it does and what it asks for."
PLAN_FIRST = "mayday posts a plan first. Nothing happens until somebody confirms it."
HINTS = {
    ParameterKind.SERVERS: "Names of users, servers (user/name) or pods. Leave it empty for all.",
    ParameterKind.PERSON: "The name of one user of the hub.",
    ParameterKind.NODE: "The name of the node, as the cluster has it.",
    ParameterKind.DURATION: "A duration such as 90m, 2h or 1d.",
    ParameterKind.NUMBER: "A number.",
}
PLACEHOLDERS = {
    ParameterKind.SERVERS: "ana, ben",
    ParameterKind.PERSON: "ana",
    ParameterKind.DURATION: "2h",
}


def run(
    opened_for: str,
    *,
    runbooks: Sequence[Runbook],
    hubs: Sequence[str],
    chosen: str = "",
    typed: Mapping[str, str] | None = None,
) -> b.Block:
    """Return the modal. ``opened_for`` is what it was opened for; ``typed`` are texts by block id."""
    one = len(hubs) == 1
    book = next((each for each in runbooks if each.name == chosen), None)
    kept = dict(typed or {})
    menu = b.input_block(
        RUNBOOK,
        "Runbook",
        b.grouped_select(
            ACTION_CHOOSE,
            [
                (purpose.value, [_option(each) for each in group])
                for purpose, group in groupby(runbooks, lambda each: each.purpose)
            ],
            chosen=chosen,
            placeholder="Choose a runbook",
        ),
    )
    menu["dispatch_action"] = True
    # With several hubs none is preselected, so that nobody runs a plan on the wrong one.
    hub = b.select("value", [b.option(h, h) for h in hubs], chosen=hubs[0] if one else "")
    return b.modal(
        RUN,
        "Run a runbook",
        [
            menu,
            b.context(f"*{escape(book.title)}*: {escape(book.help)}" if book else CHOOSE),
            b.input_block(HUB, "Hub", hub),
            *(_field(each, kept.get(block_id(each))) for each in (book.parameters if book else ())),
            b.context(PLAN_FIRST),
        ],
        submit="Make a plan",
        metadata=f"{opened_for}|{_kept(kept)}",
    )


def block_id(parameter: Parameter) -> str:
    """The block id of a parameter's field."""
    default = written(parameter, parameter.default)
    name = f"{parameter.kind.value}/{parameter.name}"
    return f"{name}/{default}"[:255] if default else name


def fields(values: Mapping[str, str | Iterable[str]], metadata: str = "") -> dict[str, str]:
    """Return what was typed into the fields of this form and, by its metadata, into those before it."""
    try:
        kept = json.loads(metadata or "{}")
    except ValueError:
        kept = {}
    now = {name: value for name, value in values.items() if "/" in name and isinstance(value, str)}
    return {**(kept if isinstance(kept, dict) else {}), **now}


def _option(runbook: Runbook) -> b.Block:
    return b.option(runbook.title, runbook.name, description=runbook.help)


def _kept(typed: Mapping[str, str]) -> str:
    text = json.dumps({name: value for name, value in typed.items() if value})
    return text if len(text) <= MOST_KEPT else ""


def _field(each: Parameter, typed: str | None) -> b.Block:
    """The field of a parameter, with what was typed before, else with its default."""
    value = typed if typed is not None else written(each, each.default)
    if each.kind in (ParameterKind.CHOICE, ParameterKind.BOOLEAN):
        choices = each.choices or ("yes", "no")
        element = b.select("value", [b.option(one, one) for one in choices], chosen=value)
    else:
        element = b.text_input(
            "value",
            initial=value,
            multiline=each.kind is ParameterKind.TEXT,
            placeholder=PLACEHOLDERS.get(each.kind, ""),
        )
    hint = each.hint or HINTS.get(each.kind, "")
    return b.input_block(
        block_id(each), each.label, element, optional=not each.is_required, hint=hint
    )
