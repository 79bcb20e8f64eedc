"""The sandbox: clock, state after a restart, manifest, and people."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from slack_sdk import WebClient

from sandbox.slack import PersonError, SlackSandbox
from tests.support.app_manifest import APP_MANIFEST


def test_the_clock_dates_messages_and_never_twice_the_same() -> None:
    moment = datetime(2017, 2, 23, 21, 14, 0, tzinfo=UTC)
    with SlackSandbox(manifest=APP_MANIFEST, clock=lambda: moment) as slack:
        stamps = [slack.person("ana").say("hub-ops", str(number)) for number in range(3)]
    assert stamps[0].startswith("1487884440.")
    assert len(set(stamps)) == 3
    assert stamps == sorted(stamps)


def test_a_workspace_survives_a_restart(tmp_path: Path) -> None:
    kept = tmp_path / "workspace.json"
    with SlackSandbox(manifest=APP_MANIFEST, state_file=kept) as slack:
        ts = slack.person("ana").say("hub-ops", "remember me")
        token = slack.bot_token
    with SlackSandbox(manifest=APP_MANIFEST, state_file=kept) as slack:
        assert slack.bot_token == token
        assert [message["ts"] for message in slack.messages("hub-ops")] == [ts]
        assert slack.person("ana").say("hub-ops", "again") > ts
        client = WebClient(token=token, base_url=slack.api_url)
        assert client.auth_test()["team_id"] == slack.team_id


def test_only_what_the_manifest_lists_exists() -> None:
    manifest = {
        "display_information": {"name": "Other"},
        "features": {
            "slash_commands": [{"command": "/other"}],
            "shortcuts": [{"name": "Note", "type": "message", "callback_id": "note"}],
        },
        "oauth_config": {"scopes": {"bot": ["chat:write"]}},
        "settings": {"event_subscriptions": {"bot_events": ["reaction_added"]}},
    }
    with SlackSandbox(manifest=manifest) as slack:
        ana = slack.person("ana")
        with pytest.raises(PersonError, match="not a valid command"):
            ana.command("hub-ops", "/incident")
        with pytest.raises(PersonError, match="no such shortcut"):
            ana.shortcut("declare")
        assert slack.scopes == {"chat:write"}
        ts = ana.say("hub-ops", "not subscribed to")
        ana.react("hub-ops", ts, "fire")
        slack.wait_for(lambda: slack.deliveries)
        assert [delivered.name for delivered in slack.deliveries] == ["reaction_added"]


def test_guests_see_only_where_they_are(slack: SlackSandbox) -> None:
    gus = slack.person("gus")
    assert [channel.name for channel in gus.channels()] == ["hub-ops"]
    with pytest.raises(PersonError, match="that gus can see"):
        gus.say("general", "hello")
    visitor = slack.create_team_user("vi", single_channel_guest=True, channels=("incidents",))
    slack.share_channel("incidents")
    client = WebClient(token=slack.bot_token, base_url=slack.api_url)
    assert client.users_info(user=visitor.id)["user"]["is_ultra_restricted"]
    assert client.conversations_info(channel=slack.channel("incidents").id)["channel"][
        "is_ext_shared"
    ]


def test_waiting_in_vain_says_what_had_happened(slack: SlackSandbox) -> None:
    slack.person("ana").say("hub-ops", "only this")
    with pytest.raises(TimeoutError, match="only this"):
        slack.wait_for(lambda: False, timeout=0.01)


def test_someone_from_another_team_comes_under_their_own_teams_id(
    slack: SlackSandbox, client: WebClient
) -> None:
    slack.share_channel("hub-ops")
    visitor = slack.create_team_user("vi", from_another_team=True, channels=("hub-ops",))
    visitor.say("hub-ops", "hello from outside")
    user = client.users_info(user=visitor.id)["user"]
    assert user["team_id"] != slack.team_id
    assert slack.messages("hub-ops")[0]["team"] == user["team_id"]
    with pytest.raises(PersonError, match="not a valid command"):
        visitor.command("hub-ops", "/incident")


def test_a_slack_that_was_away_comes_back_at_the_same_address(slack: SlackSandbox) -> None:
    client = WebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    slack.person("ana").say("hub-ops", "before")
    slack.stop()
    with pytest.raises(OSError):
        client.auth_test()
    slack.start()
    channel = slack.channel("hub-ops").id
    assert client.conversations_history(channel=channel)["messages"][0]["text"] == "before"
