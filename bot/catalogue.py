"""``mayday runbooks list`` and ``check``: which runbooks there are, and what is wrong with their files.

Neither needs a hub, a cluster or the database.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from bot.bootstrap import with_policies
from bot.config import Config
from bot.domain.run_policy import RunPolicy, Where
from bot.logs import masked
from bot.render.parameters import usage
from bot.runbook import Runbook
from bot.runbook.loading import Loaded, load

SAFE = "safe: it ends and disconnects nothing"
BAD = "{number} not loaded: `mayday runbooks check` says why."


def print_list(config: Config, *, as_json: bool, out: Console) -> None:
    """Print the runbooks by what they are for, and how many problems there are with files.

    Raises:
        ConfigError: a policy is for a runbook that does not exist.
    """
    loaded = load(config.runbooks.directories)
    runbooks = with_policies(
        loaded.runbooks, config.runbooks, is_complete=not loaded.problems
    ).values()
    if as_json:
        shown = {
            "runbooks": [_plain(each, loaded.sources[each.name]) for each in runbooks],
            "problems": [str(problem) for problem in loaded.problems],
        }
        out.print_json(masked(json.dumps(shown)))
        return
    for purpose, group in groupby(runbooks, lambda each: each.purpose):
        out.print(Text(purpose.value, style="bold"))
        for each in group:
            for line in _lines(each, loaded.sources[each.name]):
                out.print(Text(masked(line)), soft_wrap=True)
        out.print()
    if loaded.problems:
        files = {problem.source for problem in loaded.problems}
        out.print(Text(BAD.format(number=len(files)), style="red"), soft_wrap=True)


def check(config: Config, files: Iterable[Path], *, out: Console) -> bool:
    """Print a line for each file of runbooks, and return whether none is bad.

    ``files`` are checked in place of all others, beside which they are loaded.
    """
    chosen = [str(file) for file in files]
    loaded = load(config.runbooks.directories, map(Path, chosen))
    bad = [each for each in loaded.problems if not chosen or each.source in chosen]
    for source, names in _by_source(loaded):
        if (not chosen or source in chosen) and source not in {each.source for each in bad}:
            out.print(Text(masked(f"✓ {source}: {', '.join(names)}")), soft_wrap=True)
    for each in bad:
        out.print(Text(masked(f"✗ {each}"), style="red"), soft_wrap=True)
    return not bad


def _by_source(loaded: Loaded) -> Iterator[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for name, source in loaded.sources.items():
        found.setdefault(source, []).append(name)
    yield from found.items()


def _lines(runbook: Runbook, source: str) -> Iterator[str]:
    yield f"  {usage(runbook)}"
    yield f"      {runbook.help}"
    for parameter in runbook.parameters:
        if parameter.hint:
            yield f"      {parameter.name}: {parameter.hint}"
    said = [*((SAFE,) if runbook.is_safe else ()), *policy_words(runbook.policy)]
    yield f"      {source}; {'; '.join(said)}"


def policy_words(policy: RunPolicy) -> list[str]:
    """What a policy asks for, in a few words each."""
    minutes = round(policy.lifetime.total_seconds() / 60)
    number = policy.approvals
    found = [f"a plan lasts {minutes} minutes", f"one run at a time for each {policy.lock.value}"]
    if number:
        found.append(f"{number} other {'person has' if number == 1 else 'people have'} to approve")
    if policy.cooldown:
        found.append(f"again after {round(policy.cooldown.total_seconds() / 60)} minutes")
    if policy.where is Where.INCIDENT:
        found.append("only in an incident")
    if policy.is_dry_run:
        found.append("plans only")
    if policy.is_rehearsed:
        found.append("plans are rehearsed")
    return found


def _plain(runbook: Runbook, source: str) -> dict[str, Any]:
    policy = runbook.policy
    return {
        "name": runbook.name,
        "title": runbook.title,
        "help": runbook.help,
        "purpose": runbook.purpose.value,
        "source": source,
        "is_safe": runbook.is_safe,
        "parameters": [
            {
                "name": each.name,
                "kind": each.kind.value,
                "hint": each.hint,
                "is_required": each.is_required,
                "choices": list(each.choices),
            }
            for each in runbook.parameters
        ],
        "policy": {
            "approvals": policy.approvals,
            "lifetime_minutes": policy.lifetime.total_seconds() / 60,
            "cooldown_minutes": policy.cooldown.total_seconds() / 60,
            "lock": policy.lock.value,
            "where": policy.where.value,
            "dry_run": policy.is_dry_run,
            "rehearse": policy.is_rehearsed,
        },
    }
