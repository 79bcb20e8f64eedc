"""A GitHub App in place of a token: key, installation, permissions and token lifetime."""

from __future__ import annotations

import pytest
from github import Github

from bot.adapters.github import GitHubForge
from bot.errors import UserError
from bot.ports import Origin
from tests.contracts.github.systems import APP, APPS, REPOSITORY, STRICT_APP, GitHub, new_key
from tests.support.forge import rewrite

pytestmark = pytest.mark.xdist_group("contracts of github")
apps = pytest.mark.parametrize("system", APPS)


def filed(forge: GitHubForge, origin: Origin) -> None:
    """File an issue as mayday does."""
    forge.open_issue("T", "b", origin=origin, labels=["incident"], assignees=[])


@pytest.mark.parametrize("system", [APP])
@pytest.mark.contract("GitHub", "an App that may only read issues is refused with 403")
def test_reader(github: GitHub, origin: Origin) -> None:
    forge = github.forge(auth=github.reader)
    assert forge.find_issue(origin, label="incident") is None
    with pytest.raises(UserError, match="issues=write") as refused:
        filed(forge, origin)
    assert refused.value.code == "forbidden"
    forge.close()


@apps
@pytest.mark.contract("GitHub", "an App's token that asks for nothing may do all that the App may")
@pytest.mark.differs(APP, "it takes the empty permissions that PyGithub sends for none at all")
def test_as_configured(github: GitHub, origin: Origin) -> None:
    forge = github.forge(auth=github.as_configured())
    filed(forge, origin)
    assert forge.find_issue(origin, label="incident") is not None
    forge.close()


@apps
@pytest.mark.contract("GitHub", "an App writes as its slug and [bot], as which mayday knows it")
def test_app_account(github: GitHub, client: Github, origin: Origin) -> None:
    forge = github.forge()
    filed(forge, origin)
    found = forge.find_issue(origin, label="incident")
    assert found is not None
    issue = client.get_repo(REPOSITORY).get_issue(found.number)
    assert issue.user is not None
    assert issue.user.login == forge._account.login == "mayday[bot]"
    rewrite(forge, found.number, "T", "other words", origin=origin)
    forge.close()


@apps
@pytest.mark.contract("GitHub", "an App's key that is not its own is 401, and mayday names it")
def test_wrong_key(github: GitHub) -> None:
    forge = github.forge(auth=github.as_configured(key=new_key()))
    with pytest.raises(UserError, match=r"github\.app_id.*github\.private_key") as refused:
        forge.check()
    assert refused.value.code == "bad_credentials"
    forge.close()


@apps
@pytest.mark.contract(
    "GitHub", "an App's installation that there is not is 404, and mayday names it"
)
def test_not_installed(github: GitHub) -> None:
    forge = github.forge(auth=github.as_configured(installation=99))
    with pytest.raises(UserError, match=r"github\.installation_id") as refused:
        forge.check()
    assert refused.value.code == "not_found"
    forge.close()


@pytest.mark.parametrize("system", [STRICT_APP])
@pytest.mark.contract("GitHub", "an App's token ends after its time; mayday goes on with another")
def test_token_ends(github: GitHub, origin: Origin) -> None:
    strict = github.strict
    assert strict is not None
    before = strict.installations_tokens()
    forge = github.forge(auth=github.as_configured())
    # PyGithub treats a token as expired 20 s early.
    strict.lifetime = 15
    forge.check()
    early = strict.installations_tokens() - before
    assert early
    strict.expire(early)
    strict.lifetime = 3600
    filed(forge, origin)
    assert forge.find_issue(origin, label="incident") is not None
    [_late] = strict.installations_tokens() - before - early
    forge.close()


@pytest.mark.parametrize("system", [STRICT_APP])
@pytest.mark.contract("GitHub", "an App's token that was revoked is 401; nothing was done")
def test_token_revoked(github: GitHub, origin: Origin) -> None:
    assert github.strict is not None
    before = github.strict.installations_tokens()
    forge = github.forge(auth=github.as_configured())
    forge.check()
    github.strict.expire(github.strict.installations_tokens() - before)
    with pytest.raises(UserError) as refused:
        filed(forge, origin)
    assert refused.value.code == "bad_credentials"
    forge.close()
    again = github.forge(auth=github.as_configured())
    assert again.find_issue(origin, label="incident") is None
    again.close()


@pytest.mark.parametrize("system", [APP])
@pytest.mark.contract("GitHub", "an App's issue is by its bot")
def test_author(forge: GitHubForge, client: Github, origin: Origin) -> None:
    issue = forge.open_issue("T", "b", origin=origin, labels=[], assignees=[])
    author = client.get_repo(REPOSITORY).get_issue(issue.number).user
    assert (author.login, author.type) == ("mayday[bot]", "Bot")
