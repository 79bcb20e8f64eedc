"""How mayday files, finds, updates and links issues."""

from __future__ import annotations

import pytest
from github import Github, GithubException

from bot.adapters.github import GitHubForge
from bot.errors import RetryLater, UserError
from bot.ports import Issue, Origin
from sandbox.faults import Fault, drop_after, says
from sandbox.rules import on_request
from tests.contracts.github.systems import (
    APP,
    EVERY,
    ISSUES,
    NO_ISSUES,
    PRIVATE,
    REPOSITORY,
    STRICT,
    TOKEN,
    GitHub,
)
from tests.support.forge import rewrite
from tests.support.strict_github import Refusal

pytestmark = pytest.mark.xdist_group("contracts of github")
every = pytest.mark.parametrize("system", EVERY)
LABEL = "incident"
NO_SUB_ISSUES = "it has no sub-issues"


def filed(forge: GitHubForge, origin: Origin, body: str = "What happened.") -> Issue:
    """File an issue as mayday does."""
    return forge.open_issue("Title", body, origin=origin, labels=[LABEL], assignees=[])


@every
@pytest.mark.contract("GitHub", "the repository tells its name, address and whether it is private")
def test_check(forge: GitHubForge, github: GitHub) -> None:
    found = forge.check()
    assert (found.name, found.is_private) == (REPOSITORY, False)
    assert found.url == f"{github.proxy.url}/{REPOSITORY}"


@every
@pytest.mark.contract("GitHub", "an issue is filed with a label that is made when missing")
def test_filed(forge: GitHubForge, client: Github, origin: Origin) -> None:
    label = f"type: {origin.incident}"
    issue = forge.open_issue("T", "b", origin=origin, labels=[label], assignees=[])
    seen = client.get_repo(REPOSITORY).get_issue(issue.number)
    assert [each.name for each in seen.labels] == [label]
    assert issue.url == seen.html_url
    with pytest.raises(GithubException) as again:
        client.get_repo(REPOSITORY).create_label(label, "d93f0b")
    assert again.value.status == 422


@every
@pytest.mark.contract("GitHub", "an issue is in the list by its label at once, closed or not")
def test_found(forge: GitHubForge, client: Github, origin: Origin) -> None:
    issue = filed(forge, origin)
    assert forge.find_issue(origin, label=LABEL) == issue
    client.get_repo(REPOSITORY).get_issue(issue.number).edit(state="closed")
    assert forge.find_issue(origin, label=LABEL) == issue
    assert forge.find_issue(Origin(incident="none"), label=LABEL) is None


@every
@pytest.mark.contract("GitHub", "a list goes on over its pages")
def test_pages(forge: GitHubForge, client: Github, origin: Origin) -> None:
    first = filed(forge, origin)
    repository = client.get_repo(REPOSITORY)
    for number in range(100):
        repository.create_issue(f"Filler {number}", labels=[LABEL])
    assert forge.find_issue(origin, label=LABEL) == first


@every
@pytest.mark.contract("GitHub", "a rewritten issue says the new, and the same again is not sent")
def test_rewritten(forge: GitHubForge, client: Github, github: GitHub, origin: Origin) -> None:
    issue = filed(forge, origin)
    rewrite(forge, issue.number, "Another", "Other words.\n\nTwo.", origin=origin)
    seen = client.get_repo(REPOSITORY).get_issue(issue.number)
    assert seen.title == "Another" and seen.body.startswith("Other words.")
    before = github.proxy.count("PATCH")
    rewrite(forge, issue.number, "Another", "Other words.\n\nTwo.", origin=origin)
    assert github.proxy.count("PATCH") == before


@every
@pytest.mark.contract(
    "GitHub", "a body over 65,536 characters is refused; mayday goes on in comments"
)
@pytest.mark.differs(TOKEN, "it takes a body of any length; GitHub's limit is 65,536")
@pytest.mark.differs(APP, "it takes a body of any length; GitHub's limit is 65,536")
def test_long_body(forge: GitHubForge, client: Github, origin: Origin) -> None:
    repository = client.get_repo(REPOSITORY)
    issue = filed(forge, origin, "\n\n".join("x" * 900 for _ in range(150)))
    seen = repository.get_issue(issue.number)
    texts = [seen.body, *(comment.body for comment in seen.get_comments())]
    assert len(texts) > 1 and all(len(text) <= 65_536 for text in texts)
    with pytest.raises(GithubException) as refused:
        repository.create_issue("T", "x" * 65_537)
    assert refused.value.status == 422


@every
@pytest.mark.contract("GitHub", "an issue that is not there is 404, a repository's too")
def test_not_there(github: GitHub, forge: GitHubForge, origin: Origin) -> None:
    with pytest.raises(UserError) as gone:
        rewrite(forge, 99_999, "T", "b", origin=origin)
    assert gone.value.code == "gone"
    other = github.forge(repository="practice/nothing")
    with pytest.raises(
        UserError, match=r"practice/nothing not found on GitHub: check github\.repository"
    ):
        other.check()
    other.close()


@every
@pytest.mark.contract("GitHub", "an issue without a title is refused with 422")
def test_no_title(client: Github) -> None:
    with pytest.raises(GithubException) as refused:
        client.get_repo(REPOSITORY).create_issue("")
    assert refused.value.status == 422


@every
@pytest.mark.contract("GitHub", "a sub-issue is linked; a second time it is linked already")
@pytest.mark.differs(TOKEN, NO_SUB_ISSUES)
@pytest.mark.differs(APP, NO_SUB_ISSUES)
def test_sub_issues(forge: GitHubForge, client: Github, origin: Origin) -> None:
    parent = filed(forge, origin).number
    child = filed(forge, Origin(incident=origin.incident, item="a")).number
    assert forge.link_child(parent, child)
    assert forge.link_child(parent, child)
    listed = client.get_repo(REPOSITORY).get_issue(parent).get_sub_issues()
    assert [each.id for each in listed] == [client.get_repo(REPOSITORY).get_issue(child).id]


@every
@pytest.mark.contract("GitHub", "a sub-issue has one parent: another's is not linked, and so told")
@pytest.mark.differs(TOKEN, NO_SUB_ISSUES)
@pytest.mark.differs(APP, NO_SUB_ISSUES)
def test_one_parent(forge: GitHubForge, client: Github, origin: Origin) -> None:
    theirs = filed(forge, Origin(incident=f"{origin.incident}-other")).number
    ours = filed(forge, origin).number
    child = filed(forge, Origin(incident=origin.incident, item="a")).number
    assert forge.link_child(theirs, child)
    assert not forge.link_child(ours, child)
    assert list(client.get_repo(REPOSITORY).get_issue(ours).get_sub_issues()) == []


@every
@pytest.mark.contract("GitHub", "an issue of people becomes a sub-issue, a pull request doesn't")
@pytest.mark.differs(TOKEN, NO_SUB_ISSUES)
@pytest.mark.differs(APP, NO_SUB_ISSUES)
def test_children_of_people(forge: GitHubForge, client: Github, origin: Origin) -> None:
    repository = client.get_repo(REPOSITORY)
    parent, theirs = filed(forge, origin).number, repository.create_issue("Theirs")
    branch = f"pull/{origin.incident}"
    head = repository.get_branch("main").commit.sha
    repository.create_git_ref(f"refs/heads/{branch}", head)
    repository.create_file(f"{origin.incident}.md", "Add", "x", branch=branch)
    pull = repository.create_pull(base="main", head=branch, title="Theirs")
    assert not forge.link_child(parent, pull.number)
    assert not forge.link_child(parent, 99_999)
    assert forge.link_child(parent, theirs.number)
    assert forge.link_child(parent, theirs.number)
    listed = repository.get_issue(parent).get_sub_issues()
    assert [each.id for each in listed] == [theirs.id]


@every
@pytest.mark.contract("GitHub", "an issue of another repository of the owner becomes a sub-issue")
@pytest.mark.differs(TOKEN, NO_SUB_ISSUES)
@pytest.mark.differs(APP, NO_SUB_ISSUES)
def test_children_elsewhere(github: GitHub, forge: GitHubForge, origin: Origin) -> None:
    other = github.forge(repository=PRIVATE)
    child = filed(other, Origin(incident=origin.incident, item="a"))
    other.close()
    assert forge.link_child(filed(forge, origin).number, child.number, child_id=child.id)


@pytest.mark.parametrize("fault", [says(502, effect=True), drop_after()])
@every
@pytest.mark.contract("GitHub", "what took effect unheard (502, dropped) is sent once and found")
def test_unheard(github: GitHub, forge: GitHubForge, origin: Origin, fault: Fault) -> None:
    filed(forge, Origin(incident=f"{origin.incident}-warm"))
    github.proxy.faults = [on_request("POST", f"{ISSUES}$", fault, times=1)]
    before = github.proxy.count("POST", f"{ISSUES}$")
    with pytest.raises(RetryLater) as lost:
        filed(forge, origin)
    assert lost.value.maybe_done
    assert github.proxy.count("POST", f"{ISSUES}$") == before + 1
    assert forge.find_issue(origin, label=LABEL) is not None


@every
@pytest.mark.contract("GitHub", "filing where issues are turned off is 410")
@pytest.mark.differs(TOKEN, "it says 404; GitHub says 410")
@pytest.mark.differs(APP, "it says 404; GitHub says 410")
def test_turned_off(github: GitHub, origin: Origin) -> None:
    forge = github.forge(repository=NO_ISSUES)
    with pytest.raises(UserError) as off:
        filed(forge, origin)
    assert off.value.code == "issues_off"
    forge.close()


@pytest.mark.parametrize("system", [STRICT])
@pytest.mark.contract("GitHub", "a deleted issue is 410")
def test_gone(github: GitHub, forge: GitHubForge, origin: Origin) -> None:
    assert github.strict is not None
    deleted = Refusal(status=410, message="This issue was deleted", path=f"{ISSUES}/7$")
    github.strict.refusals.append(deleted)
    with pytest.raises(UserError) as gone:
        rewrite(forge, 7, "T", "b", origin=origin)
    assert gone.value.code == "gone"
