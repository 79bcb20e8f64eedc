"""Reads which runbook a person asks for, on which hub and with which parameters: as typed, or by the form.

A target is never guessed: what is not the name of a runbook or of a hub is answered with the names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.command import COMMAND
from bot.domain.mrkdwn import plain
from bot.domain.typography import QUOTES, plain_marks
from bot.errors import UserError
from bot.render import answers, run_form
from bot.render.hub_menu import HUB
from bot.runbook import Runbook
from bot.services.run import NO_HUBS
from bot.slack.matching import closest, meant, same_word
from bot.slack.request import Form

NO_SUCH_RUNBOOK = (
    f"There is no runbook “{{word}}”.{{hint}} The runbooks are {{runbooks}}. `{COMMAND} run help` says what "
    "each is for."
)
WHICH_HUB = f"Name the hub: {COMMAND} run {{runbook}} {{hub}} (or {{others}})."
ONE_HUB = "A plan is for one hub, but {hubs} are several. Ask for one plan after the other."
OTHER_FIELDS = (
    "The form still had the fields of another runbook. Check the fields, then send it again."
)

_VALUE = re.compile(r"""(?<!\S)([A-Za-z][\w-]*)=("[^"]*"|'[^']*'|`[^`]*`|\S*)""")


@dataclass(frozen=True, kw_only=True)
class AskedRun:
    """What somebody asks for. ``arguments`` are stored ones."""

    runbook: str
    hub: str
    arguments: Mapping[str, Any]


def read_words(text: str, runbooks: Mapping[str, Runbook], hubs: Sequence[str]) -> AskedRun:
    """Return what was typed: a runbook, the hub, users or a node, and parameters as name=value.

    Raises:
        UserError: there is no such runbook, the hub is not clear, or a parameter is wrong or missing.
    """
    if not hubs:
        raise UserError(NO_HUBS)
    values: dict[str, str] = {}
    rest, end = "", 0
    for found in _VALUE.finditer(plain_marks(text)):
        value = text[found.start(2) : found.end(2)].rstrip(",")
        values[found[1]] = plain(value).strip(QUOTES)
        rest, end = rest + text[end : found.start()], found.end()
    words = (rest + text[end:]).replace(",", " ").split()
    first, *others = words or [""]
    name, _ = meant(first, runbooks)
    if name not in runbooks:
        offered = closest(name, runbooks)
        is_safe = bool(offered) and runbooks[offered].is_safe
        hint = answers.did_you_mean(offered if is_safe else "")
        raise UserError(NO_SUCH_RUNBOOK.format(word=name, hint=hint, runbooks=", ".join(runbooks)))
    runbook = runbooks[name]
    typed = [same_word(word, hubs) for word in others]
    named = [word for word in typed if word in hubs]
    if "hub" in values and not any(each.name == "hub" for each in runbook.parameters):
        named.append(same_word(values.pop("hub"), hubs))
    if len(set(named)) > 1:
        raise UserError(ONE_HUB.format(hubs=", ".join(dict.fromkeys(named))))
    if not set(named) <= set(hubs) or (not named and len(hubs) > 1):
        others_ = ", ".join(hubs[1:]) or "no other"
        raise UserError(WHICH_HUB.format(runbook=name, hub=hubs[0], others=others_))
    targets = [plain(word).lstrip("@").strip(QUOTES) for word in typed if word not in hubs]
    arguments = runbook.arguments(runbook.typed(targets, values))
    return AskedRun(runbook=name, hub=named[0] if named else hubs[0], arguments=arguments)


def read_form(form: Form, runbooks: Mapping[str, Runbook]) -> AskedRun:
    """Return what was chosen and typed in the form.

    Raises:
        UserError: a parameter is wrong or missing, ``field`` is its input; or the form had the fields of
            another runbook.
    """
    name, hub = form.text(run_form.RUNBOOK), form.text(HUB)
    runbook = runbooks.get(name)
    if runbook is None:  # which the service refuses by its name
        return AskedRun(runbook=name, hub=hub, arguments={})
    blocks = {each.name: run_form.block_id(each) for each in runbook.parameters}
    if set(form.inputs) - {run_form.RUNBOOK, HUB} != set(blocks.values()):
        raise UserError(OTHER_FIELDS, field=run_form.RUNBOOK)
    typed = {each: form.text(block).strip(QUOTES + " ") for each, block in blocks.items()}
    try:
        arguments = runbook.arguments(typed)
    except UserError as exc:
        others = {blocks.get(name, name): text for name, text in exc.others.items()}
        field = blocks.get(exc.field, exc.field)
        raise UserError(str(exc), field=field, others=others) from exc
    return AskedRun(runbook=name, hub=hub, arguments=arguments)
