"""Finds records without a pod and pods without a record that may be one server under two names.

Renaming a user while a server runs leaves a record under the new name and a pod under the old one; each
alone looks dead. Such a pair can't be judged, unless evidence shows that it is two servers, or unless both
would be ended even if it were one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from bot.domain import reasons
from bot.domain.evidence import Known
from bot.domain.hubs import Pod, Server, ServerKey
from bot.domain.ownership import CLOCKS_DIFFER, LONGEST_START
from bot.domain.snapshot import JoinedViews, shown_name

SLUG = 12
"""How much of a name a pod's name has at least; KubeSpawner cuts long names."""


def pod_by_its_name(joined: JoinedViews, key: ServerKey) -> str:
    """Return why a server without a pod may share the name of another one's pod; empty if it doesn't.

    The hub stops a server by the name of its pod. A template without the server's name gives all servers
    of a user the same, and the pod is that of the last one started.
    """
    for other in joined.pods:
        if other[0] != key[0] or other == key or not other[1]:
            continue
        for pod in joined.living(other):
            if not _names(other[1]).search(pod.name):
                return reasons.SHARED_NAME.format(pod=pod.name, name=shown_name(other))
    return ""


def possible_renames(joined: JoinedViews, now: datetime) -> Mapping[ServerKey, str]:
    """Return the servers that may be one with another of a different name, each with the reason.

    A recent start that has no pod yet is not such a record, nor is one whose own pod has finished.
    """
    snapshot = joined.snapshot
    records = {
        key: record
        for key, record in joined.records.items()
        if not joined.living(key)
        and not joined.ended(key)
        and not (record.pending == "spawn" and not snapshot.is_late(record, now))
    }
    pods = {
        key: living
        for key in joined.keys
        if (living := joined.living(key)) and (key not in joined.records or len(living) > 1)
    }
    if not (records and pods):
        return {}
    clocks_agree = any(joined.matched(key) for key in joined.records)
    others: dict[ServerKey, set[ServerKey]] = defaultdict(set)
    for key, record in records.items():
        names = _names(record.user)
        for its_key, living in pods.items():
            if not all(
                _ends_anyway(joined, record, pod, now)
                or (
                    not names.search(pod.name)
                    and (
                        (clocks_agree and _began_apart(record, pod))
                        or _runs_elsewhere(joined, record, pod)
                    )
                )
                for pod in living
            ):
                others[key].add(its_key)
                others[its_key].add(key)
    return {
        key: (reasons.MAYBE_THAT_POD if key in records else reasons.MAYBE_THAT_RECORD).format(
            names=_first_of(found)
        )
        for key, found in others.items()
    }


def _began_apart(record: Server, pod: Pod) -> bool:
    """Return whether the pod was created long before or after the record's start.

    The clocks of hub and cluster may differ by as much as the start of a server that is matched allows.
    """
    if record.started is None or pod.created_at is None:
        return False
    after = pod.created_at - record.started
    return not -(CLOCKS_DIFFER + LONGEST_START) <= after <= 2 * LONGEST_START


def _ends_anyway(joined: JoinedViews, record: Server, pod: Pod, now: datetime) -> bool:
    """Return whether the server would be ended even if the pod were the record's.

    A pod that still exists beyond its grace period and isn't ready is force-deleted whether the hub says
    ready, pending stop or absent, and its deletion can't be undone.
    """
    return (
        record.pending in ("", "stop")
        and pod.release == joined.snapshot.release
        and joined.snapshot.is_overdue(pod, now)
        and not pod.ready
    )


def _runs_elsewhere(joined: JoinedViews, record: Server, pod: Pod) -> bool:
    """Return whether the hub has the record's server at another address than the pod has always had.

    A pod keeps its address until its containers restart. The hub must still know the pod's user, which it
    doesn't after a rename; somebody with a second pod may be a new user of the old name.
    """
    key = (pod.user, pod.server)
    addresses = [route.address for route in joined.routes.get((record.user, record.name), ())]
    return (
        record.ready
        and joined.snapshot.routes.complete
        and bool(addresses)
        and bool(pod.ips)
        and pod.restarts == 0
        and key not in joined.records
        and joined.snapshot.people.get(pod.user) == Known(value=True)
        and not any(address is None or pod.has_address(address) for address in addresses)
    )


def _names(name: str) -> re.Pattern[str]:
    """Return a pattern for what KubeSpawner may make of a name in a pod's name, in either of its ways.

    The hub stops a server by the name of its pod, whatever the pod's annotations say.
    """
    slug = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
    cut = f"{slug[:SLUG]}.*" if len(slug) > SLUG else slug
    escaped = "".join(
        character if re.match("[a-z0-9]", character) else f"-{character.encode().hex('-')}"
        for character in name
    )
    return re.compile(f"(^|-)({cut}|{escaped})(-|$)")


def _first_of(keys: set[ServerKey]) -> str:
    first, *others = sorted(shown_name(key) for key in keys)
    return f"{first} or {len(others)} more" if others else first
