"""Which handler answers what a person did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.slack import commands, interactions
from bot.slack.context import HandlerContext
from bot.slack.replies import Reply
from bot.slack.request import SlackRequest, from_command, from_interaction

Handler = Callable[[], Reply]


def is_command(body: Mapping[str, Any]) -> bool:
    """Whether it was typed: everything else is a button, a shortcut or a form."""
    return "command" in body


def route(context: HandlerContext, body: Mapping[str, Any]) -> tuple[SlackRequest, Handler]:
    """What is asked, and what answers it.

    Raises:
        KeyError: nothing does.
    """
    if is_command(body):
        request = from_command(body)
        return request, lambda: commands.answer(context, request)
    request = from_interaction(body)
    handler = _handler(body)
    return request, lambda: handler(context, request)


def _handler(body: Mapping[str, Any]) -> interactions.Handler:
    match body["type"]:
        case "block_actions":
            return interactions.BUTTONS[body["actions"][0]["action_id"]]
        case "view_submission":
            return interactions.FORMS[body["view"]["callback_id"]]
        case _:
            return interactions.SHORTCUTS[body["callback_id"]]
