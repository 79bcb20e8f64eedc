"""Many people are invited at once, whomever Slack refuses and however it says so."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.slack_answers import Answer
from bot.adapters.slack_invites import MOST_AT_ONCE, invite_all
from bot.errors import ConfigError, RetryLater, UserError

PEOPLE = [f"U{number:03}" for number in range(250)]


class Invitations:
    """Slack's method: all of them or none. ``is_clear``: it names those whom it refuses."""

    def __init__(self, refuses: dict[str, str], *, is_clear: bool = True) -> None:
        self.refuses, self.is_clear = refuses, is_clear
        self.invited: list[str] = []
        self.calls = 0

    def __call__(self, method: str, *, channel: str, users: str) -> Answer:
        asked = users.split(",")
        assert (method, channel) == ("conversations.invite", "C1")
        assert 1 <= len(asked) <= MOST_AT_ONCE
        self.calls += 1
        errors = {user: self.refuses[user] for user in asked if user in self.refuses}
        if errors:
            raise UserError(
                "refused",
                code=next(iter(errors.values())),
                others=errors if self.is_clear else {},
            )
        self.invited += asked
        return Answer(method, {"ok": True}, {})


def test_a_hundred_are_invited_a_call() -> None:
    slack = Invitations({})
    assert invite_all(slack, "C1", PEOPLE) == {}
    assert (slack.invited, slack.calls) == (PEOPLE, 3)


def test_those_whom_slack_names_cost_one_more_call() -> None:
    slack = Invitations({"U001": "user_is_restricted", "U002": "already_in_channel"})
    assert invite_all(slack, "C1", PEOPLE[:100]) == {"U001": "user_is_restricted"}
    assert (len(slack.invited), slack.calls) == (98, 2)


@given(st.sets(st.sampled_from(PEOPLE[:40])), st.booleans())
def test_everybody_else_is_invited_once(refused: set[str], is_clear: bool) -> None:
    slack = Invitations(dict.fromkeys(refused, "cant_invite"), is_clear=is_clear)
    found = invite_all(slack, "C1", PEOPLE[:40])
    assert dict(found) == dict.fromkeys(refused, "cant_invite")
    assert sorted(slack.invited) == sorted(set(PEOPLE[:40]) - refused)


@pytest.mark.parametrize(
    "error",
    [
        UserError("The channel is archived.", code="is_archived"),
        UserError("A scope is missing.", code="missing_scope"),
        ConfigError("The token is wrong."),
        RetryLater("Slack does not answer."),
    ],
)
def test_what_is_not_about_a_person_is_raised(error: Exception) -> None:
    def slack(_method: str, **_fields: Any) -> Answer:
        raise error

    with pytest.raises(type(error)):
        invite_all(slack, "C1", PEOPLE)


def test_nobody_is_no_request() -> None:
    assert invite_all(Invitations({}), "C1", []) == {}
