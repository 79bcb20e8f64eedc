"""How mayday reverts a merge: once, and only what nobody changed since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pytest
from github import Github
from github.InputGitTreeElement import InputGitTreeElement
from github.Repository import Repository

from bot.adapters.deploys import DeployRepository
from bot.domain.signs import Merge
from bot.errors import UserError
from tests.contracts.github.systems import REPOSITORY, TOKEN, GitHub

pytestmark = [
    pytest.mark.xdist_group("contracts of github"),
    pytest.mark.parametrize("system", [TOKEN]),
]
_numbers = count(1)
BASE = "main"


@pytest.fixture
def deploys(github: GitHub) -> Iterator[DeployRepository]:
    made = DeployRepository(
        auth=github.auth, repository=REPOSITORY, api_url=github.proxy.url, backoff=0
    )
    yield made
    made.close()


@pytest.fixture
def repository(client: Github) -> Repository:
    """The repository, with three files."""
    found = client.get_repo(REPOSITORY)
    push(found, {"hub.yaml": "hub: 1\n", "old.yaml": "old\n", "other.yaml": "other: 1\n"})
    return found


def push(repository: Repository, files: dict[str, str | None], branch: str = BASE) -> str:
    """Commit these files to a branch; None removes one."""
    ref = repository.get_git_ref(f"heads/{branch}")
    head = repository.get_git_commit(ref.object.sha)
    elements = [
        InputGitTreeElement(path, "100644", "blob", sha=None)
        if text is None
        else InputGitTreeElement(path, "100644", "blob", content=text)
        for path, text in files.items()
    ]
    tree = repository.create_git_tree(elements, base_tree=head.tree)
    commit = repository.create_git_commit("Change files", tree, [head])
    at = f"/repos/{REPOSITORY}/git/refs/heads/{branch}"
    repository.requester.requestJsonAndCheck("PATCH", at, input={"sha": commit.sha})
    return commit.sha


def merged(repository: Repository) -> Merge:
    """Merge a pull request that changes, adds and removes a file."""
    branch = f"change-{next(_numbers)}"
    sha = repository.get_git_ref(f"heads/{BASE}").object.sha
    repository.create_git_ref(f"refs/heads/{branch}", sha)
    push(repository, {"hub.yaml": "hub: 2\n", "new.yaml": "new\n", "old.yaml": None}, branch)
    pull = repository.create_pull(base=BASE, head=branch, title="Upgrade the hub", body="")
    status = pull.merge()
    return Merge(
        repository=REPOSITORY,
        number=pull.number,
        title=pull.title,
        url=pull.html_url,
        merged_at=datetime(2026, 11, 22, 12, tzinfo=UTC),
        commit=status.sha,
    )


def files(repository: Repository, branch: str) -> dict[str, str]:
    """The contents of the files of interest."""
    names = ("hub.yaml", "new.yaml", "old.yaml", "other.yaml")
    sha = repository.get_git_ref(f"heads/{branch}").object.sha
    tree = repository.get_git_tree(repository.get_git_commit(sha).tree.sha, recursive=True)
    shas = {each.path: each.sha for each in tree.tree if each.path in names}
    return {
        path: repository.get_contents(path, ref=branch).decoded_content.decode()  # type: ignore[union-attr]
        for path in shas
    }


@pytest.mark.contract(
    "GitHub", "a merge is reverted by one pull request, however often it is asked"
)
def test_revert(deploys: DeployRepository, repository: Repository) -> None:
    merge = merged(repository)
    push(repository, {"other.yaml": "other: 2\n"})
    url = deploys.open_revert(merge)
    assert deploys.open_revert(merge) == url
    branch = f"mayday/revert-{merge.number}"
    found = [pull for pull in repository.get_pulls(state="open") if pull.head.ref == branch]
    assert [(pull.html_url, pull.base.ref) for pull in found] == [(url, BASE)]
    assert found[0].title == "Revert “Upgrade the hub”"
    assert files(repository, branch) == {
        "hub.yaml": "hub: 1\n",
        "old.yaml": "old\n",
        "other.yaml": "other: 2\n",
    }
    assert files(repository, BASE)["hub.yaml"] == "hub: 2\n", "nothing is merged"


@pytest.mark.contract("GitHub", "a branch that an interrupted attempt left is used again")
def test_revert_after_an_interruption(deploys: DeployRepository, repository: Repository) -> None:
    merge = merged(repository)
    deploys.open_revert(merge)
    branch = f"mayday/revert-{merge.number}"
    (pull,) = (each for each in repository.get_pulls(state="open") if each.head.ref == branch)
    pull.edit(state="closed")
    push(repository, {"other.yaml": "other: 2\n"})
    assert deploys.open_revert(merge)
    assert files(repository, branch)["hub.yaml"] == "hub: 1\n"
    assert files(repository, branch)["other.yaml"] == "other: 2\n"


@pytest.mark.contract("GitHub", "a branch with somebody else's commits is left alone")
def test_a_foreign_branch(deploys: DeployRepository, repository: Repository) -> None:
    merge = merged(repository)
    branch = f"mayday/revert-{merge.number}"
    sha = repository.get_git_ref(f"heads/{BASE}").object.sha
    repository.create_git_ref(f"refs/heads/{branch}", sha)
    theirs = push(repository, {"other.yaml": "theirs\n"}, branch)
    with pytest.raises(UserError) as told:
        deploys.open_revert(merge)
    assert told.value.code == "by_hand"
    assert repository.get_git_ref(f"heads/{branch}").object.sha == theirs


@pytest.mark.contract("GitHub", "a pull request whose text somebody edited is not opened again")
def test_an_edited_pull_request(deploys: DeployRepository, repository: Repository) -> None:
    merge = merged(repository)
    url = deploys.open_revert(merge)
    branch = f"mayday/revert-{merge.number}"
    (pull,) = (each for each in repository.get_pulls(state="open") if each.head.ref == branch)
    pull.edit(body="Please review.")
    theirs = push(repository, {"other.yaml": "theirs\n"}, branch)
    assert deploys.open_revert(merge) == url
    assert repository.get_git_ref(f"heads/{branch}").object.sha == theirs


@pytest.mark.contract("GitHub", "what was changed since is not reverted over; a person does that")
def test_conflict(deploys: DeployRepository, repository: Repository) -> None:
    merge = merged(repository)
    push(repository, {"hub.yaml": "hub: 3\n"})
    with pytest.raises(UserError) as told:
        deploys.open_revert(merge)
    assert told.value.code == "by_hand"
    assert "(hub.yaml)" in str(told.value)
    assert f"git revert -m 1 {merge.commit}" in str(told.value)
    branch = f"mayday/revert-{merge.number}"
    assert branch not in {each.name for each in repository.get_branches()}


@pytest.mark.contract("GitHub", "what is reverted already is not reverted again")
def test_reverted(deploys: DeployRepository, repository: Repository) -> None:
    merge = merged(repository)
    push(repository, {"hub.yaml": "hub: 1\n", "old.yaml": "old\n", "new.yaml": None})
    with pytest.raises(UserError) as told:
        deploys.open_revert(merge)
    assert told.value.code == "reverted"
