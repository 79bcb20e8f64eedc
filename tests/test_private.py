"""A private incident, from declaration to report, is visible only to its members."""

from __future__ import annotations

import json

from bot.domain.resources import ResourceState
from sandbox.slack import Person, SlackSandbox
from tests.support.bot import Scene
from tests.support.waiting import wait_until

TITLE = "Xylophone breach"


def test_nothing_of_a_private_incident_is_seen_outside(scene: Scene) -> None:
    slack, ana = scene.slack, scene.ana
    channel = scene.declare(TITLE, private=["private"], hubs=["datahub"], summary="xylophone").id
    for line in (
        "update xylophone",
        "status fixing xylophone",
        "severity sev1",
        "role commander",
        "action xylophone",
        "note xylophone",
        "run resync-routes",
        "diagnose datahub",
        "resolve xylophone",
        "close",
    ):
        ana.command(channel, f"/incident {line}")
    slack.wait_for(lambda: bool(ana.views()), what="the closing form")
    assert ana.submit(ana.views()[-1]["id"]) == {}
    slack.wait_for(
        lambda: any("is published" in m["text"] for m in scene.own(channel)), what="the report"
    )
    wait_until(
        lambda: all(e.state is ResourceState.DONE for e in scene.resources(channel).values()),
        "everything is done",
    )
    assert not [key for key in scene.resources(channel) if key.startswith("announce")]

    everywhere = [m for c in slack.channels() if c.id != channel for m in slack.messages(c.id)]
    for message in everywhere:
        shown = json.dumps(message).lower()
        assert "xylophone" not in shown
        assert channel.lower() not in shown
    for name in ("ben", "chidi", "dora"):
        other = slack.person(name)
        assert channel not in [c.id for c in other.channels()]
        assert "ylophone" not in listed(slack, other)


def listed(slack: SlackSandbox, person: Person) -> str:
    """The list of incidents that a person gets in a channel of none."""
    before = len(person.messages("general"))
    person.command("general", "/incident list")
    slack.wait_for(lambda: len(person.messages("general")) > before, what="the list")
    return json.dumps(person.messages("general")[before:])
