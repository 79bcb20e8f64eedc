"""The reports in a repository are listed with their revisions, and read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from github import Github

from bot.adapters.github_reports import ReportRepository
from bot.errors import UserError
from tests.contracts.github.systems import HIDDEN, REPOSITORY, TOKEN, GitHub
from tests.contracts.github.test_reverts import push

pytestmark = [
    pytest.mark.xdist_group("contracts of github"),
    pytest.mark.parametrize("system", [TOKEN]),
]
TEXT = "# 2020-01-02 - Grüße\n\n## Timeline\n\n### 10:05 UTC\n\na\n"


def source(github: GitHub, name: str = REPOSITORY) -> ReportRepository:
    return ReportRepository(auth=github.auth, repository=name, api_url=github.proxy.url, backoff=0)


@pytest.fixture
def reports(github: GitHub) -> Iterator[ReportRepository]:
    made = source(github)
    yield made
    made.close()


def test_files_that_look_like_reports(reports: ReportRepository, client: Github) -> None:
    push(
        client.get_repo(REPOSITORY),
        {
            "docs/incidents/2020-01-02-x.md": TEXT,
            "docs/incidents/index.qmd": "index",
            "docs/incidents/picture.png": "png",
            "2021-01-02 b.qmd": "# b",
            "notes.md": "notes",
        },
    )
    listed = reports.files()
    assert (listed.is_private, listed.is_complete) == (False, True)
    files = {file.path: file for file in listed.files}
    assert set(files) >= {"docs/incidents/2020-01-02-x.md", "2021-01-02 b.qmd"}
    assert not {path for path in files if path.endswith(("index.qmd", ".png", "notes.md"))}
    assert files["2021-01-02 b.qmd"].url.endswith("/blob/main/2021-01-02%20b.qmd")
    file = files["docs/incidents/2020-01-02-x.md"]
    assert reports.read(file).decode() == TEXT
    below = [each.path for each in reports.files("/docs/incidents/").files]
    assert file.path in below and all(path.startswith("docs/incidents/") for path in below)
    push(client.get_repo(REPOSITORY), {file.path: f"{TEXT}more\n"})
    [changed] = [each for each in reports.files("docs").files if each.path == file.path]
    assert changed.revision != file.revision


def test_issues_with_a_label_and_their_comments(reports: ReportRepository, client: Github) -> None:
    repo = client.get_repo(REPOSITORY)
    for name in ("hub incident", "outage of reports"):
        repo.create_label(name, "ff0000")
    issue = repo.create_issue("Hub is down", "### Summary\n\nx\n", labels=["hub incident"])
    other = repo.create_issue("Again", labels=["hub incident", "outage of reports"])
    repo.create_issue("Not a report")
    issue.create_comment("# After-action report")
    issue.create_comment("thanks")
    issue.edit(state="closed")
    listed = reports.issues(["hub incident", "outage of reports", "no such label"])
    assert listed.is_complete
    assert [each.number for each in listed.issues] == [other.number, issue.number]
    found = listed.issues[1]
    assert (found.title, found.text, found.comments) == ("Hub is down", "### Summary\n\nx\n", 2)
    assert (found.opened, found.url) == (issue.created_at.date(), issue.html_url)
    assert reports.comments(found) == ["# After-action report", "thanks"]
    assert reports.comments(listed.issues[0]) == []


def test_a_repository_that_is_hidden(github: GitHub) -> None:
    with pytest.raises(UserError):
        source(github, HIDDEN).files()
