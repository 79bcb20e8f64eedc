"""Who is on call, by the schedules of the configuration, as people of Slack.

A schedule names people by e-mail addresses, names or Slack ids. Whom mayday can't find in Slack is named
as the schedule does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from types import MappingProxyType

import structlog

from bot.errors import RetryLater, UserError
from bot.ports import Chat, Clock, OnCall, OnCallPerson

NO_SUCH_SCHEDULE = "on_call has no schedule {name} any more."
NO_SCHEDULES = "No on-call schedule is configured: add one under on_call in the configuration."
NONE_OF_HUB = "No on-call schedule is configured for hub {hub}."
THREADS = 8

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A schedule. ``hubs`` are those it is for, none stands for all; ``people`` are Slack ids by what the
    schedule calls a person: a name or an e-mail address."""

    name: str
    source: OnCall
    hubs: frozenset[str] = frozenset()
    people: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, kw_only=True)
class FoundOnCall:
    """Who is on call by a schedule: Slack ids, and the names of those who aren't found in Slack.

    ``error`` is why it could not be read.
    """

    schedule: str
    users: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    error: str = ""


class OnCallLookup:
    """Looks up who is on call. ``schedules`` are by their names."""

    def __init__(self, chat: Chat, now: Clock, schedules: Mapping[str, Schedule]) -> None:
        self._chat = chat
        self._now = now
        self._schedules = schedules

    def look_up(self, name: str) -> FoundOnCall:
        """Return who is on call now by this schedule.

        Raises:
            UserError, RetryLater: it can't be read, or Slack doesn't say who somebody is.
        """
        schedule = self._schedules.get(name)
        if schedule is None:
            raise UserError(NO_SUCH_SCHEDULE.format(name=name))
        users: dict[str, None] = {}
        unknown: dict[str, None] = {}
        for person in schedule.source.at(self._now()):
            if user := self._in_slack(schedule, person):
                users[user] = None
            else:
                unknown[person.name] = None
        return FoundOnCall(schedule=name, users=tuple(users), unknown=tuple(unknown))

    def of_hub(self, hub: str = "") -> list[FoundOnCall]:
        """Return who is on call by each schedule of a hub, or by all; one that fails has an error.

        Raises:
            UserError: there is no schedule.
        """
        names = [each.name for each in self._schedules.values() if not hub or _is_for(each, hub)]
        if not names:
            raise UserError(NONE_OF_HUB.format(hub=hub) if self._schedules else NO_SCHEDULES)
        with ThreadPoolExecutor(THREADS, thread_name_prefix="on-call") as pool:
            asked = [pool.submit(copy_context().run, self._attempt, name) for name in names]
            return [each.result() for each in asked]

    def _attempt(self, name: str) -> FoundOnCall:
        try:
            return self.look_up(name)
        except (UserError, RetryLater) as error:
            return FoundOnCall(schedule=name, error=str(error))

    def _in_slack(self, schedule: Schedule, person: OnCallPerson) -> str:
        """The person's Slack id, empty if nothing leads to one."""
        if user := _listed(schedule.people, person):
            return user
        if person.slack_ids:
            return person.slack_ids[0]
        for email in person.emails:
            try:
                if found := self._chat.find_person(email):
                    return found
            except UserError as error:  # the scope is missing, for example
                log.warning("on_call.not_looked_up", schedule=schedule.name, error=str(error))
                return ""
        return ""


def _is_for(schedule: Schedule, hub: str) -> bool:
    return not schedule.hubs or hub in schedule.hubs


def _listed(people: Mapping[str, str], person: OnCallPerson) -> str:
    """The Slack id that the configuration has for an address, the name, or the longest name within it."""
    known = {name.casefold(): user for name, user in people.items()}
    name = person.name.casefold()
    for exact in (*(email.casefold() for email in person.emails), name):
        if exact in known:
            return known[exact]
    within: Sequence[str] = [each for each in known if _has_words(name, each)]
    return known[max(within, key=len)] if within else ""


def _has_words(name: str, words: str) -> bool:
    """Whether a name has these words, whole: “ana” isn't in “diana”."""
    before, found, after = name.partition(words)
    return bool(found) and not (before[-1:].isalnum() or after[:1].isalnum())
