"""The GitHub account that mayday writes as. Only its issues and comments can be mayday's.

Anybody who may comment can copy a marker. So an issue or a comment counts as mayday's only if its marker is
right and its author is this account, or one that mayday used before.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from github import Auth, Github, GithubIntegration
from github.NamedUser import NamedUser
from github.Organization import Organization


class Account:
    """The account of ``auth``, and the logins of ``former`` ones. GitHub is asked once, at the first use."""

    def __init__(self, github: Github, auth: Auth.Auth, former: Iterable[str] = ()) -> None:
        self._github = github
        self._auth = auth
        self._former = frozenset(login.casefold() for login in former)

    @cached_property
    def login(self) -> str:
        """The account's login; that of a GitHub App ends in ``[bot]``, which no person's login can."""
        if isinstance(self._auth, Auth.AppInstallationAuth):
            # An installation's token has no user. The App itself, which signs with its key, has a name.
            app = GithubIntegration(**self._auth.requester.kwargs).get_app()
            return f"{app.slug}[bot]"
        return self._github.get_user().login

    def wrote(self, author: NamedUser | Organization | None) -> bool:
        """Return whether this author is mayday. A deleted account is None."""
        return author is not None and self.wrote_as(author.login)

    def wrote_as(self, login: str) -> bool:
        """Return whether this login is mayday's."""
        name = login.casefold()
        return name == self.login.casefold() or name in self._former
