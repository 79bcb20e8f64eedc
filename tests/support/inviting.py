"""Invitations for tests that derive resources."""

from __future__ import annotations

from typing import Any

from bot.services.invites import Invites
from bot.services.on_call import OnCallLookup, Schedule
from bot.services.settings import Settings
from bot.store.engine import Store
from tests.support.rows import NOW


def invites(
    store: Store, chat: Any, settings: Settings, schedules: dict[str, Schedule] | None = None
) -> Invites:
    """Invitations by these settings."""
    lookup = OnCallLookup(chat, lambda: NOW, schedules or {})
    return Invites(store, chat, lambda _tx, _incident, _key: None, lambda: NOW, settings, lookup)
