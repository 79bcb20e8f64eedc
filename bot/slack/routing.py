"""Which handler answers what a person did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.slack import commands, interactions
from bot.slack.ask import Ask, from_command, from_interaction
from bot.slack.desk import Desk
from bot.slack.replies import Reply

Handler = Callable[[], Reply]


def is_command(body: Mapping[str, Any]) -> bool:
    """Whether it was typed: everything else is a button, a shortcut or a form."""
    return "command" in body


def route(desk: Desk, body: Mapping[str, Any]) -> tuple[Ask, Handler]:
    """What is asked, and what answers it.

    Raises:
        KeyError: nothing does.
    """
    if is_command(body):
        ask = from_command(body)
        return ask, lambda: commands.answer(desk, ask)
    ask = from_interaction(body)
    handler = _handler(body)
    return ask, lambda: handler(desk, ask)


def _handler(body: Mapping[str, Any]) -> interactions.Handler:
    match body["type"]:
        case "block_actions":
            return interactions.BUTTONS[body["actions"][0]["action_id"]]
        case "view_submission":
            return interactions.FORMS[body["view"]["callback_id"]]
        case _:
            return interactions.SHORTCUTS[body["callback_id"]]
