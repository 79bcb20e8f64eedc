"""Takes credentials and e-mail addresses out of what hubs and clusters say, before people see it.

Each pattern names a secret by its form (a JWT, a token of GitHub or Slack) or by its place (a header, a
query, a password in a URL). The length of every repetition is limited, so that long lines cost linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

HIDDEN = "[redacted]"

_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:.{0,8000}?-----END [A-Z ]{0,30}KEY(?: BLOCK)?-----|.{0,8000})",
    re.DOTALL,
)
"""A private key, also one that does not end: then what follows may be of it."""

_KEY_END = re.compile(r"-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_KEY_LINE = re.compile(r"(?:\S{10,40}Z )?\s*[A-Za-z0-9+/]{1,100}={0,2}\s*")
"""A line of a private key, in a log after its time."""

_WHOLE = re.compile(
    r"""
    (?<![A-Za-z0-9])eyJ[\w-]{5,4000}\.[\w-]{5,8000}(?:\.[\w-]{0,4000}){0,3}
    | (?<![A-Za-z0-9])eyJ[\w+/-]{30,16000}={0,2} | \bsha256~[\w-]{20,400}
    | \b(?:gh[pousr]_|github_pat_|glpat-|dckr_pat_|xapp-|xox[a-z](?:\.xox[a-z])?-)[\w.-]{6,400}
    | \b(?:npm_|hf_|sk-|pypi-)[\w-]{20,400}
    | \b(?:ya29\.|GOCSPX-|AIza)[\w-]{10,400}
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b
    | https://hooks\.slack\.com/[\w/-]{8,400}
    | (?<!\d)2\|\d{1,3}:\d{1,9}\|\d{1,3}:\d{1,12}\|[^\s"';,]{1,4000}
    | \bLS0tLS1CRUdJTi[\w+/]{10,16000}={0,2}
    """,
    re.VERBOSE,
)
"""Secrets that are known by their form; the last two are Tornado's signed cookies and PEM in base64."""

_VALUE = r"""
    (?:[bru]{0,2}"(?:[^"\\\r\n]|\\.){1,8000}"?|[bru]{0,2}'(?:[^'\\\r\n]|\\.){1,8000}'?
        |\[(?!redacted)[^\[\]\r\n]{1,8000}\]?|\\{1,3}"[^"\r\n]{1,8000}"?|\\{1,3}'[^'\r\n]{1,8000}'?
        |(?!\[redacted)[^\s"'&;,<>)}\]\\]{1,8000})
"""
"""A value, in quotes or without; the closing quote may be cut off."""

_WORDS = r"""
    (?:token|secret|secret[_-]?key|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|key-data
        |(?:crypt|encryption|fernet|signing)[_-]?keys?|(?<=["'])auth|credentials?|session[_-]?id|client[_-]?secret|(?<=_)pat|_xsrf|hub-login|(?P<strict>passw(?:or)?d|passphrase|pwd))
"""
_PROSE = r"""
    (?:(?:authentication|cannot|context|could|denied|dial|error|expired|failed|for|forbidden|from|get|in
        |invalid|is|missing|must|no|none|not|null|permission|post|required|rpc|secrets?|signature|status
        |the|timed|to|unable|unauthorized|unexpected|unknown)(?![\w/+=-])|\d{3}\ [A-Z])
"""
"""How a sentence goes on after "failed to fetch token: ": what it says must stay readable."""

_HEADER = re.compile(
    r"""
    (?P<name>\b(?:proxy-)?authorization|\b(?:set-)?cookie2?
        |\bx-(?:api-key|auth-token|access-token|amz-security-token|csrf-?token|xsrf-?token))
    (?P<mark>\\{0,3}["']?\s{0,4}[:=]\s{0,4})
    (?:"(?:[^"\\\n]|\\.){0,8000}"|'(?:[^'\\\n]|\\.){0,8000}'|[^\r\n]{1,8000})
    """,
    re.VERBOSE | re.IGNORECASE,
)

_SCHEME = re.compile(
    r"\b(?P<name>bearer|basic|token)(?P<mark>\s{1,4})"
    r"(?=[\w.~+/=-]{0,60}\d|(?-i:[\w.~+/=-]{0,60}[a-z][A-Z]))[\w.~+/=-]{8,4000}",
    re.IGNORECASE,
)
"""``Bearer …`` outside of a header. A word of one case without a digit is an ordinary one."""

_NAMED = re.compile(
    rf"""
    (?P<name>(?<![\w.-])[\w.-]{{0,60}}{_WORDS})
    (?P<mark>\\{{0,3}}["']?\s{{0,4}}[:=]\s{{0,4}})(?(strict)|(?!{_PROSE})){_VALUE}
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""``API_TOKEN=…``, ``password: …``, ``"_xsrf": "…"``, ``jupyterhub-session-id=…``."""

_VARIABLE = re.compile(
    rf"""
    (?P<name>\bname\\{{0,3}}["']?\s{{0,4}}[:=]\s{{0,4}}\\{{0,3}}["']?[\w.-]{{0,60}}{_WORDS}\\{{0,3}}["']?
        ,?\s{{0,40}}\\{{0,3}}["']?value)
    (?P<mark>\\{{0,3}}["']?\s{{0,4}}[:=]\s{{0,4}}){_VALUE}
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""A variable of a container: ``{"name": "API_TOKEN", "value": "…"}``, also as YAML and as Go prints it."""

_OPTION = re.compile(
    rf"(?P<name>(?<![\w-])--[\w-]{{0,60}}{_WORDS})(?P<mark>\s{{1,4}})(?!-|{_PROSE}){_VALUE}",
    re.VERBOSE | re.IGNORECASE,
)
"""``--password …`` on a command line."""

_QUERY = re.compile(
    r"(?P<name>[?&;](?:sig|signature|key|auth|access|id_token|x-amz-\w{1,40}))(?P<mark>=)"
    r"[^\s&\"'<>;]{1,8000}",
    re.IGNORECASE,
)

_OAUTH = re.compile(
    r"(?P<name>[?&;](?:code|state|ticket|samlresponse))(?P<mark>=)[^\s&\"'<>;]{16,8000}",
    re.IGNORECASE,
)
"""A code and a state of OAuth are long; ``state=ready`` is a filter of the hub's API."""

_PASSWORD = re.compile(
    r"(?P<name>\b[a-z][\w+.-]{0,30}://)(?P<mark>)(?:[^\s/@:]{0,200}:[^\s/]{1,500}|[^\s/@:]{20,400})@"
)
"""``postgresql://user:password@host``, and ``https://TOKEN@host``."""

_EMAIL = re.compile(
    r"""
    (?<![\w.+%-])(?!git@)[\w.+%-]{1,64}(?:@|%(?:25){0,3}40)(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,62}
    | (?<=jupyter-)[a-z0-9-]{1,100}?-40[a-z0-9-]{1,100}?-2e[a-z0-9-]{1,63}
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""An address, also as KubeSpawner escapes it in the name of a pod. ``ana@10.0.0.1`` in a log is none."""


_AT = re.compile(r"%(?:25){0,3}40")


def without_secrets(text: str) -> str:
    """Return the text without tokens, cookies, passwords and private keys."""
    # Forms first: a name before a key would otherwise take only the first word of it.
    text = _WHOLE.sub(HIDDEN, _without_cut_keys(_KEY.sub(HIDDEN, text)))
    for pattern in (_HEADER, _VARIABLE, _NAMED, _OPTION, _SCHEME, _QUERY, _OAUTH, _PASSWORD):
        text = pattern.sub(_keep_name, text)
    return text


def secret_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where tokens, cookies, passwords and private keys are in a text; two may overlap."""
    yield from (found.span() for found in _KEY.finditer(text))
    yield from _cut_keys(text)
    yield from (found.span() for found in _WHOLE.finditer(text))
    for pattern in (_HEADER, _VARIABLE, _NAMED, _OPTION, _SCHEME, _QUERY, _OAUTH, _PASSWORD):
        for found in pattern.finditer(text):
            end = found.end() - (1 if found["name"].endswith("//") else 0)
            yield found.end("mark"), end


def _cut_keys(text: str) -> Iterator[tuple[int, int]]:
    """Yield where a text has only the end of a private key."""
    for found in _KEY_END.finditer(text):
        start = found.start()
        while start > 0:
            line = text.rfind("\n", 0, start - 1) + 1
            if not _KEY_LINE.fullmatch(text[line : start - 1]):
                break
            start = line
        yield start, found.end()


def _without_cut_keys(text: str) -> str:
    """Return the text without the private keys of which a log has only the end."""
    *ended, rest = _KEY_END.split(text)
    shown = []
    for part in ended:
        lines = part.split("\n")[:-1]
        while lines and _KEY_LINE.fullmatch(lines[-1]):
            lines.pop()
        shown.append("\n".join([*lines, HIDDEN]))
    return "".join([*shown, rest])


def redacted(text: str) -> str:
    """Return the text without secrets and e-mail addresses; the same address has the same number."""
    numbers: dict[str, int] = {}

    def hide(found: re.Match[str]) -> str:
        address = _AT.sub("@", found[0].lower()).replace("-40", "@").replace("-2e", ".")
        return f"[e-mail {numbers.setdefault(address, len(numbers) + 1)}]"

    return _EMAIL.sub(hide, without_secrets(text))


def email_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where e-mail addresses are in a text."""
    return (found.span() for found in _EMAIL.finditer(text))


def _keep_name(found: re.Match[str]) -> str:
    return f"{found['name']}{found['mark']}{HIDDEN}" + ("@" if found["name"].endswith("//") else "")
