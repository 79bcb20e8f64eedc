"""Typed commands: each gets one clear answer, and no recorded data is lost."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.incident import Policy
from bot.domain.timeline import EntryKind
from bot.render.commands import COMMANDS
from bot.store import incidents as incident_rows
from bot.store.engine import Store
from tests.support.desk import ANA, BEN, ELSEWHERE, Desk
from tests.support.rows import CHANNEL, stored

TROUBLE = ("Traceback", "went wrong", "Exception", "Error:")
ZONE = ZoneInfo("America/Los_Angeles")


def said(desk: Desk, line: str, *, channel: str = CHANNEL) -> str:
    """mayday's answer to a command, without a traceback."""
    answer = desk.command(line, channel=channel)
    assert len(answer.acks) == 1
    assert not any(sign in answer.text for sign in TROUBLE), answer.text
    return answer.text


def test_every_usage_begins_with_its_command() -> None:
    assert all(command.usage.split()[0] == name for name, command in COMMANDS.items())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("delcare", "declare"),
        ("timline", "timeline"),
        ("repotr", "report"),
        ("statsu fixing", "status"),
        ("notes the proxy died", "note"),
    ],
)
def test_a_typing_error_gets_the_closest_command(desk: Desk, typed: str, meant: str) -> None:
    assert f"Did you mean `/incident {meant}`?" in said(desk, typed, channel=ELSEWHERE)


@pytest.mark.parametrize("typed", ["xyzzy", "🔥", "<!channel>", "`rm -rf`", "x" * 3000])
def test_what_is_like_nothing_is_told_where_help_is(desk: Desk, typed: str) -> None:
    answer = said(desk, typed, channel=ELSEWHERE)
    assert "`/incident help`" in answer
    assert "<!channel>" not in answer
    assert len(answer) < 300


def test_help_lists_every_command(desk: Desk) -> None:
    shown = str(desk.command("help", channel=ELSEWHERE).blocks)
    assert all(f"/incident {command.usage}" in shown for command in COMMANDS.values())


@pytest.mark.parametrize("channel", [CHANNEL, ELSEWHERE])
def test_the_bare_command_gives_a_menu(desk: Desk, channel: str) -> None:
    actions = [
        element["action_id"]
        for block in desk.command("", channel=channel).blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]
    assert len(actions) >= 3


@pytest.mark.parametrize("line", ["note x", "status", "role", "severity", "update x", "resolve"])
def test_outside_an_incidents_channel_it_says_where_to_go(desk: Desk, line: str) -> None:
    assert "This is not an incident channel" in said(desk, line, channel=ELSEWHERE)


@pytest.mark.parametrize(
    ("line", "say"),
    [
        ("status broken", "broken"),
        ("severity sev9", "sev9"),
        ("role comander", "Did you mean commander?"),
        ("role commander dora", "Mention the person with an @"),
        ("note", "Write what happened"),
        ("note at 14:05", "Write what happened"),
        ("note at 25:00 x", "25:00"),
        ("note at 2999-01-01 10:00 x", "2999-01-01 10:00"),
        ("note at 9999-12-31 23:59 x", "9999-12-31 23:59"),
        ("note at 2016-03-13 02:30 x", "2016-03-13 02:30"),
        ("note at 14.05 x", "14.05"),
        ("note at 21:10:57x the pod was evicted", "21:10:57x"),
        ("reopen", "investigating"),
        ("close", "Resolve the incident first"),
        ("publish", "Closing the incident publishes its report"),
        ("run reboot", "There is no runbook"),
        ("run reboot-routes", "Did you mean resync-routes?"),
        ("run resync-routes ana", "works on a whole hub"),
        ("action x " + "y" * 500, "Shorten the action item"),
        ("update \u200a", "Write the update"),
        ("snooze 0", "1 to 1440"),
        ("snooze 1441", "1 to 1440"),
        ("snooze 99999999999999999999", "1 to 1440"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(desk: Desk, line: str, say: str) -> None:
    before = desk.incident, desk.entries
    if line.startswith("update"):
        assert desk.command(line).text == ""
        answer = desk.submit({"text": " "}).errors["text"]
    else:
        answer = said(desk, line)
        assert answer.startswith("⚠️")
    assert say in answer
    assert "\n" not in answer
    assert (desk.incident, desk.entries) == before
    assert desk.planned == []


@pytest.mark.parametrize(
    ("line", "at", "text"),
    [
        ("note at 2017-02-23 21:10:57 proxy evicted", "2017-02-24 05:10:57", "proxy evicted"),
        (
            "note at 2017-02-23 21:10 `kubectl` &lt;!here&gt; &amp; co",
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
    desk: Desk, line: str, at: str | None, text: str
) -> None:
    desk.now.at = datetime(2017, 2, 25, tzinfo=UTC)
    assert said(desk, line).startswith("📌 Noted ")
    (note,) = desk.of_kind(EntryKind.NOTE)
    assert (note.data["text"], note.author) == (text, ANA)
    if at:
        assert note.at == datetime.fromisoformat(at).replace(tzinfo=UTC)


def test_a_redelivered_note_is_noted_once(desk: Desk) -> None:
    body = {
        "command": "/incident",
        "text": "note the proxy died",
        "team_id": desk.incident.team_id,
        "user_id": ANA,
        "channel_id": CHANNEL,
        "trigger_id": "the same",
    }
    assert [desk.send(body).text for _ in range(2)] == [
        "📌 Noted in the timeline.",
        "📌 Already noted in the timeline.",
    ]
    assert len(desk.of_kind(EntryKind.NOTE)) == 1


def test_words_may_be_typed_in_any_case_and_on_a_line_of_their_own(desk: Desk) -> None:
    for line in ("Status\nFixing\nwe restart the proxy", "severity SEV1", "role Scribe"):
        said(desk, line)
    incident = desk.incident
    assert (incident.status, incident.severity) == ("fixing", "sev1")
    assert incident.roles == {"scribe": ANA}


def test_a_teams_words_may_have_capitals(rows: Store) -> None:
    policy = Policy(
        severities=("SEV1", "P2"),
        statuses=("Investigating", "Fixing", "resolved", "closed"),
        roles=("Commander",),
    )
    desk = Desk(rows, policy=policy)
    for line in ("status fixing", "severity sev1", "role commander"):
        said(desk, line)
    incident = desk.incident
    assert (incident.status, incident.severity) == ("Fixing", "SEV1")
    assert incident.roles == {"Commander": ANA}


def test_a_time_of_today_is_read_in_the_teams_zone(desk: Desk) -> None:
    now = desk.now()
    said(desk, f"note at {now.astimezone(ZONE):%H:%M} now")
    (note,) = desk.of_kind(EntryKind.NOTE)
    # Compare in UTC: a local time in a repeated hour equals no time of another zone.
    assert note.at == now.replace(second=0, microsecond=0)


def test_a_time_that_occurred_twice_is_answered_with_how_to_write_the_other(desk: Desk) -> None:
    desk.now.at = datetime(2017, 11, 6, tzinfo=UTC)
    answer = said(desk, "note at 2017-11-05 01:30 the proxy died")
    assert "2017-11-05 01:30 PST" in answer
    assert "For PDT, write `2017-11-05 01:30-0700`" in answer
    assert "PDT (" in said(desk, "note at 2017-11-05 01:30-0700 the proxy died")


def test_status_role_and_severity_are_written_down(desk: Desk) -> None:
    for line in (
        "status fixing resyncing",
        f"role commander <@{BEN}|ben>",
        "role scribe",
        "severity sev1",
        "resolve all well",
        "reopen",
    ):
        assert said(desk, line) == ""
    incident = desk.incident
    assert (incident.status, incident.severity) == ("investigating", "sev1")
    assert dict(incident.roles) == {"commander": BEN, "scribe": ANA}
    assert [e.kind.value for e in desk.entries] == [
        "status",
        "role",
        "role",
        "severity",
        "resolved",
        "reopened",
    ]


@pytest.mark.parametrize("line", ["status", "severity", "role"])
def test_without_a_word_they_show_what_is_and_what_may_be(desk: Desk, line: str) -> None:
    said(desk, f"role commander <@{BEN}>")
    answer = said(desk, line)
    expected = {"status": "fixing", "severity": "sev3: a few", "role": f"<@{BEN}>"}
    assert expected[line] in answer
    assert f"/incident {line}" in answer


@pytest.mark.parametrize(
    ("line", "group", "title", "link"),
    [
        ("add an alert", "Technical improvements", "add an alert", ""),
        (
            "Documentation: write it down <https://example.org/1>",
            "Documentation improvements",
            "write it down",
            "https://example.org/1",
        ),
        ("docs: write it down", "Documentation improvements", "write it down", ""),
        ("ops: unknown heading", "Technical improvements", "ops: unknown heading", ""),
    ],
)
def test_action_items(desk: Desk, line: str, group: str, title: str, link: str) -> None:
    said(desk, f"action {line}")
    with desk.store.read() as tx:
        (item,) = incident_rows.items(tx, desk.incident.id)
    assert (item.title, item.link, item.group) == (title, link, group)


def test_lists_show_no_private_incident_elsewhere(desk: Desk) -> None:
    hidden = "C0HIDDEN"
    stored(
        desk.store,
        id="hidden",
        title="Hidden",
        private=True,
        channel_name="inc-hidden",
        channel_id=hidden,
    )
    for where, shown in ((ELSEWHERE, False), (CHANNEL, False), (hidden, True)):
        blocks = str(desk.command("list", channel=where).blocks)
        assert CHANNEL in blocks
        assert (hidden in blocks or "Hidden" in blocks) is shown


def test_a_search_answers_with_what_may_be_seen_here(desk: Desk) -> None:
    hidden = "C0HIDDEN"
    stored(
        desk.store,
        id="hidden",
        title="Hidden proxy",
        private=True,
        channel_name="inc-hidden",
        channel_id=hidden,
    )
    desk.context.search.refresh()
    for where, shown in ((ELSEWHERE, False), (hidden, True)):
        blocks = str(desk.command("search <https://x.y|proxy> & *", channel=where).blocks)
        assert CHANNEL in blocks
        assert (hidden in blocks or "Hidden" in blocks) is shown
    assert "Nothing was found for “volcano”" in desk.command("search volcano").text
    assert "Write what to search for" in desk.command("search").text


@pytest.mark.parametrize("title", ["", "   ", "\n", "x" * 300])
def test_a_title_that_cannot_be_is_refused_at_its_field(desk: Desk, title: str) -> None:
    desk.command(f"declare {title}", channel=ELSEWHERE)
    form = desk.slack.views[-1]
    (shown,) = [b for b in form["blocks"] if b.get("block_id") == "title"]
    assert shown["element"].get("initial_value", "") == title.strip(), "to be shortened there"
    assert set(desk.submit({"title": title}).errors) == {"title"}
    with desk.store.read() as tx:
        assert len(incident_rows.unclosed(tx)) == 1
    answer = desk.submit({"title": "x" * 150})
    assert answer.acks == [{}]
    assert "Declared" in desk.slack.shown[-1][2]
    with desk.store.read() as tx:
        assert len(incident_rows.unclosed(tx)) == 2
