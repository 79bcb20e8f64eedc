"""Web API faults: statuses, bodies, hangs, tokens and triggers."""

import threading
import urllib.error
import urllib.request

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from sandbox.faults import Fault, Garbled, garbled, hangs, says, slow
from sandbox.rules import on_call
from sandbox.slack import SlackSandbox, drop_after, rate_limited
from tests.support.waiting import wait_until


def texts(slack: SlackSandbox) -> list[str]:
    return [message["text"] for message in slack.messages("general")]


def post(slack: SlackSandbox, timeout: float = 10) -> urllib.error.HTTPError | bytes:
    """Calls chat.postMessage without an SDK; returns the result."""
    asked = urllib.request.Request(
        f"{slack.api_url}chat.postMessage",
        data=b"channel=%23general&text=x",
        headers={"Authorization": f"Bearer {slack.bot_token}"},
    )
    try:
        with urllib.request.urlopen(asked, timeout=timeout) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        return error


@pytest.fixture(autouse=True)
def member(slack: SlackSandbox, client: WebClient) -> None:
    client.conversations_join(channel=slack.channel("general").id)


@pytest.mark.parametrize(
    ("fault", "error", "effect"),
    [
        (says(500), "internal_error", False),
        (says(503, effect=True), "service_unavailable", True),
        (says(429, after=3), "ratelimited", False),
    ],
)
def test_a_status_before_or_after_the_effect(
    slack: SlackSandbox, client: WebClient, fault: Fault, error: str, effect: bool
) -> None:
    slack.faults = [on_call("chat.postMessage", fault, times=1)]
    before = texts(slack)
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="#general", text="x")
    assert refused.value.response.status_code == fault.status
    assert refused.value.response["error"] == error
    assert texts(slack) == before + ["x"] * effect


@pytest.mark.parametrize("how", Garbled)
def test_a_body_that_cannot_be_read(slack: SlackSandbox, client: WebClient, how: Garbled) -> None:
    slack.faults = [on_call("chat.postMessage", garbled(how))]
    answer = post(slack)
    assert isinstance(answer, bytes)
    assert b'"ts"' not in answer or how is Garbled.TRUNCATED
    assert not answer.endswith(b"}")
    assert texts(slack)[-1] == "x"


@pytest.mark.parametrize("effect", [False, True])
def test_a_call_hangs(slack: SlackSandbox, effect: bool) -> None:
    slack.faults = [on_call("chat.postMessage", hangs(effect=effect))]
    before = texts(slack)
    with pytest.raises(TimeoutError):
        post(slack, timeout=0.3)
    slack.wait_for(lambda: slack.calls and slack.calls[-1].status == 0, what="the call")
    assert texts(slack) == before + ["x"] * effect


def test_a_call_that_hangs_is_cut_when_the_rule_goes(slack: SlackSandbox) -> None:
    slack.faults = [on_call("chat.postMessage", hangs())]
    failed: list[Exception] = []

    def call() -> None:
        try:
            post(slack)
        except OSError as error:
            failed.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    wait_until(lambda: slack.faults.standing()[0].struck, "the call")
    assert caller.is_alive()
    slack.faults.clear()
    caller.join(10)
    assert len(failed) == 1


def test_slow_and_lost_add_up(slack: SlackSandbox) -> None:
    slack.faults = [on_call("chat.postMessage", slow(0.2) + drop_after(), times=1)]
    with pytest.raises(OSError):
        post(slack)
    assert texts(slack)[-1] == "x"
    assert isinstance(post(slack), bytes)


def test_a_limit_that_ends(slack: SlackSandbox) -> None:
    slack.faults = [on_call("*", rate_limited(30), lasts=1.5)]
    answer = post(slack)
    assert isinstance(answer, urllib.error.HTTPError)
    assert (answer.code, answer.headers["Retry-After"]) == (429, "30")
    answer.close()
    wait_until(lambda: not slack.faults.standing(), "the end of the limit")
    assert isinstance(post(slack), bytes)


def test_a_token_is_taken_away_and_given_back(slack: SlackSandbox, client: WebClient) -> None:
    slack.revoke_bot_token()
    with pytest.raises(SlackClientError, match="token_revoked"):
        client.auth_test()
    slack.restore_bot_token()
    assert client.auth_test()["ok"]
