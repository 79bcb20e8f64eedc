"""The GitHubs that the contracts are held to: emulate with a token, with an App, and made strict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from github import Auth

from bot.adapters.github import GitHubForge, credentials
from bot.sandbox.emulate import Emulate
from bot.sandbox.fault_proxy import FaultProxy
from tests.support.strict_github import StrictGitHub

TOKEN, APP, STRICT = "emulate, token", "emulate, App", "emulate, made strict"
EVERY = (TOKEN, APP, STRICT)

OWNER, NAME = "practice", "incidents"
REPOSITORY = f"{OWNER}/{NAME}"
ISSUES = f"/repos/{REPOSITORY}/issues"
_TOKEN = "token-of-the-tests"
_APP_ID, _READER_ID = 11, 12
_INSTALLATION, _READERS = 21, 22


@dataclass(frozen=True, kw_only=True)
class GitHub:
    """A running GitHub behind a proxy that can lose things.

    ``auth`` is who mayday is there, ``reader`` an App that may only read issues, ``as_configured`` the
    App as mayday signs in by its own settings. ``strict`` is what emulate lacks, where the system has it.
    """

    name: str
    proxy: FaultProxy
    auth: Auth.Auth
    reader: Auth.Auth
    as_configured: Auth.Auth
    strict: StrictGitHub | None

    def forge(self, *, auth: Auth.Auth | None = None, repository: str = REPOSITORY) -> GitHubForge:
        """mayday's adapter to it, in no need to be polite."""
        return GitHubForge(
            auth=auth or self.auth,
            repository=repository,
            api_url=self.proxy.url,
            seconds_between_requests=0,
            seconds_between_writes=0,
            timeout=10,
            backoff=0,
        )


@contextmanager
def running(name: str, directory: Path) -> Iterator[GitHub]:
    """Start one; raises EmulateError where the node parts are missing."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()
    with ExitStack() as stack:
        proxy = stack.enter_context(FaultProxy())
        emulate = Emulate("github", _seed(pem), directory, base_url=proxy.url)
        stack.callback(emulate.stop)
        proxy.upstream = ("127.0.0.1", emulate.port)
        strict = None
        if name == STRICT:
            strict = stack.enter_context(StrictGitHub(emulate.port, frozenset({_TOKEN})))
            proxy.upstream = strict.address
        yield GitHub(
            name=name,
            proxy=proxy,
            auth=_installed(_APP_ID, pem, _INSTALLATION, "write")
            if name == APP
            else credentials(token=_TOKEN),
            reader=_installed(_READER_ID, pem, _READERS, "read"),
            as_configured=credentials(
                app_id=_APP_ID, private_key=pem, installation_id=_INSTALLATION
            ),
            strict=strict,
        )


def _installed(app_id: int, pem: str, installation: int, issues: str) -> Auth.Auth:
    """emulate gives a token no permission that is not asked for; see ``as_configured``."""
    app = Auth.AppAuth(app_id, pem)
    return app.get_installation_auth(installation, token_permissions={"issues": issues})


def _app(app_id: int, slug: str, pem: str, installation: int, issues: str) -> dict[str, Any]:
    return {
        "app_id": app_id,
        "slug": slug,
        "name": slug,
        "private_key": pem,
        "permissions": {"metadata": "read", "issues": issues},
        "events": [],
        "installations": [
            {"installation_id": installation, "account": OWNER, "repository_selection": "all"}
        ],
    }


def _seed(pem: str) -> dict[str, Any]:
    return {
        "tokens": {_TOKEN: {"login": "mayday", "scopes": ["repo", "admin:org"]}},
        "github": {
            "users": [{"login": "mayday", "name": "mayday"}],
            "orgs": [{"login": OWNER, "members": [{"login": "mayday", "role": "admin"}]}],
            "repos": [{"owner": OWNER, "name": NAME, "auto_init": True}],
            "apps": [
                _app(_APP_ID, "mayday", pem, _INSTALLATION, "write"),
                _app(_READER_ID, "reader", pem, _READERS, "read"),
            ],
        },
    }
