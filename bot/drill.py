"""``mayday drill``: plays an outage on the sandbox, prints it live, and prints a table of checks.

The drill doesn't import the product, so this module passes it what it needs from the database.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.errors import MaydayError
from bot.store import timeline
from bot.store.engine import Store
from sandbox.drill import Drill, DrillResult, Stored
from sandbox.drill.run import CannotPlay, default_database
from sandbox.drill.story import NAMES, load

NO_DRILL = "There is no drill “{name}”: use {known}."
NOT_WRITABLE = "{directory} cannot be created ({reason}): specify another directory with --out."
FAILED = "{failed} of {number} checks failed"
PASSED = "Every check passed"
RESULT = "{verdict} after {seconds:.0f} s. The report: {report}"


def drill(
    name: str, directory: Path, database: str, *, manifest: Mapping[str, Any], out: Console
) -> bool:
    """Play a drill, write ``checks.json`` and ``report.md``, and return whether all checks passed.

    Raises:
        MaydayError: the drill could not start, for instance because the database does not answer.
        KeyboardInterrupt: Ctrl-C or SIGTERM ended it, after everything was stopped.
    """
    if name not in NAMES:
        raise MaydayError(NO_DRILL.format(name=name, known=", ".join(NAMES)))
    story = load(name)
    # SIGTERM ends a drill as Ctrl-C does: everything is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        text = NOT_WRITABLE.format(directory=directory, reason=exc.strerror)
        raise MaydayError(text) from exc
    url = database or default_database(directory)
    if database:
        with closing(Store(database)) as store:
            store.check()

    def show(when: datetime, who: str, what: str) -> None:
        local = when.astimezone(story.zone)
        line = " ".join(what.split())
        out.print(
            f"{local:%H:%M:%S %Z}  {who:<9} {line}", markup=False, highlight=False, soft_wrap=True
        )

    def read_stored(team: str, channel: str) -> list[Stored]:
        with closing(Store(url)) as store:
            return _stored(store, team, channel)

    try:
        result = Drill(
            story, directory, manifest=manifest, database=url, read_stored=read_stored, show=show
        ).run()
    except CannotPlay as exc:
        raise MaydayError(str(exc)) from exc
    _write(directory, name, result)
    _print(out, directory, result)
    return result.passed


def _stored(store: Store, team: str, channel: str) -> list[Stored]:
    with store.read() as tx:
        return [
            Stored(
                ts=message.ts,
                text=message.text,
                deleted=message.deleted_at is not None,
                before=tuple(
                    str(revision["text"])
                    for revision in timeline.revisions(tx, message.key)
                    if revision["change"] == "edited"
                ),
            )
            for message in timeline.messages(tx, team, channel)
        ]


def _write(directory: Path, name: str, result: DrillResult) -> None:
    checks = {
        "drill": name,
        "passed": result.passed,
        "seconds": round(result.seconds, 1),
        "checks": [asdict(check) for check in result.checks],
    }
    text = json.dumps(checks, indent=2, ensure_ascii=False)
    directory.joinpath("checks.json").write_text(f"{text}\n", encoding="utf-8")
    directory.joinpath("report.md").write_text(result.seen.report, encoding="utf-8")


def _print(out: Console, directory: Path, result: DrillResult) -> None:
    table = Table("", "check", "what was seen", title="Checks", show_lines=False)
    for check in result.checks:
        sign = "[green]✓[/]" if check.passed else "[red]✗[/]"
        table.add_row(sign, escape(check.name), escape(check.saw))
    out.print(table)
    failed = sum(not check.passed for check in result.checks)
    number = len(result.checks)
    verdict = FAILED.format(failed=failed, number=number) if failed else PASSED
    out.print(
        RESULT.format(verdict=verdict, seconds=result.seconds, report=directory / "report.md"),
        highlight=False,
        soft_wrap=True,
    )
