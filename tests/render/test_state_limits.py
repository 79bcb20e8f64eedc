"""Whatever people type, the card, topic, canvas and posts keep Slack's limits and mention nobody else."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.incident import TITLE_LIMIT, Incident
from bot.domain.mrkdwn import typed
from bot.domain.timeline import EntryKind, PostedEntry
from bot.ports import Post
from bot.render import canvas, card, posts
from bot.render import topic as topics
from bot.render.markdown import Names
from bot.render.state import RunningSpec
from sandbox.slack.blocks import message_blocks
from sandbox.slack.canvases import sections
from tests.support.evening import INCIDENT
from tests.support.rows import POLICY

AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
ROLES = ("commander", "communications", "scribe")
HOSTILE = st.text(
    alphabet=st.sampled_from([*"<>&*_~`|\\[](){}#!@ \n-+.:/'\"xü", "🚨", "\u202e", "\u200b"])
)
WORDS = st.one_of(
    HOSTILE,
    st.sampled_from(
        ["<!channel>", "<@U0NOBODY>", "]()", "![](@U0NOBODY)", "&amp;" * 40, canvas.MARK]
    ),
    st.text(max_size=40),
)
TITLES = st.lists(WORDS, min_size=1).map(lambda parts: " ".join("".join(parts).split()))
LONG = st.builds(lambda text, times: text * times, WORDS, st.sampled_from([1, 7, 120, 400]))


@st.composite
def incidents(draw: st.DrawFn) -> tuple[Incident, list[PostedEntry]]:
    """An incident in which everything was typed by somebody hostile."""
    title = draw(TITLES)[:TITLE_LIMIT] or "x"
    hubs = draw(st.lists(TITLES.map(lambda text: text[:100] or "x"), max_size=14, unique=True))
    roles = draw(st.dictionaries(st.sampled_from(ROLES), st.sampled_from(["UADA", "UBEN"])))
    incident = replace(
        INCIDENT,
        title=title,
        hubs=tuple(hubs),
        roles=roles,
        summary=draw(LONG),
        status=draw(st.sampled_from(["investigating", "resolved", "closed"])),
    )
    note = {"role": "commander", "user": roles.get("commander", "UBEN"), "text": typed(draw(LONG))}
    entries = [
        PostedEntry(1, EntryKind.UPDATE, "UADA", {"text": typed(draw(LONG))}, False, AT),
        PostedEntry(2, EntryKind.ROLE, "UADA", note, False, AT),
    ]
    return incident, entries


def texts(value: Any) -> list[str]:
    """Every text in blocks."""
    if isinstance(value, dict):
        return [t for name, inner in value.items() for t in texts(inner) if name != "type"]
    if isinstance(value, list | tuple):
        return [t for inner in value for t in texts(inner)]
    return [value] if isinstance(value, str) else []


def fits(post: Post) -> None:
    message_blocks(list(post.blocks))
    assert len(post.blocks) <= 50
    assert sum(len(t) for block in post.blocks for t in texts(block)) < 10_000
    assert len(post.text) <= 4000
    # A header is plain text, in which nothing is a mention.
    said = json.dumps([each for each in post.blocks if each["type"] != "header"])
    assert "<!" not in re.sub(r"<!date\^", "", said + post.text)


def spec_of(incident: Incident, entries: list[PostedEntry]) -> card.CardSpec:
    return card.card_spec(
        incident,
        policy=POLICY,
        zone=ZoneInfo("UTC"),
        hubs=dict.fromkeys(incident.hubs, "https://hub.example.org"),
        reactions={},
        entries=entries,
        next_at=AT,
        running=[RunningSpec(runbook="resync-routes", hub=h, link="") for h in incident.hubs],
        links={"Report": "https://example.org/1", "Report 2": "reports/x.md"},
    )


@settings(max_examples=20, deadline=None)
@given(incidents())
def test_card_and_topic_keep_slacks_limits(made: tuple[Incident, list[PostedEntry]]) -> None:
    incident, entries = made
    fits(card.card(spec_of(incident, entries)))
    topic = topics.topic(topics.topic_spec(incident))
    assert 0 < len(topic) <= topics.TOPIC_LIMIT
    assert "<" not in topic


@settings(max_examples=20, deadline=None)
@given(incidents())
def test_the_canvas_is_one_paragraph_with_one_mark_at_its_end(
    made: tuple[Incident, list[PostedEntry]],
) -> None:
    spec = spec_of(*made)
    text = canvas.paragraph(spec, Names(people={"UADA": "Ada [x](y)", "UBEN": "*Ben*"}))
    assert len(sections(text)) == 1, "it is replaced as one section"
    assert len(text) < canvas.LIMIT + 1000
    assert text.endswith("Write above or below it._")
    assert "![](" not in text
    assert "<@" not in text


@settings(max_examples=20, deadline=None)
@given(LONG, TITLES)
def test_posts_about_edits_and_handovers_keep_slacks_limits(summary: str, title: str) -> None:
    after = {"title": title[:TITLE_LIMIT], "hubs": [title[:100]], "summary": summary}
    edited = posts.EntrySpec(kind=EntryKind.EDITED, author="UADA", data={"after": after})
    data = {"role": "commander", "user": "UBEN", "text": typed(summary)}
    given_over = posts.EntrySpec(kind=EntryKind.ROLE, author="UADA", data=data)
    handover = posts.HandoverSpec(title=title, channel_id="C1", severity="sev1", entry=given_over)
    for post in (
        posts.entry_post(edited),
        posts.entry_post(given_over),
        posts.handover_post(handover),
    ):
        message_blocks(list(post.blocks))
        assert "<!" not in json.dumps(post.blocks)
