"""Take back what runs left, when it is due: by mayday itself, or by people who are reminded.

An obligation commits before its step acts, so neither a kill nor a lost answer loses one; a step that left
nothing takes it out again. Any replica claims what is due, unless a run acts on the hub. mayday looks at the
target before it acts, and leaves alone what somebody changed meanwhile. How it ended is committed before
people are told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog

from bot import deadline
from bot.domain.audit import MAYDAY, AuditLine, AuditOutcome
from bot.domain.hubs import Place
from bot.domain.incident import Incident
from bot.domain.limits import Limits
from bot.domain.obligations import ObligationKind, ObligationOutcome
from bot.domain.runs import Outcome, Result
from bot.domain.timeline import EntryKind
from bot.errors import RetryLater, UserError
from bot.ports import Chat, Clock, Durable, Post
from bot.render import obligations as words
from bot.runbook.site import Site
from bot.runbook.steps.step import Step
from bot.services import sync
from bot.services.facts import read_facts
from bot.services.lease import Lease
from bot.services.posts import record_own
from bot.services.run_leaves import step_of
from bot.services.run_messages import DIRECT
from bot.services.run_rules import has_moved
from bot.services.steps import verify
from bot.store import audit
from bot.store import incidents as incident_rows
from bot.store import obligations as rows
from bot.store import runs as run_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store, Tx
from bot.store.obligations import Obligation
from bot.store.runs import Run

NAG_EVERY = timedelta(hours=1)
CLAIM = timedelta(minutes=3)
"""How long one replica has an obligation, if it lives: longer than all its calls have an effect."""
MOST_AT_ONCE = 20
MOST_TRIES = 20
FIRST_WAIT, LONGEST_WAIT = 30, 600
"""Seconds until the next attempt. They double with each failure."""
LOOK_BACK = timedelta(days=1)
"""How far back a message is looked for, by Slack's clock."""

NO_HUB = "Hub {hub} isn't configured any more."
UNREADABLE = "This version of mayday can't read the step."
NOT_TO_PLAN = "There is nothing left to plan here."

log = structlog.get_logger()


class Obligations:
    """Takes back what is due. ``now`` is the domain's time, ``wall`` real time, ``wait`` lets time pass."""

    def __init__(
        self,
        store: Store,
        durable: Durable,
        chat: Chat,
        now: Clock,
        *,
        sites: Mapping[str, Site],
        wall: Clock,
        wait: Callable[[float], None],
        lease: Lease,
        limits: Limits,
    ) -> None:
        self._store = store
        self._durable = durable
        self._chat = chat
        self._now = now
        self._sites = sites
        self._wall = wall
        self._wait = wait
        self._lease = lease
        self._limits = limits

    def tick(self) -> int:
        """Take back, or remind of, what is due; return how many that were."""
        for number in range(MOST_AT_ONCE):
            claimed = self._claimed()
            if claimed is None:
                return number
            try:
                self._work_on(claimed)
            except (UserError, RetryLater) as error:
                self._postpone(claimed, str(error))
        return MOST_AT_ONCE

    def planned_by(self, obligation_id: str) -> tuple[str, str, Mapping[str, Any]]:
        """Return the runbook, the hub and the arguments by which people take it back.

        Raises:
            UserError: there is no such obligation, or it isn't for people.
        """
        with self._store.read() as tx:
            found = rows.get(tx, obligation_id)
        step = step_of(found) if found else None
        if found is None or step is None or step.planned_by is None:
            raise UserError(NOT_TO_PLAN)
        runbook, arguments = step.planned_by
        return runbook, found.hub, arguments

    def _claimed(self) -> Obligation | None:
        with self._store.write() as tx:
            self._lease.check(tx)
            now = self._store.now(tx)
            return rows.claim(tx, self._lease.id, due=self._now(), now=now, until=now + CLAIM)

    def _work_on(self, claimed: Obligation) -> None:
        with self._store.read() as tx:
            run = run_rows.get(tx, claimed.run_id)
        if run is None:
            raise LookupError(claimed.run_id)
        if claimed.outcome is not None:
            self._tell_end(claimed, claimed.outcome, claimed.error, run)
            return
        step, site = step_of(claimed), self._sites.get(claimed.hub)
        if step is None or site is None:
            why = UNREADABLE if step is None else NO_HUB.format(hub=claimed.hub)
            self._end(claimed, run, step, ObligationOutcome.NEEDS_HUMAN, why)
        elif moved := has_moved(run, site.place):
            self._end(claimed, run, step, ObligationOutcome.NEEDS_HUMAN, moved)
        elif claimed.kind is ObligationKind.NAG:
            self._nag(claimed, run, step, site)
        else:
            self._undo(claimed, run, step, site)

    def _undo(self, claimed: Obligation, run: Run, step: Step, site: Site) -> None:
        result = self._attempt(claimed, step, site)
        if result.outcome is Outcome.RETRY and claimed.attempts + 1 < MOST_TRIES:
            self._postpone(claimed, result.error, after=result.after)
            return
        if result.outcome is Outcome.SKIPPED and self._comes_after_another(claimed, step):
            self._postpone(claimed, result.error, is_failure=False)
            return
        ended = {
            Outcome.DONE: ObligationOutcome.DONE,
            Outcome.SKIPPED: ObligationOutcome.SKIPPED,
        }.get(result.outcome, ObligationOutcome.NEEDS_HUMAN)
        self._end(claimed, run, step, ended, result.error, seen=result.seen)

    def _comes_after_another(self, claimed: Obligation, step: Step) -> bool:
        """Whether another run changed the same target later, and that is taken back later, too.

        Only then is the target again as this run left it.
        """
        with self._store.read() as tx:
            others = rows.unsettled(tx)
        return any(
            (found := step_of(each)) is not None
            and (each.hub, found.verb, found.target) == (claimed.hub, step.verb, step.target)
            for each in others
            if each.done_at is None and each.due_at > claimed.due_at
        )

    def _attempt(self, claimed: Obligation, step: Step, site: Site) -> Result:
        """Act once and verify, or say why not."""
        try:
            is_done = claimed.attempted_at is not None and step.already_done(site)
            with deadline.within(self._limits.call):
                if not is_done:
                    if why := step.drifted(site):
                        return Result(outcome=Outcome.SKIPPED, error=why)
                    self._begin(claimed, step)
                    step.perform(site)
        except RetryLater as error:
            return Result(outcome=Outcome.RETRY, error=str(error), after=error.after)
        except UserError as error:
            # After a conflict the target is looked at again: it may be somebody else's now.
            outcome = Outcome.RETRY if error.code == "409" else Outcome.FAILED
            return Result(outcome=outcome, error=str(error))
        return verify(step, site, lambda: read_facts(site, self._wall()), self._wait)

    def _begin(self, claimed: Obligation, step: Step) -> None:
        """Commit that the step is about to act, while this replica has its lease and its claim."""
        with self._store.write() as tx:
            self._lease.check(tx)
            now = self._store.now(tx)
            if not rows.change(tx, claimed, now=now, attempted_at=now):
                raise RetryLater(deadline.TOO_LATE, maybe_done=False)
            audit.add(tx, self._line(claimed, step, "run.undo_attempt", claimed.attempts))

    def _end(
        self,
        claimed: Obligation,
        run: Run,
        step: Step | None,
        outcome: ObligationOutcome,
        why: str = "",
        *,
        seen: Mapping[str, Any] | None = None,
        quietly: bool = False,
    ) -> None:
        """Commit how it ended, and tell people unless they did it themselves."""
        with self._store.write() as tx:
            now = self._store.now(tx)
            values = {"outcome": outcome.value, "error": why, "done_at": self._now()}
            told = {"told_at": now} if quietly else {}
            if not rows.change(tx, claimed, now=now, **values, **told):
                return
            if step is not None:
                audit.add(tx, self._line(claimed, step, "run.undo", outcome, why))
            if step is not None and not quietly:
                self._record(tx, claimed, run, step, outcome, why, seen or {})
        if not quietly:
            self._tell_end(claimed, outcome, why, run)

    def _record(
        self,
        tx: Tx,
        claimed: Obligation,
        run: Run,
        step: Step,
        outcome: ObligationOutcome,
        why: str,
        seen: Mapping[str, Any],
    ) -> None:
        """Add it to the timeline of the run's incident, if that is open."""
        if not run.incident_id or not incident_rows.get(tx, run.incident_id, lock=True).is_open:
            return
        place = self._place(claimed.hub)
        as_step = {
            ObligationOutcome.DONE: Outcome.DONE,
            ObligationOutcome.SKIPPED: Outcome.SKIPPED,
            ObligationOutcome.NEEDS_HUMAN: Outcome.UNCLEAR,
        }[outcome]
        timeline_rows.add_entry(
            tx,
            incident_id=run.incident_id,
            at=self._now(),
            now=self._now(),
            kind=EntryKind.RUNBOOK,
            author="",
            data={
                "run": run.id,
                "runbook": run.runbook,
                "cluster": place.cluster,
                "namespace": place.namespace,
                "hub": claimed.hub,
                "step": step.verb,
                "target": step.target,
                "details": dict(step.details),
                "outcome": as_step.value,
                "seen": dict(seen),
                "error": why,
            },
            source=f"obligation/{claimed.id}",
        )
        sync.enqueue(self._durable, tx, run.incident_id, f"obligation/{claimed.id}")

    def _tell_end(
        self, claimed: Obligation, outcome: ObligationOutcome, why: str, run: Run
    ) -> None:
        post = words.ended(self._view(claimed, run, why), outcome)
        effect = f"obligation/{claimed.id}/end"
        record = self._post(run, claimed, effect, lambda _in_incident: post)
        with self._store.write() as tx:
            record(tx)
            now = self._store.now(tx)
            rows.change(tx, claimed, now=now, told_at=now)

    def _nag(self, claimed: Obligation, run: Run, step: Step, site: Site) -> None:
        unread = ""
        try:
            if step.already_done(site):
                self._end(claimed, run, step, ObligationOutcome.DONE, quietly=True)
                return
            if why := step.drifted(site):
                self._end(claimed, run, step, ObligationOutcome.SKIPPED, why, quietly=True)
                return
        except (UserError, RetryLater) as error:
            unread = str(error)
        view = self._view(claimed, run, unread)
        effect = f"obligation/{claimed.id}/nag/{claimed.attempts + 1}"
        record = self._post(run, claimed, effect, lambda inside: words.nag(view, has_button=inside))
        with self._store.write() as tx:
            record(tx)
            rows.change(
                tx,
                claimed,
                now=self._store.now(tx),
                attempts=claimed.attempts + 1,
                due_at=self._now() + NAG_EVERY,
                error=unread,
                owner=None,
                claimed_until=None,
            )

    def _post(
        self, run: Run, claimed: Obligation, effect: str, post: Callable[[bool], Post]
    ) -> Callable[[Tx], None]:
        """Post in the incident's channel while it is open, else where the run was shown, else to a person.

        ``post`` takes whether it is an incident's channel. What is returned stores it as a message of that.

        Raises:
            RetryLater: Slack can't be reached.
        """
        since = self._chat.time() - LOOK_BACK
        with deadline.within(self._limits.call):
            for channel, incident in self._channels(run):
                try:
                    if channel and incident is None and self._is_shared(channel):
                        continue
                    to, shown = channel or self._chat.open_dm(claimed.by), post(bool(incident))
                    ts = self._chat.find_post(to, effect, since=since)
                    ts = ts or self._chat.post(to, shown, effect=effect)
                except UserError as error:
                    log.warning("obligation.not_told", obligation=claimed.id, error=str(error))
                    continue
                if incident is None:
                    break
                me = self._chat.identity()
                return lambda tx: record_own(tx, me, incident, to, ts, shown)
            else:
                log.error("obligation.told_nobody", obligation=claimed.id)
        return lambda _tx: None

    def _channels(self, run: Run) -> list[tuple[str, Incident | None]]:
        """The channels to try, and whose incident's each is; empty stands for a direct message."""
        found: list[tuple[str, Incident | None]] = []
        if run.incident_id:
            with self._store.read() as tx:
                incident = incident_rows.get(tx, run.incident_id)
            if incident.is_open and incident.channel_id and not incident.channel_state:
                found.append((incident.channel_id, incident))
        elif shown_in := run.dm_id or run.channel_id:
            found.append((shown_in, None))
        return [*found, ("", None)]

    def _is_shared(self, channel: str) -> bool:
        """Whether people of another organization are there. A direct message to mayday is with one person."""
        return not channel.startswith(DIRECT) and self._chat.channel(channel).is_shared

    def _postpone(
        self, claimed: Obligation, why: str, *, after: float = 0.0, is_failure: bool = True
    ) -> None:
        attempts = claimed.attempts + 1
        seconds = max(after, min(FIRST_WAIT * 2.0 ** min(attempts - 1, 10), LONGEST_WAIT))
        log.warning("obligation.postponed", obligation=claimed.id, error=why, seconds=seconds)
        # A nag's attempts count its reminders, and one whose end is only to be told has ended already.
        counts = is_failure and claimed.kind is ObligationKind.UNDO and claimed.outcome is None
        counted = {"attempts": attempts, "error": why} if counts else {}
        with self._store.write() as tx:
            now = self._store.now(tx)
            until = now + timedelta(seconds=seconds)
            rows.change(tx, claimed, now=now, owner=None, claimed_until=until, **counted)

    def _view(self, claimed: Obligation, run: Run, why: str) -> words.ObligationView:
        return words.ObligationView(
            id=claimed.id,
            runbook=run.runbook,
            who=claimed.by,
            place=self._place(claimed.hub),
            step=step_of(claimed),
            error=why,
        )

    def _place(self, hub: str) -> Place:
        site = self._sites.get(hub)
        return site.place if site else Place(hub=hub, cluster="?", namespace="?")

    def _line(
        self, claimed: Obligation, step: Step, act: str, what: object, why: str = ""
    ) -> AuditLine:
        failed = what is ObligationOutcome.NEEDS_HUMAN
        outcome = {"outcome": what.value} if isinstance(what, ObligationOutcome) else {}
        return AuditLine(
            actor=MAYDAY,
            act=act,
            outcome=AuditOutcome.FAILED if failed else AuditOutcome.DONE,
            target=f"{claimed.hub}: {step.verb} {step.target}",
            origin=f"obligation/{claimed.id}",
            reason=why,
            before={"confirmed_by": claimed.by},
            after=outcome,
            source=f"{act}/{claimed.id}/{claimed.attempts}",
        )
