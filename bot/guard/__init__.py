"""Replaces what published text must not show: people served, credentials, addresses, internal hosts."""

from bot.guard.guard import guard
from bot.guard.spans import Finding, Guarded, Kind, Known, Replaced, key_of

__all__ = ["Finding", "Guarded", "Kind", "Known", "Replaced", "guard", "key_of"]
