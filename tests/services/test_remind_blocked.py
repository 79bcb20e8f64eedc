"""A reminder that cannot be sent does not cause a burst later."""

from __future__ import annotations

from datetime import timedelta

from bot.store import incidents
from sandbox.slack import SlackSandbox, answers, on_call
from tests.support.bot import Scene


def test_without_a_channel_none_is_asked_for(scene: Scene, slack: SlackSandbox) -> None:
    slack.faults.append(on_call("conversations.create", answers("restricted_action")))
    view = scene.ask_to_declare(scene.ana, "Proxy was evicted")
    assert scene.ana.submit(view["id"]) == {}
    [incident] = scene.incidents()

    def due_again() -> bool:
        with scene.store.read() as tx:
            reminder = incidents.reminder_of(tx, incident.id)
        assert reminder is not None
        assert reminder.number == 1
        return reminder.due_at > scene.clock() + timedelta(minutes=1)

    for _ in range(3):
        scene.later(hours=1)
        scene.until(due_again, "the reminder is put off")
    slack.faults.clear()
    scene.later(hours=13)
    slack.wait_for(lambda: bool(scene.incident_channels()), 20, what="the channel after all")
    [channel] = scene.incident_channels()
    slack.wait_for(lambda: bool(scene.posts(channel.id, "card")), what="its card")
    assert len(scene.posts(channel.id, "remind")) <= 1
