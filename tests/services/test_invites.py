"""Who is invited by the rules, whom Slack refuses, and who is on call: rows only, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest

from bot.domain.inviting import Invited, InviteRule, invited
from bot.domain.limits import Limits
from bot.domain.resources import ResourceKind, ResourceState
from bot.domain.timeline import EntryKind
from bot.errors import RetryLater, UserError
from bot.ports import OnCallPerson, Post
from bot.services.incident_snapshot import read
from bot.services.on_call import Schedule
from bot.services.reconciler import Reconciler
from bot.store import incidents
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from tests.support.inviting import invites
from tests.support.leases import AlwaysHeld
from tests.support.rows import CHANNEL, NOW, incident, settings, stored
from tests.support.slack_answers import SlackAnswers

GROUP, OTHER = "S0CORE", "S0EXTRA"
ID = "abc123abc123"

RULES = (
    InviteRule(severities=frozenset({"sev1"}), groups=(GROUP,), users=("U0CAM",)),
    InviteRule(hubs=frozenset({"datahub"}), groups=(OTHER, GROUP), on_call=("primary",)),
    InviteRule(users=("U0CAM", "U0DORA"), is_private=True),
    InviteRule(severities=frozenset({"sev1"}), on_call=("primary",), role="scribe"),
)


@pytest.mark.parametrize(
    ("values", "whom"),
    [
        ({}, Invited(users=("U0CAM", "U0DORA"))),
        (
            {"severity": "sev1"},
            Invited(users=("U0CAM", "U0DORA"), groups=(GROUP,), schedules={"primary": "scribe"}),
        ),
        (
            {"hubs": ("another", "datahub")},
            Invited(users=("U0CAM", "U0DORA"), groups=(OTHER, GROUP), schedules={"primary": ""}),
        ),
        (
            {"severity": "sev1", "hubs": ("datahub",)},
            Invited(
                users=("U0CAM", "U0DORA"), groups=(GROUP, OTHER), schedules={"primary": "scribe"}
            ),
        ),
        ({"severity": "sev1", "private": True}, Invited(users=("U0CAM", "U0DORA"))),
    ],
)
def test_the_rules_name_everybody_once(values: Mapping[str, Any], whom: Invited) -> None:
    assert invited(incident(**values), RULES) == whom


@dataclass(kw_only=True)
class Slack(SlackAnswers):
    """Slack, with who was invited, one by one and together."""

    alone: list[str] = field(default_factory=list)
    together: list[str] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)

    def time(self) -> datetime:
        return NOW

    def post(self, channel_id: str, post: Post, *, effect: str, thread_ts: str = "") -> str:
        self.effects[channel_id, effect] = post
        return f"{NOW.timestamp():.0f}.{len(self.effects):06}"

    def find_post(self, channel_id: str, effect: str, **_search: Any) -> None:
        assert (channel_id, effect) not in self.effects

    def invite(self, channel_id: str, user: str) -> None:
        assert channel_id == CHANNEL
        self.alone.append(user)

    def invite_all(self, channel_id: str, users: Sequence[str]) -> dict[str, str]:
        self._answer("invite_all")
        assert channel_id == CHANNEL
        self.together += [user for user in users if user not in self.refuses]
        return {user: why for user, why in self.refuses.items() if user in users}

    def group_members(self, group: str) -> frozenset[str]:
        self._answer(f"group_members {group}")
        return self.groups[group]

    def find_person(self, email: str) -> str | None:
        self._answer("find_person")
        return self.emails.get(email)


@dataclass
class Rota:
    """A schedule that a test fills."""

    people: Sequence[OnCallPerson] = ()
    failing: Exception | None = None
    asked: int = 0

    def at(self, moment: datetime) -> tuple[OnCallPerson, ...]:
        self.asked += 1
        if self.failing:
            raise self.failing
        return tuple(self.people)


class Door:
    """Invites people to one incident."""

    def __init__(self, store: Store, *rules: InviteRule, **values: Any) -> None:
        self.store, self.slack, self.rota = store, Slack(), Rota()
        self.slack.groups = {GROUP: frozenset({"U0ANA", "U0BEN", "U0CAM"}), OTHER: frozenset()}
        stored(store, **values)
        self.settings = settings(invite=rules)
        self.people: dict[str, str] = {}

    def open(self) -> None:
        """Ensure everything that is due, until nothing new is."""
        source: Any = self.rota
        schedules = {"primary": Schedule(name="primary", source=source, people=self.people)}
        made = invites(self.store, self.slack, self.settings, schedules)
        lease: Any = AlwaysHeld(self.store)
        reconciler = Reconciler(
            self.store, lambda: NOW, lease=lease, limits=Limits(), slack_time=self.slack.time
        )
        tried: set[str] = set()
        while due := [
            each
            for each in self._derived(made.of, made.messages)
            if each.key not in tried and each.is_due(self.row(each.key), None)
        ]:
            for each in due:
                tried.add(each.key)
                reconciler.ensure(each)

    def _derived(self, *derive: Callable[[Any], Any]) -> list[Any]:
        snap = self.snapshot()
        return [each for one in derive for each in one(snap)]

    def snapshot(self) -> Any:
        with self.store.read() as tx:
            return read(tx, ID)

    def row(self, key: str) -> Any:
        return self.snapshot().resources.get(key)

    def of(self, kind: ResourceKind, subject: str) -> Any:
        return self.snapshot().row(kind, subject)

    @property
    def said(self) -> list[str]:
        return [post.text for post in self.slack.effects.values()]


def test_a_group_is_read_when_it_is_invited_and_nobody_is_invited_twice(store: Store) -> None:
    door = Door(store, InviteRule(groups=(GROUP, OTHER)))
    door.slack.groups[OTHER] = frozenset({"U0CAM", "U0DORA"})
    door.open()
    assert door.slack.alone == ["U0ANA"]
    assert sorted(door.slack.together) == ["U0BEN", "U0CAM", "U0DORA"]
    door.slack.groups[GROUP] |= {"U0LATE"}
    door.open()
    assert sorted(door.slack.together) == ["U0BEN", "U0CAM", "U0DORA"]


def test_a_higher_severity_invites_those_who_are_missing(store: Store) -> None:
    door = Door(store, *RULES[:1], severity="sev2")
    door.open()
    assert door.slack.together == []
    with store.write() as tx:
        incidents.save(tx, replace(incidents.get(tx, ID), severity="sev1"))
    door.open()
    assert (door.slack.alone, door.slack.together) == (["U0ANA", "U0CAM"], ["U0BEN"])


def test_whom_slack_refuses_is_named_once(store: Store) -> None:
    door = Door(store, InviteRule(groups=(GROUP,)))
    door.slack.refuses = {"U0BEN": "user_is_restricted"}
    for _ in range(3):
        door.open()
    assert door.slack.together == ["U0CAM"]
    (said,) = door.said
    assert "<@U0BEN> (user_is_restricted)" in said
    assert door.of(ResourceKind.GROUP_INVITE, GROUP).state is ResourceState.DONE


def test_a_group_that_fails_holds_up_nobody_else(store: Store) -> None:
    door = Door(store, InviteRule(groups=(OTHER, GROUP), users=("U0DORA",)))
    door.slack.failing[f"group_members {OTHER}"] = UserError("No such group.")
    door.open()
    assert door.slack.alone == ["U0ANA", "U0DORA"]
    assert door.slack.together == ["U0BEN", "U0CAM"]
    assert door.of(ResourceKind.GROUP_INVITE, OTHER).error == "No such group."


def test_an_incident_that_is_over_invites_nobody_more(store: Store) -> None:
    door = Door(store, InviteRule(groups=(GROUP,), on_call=("primary",)), status="resolved")
    door.open()
    assert (door.slack.alone, door.slack.together, door.rota.asked) == (["U0ANA"], [], 0)


ON_CALL = InviteRule(on_call=("primary",), role="commander")


def test_who_is_on_call_is_invited_and_gets_the_role_once(store: Store) -> None:
    door = Door(store, ON_CALL)
    door.rota.people = [OnCallPerson(name="Ben Weber (week 48)"), OnCallPerson(name="Stranger")]
    door.people = {"ben weber": "U0BEN", "Ben": "U0WRONG"}
    for _ in range(3):
        door.open()
    assert door.slack.alone == ["U0ANA", "U0BEN"]
    assert door.rota.asked == 1
    with store.read() as tx:
        assert dict(incidents.get(tx, ID).roles) == {"commander": "U0BEN"}
        entries = timeline_rows.entries(tx, ID)
    assert [(e.kind, e.author, e.data["user"]) for e in entries] == [(EntryKind.ROLE, "", "U0BEN")]
    (said,) = door.said
    assert "<@U0BEN>, “Stranger”, whom mayday can't find in Slack" in said
    assert "<@U0BEN> is commander now" in said


def test_a_role_that_somebody_has_stays_theirs(store: Store) -> None:
    door = Door(store, ON_CALL, roles={"commander": "U0CAM"})
    door.rota.people = [OnCallPerson(name="x", slack_ids=("U0BEN",))]
    door.open()
    with store.read() as tx:
        assert dict(incidents.get(tx, ID).roles) == {"commander": "U0CAM"}
    assert door.slack.alone == ["U0ANA", "U0CAM", "U0BEN"]


def test_an_interruption_after_the_role_was_given_gives_it_once(store: Store) -> None:
    door = Door(store, ON_CALL)
    door.rota.people = [OnCallPerson(name="x", slack_ids=("U0BEN",))]
    source: Any = door.rota
    made = invites(
        store, door.slack, door.settings, {"primary": Schedule(name="primary", source=source)}
    )
    (lookup,) = [r for r in made.of(door.snapshot()) if r.kind is ResourceKind.ON_CALL]
    lookup.create()  # and the process ends before it records that
    door.rota.people = [OnCallPerson(name="x", slack_ids=("U0CAM",))]
    door.open()
    with store.read() as tx:
        assert dict(incidents.get(tx, ID).roles) == {"commander": "U0BEN"}
        assert len(timeline_rows.entries(tx, ID)) == 1


@pytest.mark.parametrize(
    "error", [UserError("It is gone."), RetryLater("It is slow.", maybe_done=False)]
)
def test_a_schedule_that_fails_holds_up_nobody_and_is_on_record(
    store: Store, error: Exception
) -> None:
    door = Door(store, replace(ON_CALL, users=("U0DORA",)))
    door.rota.failing = error
    door.open()
    assert door.slack.alone == ["U0ANA", "U0DORA"]
    assert door.of(ResourceKind.ON_CALL, "primary").error == str(error)
    door.rota.failing = None
    door.open()
    (said,) = door.said
    assert said == "📟 On call by primary: nobody."


PEOPLE = {"Ana Lee": "U0ANA", "ben@example.org": "U0BEN", "Ana": "U0OTHER"}


@pytest.mark.parametrize(
    ("person", "user"),
    [
        (OnCallPerson(name="Ana Lee"), "U0ANA"),
        (OnCallPerson(name="On Call - ANA LEE - Primary"), "U0ANA"),
        (OnCallPerson(name="Diana"), ""),
        (OnCallPerson(name="Ana Maria"), "U0OTHER"),
        (OnCallPerson(name="x", emails=("BEN@example.org",)), "U0BEN"),
        (OnCallPerson(name="x", emails=("no@example.org", "cam@example.org")), "U0CAM"),
        (OnCallPerson(name="x", slack_ids=("U0DORA",)), "U0DORA"),
        (OnCallPerson(name="x"), ""),
    ],
)
def test_how_people_are_found_in_slack(store: Store, person: OnCallPerson, user: str) -> None:
    door = Door(store, ON_CALL)
    door.slack.emails = {"cam@example.org": "U0CAM"}
    door.people, door.rota.people = PEOPLE, [person]
    door.open()
    found = door.of(ResourceKind.ON_CALL, "primary").ref
    assert (found["users"], found["unknown"]) == (([user], []) if user else ([], [person.name]))


def test_without_the_scope_people_are_named_as_the_schedule_does(store: Store) -> None:
    door = Door(store, ON_CALL)
    door.slack.failing["find_person"] = UserError("needs users:read.email", code="missing_scope")
    door.rota.people = [OnCallPerson(name="Cam", emails=("cam@example.org",))]
    door.open()
    assert door.of(ResourceKind.ON_CALL, "primary").ref["unknown"] == ["Cam"]
