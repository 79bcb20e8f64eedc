"""The lists that people request: timeline, incidents, menu, help, and a preview of the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from bot.domain.command import COMMAND
from bot.domain.incident import Incident
from bot.domain.incident_filter import IncidentPage
from bot.domain.timeline import Heading, Latest, Line
from bot.ports import Post
from bot.render import blocks as b
from bot.render import card
from bot.render.diagnose import ACTION_DIAGNOSE
from bot.render.lines import app_name, quiet, words
from bot.render.reader_buttons import catch_up_button
from bot.render.status import status_words
from bot.render.text import code, cut, escape, escaped, when
from bot.render.times import during
from bot.reports import Finding

ACTION_DECLARE = "menu.declare"
ACTION_LIST = "menu.list"
ACTION_HELP = "menu.help"
ACTION_NEWER = "list.newer"
ACTION_OLDER = "list.older"
ACTION_ENTRY = "entry.menu"
EDIT = "edit"
HIDE = "out"
ANNOTATE = "annotate"
MENU_TEXT = len("EditRemove")

FINDINGS = ":warning: *Before it is published:*"
MOST_FINDINGS = 8
FINDING_LENGTH = 160
"""How many findings are shown, and how many characters of each. A block takes 3,000."""

NO_INCIDENTS = f"No incident is `{{text}}`. `{COMMAND} list` alone shows all of them."
INCIDENTS = 10
"""Incidents on one page."""
FILTER_TEXT = 500
"""Characters of a typed filter that a button keeps, of Slack's 2,000."""

ELSEWHERE = (
    "From any other channel, add `in #channel` to a command about an incident: "
    f"`{COMMAND} close in #inc-hub`."
)

PART = 2900
"""Characters of long text in one block, of Slack's 3,000."""

SHOWN_LINES = 45
"""Lines in one message, one block each; Slack allows 50 blocks."""

SHOWN_TEXT = 8500
"""Characters of these lines together: Slack refuses a message with more than about 10,000 in its blocks."""

PAGE = 3
"""Blocks in one message of a preview, for the same reason."""

MOST_PAGES = 5
"""Messages of a preview: a response_url accepts five."""

_MENUS = {
    True: (("Edit", EDIT), ("Remove", HIDE)),
    False: (("Annotate", ANNOTATE),),
}
"""What the menu of an entry offers, by whether people may edit it."""

SHOWN_ANNOTATIONS = 3
ANNOTATION_TEXT = 200
"""Characters of an annotation in the list."""

_ALSO = {
    Heading.WRONG: "🔥 what went wrong",
    Heading.LUCKY: "🍀 where we got lucky",
    Heading.ACTION: "🔧 action item",
    Heading.SUMMARY: "📝 summary",
}


def timeline(incident: Incident, latest: Latest, *, zone: ZoneInfo, said: str = "") -> Post:
    """Return the timeline of the report, with a menu for each entry to edit and remove, or to annotate it.

    ``latest`` has up to :data:`SHOWN_LINES` lines. ``said`` confirms the last change.
    """
    if not latest.count:
        text = f"The timeline is empty. React to a message with 📌, or use `{COMMAND} note text`."
        text = f"{said} {text}".strip()
        return Post(text=text, blocks=(b.section(text),))
    shown: list[b.Block] = [b.section(f"*Timeline of {escape(incident.shown_title)}*")]
    fitting = _fitting(latest.lines, zone)
    if len(fitting) < latest.count:
        shown.append(
            b.context(
                f"The latest {len(fitting)} of {latest.count} entries. The report has all of them."
            )
        )
    for line, text in fitting:
        entry_menu = b.overflow(
            ACTION_ENTRY,
            [
                b.option(name, f"{verb}:{line.entry.id}")
                for name, verb in _MENUS[line.entry.kind.is_editable]
            ],
        )
        shown.append(b.section(text, accessory=entry_menu))
    if said:
        shown.append(b.context(said))
    return Post(text=f"Timeline of {escape(incident.shown_title)}", blocks=tuple(shown))


def _fitting(lines: Sequence[Line], zone: ZoneInfo) -> list[tuple[Line, str]]:
    """Return as many of the last lines as fit into a message, in order, each with its text."""
    found: list[tuple[Line, str]] = []
    room = SHOWN_TEXT
    for line in reversed(lines):
        also = " · ".join(_ALSO[h] for h in _ALSO if h in line.headings)
        by = f"_{escape(name)}:_ " if (name := app_name(line)) else ""
        below = "\n".join(_below(line))
        text = f"{during(line.entry.time, zone)}  {quiet(cut(by + words(line), 2600 - len(below)))}"
        text = f"{text}\n_{also}_" if also else text
        text = f"{text}\n{below}" if below else text
        room -= len(text) + MENU_TEXT
        if room < 0:
            break
        found.append((line, text))
    return found[::-1]


def _below(line: Line) -> list[str]:
    """Return who edited an entry last, and its latest annotations with their authors and times."""
    found = [f"_edited by <@{line.edited_by}>_"] if line.edited_by else []
    if len(line.annotations) > SHOWN_ANNOTATIONS:
        found.append(f"_The report has all {len(line.annotations)} annotations._")
    for note in line.annotations[-SHOWN_ANNOTATIONS:]:
        text = " ".join(quiet(str(note.after["text"])).split())
        found.append(f"↳ <@{note.by}>, {when(note.at)}: {cut(text, ANNOTATION_TEXT)}")
    return found


def incidents(found: IncidentPage, *, text: str = "") -> Post:
    """Return a page of incidents, each with a button. ``text`` is what was typed to filter them."""
    count = found.open + found.over
    if not count:
        none = f"There are no incidents. Declare one with `{COMMAND} declare title`."
        said = NO_INCIDENTS.format(text=code(text, 200)) if text else none
        return Post(text=said, blocks=(b.section(said),))
    shown: list[b.Block] = []
    for is_open, heading in ((True, f"*Open: {found.open}*"), (False, f"*Over: {found.over}*")):
        part = [one for one in found.incidents if one.is_open is is_open]
        if part or (is_open and not text and not found.open and not found.first):
            shown.append(b.section(heading))
        shown += [_incident(one) for one in part]
    end = found.first + len(found.incidents)
    turns = [
        ("Newer", max(0, found.first - INCIDENTS), found.first > 0),
        ("Older", end, end < count),
    ]
    if buttons := [
        b.button(label, action=action, value=f"{first}|{text[:FILTER_TEXT]}")
        for (label, first, is_offered), action in zip(
            turns, (ACTION_NEWER, ACTION_OLDER), strict=True
        )
        if is_offered
    ]:
        shown.append(b.context(f"{found.first + 1} to {end} of {count}"))
        shown.append(b.actions(*buttons))
    return Post(text=f"{found.open} open incidents, {found.over} over", blocks=tuple(shown))


def _incident(incident: Incident) -> b.Block:
    where = f"<#{incident.channel_id}>" if incident.channel_id else escape(incident.channel_name)
    parts = [
        incident.severity,
        f"*{status_words(incident.status, incident.ending)}*",
        *([_hubs(incident)] if incident.hubs else []),
    ]
    text = (
        f"{card.sign(incident)} {where} {escape(cut(incident.shown_title, 80))}\n"
        f"{' · '.join(parts)} · {when(incident.declared_at)}"
    )
    button = catch_up_button(incident.id)
    return b.section(text, accessory={**button, "text": b.plain("Show")})


def _hubs(incident: Incident) -> str:
    return escaped(", ".join(incident.hubs), 120)


def menu(incident: Incident | None, lead: str, *, has_hubs: bool = False) -> Post:
    """Return the menu of ``/incident`` alone; a hub can be diagnosed before there is an incident.

    ``lead`` is the role that leads.
    """
    if incident is None:
        text = "What would you like to do?"
        buttons = [
            *([b.button("Diagnose a hub", action=ACTION_DIAGNOSE)] if has_hubs else []),
            b.button("Declare an incident", action=ACTION_DECLARE, style="danger"),
            b.button("List incidents", action=ACTION_LIST),
            b.button("Help", action=ACTION_HELP),
        ]
    else:
        text = (
            f"{card.sign(incident)} *{escape(incident.shown_title)}* · "
            f"{status_words(incident.status, incident.ending)} · "
            f"{incident.severity}"
        )
        buttons = [
            *card.next_steps(incident, lead),
            b.button("Help", action=ACTION_HELP),
        ]
    return Post(text=text, blocks=(b.section(text), b.actions(*buttons)))


def help_(
    rows: Mapping[str, str], afterwards: Sequence[str], legend: str, runbooks: str = ""
) -> Post:
    """Return the help. ``rows`` has one line per command; those in ``afterwards`` are listed apart.

    ``runbooks`` are lines with the names of the runbooks.
    """
    during = "\n".join(row for name, row in rows.items() if name not in afterwards)
    after = "\n".join(rows[name] for name in afterwards)
    return Post(
        text=f"The commands of {COMMAND}",
        blocks=(
            b.section(f"*During the incident*\n{during}"),
            b.section(f"*After the incident*\n{after}"),
            *(
                [b.section(f"*Runbooks* (`{COMMAND} run help` has more)\n{runbooks}")]
                if runbooks
                else []
            ),
            b.context(legend, ELSEWHERE),
        ),
    )


def preview(markdown: str, findings: Sequence[Finding] = ()) -> list[Post]:
    """Return the report's Markdown verbatim, split into as many messages as needed.

    The lint's findings come first.
    """
    blocks = [b.section(f"```{part}```") for part in _parts(escape(markdown.replace("```", "ʼʼʼ")))]
    pages = [list(blocks[at : at + PAGE]) for at in range(0, len(blocks), PAGE)]
    pages[0].insert(0, b.section("*Current draft of the report*. Missing parts are marked."))
    if findings:
        if len(pages[0]) > PAGE:
            pages.insert(0, [pages[0].pop(0)])
        pages[0].insert(1, b.section(findings_text(findings)))
    if len(pages) > MOST_PAGES:
        rest = "This preview is truncated. The published report is complete."
        pages[MOST_PAGES - 1].append(b.context(rest))
    text = "Current draft of the report"
    return [Post(text=text, blocks=tuple(page)) for page in pages[:MOST_PAGES]]


def findings_text(found: Sequence[Finding]) -> str:
    """Return what the lint finds in a report, each with its remedy."""
    lines = [
        f"• {cut(each.message, FINDING_LENGTH)} {each.remedy}" for each in found[:MOST_FINDINGS]
    ]
    more = len(found) - MOST_FINDINGS
    lines += [f"… and {more} more"] if more > 0 else []
    return "\n".join([FINDINGS, *(escape(line) for line in lines)])


def _parts(body: str) -> Iterator[str]:
    """Yield escaped text in parts that fit into a block, split between lines and never in an entity."""
    while len(body) > PART:
        line = body.rfind("\n", 0, PART)
        entity = body.rfind("&", PART - len("&amp;"), PART)
        end = line if line > 0 else entity if entity > 0 else PART
        yield body[:end]
        body = body[end:].removeprefix("\n")
    yield body
