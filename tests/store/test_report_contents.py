"""What people write for a report is read back as it was stored, also as the version before wrote it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from bot.domain.incident import Answers
from bot.domain.milestones import Milestone
from bot.domain.report_options import ExtraSection, ReportOptions
from bot.domain.typed_time import TypedTime, Unit
from bot.store import incidents, tables
from bot.store.engine import Store
from tests.support.rows import NOW, incident, stored

TIME = TypedTime(
    at=NOW,
    until=NOW + timedelta(minutes=14),
    is_about=True,
    unit=Unit.SECOND,
    typed="~16:25:00 - 16:39 PST",
    zone="PST",
)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"milestones": {Milestone.IMPACT: TIME, Milestone.RESOLVED: TypedTime(at=NOW)}},
        {"answers": Answers(texts={"impact": "I", "lucky": "L"}, report_date=date(2017, 2, 24))},
        {
            "report_options": ReportOptions(
                headings={"wrong": "What broke"},
                labels=(),
                assignees=("ada",),
                hub_urls={"R hub": "https://r.example.org"},
                extra=(ExtraSection(heading="Costs", text="None."),),
            )
        },
    ],
)
def test_it_is_read_back_as_it_was_stored(store: Store, values: dict[str, Any]) -> None:
    stored(store, id="other", channel_id="C0OTHER", channel_name="other")
    made = stored(store, **values)
    with store.write() as tx:
        assert incidents.get(tx, made.id) == made
        incidents.save(tx, incident(**values, title="Another"))
        assert incidents.get(tx, made.id) == incident(**values, title="Another")


def test_answers_of_the_version_before_are_read(store: Store) -> None:
    made = stored(store)
    before = {"impact": "I", "conclusion": "", "report_date": "2017-02-24"}
    with store.write() as tx:
        tx.execute(tables.incident.update().values(answers=before))
        assert incidents.get(tx, made.id).answers == Answers(
            texts={"impact": "I"}, report_date=date(2017, 2, 24)
        )


def test_the_version_before_reads_what_it_knows(store: Store) -> None:
    stored(store, answers=Answers(texts={"impact": "I", "lucky": "L"}))
    with store.read() as tx:
        row = tx.execute(tables.incident.select()).mappings().one()
    assert (row["answers"]["impact"], row["answers"]["conclusion"]) == ("I", "")
    assert row["answers"]["report_date"] is None
