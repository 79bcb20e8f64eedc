"""Keeps the state of action items and that of their issues on GitHub in step, in both directions.

One replica at a time claims a repository that is due: it reads what changed there, follows it, and closes or
reopens the issues of items that people finished, dropped or reopened in Slack. A webhook and a person's
decision only make a repository due. Nothing of a webhook's text is believed: what counts is read from GitHub,
so it doesn't matter in which order webhooks arrive, how often, or whether at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot import deadline
from bot.domain.actions import ActionItem
from bot.domain.audit import MAYDAY, AuditLine, AuditOutcome
from bot.domain.incident import Policy
from bot.domain.item_states import LOST, MEANS, FoundIssue, IssueState, followed, to_write
from bot.domain.limits import Limits
from bot.errors import RetryLater, UserError
from bot.ports import Clock, Durable, Origin, Tracker
from bot.services import item_nags, sync
from bot.services.lease import Lease
from bot.store import audit
from bot.store import items as rows
from bot.store.engine import Store, Tx
from bot.store.items import FollowedRepository

POLL = timedelta(minutes=5)
RECHECK = timedelta(days=1)
"""How long after its last reading an issue is read individually, because no list shows a deleted one."""
AT_ONCE = 20
"""The most issues that are read by themselves in one reading of a repository."""
BEFORE = timedelta(hours=1)
"""How long before the first item's creation the first reading begins."""
REFUSED = timedelta(hours=1)
"""When a repository is read again that GitHub refused to show."""
CALLS = 6
"""How many of the longest calls fit into a claim. One that has no room for another call ends."""
NOT_TAKEN = "Issue {number} is {state} although mayday told GitHub that its item is {wanted}."
FOLLOWED = ("issue_state", "state", "state_at", "state_by")

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Hint:
    """What a webhook says: that something about this issue has changed."""

    repository: str
    number: int


class ItemFollow:
    """Follows issues. ``now`` is the domain's time. Without a ``tracker`` nothing is followed."""

    def __init__(
        self,
        store: Store,
        durable: Durable,
        tracker: Tracker | None,
        now: Clock,
        policy: Policy,
        *,
        lease: Lease,
        limits: Limits,
    ) -> None:
        self._policy = policy
        self._store = store
        self._durable = durable
        self._tracker = tracker
        self._now = now
        self._lease = lease
        self._limits = limits

    def tick(self) -> int:
        """Read the repositories that are due; return how many."""
        if self._tracker is None:
            return 0
        self._begin(self._tracker)
        number = 0
        while (claimed := self._claimed()) is not None:
            number += 1
            self._read(self._tracker, claimed)
        return number

    def told(self, hint: Hint) -> bool:
        """Have the repository read now, because a webhook named one of its issues that items have.

        Return False if no item has this issue. Committed when this returns.
        """
        if self._tracker is None:
            return False
        with self._store.read() as tx:
            found = self._of(tx, self._tracker, hint.repository)
        if not (items := found.get(hint.number)):
            return False
        with self._store.write() as tx:
            for item in items:
                rows.change(tx, replace(item, issue_read_at=None), ("issue_read_at",))
            rows.ask(tx, hint.repository, due_at=self._now())
        return True

    def place(self, item: ActionItem) -> str:
        """The repository that an item is tracked in; empty if it is none of this GitHub."""
        found = self._tracker.place(item.tracked_at) if self._tracker else None
        return found[0] if found else ""

    def _begin(self, tracker: Tracker) -> None:
        """Follow the repositories of items that were not read yet, and have them read now."""
        now = self._now()
        with self._store.read() as tx:
            unread = rows.unread(tx)
            known = {each.name: each for each in rows.repositories(tx)} if unread else {}
        oldest: dict[str, datetime] = {}
        elsewhere: list[ActionItem] = []
        for item in unread:
            place = tracker.place(item.tracked_at)
            if place is None:
                elsewhere.append(item)
                continue
            name = place[0].casefold()
            row = known.get(name)
            # What GitHub refused is tried again when it is due.
            if row is None or (row.due_at > now and not row.error):
                oldest[name] = min(item.created_at, oldest.get(name, item.created_at))
        if not (oldest or elsewhere):
            return
        with self._store.write() as tx:
            for name, created_at in oldest.items():
                if not rows.follow(tx, name, since=created_at - BEFORE, due_at=now):
                    rows.ask(tx, name, due_at=now)
            for item in elsewhere:  # the next look at them is tomorrow's, with all others
                rows.change(tx, replace(item, issue_read_at=now), ("issue_read_at",))

    def _claimed(self) -> FollowedRepository | None:
        with self._store.write() as tx:
            self._lease.check(tx)
            now = self._store.now(tx)
            until = now + timedelta(seconds=CALLS * self._limits.call)
            return rows.claim(tx, self._lease.id, due=self._now(), now=now, until=until)

    def _read(self, tracker: Tracker, claimed: FollowedRepository) -> None:
        try:
            self._work_on(tracker, claimed)
        except RetryLater as error:
            after = max(timedelta(seconds=error.after), timedelta(seconds=30))
            self._release(claimed, min(after, REFUSED), error=str(error))
        except UserError as error:
            self._release(claimed, REFUSED, error=str(error))

    def _release(self, claimed: FollowedRepository, after: timedelta, **values: object) -> bool:
        if error := values.get("error"):
            log.warning("items.not_followed", repository=claimed.name, error=error)
        with self._store.write() as tx:
            return rows.release(tx, claimed, due_at=self._now() + after, **values)

    def _work_on(self, tracker: Tracker, claimed: FollowedRepository) -> None:
        name = claimed.name
        since = claimed.since or self._now() - BEFORE
        changed = tracker.changed(name, since=since, etag=claimed.etag)
        with self._store.read() as tx:
            items = self._of(tx, tracker, name)
        read = {issue.number: issue for issue in changed.issues} if changed else {}
        for number, issue in read.items():
            self._follow(claimed, items.get(number, ()), issue)
        problems = self._read_singly(tracker, claimed, items, known=set(read))
        with self._store.read() as tx:
            items = self._of(tx, tracker, name)
        problems += self._write(tracker, claimed, items)
        with self._store.read() as tx:
            left = [
                i for found in self._of(tx, tracker, name).values() for i in found if to_write(i)
            ]
        is_more = (changed is not None and changed.is_more) or bool(left and not problems)
        values = {"since": changed.since, "etag": changed.etag} if changed else {}
        after = timedelta() if is_more else POLL
        self._release(claimed, after, error=" ".join(dict.fromkeys(problems)), **values)

    def _read_singly(
        self,
        tracker: Tracker,
        claimed: FollowedRepository,
        items: dict[int, list[ActionItem]],
        *,
        known: set[int],
    ) -> list[str]:
        """Read the issues of which a webhook told, and those that were not read for a day."""
        before = self._now() - RECHECK
        stale = [
            number
            for number, found in items.items()
            if number not in known
            and any(each.issue_read_at is None or each.issue_read_at < before for each in found)
            and not any(each.issue_state in LOST for each in found)
        ]
        for number in stale[:AT_ONCE]:
            if not self._holds(claimed):
                break
            try:
                self._follow(claimed, items[number], tracker.find(claimed.name, number))
            except UserError as error:
                return [str(error)]
        return []

    def _write(
        self, tracker: Tracker, claimed: FollowedRepository, items: dict[int, list[ActionItem]]
    ) -> list[str]:
        """Close and reopen the issues of items that people finished, dropped or reopened in Slack."""
        problems: list[str] = []
        for number, found in items.items():
            for item in found:
                state = to_write(item)
                if state is None:
                    continue
                if not self._holds(claimed):
                    return problems
                origin = Origin(incident=item.incident_id, item=item.id)
                try:
                    with deadline.within(self._limits.call):
                        issue = tracker.set_state(claimed.name, number, state, origin=origin)
                except UserError as error:
                    problems.append(str(error))
                    continue
                if MEANS.get(issue.state) is not state:
                    problems.append(
                        NOT_TAKEN.format(number=number, state=issue.state, wanted=state)
                    )
                self._written(claimed, item, issue)
        return problems

    def _holds(self, claimed: FollowedRepository) -> bool:
        """Whether this replica may send another request for the repository."""
        with self._store.write() as tx:
            self._lease.check(tx)
            return rows.holds(
                tx, claimed, now=self._store.now(tx) + timedelta(seconds=self._limits.call)
            )

    def _follow(
        self, claimed: FollowedRepository, items: Iterable[ActionItem], issue: FoundIssue
    ) -> None:
        """Commit what an issue says about its items.

        If the repository was asked for meanwhile, the issue counts as not read.

        Raises:
            RetryLater: the claim has ended, so another replica may have read it since.
        """
        for item in items:
            with self._store.write() as tx:
                current = rows.get(tx, item.id, lock=True)
                if current is None:
                    continue
                if not rows.holds(tx, claimed, now=self._store.now(tx)):
                    raise RetryLater(deadline.TOO_LATE, maybe_done=False)
                after = followed(current, issue)
                if not rows.is_asked(tx, claimed):
                    read = replace(after, issue_read_at=self._now())
                    rows.change(tx, read, ("issue_read_at",))
                if after == current:
                    continue
                rows.change(tx, after, FOLLOWED)
                audit.add(tx, _line(current, after))
                if issue.state in LOST:
                    item_nags.say_lost(tx, after, self._policy, now=self._now())
                key = f"item/{item.id}/{issue.state}/{issue.changed_at.isoformat()}"
                sync.enqueue(self._durable, tx, item.incident_id, key)

    def _written(self, claimed: FollowedRepository, item: ActionItem, issue: FoundIssue) -> None:
        """Commit that mayday gave an issue its state, unless another replica may have read it since."""
        with self._store.write() as tx:
            if not rows.holds(tx, claimed, now=self._store.now(tx)):
                return
            after = replace(item, issue_state=issue.state.value, issue_read_at=self._now())
            rows.change(tx, after, ("issue_state", "issue_read_at"))
            audit.add(tx, _line(item, after, act="issue.state"))

    @staticmethod
    def _of(tx: Tx, tracker: Tracker, name: str) -> dict[int, list[ActionItem]]:
        """The items of a repository by the numbers of their issues."""
        found: dict[int, list[ActionItem]] = {}
        for item in rows.in_repository(tx, name):
            place = tracker.place(item.tracked_at)
            if place is not None and place[0].casefold() == name.casefold():
                found.setdefault(place[1], []).append(item)
        return found


def _line(before: ActionItem, after: ActionItem, act: str = "item.followed") -> AuditLine:
    failed = after.issue_state in (IssueState.GONE, IssueState.MOVED)
    return AuditLine(
        actor=MAYDAY,
        act=act,
        outcome=AuditOutcome.FAILED if failed else AuditOutcome.DONE,
        target=f"item/{after.id}",
        incident_id=after.incident_id,
        origin=after.tracked_at[:200],
        before={"state": before.state, "issue": before.issue_state},
        after={"state": after.state, "issue": after.issue_state},
    )
