"""The evidence of a diagnosis as a text file: what was found, then each object, its events and its log.

Secrets and e-mail addresses are redacted in the whole file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.diagnose.found import Found
from bot.domain.cluster import Event, Node
from bot.domain.evidence import View
from bot.domain.hubs import Pod
from bot.domain.redaction import redacted
from bot.render.diagnose import diagnosis_lines
from bot.render.text import cut

SIZE = 900_000
"""Characters of a file, less than what Slack shows of a snippet."""
LOG_SIZE = 60_000
_COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}m")
EVENTS = 300
PODS = 40
"""How many pods are described."""

EVIDENCE = "Evidence for the diagnosis of `{hub}`, asked for by {by}."
DIAGNOSTICS = "Diagnostics of `{hub}`, asked for by {by}."


@dataclass(frozen=True, kw_only=True)
class LogTail:
    """The end of a container's log, or why it could not be read. ``previous``: before its last restart."""

    pod: str
    text: str = ""
    unknown: str = ""
    previous: bool = False


def evidence_text(
    found: Found,
    *,
    pods: View[Pod],
    nodes: View[Node],
    node: str = "",
    events: View[Event],
    logs: Iterable[LogTail],
    read_at: datetime,
) -> str:
    """Return the file. ``pods`` are those to describe, of which the first are, beside ``node`` and the nodes
    that are not well; ``events`` are of the whole namespace."""
    left = len(pods.items) - PODS
    parts = [
        "\n".join(diagnosis_lines(found)),
        f"What follows was read at {_utc(read_at)}.",
        *(_pod(pod) for pod in pods.items[:PODS]),
        *([f"{left} more pods are not described here."] if left > 0 else []),
        *([f"Pods: {pods.unknown}"] if pods.unknown else []),
        *(_node(each) for each in nodes.items if _is_odd(each) or each.name == node),
        *([f"Nodes: {nodes.unknown}"] if nodes.unknown else []),
        _events(events),
        *(_log(tail) for tail in logs),
    ]
    return cut(redacted("\n\n".join(parts)), SIZE) + "\n"


def _pod(pod: Pod) -> str:
    return _described(
        f"Pod {pod.name}",
        {
            "Phase": pod.phase,
            "Reason": pod.reason,
            "Message": pod.message,
            "Node": pod.node or "none",
            "Ready": "yes" if pod.ready else "no",
            "Restarts": str(pod.restarts),
            "Last exit": " ".join(filter(None, [pod.last_exit, _utc(pod.last_exit_at)])),
            "Created": _utc(pod.created_at),
            "Started": _utc(pod.started_at),
            "Deleting since": _utc(pod.deleting_since),
            "Finalizers": ", ".join(pod.finalizers),
            "Addresses": ", ".join(pod.ips),
            "User": pod.user,
            "Server": pod.server,
        },
    )


def _is_odd(node: Node) -> bool:
    return node.ready is not True or bool(node.pressures) or node.is_cordoned


def _node(node: Node) -> str:
    return _described(
        f"Node {node.name}",
        {
            "Ready": {True: "yes", False: "no", None: "unknown"}[node.ready],
            "Why": node.why,
            "Since": _utc(node.since),
            "Pressures": ", ".join(node.pressures),
            "Cordoned": _utc(node.cordoned_at) or "yes" if node.is_cordoned else "no",
            "Pool": node.pool,
            "Taints": ", ".join(node.taints),
        },
    )


def _described(title: str, values: Mapping[str, str]) -> str:
    lines = [f"  {name}: {' '.join(value.split())}" for name, value in values.items() if value]
    return "\n".join([title, *lines])


def _events(events: View[Event]) -> str:
    if not events.read:
        return f"Events: {events.unknown}"
    ordered = sorted(events.items, key=lambda each: each.at or datetime.min.replace(tzinfo=UTC))
    lines = [
        f"  {_utc(each.at) or 'unknown time'} {each.kind}/{each.name} {each.reason} "
        f"(×{each.count}): {' '.join(each.message.split())}"
        for each in ordered[-EVENTS:]
    ]
    left = len(ordered) - EVENTS
    notes = [f"  {left} earlier events are not shown here."] if left > 0 else []
    notes += [f"  {events.unknown}"] if events.unknown else []
    return "\n".join(["Events, the latest last", *(lines or ["  none"]), *notes])


def _log(tail: LogTail) -> str:
    which = " before its last restart" if tail.previous else ""
    title = f"Log of {tail.pod}{which}"
    if tail.unknown:
        return f"{title}: {tail.unknown}"
    text = tail.text
    if len(text) > LOG_SIZE:
        # The line that is cut may have lost the name before its secret.
        text = text[-LOG_SIZE:].partition("\n")[2]
    text = _COLOUR.sub("", text).rstrip()
    shown = "".join(char if char.isprintable() or char in "\n\t" else " " for char in text)
    cut_off = "  (only its end)\n" if len(tail.text) > LOG_SIZE else ""
    return f"{title}\n{cut_off}{shown or '  empty'}"


def _utc(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if at else ""
