"""Buttons and menus: what a press changes, and what a stale one is answered."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.domain.timeline import EntryKind
from bot.render.card import ACTION_COMMAND
from bot.render.listing import ACTION_ENTRY
from sandbox.clock import SandboxClock
from sandbox.slack import SlackSandbox
from tests.support.bot import ANNOUNCE, Scene, running


def whispered(scene: Scene, channel: str, who: str = "ana") -> list[dict[str, Any]]:
    return [m for m in scene.slack.person(who).messages(channel) if m.get("ephemeral")]


def test_an_entry_is_taken_out_in_the_listing_itself(scene: Scene) -> None:
    channel = scene.declare()
    scene.ana.command(channel.id, "/incident note a typing error")
    scene.ana.command(channel.id, "/incident timeline")
    [note] = [e for e in scene.entries(channel.id) if e.kind is EntryKind.NOTE]
    [listing] = [m for m in whispered(scene, channel.id) if "Timeline of" in m["text"]]
    [block] = [b for b in listing["blocks"] if "a typing error" in str(b)]
    scene.ana.press(
        channel.id, listing["ts"], ACTION_ENTRY, block["block_id"], value=f"out:{note.id}"
    )
    scene.until(
        lambda: note.id not in {e.id for e in scene.entries(channel.id)}, "the entry is out"
    )
    scene.slack.wait_for(
        lambda: any("Removed" in str(m["blocks"]) for m in whispered(scene, channel.id)),
        what="the listing without it",
    )
    shown = [m for m in whispered(scene, channel.id) if "Timeline of" in m["text"]]
    assert len(shown) == 1
    assert "a typing error" not in str(shown[0]["blocks"])


def test_editing_the_words_of_an_entry_leaves_its_time(scene: Scene) -> None:
    """The form shows no fractions, and not which of two equal hours it was."""
    scene.clock.move_to(datetime(2017, 11, 5, 9, 30, 20, 250_000, tzinfo=UTC))
    channel = scene.declare()
    scene.ana.command(channel.id, "/incident note it works again")
    [before] = [e for e in scene.entries(channel.id) if e.kind is EntryKind.NOTE]
    scene.ana.command(channel.id, "/incident timeline")
    [listing] = [m for m in whispered(scene, channel.id) if "Timeline of" in m["text"]]
    [block] = [b for b in listing["blocks"] if "it works again" in str(b)]
    scene.ana.press(
        channel.id, listing["ts"], ACTION_ENTRY, block["block_id"], value=f"edit:{before.id}"
    )
    scene.slack.wait_for(lambda: bool(scene.ana.views()), what="the form")
    view = scene.ana.views()[-1]
    assert "2017-11-05 01:30:" in str(view), "the second 01:30 of that night"
    assert scene.ana.submit(view["id"], {"text": "It works again."}) == {}
    [after] = [e for e in scene.entries(channel.id) if e.kind is EntryKind.NOTE]
    assert after.data == {**before.data, "text": "It works again."}
    assert after.at == before.at


def test_command_is_taken_from_the_card_which_offers_it_no_more(scene: Scene) -> None:
    channel = scene.declare()
    [card] = scene.posts(channel.id, "card")
    scene.ana.press(channel.id, card["ts"], ACTION_COMMAND)
    scene.until(lambda: "commander" in scene.incident(channel.id).roles, "somebody leads")
    scene.slack.wait_for(
        lambda: ACTION_COMMAND not in str(scene.posts(channel.id, "card")), what="the new card"
    )
    assert scene.incident(channel.id).roles["commander"] == scene.ana.id


def close(scene: Scene, channel: str, **values: Any) -> dict[str, Any]:
    """Resolve and close; the form as it was shown."""
    scene.ana.command(channel, "/incident resolve")
    scene.ana.command(channel, "/incident close")
    scene.slack.wait_for(lambda: bool(scene.ana.views()), what="the form")
    view = scene.ana.views()[-1]
    assert scene.ana.submit(view["id"], values) == {}
    return view


def test_closing_asks_for_the_hubs_that_nobody_named(scene: Scene) -> None:
    channel = scene.declare(hubs=[]).id
    view = close(scene, channel, hubs=["datahub"])
    assert "which hubs were affected" in str(view)
    assert scene.incident(channel).hubs == ("datahub",)


def test_closing_leaves_the_hubs_that_are_named(scene: Scene) -> None:
    channel = scene.declare(hubs=["datahub"]).id
    close(scene, channel)
    assert scene.incident(channel).hubs == ("datahub",)


def test_hubs_can_be_named_where_mayday_knows_none(
    slack: SlackSandbox, sqlite_url: str, tmp_path: Path, clock: SandboxClock
) -> None:
    with running(slack, sqlite_url, tmp_path, hubs=[], clusters=[]) as bot:
        scene = Scene(slack=slack, store=bot.store, clock=clock)
        channel = scene.declare().id
        close(scene, channel, hubs="datahub, stat20,")
        assert scene.incident(channel).hubs == ("datahub", "stat20")


def test_a_status_with_words_reaches_those_outside(scene: Scene) -> None:
    channel = scene.declare()
    scene.ana.command(channel.id, "/incident status fixing Routes are being written")
    scene.slack.wait_for(
        lambda: any("Routes are being written" in m["text"] for m in scene.own(ANNOUNCE)),
        what="the news in the announcement's thread",
    )
    [announced] = scene.announcements(channel.id)
    [news] = [m for m in scene.own(ANNOUNCE) if "Routes are being written" in m["text"]]
    assert news["thread_ts"] == announced["ts"]


def test_a_heading_of_action_items_may_be_shortened(scene: Scene) -> None:
    channel = scene.declare()
    scene.ana.command(channel.id, "/incident action ops: unknown heading")
    scene.ana.command(channel.id, "/incident action docs: write down who is on call")
    groups = {
        e.data["text"]: e.data["group"]
        for e in scene.entries(channel.id)
        if e.kind is EntryKind.ACTION_ITEM
    }
    assert groups == {
        "ops: unknown heading": "Technical improvements",
        "write down who is on call": "Documentation improvements",
    }
