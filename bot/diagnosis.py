"""``mayday diagnose``: print what is wrong with a hub now, once or again and again. It changes nothing there.

It finds what Slack would show, and needs neither Slack nor a running mayday. Where the database has this
version's tables, it records since when servers are pending, and itself in the audit log.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import IntEnum

from rich.console import Console
from rich.text import Text

from bot import deadline
from bot.bootstrap import sites
from bot.config import Config
from bot.database import Memory
from bot.diagnose import Severity
from bot.diagnose.found import Found, Verdict
from bot.domain.audit import AuditLine, AuditOutcome
from bot.errors import UserError
from bot.logs import masked
from bot.render.diagnose import changes, diagnosis_lines, finding_lines
from bot.services.audit import terminal
from bot.services.diagnose import read_and_diagnose

SERVERS = 30
"""How many unwell servers a terminal shows; JSON has all."""
RECORDING = 3.0
"""Seconds to wait for the database with the line of the audit log, once the answer is there."""
EVERY = 5.0
"""Seconds between two diagnoses of ``--watch``."""

NO_SUCH_HUB = "There is no hub “{hub}”. Known: {known}."
NONE_KNOWN = "none, add one to mayday.yaml"
WATCHING = "Every {seconds:.0f} seconds; Ctrl-C ends."
UNCHANGED = "unchanged"

STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.WARNING: "yellow",
    Severity.UNKNOWN: "magenta",
    Severity.NOTE: "cyan",
}
VERDICTS = {
    Verdict.WRONG: ("WRONG", "bold white on red"),
    Verdict.UNKNOWN: ("UNKNOWN", "bold black on yellow"),
    Verdict.WELL: ("WELL", "bold black on green"),
}


class Exit(IntEnum):
    """The exit codes of the command."""

    WELL = 0
    WRONG = 1
    UNKNOWN = 4


_EXITS = {
    Verdict.WELL: Exit.WELL,
    Verdict.WRONG: Exit.WRONG,
    Verdict.UNKNOWN: Exit.UNKNOWN,
}


def diagnose(
    config: Config,
    hub: str,
    *,
    as_json: bool,
    watch: bool,
    out: Console,
    wait: Callable[[float], None] = time.sleep,
) -> Exit:
    """Print what is wrong; return whether the hub is well, as of the last reading.

    With ``watch`` it is printed again as often as something changes, until Ctrl-C.

    Raises:
        UserError: there is no such hub.
    """
    places = sites(config)
    if hub not in places:
        raise UserError(_no_such(hub, list(places)))
    site, zone = places[hub], config.report.zone
    try:
        with Memory(config, hub, _now) as memory:
            found = read_and_diagnose(site, _now, memory.since, zone=zone)
            _show(found, None, as_json=as_json, watch=watch, out=out)
            with deadline.patience(2 * RECORDING):
                memory.record(_line(found))
            try:
                while watch:
                    wait(EVERY)
                    before, found = (
                        found,
                        read_and_diagnose(site, _now, memory.since, zone=zone),
                    )
                    _show(found, before, as_json=as_json, watch=watch, out=out)
            except KeyboardInterrupt:
                pass
    finally:
        site.hub.close()
    return _EXITS[found.verdict]


def _show(found: Found, before: Found | None, *, as_json: bool, watch: bool, out: Console) -> None:
    """Print a diagnosis: all of it the first time, afterwards what has changed since the one before."""
    if as_json:
        text = _harmless(json.dumps(report(found), ensure_ascii=False, indent=None if watch else 2))
        if before is None or report(before) | {"read_at": ""} != report(found) | {"read_at": ""}:
            out.print(Text(masked(text)), soft_wrap=True)
        return
    if before is None:
        for line in _lines(found):
            out.print(line, soft_wrap=True)
        if watch:
            out.print(Text(WATCHING.format(seconds=EVERY), "dim"))
        return
    changed = changes(before, found)
    at = f"{found.read_at:%H:%M:%S} "
    for said in changed:
        out.print(
            Text(masked(f"{at}{said}"), _CHANGES.get(said.partition(":")[0], "bold")),
            soft_wrap=True,
        )
    if not changed and out.is_terminal:
        out.print(Text(f"{at}{UNCHANGED}", "dim"), end="\r")


def _harmless(text: str) -> str:
    """JSON with escapes for what steers a terminal; JSON itself escapes only the characters below a space."""
    return "".join(
        char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text
    )


_CHANGES = {"new": "red", "gone": "green"}


def report(found: Found) -> dict[str, object]:
    """The diagnosis as JSON for programs, with every server that is not well."""
    data = found.to_json()
    place = data["place"]
    return {
        "headline": data["headline"],
        "verdict": found.verdict.value,
        "place": {name: place[name] for name in ("cluster", "namespace", "hub")},
        "read_at": data["read_at"],
        "diagnosis": data["diagnosis"],
        "servers": {
            "ready": found.ready,
            "routes": found.routed,
            "unrouted": found.unrouted,
            "conditions": data["counts"],
        },
        "findings": data["findings"],
        "rows": data["servers"],
        "unknown": data["unknown"],
    }


def _lines(found: Found) -> list[Text]:
    """The diagnosis in colours: the verdict and the headline first, findings by how bad they are."""
    word, style = VERDICTS[found.verdict]
    styles = {
        line: STYLES[finding.severity]
        for _, finding in found.known
        for line in finding_lines(finding, found.place.hub)[:1]
    }
    head, *rest = diagnosis_lines(found, servers=SERVERS)
    shown = [Text.assemble((f" {word} ", style), " ", (masked(head), "bold"))]
    return shown + [Text(masked(line), styles.get(line, "")) for line in rest]


def _line(found: Found) -> AuditLine:
    return AuditLine(
        actor=terminal(),
        act="diagnose",
        outcome=AuditOutcome.DONE,
        target=f"hub/{found.place.hub}",
        origin="terminal diagnose",
        after={
            "verdict": found.verdict.value,
            "rules": sorted({finding.rule for finding in found.findings}),
        },
    )


def _no_such(hub: str, names: list[str]) -> str:
    return NO_SUCH_HUB.format(hub=hub, known=", ".join(names) or NONE_KNOWN)


def _now() -> datetime:
    return datetime.now(UTC)
