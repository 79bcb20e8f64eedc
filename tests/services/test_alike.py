"""After a declaration the past outages that are like it are posted in the channel, once."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.bootstrap import Bot
from bot.domain.resources import ResourceKind
from bot.services import sync
from bot.services.library import Library
from tests.support.bot import Scene

REPORT = """\
# 2017-02-24 - Proxy was evicted again

## Summary

The proxy was evicted and users got errors, see <!channel> & [it](https://example.org/a).

## Resolution

The proxy was restarted <@U1>.
"""
URL = "https://github.com/example/hub/blob/main/incidents/2017-02-24-proxy.md"


def test_past_outages_are_posted_once(scene: Scene, bot: Bot) -> None:
    library = Library(bot.store, lambda: datetime.now(UTC))
    library.take(REPORT, source="example/hub:incidents/2017-02-24-proxy.md", url=URL)
    channel = scene.declare("Proxy was evicted").id
    scene.until(lambda: scene.posts(channel, ResourceKind.ALIKE), "what is like it")
    incident = scene.incident(channel)
    with bot.store.write() as tx:
        sync.enqueue(bot.durable, tx, incident.id, "again")
    bot.services.sync.bring_in_step(incident.id)
    [post] = scene.posts(channel, ResourceKind.ALIKE)
    text = str(post["blocks"])
    assert f"<{URL}|Proxy was evicted again>" in text
    assert "Ended: The proxy was restarted &lt;@U1&gt;." in text


def test_nothing_is_posted_if_there_is_nothing_like_it(scene: Scene, bot: Bot) -> None:
    channel = scene.declare("Proxy was evicted").id
    scene.until(lambda: "alike" in scene.resources(channel), "the search")
    assert scene.posts(channel, ResourceKind.ALIKE) == []
