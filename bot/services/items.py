"""Action items as people see and change them: their state, owner, due date, category and repository.

Each change is one transaction with its line of the audit log. If the item's issue has to follow, the same
transaction makes its repository due.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from bot.domain.actions import ActionItem, ListedItem, clean_repository, tagged_items
from bot.domain.command import COMMAND
from bot.domain.incident import Incident
from bot.domain.item_policy import is_overdue
from bot.domain.item_states import ItemState, to_write
from bot.domain.resources import as_json
from bot.domain.state_change import StateChange
from bot.errors import UserError
from bot.ports import Clock, Durable
from bot.services import publish, sync
from bot.services.settings import Settings
from bot.store import audit
from bot.store import incidents as incident_rows
from bot.store import items as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx

NO_ITEM = f"There is no such action item any more. {COMMAND} actions lists them."
EDITED = ("owner", "due_on", "category", "repository")


class Items:
    """Lists and changes action items. ``place`` returns the repository in which one is tracked."""

    def __init__(
        self,
        store: Store,
        durable: Durable,
        now: Clock,
        settings: Settings,
        place: Callable[[ActionItem], str],
    ) -> None:
        self._store = store
        self._durable = durable
        self._now = now
        self._settings = settings
        self._place = place

    @property
    def today(self) -> date:
        """The day in the team's zone."""
        return self._now().astimezone(self._settings.zone).date()

    def of_incident(self, incident_id: str, *, view: str, user: str) -> list[ActionItem]:
        """The action items of an incident, with those that reactions filed, in their order."""
        with self._store.read() as tx:
            found = self._all(tx, incident_id)
        return [item for item in found if self._is_shown(item, view, user)]

    def of_team(
        self, team_id: str, *, view: str, user: str
    ) -> tuple[list[ListedItem], dict[str, str]]:
        """The action items of a team's public incidents, and what can't be read or changed, by repository.

        The caller has Slack say first which incidents are private.
        """
        with self._store.read() as tx:
            found = rows.listed(tx, team_id=team_id, only_open=view != "all")
            problems = rows.problems(tx)
        shown = [each for each in rows.visible(found) if self._is_shown(each.item, view, user)]
        return shown, problems

    def get(self, incident_id: str, item_id: str) -> ActionItem:
        """One action item, also one that a reaction filed.

        Raises:
            UserError: there is no such item any more.
        """
        with self._store.read() as tx:
            return self._one(self._all(tx, incident_id), item_id)

    def set_state(self, change: StateChange, item_id: str, state: ItemState) -> ActionItem:
        """Finish, drop or reopen an item; its issue follows.

        Raises:
            UserError: there is no such item any more.
        """

        def apply(item: ActionItem) -> ActionItem:
            if item.state == state:
                return item
            return replace(item, state=state.value, state_at=self._now(), state_by=change.by)

        return self._change(change, item_id, "item.state", apply, ("state", "state_at", "state_by"))

    def edit(
        self,
        change: StateChange,
        item_id: str,
        *,
        owner: str,
        due_on: date | None,
        category: str,
        repository: str | None,
    ) -> ActionItem:
        """Change who owns an item, until when, of which kind it is and where it is fixed.

        ``repository`` is None where it stays as it is.

        Raises:
            UserError: there is no such item any more, or that is not a repository's name.
        """
        place = None if repository is None else clean_repository(repository)

        def apply(item: ActionItem) -> ActionItem:
            return replace(
                item,
                owner=owner,
                due_on=due_on,
                category=category,
                # An issue that is filed stays where it is.
                repository=item.repository if place is None or item.issue_url else place,
                nag_at=item.nag_at if due_on == item.due_on else None,
            )

        return self._change(change, item_id, "item.edit", apply, (*EDITED, "nag_at"))

    def _change(
        self,
        change: StateChange,
        item_id: str,
        act: str,
        apply: Callable[[ActionItem], ActionItem],
        names: tuple[str, ...],
    ) -> ActionItem:
        with self._store.write() as tx:
            incident = incident_rows.get(tx, change.incident_id, lock=True)
            if rows.get(tx, item_id) is None:
                # A reaction filed it, and it follows its message until somebody works on it here.
                incident_rows.add_item(tx, self._one(self._all(tx, incident.id), item_id))
            item = rows.get(tx, item_id, lock=True)
            if item is None or item.incident_id != incident.id:
                raise UserError(NO_ITEM)
            after = apply(item)
            if after == item:
                return item
            rows.change(tx, after, names)
            old, new = _differing(item, after, names)
            audit.add(tx, change.line(act, target=f"item/{item.id}", before=old, after=new))
            self._propagate(tx, change, incident, item, after)
        return after

    def _propagate(
        self,
        tx: Tx,
        change: StateChange,
        incident: Incident,
        before: ActionItem,
        after: ActionItem,
    ) -> None:
        """Have GitHub, and the messages and the report that show the item, follow."""
        self.follow(tx, before, after)
        key = f"item/{after.id}/{change.idempotency_key}"
        sync.enqueue(self._durable, tx, incident.id, key)
        if incident.closed_at is not None and after.state == before.state:
            publish.enqueue(self._durable, tx, incident.id, key)

    def follow(self, tx: Tx, before: ActionItem, after: ActionItem) -> None:
        """Have the issue of an item follow the change that this transaction makes, and its reminders, too."""
        if before.due_on != after.due_on:
            rows.change(tx, replace(after, nag_at=None), ("nag_at",))
        if to_write(after) is not None and (place := self._place(after)):
            rows.ask(tx, place, due_at=self._now())

    def _all(self, tx: Tx, incident_id: str) -> list[ActionItem]:
        return every_item(tx, incident_id, group=self._settings.groups[-1])

    @staticmethod
    def _one(items: list[ActionItem], item_id: str) -> ActionItem:
        found = next((item for item in items if item.id == item_id), None)
        if found is None:
            raise UserError(NO_ITEM)
        return found

    def _is_shown(self, item: ActionItem, view: str, user: str) -> bool:
        if view == "all":
            return True
        if item.state != ItemState.OPEN:
            return False
        if view == "overdue":
            return is_overdue(item, self.today)
        return view != "mine" or item.owner == user


def every_item(tx: Tx, incident_id: str, *, group: str) -> list[ActionItem]:
    """The action items of an incident, with those that reactions filed."""
    items = incident_rows.items(tx, incident_id)
    lines = timeline_rows.lines(tx, incident_id)
    return [*items, *tagged_items(incident_id, lines, items, group=group)]


def _differing(
    before: ActionItem, after: ActionItem, names: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, Any]]:
    old, new = as_json(before), as_json(after)
    changed = [name for name in names if old[name] != new[name]]
    return {name: old[name] for name in changed}, {name: new[name] for name in changed}
