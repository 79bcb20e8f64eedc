"""Takes credentials and e-mail addresses out of what hubs and clusters say, before people see it.

Each pattern names a secret by its form (a JWT, a token of GitHub or Slack) or by its place (a header, a
query, a password in a URL). The length of every repetition is limited, so that long lines cost linear time.
"""

from __future__ import annotations

import re

HIDDEN = "[redacted]"

_WHOLE = re.compile(
    r"""
    -----BEGIN\ [A-Z ]{0,30}PRIVATE\ KEY-----.{0,8000}?(?:-----END\ [A-Z ]{0,30}KEY-----|\Z)
    | \beyJ[\w-]{5,4000}\.[\w-]{5,8000}(?:\.[\w-]{0,4000}){0,3}
    | \b(?:gh[pousr]_|github_pat_|glpat-|xapp-|xox[a-z](?:\.xox[a-z])?-)[\w.-]{6,400}
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b
    | \bAIza[\w-]{30,50}
    """,
    re.VERBOSE | re.DOTALL,
)
"""Secrets that are known by their form."""

_HEADER = re.compile(
    r"""
    (?P<name>\b(?:proxy-)?authorization|\b(?:set-)?cookie2?
        |\bx-(?:api-key|auth-token|access-token|amz-security-token|csrf-?token|xsrf-?token))
    (?P<mark>["']?\s{0,4}[:=]\s{0,4})
    (?:"(?:[^"\\\n]|\\.){0,8000}"|'(?:[^'\\\n]|\\.){0,8000}'|[^"'\r\n][^\r\n]{0,8000})
    """,
    re.VERBOSE | re.IGNORECASE,
)

_SCHEME = re.compile(
    r"\b(?P<name>bearer|basic|token)(?P<mark>\s{1,4})(?=[\w.~+/=-]{0,60}\d)[\w.~+/=-]{8,4000}",
    re.IGNORECASE,
)
"""``Bearer …`` outside of a header. A word without a digit is an ordinary one."""

_NAMED = re.compile(
    r"""
    (?P<name>(?<![\w.-])[\w.-]{0,60}
        (?:token|secret|secret[_-]?key|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key|private[_-]?key
        |credentials?|session[_-]?id|client[_-]?secret|_xsrf|hub-login))
    (?P<mark>["']?\s{0,4}(?:=|:)\s{0,4})
    (?:"[^"\r\n]{1,8000}"|'[^'\r\n]{1,8000}'|[^\s"'&;,<>)}\]]{1,8000})
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""``API_TOKEN=…``, ``password: …``, ``"_xsrf": "…"``, ``jupyterhub-session-id=…``."""

_QUERY = re.compile(
    r"(?P<name>[?&;](?:sig|signature|key|auth|access|id_token|x-amz-\w{1,40}))(?P<mark>=)"
    r"[^\s&\"'<>;]{1,8000}",
    re.IGNORECASE,
)

_OAUTH = re.compile(r"(?P<name>[?&;](?:code|state))(?P<mark>=)[^\s&\"'<>;]{16,8000}", re.IGNORECASE)
"""A code and a state of OAuth are long; ``state=ready`` is a filter of the hub's API."""

_PASSWORD = re.compile(r"(?P<name>\b[a-z][\w+.-]{0,30}://)(?P<mark>)[^\s/@:]{0,200}:[^\s/]{1,500}@")
"""``postgresql://user:password@host``."""

_EMAIL = re.compile(
    r"""
    (?<![\w.+%-])[\w.+%-]{1,64}(?:@|%40)(?:[a-z0-9-]{1,63}\.){1,8}[a-z][a-z0-9-]{1,62}
    | (?<=jupyter-)[a-z0-9-]{1,100}?-40[a-z0-9-]{1,100}?-2e[a-z0-9-]{1,63}
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""An address, also as KubeSpawner escapes it in the name of a pod. ``ana@10.0.0.1`` in a log is none."""


def without_secrets(text: str) -> str:
    """Return the text without tokens, cookies, passwords and private keys."""
    for pattern in (_HEADER, _NAMED, _SCHEME, _QUERY, _OAUTH, _PASSWORD):
        text = pattern.sub(_keep_name, text)
    return _WHOLE.sub(HIDDEN, text)


def redacted(text: str) -> str:
    """Return the text without secrets and e-mail addresses; the same address has the same number."""
    numbers: dict[str, int] = {}

    def hide(found: re.Match[str]) -> str:
        address = found[0].lower().replace("%40", "@").replace("-40", "@").replace("-2e", ".")
        return f"[e-mail {numbers.setdefault(address, len(numbers) + 1)}]"

    return _EMAIL.sub(hide, without_secrets(text))


def _keep_name(found: re.Match[str]) -> str:
    return f"{found['name']}{found['mark']}{HIDDEN}" + ("@" if found["name"].endswith("//") else "")
