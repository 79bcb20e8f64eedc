"""What people type: each gets one clear answer, and nothing that was recorded is lost."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.bootstrap import Bot
from bot.domain.timeline import EntryKind
from bot.slack.commands import COMMANDS
from bot.store import incidents as incident_rows
from sandbox.clock import SandboxClock
from sandbox.slack import (
    Channel,
    ChannelKind,
    SlackSandbox,
    answers,
    drop_before,
    on_call,
)
from tests.support.bot import Scene, running
from tests.support.waiting import wait_until

TROUBLE = ("Traceback", "went wrong", "Exception", "Error:")


@pytest.fixture
def channel(scene: Scene) -> Channel:
    """An incident's channel."""
    return scene.declare()


def said(scene: Scene, where: str, line: str) -> str:
    """What mayday answers to a command: one or two sentences, no traceback."""
    reply = scene.ana.command(where, f"/incident {line}".rstrip())
    if reply is None:
        whispered = [m for m in scene.ana.messages(where) if m.get("ephemeral")]
        text = str(whispered[-1]["text"]) if whispered else ""
    else:
        text = str(reply["text"])
    assert not any(sign in text for sign in TROUBLE), text
    return text


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("delcare", "declare"),
        ("Resolv", "resolve"),
        ("timline", "timeline"),
        ("statsu fixing", "status"),
        ("notes the proxy died", "note"),
    ],
)
def test_a_typing_error_gets_the_closest_command(scene: Scene, typed: str, meant: str) -> None:
    assert f"Did you mean `/incident {meant}`?" in said(scene, "general", typed)


@pytest.mark.parametrize("typed", ["xyzzy", "🔥", "<!channel>", "`rm -rf`", "x" * 3000])
def test_what_is_like_nothing_is_told_where_help_is(scene: Scene, typed: str) -> None:
    answer = said(scene, "general", typed)
    assert "`/incident help`" in answer
    assert "<!channel>" not in answer
    assert len(answer) < 300


def test_help_lists_every_command(scene: Scene) -> None:
    answer = str(scene.ana.command("general", "/incident help"))
    assert all(f"/incident {command.usage}" in answer for command in COMMANDS.values())


def test_the_bare_command_gives_a_menu(scene: Scene) -> None:
    reply = scene.ana.command("general", "/incident")
    assert reply is not None
    actions = [
        element["action_id"]
        for block in reply["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
    ]
    assert len(actions) >= 3


@pytest.mark.parametrize("line", ["note x", "status", "role", "severity", "update x", "resolve"])
def test_outside_an_incidents_channel_it_says_where_to_go(scene: Scene, line: str) -> None:
    assert "This is not an incident's channel" in said(scene, "general", line)


@pytest.mark.parametrize(
    ("line", "say"),
    [
        ("status broken", "There is no status"),
        ("severity sev9", "There is no severity"),
        ("role comander", "Did you mean commander?"),
        ("role commander dora", "Name the person with an @"),
        ("note", "Write what happened"),
        ("note at 14:05", "Write what happened"),
        ("note at 25:00 x", "isn't a valid date or time"),
        ("note at 2999-01-01 10:00 x", "in the future"),
        ("note at 9999-12-31 23:59 x", "isn't a valid date or time"),
        ("note at 2016-03-13 02:30 x", "does not exist"),
        ("note at 14.05 x", "is not a time"),
        ("note at 21:10:57x the pod was evicted", "is not a time"),
        ("reopen", "already open"),
        ("close", "Resolve the incident first"),
        ("publish", "The report is published when"),
        ("run reboot", "There is no runbook"),
        ("action x " + "y" * 500, "Shorten the action item"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(
    scene: Scene, channel: Channel, line: str, say: str
) -> None:
    before = scene.incident(channel.id), len(scene.entries(channel.id))
    answer = said(scene, channel.id, line)
    assert say in answer
    assert "\n" not in answer
    assert (scene.incident(channel.id), len(scene.entries(channel.id))) == before


@pytest.mark.parametrize(
    ("line", "at", "text"),
    [
        ("note at 2017-02-23 21:10:57 proxy evicted", "2017-02-24 05:10:57", "proxy evicted"),
        (
            "note at 2017-02-23 21:10 `kubectl` <!here> & co",
            None,
            "`kubectl` &lt;!here&gt; &amp; co",
        ),
        ("note at last it works", None, "at last it works"),
        ("note at 2017-02-24T05:10:57Z evicted", "2017-02-24 05:10:57", "evicted"),
        ("note at 2017-02-23 9:10 pm evicted", "2017-02-24 05:10:00", "evicted"),
        ("note\nat 2017-02-23 21:10:57\nevicted", "2017-02-24 05:10:57", "evicted"),
    ],
)
def test_notes_are_kept_as_typed_at_their_time(
    scene: Scene, channel: Channel, line: str, at: str | None, text: str
) -> None:
    assert said(scene, channel.id, line).startswith("📌 Noted ")
    (note,) = [e for e in scene.entries(channel.id) if e.kind is EntryKind.NOTE]
    assert note.data["text"] == text
    assert note.author == scene.ana.id
    if at:
        assert note.at == datetime.fromisoformat(at).replace(tzinfo=UTC)


def test_words_may_be_typed_in_any_case_and_on_a_line_of_their_own(
    scene: Scene, channel: Channel
) -> None:
    said(scene, channel.id, "Status\nFixing\nwe restart the proxy")
    said(scene, channel.id, "severity SEV1")
    said(scene, channel.id, "role Scribe")
    incident = scene.incident(channel.id)
    assert (incident.status, incident.severity) == ("fixing", "sev1")
    assert incident.roles == {"scribe": scene.ana.id}


def test_a_teams_words_may_have_capitals(
    slack: SlackSandbox, sqlite_url: str, tmp_path: Path, clock: SandboxClock
) -> None:
    words = {
        "severities": [
            {"name": "SEV1", "reminder_minutes": 5},
            {"name": "P2", "reminder_minutes": 9},
        ],
        "statuses": ["Investigating", "Fixing", "resolved", "closed"],
        "roles": ["Commander"],
    }
    with running(slack, sqlite_url, tmp_path, incident=words) as bot:
        scene = Scene(slack=slack, store=bot.store, clock=clock)
        channel = scene.declare().id
        for line in ("status fixing", "severity sev1", "role commander"):
            said(scene, channel, line)
        incident = scene.incident(channel)
        assert (incident.status, incident.severity) == ("Fixing", "SEV1")
        assert incident.roles == {"Commander": scene.ana.id}


def test_a_time_of_today_is_read_in_the_teams_zone(
    bot: Bot, scene: Scene, channel: Channel
) -> None:
    now = scene.clock()
    said(scene, channel.id, f"note at {now.astimezone(bot.settings.zone):%H:%M} now")
    (note,) = [e for e in scene.entries(channel.id) if e.kind is EntryKind.NOTE]
    # Compared in UTC: a local time of an hour that comes twice equals none of another zone.
    assert note.at == now.replace(second=0, microsecond=0)


def test_a_time_that_came_twice_is_told_with_how_to_write_the_other(
    scene: Scene, channel: Channel
) -> None:
    told = said(scene, channel.id, "note at 2017-11-05 01:30 the proxy died")
    assert "2017-11-05 01:30 PST" in told
    assert "For PDT, write `at 2017-11-05 01:30-0700`" in told
    assert "PDT (" in said(scene, channel.id, "note at 2017-11-05 01:30-0700 the proxy died")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("🔥🔥🔥", "incident"),
        ("<!channel> everyone `rm -rf /`", "channel-everyone-rm-rf"),
        ("first\nsecond", "first-second"),
        ("*bold* _it_ ~x~ <http://example.org|click>", "bold-it-x"),
    ],
)
def test_titles_of_all_kinds(scene: Scene, slack: SlackSandbox, title: str, name: str) -> None:
    scene.clock.move_to(datetime(2017, 2, 24, 5, 16, tzinfo=UTC))
    view = scene.ask_to_declare(scene.ana, "")
    assert scene.ana.submit(view["id"], {"title": title}) == {}
    slack.wait_for(lambda: any(scene.is_set_up(c) for c in slack.channels()))
    made = scene.incident_channels()[0]
    assert made.name.startswith(f"inc-2017-02-24-{name}")
    assert scene.incident(made.id).title == " ".join(title.split())
    for message in (*scene.own(made.id), *scene.announcements(made.id)):
        assert "<!channel>" not in message["text"], "it would call everybody"
        assert "<!channel>" not in _mrkdwn(message)
    assert "<!channel>" not in slack.channel(made.id).topic["value"]


def test_a_title_of_300_characters_is_kept_in_the_form_to_be_shortened(scene: Scene) -> None:
    view = scene.ask_to_declare(scene.ana, "x" * 300)
    (title,) = [b for b in view["blocks"] if b.get("block_id") == "title"]
    assert title["element"]["initial_value"] == "x" * 300
    assert set(scene.ana.submit(view["id"])) == {"title"}
    assert scene.incidents() == []
    assert scene.ana.submit(view["id"], {"title": "x" * 150}) == {}


@pytest.mark.parametrize("title", ["", "   ", "\n"])
def test_a_title_of_nothing_is_refused_at_its_field(scene: Scene, title: str) -> None:
    view = scene.ask_to_declare(scene.ana, "")
    assert set(scene.ana.submit(view["id"], {"title": title})) == {"title"}
    assert scene.incidents() == []


def test_a_form_that_slack_does_not_open_is_told(scene: Scene, slack: SlackSandbox) -> None:
    slack.faults = [on_call("views.open", answers("expired_trigger_id"))]
    scene.ana.command("general", "/incident declare x")
    slack.wait_for(
        lambda: any(m.get("ephemeral") for m in scene.ana.messages("general")), what="the answer"
    )
    assert "⚠️" in said(scene, "general", "declare x")


def test_a_silent_slack_is_told_too(scene: Scene, slack: SlackSandbox) -> None:
    slack.faults = [on_call("views.open", drop_before())]
    scene.ana.command("general", "/incident declare x")
    slack.wait_for(
        lambda: any("try again" in m["text"] for m in scene.ana.messages("general")),
        what="the answer",
    )


def test_status_role_and_severity_are_written_down(scene: Scene, channel: Channel) -> None:
    for line in (
        "status fixing resyncing",
        f"role commander @{scene.ben.name}",
        "role scribe",
        "severity sev1",
        "resolve all well",
        "reopen",
    ):
        said(scene, channel.id, line)
    incident = scene.incident(channel.id)
    assert (incident.status, incident.severity) == ("investigating", "sev1")
    assert dict(incident.roles) == {"commander": scene.ben.id, "scribe": scene.ana.id}
    assert [e.kind.value for e in scene.entries(channel.id)] == [
        "declared",
        "status",
        "role",
        "role",
        "severity",
        "resolved",
        "reopened",
    ]


@pytest.mark.parametrize(
    ("line", "group", "title", "link"),
    [
        ("action add an alert", None, "add an alert", ""),
        (
            "action Documentation: write it down https://example.org/1",
            "Documentation",
            "write it down",
            "https://example.org/1",
        ),
    ],
)
def test_action_items(
    bot: Bot, scene: Scene, channel: Channel, line: str, group: str | None, title: str, link: str
) -> None:
    groups = bot.settings.groups
    if group and group not in groups:
        line, group = line.replace(group, groups[0]), groups[0]
    said(scene, channel.id, line)
    with scene.store.read() as tx:
        (item,) = incident_rows.items(tx, scene.incident(channel.id).id)
    assert (item.title, item.link, item.group) == (title, link, group or groups[-1])


def test_the_timeline_is_shown_and_mended(
    scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    said(scene, channel.id, "note at 2017-02-23 21:10:57 proxy evictd")
    scene.ana.command(channel.id, "/incident timeline")
    shown = [m for m in scene.ana.messages(channel.id) if m.get("ephemeral")][-1]
    entry = scene.entries(channel.id)[-1]
    _choose(scene, channel, shown, entry.id, "Edit")
    slack.wait_for(lambda: bool(scene.ana.views()), what="the form")
    view = scene.ana.views()[-1]
    wrong = scene.ana.submit(view["id"], {"text": "proxy evicted", "at": "25:61"})
    assert set(wrong) == {"at"}
    assert scene.ana.submit(view["id"], {"text": "proxy evicted", "at": "2017-02-23 21:11"}) == {}
    mended = scene.entries(channel.id)[-1]
    assert mended.data["text"] == "proxy evicted"
    assert mended.at == datetime(2017, 2, 24, 5, 11, tzinfo=UTC)

    _choose(scene, channel, shown, entry.id, "Remove")
    wait_until(lambda: entry.id not in {e.id for e in scene.entries(channel.id)}, "taken out")


def test_lists_show_no_private_incident_elsewhere(scene: Scene) -> None:
    public = scene.declare("Open to see")
    hidden = scene.declare("Hidden", private=["private"])
    assert hidden.kind is ChannelKind.PRIVATE
    for where, shown in (("general", False), (hidden.id, True)):
        reply = scene.ana.command(where, "/incident list")
        assert reply is not None
        assert public.id in str(reply)
        assert (hidden.id in str(reply) or "Hidden" in str(reply)) is shown


def _mrkdwn(message: dict[str, Any]) -> str:
    """All text of a message in which Slack would look for mentions."""
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if node.get("type") == "mrkdwn":
                found.append(str(node["text"]))
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(message.get("blocks") or [])
    return "\n".join(found)


def _choose(
    scene: Scene, channel: Channel, shown: dict[str, Any], entry_id: int, label: str
) -> None:
    """Choose from the menu beside an entry."""
    for block in shown["blocks"]:
        menu = block.get("accessory") or {}
        for option in menu.get("options") or ():
            if option["value"].endswith(f":{entry_id}") and option["text"]["text"] == label:
                scene.ana.press(
                    channel.id,
                    shown["ts"],
                    menu["action_id"],
                    block_id=block["block_id"],
                    value=option["value"],
                )
                return
    raise AssertionError(f"no {label} for {entry_id} in {shown['blocks']}")


def test_the_preview_has_the_labels_that_its_issue_will_have(
    slack: SlackSandbox, sqlite_url: str, tmp_path: Path, clock: SandboxClock
) -> None:
    told = {"report": {"form": "2024"}, "github": {"labels": ["type: Hub Incident"]}}
    with running(slack, sqlite_url, tmp_path, **told) as bot:
        scene = Scene(slack=slack, store=bot.store, clock=clock)
        channel = scene.declare().id
        scene.ana.command(channel, "/incident report")
        slack.wait_for(
            lambda: "type: Hub Incident" in str(scene.ana.messages(channel)), what="the label"
        )
