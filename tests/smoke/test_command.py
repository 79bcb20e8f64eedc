"""``make slack-smoke``: what it reads from the environment, what it prints, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.slack import SlackSandbox
from tests.smoke import __main__ as command
from tests.smoke.rows import CLEANUP, ROWS
from tests.smoke.someone import CHANNEL


@pytest.fixture
def environment(slack: SlackSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a person sets, in a directory without a configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("SLACK_BOT_TOKEN", slack.bot_token)
    monkeypatch.setenv("SLACK_APP_TOKEN", slack.app_token)
    monkeypatch.setenv("SMOKE_API_URL", slack.api_url)
    monkeypatch.setenv("SMOKE_CHANNEL", slack.channel(CHANNEL).id)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SMOKE_CHANNEL"])
def test_what_is_missing_is_one_sentence(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(name)
    assert command.main([]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"Set {name} to ")
    assert len(told.err.splitlines()) == 1


@pytest.mark.usefixtures("environment")
def test_maydays_own_names_come_first(
    slack: SlackSandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-other")
    monkeypatch.setenv("MAYDAY_SLACK__BOT_TOKEN", slack.bot_token)
    assert command.main(["--automatic"]) == 0
    out = capsys.readouterr().out
    assert " 0 differs, 0 refused" in out.splitlines()[-1]
    assert slack.bot_token not in out


@pytest.mark.usefixtures("environment")
def test_json_lines_and_the_exit_code(
    slack: SlackSandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    slack.scopes = slack.scopes - {"pins:write"}
    assert command.main(["--automatic", "--json"]) == 1
    told = capsys.readouterr()
    lines = [json.loads(line) for line in told.out.splitlines() if line[0] == "{"]
    assert [line["what"] for line in lines] == [*(row.what for row in ROWS), CLEANUP]
    (refused,) = [line for line in lines if line["result"] == "refused"]
    assert refused["covers"] == ["pins.add"]
    for secret in (slack.bot_token, slack.app_token, slack.signing_secret):
        assert secret not in told.out + told.err
