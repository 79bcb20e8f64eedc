"""Reads a command as people type it in a hurry: short, by another name, or only by its value.

``diag`` is ``diagnose``, ``sev 1`` is ``severity sev1``, ``monitoring it is back`` is
``status monitoring it is back``, and ``resync`` is ``run resync-routes``, which only makes a plan. A command
that ends or publishes something is never meant by a part of its name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from bot.domain.incident import Policy
from bot.slack.matching import SHORTEST, same_word, squashed
from bot.slack.request import Kind, SlackRequest

ALIASES: Mapping[str, str] = {"sev": "severity", "new": "declare", "log": "note"}
"""Names that commands have in other bots and in speech."""

ENDING = frozenset({"resolve", "close", "reopen", "publish", "merge", "cancel", "false-alarm"})
"""The commands that end, reopen or publish an incident: each is typed in full, and never suggested."""


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The words that may be typed in place of a command: values of a team, and names of runbooks."""

    commands: Collection[str]
    policy: Policy
    runbooks: Collection[str]

    def expand(self, request: SlackRequest) -> SlackRequest:
        """Return the request with the command that was meant; as it is if that is not clear."""
        name = request.name
        if request.kind is not Kind.COMMAND or not name or name in self.commands:
            return request
        if name in ALIASES:
            return replace(request, name=ALIASES[name])
        for command, words in self._values():
            if (word := same_word(name, words)) in words:
                return _as(request, command, word)
        beginning = squashed(name)
        meant = [
            *((word, "") for word in self.commands if word and word not in ENDING),
            *((command, word) for command, words in self._values() for word in words),
        ]
        fitting = [each for each in meant if squashed(each[1] or each[0]).startswith(beginning)]
        if len(beginning) < SHORTEST or len(fitting) != 1:
            return request
        [(command, word)] = fitting
        return _as(request, command, word)

    def _values(self) -> list[tuple[str, Collection[str]]]:
        """The values that may be typed alone, each with its command."""
        return [
            ("severity", self.policy.severities),
            ("status", self.policy.open_statuses),
            ("run", self.runbooks),
        ]


def _as(request: SlackRequest, command: str, word: str) -> SlackRequest:
    return replace(request, name=command, text=f"{word} {request.text}".strip())
