"""Open modals and Home tabs: triggers, views, and entered values. Up to three modals lie on each other."""

import copy
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.blocks import view_definition
from sandbox.slack.values import Json, SlackError, new_id
from sandbox.slack.view_state import (
    Values,
    initial_values,
    interactive_elements,
    merged_values,
)
from sandbox.slack.workspace import Workspace

TRIGGER_SECONDS = 3.0
_MOST_VIEWS = 3


@dataclass(kw_only=True, eq=False)
class View:
    """A modal or Home. `entered` has the person's input as state values."""

    id: str
    user: str
    definition: Json
    hash: str
    entered: Values = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def values(self) -> Values:
        """The state as Slack sends it: entered values override initial values."""
        return merged_values(initial_values(self.definition["blocks"]), self.entered)


@dataclass(kw_only=True)
class _Trigger:
    user: str
    made: float
    used: bool = False


class Modals:
    """All views of all people. Hold the workspace's lock for every method."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.trigger_seconds = TRIGGER_SECONDS
        self._triggers: dict[str, _Trigger] = {}
        self._opened: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}

    def new_trigger(self, user_id: str) -> str:
        """Returns a trigger_id for `user_id`; valid once, within three real seconds."""
        trigger_id = f"{secrets.randbelow(10**13)}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = _Trigger(user=user_id, made=time.monotonic())
        return trigger_id

    def opened(self, user_id: str) -> list[View]:
        """Returns a person's open modals, the one on top last."""
        return list(self._opened.get(user_id, ()))

    def home(self, user_id: str) -> View | None:
        """Returns a person's Home tab, if published."""
        return self._homes.get(user_id)

    def find(self, view_id: str) -> View | None:
        """An open modal, or a Home."""
        views = [*self._homes.values(), *(v for stack in self._opened.values() for v in stack)]
        return next((view for view in views if view.id == view_id), None)

    def open(self, trigger_id: str, definition: Any) -> View:
        """views.open: opens a modal; closes any open ones."""
        trigger = self._trigger(trigger_id)
        view = self._new(trigger.user, definition)
        trigger.used = True
        self._opened[trigger.user] = [view]
        return view

    def push(self, trigger_id: str, definition: Any) -> View:
        """views.push: puts a modal on the open one. Raises `push_limit_reached`."""
        trigger = self._trigger(trigger_id)
        stack = self._opened.get(trigger.user, [])
        if not stack:
            raise SlackError("invalid_trigger_id")
        if len(stack) >= _MOST_VIEWS:
            raise SlackError("push_limit_reached")
        view = self._new(trigger.user, definition)
        trigger.used = True
        stack.append(view)
        return view

    def update(self, view_id: str, definition: Any, *, expected_hash: str = "") -> View:
        """views.update. Raises `not_found`, `hash_conflict`."""
        view = self.find(view_id)
        if view is None:
            raise SlackError("not_found")
        return self.replace(view, definition, expected_hash=expected_hash)

    def replace(self, view: View, definition: Any, *, expected_hash: str = "") -> View:
        """Replace a view; remaining inputs keep their state. Raises `hash_conflict`."""
        if expected_hash and expected_hash != view.hash:
            raise SlackError("hash_conflict")
        view.definition = view_definition(definition)
        view.hash = self._new_hash()
        view.errors = {}
        entered, view.entered = view.entered, {}
        self.enter(view, entered)
        return view

    def publish(self, user_id: str, definition: Any, *, expected_hash: str = "") -> View:
        """views.publish: sets a person's Home tab. Raises `hash_conflict`."""
        home = self._homes.get(user_id)
        if home is not None:
            return self.replace(home, definition, expected_hash=expected_hash)
        self._homes[user_id] = home = self._new(user_id, definition)
        return home

    def enter(self, view: View, values: Mapping[str, Mapping[str, Json]]) -> None:
        """Store what a person entered, for the inputs that the view has."""
        for block_id, element in interactive_elements(view.definition["blocks"]):
            action_id = element["action_id"]
            value = values.get(block_id, {}).get(action_id)
            if value is not None:
                state = {**value, "type": element["type"]}
                view.entered.setdefault(block_id, {})[action_id] = state
        self._workspace.touch()

    def close(self, view: View) -> None:
        """Close a modal, if it is still open, and those on it."""
        stack = self._opened.get(view.user, [])
        if view in stack:
            del stack[stack.index(view) :]
        self._workspace.touch()

    def payload(self, view: View) -> Json:
        """The view object as Slack sends it to the app."""
        app = self._workspace.app
        stack = self._opened.get(view.user, [])
        at = stack.index(view) if view in stack else 0
        optional = {
            "submit": None,
            "close": None,
            "clear_on_close": False,
            "notify_on_close": False,
        }
        return {
            "id": view.id,
            "team_id": self._workspace.team_id,
            **optional,
            **copy.deepcopy(view.definition),
            "state": {"values": view.values},
            "hash": view.hash,
            "previous_view_id": stack[at - 1].id if at else None,
            "root_view_id": stack[0].id if at else view.id,
            "app_id": app.id,
            "app_installed_team_id": self._workspace.team_id,
            "bot_id": app.bot_id,
        }

    def _new(self, user_id: str, definition: Any) -> View:
        checked = view_definition(definition)
        self._workspace.touch()
        return View(id=new_id("V"), user=user_id, definition=checked, hash=self._new_hash())

    def _new_hash(self) -> str:
        return f"{self._workspace.seconds()}.{secrets.token_hex(4)}"

    def _trigger(self, trigger_id: str) -> _Trigger:
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if time.monotonic() - trigger.made > self.trigger_seconds:
            raise SlackError("expired_trigger_id")
        return trigger
