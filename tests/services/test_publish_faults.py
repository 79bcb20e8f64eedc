"""Every call of publishing fails once, in every way in which GitHub can refuse or lose one.

A report goes to an issue with those of its items and to the folder, or to a pull request, and is then
changed. Each different request fails the first time. In the end everything is there once, whatever happened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from github.Repository import Repository

from bot.domain.publication import Target
from bot.domain.resources import ResourceKind
from bot.store import resources as resource_rows
from sandbox.faults import Fault, Garbled, drop_after, drop_before, garbled, says, secondary_limit
from sandbox.rules import Passage
from tests.support.evening import INCIDENT
from tests.support.forge import Practice, practice
from tests.support.publishing import FILED, PULL, TARGETS, Office, new_repository, office_with
from tests.support.strict_github import StrictGitHub

LISTING = "---\nlisting:\n  contents:\n    - 2016-01-01-x.qmd\n---\n"
PATH = "docs/incidents/2017-02-24-proxy-eviction-strands-users.qmd"
BRANCH = f"mayday/report-{INCIDENT.id}"
NOTE = "Most students are fine."
MOST_ROUNDS = 40


def refused(status: int, message: str, **headers: str) -> Fault:
    """This answer, without effect."""
    answer = {"message": message}
    return Fault(effect=False, status=status, answer=answer, headers=headers)


REFUSALS = {
    "301": refused(301, "Moved Permanently", Location="https://api.github.com/repositories/1"),
    "401": refused(401, "Bad credentials"),
    "404": refused(404, "Not Found"),
    "410": refused(410, "This issue was deleted"),
    "422": refused(422, "Validation Failed"),
}
"""What fails until somebody has changed something, as far as mayday knows."""

FAULTS = {
    **REFUSALS,
    "403, secondary limit": secondary_limit(1),
    "502 after": says(502, effect=True),
    "cut before": drop_before(),
    "cut after": drop_after(),
    "HTML after": garbled(Garbled.HTML),
}


class EachOnce:
    """A fault that strikes each different request the first time, with the repeats of a read."""

    def __init__(self, fault: Fault, repository: str) -> None:
        self._fault = fault
        self._start = f"/repos/{repository}"
        self._struck: dict[tuple[str, str], int] = {}

    def __call__(self, passage: Passage) -> Fault | None:
        if not passage.path.startswith(self._start) and passage.path != "/graphql":
            return None
        path = re.sub(r"&?(since|page)=[^&]*", "", passage.path)
        key = (passage.name, path)
        is_repeated = passage.name == "GET" and (self._fault.drop or self._fault.status >= 500)
        most = 4 if is_repeated else 1
        self._struck[key] = self._struck.get(key, 0) + 1
        return self._fault if self._struck[key] <= most else None

    @property
    def requests(self) -> int:
        return len(self._struck)


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    with practice(tmp_path_factory.mktemp("github")) as found:
        proxy, emulate = found.sandbox.proxy, found.sandbox._emulate
        assert emulate is not None
        with StrictGitHub(emulate.port, frozenset({found.sandbox.token})) as strict:
            plain, proxy.upstream = proxy.upstream, strict.address
            yield found
            proxy.upstream = plain


@pytest.fixture
def repository(github: Practice) -> Repository:
    found = new_repository(github)
    found.create_file(PULL.index, "Add the index", LISTING, branch="main")
    return found


@pytest.fixture
def office(github: Practice, repository: Repository, tmp_path: Path) -> Iterator[Office]:
    with office_with(github, repository.full_name, tmp_path) as found:
        yield found


def settled(office: Office, targets: Sequence[Target]) -> None:
    """Publish until nothing failed, as a person does who presses the button each time."""
    for number in range(MOST_ROUNDS):
        office.publish(targets=targets, is_approved=number == 0)
        if not any(row.error for row in office.resources().values()):
            return
        with office.store.write() as tx:
            resource_rows.resume_needing_human(tx, INCIDENT.id)
    raise AssertionError([row.error for row in office.resources().values() if row.error])


def check_issues(office: Office, *, note: str = "") -> None:
    """The issues and the file exist once, are linked and say what they should."""
    issues = office.issues()
    [incident] = [each for each in issues if each.labels == ("incident",)]
    items = [each for each in issues if each.labels == ("incident-action-item",)]
    assert sorted(each.title for each in items) == sorted(item.title for item in FILED)
    assert all(f"]({each.url})" in incident.body for each in items)
    assert all(f"]({incident.url})" in each.body for each in items)
    linked = [
        e.ref["linked"] for e in office.resources().values() if e.kind is ResourceKind.SUB_ISSUE
    ]
    assert len(linked) == len(FILED)
    [file] = office.folder.iterdir()
    check_text(incident.body, note)
    check_text(file.read_text(), note)


def check_pull(repository: Repository, *, note: str = "") -> None:
    """The pull request exists once and proposes the report and its line in the index."""
    [pull] = repository.get_pulls(state="all")
    assert (pull.head.ref, pull.base.ref, pull.state) == (BRANCH, "main", "open")
    found = repository.get_contents(PATH, ref=BRANCH)
    index = repository.get_contents(PULL.index, ref=BRANCH)
    assert not isinstance(found, list) and not isinstance(index, list)
    assert index.decoded_content.decode().count("proxy-eviction") == 1
    check_text(found.decoded_content.decode(), note)


def check_text(text: str, note: str) -> None:
    assert text.count("### 21:10:57") == 1
    assert text.count("mayday:incident=inc1") == 1
    assert note in text


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_every_call_for_issues_fails_once(
    office: Office, repository: Repository, fault: Fault
) -> None:
    each = EachOnce(fault, repository.full_name)
    office.github.sandbox.faults = [each]
    settled(office, TARGETS)
    office.github.sandbox.faults = []
    check_issues(office)
    office.github.sandbox.faults = [each]
    office.note("21:34:00", NOTE)
    settled(office, TARGETS)
    office.github.sandbox.faults = []
    check_issues(office, note=NOTE)
    assert each.requests > 10
    *earlier, last = office.announced()
    assert "/issues/" in last
    # While GitHub refuses the issue, the report is in the folder, which is announced first.
    assert not earlier or (len(earlier) == 1 and fault in REFUSALS.values())


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_every_call_for_a_pull_request_fails_once(
    office: Office, repository: Repository, fault: Fault
) -> None:
    each = EachOnce(fault, repository.full_name)
    office.github.sandbox.faults = [each]
    settled(office, [PULL])
    office.github.sandbox.faults = []
    check_pull(repository)
    office.github.sandbox.faults = [each]
    office.note("21:34:00", NOTE)
    settled(office, [PULL])
    office.github.sandbox.faults = []
    check_pull(repository, note=NOTE)
    assert each.requests > 10
    [place] = office.announced()
    assert "/pull/" in place
