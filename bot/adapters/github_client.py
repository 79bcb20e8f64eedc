"""PyGithub's client: its credentials, and which requests it repeats.

By default PyGithub repeats a POST ten times on 502, which files an issue ten times. Here only reads are
repeated.
"""

from __future__ import annotations

import math

from github import Auth, Github, GithubRetry
from jwt import PyJWTError

from bot.adapters.github_http import install
from bot.errors import ConfigError

BAD_KEY = "github.private_key cannot be read: paste the whole PEM text, including its first and last line."
NO_CREDENTIALS = (
    "github.token is missing: set it, or github.app_id with github.private_key and "
    "github.installation_id."
)


def credentials(
    *,
    token: str = "",
    app_id: int | None = None,
    private_key: str = "",
    installation_id: int | None = None,
) -> Auth.Auth:
    """Return the credentials: those of a GitHub App's installation if complete, or else the token.

    Raises:
        ConfigError: neither is complete.
    """
    if app_id and private_key and installation_id:
        app = Auth.AppAuth(app_id, private_key)
        try:
            app.create_jwt()
        except (PyJWTError, ValueError) as exc:
            raise ConfigError(BAD_KEY) from exc
        return app.get_installation_auth(installation_id)
    if token:
        return Auth.Token(token)
    raise ConfigError(NO_CREDENTIALS)


def connect(
    auth: Auth.Auth | None,
    api_url: str,
    *,
    timeout: float,
    backoff: float = 0.5,
    seconds_between_requests: float = 0.25,
    seconds_between_writes: float = 1.0,
    page: int = 100,
    lazy: bool = False,
) -> Github:
    """Return a client that repeats only reads. ``timeout`` limits each request with its repeats.

    A ``lazy`` one doesn't read the repository itself.
    """
    install()
    retry = _ReadRetry(
        total=3,
        allowed_methods=frozenset({"GET", "HEAD"}),
        backoff_factor=backoff,
        max_rate_limit_wait=timeout / 2,
        respect_retry_after_header=False,
    )
    return Github(
        auth=auth,
        base_url=api_url.rstrip("/"),
        retry=retry,
        timeout=math.ceil(timeout),  # PyGithub takes whole seconds
        per_page=page,
        lazy=lazy,
        seconds_between_requests=seconds_between_requests,
        seconds_between_writes=seconds_between_writes,
    )


class _ReadRetry(GithubRetry):
    """Retries reads, except with a ``Retry-After``: urllib3 would sleep for as long as it says."""

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        return not has_retry_after and super().is_retry(method, status_code)
