"""A person of the practice Slack who does what the smoke test asks for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bot.render import edit_forms, edit_pages, hub_menu, listing
from bot.slack.interactions import (
    SHORTCUT_ACTION,
    SHORTCUT_DECLARE,
    SHORTCUT_DECLARE_FROM,
    SHORTCUT_TIMELINE,
)
from sandbox.slack import Channel, PersonError, SlackSandbox
from tests.smoke.by_hand import HUB
from tests.smoke.listener import PRESS, PRESS_LATER
from tests.support.books import RUNBOOKS

CHANNEL = "incidents"
COMMAND = "/outage"
"""Not the usual name, since a team may choose another one."""


class Hands:
    """The person, and how long they wait for what mayday shows them, in seconds."""

    def __init__(self, slack: SlackSandbox, waits: float) -> None:
        self.slack, self.waits, self.who = slack, waits, slack.person("ana")

    def cancel(self) -> None:
        """Close the form that opens."""
        self.who.close_view(self.wait_view()["id"])

    def wait_view(self) -> dict[str, Any]:
        """The form that opens."""
        self.slack.wait_for(self.who.views, self.waits, what="a form")
        return self.who.views()[-1]

    def wait_message(self, action: str) -> str:
        """The ts of the message that has this action."""

        def found() -> list[str]:
            shown = self.who.messages(CHANNEL)
            return [m["ts"] for m in shown if f"'{action}'" in str(m.get("blocks"))]

        self.slack.wait_for(found, 20, what=f"a message with {action}")
        return found()[-1]


@contextmanager
def someone(slack: SlackSandbox, *, waits: float = 20) -> Iterator[list[str]]:
    """Do everything while the block runs; yields what could not be done. Each form is waited for."""
    failed: list[str] = []
    thread = threading.Thread(target=_act, args=(Hands(slack, waits), failed), daemon=True)
    thread.start()
    yield failed
    thread.join(30)


def _act(hands: Hands, failed: list[str]) -> None:
    for do in (_press, _choose, _command, _shortcut, _talk, _manage):
        try:
            do(hands)
        except (PersonError, TimeoutError, AssertionError) as exc:
            failed.append(f"{do.__name__}: {exc}")


def _press(hands: Hands) -> None:
    ts = hands.wait_message(PRESS)
    hands.who.press(CHANNEL, ts, PRESS)
    view = hands.wait_view()
    assert list(hands.who.submit(view["id"])) == ["title"]
    assert hands.who.submit(view["id"]) == {}


def _choose(hands: Hands) -> None:
    ts = hands.wait_message(listing.ACTION_ENTRY)
    hands.who.press(CHANNEL, ts, listing.ACTION_ENTRY, value=f"{listing.EDIT}:1")
    hands.cancel()
    hands.who.press(CHANNEL, hands.wait_message(PRESS_LATER), PRESS_LATER)
    below = hands.wait_view()["id"]
    hands.who.view_press(below, edit_pages.ACTION_PART, "part about")
    hands.slack.wait_for(
        lambda: hands.who.views()[-1]["callback_id"] == edit_forms.EDIT_PART,
        hands.waits,
        what="a form above",
    )
    hands.who.close_view(below)


def _command(hands: Hands) -> None:
    answer = hands.who.command(CHANNEL, f"{COMMAND} smoke @{hands.who.name} #{CHANNEL}")
    assert answer is not None
    assert "received" in answer["text"]
    view = hands.wait_view()
    ((found,),) = (g["options"] for g in hands.who.suggest(view["id"], "value", HUB, hub_menu.HUB))
    runbook = RUNBOOKS[0].name
    chosen = {"runbook": runbook, hub_menu.HUB: {"value": {"selected_option": found}}}
    assert hands.who.submit(view["id"], chosen) == {}


def _shortcut(hands: Hands) -> None:
    hands.who.shortcut(SHORTCUT_DECLARE)
    hands.cancel()


def _talk(hands: Hands) -> None:
    hands.who.open_home()
    ts = hands.who.say(CHANNEL, "is it a test?")
    hands.who.react(CHANNEL, ts, "pushpin")
    hands.who.unreact(CHANNEL, ts, "pushpin")
    reply = hands.who.say(CHANNEL, "it is", thread_ts=ts)
    for name in (SHORTCUT_DECLARE_FROM, SHORTCUT_TIMELINE, SHORTCUT_ACTION):
        hands.who.shortcut(name, CHANNEL, ts)
        hands.cancel()
    hands.who.edit(CHANNEL, ts, "it is a test")
    hands.who.delete(CHANNEL, reply)


def _manage(hands: Hands) -> None:
    """Do to the smoke test's channels what gives the events that mayday subscribes to."""
    who = hands.who

    def own(*, private: bool, archived: bool = False) -> list[Channel]:
        return [
            channel
            for channel in who.channels()
            if (channel.is_private, channel.is_archived) == (private, archived)
            and channel.name.startswith("mayday-smoke-")
            and (archived or who.id in channel.members)
        ]

    hands.slack.wait_for(lambda: own(private=False), 20, what="the public channel")
    public = own(private=False)[0].id
    who.change_channel(public, "rename", "renamed")
    who.change_channel(public, "delete")
    hands.slack.wait_for(lambda: own(private=True), 20, what="the private channel")
    private = own(private=True)[0].id
    who.change_channel(private, "rename", "renamed-too")
    who.remove(private, "mayday")
    who.invite(private, "mayday")
    who.archive(private)
    who.change_channel(private, "unarchive")
    who.invite(private, "mayday")
    who.change_channel(private, "delete")
    who.change_channel(own(private=False, archived=True)[0].id, "unarchive")
