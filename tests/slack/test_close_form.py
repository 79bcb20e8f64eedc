"""The close form asks for the texts of the report form's sections, and keeps what it doesn't ask for."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from bot.domain.incident import Answers
from bot.domain.publication import Target, TargetKind
from bot.domain.report_form import FormSection
from bot.forms import Forms, preset
from bot.forms.form_file import SECTION_LIMIT
from bot.render.forms import TEXT_LIMIT
from bot.store import incidents as incident_rows
from bot.store.engine import Store
from tests.support.desk import Desk

OWN = ("title", "report_date")
LONG = "A long story. " * 300


def asked(desk: Desk) -> dict[str, Any]:
    """The inputs of the shown form, by their names."""
    return {
        block["block_id"]: block for block in desk.slack.views[-1]["blocks"] if "element" in block
    }


def opened(rows: Store, **values: Any) -> Desk:
    """A resolved incident, whose close form is shown."""
    desk = Desk(rows, **values)
    desk.command("resolve")
    desk.command("close")
    return desk


@pytest.mark.parametrize(
    ("form", "sections"),
    [
        ("datahub-2017", "summary conclusion"),
        ("datahub-2024", "summary impact conclusion wrong lucky hubs"),
        ("2i2c", "summary impact what_happened resolution lucky well wrong"),
        ("mybinder", "summary well wrong lucky"),
        ("plain", "summary impact conclusion resolution well wrong lucky hubs"),
    ],
)
def test_each_form_has_its_questions(rows: Store, form: str, sections: str) -> None:
    desk = opened(rows, report_form=form)
    found = asked(desk)
    assert " ".join(name for name in found if name not in OWN) == sections
    question = preset(form).questions[0]
    assert found["summary"]["label"]["text"] == question.heading
    assert found["summary"]["hint"]["text"] == question.question
    assert question.question in str(desk.slack.views[-1]["blocks"][0])


def test_answers_are_kept_by_section_and_shown_again(rows: Store) -> None:
    desk = opened(rows, report_form="2i2c")
    said = {
        "summary": "It was slow.",
        "resolution": " The node was replaced. ",
        "well": "Nobody left.",
    }
    assert desk.submit(said).acks == [{}]
    texts = desk.incident.answers.texts
    assert (desk.incident.summary, texts["resolution"]) == (
        "It was slow.",
        "The node was replaced.",
    )
    desk.command("reopen")
    desk.command("resolve")
    desk.command("close")
    assert asked(desk)["well"]["element"]["initial_value"] == "Nobody left."


def test_texts_that_the_form_does_not_ask_for_or_cannot_show_stay_whole(rows: Store) -> None:
    desk = Desk(rows, report_form="2i2c")
    incident_id = desk.incident.id
    with rows.write() as tx:
        incident = incident_rows.get(tx, incident_id)
        texts = MappingProxyType({"conclusion": "Inodes.", "well": LONG})
        incident_rows.save(tx, replace(incident, summary=LONG, answers=Answers(texts=texts)))
    assert len(LONG) > TEXT_LIMIT
    desk.command("resolve")
    desk.command("close")
    assert {"summary", "well"} & set(asked(desk)) == set()
    assert f"*What Went Well?* has {len(LONG)} characters" in str(desk.slack.views[-1])
    assert desk.submit({"wrong": "Nobody was paged."}).acks == [{}]
    texts = MappingProxyType(dict(desk.incident.answers.texts))
    assert (texts["conclusion"], texts["well"], texts["wrong"]) == (
        "Inodes.",
        LONG,
        "Nobody was paged.",
    )
    assert desk.incident.summary == LONG.strip()


def test_a_form_with_the_most_sections_fits_into_slacks_form(rows: Store) -> None:
    sections = tuple(
        FormSection(
            key=f"part{number}", heading=f"Part {number}", question="What? " * 40, required=True
        )
        for number in range(SECTION_LIMIT)
    )
    mine = replace(preset("plain"), name="ours", sections=sections)
    desk = opened(rows, report_form="ours", forms=Forms({"ours": mine}))
    blocks = desk.slack.views[-1]["blocks"]
    assert len(blocks) <= 100
    assert len(blocks[0]["text"]["text"]) <= 3000
    assert desk.submit({"part39": "The end."}).acks == [{}]
    assert desk.incident.answers.texts["part39"] == "The end."


def test_the_forms_of_all_targets_are_asked_once(rows: Store) -> None:
    targets = (
        Target(kind=TargetKind.FOLDER),
        Target(kind=TargetKind.FOLDER, subject="2", form="mybinder"),
    )
    desk = opened(rows, report_form="datahub-2017", targets=targets)
    found = [name for name in asked(desk) if name not in OWN]
    assert found == ["summary", "conclusion", "well", "wrong", "lucky"]
    missing = str(desk.slack.views[-1]["blocks"][0])
    wrong = preset("mybinder").section("wrong")
    assert wrong is not None
    assert wrong.question in missing
    assert missing.count("• What broke") == 1
