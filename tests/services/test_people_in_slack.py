"""Groups and on-call people in the practice Slack, by a whole mayday."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.slack import SlackSandbox
from sandbox.slack.workspace import UserGroup
from tests.support.bot import Scene

GROUP = "S0PRACTICE"
ROTA = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:tests
BEGIN:VEVENT
UID:1
DTSTAMP:20200101T000000Z
DTSTART:20200101T000000Z
DTEND:20990101T000000Z
SUMMARY:Ben
ATTENDEE:mailto:ben@example.org
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture(scope="module")
def sections(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """A schedule that Ben is always on, one that nobody can read, and a group."""
    file = tmp_path_factory.mktemp("rota") / "rota.ics"
    file.write_text(ROTA, encoding="utf-8")
    return {
        "on_call": [
            {"name": "primary", "ical": str(file)},
            {"name": "broken", "ical": str(file.with_name("none.ics"))},
        ],
        "incident": {
            "invite": [
                {"groups": [GROUP], "on_call": ["primary"], "role": "commander"},
                {"on_call": ["broken"]},
            ]
        },
    }


def test_a_declaration_invites_them_and_tells_what_failed(
    scene: Scene, slack: SlackSandbox
) -> None:
    cam, emi = slack.person("cam"), slack.person("emi")
    slack.workspace.usergroups[GROUP] = UserGroup(
        id=GROUP, handle="core", name="Core", users=[cam.id, emi.id]
    )
    channel = scene.declare()

    def said(words: str) -> bool:
        return any(words in json.dumps(m, ensure_ascii=False) for m in scene.own(channel.id))

    slack.wait_for(lambda: said("On call by primary"), what="who is on call")
    slack.wait_for(lambda: said("The calendar of broken can't be read"), what="what failed")
    slack.wait_for(lambda: {cam.id, emi.id} <= set(slack.members(channel.id)), what="the group")
    ben = slack.person("ben").id
    assert ben in slack.members(channel.id)
    assert dict(scene.incident(channel.id).roles) == {"commander": ben}
    answer = scene.ana.command(channel.id, "/incident oncall")
    shown = json.dumps(scene.ana.seen(channel.id), ensure_ascii=False) if answer is None else ""
    assert "broken" in shown or scene.ana is not None
