"""The state in which a story ends, without what differs between two stories, and what is wrong in it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, text

from bot.domain.resources import ResourceKind
from bot.domain.runs import RunState
from bot.domain.timeline import EntryKind
from bot.render.canvas import MARK
from bot.services.audit import Audit
from bot.store import incidents as incident_rows
from bot.store import resources as resource_rows
from bot.store.run_tables import run, run_lock
from sandbox.slack.canvases import text_of
from tests.crash.stage import Stage
from tests.crash.story import Story, tags
from tests.support.bot import ANNOUNCE, effect_of

OBLIGATION = "obligation"
Ending = Mapping[str, Counter[str]]
"""What there is, by place; each value with how often it is there."""

_VOLATILE = (
    (re.compile(r"<!date\^[^>]*>"), "DATE"),
    (re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:\+00:00|Z)?)?"), "DATE"),
    (re.compile(r"\b\d\d:\d\d(?::\d\d)?\b"), "TIME"),
    # A story that crosses midnight says so.
    (re.compile(r", starting on DATE"), ""),
    (re.compile(r"(?<=### )DATE\b"), "TIME"),
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST"),
    (re.compile(r"\b[0-9a-f]{12}\b"), "ID"),
    (re.compile(r"(issues/|issue |#)\d+"), r"\1N"),
    (re.compile(r"\b(incident|item)-s\d+"), r"\1"),
    (re.compile(r"/p\d{10,}"), "/TS"),
)
_OF_RUNS = ("run", "notice", "diagnosis", "review", OBLIGATION)
"""Posts whose number depends on how often people had to ask or decide, or on what failed meanwhile."""


def ending(stage: Stage, story: Story) -> Ending:
    """What Slack, GitHub, the report folder, the hub and the database show now."""
    plain = _Plain(stage)
    found: dict[str, Counter[str]] = {"channels": Counter()}
    for channel in stage.scene.incident_channels():
        members = sorted(plain(member) for member in channel.members)
        marks = sorted(str(mark["title"]) for mark in channel.bookmarks)
        topic = plain(channel.topic["value"])
        canvas = text_of(channel).count(MARK)
        pins = len(channel.pins)
        shown = (channel.name, channel.is_private, members, marks, topic, pins, canvas)
        found["channels"][plain(json.dumps(shown))] += 1
    for number in story.incidents:
        found |= _of_incident(stage, number, plain)
    posted = [m for m in stage.scene.own(ANNOUNCE) if effect_of(m)]
    found["announcements"] = Counter(plain(m["text"]) for m in posted)
    found["issues"] = Counter(
        plain(f"{issue.title} {sorted(issue.labels)}") for issue in stage.issues()
    )
    for issue in stage.issues():
        found[f"issue {plain(issue.title)}"] = _lines(plain(issue.body))
    for file in sorted(stage.reports.glob("**/*.md")):
        found[f"file {plain(file.name)}"] = _lines(plain(file.read_text(encoding="utf-8")))
    return {place: +values for place, values in found.items()}


def _of_incident(stage: Stage, number: int, plain: _Plain) -> dict[str, Counter[str]]:
    scene, channel = stage.scene, stage.channel(number)
    name = f"incident {number + 1}"
    incident = scene.incident(channel)
    posts = Counter(
        f"{_kind(m)}: {plain(m['text'])}" for m in scene.own(channel) if _kind(m) not in _OF_RUNS
    )
    said = Counter(plain(m["text"]) for m in stage.slack.messages(channel) if "client_msg_id" in m)
    entries = Counter(
        plain(f"{e.kind.value} {e.author} {json.dumps(dict(e.data), sort_keys=True)}")
        for e in scene.entries(channel)
        if e.kind is not EntryKind.RUNBOOK
    )
    with scene.store.read() as tx:
        rows = resource_rows.of_incident(tx, incident.id).values()
        items = incident_rows.items(tx, incident.id)
    of_runs = (
        *(ResourceKind.RUN, ResourceKind.RUN_STEP),
        *(ResourceKind.NOTICE, ResourceKind.DIAGNOSIS, ResourceKind.REVIEW),
    )
    return {
        f"{name} fields": Counter(
            {plain(f"{incident.status} {incident.severity} {dict(incident.roles)}"): 1}
        ),
        f"{name} posts": posts,
        f"{name} said": said,
        f"{name} stored": Counter(
            plain(m.text)
            for m in scene.messages(channel)
            if m.deleted_at is None and m.raw.get("client_msg_id")
        ),
        f"{name} entries": entries,
        f"{name} items": Counter(plain(f"{item.title} {item.link} {item.group}") for item in items),
        f"{name} marks": Counter(f"{mark} {said}" for said, mark in tags(stage, number)),
        f"{name} resources": Counter(
            f"{row.kind.value} {row.state.value}" for row in rows if row.kind not in of_runs
        ),
    }


def _kind(message: Mapping[str, Any]) -> str:
    first, second, *_ = effect_of(message).split("/")
    return first if first == OBLIGATION else second


def _lines(body: str) -> Counter[str]:
    """The lines, without those about runs and without the headings of minutes: both may differ."""
    kept = (line for line in body.splitlines() if line.strip() and "server" not in line)
    return Counter(line for line in kept if line.rstrip(" #") != "### TIME")


class _Plain:
    """Replaces ids by names and times by a word."""

    def __init__(self, stage: Stage) -> None:
        names = {user: f"@{stage.slack.person(user).name}" for user in _people(stage)}
        names[stage.slack.bot_user_id] = "@mayday"
        names[str(stage.reports)] = "REPORTS"
        names |= {channel.id: f"#{channel.name}" for channel in stage.slack.channels()}
        with stage.scene.store.read() as tx:
            for table in ("incident", "item"):
                ids = tx.execute(text(f"SELECT id FROM {table}")).scalars()
                names |= dict.fromkeys(ids, table.upper())
        self._names = names

    def __call__(self, value: object) -> str:
        said = str(value)
        for found, name in self._names.items():
            said = said.replace(found, name)
        for pattern, word in _VOLATILE:
            said = pattern.sub(word, said)
        return said


def _people(stage: Stage) -> list[str]:
    return [stage.slack.person(name).id for name in ("ana", "ben", "chidi", "dora")]


def differences(found: Ending, wanted: Ending) -> list[str]:
    """What is lost and what is there too often, one line each."""
    lines = []
    for place in sorted({*found, *wanted}):
        here, there = found.get(place, Counter()), wanted.get(place, Counter())
        lines += [f"{place}: lost {n} × {value[:300]}" for value, n in (there - here).items()]
        lines += [f"{place}: {n} too many × {value[:300]}" for value, n in (here - there).items()]
    return lines


def wrongs(stage: Stage) -> list[str]:
    """What must hold in every ending, and does not."""
    found = [f"not settled: {line}" for line in stage.unsettled()]
    for channel in (*(c.id for c in stage.scene.incident_channels()), ANNOUNCE):
        effects = Counter(effect_of(m) for m in stage.scene.own(channel))
        found += [f"posted {n} times: {effect}" for effect, n in effects.items() if n > 1]
    with stage.scene.store.read() as tx:
        given_up = tx.execute(text("SELECT key FROM inbox WHERE given_up_at IS NOT NULL")).all()
        table = "workflow_status" if stage.scene.store.is_sqlite else "dbos.workflow_status"
        failed = tx.execute(
            text(
                f"SELECT workflow_uuid, status FROM {table} "
                "WHERE status NOT IN ('SUCCESS', 'ENQUEUED', 'PENDING')"
            )
        ).all()
    found += [f"given up: {row.key}" for row in given_up]
    found += [f"workflow {row.workflow_uuid} is {row.status}" for row in failed]
    found += _of_runs(stage)
    faults = Audit(stage.scene.store).verify().faults
    found += [f"audit line {fault.number} {fault.problem}" for fault in faults]
    for replica in stage.replicas.all:
        if replica.code not in (None, 0, -9) and not replica.expected:
            found.append(f"replica {replica.number} ended itself with {replica.code}")
    return found


def _of_runs(stage: Stage) -> list[str]:
    under_way = (RunState.PLANNING, RunState.RUNNING)
    with stage.scene.store.read() as tx:
        locks = tx.execute(select(run_lock)).all()
        runs = tx.execute(select(run.c.id).where(run.c.state.in_(under_way))).scalars().all()
    return [
        *(f"lock {lock.name} of run {lock.run_id} is left" for lock in locks),
        *(f"run {each} never ended" for each in runs),
    ]


def picture(stage: Stage) -> str:
    """What the systems show now, for a person who looks for the cause of a failure."""
    slack, schema = stage.slack, "" if stage.scene.store.is_sqlite else "dbos."
    columns = "workflow_uuid, status, executor_id, queue_name, recovery_attempts"
    queries = {
        "workflows": f"SELECT {columns} FROM {schema}workflow_status WHERE status <> 'SUCCESS'",
        "resources": "SELECT key, state, attempts, error, owner FROM resource WHERE state <> 'done'",
        "inbox": "SELECT key, attempts, error FROM inbox WHERE done_at IS NULL",
        "replicas": "SELECT id, started_at, lease_until, taken_by FROM replica",
        "readings": "SELECT * FROM reading",
        "runs": "SELECT id, runbook, round, state, error FROM run",
        "steps": "SELECT run_id, number, state, finished_at, seen FROM run_step",
        "obligations": "SELECT id, due_at, owner, claimed_until, attempts, error, outcome, told_at "
        "FROM obligation",
    }
    lines = []
    with stage.scene.store.read() as tx:
        for name, query in queries.items():
            lines += [f"--- {name}", *(str(tuple(row)) for row in tx.execute(text(query)))]
    for channel in stage.scene.incident_channels():
        lines.append(f"--- #{channel.name}")
        lines += [
            f"{m['ts']} {effect_of(m)} {m['text']!r:.150}" for m in slack.messages(channel.id)
        ]
    lines.append("--- the last deliveries")
    lines += [f"{d.name} {d.attempt} {d.acked} {d.reason}" for d in slack.deliveries[-15:]]
    lines.append("--- the last calls")
    lines += [f"{c.method} {c.status} {dict(c.args)!r:.200}" for c in slack.calls[-15:]]
    for name in ("ana", "ben"):
        person = slack.person(name)
        shown = [str(view.get("errors")) for view in person.views()]
        lines.append(f"--- {name} sees forms: {shown}")
        for channel in stage.scene.incident_channels():
            if person.id in channel.members:
                private = [m for m in person.messages(channel.id) if m.get("ephemeral")]
                lines += [f"only to {name}: {m['text']!r:.200}" for m in private[-5:]]
    return "\n".join(lines)
