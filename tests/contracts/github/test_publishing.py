"""A report is published to an issue, a pull request and a folder, as an account and as an App."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from github import Github, UnknownObjectException

from bot.domain.actions import ActionItem
from bot.domain.resources import ResourceKind
from bot.ports import Origin
from bot.services.settings import Filing
from tests.contracts.github.systems import EVERY, PRIVATE, REPOSITORY, STRICT, STRICT_APP, GitHub
from tests.support.evening import ITEMS, item
from tests.support.forge import Practice
from tests.support.publishing import PULL, TARGETS, Office, office_with

pytestmark = pytest.mark.xdist_group("contracts of github")
LISTING = "---\nlisting:\n  contents:\n    - 2016-01-01-x.qmd\n---\n"


def office_of(
    github: GitHub, directory: Path, items: Sequence[ActionItem] = ITEMS
) -> AbstractContextManager[Office]:
    """An office that publishes to this GitHub."""
    sandbox: Any = github.proxy
    forge = github.forge()
    return office_with(
        Practice(sandbox=sandbox, forge=forge), REPOSITORY, directory, items, forge=forge
    )


@pytest.mark.parametrize("system", [*EVERY, STRICT_APP])
@pytest.mark.contract("GitHub", "a report is published everywhere, updated in place, and merged")
def test_everywhere(github: GitHub, client: Github, tmp_path: Path) -> None:
    repository = client.get_repo(REPOSITORY)
    try:
        repository.get_contents(PULL.index, ref="main")
    except UnknownObjectException:
        repository.create_file(PULL.index, "Add the index", LISTING, branch="main")
    known = {each.number for each in repository.get_issues(state="all")}
    with office_of(github, tmp_path) as office:
        office.publish(targets=[PULL, *TARGETS])
        assert not [row.error for row in office.resources().values() if row.error]
        [pull] = [each for each in repository.get_pulls(state="open") if "inc1" in each.head.ref]
        issue = next(
            each
            for each in repository.get_issues(labels=["incident"])
            if "mayday:incident=inc1 " in each.body and each.number not in known
        )
        issue.edit(body=issue.body.replace("pod is evicted", "pod was evicted"))
        office.note("21:34:00", "Most students are fine.")
        office.publish(targets=[PULL, *TARGETS])
        assert not [row.error for row in office.resources().values() if row.error]
        text = repository.get_issue(issue.number).body
        assert "pod was evicted" in text and "Most students are fine." in text
        [file] = [
            each
            for each in (repository.get_contents("docs/incidents", ref=pull.head.ref))  # type: ignore[union-attr]
            if each.name.startswith("2017-02-24")
        ]
        assert b"Most students are fine." in file.decoded_content
        assert len([each for each in repository.get_pulls() if "inc1" in each.head.ref]) == 1


@pytest.mark.parametrize("system", [STRICT, STRICT_APP])
@pytest.mark.contract("GitHub", "20 items take 43 writes, and nothing new costs no counted request")
def test_twenty_items(github: GitHub, client: Github, tmp_path: Path, record_property: Any) -> None:
    repository, proxy, strict = client.get_repo(REPOSITORY), github.proxy, github.strict
    assert strict is not None
    there = {label.name for label in repository.get_labels()}
    for label in {*Filing.labels, *Filing.item_labels} - there:
        repository.create_label(label, "d93f0b")

    def sent() -> tuple[int, int]:
        writes = sum(proxy.count(kind) for kind in ("POST", "PATCH", "PUT", "DELETE"))
        return writes, proxy.count("GET")

    items = [item(number, f"Do thing {number}") for number in range(1, 21)]
    with office_of(github, tmp_path, items) as office:
        before = sent()
        office.publish()
        first = sent()
        assert all(not row.error for row in office.resources().values())
        office.publish()
        second, left = sent(), strict.remaining
        office.publish()
        third = sent()
        children = [e for e in office.resources().values() if e.kind is ResourceKind.SUB_ISSUE]
    writes, reads = first[0] - before[0], first[1] - before[1]
    record_property("numbers", f"{writes} writes, {reads} reads")
    print(f"{writes} writes and {reads} reads; again: {second[1] - first[1]} reads")  # noqa: T201
    assert writes <= 45
    assert second[0] == third[0] == first[0], "nothing has changed"
    assert third[1] - second[1] == 21, "one a document"
    assert strict.remaining == left, "all of them 304"
    assert [each.ref["linked"] for each in children] == [True] * 20


@pytest.mark.parametrize("system", [STRICT, STRICT_APP])
@pytest.mark.contract("GitHub", "issues in which people track items become sub-issues, if free")
def test_tracked(github: GitHub, client: Github, tmp_path: Path, origin: Origin) -> None:
    repository, elsewhere = client.get_repo(REPOSITORY), client.get_repo(PRIVATE)
    free, taken = (repository.create_issue(title) for title in ("Free", "Taken"))
    parent = repository.create_issue("Their parent")
    parent.add_sub_issue(taken.id)
    other = elsewhere.create_issue("Elsewhere")
    pull = f"{github.proxy.url}/{REPOSITORY}/pull/1"
    links = [free.html_url, taken.html_url, other.html_url, pull]
    items = [item(n, f"Do thing {n}", link=link) for n, link in enumerate(links, start=1)]
    items.append(replace(item(9, "Not any more"), link=parent.html_url, state="dropped"))
    with office_of(github, tmp_path, items) as office:
        office.publish()
        office.publish()
        rows = office.resources()
    assert all(not row.error for row in rows.values())
    linked = {e.subject: e.ref["linked"] for e in rows.values() if e.kind is ResourceKind.SUB_ISSUE}
    assert linked == {items[0].id: True, items[1].id: False}
    [filed] = [row for row in rows.values() if row.kind is ResourceKind.REPORT_ISSUE]
    children = repository.get_issue(filed.ref["number"]).get_sub_issues()
    assert [each.id for each in children] == [free.id]
    assert [each.id for each in parent.get_sub_issues()] == [taken.id]
