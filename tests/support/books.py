"""The runbooks that come with mayday."""

from bot.runbook import Runbook
from bot.runbook.loading import load

RUNBOOKS: tuple[Runbook, ...] = tuple(load().runbooks.values())
