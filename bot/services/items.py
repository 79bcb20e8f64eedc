"""Action items as people see them, and what follows a change of one: its reminders and its issue.

They are changed as parts of reports, see :mod:`bot.services.edits`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from bot.domain.actions import ActionItem, ListedItem, tagged_items
from bot.domain.command import COMMAND
from bot.domain.item_policy import is_overdue
from bot.domain.item_states import ItemState, to_write
from bot.errors import UserError
from bot.ports import Clock
from bot.services.settings import Settings
from bot.store import incidents as incident_rows
from bot.store import items as rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx

NO_ITEM = f"There is no such action item any more. {COMMAND} actions lists them."


class Items:
    """Lists action items. ``place`` returns the repository in which one is tracked."""

    def __init__(
        self,
        store: Store,
        now: Clock,
        settings: Settings,
        place: Callable[[ActionItem], str],
    ) -> None:
        self._store = store
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
