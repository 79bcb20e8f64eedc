"""The owner and the due date at the end of a typed action item."""

from __future__ import annotations

from datetime import date

import pytest

from bot.domain.due_days import Assigned, assigned, due_day

TODAY = date(2026, 11, 28)  # a Saturday


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-01", date(2026, 12, 1)),
        ("Dec 1", date(2026, 12, 1)),
        ("1 December", date(2026, 12, 1)),
        ("december 1st, 2027", date(2027, 12, 1)),
        ("Jan 5", date(2027, 1, 5)),
        ("today", TODAY),
        ("tomorrow", date(2026, 11, 29)),
        ("in 2 weeks", date(2026, 12, 12)),
        ("in a week", date(2026, 12, 5)),
        ("in 10 days", date(2026, 12, 8)),
        ("friday", date(2026, 12, 4)),
        ("Sat", date(2026, 12, 5)),
        ("next tuesday", date(2026, 12, 1)),
        ("2026-02-30", None),
        ("Feb 30", None),
        ("12/01/2026", None),
        ("soon", None),
        ("1", None),
        ("in 2", None),
    ],
)
def test_a_day_is_read_as_a_whole_or_not_at_all(text: str, day: date | None) -> None:
    assert due_day(text, today=TODAY) == day


def test_a_day_in_figures_needs_an_order() -> None:
    assert due_day("12/01/2026", today=TODAY, order="mdy") == date(2026, 12, 1)
    assert due_day("12/01/2026", today=TODAY, order="dmy") == date(2026, 1, 12)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("add an alert", Assigned(text="add an alert")),
        ("add an alert <@U0ANA|ana>", Assigned(text="add an alert", owner="U0ANA")),
        (
            "add an alert for <@U0ANA>, due friday",
            Assigned(text="add an alert", owner="U0ANA", due_on=date(2026, 12, 4)),
        ),
        (
            "add an alert due by Dec 1 <@U0ANA>",
            Assigned(text="add an alert", owner="U0ANA", due_on=date(2026, 12, 1)),
        ),
        ("ask <@U0BEN> for access", Assigned(text="ask <@U0BEN> for access")),
        ("document when certificates are due", Assigned(text="document when certificates are due")),
        ("say what is due when", Assigned(text="say what is due when")),
    ],
)
def test_what_is_not_an_owner_or_a_day_stays_in_the_text(text: str, read: Assigned) -> None:
    assert assigned(text, today=TODAY) == read
