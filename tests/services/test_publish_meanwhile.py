"""What people do on GitHub between two of mayday's calls for a pull request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from github.Repository import Repository

from tests.services.test_publish_targets import BRANCH, INDEX, LISTING, PATH, edit, text_of
from tests.support.forge import Practice, practice
from tests.support.publishing import PULL, Killed, Office, new_repository, office_with

NOTE = "Most students are fine."
Act = Callable[[Repository], None]


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    with practice(tmp_path_factory.mktemp("github")) as found:
        yield found


@pytest.fixture
def repository(github: Practice) -> Repository:
    found = new_repository(github)
    found.create_file(INDEX, "Add the index", LISTING, branch="main")
    return found


@pytest.fixture
def office(github: Practice, repository: Repository, tmp_path: Path) -> Iterator[Office]:
    with office_with(github, repository.full_name, tmp_path) as found:
        yield found


def before(
    office: Office, monkeypatch: pytest.MonkeyPatch, call: str, act: Callable[[], None], path: str
) -> None:
    """Have a person act just before the first such call, of those for this file."""
    real = getattr(office.github.forge, call)
    done: list[bool] = []

    def later(*args: Any, **more: Any) -> Any:
        if not done and (not path or args[0] == path):
            done.append(True)
            act()
        return real(*args, **more)

    monkeypatch.setattr(office.github.forge, call, later)


def merge(repository: Repository) -> None:
    repository.get_pull(1).merge()


def close(repository: Repository) -> None:
    repository.get_pull(1).edit(state="closed")


def delete_branch(repository: Repository) -> None:
    """Delete it, which closes its pull request on GitHub."""
    close(repository)
    at = f"{repository.url}/git/refs/heads/{BRANCH}"
    repository.requester.requestJsonAndCheck("DELETE", at)


def move_base(repository: Repository) -> None:
    edit(repository, INDEX, "main", "2016-01-01-x.qmd", "2016-01-01-y.qmd")


def reword(repository: Repository) -> None:
    edit(repository, PATH, BRANCH, "The proxy pod is evicted.", "The proxy pod was evicted.")


@pytest.mark.parametrize(
    ("act", "branch", "said"),
    [
        (merge, f"{BRANCH}-2", "The proxy pod is evicted."),
        (close, f"{BRANCH}-2", "The proxy pod is evicted."),
        (delete_branch, f"{BRANCH}-2", "The proxy pod is evicted."),
        (move_base, BRANCH, "The proxy pod is evicted."),
        (reword, BRANCH, "The proxy pod was evicted."),
    ],
)
@pytest.mark.parametrize("is_killed", [False, True], ids=["", "then killed"])
def test_a_change_reaches_an_open_pull_request_whatever_people_do_meanwhile(
    office: Office,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    act: Act,
    branch: str,
    said: str,
    is_killed: bool,
) -> None:
    office.publish(targets=[PULL])
    office.note("21:34:00", NOTE)
    before(office, monkeypatch, "write_file", lambda: act(repository), PATH)
    office.mortal.mortal = is_killed
    for _ in range(40):
        try:
            office.publish(targets=[PULL])
        except Killed:
            continue
        if not any(row.error for row in office.resources().values()):
            break
    office.mortal.mortal = False
    office.publish(targets=[PULL])
    assert not [row.error for row in office.resources().values() if row.error]
    [pull] = repository.get_pulls(state="open")
    assert pull.head.ref == branch
    text = text_of(repository, PATH, branch)
    assert NOTE in text and said in text
    assert text_of(repository, INDEX, branch).count("proxy-eviction") == 1


def test_an_index_that_changes_just_before_its_line_is_added_keeps_the_change(
    office: Office, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def act() -> None:
        edit(repository, INDEX, BRANCH, "2016-01-01-x.qmd", "2016-01-01-y.qmd")

    before(office, monkeypatch, "write_file", act, INDEX)
    office.publish(targets=[PULL])
    office.publish(targets=[PULL])
    index = text_of(repository, INDEX, BRANCH)
    assert "2016-01-01-y.qmd" in index and index.count("proxy-eviction") == 1
    assert not [row.error for row in office.resources().values() if row.error]


def test_a_file_that_is_deleted_just_before_is_not_brought_back(
    office: Office, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def act() -> None:
        found = repository.get_contents(PATH, ref=BRANCH)
        assert not isinstance(found, list)
        repository.delete_file(PATH, "Not here", found.sha, branch=BRANCH)

    office.publish(targets=[PULL])
    office.note("21:34:00", NOTE)
    before(office, monkeypatch, "write_file", act, PATH)
    office.publish(targets=[PULL])
    office.publish(targets=[PULL])
    assert "isn't in branch" in office.resources()["inc1/publish/branch"].error


def test_a_base_that_moves_before_the_pull_request_is_opened_changes_nothing(
    office: Office, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    before(office, monkeypatch, "open_pull", lambda: move_base(repository), "")
    office.publish(targets=[PULL])
    office.publish(targets=[PULL])
    [pull] = repository.get_pulls(state="all")
    assert (pull.head.ref, pull.state) == (BRANCH, "open")
