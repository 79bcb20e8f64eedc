"""The sweep restarts work that no workflow runs, and leaves waiting work alone."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from bot.bootstrap import Bot
from bot.domain.resources import ResourceKind, ResourceState
from bot.services.sweep import _again
from bot.store import resources as rows
from sandbox.slack import Channel, SlackSandbox, answers, on_call
from tests.support.bot import Scene
from tests.support.waiting import wait_until


@pytest.fixture
def channel(bot: Bot, scene: Scene) -> Channel:
    """An incident whose set-up is complete, with the ticks stopped."""
    made = scene.declare()
    wait_until(
        lambda: all(e.state is ResourceState.DONE for e in scene.resources(made.id).values()),
        "all done",
    )
    bot.ticks.stop()
    return made


def test_what_fell_between_is_done_after_all(
    bot: Bot, scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    """The workflow of a change has ended with an unexpected error."""
    incident = scene.incident(channel.id)
    with scene.store.write() as tx:
        topic = rows.find(tx, incident.id, ResourceKind.TOPIC)
        assert topic is not None
        rows.change(tx, topic.key, applied_spec={"title": "of yesterday"})
    before = len(slack.calls)
    bot.services.sweep.sweep()
    slack.wait_for(
        lambda: [c.method for c in slack.calls[before:]] == ["conversations.setTopic"],
        what="the topic is set again",
    )


def test_when_all_is_well_nobody_is_asked_anything(
    bot: Bot, slack: SlackSandbox, channel: Channel
) -> None:
    before = len(slack.calls)
    bot.services.sweep.sweep()
    slack.person("ana").command(channel.id, "/incident status")
    assert len(slack.calls) == before


def test_what_waits_for_its_next_try_is_left_to_it(
    bot: Bot, scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    slack.faults = [on_call("conversations.setTopic", answers("restricted_action"))]
    scene.ana.command(channel.id, "/incident title Routes are gone")
    wait_until(
        lambda: scene.resources(channel.id)["topic"].state is ResourceState.FAILED, "refused"
    )
    slack.wait_for(lambda: bool(scene.posts(channel.id, "notice")), what="told")
    wait_until(
        lambda: scene.resources(channel.id)["notice"].state is ResourceState.DONE, "all tried"
    )
    tried = [c.method for c in slack.calls].count("conversations.setTopic")
    bot.services.sweep.sweep()
    scene.ana.command(channel.id, "/incident role scribe")
    slack.wait_for(lambda: any("scribe" in m["text"] for m in scene.own(channel.id)))
    again = [c.method for c in slack.calls].count("conversations.setTopic") - tried
    assert again == 0, "neither the sweep nor an unrelated change attempts it early"


def test_what_a_database_that_was_away_left_half_done_goes_on(
    bot: Bot, scene: Scene, slack: SlackSandbox, channel: Channel
) -> None:
    """It counts as running but is not, and would block the incident's other work."""
    dead = f"sync/{scene.incident(channel.id).id}/declared"
    ended = (
        "UPDATE workflow_status SET status = 'PENDING' "
        f"WHERE workflow_uuid = '{dead}' AND status = 'SUCCESS'"
    )

    def died() -> bool:
        with scene.store.write() as tx:
            return tx.execute(text(ended)).rowcount == 1

    wait_until(died, "it had ended")
    scene.ana.command(channel.id, "/incident status fixing")
    bot.services.sweep.sweep()
    bot.services.sweep.sweep()
    slack.wait_for(
        lambda: any("fixing" in m["text"] for m in scene.posts(channel.id, "entry")),
        what="the channel is told",
    )


def test_a_later_publishing_that_died_is_begun_anew(
    bot: Bot, scene: Scene, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The close is published. The publishing of a later note dies."""

    def report() -> str:
        return "".join(file.read_text() for file in bot.config.report.directory.glob("*.md"))

    def publishings() -> list[str]:
        query = "SELECT status FROM workflow_status WHERE name = 'publish'"
        with scene.store.read() as tx:
            return [row.status for row in tx.execute(text(query))]

    scene.ana.command(channel.id, "/incident resolve")
    scene.ana.command(channel.id, "/incident close")
    wait_until(lambda: bool(scene.ana.views()), "the form")
    assert scene.ana.submit(scene.ana.views()[-1]["id"], {}) == {}
    wait_until(lambda: publishings() == ["SUCCESS"], "published")
    with monkeypatch.context() as broken:
        broken.setattr(bot.services.publish, "review", None)
        broken.setattr(bot.services.publish, "write", None)
        scene.ana.command(channel.id, "/incident note the node ran out of inodes")
        wait_until(lambda: sorted(publishings()) == ["ERROR", "SUCCESS"], "it died")
    bot.services.sweep.sweep()
    bot.services.sweep.sweep()
    wait_until(lambda: "the node ran out of inodes" in report(), "published after all")
    wait_until(lambda: sorted(publishings()) == ["ERROR", "SUCCESS", "SUCCESS"], "begun anew once")


def test_what_dies_again_and_again_is_let_be() -> None:
    causes = ["declared"]
    while again := _again(causes[-1]):
        causes.append(again)
    assert causes[1:3] == ["again/1/declared", "again/2/declared"]
    assert len(causes) == 6
