"""Failed work that is no longer needed is neither retried nor reported."""

from __future__ import annotations

from sandbox.slack import SlackSandbox, answers, on_call
from tests.support.bot import Scene


def test_a_guest_who_could_not_be_invited_and_gave_the_role_away(
    scene: Scene, slack: SlackSandbox
) -> None:
    channel = scene.declare()
    slack.faults.append(on_call("conversations.invite", answers("user_is_restricted")))
    scene.ana.command(channel.name, f"/incident role commander @{scene.ben.name}")
    slack.wait_for(lambda: bool(scene.posts(channel.name, "notice")), what="the notice")
    slack.faults.clear()
    scene.ana.command(channel.name, "/incident role commander me")
    slack.wait_for(
        lambda: "is now done" in scene.posts(channel.name, "notice")[-1]["text"],
        what="the notice is taken back",
    )
    invited = scene.resources(channel.id)[f"invite/{scene.ben.id}"]
    assert (invited.error, invited.retry_at) == ("", None)
