"""What changed in the last three hours: rollouts of the hub's Deployments, and merged pull requests."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from bot.diagnose.around import HUB, PROXY, climbs, is_bad, own_pods
from bot.diagnose.finding import Finding, Remedy, Severity
from bot.diagnose.remedies import RECENTLY, RESTARTED_AT, deployment_of, revisions, roll_back
from bot.diagnose.words import plain, within
from bot.domain.cluster import Revision
from bot.domain.facts import HubFacts

ROLLED_OUT = "Deployment {name} was rolled out: {what}"
RESTARTED = "Deployment {name} was restarted"
NEW_IMAGES = "image {before} was replaced by {after}"
OTHER = "revision {number}, with the same images"
FIRST = "revision {number}, the first that is known"
CAUSE = "Cause given: {cause}."
NOW_RUNS = "Pods of this revision: {replicas}."
MERGED = "Pull request {repository}#{number} was merged: {title}"
BY = "By {author}. {url}"


def rollouts(facts: HubFacts) -> Iterable[Finding]:
    """Deployments that were rolled out in the last three hours, with what is different, by their ReplicaSets.

    Most outages follow a change. A rollback is offered if pods of that Deployment are not well now.
    """
    names = dict.fromkeys(each.deployment for each in facts.around.revisions.items)
    for name in names:
        known = revisions(facts, name)
        for newer, older in pairwise([*known, None]):
            if newer is None or not within(newer.created_at, RECENTLY, facts.read_at):
                continue
            yield Finding(
                rule="rollout",
                key=f"{name}/{newer.number}",
                severity=Severity.NOTE,
                text=_words(name, newer, older) + ".",
                at=newer.created_at,
                evidence=(
                    *((CAUSE.format(cause=plain(newer.cause)),) if newer.cause else ()),
                    NOW_RUNS.format(replicas=newer.replicas),
                ),
                remedy=_remedy(facts, name) if newer is known[0] else None,
            )


def merges(facts: HubFacts) -> Iterable[Finding]:
    """Pull requests of the hub's repository that were merged in the last three hours."""
    for merge in facts.signs.merges.items:
        if not within(merge.merged_at, RECENTLY, facts.read_at):
            continue
        author = plain(merge.author, 60) or "an unknown author"
        yield Finding(
            rule="merge",
            key=f"{merge.repository}#{merge.number}",
            severity=Severity.NOTE,
            text=MERGED.format(
                repository=merge.repository, number=merge.number, title=plain(merge.title)
            )
            + ".",
            at=merge.merged_at,
            evidence=(BY.format(author=author, url=merge.url),),
        )


def _words(name: str, newer: Revision, older: Revision | None) -> str:
    if older is None:
        return ROLLED_OUT.format(name=name, what=FIRST.format(number=newer.number))
    before = [image for image in older.images if image not in newer.images]
    after = [image for image in newer.images if image not in older.images]
    if before and after:
        what = NEW_IMAGES.format(before=plain(before[0]), after=plain(after[0]))
        return ROLLED_OUT.format(name=name, what=what)
    if _restarted_at(newer) and _restarted_at(newer) != _restarted_at(older):
        return RESTARTED.format(name=name)
    return ROLLED_OUT.format(name=name, what=OTHER.format(number=newer.number))


def _restarted_at(revision: Revision) -> str:
    """Return the annotation of a restart in the pod template; empty without it."""
    meta = revision.template.get("metadata")
    notes = meta.get("annotations") if isinstance(meta, dict) else None
    return str(notes.get(RESTARTED_AT, "")) if isinstance(notes, dict) else ""


def _remedy(facts: HubFacts, name: str) -> Remedy | None:
    part = next((part for part in (HUB, PROXY) if deployment_of(facts, part) == name), name)
    pods = [pod for pod in own_pods(facts, part) if not pod.finished]
    unwell = any(is_bad(pod, facts.read_at) or climbs(pod, facts.read_at) for pod in pods)
    return roll_back(facts, name) if unwell else None
