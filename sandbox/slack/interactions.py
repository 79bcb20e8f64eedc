"""What a person does that the app has to answer: commands, buttons, forms and shortcuts.

The calling thread waits for the app's acknowledgement, as a person looks at a spinner; an app that
misses Slack's three seconds fails for the person in Slack's own way.
"""

import copy
from collections.abc import Mapping
from typing import Any

from sandbox.slack.deliveries import Outbox, Receipt
from sandbox.slack.given import action, complete_values, entry_state, find_element
from sandbox.slack.manifest import Manifest, Shortcut
from sandbox.slack.modals import Modals, View
from sandbox.slack.mrkdwn import command_text
from sandbox.slack.objections import problems
from sandbox.slack.payloads import channel_reference, command_delivery, interaction
from sandbox.slack.posts import Posts
from sandbox.slack.response_urls import ResponseUrls
from sandbox.slack.values import Json, PersonError, SlackError
from sandbox.slack.view_state import Values, initial_values, merged_values
from sandbox.slack.workspace import Channel, User, Workspace

TROUBLE = "We had some trouble connecting. Try again?"


class Interactions:
    """Carries out interactions. Never call with the workspace's lock held: each one waits."""

    def __init__(
        self,
        workspace: Workspace,
        manifest: Manifest,
        outbox: Outbox,
        posts: Posts,
        modals: Modals,
        urls: ResponseUrls,
    ) -> None:
        self._workspace = workspace
        self._manifest = manifest
        self._outbox = outbox
        self._posts = posts
        self._modals = modals
        self._urls = urls
        self._chosen: dict[tuple[str, str, str], Values] = {}

    def command(self, user: User, channel: Channel, line: str) -> Json | None:
        """Run a slash command; returns what the app replied, or None when it only acknowledged."""
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
        receipt = self._outbox.ask(delivery)
        reply = _failure(name, receipt) if not receipt.acked else receipt.response
        if not reply or not (reply.get("text") or reply.get("blocks")):
            return None
        with self._workspace.lock:
            try:
                self._urls.answer(channel, user, reply)
            except SlackError as error:
                reply = {"text": f'{name} failed with the error "{error.code}"'}
                self._urls.answer(channel, user, reply)
        return {
            "text": reply.get("text", ""),
            "blocks": reply.get("blocks", []),
            "response_type": reply.get("response_type", "ephemeral"),
        }

    def press(
        self,
        user: User,
        channel: Channel,
        ts: str,
        action_id: str,
        block_id: str | None,
        given: Mapping[str, Any],
        values: Mapping[str, Any],
    ) -> None:
        """Press a button or choose from a menu in a message (also one only this person sees)."""
        with self._workspace.lock:
            own = self._workspace.ephemerals.get(user.id, {}).get(channel.id, [])
            whispered = next((message for message in own if message["ts"] == ts), None)
            message = whispered or channel.messages.get(ts)
            if message is None:
                raise PersonError("This message is gone.")
            blocks = message.get("blocks", [])
            found_block, element = find_element(blocks, action_id, block_id)
            entry = action(element, found_block, given, self._workspace.next_ts(), self._file)
            put_in = complete_values(blocks, values, self._file)
            chosen = self._choose(user, channel, ts, put_in, entry)
            container: Json = {
                "type": "message",
                "message_ts": ts,
                "channel_id": channel.id,
                "is_ephemeral": whispered is not None,
            }
            if "thread_ts" in message:
                container["thread_ts"] = message["thread_ts"]
            rest: Json = {
                "container": container,
                "trigger_id": self._modals.new_trigger(user.id),
                "channel": channel_reference(channel),
                "state": {"values": merged_values(initial_values(blocks), chosen)},
                "response_url": self._urls.new(channel, user, ts),
                "actions": [entry],
            }
            if whispered is None:
                rest["message"] = copy.deepcopy(self._workspace.message_view(channel, message))
            delivery = interaction(self._workspace, user, "block_actions", **rest)
        _insist(self._outbox.ask(delivery), "This action")

    def _choose(self, user: User, channel: Channel, ts: str, put_in: Values, entry: Json) -> Values:
        key = (user.id, channel.id, ts)
        chosen = self._chosen[key] = merged_values(self._chosen.get(key, {}), put_in)
        state = entry_state(entry)
        if state is not None:
            chosen.setdefault(entry["block_id"], {})[entry["action_id"]] = state
        return chosen

    def view_press(
        self,
        user: User,
        view_id: str,
        action_id: str,
        block_id: str | None,
        given: Mapping[str, Any],
        values: Mapping[str, Any],
    ) -> None:
        """Press or choose inside a modal or on the Home tab."""
        with self._workspace.lock:
            view = self._view(user, view_id)
            blocks = view.definition["blocks"]
            self._modals.give(view, complete_values(blocks, values, self._file))
            found_block, element = find_element(blocks, action_id, block_id)
            entry = action(element, found_block, given, self._workspace.next_ts(), self._file)
            state = entry_state(entry)
            if state is not None:
                self._modals.give(view, {found_block: {element["action_id"]: state}})
            delivery = interaction(
                self._workspace,
                user,
                "block_actions",
                container={"type": "view", "view_id": view.id},
                trigger_id=self._modals.new_trigger(user.id),
                view=self._modals.payload(view),
                actions=[entry],
            )
        _insist(self._outbox.ask(delivery), "This action")

    def submit(self, user: User, view_id: str, values: Mapping[str, Any]) -> dict[str, str]:
        """Submit a modal; returns the errors by block_id, empty when it was accepted."""
        with self._workspace.lock:
            view = self._view(user, view_id)
            blocks = view.definition["blocks"]
            self._modals.give(view, complete_values(blocks, values, self._file))
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
        receipt = self._outbox.ask(delivery)
        if not receipt.acked:
            raise PersonError(TROUBLE)
        with self._workspace.lock:
            try:
                return self._respond(view, receipt.response or {})
            except SlackError as error:
                raise PersonError(TROUBLE) from error

    def _respond(self, view: View, response: Json) -> dict[str, str]:
        match response.get("response_action"):
            case "errors":
                return self._show_errors(view, response.get("errors", {}))
            case "update":
                self._modals.replace(view, response.get("view"))
            case "push":
                self._modals.push_onto(view.user, response.get("view"))
            case "clear":
                self._modals.clear(view.user)
            case _:
                self._modals.close(view)
        return {}

    def _show_errors(self, view: View, errors: Mapping[str, str]) -> dict[str, str]:
        inputs = {b["block_id"] for b in view.definition["blocks"] if b["type"] == "input"}
        if not errors or not set(errors) <= inputs:
            raise PersonError(TROUBLE)
        view.errors = dict(errors)
        self._workspace.touch()
        return dict(errors)

    def close_view(self, user: User, view_id: str) -> None:
        """Close a modal; the app hears of it where it asked to."""
        with self._workspace.lock:
            view = self._view(user, view_id)
            cleared = bool(view.definition.get("clear_on_close"))
            payload = self._modals.payload(view)
            if cleared:
                self._modals.clear(user.id)
            else:
                self._modals.close(view)
        if view.definition.get("notify_on_close"):
            closing = interaction(
                self._workspace, user, "view_closed", view=payload, is_cleared=cleared
            )
            self._outbox.ask(closing)

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
                rest |= self._about_message(user, channel, ts)
            delivery = interaction(self._workspace, user, _shortcut_type(shortcut), **rest)
        _insist(self._outbox.ask(delivery), shortcut.name)

    def _about_message(self, user: User, channel: Channel, ts: str) -> Json:
        message = channel.messages.get(ts)
        if message is None:
            raise PersonError("This message is gone.")
        return {
            "channel": channel_reference(channel),
            "message_ts": ts,
            "message": copy.deepcopy(self._workspace.message_view(channel, message)),
            "response_url": self._urls.new(channel, user, ts),
        }

    def _file(self, file_id: str) -> Json:
        file = self._workspace.files.get(file_id)
        if file is None:
            raise PersonError("This file is gone.")
        return self._posts.file_view(file)

    def _view(self, user: User, view_id: str) -> View:
        view = self._modals.find(view_id)
        if view is None or view.user != user.id:
            raise PersonError("This form is closed.")
        return view


def _shortcut_type(shortcut: Shortcut) -> str:
    return "message_action" if shortcut.on_message else "shortcut"


def _failure(name: str, receipt: Receipt) -> Json:
    if not receipt.reached:
        return {"text": f"{name} failed because the app did not respond."}
    return {"text": f'{name} failed with the error "operation_timeout"'}


def _insist(receipt: Receipt, what: str) -> None:
    """Raise PersonError unless the app acknowledged."""
    if not receipt.acked:
        raise PersonError(_failure(what, receipt)["text"])
