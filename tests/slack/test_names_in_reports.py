"""No report shows a Slack id: people have their names wherever somebody mentions them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.domain.incident import Answers
from bot.domain.report_options import ExtraSection, ReportOptions
from bot.domain.timeline import EntryKind
from bot.store import incidents as incident_rows
from bot.store import timeline as timeline_rows
from bot.store.engine import Store
from tests.support.desk import ANA, BEN, Desk

WROTE = "by <@U0{}> and <#C0{}|>"


def say(name: str) -> str:
    return WROTE.format(name, name)


@pytest.mark.parametrize("form", ["2017", "2024"])
def test_every_text_of_a_report_names_people(rows: Store, form: str) -> None:
    desk = Desk(rows, report_form=form)
    for line in (f"role scribe <@{BEN}>", f"note {say('NOTED')}", f"action {say('ITEM')}"):
        desk.command(line)
    desk.command("action")
    desk.submit({"title": say("FORM"), "owner": BEN})
    incident = desk.incident
    with rows.write() as tx:
        timeline_rows.add_entry(
            tx,
            incident_id=incident.id,
            at=desk.now(),
            now=desk.now(),
            kind=EntryKind.UPDATE,
            author=ANA,
            data={"text": say("UPDATE"), "status": "fixing"},
            source="update",
        )
        told = {key: say(key.upper()) for key in ("impact", "conclusion", "wrong", "lucky")}
        incident_rows.save(
            tx,
            replace(
                incident,
                title=say("TITLE"),
                summary=say("SUMMARY"),
                answers=Answers(texts={**told, "about": say("ABOUT")}),
                report_options=ReportOptions(
                    extra=(ExtraSection(heading="More", text=say("EXTRA")),)
                ),
            ),
        )
    text = desk.context.reports.draft(desk.incident.id)
    assert not re.search(r"\b[UC]0[A-Z]+\b|<[@#]", text)
    for name in ("noted", "item", "form", "update", "title", "summary", "extra", *told):
        assert f"by {name} and a channel" in text or f"by {name} and" in text, name
