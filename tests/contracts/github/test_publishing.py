"""A report is published to an issue, a pull request and a folder, as an account and as an App."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from github import Github, UnknownObjectException

from tests.contracts.github.systems import EVERY, REPOSITORY, STRICT_APP, GitHub
from tests.support.forge import Practice
from tests.support.publishing import PULL, TARGETS, office_with

pytestmark = pytest.mark.xdist_group("contracts of github")
LISTING = "---\nlisting:\n  contents:\n    - 2016-01-01-x.qmd\n---\n"


@pytest.mark.parametrize("system", [*EVERY, STRICT_APP])
@pytest.mark.contract("GitHub", "a report is published everywhere, updated in place, and merged")
def test_everywhere(github: GitHub, client: Github, tmp_path: Path) -> None:
    repository = client.get_repo(REPOSITORY)
    try:
        repository.get_contents(PULL.index, ref="main")
    except UnknownObjectException:
        repository.create_file(PULL.index, "Add the index", LISTING, branch="main")
    known = {each.number for each in repository.get_issues(state="all")}
    sandbox: Any = github.proxy
    shown = Practice(sandbox=sandbox, forge=github.forge())
    with office_with(shown, REPOSITORY, tmp_path, forge=shown.forge) as office:
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
