"""A catch-up fits into one message of Slack's, whatever people typed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.actions import ActionItem
from bot.domain.catch_up import CatchUp, TriedRun
from bot.domain.mrkdwn import typed
from bot.domain.runs import RunState
from bot.domain.timeline import EntryKind, Line
from bot.render.catch_up import catch_up
from sandbox.slack.blocks import message_blocks
from tests.render.test_listing import MOST_IN_ALL, characters
from tests.support.evening import DECLARED, INCIDENT, Record

HOSTILE = st.one_of(
    st.text(max_size=200),
    st.sampled_from(["<!channel> ", "&", "<@U0ANA0ANA> ", "`", "*", "\n>", "&lt;", "é", "𝔘"]).map(
        lambda part: part * 1000
    ),
)
_WHOLE = re.compile(r"<[^<>]*>|&(?:amp|lt|gt);")


def line(kind: EntryKind, text: str) -> Line:
    record = Record()
    record.add(kind, DECLARED, {"text": typed(text), "hub": text, "from": "a", "to": "b"})
    return record.lines[-1]


@settings(deadline=None, max_examples=60)
@given(text=HOSTILE, title=HOSTILE.map(lambda t: t[:150] or "x"), count=st.integers(0, 5))
def test_it_fits_whatever_was_typed(text: str, title: str, count: int) -> None:
    run = TriedRun(
        runbook="resync-routes",
        hub=text[:75],
        state=RunState.FAILED,
        at=DECLARED,
        by="U0ANA",
        error=text,
    )
    item = ActionItem(
        id="i", incident_id="i", position=1, group="g", title=title, created_at=DECLARED
    )
    incident = replace(
        INCIDENT, title=title, summary=text, status="fixing", roles={"lead": "U0ANA"}
    )
    post = catch_up(
        CatchUp(
            incident=incident,
            roles=["lead", "scribe"],
            news=[line(EntryKind.UPDATE, text), line(EntryKind.STATUS, text)] * count,
            runs=[run] * count,
            findings=[line(EntryKind.FINDING, text)] * count,
            waiting=[run] * count,
            questions=[line(EntryKind.NOTE, text)] * count,
            items=[item] * 10 * count,
            due_at=DECLARED,
            hubs={f"{number}{text[:70]}": "" for number in range(10 * count)},
            report_url=text,
        ),
        today=date(2017, 2, 24),
    )
    message_blocks(list(post.blocks))
    assert characters(post.blocks) <= MOST_IN_ALL
    for block in post.blocks:
        for part in [block["text"]] if "text" in block else []:
            assert "<!channel>" not in part["text"]
            assert not set(_WHOLE.sub("", part["text"])) & {"<"}
