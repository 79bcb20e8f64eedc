"""People get an answer even where mayday cannot post."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient
from structlog.testing import capture_logs

from bot.adapters.slack import SlackChat
from bot.slack.replies import UpdateModal
from bot.slack.responder import Responder
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


@pytest.mark.parametrize("code", ["not_found", "hash_conflict"])
def test_a_form_that_was_closed_or_changed_meanwhile_is_no_error(
    slack: SlackSandbox, code: str
) -> None:
    slack.faults.append(on_call("views.update", answers(code)))
    chat = SlackChat(WebClient(slack.bot_token, base_url=slack.api_url))
    with capture_logs() as logs:
        Responder(chat).update(UpdateModal(id="V0CLOSED", hash="1", view={"type": "modal"}))
    assert slack.calls[-1].answer["error"] == code
    assert logs == []
