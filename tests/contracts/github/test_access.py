"""Permissions, rate limits, and the cost of unchanged answers."""

from __future__ import annotations

import time

import pytest
from github import Github, GithubException

from bot.adapters.github import GitHubForge, credentials
from bot.errors import RetryLater, UserError
from bot.ports import Origin
from bot.render.parts import marked, marker
from tests.contracts.github.systems import (
    APP,
    ARCHIVED,
    EVERY,
    HIDDEN,
    ISSUES,
    NO_ISSUES,
    PRIVATE,
    REPOSITORY,
    STRICT,
    TOKEN,
    GitHub,
)
from tests.support.strict_github import Refusal

pytestmark = pytest.mark.xdist_group("contracts of github")
every = pytest.mark.parametrize("system", EVERY)
strict_only = pytest.mark.parametrize("system", [STRICT])
NO_ETAGS = "it sends no ETag"


def filed(forge: GitHubForge, origin: Origin) -> None:
    """File an issue as mayday does."""
    forge.open_issue("T", "b", origin=origin, labels=["incident"], assignees=[])


@every
@pytest.mark.contract("GitHub", "a wrong token is 401, and mayday names the key to correct")
@pytest.mark.differs(TOKEN, "an unknown token is its first user")
@pytest.mark.differs(APP, "an unknown token is its first user")
def test_wrong_token(github: GitHub) -> None:
    forge = github.forge(auth=credentials(token="wrong"))
    with pytest.raises(UserError, match=r"put a valid token under github\.token") as refused:
        forge.check()
    assert refused.value.code == "bad_credentials"
    forge.close()


@every
@pytest.mark.contract("GitHub", "a private repository is told as one")
def test_private(github: GitHub) -> None:
    forge = github.forge(repository=PRIVATE)
    found = forge.check()
    assert (found.name, found.is_private) == (PRIVATE, True)
    forge.close()


@every
@pytest.mark.contract("GitHub", "a private repository is 404 to whom it is not shown")
@pytest.mark.differs(TOKEN, "it says 403; GitHub does not even say that it is there")
@pytest.mark.differs(APP, "it says 403; GitHub does not even say that it is there")
def test_hidden(github: GitHub, origin: Origin) -> None:
    forge = github.forge(repository=HIDDEN)
    for call in (forge.check, lambda: filed(forge, origin)):
        with pytest.raises(
            UserError, match=rf"{HIDDEN} not found on GitHub: check github\.repository"
        ) as refused:
            call()
        assert refused.value.code == "not_found"
    forge.close()


@every
@pytest.mark.contract("GitHub", "what cannot take issues says so before one is filed")
def test_not_for_issues(github: GitHub) -> None:
    for repository, told in ((NO_ISSUES, "Issues are turned off"), (ARCHIVED, "is archived")):
        forge = github.forge(repository=repository)
        with pytest.raises(UserError, match=told):
            forge.check()
        forge.close()


@every
@pytest.mark.contract("GitHub", "an unknown assignee is 422; mayday files the issue without them")
def test_unknown_assignee(client: Github, forge: GitHubForge, origin: Origin) -> None:
    with pytest.raises(GithubException) as refused:
        client.get_repo(REPOSITORY).create_issue(
            "T", marked("b", marker(origin)), assignees=["nobody"]
        )
    assert refused.value.status == 422
    assert forge.find_issue(origin, label="incident") is None
    filed = forge.open_issue("T", "b", origin=origin, labels=["incident"], assignees=["nobody"])
    assert forge.find_issue(origin, label="incident") == filed


@every
@pytest.mark.contract("GitHub", "the hour's requests are counted in the headers")
def test_counted(client: Github) -> None:
    client.get_repo(REPOSITORY)
    before, limit = client.rate_limiting
    client.get_repo(REPOSITORY)
    after, _ = client.rate_limiting
    assert (after, limit) == (before - 1, 5000)


@every
@pytest.mark.contract("GitHub", "what did not change is 304 by its ETag, and costs no request")
@pytest.mark.differs(TOKEN, NO_ETAGS)
@pytest.mark.differs(APP, NO_ETAGS)
def test_unchanged(client: Github) -> None:
    repository = client.get_repo(REPOSITORY)
    before, _ = client.rate_limiting
    assert repository.update() is False
    assert client.rate_limiting[0] == before


@pytest.mark.parametrize(
    ("status", "headers", "message", "after"),
    [
        (403, {"Retry-After": "77"}, "You have exceeded a secondary rate limit", 77),
        (429, {"Retry-After": "12"}, "Too many requests", 12),
        (403, {}, "You have exceeded a secondary rate limit. Please wait a few minutes", 60),
    ],
)
@strict_only
@pytest.mark.contract("GitHub", "a secondary limit says how long to wait; nothing was done")
def test_secondary_limits(
    github: GitHub,
    forge: GitHubForge,
    origin: Origin,
    status: int,
    headers: dict[str, str],
    message: str,
    after: float,
) -> None:
    assert github.strict is not None
    github.strict.refusals.append(
        Refusal(status=status, message=message, headers=headers, method="POST", path=f"{ISSUES}$")
    )
    with pytest.raises(RetryLater) as limited:
        filed(forge, origin)
    assert (limited.value.after, limited.value.maybe_done) == (after, False)
    github.strict.healed()
    assert forge.find_issue(origin, label="incident") is None


@strict_only
@pytest.mark.contract(
    "GitHub", "an hour that is used up says when it begins anew; nothing was done"
)
def test_primary_limit(github: GitHub, forge: GitHubForge, origin: Origin) -> None:
    assert github.strict is not None
    reset = int(time.time()) + 900
    github.strict.refusals.append(
        Refusal(
            status=403,
            message="API rate limit exceeded",
            headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset)},
            method="POST",
            path=f"{ISSUES}$",
        )
    )
    with pytest.raises(RetryLater) as limited:
        filed(forge, origin)
    assert 850 < limited.value.after <= 900 and not limited.value.maybe_done
    github.strict.healed()
    assert forge.find_issue(origin, label="incident") is None


@strict_only
@pytest.mark.contract("GitHub", "a permission that is missing is named by a header of the 403")
def test_missing_permission(github: GitHub, forge: GitHubForge, origin: Origin) -> None:
    assert github.strict is not None
    github.strict.refusals.append(
        Refusal(
            status=403,
            message="Resource not accessible by personal access token",
            headers={"X-Accepted-GitHub-Permissions": "issues=write; metadata=read"},
            method="POST",
        )
    )
    with pytest.raises(UserError, match="issues=write; metadata=read") as refused:
        filed(forge, origin)
    assert refused.value.code == "forbidden"


@strict_only
@pytest.mark.contract("GitHub", "a 422 tells what was wrong")
def test_validation(github: GitHub, forge: GitHubForge, origin: Origin) -> None:
    assert github.strict is not None
    github.strict.refusals.append(
        Refusal(status=422, message="Validation Failed", method="POST", path=f"{ISSUES}$")
    )
    with pytest.raises(UserError, match="Validation Failed") as refused:
        filed(forge, origin)
    assert refused.value.code == "422"
    github.strict.healed()
    assert forge.find_issue(origin, label="incident") is None
