"""Every error that Slack documents has one meaning."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from slack_sdk import WebClient
from structlog.testing import capture_logs

from bot.adapters import slack_errors
from bot.adapters.slack import SlackChat
from bot.adapters.slack_answers import RateLimited, read
from bot.adapters.slack_errors import ADVICE, KINDS, Kind
from bot.errors import ConfigError, RetryLater, UserError
from bot.slack.scopes import METHOD_SCOPES
from sandbox.slack import SlackSandbox, answers, on_call
from tests.support.app_manifest import APP_MANIFEST
from tests.support.documented_errors import COMMON, DOCUMENTED, UNLISTED


def error_of(code: str, method: str = "chat.postMessage", status: int = 200) -> Exception:
    """mayday's error for an error of Slack."""
    body = json.dumps({"ok": False, "error": code}).encode()
    with pytest.raises((UserError, RetryLater)) as caught:
        read(method, status, {}, body)
    return caught.value


def test_every_method_that_is_called_has_its_errors_listed() -> None:
    assert set(METHOD_SCOPES) <= set(DOCUMENTED)


@pytest.mark.parametrize("method", sorted(DOCUMENTED))
def test_every_documented_error_is_classified(method: str) -> None:
    assert sorted(code for code in DOCUMENTED[method] | UNLISTED if code not in KINDS) == []


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
def test_a_refused_file_says_what_to_do(method: str) -> None:
    for code in DOCUMENTED[method] - COMMON:
        if KINDS[code] is Kind.REFUSED:
            assert "Slack answered" not in str(error_of(code, method))


def test_no_error_is_classified_twice_or_without_a_source() -> None:
    words = " ".join(slack_errors._BY_KIND.values()).split()
    assert [code for code, times in Counter(words).items() if times > 1] == []
    documented = UNLISTED.union(*DOCUMENTED.values())
    undocumented = set(KINDS) - documented
    assert undocumented == STREAMING
    assert set(ADVICE) <= set(KINDS)


STREAMING = {
    "channel_type_not_supported",
    "message_not_in_streaming_state",
    "message_not_owned_by_app",
    "messaging_processing_failed",
}
"""Documented for methods beside those that mayday calls."""


@pytest.mark.parametrize("code", [code for code, kind in KINDS.items() if kind is Kind.LIMITED])
def test_a_limit_by_any_name_is_waited_for(code: str) -> None:
    error = error_of(code)
    assert isinstance(error, RateLimited)
    assert (error.after, error.maybe_done) == (30, False)


@pytest.mark.parametrize(
    "code", [code for code, kind in KINDS.items() if kind is Kind.NOTHING_DONE]
)
def test_a_passing_error_is_retried_without_a_look(code: str) -> None:
    error = error_of(code)
    assert isinstance(error, RetryLater)
    assert not error.maybe_done


@pytest.mark.parametrize("code", [code for code, kind in KINDS.items() if kind is Kind.UNCERTAIN])
def test_a_failure_of_slack_is_retried_after_a_look(code: str) -> None:
    error = error_of(code)
    assert isinstance(error, RetryLater)
    assert error.maybe_done


@pytest.mark.parametrize(
    "code", [code for code, kind in KINDS.items() if kind is Kind.INSTALLATION]
)
def test_an_invalid_token_is_named(code: str) -> None:
    error = error_of(code)
    assert isinstance(error, ConfigError)
    assert code in str(error)


@pytest.mark.parametrize("code", [code for code, kind in KINDS.items() if kind is Kind.BUG])
def test_a_bug_says_so_and_is_logged(code: str) -> None:
    with capture_logs() as logged:
        error = error_of(code)
    assert isinstance(error, UserError)
    assert code in str(error)
    assert "report it" in str(error)
    assert [(line["event"], line["code"]) for line in logged] == [("slack.unexpected_error", code)]


def test_an_unknown_error_is_refused_and_logged() -> None:
    with capture_logs() as logged:
        error = error_of("something_new")
    assert isinstance(error, UserError)
    assert error.code == "something_new"
    assert str(error) == "chat.postMessage: Slack answered something_new."
    assert [line["code"] for line in logged] == ["something_new"]


@pytest.mark.parametrize("code", sorted(ADVICE))
def test_a_refusal_says_what_to_do(code: str) -> None:
    assert f"Slack answered {code}" not in str(error_of(code))


@pytest.mark.parametrize("code", ["message_not_found", "not_found"])
def test_what_is_gone_is_made_anew(code: str) -> None:
    error = error_of(code, "chat.update")
    assert isinstance(error, UserError)
    assert error.code == slack_errors.GONE


@pytest.mark.parametrize("code", ["edit_window_closed", "cant_update_message"])
def test_what_cannot_be_changed_is_made_anew(code: str) -> None:
    error = error_of(code, "chat.update")
    assert isinstance(error, UserError)
    assert error.code == slack_errors.UNCHANGEABLE


def test_the_sandbox_can_answer_each_of_them() -> None:
    with SlackSandbox(manifest=APP_MANIFEST) as slack:
        chat = SlackChat(WebClient(slack.bot_token, base_url=slack.api_url))
        for code in KINDS:
            slack.faults = [on_call("conversations.info", answers(code), times=1)]
            with pytest.raises((UserError, RetryLater)) as refused:
                chat.channel("C0123456")
            assert str(refused.value) == str(error_of(code, "conversations.info"))
