"""Action items through the whole bot: filed on GitHub, followed by its signed webhooks, finished in Slack."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from bot.domain.actions import ActionItem
from bot.ports import Origin
from bot.render.edit_pages import ACTION_ITEM
from bot.store import incidents as rows
from sandbox.clock import SandboxClock
from sandbox.github import GitHubSandbox, GitHubSandboxError
from sandbox.slack import SlackSandbox
from tests.support.bot import Scene, running
from tests.support.forge import client

SECRET = "the-webhooks-secret-of-the-tests"
ISSUES = f"/repos/{GitHubSandbox.repository}/issues"


@pytest.fixture
def github(tmp_path: Path) -> Any:
    made = GitHubSandbox(tmp_path / "github")
    try:
        made.start()
    except GitHubSandboxError as exc:
        pytest.skip(str(exc))
    yield made
    made.stop()


def test_an_item_is_in_step_on_both_sides(
    slack: SlackSandbox, clock: SandboxClock, tmp_path: Path, sqlite_url: str, github: GitHubSandbox
) -> None:
    configured = {
        "token": github.token,
        "api_url": github.api_url,
        "repository": github.repository,
        "webhook_secret": SECRET,
    }
    with running(slack, sqlite_url, tmp_path, github=configured) as bot:
        scene = Scene(slack=slack, store=bot.store, clock=clock)
        assert bot.http is not None
        url = f"http://127.0.0.1:{bot.http.port}/github/webhook"
        hook = {"url": url, "content_type": "json", "secret": SECRET}
        github._post("POST", "/hooks", {"name": "web", "events": ["issues"], "config": hook})
        channel = scene.declare()
        scene.ana.command(channel.id, "/incident action add an alert due 2030-01-02")
        scene.ana.command(channel.id, "/incident action write it down")
        scene.until(lambda: len(items(scene, channel.id)) == 2, "the items")
        file_issues(scene, channel.id, github)
        scene.until(lambda: all(i.issue_read_at for i in items(scene, channel.id)), "a reading")
        first, second = (number(each) for each in items(scene, channel.id))
        closed = {"state": "closed", "state_reason": "not_planned"}
        github._post("PATCH", f"/issues/{second}", closed)
        scene.until(lambda: items(scene, channel.id)[1].state == "dropped", "the webhook")

        scene.ana.command(channel.id, "/incident actions")
        slack.wait_for(lambda: bool(lists(scene, channel.id)), what="the list")
        shown = lists(scene, channel.id)[-1]
        (value,) = re.findall(r"'value': '(done:[^']+)'", str(shown))
        scene.ana.press(channel.id, shown["ts"], "item.menu", value=value)
        path = f"{ISSUES}/{first}"
        scene.until(lambda: github.get(path)["state"] == "closed", "that the issue is closed")
        scene.until(lambda: items(scene, channel.id)[0].issue_state == "completed", "its row")
        assert [i.state for i in items(scene, channel.id)] == ["done", "dropped"]

        reopen_by_editing(scene, channel.id, items(scene, channel.id)[0])
        scene.until(lambda: github.get(path)["state"] == "open", "that the issue is open again")
        scene.until(lambda: items(scene, channel.id)[0].issue_state == "open", "its row")
        assert [i.state for i in items(scene, channel.id)] == ["open", "dropped"]


def reopen_by_editing(scene: Scene, channel: str, item: ActionItem) -> None:
    """Choose *Reopen* in the menu of an item on a page of *Edit report*."""
    scene.ana.command(channel, "/incident edit")
    scene.slack.wait_for(lambda: bool(scene.ana.views()), what="the page")
    page = scene.ana.views()[-1]["id"]
    scene.ana.view_press(page, "edit.page.items")
    block = f"item {item.id}"
    scene.slack.wait_for(lambda: block in str(scene.ana.views()), what="the items")
    scene.ana.view_press(page, ACTION_ITEM, block, value=f"open:{item.id}")


def items(scene: Scene, channel: str) -> list[ActionItem]:
    with scene.store.read() as tx:
        return rows.items(tx, scene.incident(channel).id)


def file_issues(scene: Scene, channel: str, github: GitHubSandbox) -> None:
    """File the items' issues, without the rest of publishing, whose writes take a second each."""
    forge = client(github.api_url)
    for item in items(scene, channel):
        origin = Origin(incident=item.incident_id, item=item.id)
        made = forge.open_issue(item.title, "", origin=origin, labels=["x"], assignees=[])
        with scene.store.write() as tx:
            rows.change_item(tx, item.id, issue_url=made.url)
    forge.close()


def number(item: ActionItem) -> int:
    return int(item.issue_url.rpartition("/")[2])


def lists(scene: Scene, channel: str) -> list[dict[str, Any]]:
    """The lists that mayday has shown to Ana."""
    return [m for m in scene.ana.messages(channel) if "item.menu" in str(m)]
