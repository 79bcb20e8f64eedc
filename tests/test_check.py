"""``mayday check`` finds and names problems before an incident does."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bot import check as checks
from bot.adapters.announcements import Service
from bot.check import check
from bot.cli import app
from bot.config import load
from sandbox.clock import SandboxClock
from sandbox.slack import SlackSandbox, drop_before, on_call
from tests.support.announcements import ADMIN, SCOPED, World
from tests.support.bot import settings
from tests.support.stub import stub

Checked = Callable[..., tuple[bool, str]]


@pytest.fixture
def checked(slack: SlackSandbox, sqlite_url: str, tmp_path: Path) -> Checked:
    """Whether all checks pass, and the output."""

    def ask(**sections: Any) -> tuple[bool, str]:
        told = settings(slack, sqlite_url, tmp_path, **{"hubs": [], "clusters": [], **sections})
        shown = io.StringIO()
        well = check(load(overrides=told), Console(file=shown, width=400))
        assert slack.bot_token not in shown.getvalue()
        return well, shown.getvalue()

    return ask


def test_all_is_well(checked: Checked) -> None:
    well, said = checked()
    assert well, said
    assert "✗" not in said


def test_an_announcement_channel_that_is_not_there(checked: Checked) -> None:
    well, said = checked(slack={"announce_channel": "#incidnets"})
    assert not well
    assert "mayday sees no channel “#incidnets”" in said


def test_an_operators_channel_that_is_not_there(checked: Checked) -> None:
    well, said = checked(slack={"operator_channel": "#opreators"})
    assert not well
    assert "mayday sees no channel “#opreators”" in said


@pytest.mark.parametrize(
    "section",
    [
        {"runbooks": {"allow": {"groups": ["S0NOBODY"]}}},
        {"access": {"admins": {"groups": ["S0NOBODY"]}}},
        {"access": {"approvers": {"groups": ["S0NOBODY"]}}},
    ],
)
def test_a_user_group_that_is_not_there(checked: Checked, section: dict[str, Any]) -> None:
    well, said = checked(**section)
    assert not well
    assert "usergroups.users.list" in said


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        (ADMIN, "✓ the announcement service answers"),
        (SCOPED, "✗ The announcement service of hub datahub refused the token"),
    ],
)
def test_an_announcement_service(checked: Checked, token: str, shown: str) -> None:
    with stub(World(Service.ANNOUNCEMENT)) as news:
        hub = {
            "name": "datahub",
            "url": "http://127.0.0.1:1",
            "api_url": "http://127.0.0.1:1/hub/api",
            "api_token": "t",
            "cluster": "teaching",
            "namespace": "datahub-prod",
            "notices": {"url": f"{news.url}/services/news", "token": token},
        }
        _, said = checked(hubs=[hub], clusters=[{"name": "teaching"}])
    (line,) = (line for line in said.splitlines() if "notices of datahub" in line)
    assert shown in " ".join(line.split())


def test_a_report_folder_that_cannot_be_written(checked: Checked, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    well, said = checked(report={"directory": str(tmp_path / "file")})
    assert not well
    assert "change report.directory" in said


def test_a_slack_with_half_of_its_tokens(checked: Checked) -> None:
    well, said = checked(slack={"bot_token": ""})
    assert not well
    assert "slack.bot_token is missing" in said


def test_a_silent_slack_is_not_said_to_be_tried_again(
    checked: Checked, slack: SlackSandbox
) -> None:
    slack.faults = [on_call("auth.test", drop_before())]
    well, said = checked()
    assert not well
    assert "Slack did not answer auth.test: check the network" in said


def test_what_is_said_is_shown_as_it_is(checked: Checked, tmp_path: Path) -> None:
    """The console interprets brackets."""
    (tmp_path / "[" / "file").parent.mkdir()
    (tmp_path / "[" / "file").write_text("")
    _, said = checked(report={"directory": str(tmp_path / "[" / "file]")})
    assert "[/file]" in said


@pytest.mark.parametrize(("directory", "code"), [("reports", 0), ("taken", 1)])
def test_the_command_fails_where_a_system_cannot_be_used(
    tmp_path: Path, directory: str, code: int
) -> None:
    (tmp_path / "taken").write_text("a file, where a folder is wanted")
    config = tmp_path / "mayday.yaml"
    config.write_text(
        f"database: {{url: 'sqlite:///{tmp_path / 'mayday.db'}'}}\n"
        f"report: {{directory: '{tmp_path / directory}'}}\n"
    )
    done = CliRunner().invoke(app, ["check", "--config", str(config)])
    assert done.exit_code == code, done.output


@pytest.mark.parametrize(("minutes", "way"), [(10, "ahead of"), (-10, "behind")])
def test_a_wrong_clock_is_a_warning(
    checked: Checked, tmp_path: Path, minutes: int, way: str
) -> None:
    clock = SandboxClock(tmp_path / "another.json")
    clock.move_to(datetime.now(UTC) + timedelta(minutes=minutes))
    well, said = checked(practice={"clock_file": str(clock.file)})
    assert well, said
    assert f"warning: the clock of this machine is 10 min {way} Slack's" in said


def test_a_name_that_takes_many_requests_is_a_warning(
    checked: Checked, slack: SlackSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "MANY_PAGES", 0)
    well, said = checked(slack={"operator_channel": "#general"})
    assert well, said
    assert f"to find #general: write its id, {slack.channel('general').id}, in its place" in said
    well, said = checked(
        slack={
            "announce_channel": slack.channel("incidents").id,
            "operator_channel": slack.channel("general").id,
        }
    )
    assert well, said
    assert "warning" not in said
