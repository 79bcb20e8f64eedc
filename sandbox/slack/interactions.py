"""Interactions that the app must answer: commands, buttons, forms, shortcuts, typeahead.

The calling thread waits for the app's acknowledgement. If the app misses
Slack's three seconds, the person gets Slack's error message.
"""

import copy
from collections.abc import Mapping
from typing import Any

from sandbox.slack.blocks import is_option
from sandbox.slack.deliveries import Outbox, Receipt
from sandbox.slack.manifest import Manifest
from sandbox.slack.modals import Modals, View
from sandbox.slack.mrkdwn import command_text
from sandbox.slack.objections import problems
from sandbox.slack.payloads import channel_reference, command_delivery, interaction
from sandbox.slack.response_urls import ResponseUrls
from sandbox.slack.values import Json, PersonError, SlackError
from sandbox.slack.view_state import (
    Values,
    action_of,
    entered_values,
    find_element,
    initial_values,
    merged_values,
    state_of,
)
from sandbox.slack.workspace import Channel, User, Workspace

NO_CONNECTION = "We had some trouble connecting. Try again?"
_USUAL_QUERY_LENGTH = 3
"""Characters before Slack asks the app for options, unless `min_query_length` says otherwise."""

_MOST_OPTIONS = 100

Where = tuple[Channel, str] | str
"""A message as its channel and ts, or a modal or Home by its view id."""


class Interactions:
    """Carries out interactions. Never call with the workspace's lock held: each one waits."""

    def __init__(
        self,
        workspace: Workspace,
        manifest: Manifest,
        outbox: Outbox,
        modals: Modals,
        urls: ResponseUrls,
    ) -> None:
        self._workspace = workspace
        self._manifest = manifest
        self._outbox = outbox
        self._modals = modals
        self._urls = urls
        self._chosen: dict[tuple[str, str, str], Values] = {}

    def command(self, user: User, channel: Channel, line: str) -> Json | None:
        """Run a slash command; returns what the app replied, or None if it only acknowledged."""
        name, _, text = line.strip().partition(" ")
        command = self._manifest.command(name)
        if command is None or user.home_team:  # The app is not installed in another team.
            raise PersonError(f"{name} is not a valid command.")
        with self._workspace.lock:
            delivery = command_delivery(
                self._workspace,
                user,
                channel,
                command=name,
                text=command_text(
                    text.strip(), self._workspace, should_escape=command.should_escape
                ),
                trigger_id=self._modals.new_trigger(user.id),
                response_url=self._urls.new(channel, user),
            )
        receipt = self._outbox.request(delivery)
        reply = receipt.response if receipt.acked else {"text": _failure(name, receipt)}
        if not reply or not (reply.get("text") or reply.get("blocks")):
            return None
        with self._workspace.lock:
            try:
                self._urls.answer(channel, user, reply)
            except SlackError as error:
                reply = {"text": f'{name} failed with the error "{error.code}"'}
                self._urls.answer(channel, user, reply)
        defaults = {"text": "", "blocks": [], "response_type": "ephemeral"}
        return {key: reply.get(key, default) for key, default in defaults.items()}

    def press(
        self,
        user: User,
        where: Where,
        action_id: str,
        block_id: str | None,
        choice: Mapping[str, Any],
        values: Mapping[str, Any],
    ) -> None:
        """Press a button or choose from a menu."""
        with self._workspace.lock:
            blocks, place = self._find(user, where)
            found_block, element = find_element(blocks, action_id, block_id)
            entry = action_of(element, found_block, choice, self._workspace.next_ts())
            entered = merged_values(entered_values(blocks, values), state_of(entry))
            if isinstance(where, str):
                view = self._view(user, where)
                self._modals.enter(view, entered)
                place["view"] = self._modals.payload(view)
            else:
                channel, ts = where
                key = (user.id, channel.id, ts)
                self._chosen[key] = merged_values(self._chosen.get(key, {}), entered)
                state = merged_values(initial_values(blocks), self._chosen[key])
                place |= {
                    "state": {"values": state},
                    "response_url": self._urls.new(channel, user, ts),
                }
            place |= {"trigger_id": self._modals.new_trigger(user.id), "actions": [entry]}
            delivery = interaction(self._workspace, user, "block_actions", **place)
        _insist(self._outbox.request(delivery), "This action")

    def _find(self, user: User, where: Where) -> tuple[list[Json], Json]:
        """The blocks that `user` sees there, and the payload fields that identify it."""
        if isinstance(where, str):
            view = self._view(user, where)
            container: Json = {"type": "view", "view_id": view.id}
            return view.definition["blocks"], {
                "container": container,
                "view": self._modals.payload(view),
            }
        channel, ts = where
        ephemeral = self._workspace.ephemeral(user, channel, ts)
        message = ephemeral or channel.messages.get(ts)
        if message is None:
            raise PersonError("This message is gone.")
        container = {"type": "message", "message_ts": ts, "channel_id": channel.id}
        container["is_ephemeral"] = ephemeral is not None
        if "thread_ts" in message:
            container["thread_ts"] = message["thread_ts"]
        place: Json = {"container": container, "channel": channel_reference(channel)}
        if ephemeral is None:
            place["message"] = copy.deepcopy(self._workspace.message_view(channel, message))
        return message.get("blocks", []), place

    def suggest(
        self, user: User, where: Where, action_id: str, block_id: str | None, typed: str
    ) -> list[Json]:
        """Returns the option groups that the app offers for the text in an external select.

        Options without a group form one group with `label` None. Slack shows no result if the
        app is late or its answer invalid.
        """
        with self._workspace.lock:
            blocks, place = self._find(user, where)
        found_block, element = find_element(blocks, action_id, block_id)
        if not element["type"].endswith("external_select"):
            raise PersonError(f"The options of {action_id} do not come from the app.")
        if len(typed) < int(element.get("min_query_length", _USUAL_QUERY_LENGTH)):
            return []
        place |= {"action_id": action_id, "block_id": found_block, "value": typed}
        receipt = self._outbox.request(
            interaction(self._workspace, user, "block_suggestion", **place)
        )
        return _groups(receipt.response or {})

    def submit(self, user: User, view_id: str, values: Mapping[str, Any]) -> dict[str, str]:
        """Submit a modal; returns the errors by block_id, empty when it was accepted."""
        with self._workspace.lock:
            view = self._view(user, view_id)
            blocks = view.definition["blocks"]
            self._modals.enter(view, entered_values(blocks, values))
            view.errors = problems(blocks, view.values)
            if view.errors:
                self._workspace.touch()
                return dict(view.errors)
            delivery = interaction(
                self._workspace,
                user,
                "view_submission",
                trigger_id=self._modals.new_trigger(user.id),
                view=self._modals.payload(view),
                response_urls=[],
            )
        receipt = self._outbox.request(delivery)
        if not receipt.acked:
            raise PersonError(NO_CONNECTION)
        with self._workspace.lock:
            try:
                return self._respond(view, receipt.response or {})
            except SlackError as error:
                raise PersonError(NO_CONNECTION) from error

    def _respond(self, view: View, response: Json) -> dict[str, str]:
        match response.get("response_action"):
            case "errors":
                errors = dict(response.get("errors", {}))
                inputs = {b["block_id"] for b in view.definition["blocks"] if b["type"] == "input"}
                if not errors or not errors.keys() <= inputs:
                    raise PersonError(NO_CONNECTION)
                view.errors = errors
                self._workspace.touch()
                return dict(errors)
            case "update":
                self._modals.replace(view, response.get("view"))
            case None:
                self._modals.close(view)
            case _:
                raise PersonError(NO_CONNECTION)
        return {}

    def close_view(self, user: User, view_id: str) -> None:
        """Close a modal."""
        with self._workspace.lock:
            self._modals.close(self._view(user, view_id))

    def shortcut(self, user: User, callback_id: str, channel: Channel | None, ts: str) -> None:
        """Use a message shortcut (with a channel and a ts), or a global one."""
        shortcut = self._manifest.shortcut(callback_id)
        if shortcut is None or shortcut.on_message != (channel is not None):
            raise PersonError(f"There is no such shortcut: {callback_id}.")
        with self._workspace.lock:
            rest: Json = {
                "callback_id": callback_id,
                "trigger_id": self._modals.new_trigger(user.id),
                "action_ts": self._workspace.next_ts(),
            }
            if channel is not None:
                message = channel.messages.get(ts)
                if message is None:
                    raise PersonError("This message is gone.")
                rest |= {
                    "channel": channel_reference(channel),
                    "message_ts": ts,
                    "message": copy.deepcopy(self._workspace.message_view(channel, message)),
                    "response_url": self._urls.new(channel, user, ts),
                }
            kind = "message_action" if shortcut.on_message else "shortcut"
            delivery = interaction(self._workspace, user, kind, **rest)
        _insist(self._outbox.request(delivery), shortcut.name)

    def _view(self, user: User, view_id: str) -> View:
        view = self._modals.find(view_id)
        if view is None or view.user != user.id:
            raise PersonError("This form is closed.")
        return view


def _failure(name: str, receipt: Receipt) -> str:
    if not receipt.reached:
        return f"{name} failed because the app did not respond."
    return f'{name} failed with the error "operation_timeout"'


def _insist(receipt: Receipt, what: str) -> None:
    """Raise PersonError unless the app acknowledged."""
    if not receipt.acked:
        raise PersonError(_failure(what, receipt))


def _groups(response: Json) -> list[Json]:
    groups = response.get("option_groups") or []
    if "options" in response:
        groups = [{"label": None, "options": response["options"]}]
    try:
        offered = [option for group in groups for option in group["options"]]
    except (KeyError, TypeError):
        return []
    is_good = len(offered) <= _MOST_OPTIONS and all(map(is_option, offered))
    return groups if is_good else []
