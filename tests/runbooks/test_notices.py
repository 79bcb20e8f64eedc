"""Show and clear the notice on a hub's page: facts in, plan out, and the steps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.evidence import Known, Unknown
from bot.domain.facts import HubFacts, Part
from bot.domain.signs import Signs
from bot.errors import UserError
from bot.runbook import ClearNotice, ShowNotice
from runbooks.clear_notice import clear_notice
from runbooks.notify_users import TEXTS, notify_users
from tests.support.hubs import facts, healthy
from tests.support.scripted import Scripted, site


class Page:
    """A hub's page in memory."""

    def __init__(self, text: str = "") -> None:
        self.text = text

    def notice(self) -> str:
        return self.text

    def show(self, text: str) -> None:
        self.text = text

    def clear(self) -> None:
        self.text = ""

    def check(self) -> None: ...


def showing(text: str) -> HubFacts:
    asked = frozenset({Part.NOTICE})
    return replace(healthy("ana"), asked=asked, signs=Signs(notice=Known(value=text)))


def test_the_whole_text_is_in_the_plan() -> None:
    typed = notify_users.arguments({"about": "logins fail", "words": "Back at 15:00."})
    plan = notify_users.plan(showing(""), typed)
    text = f"{TEXTS['logins fail']} Back at 15:00."
    assert plan.summary == f"Show this notice on the page of hub datahub: “{text}”"
    assert plan.steps == (ShowNotice(text=text, before=""),)
    assert plan.steps[0].undo == ClearNotice(before=text)
    assert (plan.losses, plan.cautions) == ((), ())
    again = notify_users.plan(showing(text), typed)
    assert again.steps == ()
    assert "shows this notice already" in again.nothing_to_do


def test_a_notice_that_it_replaces_is_told() -> None:
    assert "“Welcome.”" in notify_users.plan(showing("Welcome.")).cautions[0]


def test_a_notice_is_cleared_once() -> None:
    plan = clear_notice.plan(showing("We are working on it."))
    assert plan.steps == (ClearNotice(before="We are working on it."),)
    assert "shows no notice" in clear_notice.plan(showing("")).nothing_to_do


@pytest.mark.parametrize("book", [notify_users, clear_notice], ids=lambda book: str(book.name))
def test_without_the_service_it_says_what_to_set(book: object) -> None:
    plan = book.plan(facts())  # type: ignore[attr-defined]
    assert "set hubs[].notices.url" in plan.undecided[0].why
    silent = replace(showing(""), signs=Signs(notice=Unknown(why="It does not answer.")))
    plan = book.plan(silent)  # type: ignore[attr-defined]
    assert [part.why for part in plan.undecided] == ["It does not answer."]


def test_own_words_are_needed_without_a_template() -> None:
    typed = notify_users.arguments({"about": "own words"})
    assert "Write what users should read" in notify_users.plan(showing(""), typed).undecided[0].why
    with pytest.raises(UserError):
        notify_users.arguments({"words": "x" * 501})


def test_the_steps_change_the_page_and_notice_somebody_elses_change() -> None:
    page = Page("Welcome.")
    place = replace(site(Scripted()), notices=page)
    show = ShowNotice(text="Soon.", before="Welcome.")
    assert show.drifted(place) == ""
    show.perform(place)
    assert page.text == "Soon."
    assert show.already_done(place) is True
    assert show.look(place, facts).holds is True
    assert show.drifted(place)
    clear = ClearNotice(before="Soon.")
    clear.perform(place)
    assert (page.text, clear.look(place, facts).holds) == ("", True)
    with pytest.raises(UserError, match=r"hubs\[\]\.notices\.url"):
        show.look(site(Scripted()), facts)
