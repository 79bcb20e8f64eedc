"""A runbook's plan as people see it: before somebody confirms it, while it runs, and afterwards.

Each view names cluster, namespace and hub: correct commands on the wrong cluster have caused outages.
Everything that hubs and clusters report is escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from bot.domain.facts import Part
from bot.domain.hubs import STUCK, Condition, Diagnosis, Place, Row
from bot.domain.mrkdwn import unescape
from bot.render import blocks as b
from bot.render import by_hand, rehearsal
from bot.render.plan_words import CONDITIONS, DIAGNOSES, ROUTES
from bot.render.steps import words_of
from bot.render.steps.words import UNREAD, number
from bot.render.text import code, cut, escape, escaped, naming, when
from bot.runbook import Loss, LossKind
from bot.runbook.plan import Plan

ROWS = 10
STEPS = 15
TABLE_SIZE = 2200
SUMMARY_SIZE = 600
REASON_SIZE = 2000
NAME_SIZE = 80
SAID_SIZE = 160
CAUTION_SIZE = 500
CAUTIONS_SIZE = 1500
UNKNOWN_SIZE = 400
UNKNOWNS_SIZE = 900
"""Characters of each part, so that a whole plan stays within what Slack takes in one message."""

BROKEN = frozenset(Diagnosis) - {Diagnosis.WELL}
TROUBLE = STUCK | {Condition.UNKNOWN, Condition.CRASHING}

OVER_LIMIT = "This is more than one person may decide. "
RUNS_AT_ONCE = "Unless you asked for it, your approval runs it at once. "
RUNS_LATER = "It runs once {missing} more approve, too. "
NOT_WELL = "*Servers that are not well*"
NOBODY = "Nobody loses anything."
UNREAD_LOSS = "mayday couldn't ask the hub who is working. Expect everyone to be disconnected."


def place_words(place: Place) -> str:
    """Cluster, namespace and hub, always in this order."""
    return f"`{code(place.cluster)} / {code(place.namespace)} / {code(place.hub)}`"


def plan_text(plan: Plan, title: str) -> str:
    """The plan in one line, for notifications and screen readers."""
    place = plan.place
    said = _reason(plan) or plan.summary
    return escaped(f"{title} on {place.cluster} / {place.namespace} / {place.hub}: {said}", 1000)


def plan_blocks(plan: Plan, title: str, *buttons: b.Block) -> list[b.Block]:
    """What would happen, to what, who loses what, and the facts it rests on.

    ``buttons`` are shown only where there is something to confirm.
    """
    shown = [
        b.header(title),
        b.context(
            f"*cluster / namespace / hub* {place_words(plan.place)}",
            f"seen {when(plan.read_at)}",
        ),
    ]
    if reason := _reason(plan):
        shown.append(b.section(f"*{_verdict(plan)}* {naming(reason, REASON_SIZE)}"))
    else:
        shown.append(b.section(naming(plan.summary, SUMMARY_SIZE)))
        steps = f"*Steps on* {place_words(plan.place)}\n"
        shown.append(b.section(steps + "\n".join(_some(_step_lines(plan), STEPS))))
        shown.append(b.section("*Who loses what*\n" + "\n".join(loss_lines(plan))))
        shown += [b.section(text) for text in by_hand.promises(plan)]
    if rehearsed := rehearsal.summary(plan):
        shown.append(b.section(rehearsed))
    if plan.over_limit:
        shown.append(b.section(f"⛔ *Over the limit.* {escaped(plan.over_limit, SUMMARY_SIZE)}"))
    cautions = _fitting(plan.cautions, CAUTION_SIZE, CAUTIONS_SIZE, naming)
    shown += [b.section(f"⚠️ {text}") for text in cautions]
    shown.append(b.section("*Facts:* " + " ".join((facts_line(plan), *_proxy_line(plan)))))
    if plan.rows:
        shown.append(b.section(table(plan)))
    if reasons := _untold(plan):
        unread = "\n".join(f"• {why}" for why in _fitting(reasons, UNKNOWN_SIZE, UNKNOWNS_SIZE))
        shown.append(b.section(f"*Not known*\n{unread}"))
    if not _reason(plan):
        shown += [b.section(text) for text in by_hand.commands(plan)]
    if buttons and plan.steps:
        shown.append(b.actions(*buttons))
    return shown


def plan_lines(plan: Plan, title: str) -> list[str]:
    """The plan for a terminal: what :func:`plan_blocks` shows, as plain lines."""
    place = plan.place
    lines = [f"{title} on {place.cluster} / {place.namespace} / {place.hub}", ""]
    if reason := _reason(plan):
        lines += [f"{_verdict(plan)} {reason}"]
    else:
        lines += [plan.summary, ""]
        for number, (line, step) in enumerate(zip(_step_lines(plan), plan.steps, strict=True), 1):
            lines += [_plain(line), *by_hand.step_lines(plan, step)]
            if rehearsed := rehearsal.outcome(plan, number):
                lines.append(f"     {_plain(rehearsed)}")
        lines.append("")
        who = "Who loses what: " if plan.losses else ""
        lines += [f"{who}{line}" for line in loss_lines(plan)]
        lines += by_hand.plan_lines(plan)
        lines += [_plain(line).replace("*", "") for line in rehearsal.summary(plan).splitlines()]
    lines += [f"Over the limit: {plan.over_limit}"] if plan.over_limit else []
    lines += [f"Note: {text}" for text in plan.cautions]
    lines += ["", "Facts: " + " ".join((facts_line(plan), *map(_plain, _proxy_line(plan))))]
    if plan.rows:
        lines += ["", *_table_lines(plan)]
    lines += [f"Not known: {why}" for why in _untold(plan)]
    return [_printable(line) for line in lines]


def confirm(plan: Plan, title: str, *, missing: int = 0) -> b.Block:
    """The question that Slack asks once more when the button is pressed.

    ``missing`` is how many people besides the one who asked must still approve.
    """
    loss = " ".join(f"{_plain_loss(loss, plan.read_at)}." for loss in plan.losses)
    place = plan.place
    names = (cut(name, NAME_SIZE) for name in (place.cluster, place.namespace, place.hub))
    where = "Cluster {}, namespace {}, hub {}.".format(*names)
    dialog: b.Block = {
        "title": b.plain(f"{title}?", 100),
        "text": b.plain(f"{where} {_consequence(plan, missing)}{loss or _no_loss(plan)}", 300),
        "confirm": b.plain("Approve" if missing else "Run it", 30),
        "deny": b.plain("Not now", 30),
    }
    if plan.destructive:
        dialog["style"] = "danger"
    return dialog


def _consequence(plan: Plan, missing: int) -> str:
    """That this ends more than one person may decide, and what an approval leads to."""
    over = OVER_LIMIT if plan.over_limit else ""
    if not missing:
        return over
    return over + (RUNS_AT_ONCE if missing == 1 else RUNS_LATER.format(missing=missing - 1))


def facts_line(plan: Plan) -> str:
    """The hub's state in a line: the diagnosis, and how many servers are in which condition."""
    kinds = [
        f"{plan.conditions[kind]} {words}"
        for kind, words in CONDITIONS.items()
        if plan.conditions.get(kind)
    ]
    counted = "; ".join(kinds) or (UNREAD if plan.ready is None else "no servers")
    return (
        f"{DIAGNOSES[plan.diagnosis]}. Servers ready: {_ready(plan)}, "
        f"user routes: {number(plan.routes)}. All servers: {counted}."
    )


def _ready(plan: Plan) -> str:
    """How many servers are ready; of a list that is not whole, how many are shown."""
    partly = plan.ready is not None and _is_unknown(plan, Part.SERVERS)
    return f"at least {plan.ready}" if partly else number(plan.ready)


def _is_unknown(plan: Plan, part: Part) -> bool:
    return any(unknown.part is part for unknown in plan.unknown)


def _reason(plan: Plan) -> str:
    """Why the plan has no steps; empty where it has some."""
    if plan.undecided:
        return " ".join(dict.fromkeys(part.why for part in plan.undecided))
    return plan.nothing_to_do


def _verdict(plan: Plan) -> str:
    """What a plan without steps comes to.

    Nothing to do is said only where everything is known and nothing needs somebody.
    """
    if plan.undecided:
        refused = all(part.part is Part.RIGHTS for part in plan.undecided)
        return "Not allowed." if refused else "Cannot tell."
    wrong = any(plan.conditions.get(kind) for kind in TROUBLE)
    return "No steps." if wrong or plan.unknown or plan.diagnosis in BROKEN else "Nothing to do."


def _untold(plan: Plan) -> list[str]:
    """Why parts of the facts are unknown, as far as the plan's own words do not say it."""
    shown = " ".join((_reason(plan), *plan.cautions))
    whys = dict.fromkeys(part.why for part in plan.unknown)
    return [why for why in whys if why.rstrip(".") not in shown]


def _fitting(
    texts: Iterable[str],
    each: int,
    total: int,
    harmless: Callable[[str, int], str] = escaped,
) -> list[str]:
    """The texts made harmless, cut to ``each`` characters, and no more of them than ``total`` holds."""
    shown: list[str] = []
    rest = list(texts)
    while rest and total >= each:
        shown.append(harmless(rest.pop(0), each))
        total -= len(shown[-1])
    return [*shown, f"and {len(rest)} more"] if rest else shown


def _proxy_line(plan: Plan) -> list[str]:
    """The proxy's pods, where they have anything to tell: evicted, killed, restarted, going."""
    shown = []
    for pod in plan.proxy_pods[:4]:
        state = "Terminating" if pod.deleting_since else pod.reason or pod.phase
        restarts = f", restarted {pod.restarts} times" if pod.restarts else ""
        shown.append(f"`{code(cut(pod.name, 63))}` {escape(cut(state, 40))}{restarts}")
    return [f"Proxy: {'; '.join(shown)}."] if shown else []


def table(plan: Plan) -> str:
    """Hub × pod × route of the servers that are not well, the odd ones first: a line for each.

    A phone breaks the lines of a wide table, and nobody reads the columns then.
    """
    shown: list[str] = []
    for row in (rows := _ranked(plan))[:ROWS]:
        cells = _cells(plan, row)
        user, hub, pod, route = map(code, cells[:4])
        said = code(cells[4], SAID_SIZE)
        line = f"• `{user}` {said}: hub says `{hub}`, pod `{pod}`, route `{route}`"
        if len("\n".join((*shown, line))) > TABLE_SIZE:
            break
        shown.append(line)
    unwell = sum(plan.conditions.values()) - plan.conditions.get(Condition.OK, 0)
    more = max(unwell, len(rows)) - len(shown)
    return "\n".join((NOT_WELL, *shown, *([f"and {more} more"] if more else [])))


def _ranked(plan: Plan) -> list[Row]:
    order = list(CONDITIONS)
    return sorted(plan.rows, key=lambda row: (order.index(row.condition), row.user, row.server))


def _table_lines(plan: Plan) -> list[str]:
    head = ("user", "hub says", "pod", "route", "")
    cells = [head, *(_cells(plan, row) for row in _ranked(plan))]
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    return [
        "  ".join([*(line[i].ljust(widths[i]) for i in range(4)), line[4]]).rstrip()
        for line in cells
    ]


def _plain(line: str) -> str:
    """A line without the marks of Slack's markup."""
    return unescape(line.replace("`", ""))


def _printable(line: str) -> str:
    """A line that steers no terminal: what hubs and clusters say may hold control characters."""
    return "".join(char if char.isprintable() else " " for char in line)


def loss_lines(plan: Plan) -> list[str]:
    """One line for each kind of loss, with the names of those concerned."""
    lines = []
    for loss in plan.losses:
        names = ", ".join(escaped(user, 48) for user in loss.users[:8])
        others = f" and {loss.servers - 8} more" if loss.servers > 8 else ""
        lines.append(f"{_plain_loss(loss, plan.read_at)} ({names}{others}).")
    return lines or [_no_loss(plan)]


def progress_blocks(plan: Plan, title: str, lines: Sequence[str]) -> list[b.Block]:
    """The plan while and after it runs; ``lines`` are those of its steps."""
    return [
        b.section(f"*{escape(title)}* on {place_words(plan.place)}"),
        *(b.section(cut("\n".join(part), 3000)) for part in _chunks(lines, 5)),
    ]


def _no_loss(plan: Plan) -> str:
    return UNREAD_LOSS if plan.destructive and plan.ready is None else NOBODY


def _plain_loss(loss: Loss, now: datetime) -> str:
    many = loss.servers != 1
    ends = {
        LossKind.SERVER: f"{'servers end' if many else 'server ends'}, with what is not saved",
        LossKind.CONNECTION: (
            "connections drop for a moment; kernels survive"
            if many
            else "connection drops for a moment; the kernel survives"
        ),
    }
    known = loss.servers - loss.unknown
    said = []
    if known:
        active = f"{loss.active or 'none'} active in the last 10 minutes"
        said.append(f"{active}, the last one {_ago(now, loss.latest)}" if loss.latest else active)
    if loss.unknown:
        said.append(f"{'activity' if not known else f'activity of {loss.unknown}'} unknown")
    return f"{loss.servers} {ends[loss.kind]}: {'; '.join(said)}"


def _ago(now: datetime, then: datetime) -> str:
    minutes = int((now - then).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 120:
        return f"{minutes} minute{'s' if minutes > 1 else ''} ago"
    return f"{minutes // 60} hours ago"


def _step_lines(plan: Plan) -> list[str]:
    return [f"{n}. {words_of(step.verb).line(step)}" for n, step in enumerate(plan.steps, 1)]


def _some(lines: list[str], limit: int) -> list[str]:
    rest = len(lines) - limit
    return [*lines[:limit], f"and {rest} more"] if rest > 0 else lines


def _chunks(lines: Sequence[str], size: int) -> list[Sequence[str]]:
    return [lines[i : i + size] for i in range(0, len(lines), size)] or [["–"]]


def _cells(plan: Plan, row: Row) -> tuple[str, ...]:
    """The cells of a row. A reason that holds for all rows stands outside of the table."""
    user = f"{row.user}/{row.server}" if row.server else row.user
    general = any(row.why == part.why for part in plan.unknown)
    said = CONDITIONS[row.condition] + (f": {row.why}" if row.why and not general else "")
    pod = _pod_words(plan, row)
    cells = cut(user, 24), cut(row.hub, 20), pod, ROUTES[row.route], cut(said, 120)
    return tuple(map(_printable, cells))


def _pod_words(plan: Plan, row: Row) -> str:
    if row.pod is None:
        return "?" if _is_unknown(plan, Part.PODS) else "none"
    if row.pod.deleting_since is not None:
        return "Terminating"
    return cut(row.pod.reason or row.pod.phase, 20)
