"""A public incident whose channel is made private: nothing more of it is published, and that stays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from bot.bootstrap import Bot
from bot.domain.resources import ResourceKind
from bot.domain.timeline import EntryKind
from bot.store import resources as resource_rows
from sandbox.slack import Fault, FaultHook, Passage, SlackSandbox, answers, on_call
from tests.support.bot import Scene
from tests.support.readings import read_all

TITLE = "Xylophone breach"


def unheard(*events: str) -> FaultHook:
    def hook(passage: Passage) -> Fault | None:
        return Fault(effect=False) if passage.name in events else None

    return hook


def outside(slack: SlackSandbox, channel: str) -> str:
    """Everything that stands in other channels, direct messages apart."""
    return json.dumps(
        [slack.messages(c.id) for c in slack.channels() if c.id != channel and c.name]
    ).lower()


def converted(scene: Scene, slack: SlackSandbox) -> str:
    """An announced incident whose channel was made private, which mayday did not hear."""
    channel = scene.declare(TITLE).id
    scene.ana.command(channel, "/incident update xylophone strings are gone")
    slack.wait_for(lambda: "strings" in outside(slack, channel), what="the announced update")
    slack.faults = [unheard("message")]
    scene.ana.change_channel(channel, "make_private")
    return channel


def is_withdrawn(scene: Scene, slack: SlackSandbox, channel: str) -> bool:
    return "xylophone" not in outside(slack, channel) and scene.incident(channel).private


def test_the_message_that_says_so_latches_it_at_once(scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare(TITLE).id
    scene.ana.change_channel(channel, "make_private")
    slack.wait_for(lambda: is_withdrawn(scene, slack, channel), what="the announcement's end")
    assert [e.kind for e in scene.entries(channel)][-1] is EntryKind.PRIVATE
    slack.wait_for(
        lambda: any("is private now" in m["text"] for m in scene.own(channel)), what="the entry"
    )


@pytest.mark.parametrize(
    "line", ["severity sev1", "update xylophone is worse", "resolve xylophone is over"]
)
def test_before_each_announcement_slack_is_asked(
    scene: Scene, slack: SlackSandbox, line: str
) -> None:
    channel = converted(scene, slack)
    scene.ana.command(channel, f"/incident {line}")
    slack.wait_for(lambda: is_withdrawn(scene, slack, channel), what="the announcement's end")
    assert "worse" not in outside(slack, channel)
    assert "is over" not in outside(slack, channel)


def test_what_was_announced_shows_a_sentence_and_no_title(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    channel = converted(scene, slack)
    before = len(scene.own("incidents"))
    read_all(bot.services.backfill, bot.store)
    slack.wait_for(lambda: is_withdrawn(scene, slack, channel), what="the announcement's end")
    assert len(scene.own("incidents")) == before
    assert all("withdrew" in m["text"] for m in scene.own("incidents"))


def test_nothing_is_announced_while_slack_does_not_say(scene: Scene, slack: SlackSandbox) -> None:
    slack.faults = [on_call("conversations.info", answers("internal_error", status=500))]
    view = scene.ask_to_declare(scene.ana, TITLE)
    assert scene.ana.submit(view["id"]) == {}
    scene.until(lambda: scene.incidents() and scene.incidents()[0].channel_id, "the channel")
    channel = scene.incidents()[0].channel_id or ""
    scene.until(
        lambda: (
            "announcement" in scene.resources(channel)
            and scene.resources(channel)["announcement"].error
        ),
        "it was attempted",
    )
    assert scene.announcements(channel) == []
    slack.faults = []
    scene.later(minutes=11)
    slack.wait_for(lambda: bool(scene.announcements(channel)), what="the announcement")


def test_what_slack_shows_no_more_is_not_announced(scene: Scene, slack: SlackSandbox) -> None:
    """mayday was removed from a channel that was made private before: unknown is not public."""
    channel = converted(scene, slack)
    name = slack.channel(channel).name
    slack.faults = [unheard("message", "group_left")]
    scene.ana.remove(channel, slack.bot_user_id)
    scene.ana.command("general", f"/incident update xylophone is worse in #{name}")
    scene.until(
        lambda: any(
            row.kind is ResourceKind.ANNOUNCED_UPDATE and row.error
            for row in scene.resources(channel).values()
        ),
        "it was attempted",
    )
    assert "worse" not in outside(slack, channel)
    assert listed(scene, slack) == []


def test_it_never_becomes_public_again(bot: Bot, scene: Scene, slack: SlackSandbox) -> None:
    channel = scene.declare(TITLE, private=["private"]).id
    slack.faults = [on_call("conversations.info", public_again)]
    read_all(bot.services.backfill, bot.store)
    bot.services.sync.bring_in_step(scene.incident(channel).id)
    assert scene.incident(channel).private
    assert scene.announcements(channel) == []


public_again = Fault(
    answer={"ok": True, "channel": {"id": "C1", "name": "x", "is_private": False, "created": 1}}
)


def listed(scene: Scene, slack: SlackSandbox) -> list[str]:
    """The incidents' names in Ben's list, in a channel of no incident."""
    seen = len(scene.ben.messages("general"))
    scene.ben.command("general", "/incident list")
    slack.wait_for(lambda: len(scene.ben.messages("general")) > seen, what="the list")
    shown = json.dumps(scene.ben.messages("general")[seen:], ensure_ascii=False)
    return [word for word in ("Xylophone", "Proxy") if word in shown]


def test_the_list_asks_slack_first(scene: Scene, slack: SlackSandbox) -> None:
    channel = converted(scene, slack)
    scene.declare("Proxy was evicted")
    assert listed(scene, slack) == ["Proxy"]
    assert scene.incident(channel).private
    slack.wait_for(lambda: is_withdrawn(scene, slack, channel), what="the announcement's end")


def test_without_an_answer_nothing_is_listed(bot: Bot, scene: Scene, slack: SlackSandbox) -> None:
    scene.declare("Proxy was evicted")
    bot.services.incidents._asked_at = None
    slack.faults = [on_call("conversations.list", answers("internal_error", status=500))]
    assert listed(scene, slack) == []


def test_the_report_of_a_channel_that_became_private(
    bot: Bot, scene: Scene, slack: SlackSandbox
) -> None:
    """The file becomes readable to mayday's account only, and issues filed before are named."""
    channel = scene.declare(TITLE).id
    for line in ("resolve", "close"):
        scene.ana.command(channel, f"/incident {line}")
    slack.wait_for(lambda: bool(scene.ana.views()), what="the closing form")
    assert scene.ana.submit(scene.ana.views()[-1]["id"]) == {}
    scene.until(lambda: "publish/folder" in done(scene, channel), "the report")
    url = "https://github.com/example/incidents/issues/7"
    filed(bot, scene, channel, {"number": 7, "url": url})

    scene.ana.change_channel(channel, "make_private")
    scene.until(lambda: not _readable(bot), "the file is private")
    slack.wait_for(
        lambda: any(url in m["text"] and scene.ana.id in m["text"] for m in scene.own(channel)),
        what="the issues that stand",
    )


def _readable(bot: Bot) -> list[Any]:
    return [f for f in bot.config.report.directory.glob("*.md") if f.stat().st_mode & 0o077]


def done(scene: Scene, channel: str) -> set[str]:
    return {key for key, row in scene.resources(channel).items() if row.state.value == "done"}


def filed(bot: Bot, scene: Scene, channel: str, ref: Mapping[str, Any]) -> None:
    """An issue that stands in a repository."""
    incident = scene.incident(channel).id
    with scene.store.write() as tx:
        now = scene.clock()
        resource_rows.add(tx, incident, ResourceKind.REPORT_ISSUE, spec={}, now=now)
        key = f"{incident}/publish/incident"
        resource_rows.change(tx, key, state="done", ref=dict(ref), applied_spec={}, rendering=1)
