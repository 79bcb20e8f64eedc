"""The text for the people served: the form that sends it, the text for copying, and the message."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bot.domain.audiences import TEXT_LIMIT, Audience
from bot.domain.incident import Incident
from bot.ports import Post
from bot.render import blocks as b
from bot.render.text import channel_link, escape, escaped

FORM = "notify"
ACTION_AUDIENCE = "notify.audience"
PAGES = tuple(f"notify.page.{number}" for number in range(5))
"""The ids of the buttons for hubs' pages: an id is unique in its message."""
TEXT = "text"
PART = 2500
"""Characters of escaped text in one block, of Slack's 3,000."""
PAGE_LIMIT = 500
"""Characters of a notice on a hub's page."""

COPY = "*Text for the {name}, to copy:*"
GOES_TO = "*Sent to:* {where}. People read exactly these words."
SENT = "📢 mayday sends it to the {name} in {where}."
PAGE_HELP = "A hub's page needs a plan, which the button asks for."


def form(
    incident: Incident, audiences: Sequence[Audience], chosen: Audience, draft: str
) -> b.Block:
    """Return the modal in which a person edits the text and sends it."""
    blocks: list[b.Block] = []
    if len(audiences) > 1:
        options = [b.option(one.name, one.name) for one in audiences if one.channels]
        menu = b.select(ACTION_AUDIENCE, options, chosen=chosen.name)
        blocks.append(b.section("*Who reads it*", accessory=menu))
    blocks.append(b.section(GOES_TO.format(where=_where(chosen))))
    # The block's id changes with the audience: Slack would keep the text of the one before.
    blocks.append(
        b.input_block(
            f"{TEXT}/{chosen.name}",
            "Text",
            b.text_input("value", initial=draft, multiline=True, limit=TEXT_LIMIT),
            hint="No names, no internal links: students and instructors read it.",
        )
    )
    return b.modal(
        FORM,
        "Notify the people served",
        blocks,
        submit="Send",
        metadata=f"{incident.id}|{chosen.name}",
    )


def copied(
    incident: Incident, audience: Audience, draft: str, *, why: str, hubs: Sequence[str]
) -> Post:
    """Return the text for copying. ``hubs`` are those whose page can show it."""
    text = COPY.format(name=escape(audience.name))
    shown = [b.section(text), *_verbatim(draft), b.context(escape(why))]
    return Post(text=text, blocks=(*shown, *_pages(incident, draft, hubs)))


def sent(incident: Incident, audience: Audience, text: str, *, hubs: Sequence[str]) -> Post:
    """Return the answer to the person who sent it; ``hubs`` are as in :func:`copied`."""
    said = SENT.format(name=escape(audience.name), where=_where(audience))
    return Post(text=said, blocks=(b.section(said), *_pages(incident, text, hubs)))


def public_text(text: str) -> Post:
    """Return the message to the people served: the text, and nothing else."""
    parts = _parts(text)
    return Post(text=escaped(text, 3500), blocks=tuple(b.section(part) for part in parts))


def page_value(incident_id: str, hub: str, text: str) -> str:
    """Return the value of the button that asks for the plan to show a text on a hub's page."""
    return json.dumps([incident_id, hub, text], ensure_ascii=False)


def page_asked(value: str) -> tuple[str, str, str]:
    """Return the incident's id, the hub and the text of such a button."""
    incident_id, hub, text = json.loads(value)
    return str(incident_id), str(hub), str(text)


def _where(audience: Audience) -> str:
    return ", ".join(channel_link(one) for one in audience.channels)


def _pages(incident: Incident, text: str, hubs: Sequence[str]) -> list[b.Block]:
    if not hubs or len(text) > PAGE_LIMIT:
        return []
    buttons = [
        b.button(f"Show it on {hub}'s page", action=action, value=value)
        for action, hub in zip(PAGES, hubs, strict=False)
        if len(value := page_value(incident.id, hub, text)) <= 2000
    ]
    return [b.actions(*buttons), b.context(PAGE_HELP)] if buttons else []


def _verbatim(text: str) -> list[b.Block]:
    return [b.section(f"```{part}```") for part in _parts(text.replace("```", "ʼʼʼ"))]


def _parts(text: str) -> list[str]:
    """The text escaped, in parts that fit into a block."""
    found, rest = [], text
    while rest:
        size = len(rest)
        while len(escape(rest[:size])) > PART:
            size = size * 3 // 4
        found.append(escape(rest[:size]))
        rest = rest[size:]
    return found or ["–"]
