"""Open modals and Home tabs: triggers, the stack of views, and what a person has put into them."""

import copy
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.blocks import interactive_elements, view_definition
from sandbox.slack.values import Json, SlackError, new_id
from sandbox.slack.view_state import initial_values, merged_values
from sandbox.slack.workspace import Workspace

TRIGGER_SECONDS = 3.0
_DEEPEST = 3


@dataclass(kw_only=True, eq=False)
class View:
    """A modal or Home as it stands. `given` is what the person put in, as state values."""

    id: str
    user: str
    definition: Json
    hash: str
    root_id: str
    previous_id: str | None = None
    given: dict[str, dict[str, Json]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, dict[str, Json]]:
        """The state as Slack sends it: initial values, overlaid with what was put in."""
        return merged_values(initial_values(self.definition["blocks"]), self.given)


@dataclass(kw_only=True)
class _Trigger:
    user: str
    made: float
    used: bool = False


class Modals:
    """All views of all people. Every method is to be called with the lock held."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.trigger_seconds = TRIGGER_SECONDS
        self._triggers: dict[str, _Trigger] = {}
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}

    def new_trigger(self, user_id: str) -> str:
        """A trigger_id for what `user_id` just did; good once, within three real seconds."""
        trigger_id = (
            f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**9)}.{secrets.token_hex(16)}"
        )
        self._triggers[trigger_id] = _Trigger(user=user_id, made=time.monotonic())
        return trigger_id

    def stack(self, user_id: str) -> list[View]:
        """The open modals of a person, the top one last."""
        return list(self._stacks.get(user_id, ()))

    def home(self, user_id: str) -> View | None:
        """The Home tab of a person, if one was published."""
        return self._homes.get(user_id)

    def find(self, view_id: str) -> View | None:
        """An open modal, or a Home."""
        return next((view for view in self._all() if view.id == view_id), None)

    def _all(self) -> list[View]:
        modals = [view for stack in self._stacks.values() for view in stack]
        return [*modals, *self._homes.values()]

    def open(self, trigger_id: str, definition: Any) -> View:
        """views.open: a new modal, on its own."""
        user_id = self._check_trigger(trigger_id)
        view = self._new(user_id, self._checked(definition))
        self._triggers[trigger_id].used = True
        self._stacks[user_id] = [view]
        self._workspace.touch()
        return view

    def push(self, trigger_id: str, definition: Any) -> View:
        """views.push: a modal on top of the open one."""
        user_id = self._check_trigger(trigger_id)
        view = self.push_onto(user_id, definition)
        self._triggers[trigger_id].used = True
        return view

    def push_onto(self, user_id: str, definition: Any) -> View:
        """Push without a trigger, as the answer to a submission may. Raises `push_limit_reached`."""
        stack = self._stacks.get(user_id, [])
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= _DEEPEST:
            raise SlackError("push_limit_reached")
        view = self._new(user_id, self._checked(definition))
        view.root_id = stack[0].id
        view.previous_id = stack[-1].id
        stack.append(view)
        self._workspace.touch()
        return view

    def update(
        self, definition: Any, *, view_id: str = "", external_id: str = "", expected_hash: str = ""
    ) -> View:
        """views.update. Raises `not_found`, `hash_conflict`."""
        view = self.find(view_id) if view_id else self._by_external_id(external_id)
        if view is None:
            raise SlackError("not_found")
        if expected_hash and expected_hash != view.hash:
            raise SlackError("hash_conflict")
        return self.replace(view, definition)

    def replace(self, view: View, definition: Any) -> View:
        """Put a new definition in place of the old; inputs that are still there keep their state."""
        view.definition = self._checked(definition, own=view)
        view.hash = _new_hash(self._workspace)
        view.errors = {}
        kept = {
            (block_id, element["action_id"])
            for block_id, element in interactive_elements(view.definition["blocks"])
        }
        view.given = {
            block_id: {
                action_id: value
                for action_id, value in actions.items()
                if (block_id, action_id) in kept
            }
            for block_id, actions in view.given.items()
        }
        self._workspace.touch()
        return view

    def publish(self, user_id: str, definition: Any, *, expected_hash: str = "") -> View:
        """views.publish: the Home tab of a person. Raises `hash_conflict`."""
        home = self._homes.get(user_id)
        if home is None:
            home = self._new(user_id, self._checked(definition))
            self._homes[user_id] = home
            self._workspace.touch()
            return home
        if expected_hash and expected_hash != home.hash:
            raise SlackError("hash_conflict")
        return self.replace(home, definition)

    def give(self, view: View, values: Mapping[str, Mapping[str, Json]]) -> None:
        """Take what a person put in, keeping only inputs that the view has."""
        known = {
            (block_id, element["action_id"]): element["type"]
            for block_id, element in interactive_elements(view.definition["blocks"])
        }
        for block_id, actions in values.items():
            for action_id, value in actions.items():
                kind = known.get((block_id, action_id))
                if kind is not None:
                    view.given.setdefault(block_id, {})[action_id] = {**value, "type": kind}
        self._workspace.touch()

    def close(self, view: View) -> None:
        """Take one view off its stack."""
        stack = self._stacks.get(view.user, [])
        if view in stack:
            stack.remove(view)
        self._workspace.touch()

    def clear(self, user_id: str) -> None:
        """Close every modal of a person."""
        self._stacks.pop(user_id, None)
        self._workspace.touch()

    def payload(self, view: View) -> Json:
        """The view object as Slack sends it to the app."""
        definition = copy.deepcopy(view.definition)
        app = self._workspace.app
        return {
            "id": view.id,
            "team_id": self._workspace.team_id,
            **definition,
            "submit": definition.get("submit"),
            "close": definition.get("close"),
            "state": {"values": view.values},
            "hash": view.hash,
            "clear_on_close": definition.get("clear_on_close", False),
            "notify_on_close": definition.get("notify_on_close", False),
            "previous_view_id": view.previous_id,
            "root_view_id": view.root_id,
            "app_id": app.id,
            "app_installed_team_id": self._workspace.team_id,
            "bot_id": app.bot_id,
        }

    def _new(self, user_id: str, definition: Json) -> View:
        view_id = new_id("V")
        return View(
            id=view_id,
            user=user_id,
            definition=definition,
            hash=_new_hash(self._workspace),
            root_id=view_id,
        )

    def _checked(self, definition: Any, own: View | None = None) -> Json:
        checked = view_definition(definition)
        holder = self._by_external_id(checked["external_id"])
        if holder is not None and holder is not own:
            raise SlackError("duplicate_external_id")
        return checked

    def _by_external_id(self, external_id: str) -> View | None:
        if not external_id:
            return None
        return next(
            (v for v in self._all() if v.definition.get("external_id") == external_id), None
        )

    def _check_trigger(self, trigger_id: str) -> str:
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if time.monotonic() - trigger.made > self.trigger_seconds:
            raise SlackError("expired_trigger_id")
        return trigger.user


def _new_hash(workspace: Workspace) -> str:
    return f"{workspace.seconds()}.{secrets.token_hex(4)}"
