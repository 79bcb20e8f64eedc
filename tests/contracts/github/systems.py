"""The GitHubs under contract: emulate with a token, with an App, and in strict mode."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from github import Auth

from bot.adapters.github import GitHubForge, credentials
from sandbox.emulate import Emulate
from sandbox.fault_proxy import FaultProxy
from tests.support.strict_github import StrictGitHub

TOKEN, APP = "emulate, token", "emulate, App"
STRICT, STRICT_APP = "emulate, made strict", "the same, App"
EVERY = (TOKEN, APP, STRICT)
APPS = (APP, STRICT_APP)

OWNER, NAME = "practice", "incidents"
REPOSITORY = f"{OWNER}/{NAME}"
PRIVATE, NO_ISSUES, ARCHIVED = f"{OWNER}/private", f"{OWNER}/no-issues", f"{OWNER}/archived"
HIDDEN = "stranger/diary"
"""A private repository that mayday cannot access."""

ISSUES = f"/repos/{REPOSITORY}/issues"
_TOKEN = "token-of-the-tests"
_APP_ID, _READER_ID = 11, 12
_INSTALLATION, _READERS = 21, 22


@dataclass(frozen=True, kw_only=True)
class GitHub:
    """A running GitHub behind a fault-injection proxy.

    ``auth`` is mayday's identity, ``reader`` an App with read-only access to issues, ``key`` the
    key of mayday's App. ``strict`` adds what emulate lacks, if present.
    """

    name: str
    proxy: FaultProxy
    auth: Auth.Auth
    reader: Auth.Auth
    key: str
    strict: StrictGitHub | None

    def forge(self, *, auth: Auth.Auth | None = None, repository: str = REPOSITORY) -> GitHubForge:
        """mayday's adapter, without rate limiting."""
        return GitHubForge(
            auth=auth or self.auth,
            repository=repository,
            api_url=self.proxy.url,
            seconds_between_requests=0,
            seconds_between_writes=0,
            timeout=10,
            backoff=0,
        )

    def as_configured(self, *, key: str = "", installation: int = _INSTALLATION) -> Auth.Auth:
        """The App as mayday's settings configure it, without a token."""
        return credentials(
            app_id=_APP_ID, private_key=key or self.key, installation_id=installation
        )


@contextmanager
def running(name: str, directory: Path) -> Iterator[GitHub]:
    """Start one; raises EmulateError if the node parts are missing."""
    pem = new_key()
    with ExitStack() as stack:
        proxy = stack.enter_context(FaultProxy())
        emulate = Emulate("github", _seed(pem), directory, base_url=proxy.url)
        stack.callback(emulate.stop)
        proxy.upstream = ("127.0.0.1", emulate.port)
        _change(emulate.port, NO_ISSUES, has_issues=False)
        _change(emulate.port, ARCHIVED, archived=True)
        strict = None
        if name in (STRICT, STRICT_APP):
            strict = stack.enter_context(StrictGitHub(emulate.port, frozenset({_TOKEN})))
            proxy.upstream = strict.address
        yield GitHub(
            name=name,
            proxy=proxy,
            auth=_installed(_APP_ID, pem, _INSTALLATION, "write")
            if name in APPS
            else credentials(token=_TOKEN),
            reader=_installed(_READER_ID, pem, _READERS, "read"),
            key=pem,
            strict=strict,
        )


def new_key() -> str:
    """A private key in GitHub's format."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


def _change(port: int, repository: str, **settings: bool) -> None:
    """Change a repository's settings as its owner."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/repos/{repository}",
        data=json.dumps(settings).encode(),
        headers={"Authorization": f"Bearer {_TOKEN}", "Content-Type": "application/json"},
        method="PATCH",
    )
    with urllib.request.urlopen(request, timeout=10):
        return


def _installed(app_id: int, pem: str, installation: int, issues: str) -> Auth.Auth:
    """emulate grants only the requested permissions; see ``as_configured``."""
    app = Auth.AppAuth(app_id, pem)
    return app.get_installation_auth(installation, token_permissions=_rights(issues))


def _rights(level: str) -> dict[str, str]:
    return dict.fromkeys(("issues", "contents", "pull_requests"), level)


def _app(app_id: int, slug: str, pem: str, installation: int, issues: str) -> dict[str, Any]:
    return {
        "app_id": app_id,
        "slug": slug,
        "name": slug,
        "private_key": pem,
        "permissions": {"metadata": "read", **_rights(issues)},
        "events": [],
        "installations": [
            {"installation_id": installation, "account": OWNER, "repository_selection": "all"}
        ],
    }


def _repository(full_name: str, *, private: bool = False) -> dict[str, Any]:
    owner, _, name = full_name.partition("/")
    return {"owner": owner, "name": name, "auto_init": True, "private": private}


def _seed(pem: str) -> dict[str, Any]:
    return {
        "tokens": {_TOKEN: {"login": "mayday", "scopes": ["repo", "admin:org"]}},
        "github": {
            "users": [{"login": "mayday", "name": "mayday"}, {"login": "stranger"}],
            "orgs": [{"login": OWNER, "members": [{"login": "mayday", "role": "admin"}]}],
            "repos": [
                _repository(REPOSITORY),
                _repository(NO_ISSUES),
                _repository(ARCHIVED),
                _repository(PRIVATE, private=True),
                _repository(HIDDEN, private=True),
            ],
            "apps": [
                _app(_APP_ID, "mayday", pem, _INSTALLATION, "write"),
                _app(_READER_ID, "reader", pem, _READERS, "read"),
            ],
        },
    }
