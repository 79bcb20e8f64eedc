"""Reports in pull requests and in several places at once; what people change there is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from github.PullRequest import PullRequest
from github.Repository import Repository

from bot.domain.publication import Target, TargetKind
from bot.domain.timeline import EntryKind
from bot.store import incidents as incident_rows
from bot.store import timeline as timeline_rows
from tests.support.evening import INCIDENT
from tests.support.forge import Practice, practice
from tests.support.publishing import (
    PULL,
    TARGETS,
    Killed,
    Office,
    new_repository,
    office_with,
)

INDEX = PULL.index
PATH = "docs/incidents/2017-02-24-proxy-eviction-strands-users.qmd"
LISTING = "---\nlisting:\n  contents:\n    - 2016-01-01-x.qmd  # the first\n---\n"
BRANCH = f"mayday/report-{INCIDENT.id}"


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    with practice(tmp_path_factory.mktemp("github")) as found:
        yield found


@pytest.fixture
def repository(github: Practice) -> Repository:
    """A repository with an index of reports, as a person uses it."""
    found = new_repository(github)
    found.create_file(INDEX, "Add the index", LISTING, branch="main")
    return found


@pytest.fixture
def office(github: Practice, repository: Repository, tmp_path: Path) -> Iterator[Office]:
    with office_with(github, repository.full_name, tmp_path) as found:
        yield found


def text_of(repository: Repository, path: str, branch: str) -> str:
    """What is in a file."""
    found = repository.get_contents(path, ref=branch)
    assert not isinstance(found, list)
    return found.decoded_content.decode()


def edit(repository: Repository, path: str, branch: str, old: str, new: str) -> None:
    """Change a file by hand."""
    found = repository.get_contents(path, ref=branch)
    assert not isinstance(found, list)
    text = found.decoded_content.decode()
    assert old in text
    repository.update_file(path, "By hand", text.replace(old, new), found.sha, branch=branch)


def merge(repository: Repository, pull: PullRequest) -> None:
    """Merge a pull request with its latest commits, which emulate leaves out."""
    text = text_of(repository, PATH, pull.head.ref)
    pull.merge()
    found = repository.get_contents(PATH, ref="main")
    assert not isinstance(found, list)
    if found.decoded_content.decode() != text:
        repository.update_file(PATH, "Merge the rest", text, found.sha, branch="main")


def check_proposed(repository: Repository, *, branch: str = BRANCH) -> None:
    """One open pull request with the report and one line in the index."""
    [pull] = [each for each in repository.get_pulls(state="open") if each.head.ref == branch]
    assert pull.base.ref == "main"
    text = text_of(repository, PATH, branch)
    assert "### 21:10:57" in text and text.count("mayday:incident=inc1") == 1
    index = text_of(repository, INDEX, branch)
    assert index.count("proxy-eviction") == 1 and "# the first" in index


def test_a_report_is_proposed_with_its_line_in_the_index(
    office: Office, repository: Repository
) -> None:
    office.publish(targets=[PULL])
    check_proposed(repository)
    with office.store.read() as tx:
        [entry] = [
            each
            for each in timeline_rows.entries(tx, INCIDENT.id)
            if each.kind is EntryKind.PUBLISHED
        ]
    assert str(entry.data["url"]).endswith("/pull/1")
    writes = office.github.sandbox.proxy.count("PUT")
    office.publish(targets=[PULL])
    assert office.github.sandbox.proxy.count("PUT") == writes


def test_a_change_updates_the_pull_request_and_keeps_what_people_committed(
    office: Office, repository: Repository
) -> None:
    office.publish(targets=[PULL])
    edit(repository, PATH, BRANCH, "The proxy pod is evicted.", "The *proxy* pod was evicted.")
    edit(repository, INDEX, BRANCH, "    - 2017-02-24-proxy-eviction-strands-users.qmd\n", "")
    office.note("21:34:00", "Most students are fine.")
    office.publish(targets=[PULL])
    text = text_of(repository, PATH, BRANCH)
    assert "The *proxy* pod was evicted." in text and "Most students are fine." in text
    assert "proxy-eviction" not in text_of(repository, INDEX, BRANCH), "who removed it had a reason"
    assert len(list(repository.get_pulls(state="all"))) == 1


@pytest.mark.parametrize("end", ["merged", "merged, branch deleted", "closed"])
def test_after_its_end_the_next_change_is_proposed_anew(
    office: Office, repository: Repository, end: str
) -> None:
    office.publish(targets=[PULL])
    edit(repository, PATH, BRANCH, "The proxy pod is evicted.", "The proxy pod was evicted.")
    pull = repository.get_pull(1)
    if end == "closed":
        pull.edit(state="closed")
    else:
        merge(repository, pull)
    if end.endswith("deleted"):
        at = f"{repository.url}/git/refs/heads/{BRANCH}"
        repository.requester.requestJsonAndCheck("DELETE", at)
    office.publish(targets=[PULL])
    assert len(list(repository.get_pulls(state="open"))) == 0, "nothing has changed"
    office.note("21:34:00", "Most students are fine.")
    office.publish(targets=[PULL])
    office.publish(targets=[PULL])
    check_proposed(repository, branch=f"{BRANCH}-2")
    text = text_of(repository, PATH, f"{BRANCH}-2")
    assert "Most students are fine." in text
    assert ("pod was evicted" in text) is (end != "closed")


def test_a_file_of_somebody_else_is_left_alone(office: Office, repository: Repository) -> None:
    repository.create_file(PATH, "By hand", "by hand", branch="main")
    office.publish(targets=[PULL])
    assert text_of(repository, PATH, BRANCH) == "by hand"
    other = PATH.replace(".qmd", "-2.qmd")
    assert "### 21:10:57" in text_of(repository, other, BRANCH)


def test_a_file_that_people_removed_is_not_brought_back(
    office: Office, repository: Repository
) -> None:
    office.publish(targets=[PULL])
    found = repository.get_contents(PATH, ref=BRANCH)
    assert not isinstance(found, list)
    repository.delete_file(PATH, "Rename it", found.sha, branch=BRANCH)
    office.note("21:34:00", "Most students are fine.")
    office.publish(targets=[PULL])
    assert "isn't in branch" in office.resources()[f"{INCIDENT.id}/publish/branch"].error


def test_without_its_index_it_says_what_to_correct(office: Office, repository: Repository) -> None:
    index = repository.get_contents(INDEX)
    assert not isinstance(index, list)
    repository.delete_file(INDEX, "Drop it", index.sha)
    office.publish(targets=[PULL])
    assert "report.targets[].index" in office.resources()[f"{INCIDENT.id}/publish/branch"].error


def test_a_kill_after_any_call_proposes_it_once(office: Office, repository: Repository) -> None:
    office.mortal.mortal = True
    kills = 0
    for note in (None, "Most students are fine."):
        if note:
            office.note("21:34:00", note)
        while True:
            try:
                office.publish(targets=[PULL, *TARGETS])
            except Killed:
                kills += 1
            else:
                break
    assert kills > 15
    check_proposed(repository)
    assert "Most students are fine." in text_of(repository, PATH, BRANCH)
    assert len(list(repository.get_pulls(state="all"))) == 1
    assert all(not row.error for row in office.resources().values())


def test_several_targets_get_their_own_forms(office: Office, repository: Repository) -> None:
    second = Target(kind=TargetKind.FOLDER, subject="2024", form="2024", path="{date}-{slug}.qmd")
    office.publish(targets=[PULL, *TARGETS, second])
    office.note("21:34:00", "Most students are fine.")
    office.publish(targets=[PULL, *TARGETS, second])
    check_proposed(repository)
    files = {each.suffix: each.read_text() for each in office.folder.iterdir()}
    assert set(files) == {".md", ".qmd"}
    assert files[".qmd"].startswith("---\n") and files[".md"].startswith("# 2017-02-24 - ")
    assert all("Most students are fine." in text for text in files.values())


def test_a_private_incident_goes_only_where_that_is_configured(
    office: Office, repository: Repository
) -> None:
    with office.store.write() as tx:
        incident_rows.save(tx, replace(INCIDENT, private=True))
    office.publish(targets=[PULL, *TARGETS])
    assert [each.name for each in repository.get_branches()] == ["main"]
    assert not office.issues()


def test_a_title_mentions_nobody_and_closes_nothing_in_commits(
    office: Office, repository: Repository
) -> None:
    """GitHub reads commit messages, and the title of a pull request once it is squashed."""
    title = "Fixes #1, closes a/b#2 and fixed https://github.com/a/b/issues/3 @mallory"
    with office.store.write() as tx:
        incident_rows.save(tx, replace(INCIDENT, title=title))
    office.publish(targets=[PULL])
    [pull] = repository.get_pulls()
    commits = repository.get_commits(sha=BRANCH)
    said = [pull.title, *(each.commit.message for each in commits if "ixes" in each.commit.message)]
    assert len(said) == 3
    for text in said:
        assert not re.search(r"@\w|#\d|\bfix\w+ (#|http)", text, re.IGNORECASE), text
        assert text.replace("\u200b", "").endswith(title)
