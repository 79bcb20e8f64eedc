"""What people ask to see: the timeline, the incidents, the menu, a preview of the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.domain.incident import Incident
from bot.domain.timeline import Heading, Line
from bot.ports import Post
from bot.render import blocks as b
from bot.render import card
from bot.render.lines import quiet, words
from bot.render.text import cut, escape, when

ACTION_DECLARE = "menu.declare"
ACTION_LIST = "menu.list"
ACTION_HELP = "menu.help"
ACTION_ENTRY = "entry.mend"
EDIT = "edit"
TAKE_OUT = "out"
MENU_TEXT = len("EditTake out")

PART = 2900
"""Of the 3,000 characters of a block, those that a long text takes."""

SHOWN_LINES = 45
"""One block for each, of Slack's fifty a message."""

SHOWN_TEXT = 8500
"""Characters of these lines together: Slack refuses a message whose blocks hold more than some 10,000."""

PAGE = 3
"""Such blocks in one message of a preview, for the same reason."""

MOST_PAGES = 5
"""Messages of a preview: a response_url takes five answers."""

_ALSO = {
    Heading.WRONG: "🔥 what went wrong",
    Heading.LUCKY: "🍀 where we got lucky",
    Heading.ACTION: "🔧 action item",
    Heading.SUMMARY: "📝 summary",
}


def timeline(incident: Incident, lines: Sequence[Line], *, said: str = "") -> Post:
    """All that the report will show, in order, each with a menu to edit it or take it out.

    ``said`` is what has just been done to it.
    """
    kept = sorted(
        (line for line in lines if line.entry.deleted_at is None and line.headings),
        key=lambda line: (line.entry.at, line.entry.id),
    )
    if not kept:
        text = "The timeline is empty: react to a message with 📌, or write `/incident note text`."
        text = f"{said} {text}".strip()
        return Post(text=text, blocks=(b.section(text),))
    shown: list[b.Block] = [b.section(f"*Timeline of {escape(incident.title)}*")]
    latest = _latest(kept)
    if len(latest) < len(kept):
        shown.append(
            b.context(f"The latest {len(latest)} of {len(kept)}; the report has them all.")
        )
    for line, text in latest:
        mend = b.overflow(
            ACTION_ENTRY,
            [
                b.option("Edit", f"{EDIT}:{line.entry.id}"),
                b.option("Take out", f"{TAKE_OUT}:{line.entry.id}"),
            ],
        )
        shown.append(b.section(text, accessory=mend))
    if said:
        shown.append(b.context(said))
    return Post(text=f"Timeline of {escape(incident.title)}", blocks=tuple(shown))


def _latest(lines: Sequence[Line]) -> list[tuple[Line, str]]:
    """As many of the last lines as a message holds, in order, each with what it says."""
    found: list[tuple[Line, str]] = []
    room = SHOWN_TEXT
    for line in lines[: -SHOWN_LINES - 1 : -1]:
        also = " · ".join(_ALSO[h] for h in _ALSO if h in line.headings)
        text = f"{when(line.entry.at)}  {quiet(cut(words(line), 2600))}"
        text = f"{text}\n_{also}_" if also else text
        room -= len(text) + MENU_TEXT
        if room < 0:
            break
        found.append((line, text))
    return found[::-1]


def incidents(found: Sequence[Incident]) -> Post:
    """The latest incidents, open ones first."""
    if not found:
        text = "There are no incidents. Declare one with `/incident declare title`."
        return Post(text=text, blocks=(b.section(text),))
    ordered = sorted(found, key=lambda i: (not i.is_open, -i.declared_at.timestamp()))
    lines = [
        f"{card.sign(i)} "
        + (f"<#{i.channel_id}>" if i.channel_id else escape(i.channel_name))
        + f" {escape(cut(i.title, 80))} · {i.severity} · *{i.status}* · {when(i.declared_at)}"
        for i in ordered
    ]
    return Post(text=f"{len(found)} incidents", blocks=(b.section("\n".join(lines[:12])),))


def menu(incident: Incident | None, roles: Sequence[str]) -> Post:
    """What to do next, where somebody typed the command alone."""
    if incident is None:
        text = "What would you like to do?"
        buttons = [
            b.button("Declare an incident", action=ACTION_DECLARE, style="danger"),
            b.button("List incidents", action=ACTION_LIST),
            b.button("Help", action=ACTION_HELP),
        ]
    else:
        text = (
            f"{card.sign(incident)} *{escape(incident.title)}* · {incident.status} · "
            f"{incident.severity}"
        )
        buttons = [
            *card.next_steps(incident, roles),
            b.button("Help", action=ACTION_HELP),
        ]
    return Post(text=text, blocks=(b.section(text), b.actions(*buttons)))


def help_(rows: Mapping[str, str], afterwards: Sequence[str], legend: str) -> Post:
    """Every command in a line, those of afterwards by themselves. ``rows`` are by command."""
    during = "\n".join(row for name, row in rows.items() if name not in afterwards)
    after = "\n".join(rows[name] for name in afterwards)
    return Post(
        text="What /incident can do",
        blocks=(
            b.section(f"*While it burns*\n{during}"),
            b.section(f"*Towards the report*\n{after}"),
            b.context(legend),
        ),
    )


def preview(markdown: str) -> list[Post]:
    """The report's Markdown as it would be published, verbatim, in as many messages as it takes."""
    blocks = [b.section(f"```{part}```") for part in _parts(escape(markdown.replace("```", "ʼʼʼ")))]
    pages = [list(blocks[at : at + PAGE]) for at in range(0, len(blocks), PAGE)]
    pages[0].insert(0, b.section("*The report as it stands*; what is missing is marked in it."))
    if len(pages) > MOST_PAGES:
        rest = "The rest is left out here; the published report has it all."
        pages[MOST_PAGES - 1].append(b.context(rest))
    said = "The report as it stands"
    return [Post(text=said, blocks=tuple(page)) for page in pages[:MOST_PAGES]]


def _parts(body: str) -> Iterator[str]:
    """Escaped text in parts that fit a block each, cut between lines, else not through ``&amp;``."""
    while len(body) > PART:
        line = body.rfind("\n", 0, PART)
        entity = body.rfind("&", PART - len("&amp;"), PART)
        end = line if line > 0 else entity if entity > 0 else PART
        yield body[:end]
        body = body[end:].removeprefix("\n")
    yield body
