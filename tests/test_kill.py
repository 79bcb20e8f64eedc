"""Declaring survives a kill at any call: one channel, one card, one announcement, all steps done.

mayday runs in a separate process. The test freezes it at a call to Slack, before the call takes
effect or before mayday reads the answer. The test then kills mayday and restarts it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest

from bot.domain.resources import ResourceState
from bot.render.canvas import MARK
from sandbox.slack import Channel, PersonError, SlackSandbox
from sandbox.slack.canvases import text_of
from tests.support.bot import Child, Moment, Scene, kill_at, wait_and_kill
from tests.support.waiting import wait_until

Body = Mapping[str, Any]
TITLE = "Proxy was evicted"


def _carries(effect: str) -> Callable[[Body], bool]:
    """Match calls whose metadata carries the effect with this name."""

    def matches(body: Body) -> bool:
        return f'/{effect}"' in json.dumps(body.get("metadata") or "").replace('\\"', '"')

    return matches


CALLS: dict[str, tuple[str, Callable[[Body], bool]]] = {
    "channel": ("conversations.create", lambda _body: True),
    "invitation": ("conversations.invite", lambda _body: True),
    "card": ("chat.postMessage", _carries("card")),
    "topic": ("conversations.setTopic", lambda _body: True),
    "looking for bookmarks": ("bookmarks.list", lambda _body: True),
    "bookmark": ("bookmarks.add", lambda _body: True),
    "looking for the announcement's channel": ("users.conversations", lambda _body: True),
    "joining the announcement's channel": ("conversations.join", lambda _body: True),
    "asking whether the channel is public": ("conversations.info", lambda _body: True),
    "announcement": ("chat.postMessage", _carries("announcement")),
    "pin": ("pins.add", lambda _body: True),
    "canvas": ("conversations.canvases.create", lambda _body: True),
    "answer to the person": ("chat.postEphemeral", lambda _body: True),
}
"""Every call that declaring makes after the form is submitted."""

READING = {"auth.test", "bots.info", "users.info", "views.open", "apps.connections.open"}
"""Calls before the form is submitted."""

ONCE = {"conversations.list"}
"""Calls until the bot is in the announcement's channel, and not again in the workspace of these tests."""

HEARING = {"conversations.history", "conversations.replies"}
"""Calls of the concurrent backfill."""


def declared(scene: Scene) -> Channel:
    """Wait for the set-up, and check that everything exists exactly once."""
    slack = scene.slack
    wait_until(lambda: len(scene.incidents()) == 1, "the intent")
    incident_id = scene.incidents()[0].id
    slack.wait_for(
        lambda: any(scene.is_set_up(c) for c in slack.channels()), 30, what="all of it in Slack"
    )
    wait_until(lambda: _settled(scene, incident_id), "every resource done", timeout=30)
    channels = scene.incident_channels()
    assert [c.name for c in channels] == [scene.incidents()[0].channel_name]
    channel = channels[0]
    assert channel.id == scene.incidents()[0].channel_id
    assert slack.person("ana").id in channel.members
    card = scene.posts(channel.id, "card")
    assert len(card) == 1
    assert [pin["ts"] for pin in channel.pins] == [card[0]["ts"]]
    assert len(scene.announcements(channel.id)) == 1
    assert [mark["title"] for mark in channel.bookmarks] == ["datahub"]
    assert TITLE in channel.topic["value"]
    assert text_of(channel).count(MARK) == 1
    assert scene.posts(channel.id, "notice") == []
    # The backfill records a card whose answer was lost.
    scene.until(
        lambda: scene.message(channel.id, card[0]["ts"]), "the card is on record", timeout=30
    )
    kept = [m.ts for m in scene.messages(channel.id) if m.author == slack.bot_user_id]
    assert kept.count(card[0]["ts"]) == 1
    assert [entry.kind.value for entry in scene.entries(channel.id)] == ["declared"]
    return channel


def _settled(scene: Scene, incident_id: str) -> bool:
    incident = scene.incidents()[0]
    if incident.channel_id is None:
        return False
    resources = scene.resources(incident.channel_id)
    wanted = [kind for kind in resources if kind != "alike"]
    return len(wanted) == 7 and all(e.state is ResourceState.DONE for e in resources.values())


def submit(scene: Scene) -> dict[str, Any]:
    """Ana declares, with a hub that has a bookmark."""
    view = scene.ask_to_declare(scene.ana, TITLE)
    press_submit(scene, view)
    return view


def press_submit(scene: Scene, view: Mapping[str, Any]) -> None:
    """Submit. If the kill precedes the acknowledgement, Slack shows an error."""
    with suppress(PersonError):
        scene.ana.submit(view["id"], {"hubs": ["datahub"]})


def test_the_table_of_calls_is_complete(mayday: Child, aftermath: Scene) -> None:
    mayday.start()
    submit(aftermath)
    declared(aftermath)
    known = {method for method, _ in CALLS.values()}

    def made() -> set[str]:
        return {call.method for call in aftermath.slack.calls} - READING - ONCE - HEARING

    aftermath.slack.wait_for(lambda: known <= made(), what="every call of the table")
    assert made() == known
    assert mayday.stop() == 0


ON_BOTH = {("channel", True), ("card", True), ("answer to the person", False)}
"""Kills that also run on PostgreSQL. Both databases use the same rows and statements."""

KILLS = [
    pytest.param(what, after, database, id=f"{what}-{'after' if after else 'before'}-{database}")
    for what in CALLS
    for after in (False, True)
    for database in ("sqlite", *(["postgresql"] if (what, after) in ON_BOTH else []))
]


@pytest.mark.parametrize(("what", "after", "database_url"), KILLS, indirect=["database_url"])
def test_killed_at_a_call(
    mayday: Child, aftermath: Scene, slack: SlackSandbox, what: str, after: bool
) -> None:
    """Takes about fifteen seconds: mayday polls for stored deliveries every ten."""
    method, matches = CALLS[what]
    moment = Moment(method=method, matches=matches, after=after)
    mayday.start()
    slack.faults = [kill_at(mayday, moment)]
    submit(aftermath)
    wait_and_kill(mayday, slack, moment)
    slack.faults = []

    # mayday processes stored deliveries that are older than 15 seconds.
    aftermath.later(seconds=20)
    mayday.start()

    declared(aftermath)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_killed_when_the_intent_is_committed_and_sent_again(
    mayday: Child, aftermath: Scene
) -> None:
    """Submitting again returns the same incident, acknowledged or not."""
    mayday.start()
    view = aftermath.ask_to_declare(aftermath.ana, TITLE)

    press_submit(aftermath, view)
    wait_until(lambda: len(aftermath.incidents()) == 1, "the intent")
    mayday.restart()
    press_submit(aftermath, view)

    declared(aftermath)


def test_killed_again_and_again(mayday: Child, aftermath: Scene, slack: SlackSandbox) -> None:
    mayday.start()
    moments = [
        Moment(method="conversations.create", after=True),
        Moment(method="chat.postMessage", matches=_carries("card"), after=True),
        Moment(method="chat.postMessage", matches=_carries("announcement"), after=True),
    ]
    slack.faults = [kill_at(mayday, moments[0])]
    submit(aftermath)
    for number, moment in enumerate(moments):
        wait_and_kill(mayday, slack, moment)
        rest = moments[number + 1 :]
        slack.faults = [kill_at(mayday, rest[0])] if rest else []
        mayday.start(wait=not rest)

    declared(aftermath)
