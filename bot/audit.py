"""``mayday audit``: prints the audit log, or checks that nobody changed it."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.text import Text

from bot.config import Config
from bot.database import current
from bot.domain.audit import AuditOutcome, ChainedLine
from bot.services.audit import Audit, Verified

STYLES = {AuditOutcome.REFUSED: "yellow", AuditOutcome.FAILED: "red"}
SHOWN = 20
"""The most faults that are printed. JSON has all of them."""

EMPTY = "The audit log has no such lines."
INTACT = "The audit log is intact: {lines} lines, the last hash is {hash}."
BROKEN = "The audit log was tampered with. Faults found: {number}."
FAULT = "Line {number} {problem}."
MORE = "… and {number} more, which --json lists"


def print_lines(
    config: Config, *, incident_id: str, limit: int, as_json: bool, out: Console
) -> None:
    """Print the latest lines, of one incident or of all, the oldest first."""
    with current(config) as store:
        lines = Audit(store).latest(limit=limit, incident_id=incident_id)
    if as_json:
        out.print_json(json.dumps([line.plain() for line in lines]), ensure_ascii=True)
        return
    for line in lines:
        out.print(_shown(line), soft_wrap=True, highlight=False)
    if not lines:
        out.print(EMPTY)


def verify(config: Config, *, as_json: bool, out: Console) -> bool:
    """Check the whole log, print every place where it was changed, and return whether there is none."""
    with current(config) as store:
        found = Audit(store).verify()
    if as_json:
        out.print_json(json.dumps(_plain(found)))
    elif not found.faults:
        out.print(INTACT.format(lines=found.lines, hash=found.hash or "-"), soft_wrap=True)
    else:
        out.print(Text(BROKEN.format(number=len(found.faults)), style="bold red"))
        for fault in found.faults[:SHOWN]:
            text = FAULT.format(number=fault.number, problem=fault.problem)
            out.print(Text(text), soft_wrap=True)
        if len(found.faults) > SHOWN:
            out.print(Text(MORE.format(number=len(found.faults) - SHOWN)))
    return not found.faults


def _plain(found: Verified) -> dict[str, Any]:
    return {
        "ok": not found.faults,
        "lines": found.lines,
        "hash": found.hash,
        "faults": [{"number": fault.number, "problem": fault.problem} for fault in found.faults],
    }


def _shown(found: ChainedLine) -> Text:
    line = found.line
    parts = [line.actor, line.act, line.target, line.incident_id or "", line.origin]
    text = Text(f"{found.number:>6} {found.at:%Y-%m-%d %H:%M:%S}Z ")
    text.append(f"{line.outcome.value:<8}", style=STYLES.get(line.outcome, ""))
    text.append(_printable(f" {' · '.join(part for part in parts if part)}"))
    if line.before or line.after:
        text.append(_printable(f" {_json(line.before)} → {_json(line.after)}"), style="dim")
    return text.append(_printable(f" ({line.reason})")) if line.reason else text


def _json(value: Any) -> str:
    return json.dumps(dict(value), ensure_ascii=False)


def _printable(text: str) -> str:
    """The text with what a terminal would act on escaped: a reason may have words that people typed."""
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)
