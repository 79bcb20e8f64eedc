"""The review of a report before it is published: the message that asks for it, and the form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.domain import report_parts as parts
from bot.domain.publication import Document, Publication, TargetKind
from bot.guard import Kind, Replaced
from bot.ports import Post
from bot.render import blocks as b
from bot.render.listing import findings_text
from bot.render.text import code, cut, escape, escaped
from bot.reports import Finding

PUBLISH = "publish"
ACTION_REVIEW = "review_report"
ACTION_SHOW = "show_original"
ACTION_REPLACE = "replace_original"
ACTION_NEXT, ACTION_BACK = "review.next", "review.back"

PART = 2900
"""The most characters of text in a block."""
PER_PAGE = 60
"""How many blocks a page has. Slack takes 100, but less than 250,000 characters."""
CHANGED = "⚠️ The report changed while you read it. It begins again here."


class ReviewState(StrEnum):
    """What the message about a review shows."""

    WAITING = "waiting"
    APPROVED = "approved"
    OUTDATED = "outdated"
    EDITED = "edited"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a report goes, and who can read it there.

    ``visibility`` is GitHub's: public, internal or private; empty if GitHub did not say, and ``problem`` says
    why. ``refusal`` is why it isn't published there.
    """

    kind: str
    repository: str
    visibility: str
    refusal: str = ""
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class ReviewSpec:
    """What the message about a review shows. ``by`` is who approved."""

    incident_id: str
    state: ReviewState
    by: str
    places: tuple[Place, ...]


PART_WORDS = {
    parts.SECTION: "the section",
    parts.ABOUT: "title, date, hubs, labels",
    parts.TIMES: "the times",
    parts.HEADINGS: "other headings",
    parts.EXTRA: "the further sections",
    parts.FRONT: "the front matter",
    parts.TICKS: "the checklist",
    parts.DETAILS: "title, hubs, summary",
    parts.ENTRY: "an entry of the timeline",
    parts.ITEM: "the action item",
    parts.TIMELINE: "the timeline",
}
"""What the kinds of parts of a report are called."""

_KINDS = {TargetKind.ISSUE.value: "an issue in", TargetKind.PULL_REQUEST.value: "a pull request to"}
_READERS = {
    "public": "*public*, everybody can read it",
    "internal": "*internal*, everybody in the enterprise can read it",
    "private": "*private*, people with access to the repository can read it",
}
_UNKNOWN = "Nobody knows who can read it there"


def review_post(spec: Mapping[str, Any]) -> Post:
    """The message in the channel: it asks for the review, or says who approved."""
    places = [Place(**place) for place in spec["places"]]
    listed = "\n".join(f"• {place_words(place)}" for place in places)
    match ReviewState(spec["state"]):
        case ReviewState.APPROVED:
            text = f"✅ <@{spec['by']}> approved the report:\n{listed}"
            return Post(text=text, blocks=(b.section(text),))
        case ReviewState.EDITED:
            changed = ", ".join(_changed(part, name) for part, name in spec["changed"])
            text = (
                f"✏️ <@{spec['by']}> changed the published report: {changed}. The change is published, with "
                f"their approval:\n{listed}"
            )
            return Post(text=text, blocks=(b.section(text),))
        case ReviewState.OUTDATED:
            text = "📝 The report changed after this request for a review."
            return Post(text=text, blocks=(b.section(text),))
        case _:
            text = (
                "📝 The report is ready for review. Nothing of it is on GitHub before somebody approves it. "
                f"It goes to:\n{listed}"
            )
    button = b.button(
        "Review and publish", action=ACTION_REVIEW, value=str(spec["incident_id"]), style="primary"
    )
    return Post(text=text, blocks=(b.section(text), b.actions(button)))


def _changed(part: str, name: str) -> str:
    """Return a part that was changed, by its name or what it is."""
    words = PART_WORDS.get(part, part)
    return f"{words} “{escaped(cut(name, 100), 200)}”" if name else words


def loading() -> b.Block:
    """Return the modal that is shown while mayday reads the report and asks GitHub."""
    return notice("mayday is preparing the report and asks GitHub who can read it …")


def notice(text: str) -> b.Block:
    """Return the modal with a sentence in place of the review; the text is mrkdwn."""
    return b.modal(PUBLISH, "Review the report", [b.section(text)], close="Close")


def review_form(
    incident_id: str,
    token: str,
    publication: Publication,
    *,
    replaced: Sequence[Replaced],
    places: Sequence[Place],
    can_be_approved: bool,
    page: int = 0,
    is_changed: bool = False,
    findings: Sequence[Finding] = (),
) -> b.Block:
    """Return the modal with the exact text, where it goes, who can read it, what was replaced, and what the
    lint finds.

    A long text is on several pages, of which ``page`` is one, counted from 0. Only the last one, to which
    the others lead, can be approved. ``is_changed`` says that the text changed while its pages were read.
    """
    documents = [
        each for each in publication.documents if each.target.kind is not TargetKind.FOLDER
    ]
    blocks = [
        b.section("*Where it goes*\n" + "\n".join(f"• {place_words(place)}" for place in places)),
        *_replaced(replaced),
        *([b.section(findings_text(findings))] if findings else ()),
        {"type": "divider"},
        *(block for document in documents for block in _document(document)),
    ]
    pages = [blocks[at : at + PER_PAGE] for at in range(0, len(blocks), PER_PAGE)]
    page = page if page < len(pages) else 0
    shown = [*([b.section(CHANGED)] if is_changed else []), *pages[page]]
    is_last = page == len(pages) - 1
    if len(pages) > 1:
        shown += _turns(page, len(pages))
    submit = "Approve and publish" if can_be_approved and is_last else ""
    metadata = f"{incident_id}|{token}|{page}"
    return b.modal(PUBLISH, "Review the report", shown, submit=submit, metadata=metadata)


def _turns(page: int, count: int) -> list[b.Block]:
    """Return which page this is, and the buttons that turn to the others."""
    note = "" if page == count - 1 else " You approve the report on the last page."
    buttons = []
    if page:
        buttons.append(b.button("Previous page", action=ACTION_BACK, value=str(page - 1)))
    if page < count - 1:
        buttons.append(b.button("Next page", action=ACTION_NEXT, value=str(page + 1)))
    return [b.context(f"Page {page + 1} of {count}.{note}"), b.actions(*buttons)]


def place_words(place: Place) -> str:
    """Return where a report goes and who can read it there."""
    where = f"{_KINDS[place.kind]} *{escape(place.repository)}*"
    if place.refusal:
        return f"~{where}~ {escape(place.refusal)}"
    if not place.visibility:
        return f"{where}. ⚠️ {_UNKNOWN}: {escape(place.problem)}"
    return f"{where}: {_READERS[place.visibility]}"


def _replaced(replaced: Sequence[Replaced]) -> Iterator[b.Block]:
    if not replaced:
        yield b.context(
            "mayday found no names of people served, credentials or internal addresses."
        )
        return
    yield b.section("*What mayday replaced*")
    for one in replaced:
        yield b.section(replacement_words(one), accessory=_choice(one))


def replacement_words(one: Replaced) -> str:
    """Return what replaces an original, or that it is shown."""
    if one.kind.is_secret:
        what = "a credential" if one.kind is Kind.SECRET else "what may be a credential"
    else:
        what = f"`{code(one.key, 100)}`"
    if one.kept_by:
        return f"{what} is shown, as <@{one.kept_by}> decided"
    return f"`{one.shown}` replaces {what}"


def _choice(one: Replaced) -> b.Block | None:
    if one.kind is Kind.SECRET:
        return None
    if one.kept_by:
        return b.button("Replace it", action=ACTION_REPLACE, value=one.key)
    return b.button("Show it", action=ACTION_SHOW, value=one.key)


def _document(document: Document) -> Iterator[b.Block]:
    what = "Action item" if document.item else "Report"
    path = f" `{code(document.path, 200)}`" if document.path else ""
    yield b.section(f"*{what} in {escape(document.target.repository)}*{path}")
    for part in _parts(f"{document.title}\n\n{document.text}"):
        yield {"type": "section", "text": {"type": "plain_text", "text": part, "emoji": False}}


def _parts(text: str) -> Iterator[str]:
    """Yield the whole text in parts, split between lines where a line is short enough."""
    while len(text) > PART:
        end = text.rfind("\n", PART // 2, PART) + 1 or PART
        yield text[:end]
        text = text[end:]
    if text.strip():
        yield text
