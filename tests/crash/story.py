"""The story: a public and a private incident, from their declaration to their reports.

Each act is what people do, how it shows that mayday did its part, and whether people have to act
again. People act again only if Slack showed them an error, or if a run asks for a new decision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.domain.runs import RunState
from bot.render.runs import ACTION_CONFIRM
from bot.store import incidents as incident_rows
from bot.store import runs as run_rows
from bot.store.runs import Run
from sandbox.slack import Person, PersonError
from tests.crash.hub import STUCK
from tests.crash.stage import Stage
from tests.support.bot import effect_of
from tests.support.reviews import requests, review

PUBLIC, PRIVATE = 0, 1
TITLES = ("Proxy was evicted", "Tokens leaked")
BOOK = "force-delete-stuck-servers"
FORM_WITHIN = 8.0
"""Seconds that people wait for a form before they type the command again."""

ASKS_AGAIN = (RunState.PLANNED, RunState.FAILED, RunState.EXPIRED, RunState.NEEDS_HUMAN)
ENDED_WELL = (RunState.DONE, RunState.NOTHING_TO_DO)


@dataclass(frozen=True, kw_only=True)
class Act:
    """``do`` may run again; it then does only what is missing. ``done``: mayday did its part.

    ``meanwhile`` is what people do while mayday works; it is called again and again.
    """

    name: str
    do: Callable[[Stage], None]
    done: Callable[[Stage], bool]
    again: Callable[[Stage], bool] = lambda _stage: False
    meanwhile: Callable[[Stage], None] = lambda _stage: None


@dataclass(frozen=True, kw_only=True)
class Story:
    """Acts in order, the incidents that they declare, and what must hold in the end.

    ``wrongs`` says what is wrong in any ending. Replicas are disturbed during the acts ``disturbed``.
    """

    name: str
    acts: Sequence[Act]
    incidents: Sequence[int]
    wrongs: Callable[[Stage], list[str]]
    disturbed: Sequence[str] = ()

    @property
    def names(self) -> list[str]:
        """The names of the acts."""
        return [act.name for act in self.acts]


# Declaring.
def declare(stage: Stage, number: int) -> None:
    ana = stage.scene.ana
    values: dict[str, object] = {
        "severity": "sev2",
        "summary": "Users see errors.",
        "hubs": ["datahub"],
    }
    if number == PRIVATE:
        values = {"severity": "sev2", "private": ["private"], "hubs": []}
    _submit(stage, ana, "general", f"/incident declare {TITLES[number]}", values)


def type_line(person: Person, channel: str, line: str) -> None:
    """Type a command. Raises PersonError where Slack says that the app did not answer."""
    reply = person.command(channel, line) or {}
    if str(reply.get("text", "")).startswith("/incident failed"):
        raise PersonError(str(reply["text"]))


def _submit(
    stage: Stage, person: Person, channel: str, line: str, values: dict[str, object]
) -> None:
    """Fill in the open form, or the one that a command opens."""
    if not person.views():
        type_line(person, channel, line)
        stage.slack.wait_for(lambda: bool(person.views()), FORM_WITHIN, what=f"the form of {line}")
    errors = person.submit(person.views()[-1]["id"], values)
    assert errors == {}, errors


def is_declared(stage: Stage, number: int) -> bool:
    channel = stage.channel(number)
    return bool(channel) and stage.scene.is_set_up(stage.slack.channel(channel))


# Talking.
SAYS = {
    "seen": ("ben", "Five threads say that DataHub is down."),
    "routes": ("chidi", "The proxy is new and has no routes."),
    "todo": ("ben", "We should watch the proxy's memory."),
    "slip": ("chidi", "kubectl get pods"),
    "typo": ("chidi", "28 of 31 hang"),
}


def _talk(stage: Stage) -> None:
    channel, slack = stage.channel(PUBLIC), stage.slack
    for name in ("ben", "chidi"):
        slack.person(name).join(channel)
    for name, (who, said) in SAYS.items():
        if name not in stage.named:
            stage.named[name] = slack.person(who).say(channel, said)
    if "reply" not in stage.named:
        thread = stage.named["seen"]
        stage.named["reply"] = stage.scene.ana.say(channel, "Since when?", thread_ts=thread)
        slack.person("chidi").edit(channel, stage.named["typo"], "29 of 31 hang")
        slack.person("chidi").delete(channel, stage.named["slip"])


def _is_talked(stage: Stage) -> bool:
    stored = {m.ts: m for m in stage.scene.messages(stage.channel(PUBLIC))}
    typo, slip = stored.get(stage.named["typo"]), stored.get(stage.named["slip"])
    is_gone = slip is None or slip.deleted_at is not None
    return is_gone and typo is not None and typo.text == "29 of 31 hang"


def _mark(stage: Stage) -> None:
    if "marked" not in stage.named:
        channel, ben = stage.channel(PUBLIC), stage.scene.ben
        ben.react(channel, stage.named["routes"], "pushpin")
        ben.react(channel, stage.named["todo"], "wrench")
        ben.react(channel, stage.named["seen"], "pushpin")
        stage.named["marked"] = "yes"


def _unmark(stage: Stage) -> None:
    if "unmarked" not in stage.named:
        stage.scene.ben.unreact(stage.channel(PUBLIC), stage.named["seen"], "pushpin")
        stage.named["unmarked"] = "yes"


def tags(stage: Stage, number: int) -> list[tuple[str, str]]:
    """The texts of an incident's marked messages, with the mark."""
    from bot.store import timeline

    messages = {m.key: m.text for m in stage.scene.messages(stage.channel(number))}
    with stage.scene.store.read() as tx:
        return sorted((messages[tag.message_key], tag.name) for tag in timeline.tags(tx, messages))


MARKS = sorted([(SAYS["routes"][1], "pushpin"), (SAYS["todo"][1], "wrench")])
MARKED = sorted([*MARKS, (SAYS["seen"][1], "pushpin")])


# Commands.
def _command(
    name: str, line: str, done: Callable[[Stage], bool], *, number: int = PUBLIC, who: str = "ana"
) -> Act:
    def type_it(stage: Stage) -> None:
        type_line(stage.slack.person(who), stage.channel(number), f"/incident {line}")

    return Act(name=name, do=type_it, done=done)


def _field(number: int, name: str, value: object) -> Callable[[Stage], bool]:
    return lambda stage: getattr(stage.scene.incident(stage.channel(number)), name) == value


def _role(number: int, role: str) -> Callable[[Stage], bool]:
    return lambda stage: role in stage.scene.incident(stage.channel(number)).roles


def has_entry(number: int, kind: str, text: str) -> Callable[[Stage], bool]:
    def found(stage: Stage) -> bool:
        entries = stage.scene.entries(stage.channel(number))
        return any(e.kind.value == kind and text in str(dict(e.data)) for e in entries)

    return found


def _item(stage: Stage) -> bool:
    with stage.scene.store.read() as tx:
        found = incident_rows.items(tx, stage.scene.incident(stage.channel(PUBLIC)).id)
    return any("alert" in item.title for item in found)


# The runbook.
def runs(stage: Stage) -> list[Run]:
    """The runs of the public incident, oldest first."""
    with stage.scene.store.read() as tx:
        incident = stage.scene.incident(stage.channel(PUBLIC))
        return sorted(run_rows.of_incident(tx, incident.id), key=lambda run: run.asked_at)


def _plan(stage: Stage) -> None:
    type_line(stage.scene.ana, stage.channel(PUBLIC), f"/incident run {BOOK}")


def _is_planned(stage: Stage) -> bool:
    found = runs(stage)
    return (
        bool(found)
        and found[-1].state is RunState.PLANNED
        and bool(confirm_button(stage, found[-1]))
    )


def confirm_button(stage: Stage, run: Run) -> str:
    """The ts of the message with the button that confirms this run; empty without one."""
    for message in stage.scene.posts(stage.channel(PUBLIC), "run"):
        if effect_of(message).endswith(run.id) and ACTION_CONFIRM in str(message.get("blocks")):
            return str(message["ts"])
    return ""


def _confirm(stage: Stage) -> None:
    """Confirm the plan; make another where the last run did not end well."""
    last = runs(stage)[-1]
    if button := confirm_button(stage, last):
        stage.scene.ana.press(stage.channel(PUBLIC), button, ACTION_CONFIRM)
    elif last.state in ASKS_AGAIN:
        _plan(stage)


def _of_runs_and_pods(stage: Stage) -> list[str]:
    all_runs = runs(stage)
    found = (
        [] if all_runs and all_runs[-1].state in ENDED_WELL else ["the last run did not end well"]
    )
    pods = stage.hub.pods()
    for name in STUCK:
        if name not in pods:
            found.append(f"the new pod of {name} was deleted")
        elif pods[name] == stage.hub.doomed[name]:
            found.append(f"the stuck pod of {name} is still there")
    return found


def _is_carried_out(stage: Stage) -> bool:
    return runs(stage)[-1].state in ENDED_WELL and stage.hub.is_cleared()


def _start_again(stage: Stage) -> None:
    for name in STUCK:
        stage.hub.start_server(name)


# Reminder, report.
def _wait_for_reminder(stage: Stage) -> None:
    incident = stage.scene.incident(stage.channel(PUBLIC))
    with stage.scene.store.read() as tx:
        due = incident_rows.reminder_of(tx, incident.id)
    if due is not None and not _is_reminded(stage):
        clock = stage.scene.clock
        clock.move_to(max(clock(), due.due_at) + timedelta(seconds=1))


def _is_reminded(stage: Stage) -> bool:
    return bool(stage.scene.posts(stage.channel(PUBLIC), "remind"))


def _close(stage: Stage, number: int) -> None:
    values: dict[str, object] = {"impact": "Nobody could work.", "conclusion": "More memory."}
    _submit(stage, stage.scene.ana, stage.channel(number), "/incident close", values)


def _review(stage: Stage, number: int) -> None:
    if _asks_for_review(stage, number):
        stage.close_forms()
        review(stage.slack, stage.scene.ana, stage.channel(number), within=FORM_WITHIN)


def _asks_for_review(stage: Stage, number: int) -> bool:
    return bool(requests(stage.slack, stage.channel(number)))


def _approval(name: str, done: Callable[[Stage], bool]) -> Act:
    again = partial(_asks_for_review, number=PUBLIC)
    return Act(name=name, do=partial(_review, number=PUBLIC), done=done, again=again)


def _is_reviewed(stage: Stage) -> bool:
    return _says("approved the report")(stage) and not _asks_for_review(stage, PUBLIC)


def _says(words: str) -> Callable[[Stage], bool]:
    return lambda stage: words in str(stage.scene.own(stage.channel(PUBLIC)))


def _is_open(stage: Stage) -> bool:
    return stage.scene.incident(stage.channel(PUBLIC)).is_open


def _is_published(stage: Stage, number: int) -> bool:
    said = [str(m["text"]) for m in stage.scene.own(stage.channel(number))]
    return has_entry(number, "published", "")(stage) and any(
        "is published" in text for text in said
    )


def _has_chidi(stage: Stage) -> bool:
    return stage.slack.person("chidi").id in stage.slack.channel(stage.channel(PRIVATE)).members


def _acts() -> list[Act]:
    return [
        Act(name="start", do=lambda _stage: None, done=lambda stage: stage.slack.bot_connected),
        Act(
            name="declare",
            do=lambda stage: declare(stage, PUBLIC),
            done=lambda stage: is_declared(stage, PUBLIC),
        ),
        Act(name="talk", do=_talk, done=_is_talked),
        Act(name="mark", do=_mark, done=lambda stage: tags(stage, PUBLIC) == MARKED),
        Act(name="unmark", do=_unmark, done=lambda stage: tags(stage, PUBLIC) == MARKS),
        _command("commander", "role commander", _role(PUBLIC, "commander")),
        _command("scribe", "role scribe @chidi", _role(PUBLIC, "scribe")),
        _command("status", "status fixing We look.", _field(PUBLIC, "status", "fixing")),
        _command("severity", "severity sev1", _field(PUBLIC, "severity", "sev1")),
        _command("update", "update Most can work.", has_entry(PUBLIC, "update", "Most can work.")),
        _command(
            "note", "note The node was full.", has_entry(PUBLIC, "note", "The node was full.")
        ),
        _command("action", "action Tech: Add an alert https://example.org/7", _item),
        Act(name="plan", do=_plan, done=_is_planned),
        Act(
            name="carry out",
            do=_confirm,
            done=_is_carried_out,
            again=lambda stage: runs(stage)[-1].state in ASKS_AGAIN,
        ),
        Act(name="start again", do=_start_again, done=lambda stage: stage.hub.is_cleared()),
        Act(name="reminder", do=_wait_for_reminder, done=_is_reminded),
        _command("resolve", "resolve The last user is back.", _field(PUBLIC, "status", "resolved")),
        Act(
            name="close",
            do=lambda stage: _close(stage, PUBLIC),
            done=lambda stage: _asks_for_review(stage, PUBLIC),
        ),
        _approval("approve", lambda stage: _is_published(stage, PUBLIC)),
        _command("edit", "note Ben saw it first.", _says("changed the published report")),
        _command("reopen", "reopen", _is_open),
        _command("resolve again", "resolve Now it is over.", _field(PUBLIC, "status", "resolved")),
        Act(
            name="close again",
            do=lambda stage: _close(stage, PUBLIC),
            done=lambda stage: _asks_for_review(stage, PUBLIC),
        ),
        _approval("approve again", _is_reviewed),
        Act(
            name="declare privately",
            do=lambda stage: declare(stage, PRIVATE),
            done=lambda stage: is_declared(stage, PRIVATE),
        ),
        Act(
            name="invite privately",
            do=lambda stage: stage.scene.ana.invite(stage.channel(PRIVATE), "chidi"),
            done=_has_chidi,
        ),
        _command("private role", "role scribe @chidi", _role(PRIVATE, "scribe"), number=PRIVATE),
        _command(
            "private note",
            "note A token was posted.",
            has_entry(PRIVATE, "note", "A token was posted."),
            number=PRIVATE,
        ),
        _command(
            "private resolve",
            "resolve All are revoked.",
            _field(PRIVATE, "status", "resolved"),
            number=PRIVATE,
        ),
        Act(
            name="private close",
            do=lambda stage: _close(stage, PRIVATE),
            done=lambda stage: _is_published(stage, PRIVATE),
        ),
    ]


INCIDENTS = Story(
    name="incidents",
    acts=_acts(),
    incidents=(PUBLIC, PRIVATE),
    wrongs=_of_runs_and_pods,
    disturbed=("declare", "carry out", "close", "approve"),
)
