"""What a diagnosis found, as a message, and as plain lines for a terminal and a file.

The headline comes first, then where it breaks, why with what helps, who is concerned, and what could not be
read. Buttons stand below their finding, since beside it a phone has no room for the words. Everything that
hubs and clusters say is escaped and cut, so that a message stays within Slack's limits.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby

from bot.diagnose import Finding, Remedy, Severity
from bot.diagnose.found import Found, UnwellServer, Verdict
from bot.diagnose.words import count
from bot.domain.command import COMMAND
from bot.domain.facts import Part
from bot.domain.hubs import Condition, Diagnosis, RouteState
from bot.ports import Post
from bot.render import blocks as b
from bot.render.plan_words import CONDITIONS, DIAGNOSES, ROUTES
from bot.render.steps.words import number
from bot.render.text import code, cut, escaped, mention

ACTION_DIAGNOSE = "incident.diagnose"
ACTION_AGAIN = "diagnosis.again"
ACTION_DECLARE = "diagnosis.declare"
ACTION_POST = "diagnosis.post"
ACTION_EVIDENCE = "diagnosis.evidence"
ACTION_ADD = "diagnosis.add"
ACTION_REMEDY = "diagnosis.remedy"

SERVERS = 10
FINDINGS = 8
UNREAD = 5
TEXT = 500
EVIDENCE_LINES = 2
EVIDENCE = 180
MESSAGE = 8500
"""Characters of all blocks: Slack refuses a message with more than about 10,000."""

SIGNS = {
    Severity.CRITICAL: "🔴",
    Severity.WARNING: "🟠",
    Severity.NOTE: "🔵",
    Severity.UNKNOWN: "⚪",
}
VERDICTS = {Verdict.WELL: "🟢", Verdict.WRONG: "🔴", Verdict.UNKNOWN: "⚪"}
NO_FINDINGS = "No rule found anything."


class Audience(StrEnum):
    """Who sees the message, and where: that decides which buttons help."""

    ASKER = "asker"  # only who asked, outside of an incident
    CHANNEL = "channel"  # everybody in a channel that is no incident's
    INCIDENT = "incident"


def diagnosis_post(found: Found, *, id: str, by: str, audience: Audience) -> Post:  # noqa: A002
    """Return the message. ``id`` is the diagnosis', ``by`` the person who asked for it."""
    text = f"{_sign(found)} {escaped(found.headline, 1000)}"
    place = found.place
    shown: list[b.Block] = [
        b.section(f"{_sign(found)} *{escaped(found.headline, 1000).replace('*', '∗')}*"),
        b.context(
            f"`{code(place.cluster)} / {code(place.namespace)} / {code(place.hub)}`",
            f"read {_clock(found.read_at)} for <@{by}>",
        ),
        b.section(_where(found)),
    ]
    after = [b.section(_servers(found))] if found.servers else []
    after += [b.section(_unread(found.unread))] if found.unread else []
    room = MESSAGE - sum(len(str(block)) for block in (*shown, *after))
    shown += [*_findings(found, id, audience, room), *after]
    shown.append(b.actions(*_buttons(found, id, audience)))
    return Post(text=text, blocks=tuple(shown))


def posted(channel: str) -> Post:
    """The answer to the person who had a diagnosis posted for everybody."""
    text = f"Posted in <#{channel}>."
    return Post(text=text, blocks=(b.section(text),))


def finding_added(finding: Finding, *, is_new: bool, at: datetime) -> str:
    """The answer to the person who put a finding into the timeline."""
    if not is_new:
        return f"This finding is in the timeline already. `{COMMAND} timeline` shows it."
    since = (
        "" if finding.at else " Its own time is unknown, so it stands at the time of the diagnosis."
    )
    return f"📌 In the timeline at {_clock(at)}.{since} `{COMMAND} timeline` shows it."


def _sign(found: Found) -> str:
    worst = max((finding.severity for finding in found.findings), default=Severity.NOTE)
    if found.verdict is Verdict.WRONG and worst is Severity.WARNING:
        return "🟠"
    return VERDICTS[found.verdict]


def _clock(at: datetime) -> str:
    """A time with seconds, in each reader's zone."""
    fallback = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time_secs}}|{fallback}>"


def _where(found: Found) -> str:
    return "\n".join(
        [
            f"*Where:* {DIAGNOSES[found.diagnosis]}",
            f"*Servers:* {totals(found)}",
            f"*In all:* {'; '.join(counted(found)) or 'no servers'}",
        ]
    )


def totals(found: Found) -> str:
    """Ready servers beside user routes: how many routes are missing is the first thing to know."""
    return f"{number(found.ready)} ready, {number(found.routed)} user routes"


def counted(found: Found) -> list[str]:
    """How many servers are in each condition, those that are well first."""
    return [
        f"{found.counts[kind]} {words}"
        for kind, words in CONDITIONS.items()
        if found.counts.get(kind)
    ]


def _servers(found: Found) -> str:
    """The servers that are not well, by hub × pod × route, and in each class by node.

    People read it on a phone, so a class is said once and not for each server.
    """
    shown = found.servers[:SERVERS]
    lines = ["*Not well*"]
    for kind, same in groupby(shown, key=_class):
        servers = list(same)
        lines.append(f"• {_class_words(*kind, found)}")
        why = servers[0].why
        if not _is_said(why, found) and all(server.why == why for server in servers):
            lines.append(f"    _{escaped(_flat(servers[0].why), 200)}_")
        lines += [f"    {words}" for words in _by_node(servers)]
    rest = found.unwell - len(shown)
    return "\n".join(
        [*lines, *([f"and {rest} more: *Attach evidence* lists all"] if rest > 0 else [])]
    )


def _class(server: UnwellServer) -> tuple[Condition, str, str, RouteState]:
    return server.condition, server.hub, server.state, server.route


def _class_words(
    condition: Condition, hub: str, state: str, route: RouteState, found: Found
) -> str:
    pod = escaped(_flat(state), 30) or _no_pod(found)
    facts = f"hub: {escaped(_flat(hub), 20)} · pod: {pod} · route: {ROUTES[route]}"
    return f"*{CONDITIONS[condition]}* ({facts})"


def _no_pod(found: Found) -> str:
    """What stands for a pod that wasn't seen: none, if the pods were read."""
    return "?" if any(part.part is Part.PODS for part in found.unknown) else "none"


def _is_said(why: str, found: Found) -> bool:
    """Whether a reason is empty, or one of those for what is not known, which are listed by themselves."""
    return any(why.rstrip(".") in said for said in found.unread) or not why


def _by_node(servers: Sequence[UnwellServer]) -> Iterator[str]:
    nodes: dict[str, list[str]] = {}
    for server in servers:
        name = f"{server.user}/{server.server}" if server.server else server.user
        nodes.setdefault(server.node, []).append(f"`{code(_flat(name), 40)}`")
    for node, names in nodes.items():
        yield ", ".join(names) + (f" on `{code(_flat(node), 63)}`" if node else "")


def _findings(found: Found, id_: str, audience: Audience, room: int) -> Iterator[b.Block]:
    """The findings, the worst first, each with its buttons, as many as fit."""
    known = found.known
    if not known and found.verdict is Verdict.WELL:
        yield b.section(NO_FINDINGS)
    shown = 0
    offered: list[Remedy] = []
    for place, finding in known[:FINDINGS]:
        text = finding_text(finding)
        room -= len(text) + 400
        if room < 0:
            break
        is_offered = finding.remedy in offered
        buttons = _finding_buttons(finding, f"{id_}/{place}", audience, is_offered=is_offered)
        offered += [finding.remedy] if finding.remedy else []
        shown += 1
        yield b.section(text)
        if buttons:
            yield b.actions(*buttons)
    if rest := len(known) - shown + found.more:
        yield b.context(f"and {count(rest, 'more finding')}: *Attach evidence* lists all.")


def finding_text(finding: Finding) -> str:
    """A finding with its own time and its first lines of evidence."""
    at = f" {_clock(finding.at)} ·" if finding.at else ""
    is_said = str(finding.affects) in finding.text
    affects = f" ({finding.affects} affected)" if finding.affects and not is_said else ""
    by = f" By {mention(finding.by)}." if finding.by else ""
    lines = [f"{SIGNS[finding.severity]}{at} {escaped(_flat(finding.text), TEXT)}{by}{affects}"]
    most = 0 if finding.severity is Severity.NOTE else EVIDENCE_LINES
    lines += [f">{escaped(_flat(line), EVIDENCE)}" for line in finding.evidence[:most]]
    return "\n".join(lines)


def _finding_buttons(
    finding: Finding, value: str, audience: Audience, *, is_offered: bool
) -> list[b.Block]:
    """What helps, unless a finding above offers the same, and the timeline."""
    buttons = []
    if finding.remedy and not is_offered:
        label = cut(f"{finding.remedy.label} …", 75)
        style = "primary" if finding.severity >= Severity.WARNING else ""
        buttons.append(b.button(label, action=ACTION_REMEDY, value=value, style=style))
    if audience is Audience.INCIDENT:
        buttons.append(b.button("Add to timeline", action=ACTION_ADD, value=value))
    return buttons


def _unread(whys: Sequence[str]) -> str:
    lines = [f"• {escaped(_flat(why), 300)}" for why in whys[:UNREAD]]
    rest = len(whys) - len(lines)
    more = [f"and {rest} more"] if rest > 0 else []
    return "\n".join(["*Not known*", *lines, *more])


def _buttons(found: Found, id_: str, audience: Audience) -> list[b.Block]:
    again = b.button("Diagnose again", action=ACTION_AGAIN, value=found.place.hub)
    evidence = b.button("Attach evidence", action=ACTION_EVIDENCE, value=id_)
    if audience is Audience.INCIDENT:
        return [again, evidence]
    is_wrong = found.verdict is not Verdict.WELL
    declare = b.button(
        "Declare an incident",
        action=ACTION_DECLARE,
        value=id_,
        style="danger" if is_wrong else "",
    )
    here = b.button("Post here", action=ACTION_POST, value=id_)
    return [declare, *([here] if audience is Audience.ASKER else []), again, evidence]


def _flat(text: str) -> str:
    """The text on one line, without marks that turn its direction."""
    return " ".join(_printable(text).split())


def diagnosis_lines(found: Found, *, servers: int | None = None) -> list[str]:
    """Return everything as plain lines, with at most so many ``servers``."""
    place = found.place
    lines = [
        found.headline,
        "",
        f"{place.cluster} / {place.namespace} / {place.hub}, read {_utc(found.read_at)}",
        f"Where: {DIAGNOSES[found.diagnosis]}",
        f"Servers: {totals(found)}",
        *(f"  {each}" for each in counted(found)),
    ]
    if found.servers:
        lines += ["", *_table(found, found.servers[:servers])]
        rest = found.unwell - len(found.servers[:servers])
        lines += [f"and {rest} more"] if rest > 0 else []
    known = [finding for _, finding in found.known]
    lines += ["", "Findings:" if known else NO_FINDINGS]
    lines += [each for finding in known for each in finding_lines(finding, place.hub)]
    if found.unread:
        lines += ["", "Not known:", *(f"  {why}" for why in found.unread)]
    return [_printable(line) for line in lines]


def finding_lines(finding: Finding, hub: str) -> list[str]:
    """Return a finding as plain lines: severity, time and text, then the evidence and what helps."""
    at = f" {_utc(finding.at)}" if finding.at else ""
    lines = [f"  {finding.severity.name}{at}: {_flat(finding.text)}"]
    lines += [f"      {_flat(line)}" for line in finding.evidence]
    if finding.remedy:
        lines.append(f"      {finding.remedy.label}: {planning(finding.remedy, hub)}")
    return [_printable(line) for line in lines]


def planning(remedy: Remedy, hub: str) -> str:
    """Return the command that plans a remedy on a terminal."""
    values = [f"{name}={_typed(value)}" for name, value in remedy.arguments.items()]
    words = ["mayday", "runbooks", "plan", remedy.runbook, "--hub", hub]
    return shlex.join([*words, *(word for value in values for word in ("--set", value))])


def _typed(value: object) -> str:
    """An argument of a remedy as a person types it."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def changes(before: Found, after: Found) -> list[str]:
    """Return what is different in a later diagnosis: the headline, servers' conditions, findings."""
    lines = [after.headline] if after.headline != before.headline else []
    for kind, words in CONDITIONS.items():
        was, now = before.counts.get(kind, 0), after.counts.get(kind, 0)
        if was != now:
            lines.append(f"{was} → {now} {words}")
    if before.routed != after.routed:
        lines.append(f"{number(before.routed)} → {number(after.routed)} user routes")
    if before.diagnosis is not after.diagnosis and after.diagnosis is not Diagnosis.WELL:
        lines.append(DIAGNOSES[after.diagnosis])
    old = {(f.rule, f.key): f for f in before.findings}
    new = {(f.rule, f.key): f for f in after.findings}
    lines += [f"new: {_flat(f.text)}" for key, f in new.items() if key not in old]
    lines += [f"gone: {_flat(f.text)}" for key, f in old.items() if key not in new]
    return [_printable(line) for line in lines]


def _table(found: Found, servers: Sequence[UnwellServer]) -> list[str]:
    """User × hub × pod × route of the servers that are not well."""
    head = ("user", "hub says", "pod", "node", "route", "")
    cells = [head, *(_cells(found, server) for server in servers)]
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    return [
        "  ".join([*(line[i].ljust(widths[i]) for i in range(5)), line[5]]).rstrip()
        for line in cells
    ]


def _cells(found: Found, server: UnwellServer) -> tuple[str, ...]:
    name = f"{server.user}/{server.server}" if server.server else server.user
    why = "" if _is_said(server.why, found) else f": {_flat(server.why)}"
    said = CONDITIONS[server.condition] + why
    return (
        _printable(cut(name, 40)),
        cut(server.hub, 20),
        _printable(cut(server.state, 20)) or _no_pod(found),
        _printable(cut(server.node, 40)) or "–",
        ROUTES[server.route],
        said,
    )


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _printable(line: str) -> str:
    """A line that steers no terminal."""
    return "".join(char if char.isprintable() else " " for char in line)
