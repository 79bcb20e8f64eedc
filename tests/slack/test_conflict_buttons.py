"""The buttons and the form with which a person decides between two texts."""

from __future__ import annotations

import pytest

from bot.domain.merging import Draft
from bot.domain.resources import ResourceKind
from bot.errors import UserError
from bot.render import conflicts
from bot.services.documents import Documents, Text
from bot.store import documents, resources
from bot.store.documents import Seen
from bot.store.engine import Store
from tests.support.desk import Desk
from tests.support.editing import INCIDENT, texts
from tests.support.rows import NOW

KEY = f"{INCIDENT}/publish/incident"
LONG = "It fell, and then it rose. " * 200


def asked(store: Store, ours: str = "It fell twice.") -> str:
    """Have both sides change the same line; return what the buttons carry."""

    def text(said: str) -> Text:
        return Text(incident_id=INCIDENT, key=KEY, draft=Draft(title="", parts=(said,)), place="P")

    kept = Documents(store, lambda: NOW)
    kept.create(text("It fell."), lambda: None)
    with pytest.raises(UserError, match="Choose in the message"):
        kept.next(text(ours), Seen(draft=Draft(title="", parts=("It was shot.",))))
    with store.read() as tx:
        found = resources.of_incident(tx, INCIDENT).values()
    (subject,) = (row.subject for row in found if row.kind is ResourceKind.CONFLICT)
    return f"{INCIDENT}|{subject}"


def decided(store: Store) -> list[str]:
    with store.read() as tx:
        return list(documents.get(tx, KEY).decided.values())


def test_a_button_keeps_one_of_both(rows: Store) -> None:
    desk = Desk(rows)
    value = asked(rows)
    assert "writes this text" in desk.press(conflicts.ACTION_THEIRS, value).text
    assert decided(rows) == ["It was shot."]
    assert "changed since" in desk.press(conflicts.ACTION_OURS, value).text
    assert decided(rows) == ["It was shot."]


def test_the_form_shows_both_and_takes_another_text(rows: Store) -> None:
    desk = Desk(rows)
    desk.press(conflicts.ACTION_WRITE, asked(rows))
    assert "It was shot." in texts(desk) and "It fell twice." in texts(desk)
    desk.submit({"text0": "It was shot twice."})
    assert decided(rows) == ["It was shot twice."]


def test_a_long_text_is_in_several_inputs(rows: Store) -> None:
    desk = Desk(rows)
    desk.press(conflicts.ACTION_WRITE, asked(rows, ours=LONG.strip()))
    desk.submit({"text0": "Short."})
    (text,) = decided(rows)
    assert text.startswith("Short.") and LONG[-100:].strip() in text
