"""The file with the evidence of a diagnosis: gathered when somebody asks for it, and shared in Slack.

It is read again, since logs and descriptions of a hub with 2,000 users are not kept for nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from bot import deadline
from bot.domain.evidence import View
from bot.domain.facts import HubFacts, Part
from bot.domain.hubs import Pod
from bot.domain.state_change import StateChange
from bot.errors import RetryLater, UserError
from bot.ports import Chat, Clock, Post
from bot.render.evidence import LogTail, evidence_text
from bot.runbook.site import Site
from bot.services.audit import Audit
from bot.services.diagnose import Kept, shared
from bot.services.facts import read_facts
from bot.services.run import NO_HUB

READING = 10.0
"""Seconds for reading everything that the file has."""
LOGS = 8
"""How many pods have their log in the file."""
LOG_LINES = 200

LOOK_BACK = 3600.0
"""Seconds for which the channel is searched: stored requests are repeated within minutes."""

PARTS = (Part.CLUSTER_PODS, Part.CLUSTER_EVENTS, Part.NODES)

log = structlog.get_logger()


class Evidence:
    """Gathers evidence and shares it. ``wall`` is real time."""

    def __init__(self, chat: Chat, audit: Audit, *, sites: Mapping[str, Site], wall: Clock) -> None:
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
        name = f"evidence-{hub}-{key}.txt"
        if not self._is_there(channel, name):
            text = self.gather(kept)
            comment = f"Evidence for the diagnosis of `{hub}`, asked for by <@{change.by}>."
            self._chat.upload(channel, name=name, text=text, comment=comment)
            log.info("evidence.attached", hub=hub, size=len(text))
        self._audit.record(shared(kept, "diagnose.evidence", channel, change))

    def post_once(self, change: StateChange, kept: Kept, channel: str, post: Post) -> None:
        """Post a diagnosis in a channel that is no incident's, unless an earlier attempt did.

        The request for it is stored, so that it is repeated until it succeeds.

        Raises:
            UserError, RetryLater: Slack did not take it.
        """
        effect = f"diagnosis/{kept.id}/{channel}"
        since = self._chat.time() - timedelta(seconds=LOOK_BACK)
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

    def gather(self, kept: Kept) -> str:
        """Return the text of the file, as of now.

        Raises:
            UserError: there is no such hub any more.
        """
        hub = kept.found.place.hub
        site = self._sites.get(hub)
        if site is None:
            raise UserError(NO_HUB.format(hub=hub, known=", ".join(self._sites)))
        now = self._wall()
        with deadline.patience(READING):
            facts = read_facts(site, now, more=PARTS)
            known = _known(site, facts)
            pods = _pods(kept, known.items)
            logs = list(_logs(site, pods))
        return evidence_text(
            kept.found,
            pods=replace(known, items=tuple(pods)),
            nodes=facts.around.nodes,
            events=facts.around.events,
            logs=logs,
            read_at=now,
        )

    def _is_there(self, channel: str, name: str) -> bool:
        """Whether an earlier attempt of the same request shared the file: then it is the latest there."""
        since = self._chat.time().timestamp() - LOOK_BACK
        try:
            for page in self._chat.history(channel, oldest=f"{int(since)}.000000"):
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


def _pods(kept: Kept, known: Sequence[Pod]) -> list[Pod]:
    """The pods to describe: the hub's and the proxy's first, then those that are not well."""
    unwell = {server.pod for server in kept.found.servers if server.pod}
    core = [pod for pod in known if not pod.user and pod.component != "singleuser-server"]
    core.sort(key=lambda pod: (pod.component not in ("hub", "proxy"), pod.ready, pod.name))
    users = [pod for pod in known if pod.name in unwell]
    return [*core, *(pod for pod in users if pod not in core)]


def _logs(site: Site, pods: list[Pod]) -> Iterator[LogTail]:
    chosen = [pod for pod in pods if pod.component in ("hub", "proxy") or not pod.ready]
    for pod in chosen[:LOGS]:
        for previous in (False, True) if pod.restarts else (False,):
            yield _tail(site, pod.name, previous=previous)


def _tail(site: Site, pod: str, *, previous: bool) -> LogTail:
    namespace = site.place.namespace
    try:
        text = site.reachable_cluster.log(namespace, pod, lines=LOG_LINES, previous=previous)
    except (UserError, RetryLater) as error:
        return LogTail(pod=pod, unknown=str(error), previous=previous)
    return LogTail(pod=pod, text=text, previous=previous)
