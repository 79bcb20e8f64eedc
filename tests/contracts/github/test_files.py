"""How mayday proposes a file: a branch, commits, and a pull request."""

from __future__ import annotations

import pytest
from github import Github, GithubException

from bot.adapters.github import GitHubForge
from bot.errors import RetryLater, UserError
from bot.ports import Origin
from sandbox.faults import Fault, drop_after, says
from sandbox.rules import on_request
from tests.contracts.github.systems import APP, EVERY, REPOSITORY, STRICT, TOKEN, GitHub

pytestmark = pytest.mark.xdist_group("contracts of github")
every = pytest.mark.parametrize("system", EVERY)
NO_ETAGS = "it sends no ETag"
STALE = "it merges the branch as it was when the pull request was opened"
TWICE = "it accepts a second pull request of a branch; GitHub says 422"


@pytest.fixture
def branch(forge: GitHubForge, origin: Origin) -> str:
    """A new branch."""
    name = f"mayday/{origin.incident}"
    forge.start_branch(name, base=forge.default_branch())
    return name


def text_of(forge: GitHubForge, path: str, branch: str) -> str | None:
    """What is in a file."""
    found = forge.read_file(path, branch=branch)
    return found.text if found else None


@every
@pytest.mark.contract("GitHub", "a branch is created once, where another one is")
def test_branch(forge: GitHubForge, client: Github, branch: str) -> None:
    forge.start_branch(branch, base="main")
    assert forge.has_branch(branch)
    assert not forge.has_branch(f"{branch}-other")
    refs = client.get_repo(REPOSITORY)
    assert refs.get_branch(branch).commit.sha == refs.get_branch("main").commit.sha
    with pytest.raises(UserError, match=r"has no branch elsewhere: correct report\.targets"):
        forge.start_branch("mayday/none", base="elsewhere")


@every
@pytest.mark.contract("GitHub", "a file is written on a branch and read back as it was written")
def test_file(forge: GitHubForge, branch: str) -> None:
    path, text = "docs/a b/ü.qmd", "---\ntitle: ü\n---\n\n“x” 🎉\n"
    assert forge.read_file(path, branch=branch) is None
    forge.write_file(path, text, branch=branch, sha="", message="Add ü")
    assert text_of(forge, path, branch) == text
    assert text_of(forge, path, "main") is None


@every
@pytest.mark.contract(
    "GitHub", "a commit over another version of a file than the one read is refused"
)
def test_version(forge: GitHubForge, branch: str) -> None:
    path = "docs/x.md"
    forge.write_file(path, "one", branch=branch, sha="", message="1")
    old = forge.read_file(path, branch=branch)
    assert old is not None
    forge.write_file(path, "by hand", branch=branch, sha=old.sha, message="2")
    for sha in (old.sha, ""):
        with pytest.raises(RetryLater) as told:
            forge.write_file(path, "ours", branch=branch, sha=sha, message="3")
        assert not told.value.maybe_done
    assert text_of(forge, path, branch) == "by hand"


@every
@pytest.mark.contract("GitHub", "a file that did not change is 304 by its ETag")
@pytest.mark.differs(TOKEN, NO_ETAGS)
@pytest.mark.differs(APP, NO_ETAGS)
def test_unchanged(forge: GitHubForge, branch: str) -> None:
    forge.write_file("docs/x.md", "one", branch=branch, sha="", message="1")
    first = forge.read_file("docs/x.md", branch=branch)
    assert first is not None and first.etag
    again = forge.read_file("docs/x.md", branch=branch, etag=first.etag)
    assert again is not None and again.is_unchanged
    forge.write_file("docs/x.md", "two", branch=branch, sha=first.sha, message="2")
    changed = forge.read_file("docs/x.md", branch=branch, etag=first.etag)
    assert changed is not None and not changed.is_unchanged and changed.text == "two"


@every
@pytest.mark.contract("GitHub", "a pull request is found by its branch: open, merged or closed")
def test_pull(forge: GitHubForge, client: Github, branch: str) -> None:
    assert forge.find_pull(branch) is None
    forge.write_file(f"docs/{branch}.md", "one", branch=branch, sha="", message="1")
    made = forge.open_pull(branch, base="main", title="T", body="b")
    assert forge.find_pull(branch) == made and made.is_open
    pull = client.get_repo(REPOSITORY).get_pull(made.number)
    pull.edit(state="closed")
    closed = forge.find_pull(branch)
    assert closed is not None and (closed.is_open, closed.is_merged) == (False, False)
    pull.edit(state="open")
    pull.merge()
    merged = forge.find_pull(branch)
    assert merged is not None and (merged.is_open, merged.is_merged) == (False, True)
    assert text_of(forge, f"docs/{branch}.md", "main") == "one"


@every
@pytest.mark.contract(
    "GitHub", "a merge takes what was committed since the pull request was opened"
)
@pytest.mark.differs(TOKEN, STALE)
@pytest.mark.differs(APP, STALE)
@pytest.mark.differs(STRICT, STALE)
def test_merged(forge: GitHubForge, client: Github, branch: str) -> None:
    path = f"docs/{branch}.md"
    forge.write_file(path, "one", branch=branch, sha="", message="1")
    made = forge.open_pull(branch, base="main", title="T", body="b")
    there = forge.read_file(path, branch=branch)
    assert there is not None
    forge.write_file(path, "two", branch=branch, sha=there.sha, message="2")
    client.get_repo(REPOSITORY).get_pull(made.number).merge()
    assert text_of(forge, path, "main") == "two"


@every
@pytest.mark.contract("GitHub", "a branch has one open pull request; a second one is refused")
@pytest.mark.differs(TOKEN, TWICE)
@pytest.mark.differs(APP, TWICE)
def test_one_pull(forge: GitHubForge, client: Github, branch: str) -> None:
    forge.write_file(f"docs/{branch}.md", "one", branch=branch, sha="", message="1")
    made = forge.open_pull(branch, base="main", title="T", body="b")
    assert forge.open_pull(branch, base="main", title="T", body="b") == made
    with pytest.raises(GithubException) as refused:
        client.get_repo(REPOSITORY).create_pull(base="main", head=branch, title="T", body="b")
    assert refused.value.status == 422


@pytest.mark.parametrize("fault", [says(502, effect=True), drop_after()])
@every
@pytest.mark.contract("GitHub", "a commit that took effect unheard is there, and is not sent again")
def test_unheard(github: GitHub, forge: GitHubForge, branch: str, fault: Fault) -> None:
    github.proxy.faults = [on_request("PUT", "/repos/.*/contents/", fault, times=1)]
    before = github.proxy.count("PUT")
    with pytest.raises(RetryLater) as lost:
        forge.write_file("docs/x.md", "one", branch=branch, sha="", message="1")
    assert lost.value.maybe_done
    assert github.proxy.count("PUT") == before + 1
    assert text_of(forge, "docs/x.md", branch) == "one"
