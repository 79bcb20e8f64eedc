"""What a new workspace still lacks, in sentences for the app's Home."""

from __future__ import annotations

from collections.abc import Callable

from bot.config import Config
from bot.slack.scopes import required_scopes

SCOPES = "Slack: add the scopes {scopes} to the app and reinstall it. Until then a part of mayday is off."
ANNOUNCE = "Announcements: set slack.announce_channel in mayday.yaml."
HUBS = "Hubs: list your JupyterHubs under hubs, so that mayday can diagnose and repair them."
OPERATORS = "Runbooks: list under runbooks.allow who may run them; nobody can yet."
GITHUB = "GitHub: set github.repository to file reports and action items there."


def missing_setup(config: Config, scopes: Callable[[], frozenset[str]]) -> list[tuple[str, bool]]:
    """Return what is missing, and whether it matters in a workspace that is used already, too."""
    granted = scopes()
    lacking = sorted(required_scopes() - granted) if granted else []
    allow = config.runbooks.allow
    found = [(SCOPES.format(scopes=", ".join(lacking)), True)] if lacking else []
    choices = (
        (ANNOUNCE, config.slack.announce_channel),
        (HUBS, config.hubs),
        (OPERATORS, allow.users or allow.groups or config.practice.open_to_all),
        (GITHUB, config.github.repository),
    )
    return [*found, *((text, False) for text, is_set in choices if not is_set)]
