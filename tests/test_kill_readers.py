"""What readers of an incident are sent survives a kill, before a call takes effect and after it.

A message to a subscriber or to the people served exists once. What only one person sees in the channel can't
be looked for, so that person may see it twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest

from bot.domain.resources import ResourceState
from sandbox.slack import PersonError, SlackSandbox
from tests.support.bot import Child, Moment, Scene, child, kill_at, wait_and_kill
from tests.support.forkserver import ForkServer

Body = Mapping[str, Any]
CHANNEL = "general"


def carries(name: str) -> Callable[[Body], bool]:
    """Match messages of resources of this kind."""
    return lambda body: f"/{name}/" in json.dumps(body.get("metadata") or "")


def is_catch_up(body: Body) -> bool:
    return "Who does what" in str(body.get("blocks"))


def news(scene: Scene) -> list[dict[str, Any]]:
    """The messages that Ben got directly."""
    direct = [c.id for c in scene.ben.channels() if c.id.startswith("D")]
    return [m for channel in direct for m in scene.posts(channel, "news")]


def catch_ups(scene: Scene, channel: str) -> list[dict[str, Any]]:
    """What Ben saw alone."""
    return [m for m in scene.ben.messages(channel) if m.get("ephemeral") and is_catch_up(m)]


def settled(scene: Scene, channel: str, kind: str) -> bool:
    rows = [row for key, row in scene.resources(channel).items() if key.startswith(f"{kind}/")]
    return bool(rows) and all(row.state is ResourceState.DONE for row in rows)


def killed(mayday: Child, scene: Scene, moment: Moment, act: Callable[[], object]) -> None:
    """Act, kill mayday at that moment, and start it again."""
    scene.slack.faults = [kill_at(mayday, moment)]
    with suppress(PersonError):
        act()
    wait_and_kill(mayday, scene.slack, moment)
    scene.slack.faults = []
    mayday.start()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_subscriber_gets_the_news_once(mayday: Child, aftermath: Scene, after: bool) -> None:
    mayday.start()
    channel = aftermath.declare().id
    name = aftermath.incident(channel).channel_name
    aftermath.ben.command(CHANNEL, f"/incident subscribe in #{name}")
    moment = Moment(method="chat.postMessage", after=after, matches=carries("news"))
    killed(
        mayday,
        aftermath,
        moment,
        lambda: aftermath.ana.command(channel, "/incident update it is back"),
    )
    aftermath.until(lambda: settled(aftermath, channel, "news"), "the news", timeout=40)
    assert len(news(aftermath)) == 1


def test_whoever_joins_is_shown_it_although_mayday_was_killed(
    mayday: Child, aftermath: Scene
) -> None:
    mayday.start()
    channel = aftermath.declare().id
    moment = Moment(method="chat.postEphemeral", after=False, matches=is_catch_up)
    killed(mayday, aftermath, moment, lambda: aftermath.ben.join(channel))
    aftermath.until(lambda: settled(aftermath, channel, "catch_up"), "the catch-up", timeout=40)
    assert len(catch_ups(aftermath, channel)) == 1


@pytest.fixture
def telling(slack: SlackSandbox, database_url: str, tmp_path: Any, forks: ForkServer) -> Any:
    """A mayday with an audience."""
    audience = {"name": "students", "channels": [f"#{CHANNEL}"]}
    with child(
        forks, slack, database_url, tmp_path, communication={"audiences": [audience]}
    ) as made:
        yield made


def test_the_people_served_are_told_once(telling: Child, aftermath: Scene) -> None:
    telling.start()
    channel = aftermath.declare().id
    ana = aftermath.ana
    ana.command(channel, "/incident notify")
    aftermath.slack.wait_for(lambda: bool(ana.views()), what="the form")
    view = ana.views()[-1]["id"]
    moment = Moment(method="chat.postMessage", after=True, matches=carries("notified"))
    killed(telling, aftermath, moment, lambda: ana.submit(view))
    aftermath.until(lambda: settled(aftermath, channel, "notified"), "the text", timeout=40)
    (posted,) = aftermath.posts(CHANNEL, "notified")
    assert posted["text"].startswith("We are aware of a problem")
    assert channel not in json.dumps(posted["blocks"])
