"""People get an answer even where mayday cannot post."""

from __future__ import annotations

from sandbox.slack import SlackSandbox, answers, on_call
from tests.support.bot import Scene, texts


def test_an_answer_that_may_not_be_whispered_comes_in_person(
    scene: Scene, slack: SlackSandbox
) -> None:
    slack.faults.append(on_call("chat.postEphemeral", answers("channel_not_found")))
    scene.declare("Proxy was evicted")
    ana = slack.person("ana")
    slack.wait_for(
        lambda: any(
            "Declared" in text
            for c in ana.channels()
            if c.id[0] == "D"
            for text in texts(slack.messages(c.id))
        ),
        what="the answer in a direct message",
    )


def test_a_declarer_who_could_not_be_invited_is_told_in_person(
    scene: Scene, slack: SlackSandbox
) -> None:
    slack.faults.append(on_call("conversations.invite", answers("cant_invite")))
    view = scene.ask_to_declare(scene.ana, "Proxy was evicted")
    assert scene.ana.submit(view["id"]) == {}
    ana = slack.person("ana")
    slack.wait_for(
        lambda: any(
            "may" in text and "invite" in text
            for c in ana.channels()
            if c.id[0] == "D"
            for text in texts(slack.messages(c.id))
        ),
        what="the notice in a direct message",
    )
