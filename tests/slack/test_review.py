"""A report is reviewed in Slack: the form shows the text, and its button approves what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.bootstrap import Bot
from bot.domain.timeline import EntryKind
from bot.render.edit_notice import AT_ONCE, PUBLISHES
from bot.render.edit_pages import ACTION_PART
from bot.render.review import ACTION_SHOW
from sandbox.clock import SandboxClock
from sandbox.github import GitHubSandbox, GitHubSandboxError
from sandbox.slack import SlackSandbox
from tests.support.bot import Scene, running
from tests.support.reviews import open_review, requests, review

NAME = "jupyter-zhang-5fwei"


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHubSandbox]:
    made = GitHubSandbox(tmp_path_factory.mktemp("github"))
    try:
        made.start()
    except GitHubSandboxError as exc:
        pytest.skip(str(exc))
    yield made
    made.stop()


@pytest.fixture
def filing_bot(slack: SlackSandbox, github: GitHubSandbox, tmp_path: Path) -> Iterator[Bot]:
    """A mayday that files reports on a practice GitHub."""
    url = f"sqlite:///{tmp_path / 'mayday.db'}"
    access = {"token": github.token, "api_url": github.api_url, "repository": github.repository}
    with running(slack, url, tmp_path, github=access) as made:
        yield made


def closed(scene: Scene) -> str:
    channel = scene.declare("Routes are gone").id
    scene.ana.command(channel, f"/incident note {NAME} never started")
    scene.ana.command(channel, "/incident resolve it is over")
    scene.ana.command(channel, "/incident close")
    scene.slack.wait_for(lambda: bool(scene.ana.views()), what="the closing form")
    assert scene.ana.submit(scene.ana.views()[-1]["id"]) == {}
    return channel


def edited(scene: Scene, channel: str, text: str) -> None:
    """Ana edits a section of the report."""
    scene.ana.command(channel, "/incident edit")
    scene.slack.wait_for(lambda: bool(scene.ana.views()), what="the page")
    page = scene.ana.views()[-1]["id"]
    scene.ana.view_press(page, ACTION_PART, "part section/impact")
    scene.slack.wait_for(lambda: len(scene.ana.views()) == 2, what="the form of the section")
    form = scene.ana.views()[-1]
    assert AT_ONCE in str(form["blocks"])
    assert "everybody can read it" in str(form["blocks"])
    assert scene.ana.submit(form["id"], {"text": text}) == {}


def test_a_report_is_on_github_after_its_review_and_not_before(
    filing_bot: Bot, slack: SlackSandbox, clock: SandboxClock, github: GitHubSandbox
) -> None:
    scene = Scene(slack=slack, store=filing_bot.store, clock=clock)
    channel = closed(scene)
    view = open_review(slack, scene.ana, channel)
    shown = str(view["blocks"])
    assert github.issues() == []
    assert "jupyter-student-1 never started" in shown
    assert "*public*, everybody can read it" in shown
    assert not any(e.kind is EntryKind.PUBLISHED for e in scene.entries(channel))

    scene.ana.view_press(view["id"], ACTION_SHOW)
    slack.wait_for(
        lambda: f"{NAME} never started" in str(scene.ana.views()[-1]["blocks"]),
        what="the name in the form",
    )
    scene.ana.close_view(scene.ana.views()[-1]["id"])
    view = open_review(slack, scene.ana, channel)
    scene.ana.command(channel, "/incident note one more thing")
    scene.until(lambda: "one more thing" in str(scene.entries(channel)), "the note")
    assert scene.ana.submit(view["id"], {}) == {}
    slack.wait_for(
        lambda: any("changed after you opened" in m["text"] for m in scene.ana.messages(channel)),
        what="the refusal",
    )
    assert github.issues() == []

    review(slack, scene.ana, channel)
    slack.wait_for(
        lambda: any("report is published" in m["text"] for m in scene.own(channel)),
        what="the report",
    )
    (issue,) = github.issues()
    assert "one more thing" in issue.body
    assert NAME in issue.body.replace("\\", "")
    assert requests(slack, channel) == []
    said = [str(m["text"]) for m in scene.own(channel)]
    assert any(f"<@{scene.ana.id}> approved the report" in text for text in said)

    edited(scene, channel, "Nobody could work, says mei@example.edu.")
    slack.wait_for(lambda: PUBLISHES in str(scene.ana.views()), what="the answer of the edit")
    assert "replaces `mei@example.edu`" in str(scene.ana.views())
    scene.until(lambda: "Nobody could work" in github.issues()[0].body, "the edit on GitHub")
    assert "mei@" not in github.issues()[0].body
    assert requests(slack, channel) == []
    scene.ana.close_view(scene.ana.views()[-1]["id"])

    scene.ana.command(channel, "/incident publish")
    slack.wait_for(lambda: bool(scene.ana.views()), what="the form of the command")
