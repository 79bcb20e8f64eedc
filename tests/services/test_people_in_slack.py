"""Groups and on-call people in the practice Slack, by a whole mayday."""

from __future__ import annotations

import json
from pathlib import Path

from sandbox.clock import SandboxClock
from sandbox.slack import SlackSandbox
from tests.support.bot import Scene, running

ROTA = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:tests
BEGIN:VEVENT
UID:1
DTSTAMP:20150101T000000Z
DTSTART:20150101T000000Z
DTEND:20990101T000000Z
SUMMARY:Dora
ATTENDEE:mailto:dora@example.org
END:VEVENT
END:VCALENDAR
"""


def test_a_declaration_invites_them_and_tells_what_failed(
    slack: SlackSandbox, sqlite_url: str, tmp_path: Path, clock: SandboxClock
) -> None:
    """The group has Ana and Ben. Nobody can read the schedule ``broken``, which delays nothing."""
    rota = tmp_path / "rota.ics"
    rota.write_text(ROTA, encoding="utf-8")
    rules = [
        {"groups": [slack.usergroups()[0].id], "on_call": ["primary"], "role": "commander"},
        {"on_call": ["broken"]},
    ]
    schedules = [
        {"name": "primary", "ical": str(rota)},
        {"name": "broken", "ical": str(tmp_path / "none.ics")},
    ]
    ben, dora = slack.person("ben").id, slack.person("dora").id
    sections = {"incident": {"invite": rules}, "on_call": schedules}
    with running(slack, sqlite_url, tmp_path, **sections) as bot:  # type: ignore[arg-type]
        scene = Scene(slack=slack, store=bot.store, clock=clock)
        channel = scene.declare().id

        def said(words: str) -> bool:
            everywhere = [scene.own(each.id) for each in slack.channels()]
            return words in json.dumps(everywhere, ensure_ascii=False)

        slack.wait_for(lambda: said("On call by primary"), what="who is on call")
        slack.wait_for(lambda: said("The calendar of broken can't be read"), what="what failed")
        slack.wait_for(lambda: {ben, dora} <= set(slack.channel(channel).members), what="everybody")
        assert dict(scene.incident(channel).roles) == {"commander": dora}
        shown = json.dumps(scene.ana.command(channel, "/incident oncall"), ensure_ascii=False)

        def answered() -> bool:
            seen = json.dumps(scene.ana.messages(channel), ensure_ascii=False)
            return "On call now" in shown + seen and "broken: ⚠️" in shown + seen

        slack.wait_for(answered, what="who is on call, for Ana")
