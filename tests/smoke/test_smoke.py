"""The smoke test covers all that mayday uses of Slack, passes at the double, and says what fails where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.config import load
from bot.slack.interactions import FORMS
from bot.slack.request import Kind
from bot.slack.routes import ROUTES as REQUESTS
from bot.slack.scopes import EVENT_SCOPES, METHOD_SCOPES
from sandbox.faults import Fault, Garbled, answers, garbled, says
from sandbox.slack import SlackSandbox, drop_after, on_call, rate_limited
from tests.smoke import samples
from tests.smoke.by_hand import INVITATION
from tests.smoke.channels import PRIVATE, PUBLIC
from tests.smoke.events import SOCKET
from tests.smoke.listener import Listener
from tests.smoke.result import Outcome, Result, all_hold
from tests.smoke.rows import CLEANUP, NO_IDENTITY, ROWS, STOPPED, run
from tests.smoke.someone import CHANNEL, COMMAND, someone
from tests.smoke.world import TEST_CHANNEL, Smoke

BOT_OF_NO_APP = {"ok": True, "bot": {"id": "B0"}}


def a_smoke(slack: SlackSandbox, **changes: Any) -> Smoke:
    """One run at a practice Slack, which waits for nothing long."""
    tokens = {"bot_token": slack.bot_token, "app_token": slack.app_token}
    tokens |= changes.pop("tokens", {})
    config = load(
        overrides={
            "slack": {"api_url": slack.api_url, "command": COMMAND, **tokens},
            "practice": {"call_limit": 2},
        }
    )
    given = {
        "test_channel": slack.channel(CHANNEL).id,
        "patience": 20,
        "lag": 5,
        "wait": lambda _seconds: None,
        **changes,
    }
    return Smoke(config=config, **given)


def automatic(slack: SlackSandbox, **changes: Any) -> dict[str, Result]:
    """What every row found without a person at the keyboard, by its name."""
    given = {"automatic": True, "user": slack.person("ana").id, "lag": 0.5, **changes}
    return {result.what: result for result in run(a_smoke(slack, **given))}


def outcomes(results: Mapping[str, Result], outcome: Outcome) -> dict[str, str]:
    """What the rows with this outcome saw, by their name."""
    return {what: r.seen for what, r in results.items() if r.outcome is outcome}


# Completeness: what mayday uses has a row.


def covered() -> set[str]:
    return {name for row in ROWS for name in row.covers}


def test_every_method_event_and_kind_of_request_has_a_row() -> None:
    # A reaction by which somebody asks for something is an event, which has a row of its own.
    kinds = {kind.value for kind in REQUESTS if kind is not Kind.REACTION}
    shortcuts = {f"shortcut {name}" for name in REQUESTS[Kind.SHORTCUT]}
    assert covered() == {*METHOD_SCOPES, *EVENT_SCOPES, *kinds, *shortcuts}


def test_every_form_is_opened() -> None:
    config = load(overrides={"slack": {"bot_token": "xoxb-x"}})
    assert set(samples.views(config, "U0")) == set(FORMS)


def test_every_row_has_a_name_of_its_own() -> None:
    names = [row.what for row in ROWS]
    assert len(names) == len(set(names))


# A whole run.


def test_with_a_person_everything_is_found_as_expected(slack: SlackSandbox) -> None:
    asked: list[str] = []
    smoke = a_smoke(slack, group=slack.usergroups()[0].id, say=asked.append)
    with someone(slack) as failed:
        results = {result.what: result for result in run(smoke)}
    assert failed == []
    untold = {"event: group_unarchive"}  # since archiving removes an app's bot from the channel
    wrong = {w: r for w, r in results.items() if r.outcome is not Outcome.OK and w not in untold}
    assert wrong == {}
    assert any(f"{COMMAND} smoke" in line for line in asked)
    assert set(METHOD_SCOPES) <= {call.method for call in slack.calls}
    for row in ROWS:
        called = {call.partition(":")[0] for call in results[row.what].calls}
        tried = {name for name in row.covers if name in METHOD_SCOPES and not row.by_hand}
        assert tried <= called, row.what
    assert slack.socket_count == 0


def test_what_it_created_is_archived_or_deleted(slack: SlackSandbox) -> None:
    before = {channel.id for channel in slack.channels()}
    was_said = slack.messages(CHANNEL)
    results = automatic(slack)
    new = [c for c in slack.channels() if c.id not in before and c.name]
    assert len(new) >= 4
    assert all(c.is_archived and c.name.startswith("mayday-smoke-") for c in new)
    assert slack.messages(CHANNEL) == was_said
    assert [m for c in slack.channels() if not c.name for m in slack.messages(c.id)] == []
    assert "Not removed" not in results[CLEANUP].seen


def test_what_was_created_without_an_answer_is_removed_too(slack: SlackSandbox) -> None:
    was_said = slack.messages(CHANNEL)
    slack.faults = [
        on_call("conversations.create", drop_after(), numbers=(1, 3)),
        on_call("conversations.leave", drop_after(), numbers=(1,)),
        on_call("conversations.archive", drop_after(), numbers=(2, 3)),
        on_call("chat.postMessage", drop_after(), numbers=(1,), holding=INVITATION),
    ]
    results = {r.what: r for r in run(a_smoke(slack, patience=0.2, lag=0.5))}
    own = [c for c in slack.channels() if c.name.startswith("mayday-smoke-")]
    assert len(own) > 4
    assert all(c.is_archived for c in own)
    assert slack.messages(CHANNEL) == was_said
    assert "Not removed" not in results[CLEANUP].seen


def test_without_a_person_the_rest_is_found(slack: SlackSandbox) -> None:
    results = automatic(slack, user="")
    left_out = outcomes(results, Outcome.NOT_TRIED)
    assert all_hold(results.values())
    assert {row.what for row in ROWS if row.by_hand} <= set(left_out)
    assert "SMOKE_USER" in left_out["a person is invited once"]
    assert results["event: a message in a private channel"].outcome is Outcome.OK


# Each fault shows in its row, and the rest goes on.


def test_a_missing_scope_is_named(slack: SlackSandbox) -> None:
    slack.scopes = slack.scopes - {"pins:write", "users:read"}
    results = automatic(slack)
    assert outcomes(results, Outcome.DIFFERS) == {
        "the token has every scope": "missing: pins:write, users:read"
    }
    refused = outcomes(results, Outcome.REFUSED)
    assert set(refused) == {
        "the bot's app is known",
        "a message is pinned once",
        "the bot's own profile",
        "a person's profile",
    }
    assert all("needs the scope" in seen for seen in refused.values())
    assert "users.conversations: ok" in results["a channel is found by its name"].calls


@pytest.mark.parametrize(
    ("method", "fault", "row", "seen"),
    [
        ("pins.add", Fault(answer={"ok": True}), "a message is pinned once", "answer is ok"),
        (
            "conversations.create",
            Fault(answer={"ok": False, "error": "restricted_action"}, effect=False),
            PUBLIC,
            "restricted_action",
        ),
        (
            "conversations.history",
            Fault(answer={"ok": True, "messages": []}),
            "a message is found again",
            "found None",
        ),
        (
            "chat.update",
            answers("edit_window_closed"),
            "a message is changed",
            "edit_window_closed",
        ),
        (
            "usergroups.users.list",
            answers("missing_scope"),
            "user groups can be read",
            "missing_scope",
        ),
        ("users.info", Fault(answer={"ok": True, "user": {}}), "the bot's own profile", "KeyError"),
        ("bots.info", Fault(answer=BOT_OF_NO_APP), "the bot's app is known", "the app None"),
        (
            "users.conversations",
            Fault(answer={"ok": True, "channels": []}),
            "a channel is found by its name",
            "not listed",
        ),
        (
            "conversations.list",
            Fault(answer={"ok": True, "channels": []}),
            "private channels are listed",
            "listed: []",
        ),
        (
            "conversations.members",
            Fault(answer={"ok": True, "members": []}),
            "a private channel's members are shown",
            "isn't a member",
        ),
        (
            "usergroups.list",
            Fault(answer={"ok": True, "usergroups": [{"id": "S1"}]}),
            "user groups have handles",
            "without a handle: S1",
        ),
    ],
)
def test_another_answer_shows_in_its_row(
    slack: SlackSandbox, method: str, fault: Fault, row: str, seen: str
) -> None:
    slack.faults = [on_call(method, fault)]
    results = automatic(slack)
    assert len(results) == len(ROWS) + 1
    assert results["the token has every scope"].outcome is Outcome.OK
    assert results[row].outcome in (Outcome.DIFFERS, Outcome.REFUSED)
    assert seen in results[row].seen
    assert not all_hold(results.values())


def test_a_form_that_slack_refuses_is_named(slack: SlackSandbox) -> None:
    slack.faults = [on_call("views.open", answers("invalid_arguments"), numbers=(1,))]
    with someone(slack, waits=1):
        results = {r.what: r for r in run(a_smoke(slack, patience=2, lag=0.5))}
    row = results["every form of mayday opens"]
    assert row.outcome is Outcome.DIFFERS
    assert "declare: refused" in row.seen
    assert "invalid_arguments" in row.seen


def test_what_needs_a_channel_that_could_not_be_created_says_so(slack: SlackSandbox) -> None:
    slack.faults = [on_call("conversations.create", answers("restricted_action"))]
    results = automatic(slack)
    left_out = outcomes(results, Outcome.NOT_TRIED)
    assert left_out["a message is posted"] == f"This needs “{PUBLIC}”, which failed."
    assert left_out["… in a private channel"] == f"This needs “{PRIVATE}”, which failed."
    assert results["a direct message is sent"].outcome is Outcome.OK


@pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
def test_a_channel_that_the_bot_is_not_in(slack: SlackSandbox, private: bool) -> None:
    channel = slack.person("ana").create_channel("elsewhere", private=private)
    results = automatic(slack, test_channel=channel)
    row = results[TEST_CHANNEL]
    if private:
        assert row.outcome is Outcome.REFUSED
        assert "invite it there" in row.seen
    else:
        assert row.outcome is Outcome.OK
    assert results["event: a message in a channel"].outcome is Outcome.OK


def test_a_channel_that_mayday_created_is_left_alone(slack: SlackSandbox) -> None:
    incident = a_smoke(slack).chat.open_channel("inc-2026-01-01-proxy", private=False)
    before = slack.messages(incident.id)
    row = automatic(slack, test_channel=incident.id, automatic=False)[TEST_CHANNEL]
    assert row.outcome is Outcome.DIFFERS
    assert "an incident's" in row.seen
    assert slack.messages(incident.id) == before


@pytest.mark.parametrize(
    ("token", "outcome", "seen"),
    [
        ("", Outcome.NOT_TRIED, "Set SLACK_APP_TOKEN"),
        ("xapp-wrong", Outcome.REFUSED, "invalid_auth"),
    ],
    ids=["none", "wrong"],
)
def test_without_an_accepted_app_token_the_rest_goes_on(
    slack: SlackSandbox, token: str, outcome: Outcome, seen: str
) -> None:
    results = automatic(slack, tokens={"app_token": token})
    assert results[SOCKET].outcome is outcome
    assert seen in results[SOCKET].seen
    unseen = results["event: a message in a channel"]
    assert (unseen.outcome, SOCKET in unseen.seen) == (Outcome.NOT_TRIED, True)
    assert results["a direct message is sent"].outcome is Outcome.OK


def test_a_wrong_bot_token_ends_it(slack: SlackSandbox) -> None:
    results = automatic(slack, tokens={"bot_token": "xoxb-wrong"})
    first, *rest, cleanup = results.values()
    assert first.outcome is Outcome.REFUSED
    assert "slack.bot_token" in first.seen
    assert {(r.outcome, r.seen) for r in rest} == {(Outcome.NOT_TRIED, NO_IDENTITY)}
    assert cleanup.what == CLEANUP


def test_another_process_at_the_app_keeps_its_deliveries(slack: SlackSandbox) -> None:
    other = Listener(a_smoke(slack), slack.app_token)
    other.start()
    try:
        results = automatic(slack)
        assert slack.socket_count == 1
    finally:
        other.stop()
    assert results[SOCKET].outcome is Outcome.DIFFERS
    assert "2 connections" in results[SOCKET].seen
    assert results["event: a message in a channel"].outcome is Outcome.NOT_TRIED


def test_deliveries_for_another_app_differ(slack: SlackSandbox) -> None:
    slack.faults = [on_call("bots.info", Fault(answer={"ok": True, "bot": {"app_id": "A0OTHER"}}))]
    row = automatic(slack)["event: a message in a channel"]
    assert row.outcome is Outcome.DIFFERS
    assert "the bot's are 'A0OTHER'" in row.seen


def test_an_event_without_a_subscription_is_missed(slack: SlackSandbox) -> None:
    events = frozenset(EVENT_SCOPES) - {"message.groups"}
    slack._parts.events._manifest = replace(slack._parts.manifest, events=events)
    results = automatic(slack)
    assert set(outcomes(results, Outcome.DIFFERS)) == {"event: a message in a private channel"}
    assert "event subscriptions" in results["event: a message in a private channel"].do


def test_nobody_at_the_keyboard_is_noticed(slack: SlackSandbox) -> None:
    results = {r.what: r for r in run(a_smoke(slack, patience=0.2, lag=0.5))}
    waited = [r for r in results.values() if r.seen.startswith("nothing arrived")]
    assert len(waited) == 2
    assert results["event: a person's edit"].outcome is Outcome.NOT_TRIED
    assert "nobody" in results["event: a person's edit"].seen.casefold()


def test_limits_are_waited_for_and_passing_failures_tried_again(slack: SlackSandbox) -> None:
    waited: list[float] = []
    slack.faults = [
        on_call("conversations.create", rate_limited(7), numbers=(1,)),
        on_call("conversations.info", says(503), numbers=(1,)),
        on_call("conversations.list", garbled(Garbled.HTML), numbers=(1,)),
    ]
    results = automatic(slack, wait=waited.append)
    assert all_hold(results.values())
    assert 7 in waited
    assert "conversations.create: ratelimited, 7 s" in results[PUBLIC].calls


def test_a_failure_that_stays_is_reported(slack: SlackSandbox) -> None:
    slack.faults = [on_call("bookmarks.list", says(503))]
    results = automatic(slack)
    assert set(outcomes(results, Outcome.REFUSED)) == {"a bookmark is added and changed"}
    assert "service_unavailable" in results["a bookmark is added and changed"].seen


def test_ctrl_c_still_cleans_up_and_shows_what_was_found(slack: SlackSandbox) -> None:
    def interrupt(smoke: Smoke) -> str:
        raise KeyboardInterrupt

    rows = [*ROWS[:5], replace(ROWS[5], run=interrupt), *ROWS[6:8]]
    results = list(run(a_smoke(slack), rows))
    assert [r.outcome for r in results[:5]] == [Outcome.OK] * 5
    assert {r.seen for r in results[5:-1]} == {STOPPED}
    assert all(c.is_archived for c in slack.channels() if c.name.startswith("mayday-smoke"))
