"""The Slack faults as buttons of the page, and the active faults that are not rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sandbox.fault_board import BoardError, Condition, Trouble
from sandbox.faults import (
    drop_after,
    hangs,
    late,
    missing,
    rate_limited,
    seconds,
    twice,
    unacknowledged,
)
from sandbox.outages import Param
from sandbox.own_words import System
from sandbox.rules import Rule, on_call, on_event

if TYPE_CHECKING:
    from sandbox.slack.sandbox import SlackSandbox

_REASONS = ("warning", "refresh_requested", "link_disabled", "too_many_websockets")
_METHODS = (
    "any call",
    "chat.postMessage",
    "chat.update",
    "conversations.create",
    "conversations.invite",
    "pins.add",
    "views.open",
)
_LATE = {"30 seconds": 30.0, "5 minutes": 300.0, "3 hours": 10_800.0}


def fault_buttons(slack: SlackSandbox) -> list[Trouble]:
    """Returns every button, in display order."""

    def button(
        id_: str,
        label: str,
        help_: str,
        make: Rule | Callable[[Mapping[str, str]], Rule | str],
        *params: Param,
    ) -> Trouble:
        return Trouble(
            id=f"slack-{id_}",
            system=System.SLACK,
            label=label,
            help=help_,
            params=params,
            make=(lambda _chosen: make) if isinstance(make, Rule) else make,
        )

    which_call = Param(name="call", label="Call", choices=_METHODS)
    return [
        button(
            "429",
            "Slack answers 429 for a minute",
            "Every call is refused, with Retry-After 30.",
            on_call("*", rate_limited(30), lasts=60),
        ),
        button(
            "loses-answer",
            "Slack loses the next answer",
            "The call takes effect, and the connection breaks before the answer.",
            lambda chosen: on_call(_method(chosen), drop_after(), times=1),
            which_call,
        ),
        button(
            "hangs",
            "Slack hangs once",
            "The next such call is never answered, and has no effect.",
            lambda chosen: on_call(_method(chosen), hangs(), times=1),
            which_call,
        ),
        button(
            "twice",
            "Events come twice",
            "The app gets each a second time, and neither says so.",
            on_event("*", twice()),
        ),
        button(
            "lost",
            "Events are lost",
            "They never come, and are not sent again.",
            on_event("*", missing()),
        ),
        button(
            "late",
            "Events come late",
            "They say when they were, and come when the clock has moved on, or was moved.",
            lambda chosen: on_event("*", late(seconds(_LATE[chosen["by"]]))),
            Param(name="by", label="By", choices=tuple(_LATE)),
        ),
        button(
            "unacknowledged",
            "Acknowledgements are lost",
            "Events are delivered again, and say that it is the first time.",
            on_event("*", unacknowledged(retry_attempt=0)),
        ),
        button(
            "silence",
            "The socket dies silently",
            "It stays open, nothing comes, and no ping is answered.",
            lambda _: _on_sockets(slack, slack.silence, "The sockets are dead, and look open."),
        ),
        button(
            "disconnect",
            "Slack disconnects",
            "It says goodbye with a reason and closes the sockets.",
            lambda chosen: _on_sockets(
                slack,
                lambda: slack.disconnect(chosen["reason"]),
                f"Slack sent {chosen['reason']} and closes the sockets.",
            ),
            Param(name="reason", label="Reason", choices=_REASONS),
        ),
        button(
            "revoke",
            "Revoke the bot token",
            "Every call is answered token_revoked.",
            lambda _: _done(slack.revoke_bot_token, "The bot token is revoked."),
        ),
    ]


def conditions(slack: SlackSandbox) -> list[Condition]:
    """The active faults that are not rules."""
    if not slack.bot_token_revoked:
        return []
    return [
        Condition(
            id="revoked",
            sentence="The bot token is revoked.",
            heal=lambda: _done(slack.restore_bot_token, "The bot token is good again."),
        )
    ]


def _method(chosen: Mapping[str, str]) -> str:
    return "*" if chosen["call"] == "any call" else chosen["call"]


def _on_sockets(slack: SlackSandbox, do: Callable[[], None], sentence: str) -> str:
    if not slack.socket_count:
        raise BoardError("No app is connected by a socket now.")
    return _done(do, sentence)


def _done(do: Callable[[], object], sentence: str) -> str:
    do()
    return sentence
