"""Reading history: a long channel once and again, and an hour of three quiet incidents."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Any

from slack_sdk import WebClient

from bot.domain.incident import Incident
from bot.store import incidents as incident_rows
from sandbox.slack import SlackSandbox
from tests.bench.inside import PAGE
from tests.bench.processes import ROOT, configuration
from tests.bench.result import Result
from tests.bench.world import TEXT, World, migrated

READS = ("conversations.history", "conversations.replies")
MESSAGES = 5000
THREADS = 200
REPLIES = 4
CPU = 2.0
CPU_UNCHANGED = 0.7

INCIDENTS = 3
QUIET_MESSAGES = 1000
QUIET_THREADS = 40
CALLS_AN_HOUR = 60.0
CPU_AN_HOUR = 5.0


@dataclass(frozen=True, kw_only=True)
class _Channel:
    id: str
    calls: int
    """The calls that one reading of everything needs: its pages, and each thread's."""


@dataclass(frozen=True, kw_only=True)
class _Done:
    calls: int
    cpu: float
    written: int
    seconds: float


def backfill(world: World) -> Iterator[Result]:
    """Measure the first reading of a channel, and the next one with nothing new."""
    place = world.place("backfill")
    with world.database("SQLite", place) as url, world.slack(place) as slack:
        channel = _channel(slack, "long", messages=MESSAGES, threads=THREADS, replies=REPLIES)
        _add_incident(url, slack, channel)
        with _inside(slack, url, place) as ask:
            plain, first, again = ask("plain"), ask("read"), ask("read")
    calls = float(channel.calls)
    what = f"backfill of {MESSAGES:,} messages, {THREADS} threads"
    note = f"{first.seconds:.1f} s, then {again.seconds:.1f} s"
    yield Result(
        name=f"{what}: calls",
        value=first.calls,
        unit="calls",
        ceiling=calls,
        goal=calls,
        note=note,
    )
    yield Result(name=f"{what}: CPU", value=first.cpu, unit="s", ceiling=plain.cpu, goal=CPU)
    yield Result(
        name=f"{what}: rows written",
        value=first.written,
        unit="rows",
        ceiling=MESSAGES,
        goal=MESSAGES,
    )
    yield Result(
        name=f"{what}, unchanged: calls",
        value=again.calls,
        unit="calls",
        ceiling=calls,
        goal=calls,
    )
    yield Result(
        name=f"{what}, unchanged: CPU",
        value=again.cpu,
        unit="s",
        ceiling=plain.cpu,
        goal=CPU_UNCHANGED,
    )
    yield Result(
        name=f"{what}, unchanged: rows written",
        value=again.written,
        unit="rows",
        ceiling=0.0,
        goal=0.0,
    )


def hour(world: World) -> Iterator[Result]:
    """Measure an hour of open incidents in which nothing happens, after their first reading."""
    place = world.place("hour")
    with world.database("SQLite", place) as url, world.slack(place) as slack:
        for number in range(INCIDENTS):
            channel = _channel(
                slack, f"quiet-{number}", messages=QUIET_MESSAGES, threads=QUIET_THREADS, replies=2
            )
            _add_incident(url, slack, channel)
        with _inside(slack, url, place) as ask:
            plain, _, quiet = ask("plain"), ask("read"), ask("hour")
    what = f"{INCIDENTS} open incidents of {QUIET_MESSAGES:,} messages, an hour, nothing new"
    yield Result(
        name=f"{what}: calls",
        value=quiet.calls,
        unit="calls",
        ceiling=INCIDENTS,
        goal=CALLS_AN_HOUR,
        note="ceiling: one page of each",
    )
    yield Result(
        name=f"{what}: CPU",
        value=quiet.cpu,
        unit="s",
        ceiling=plain.cpu / plain.calls * quiet.calls,
        goal=CPU_AN_HOUR,
        note="ceiling: these calls alone",
    )


def _channel(
    slack: SlackSandbox, name: str, *, messages: int, threads: int, replies: int
) -> _Channel:
    """A channel with this many messages, replies included, evenly spread over its threads."""
    client = WebClient(token=slack.bot_token, base_url=slack.api_url)
    channel = str(client.conversations_create(name=name)["channel"]["id"])
    ana = slack.person("ana")
    client.conversations_invite(channel=channel, users=[ana.id])
    known = len(slack._live(channel).messages)
    top = messages - threads * replies - known
    for number in range(top):
        ts = ana.say(channel, f"{TEXT}: {number}")
        if number < threads:
            for reply in range(replies):
                ana.say(channel, f"{TEXT}, said {reply}", thread_ts=ts)
    return _Channel(id=channel, calls=ceil((top + known) / PAGE) + threads)


def _add_incident(url: str, slack: SlackSandbox, channel: _Channel) -> None:
    found = slack.channel(channel.id)
    with migrated(url) as store, store.write() as tx:
        incident_rows.add(
            tx,
            Incident(
                id=f"incident-{found.name}",
                team_id=slack.team_id,
                title="Proxy was evicted",
                severity="sev2",
                status="investigating",
                summary="",
                private=False,
                hubs=(),
                declared_by=slack.person("ana").id,
                declared_at=datetime.now(UTC),
                channel_name=found.name,
            ),
        )
        incident_rows.bind_channel(tx, f"incident-{found.name}", channel.id)


@contextmanager
def _inside(slack: SlackSandbox, url: str, place: Path) -> Iterator[Any]:
    """Yields a function that sends a request and returns what it took."""
    command = [sys.executable, "-m", "tests.bench.inside"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAYDAY_")}
    with (
        (place / "inside.log").open("wb") as log,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env={**clean, **configuration(slack, url, place)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def answer() -> dict[str, Any]:
            for line in stdout:
                if line.startswith("{"):
                    found: dict[str, Any] = json.loads(line)
                    return found
            raise RuntimeError((place / "inside.log").read_text(errors="replace"))

        def ask(request: str) -> _Done:
            before = len(slack.calls)
            stdin.write(f"{request}\n")
            stdin.flush()
            found = answer()
            calls = [call.method for call in slack.calls[before:]]
            return _Done(calls=sum(method in READS for method in calls), **found)

        answer()
        yield ask
        stdin.close()
