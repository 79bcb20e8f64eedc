"""``mayday doctor``: says what in mayday's database needs a person, and what to do about it.

It works while mayday runs. It takes no lock, migrates nothing, and changes only the deliveries that it is
told to put back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from bot.bootstrap import look_at_workflows
from bot.clock import real_time, shifted_time
from bot.config import Config
from bot.database import current, no_file, opened
from bot.domain.audit import AuditLine, AuditOutcome
from bot.errors import UserError
from bot.logs import masked
from bot.services.audit import terminal
from bot.services.examine import LAST, NONE_GIVEN_UP, START, Finding, examine
from bot.services.examine_issues import check_issues
from bot.services.examine_obligations import check_obligations
from bot.store import audit, given_up

ALL = "all"
SHOWN = 20
"""The most lines that one check prints. JSON has all of them."""

MARKS = {True: ("✓", "green"), False: ("✗", "bold red"), None: ("?", "yellow")}

MORE = "… and {number} more, which --json lists"
PUT_BACK = "Put back: {number}. mayday processes them within a minute, while it runs."
NO_SUCH = "No delivery with the key {key} was given up. `mayday doctor` lists the keys."


def doctor(config: Config, *, as_json: bool, out: Console) -> bool:
    """Print what was found, and return whether nothing that was found needs a person."""
    found = list(_findings(config))
    well = all(each.ok is not False for each in found)
    if as_json:
        shown = json.dumps({"ok": well, "checks": [_plain(each) for each in found]})
        out.print_json(masked(shown))
    else:
        for each in found:
            _print(each, out)
    return well


def put_back(config: Config, key: str, out: Console) -> None:
    """Let mayday process a delivery again that it gave up, or ``all`` of them.

    Raises:
        UserError: no such delivery was given up, or the tables are another version's.
    """
    with current(config) as store, store.write() as tx:
        number = given_up.put_back(tx, "" if key == ALL else key)
        if number:
            audit.add(
                tx,
                AuditLine(
                    actor=terminal(),
                    act="delivery.retry",
                    outcome=AuditOutcome.DONE,
                    target=key,
                    origin="terminal doctor",
                    after={"deliveries": number},
                ),
            )
    if not number:
        raise UserError(NONE_GIVEN_UP if key == ALL else NO_SUCH.format(key=key))
    out.print(PUT_BACK.format(number=number))


def _findings(config: Config) -> Iterator[Finding]:
    with opened(config) as store:
        if store is None:
            yield Finding(name="database", ok=False, summary=no_file(config), advice=START)
            return
        clock = config.practice.clock_file
        now = shifted_time(clock) if clock else real_time
        found = list(examine(store, now=now, workflows=lambda: look_at_workflows(store.url)))
        yield from found
        if found[-1].name == LAST:
            with store.read() as tx:
                yield check_obligations(tx, now())
                yield check_issues(tx, now())


def _plain(found: Finding) -> dict[str, Any]:
    return {
        "name": found.name,
        "ok": found.ok,
        "summary": found.summary,
        "advice": found.advice,
        "items": [dict(data) for _line, data in found.items],
    }


def _print(found: Finding, out: Console) -> None:
    mark, style = MARKS[found.ok]
    lines = [Text.assemble((mark, style), f" {found.name:<11} ", found.summary)]
    shown = [line for line, _data in found.items[:SHOWN]]
    if len(found.items) > SHOWN:
        shown.append(MORE.format(number=len(found.items) - SHOWN))
    lines += [Text(f"    {line}") for line in shown]
    if found.advice:
        lines.append(Text(f"  → {found.advice}"))
    for line in lines:
        line.plain = masked(line.plain)
        out.print(line, soft_wrap=True, highlight=False)
