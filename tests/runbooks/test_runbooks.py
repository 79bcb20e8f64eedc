"""Rules for all runbooks."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import runbooks
from bot.domain.facts import HubFacts
from bot.domain.hubs import Condition
from bot.errors import UserError
from bot.runbook import Runbook
from tests.support.books import RUNBOOKS
from tests.support.hubs import evicted, facts, healthy, stale, stuck

FOLDER = Path(runbooks.__file__).parent
SITUATIONS = (
    healthy("ana"),
    evicted("ana", "ben"),
    stuck(),
    stale(),
    facts(),
    facts(servers=None),
    facts(pods=None),
    facts(routes=None),
    facts(servers=None, pods=None, routes=None, proxy=None),
)
WORKS = (Condition.OK, Condition.UNROUTED, Condition.STALE_ROUTE, Condition.UNKNOWN)


def test_every_file_of_the_folder_is_offered() -> None:
    files = {path.stem.replace("_", "-") for path in FOLDER.glob("[a-z]*.py")}
    assert {book.name for book in RUNBOOKS} == files


@pytest.mark.parametrize("path", sorted(FOLDER.glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_a_runbook_imports_only_what_authors_may(path: Path) -> None:
    ours = {
        node.module
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bot")
    }
    assert ours == {"bot.runbook"}


@pytest.mark.parametrize("book", RUNBOOKS, ids=lambda book: str(book.name))
@pytest.mark.parametrize("seen", SITUATIONS)
def test_a_plan_has_steps_or_a_reason_and_names_its_place(book: Runbook, seen: HubFacts) -> None:
    plan = book.plan(seen)
    assert [bool(plan.steps), bool(plan.nothing_to_do), bool(plan.undecided)].count(True) == 1
    assert plan.place == seen.place
    assert bool(plan.summary) == bool(plan.steps)


@pytest.mark.parametrize("book", RUNBOOKS, ids=lambda book: str(book.name))
@pytest.mark.parametrize("seen", SITUATIONS)
def test_no_step_is_aimed_at_a_server_that_works(book: Runbook, seen: HubFacts) -> None:
    safe = {row.user for row in seen.rows if row.condition in WORKS}
    assert not safe & {getattr(step, "user", None) for step in book.plan(seen).steps}


@pytest.mark.parametrize("book", RUNBOOKS, ids=lambda book: str(book.name))
def test_the_same_facts_give_the_same_plan(book: Runbook) -> None:
    assert book.plan(stuck()) == book.plan(stuck())


@pytest.mark.parametrize(
    ("book", "typed", "why"),
    [
        ("pre-warm", {"count": 5, "duration": "9" * 14 + "d"}, "longer than any run"),
        ("pre-warm", {"count": 5, "duration": "9" * 400 + "d"}, "longer than any run"),
        ("cordon-node", {"node": "n", "reason": "its \x00 disk"}, "can't be printed"),
        ("cordon-node", {"node": "n", "reason": "its \x1b[2J disk"}, "can't be printed"),
        ("cordon-node", {"node": "n" * 254, "reason": "its disk"}, "more than 253 characters"),
        ("start-server", {"user": "u" * 5000}, "more than 253 characters"),
        ("pre-warm", {"count": "9" * 5000}, "count"),
    ],
)
def test_hostile_values_are_refused_with_a_reason(
    book: str, typed: dict[str, object], why: str
) -> None:
    (found,) = (each for each in RUNBOOKS if each.name == book)
    with pytest.raises(UserError, match=why) as told:
        found.arguments(typed)
    assert len(str(told.value)) < 300


def test_a_text_may_have_lines_and_any_script() -> None:
    (found,) = (each for each in RUNBOOKS if each.name == "cordon-node")
    reason = "Диск полон 👩\u200d💻\nand\tmore"
    assert found.arguments({"node": "n", "reason": reason})["reason"] == reason
