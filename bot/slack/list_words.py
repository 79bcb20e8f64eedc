"""Reads which incidents a person wants to list: ``closed datahub``, ``sev1 mine``."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.incident import CLOSED, Policy
from bot.domain.incident_filter import IncidentFilter
from bot.domain.typography import same_key
from bot.errors import UserError
from bot.render import answers
from bot.slack.matching import closest

NO_SUCH_LIST = (
    "There is no list “{word}”.{hint} Write open, closed, mine, a severity, a status, or a hub."
)
OPEN, ALL, MINE = "open", "all", "mine"


def read_filter(text: str, *, policy: Policy, hubs: Sequence[str], user: str) -> IncidentFilter:
    """Return what was typed, in any order; names of hubs may have spaces.

    ``closed`` are all incidents that are over, resolved ones too.

    Raises:
        UserError: a word is none of these.
    """
    is_open: bool | None = None
    mine = ""
    found: dict[str, list[str]] = {"severities": [], "statuses": [], "hubs": []}
    statuses = [status for status in policy.statuses if status != CLOSED]
    words = text.replace(",", " ").split()
    while words:
        word = same_key(words[0])
        if word in (OPEN, CLOSED, ALL):
            is_open = {OPEN: True, CLOSED: False, ALL: None}[word]
        elif word == MINE:
            mine = user
        elif name := _named(words[:1], policy.severities):
            found["severities"].append(name)
        elif name := _named(words[:1], statuses):
            found["statuses"].append(name)
        elif count := next((n for n in range(len(words), 0, -1) if _named(words[:n], hubs)), 0):
            found["hubs"].append(_named(words[:count], hubs))
            words = words[count:]
            continue
        else:
            known = [OPEN, CLOSED, MINE, *policy.severities, *statuses, *hubs]
            hint = answers.did_you_mean(closest(word, known, cutoff=0.6))
            raise UserError(NO_SUCH_LIST.format(word=words[0], hint=hint))
        words = words[1:]
    return IncidentFilter(is_open=is_open, mine=mine, **found)


def _named(words: Sequence[str], names: Sequence[str]) -> str:
    """Return the known name that these words are, in any case; empty if they are none."""
    typed = same_key(" ".join(words))
    return next((name for name in names if same_key(" ".join(name.split())) == typed), "")
