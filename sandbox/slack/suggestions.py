"""Typing into a select whose options come from the app: Slack asks it at each key, and shows its answer."""

import copy
from typing import Any

from sandbox.slack.deliveries import Outbox
from sandbox.slack.given import find_element
from sandbox.slack.modals import Modals
from sandbox.slack.payloads import channel_reference, interaction
from sandbox.slack.values import Json, PersonError
from sandbox.slack.workspace import Channel, User, Workspace

_USUAL_LENGTH = 3
"""Characters before Slack asks, unless ``min_query_length`` says otherwise."""

_MOST_OPTIONS = 100


class Suggestions:
    """Asks the app. Never call with the workspace's lock held: each one waits for the answer."""

    def __init__(self, workspace: Workspace, outbox: Outbox, modals: Modals) -> None:
        self._workspace = workspace
        self._outbox = outbox
        self._modals = modals

    def in_view(
        self, user: User, view_id: str, action_id: str, block_id: str | None, typed: str
    ) -> list[Json]:
        """The groups of options that the app offers in a modal or Home for what was typed so far."""
        with self._workspace.lock:
            view = self._modals.find(view_id)
            if view is None or view.user != user.id:
                raise PersonError("This form is closed.")
            container = {"type": "view", "view_id": view.id}
            place: Json = {"container": container, "view": self._modals.payload(view)}
            blocks = view.definition["blocks"]
        return self._ask(user, place, blocks, action_id, block_id, typed)

    def in_message(
        self,
        user: User,
        channel: Channel,
        ts: str,
        action_id: str,
        block_id: str | None,
        typed: str,
    ) -> list[Json]:
        """The groups of options that the app offers in a message for what was typed so far."""
        with self._workspace.lock:
            own = self._workspace.ephemerals.get(user.id, {}).get(channel.id, [])
            whispered = next((message for message in own if message["ts"] == ts), None)
            message = whispered or channel.messages.get(ts)
            if message is None:
                raise PersonError("This message is gone.")
            container = {"type": "message", "message_ts": ts, "channel_id": channel.id}
            place: Json = {
                "container": container | {"is_ephemeral": whispered is not None},
                "channel": channel_reference(channel),
            }
            if whispered is None:
                place["message"] = copy.deepcopy(self._workspace.message_view(channel, message))
            blocks = message.get("blocks", [])
        return self._ask(user, place, blocks, action_id, block_id, typed)

    def _ask(
        self,
        user: User,
        place: Json,
        blocks: list[Json],
        action_id: str,
        block_id: str | None,
        typed: str,
    ) -> list[Json]:
        found_block, element = find_element(blocks, action_id, block_id)
        if not element["type"].endswith("external_select"):
            raise PersonError(f"The options of {action_id} do not come from the app.")
        if len(typed) < int(element.get("min_query_length", _USUAL_LENGTH)):
            return []
        asked = {"action_id": action_id, "block_id": found_block, "value": typed}
        receipt = self._outbox.ask(
            interaction(self._workspace, user, "block_suggestion", **place, **asked)
        )
        # Slack shows no result rather than an error where the app is late or answers nonsense.
        return _groups(receipt.response or {}) if receipt.acked else []


def _groups(response: Json) -> list[Json]:
    """What was offered as groups; options without a group are one whose `label` is None."""
    if "options" in response:
        groups = [{"label": None, "options": response["options"]}]
    else:
        groups = response.get("option_groups") or []
    if not isinstance(groups, list) or len(groups) > _MOST_OPTIONS:
        return []
    return groups if all(_is_group(group) for group in groups) else []


def _is_group(group: Any) -> bool:
    if not isinstance(group, dict):
        return False
    label, options = group.get("label"), group.get("options")
    labelled = label is None or (isinstance(label, dict) and isinstance(label.get("text"), str))
    if not labelled or not isinstance(options, list) or len(options) > _MOST_OPTIONS:
        return False
    return all(_is_option(option) for option in options)


def _is_option(option: Any) -> bool:
    if not isinstance(option, dict) or not isinstance(option.get("value"), str):
        return False
    text = option.get("text")
    return (
        isinstance(text, dict)
        and isinstance(text.get("text"), str)
        and 1 <= len(text["text"]) <= 75
        and len(option["value"]) <= 150
    )
