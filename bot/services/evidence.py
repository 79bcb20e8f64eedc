"""The file with the evidence of a diagnosis: gathered when somebody asks for it, and shared in Slack.

A button below a diagnosis asks for it, and the runbook that collects diagnostics. It is read when it is asked
for, since logs and descriptions of a hub with 2,000 users are not kept for nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot import deadline
from bot.diagnose.found import Found
from bot.domain.audit import AuditLine, AuditOutcome
from bot.domain.evidence import View
from bot.domain.facts import MORE, HubFacts, Part
from bot.domain.hubs import Pod, ServerKey
from bot.domain.state_change import StateChange
from bot.errors import RetryLater, UserError
from bot.ports import Chat, Clock, DiagnosticsFile, Post
from bot.render.evidence import DIAGNOSTICS, EVIDENCE, LogTail, evidence_text
from bot.render.text import code, mention
from bot.runbook.site import Site
from bot.services.audit import Audit
from bot.services.diagnose import Kept, shared
from bot.services.facts import read_facts
from bot.services.run import NO_HUB
from bot.services.sightings import Sightings
from bot.store import incidents as incident_rows
from bot.store.engine import Store

READING, READING_LOGS = 4.0, 2.5
"""Seconds for reading everything but the logs, and then the logs. A step of a run has to share the file
within the same ten seconds."""
LOGS = 8
"""How many pods have their log in the file."""
LOG_LINES = 200

LOOK_BACK = timedelta(hours=1)
"""How far the channel is searched before the request: requests are repeated within minutes, and Slack's
clock may differ."""

PARTS = frozenset({Part.CLUSTER_PODS, Part.CLUSTER_EVENTS, Part.NODES})

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """What a file has besides hub and proxy. ``servers`` and ``node`` are as in :class:`DiagnosticsFile`."""

    servers: frozenset[ServerKey] = frozenset()
    node: str = ""
    lines: int = LOG_LINES


@dataclass(frozen=True, kw_only=True)
class _Gathered:
    """The text of a file, and how much of what it has."""

    text: str
    pods: int
    logs: int
    events: int


class Evidence:
    """Gathers evidence and shares it. ``wall`` is real time."""

    def __init__(
        self, store: Store, chat: Chat, audit: Audit, *, sites: Mapping[str, Site], wall: Clock
    ) -> None:
        self._store = store
        self._chat = chat
        self._audit = audit
        self._sites = sites
        self._wall = wall

    def attach(self, change: StateChange, kept: Kept, channel: str) -> None:
        """Share the file in a channel, once for each request.

        Raises:
            UserError, RetryLater: there is no such hub any more, or Slack did not take the file.
        """
        hub = kept.found.place.hub
        key = hashlib.sha256(change.idempotency_key.encode()).hexdigest()[:8]
        self._share(
            channel,
            name=f"evidence-{hub}-{key}.txt",
            comment=EVIDENCE.format(hub=code(hub), by=mention(change.by)),
            since=self._chat.time(),
            gather=lambda: self._gather(hub, _Wanted(), found=kept.found),
        )
        self._audit.record(shared(kept, "diagnose.evidence", channel, change))

    def share(self, file: DiagnosticsFile) -> Mapping[str, Any]:
        """Share the file that a run collects, unless an earlier attempt did; return what it has.

        Raises:
            UserError, RetryLater: there is no such hub any more, or Slack did not take the file.
        """
        channel = self._own_channel(file.incident) or self._chat.open_dm(file.by)
        wanted = _Wanted(servers=file.servers, node=file.node, lines=file.lines)
        has = self._share(
            channel,
            name=f"diagnostics-{file.hub}-{file.key}.txt",
            comment=DIAGNOSTICS.format(hub=code(file.hub), by=mention(file.by)),
            since=file.since,
            gather=lambda: self._gather(file.hub, wanted),
        )
        line = AuditLine(
            actor=file.by,
            act="diagnose.evidence",
            outcome=AuditOutcome.DONE,
            target=f"hub/{file.hub}",
            incident_id=file.incident or None,
            origin=f"run/{file.key}",
            after={"channel": channel, **has},
            source=f"diagnose.evidence/{file.key}",
        )
        self._audit.record(line)
        return has

    def _share(
        self,
        channel: str,
        *,
        name: str,
        comment: str,
        since: datetime,
        gather: Callable[[], _Gathered],
    ) -> dict[str, Any]:
        """Share a file unless it is there, and return what it has; of one that is there, nothing."""
        if self._is_there(channel, name, since=since):
            return {}
        gathered = gather()
        self._chat.upload(channel, name=name, text=gathered.text, comment=comment)
        log.info("evidence.shared", file=name, size=len(gathered.text))
        return {
            "pods": gathered.pods,
            "logs": gathered.logs,
            "events": gathered.events,
            "size": len(gathered.text),
        }

    def _own_channel(self, incident_id: str) -> str:
        """The channel of an incident; empty where mayday can't work in it or strangers read it."""
        if not incident_id:
            return ""
        with self._store.read() as tx:
            incident = incident_rows.get(tx, incident_id)
        channel = "" if incident.channel_state else incident.channel_id or ""
        return "" if channel and self._chat.channel(channel).is_shared else channel

    def post_once(self, change: StateChange, kept: Kept, channel: str, post: Post) -> None:
        """Post a diagnosis in a channel that is no incident's, unless an earlier attempt did.

        The request for it is stored, so that it is repeated until it succeeds.

        Raises:
            UserError, RetryLater: Slack did not take it.
        """
        effect = f"diagnosis/{kept.id}/{channel}"
        since = self._chat.time() - LOOK_BACK
        if self._chat.find_post(channel, effect, since=since) is None:
            self._chat.post(channel, post, effect=effect)
        self._audit.record(shared(kept, "diagnose.post", channel, change))

    def destination(self, channel: str, user: str) -> str:
        """Return the channel; the direct conversation with the person where there is none, or where people of
        another organization read it.

        Raises:
            UserError, RetryLater: Slack didn't say who reads it.
        """
        if channel and not self._chat.channel(channel).is_shared:
            return channel
        return self._chat.open_dm(user)

    def _gather(self, hub: str, wanted: _Wanted, *, found: Found | None = None) -> _Gathered:
        """Return the file, as of now. ``found`` is the diagnosis that it is about; None: one of now.

        Raises:
            UserError: there is no such hub any more.
        """
        site = self._sites.get(hub)
        if site is None:
            raise UserError(NO_HUB.format(hub=hub, known=", ".join(self._sites)))
        now = self._wall()
        with deadline.patience(READING):
            facts = read_facts(
                site,
                now,
                since=lambda servers: Sightings(self._store).of(hub, servers, now),
                more=PARTS if found else MORE - {Part.NOTICE},
            )
        with deadline.patience(READING_LOGS):
            known = _known(site, facts)
            found = found or Found.of(facts)
            pods = _pods(found, facts, known.items, wanted)
            logs = list(_logs(site, pods, wanted))
        around = facts.around
        text = evidence_text(
            found,
            pods=replace(known, items=tuple(pods)),
            nodes=around.nodes,
            node=wanted.node,
            events=around.events,
            logs=logs,
            read_at=now,
        )
        read = [tail for tail in logs if not tail.unknown]
        return _Gathered(text=text, pods=len(pods), logs=len(read), events=len(around.events.items))

    def _is_there(self, channel: str, name: str, *, since: datetime) -> bool:
        """Whether an earlier attempt of the same request, made after ``since``, shared the file."""
        oldest = int((since - LOOK_BACK).timestamp())
        try:
            for page in self._chat.history(channel, oldest=f"{oldest}.000000"):
                for seen in page:
                    if any(file.name == name for file in seen.message.files):
                        return True
        except UserError as exc:  # mayday may not look: rather a file twice than none
            log.info("evidence.not_looked", channel=channel, error=str(exc))
        return False


def _known(site: Site, facts: HubFacts) -> View[Pod]:
    """All pods of the namespace; where they can't be read, at least those of the hub's parts."""
    pods = facts.around.pods
    if pods.read:
        return pods
    try:
        return View(items=site.pods(), unknown=pods.unknown)
    except (UserError, RetryLater):
        return View(items=facts.pods.items, unknown=pods.unknown, read=False)


def _pods(found: Found, facts: HubFacts, known: Sequence[Pod], wanted: _Wanted) -> list[Pod]:
    """The pods to describe: the hub's and the proxy's first, then those of the servers that are wanted."""
    core = [pod for pod in known if not pod.user and pod.component != "singleuser-server"]
    core.sort(key=lambda pod: (pod.component not in ("hub", "proxy"), pod.ready, pod.name))
    if wanted.servers or wanted.node:
        names = {row.pod.name for row in facts.rows if row.pod and row.key in wanted.servers}
        names |= {pod.name for pod in known if wanted.node and pod.node == wanted.node}
    else:
        names = {server.pod for server in found.servers if server.pod}
    return [*core, *(pod for pod in known if pod.name in names and pod not in core)]


def _logs(site: Site, pods: Sequence[Pod], wanted: _Wanted) -> Iterator[LogTail]:
    """The ends of the logs of hub and proxy, of the servers that were named, and of unready pods."""
    chosen = [
        pod
        for pod in pods
        if pod.component in ("hub", "proxy")
        or not pod.ready
        or (pod.user, pod.server) in wanted.servers
    ]
    for pod in chosen[:LOGS]:
        for previous in (False, True) if pod.restarts else (False,):
            yield _tail(site, pod.name, wanted.lines, previous=previous)


def _tail(site: Site, pod: str, lines: int, *, previous: bool) -> LogTail:
    namespace = site.place.namespace
    try:
        text = site.reachable_cluster.log(namespace, pod, lines=lines, previous=previous)
    except (UserError, RetryLater) as error:
        return LogTail(pod=pod, unknown=str(error), previous=previous)
    return LogTail(pod=pod, text=text, previous=previous)
