"""Finds credentials: by the patterns of mayday's redaction, by detect-secrets' plugins, by randomness.

Only the plugins' patterns are used. Their ``verify`` would send what they find to its service.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from detect_secrets.plugins.artifactory import ArtifactoryDetector
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.cloudant import CloudantDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.ibm_cloud_iam import IbmCloudIamDetector
from detect_secrets.plugins.ibm_cos_hmac import IbmCosHmacDetector
from detect_secrets.plugins.jwt import JwtTokenDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.npm import NpmDetector
from detect_secrets.plugins.openai import OpenAIDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.softlayer import SoftlayerDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

from bot.domain.redaction import secret_spans
from bot.guard.spans import PLACEHOLDER, Finding, Kind

_PLUGINS: tuple[RegexBasedDetector, ...] = (
    ArtifactoryDetector(),
    AWSKeyDetector(),
    AzureStorageKeyDetector(),
    CloudantDetector(),
    DiscordBotTokenDetector(),
    GitHubTokenDetector(),
    GitLabTokenDetector(),
    IbmCloudIamDetector(),
    IbmCosHmacDetector(),
    JwtTokenDetector(),
    MailchimpDetector(),
    NpmDetector(),
    OpenAIDetector(),
    PypiTokenDetector(),
    SendGridDetector(),
    SlackDetector(),
    SoftlayerDetector(),
    SquareOAuthDetector(),
    StripeDetector(),
    TelegramBotTokenDetector(),
    TwilioKeyDetector(),
)
_PATTERNS = tuple(pattern for plugin in _PLUGINS for pattern in plugin.denylist)
_EDGES = " \t\r\n\"'`=:,;"

_MORE = re.compile(
    r"""
    \bsk-(?:ant|proj|or|svcacct)-[\w-]{16,400} | \bsk_(?:live|test)_\w{10,200}
    | \b(?:rk|pk|whsec)_(?:live_|test_)?[A-Za-z0-9]{16,200}
    | \b(?:hvs|hvb)\.[\w-]{20,400} | \bdop_v1_[0-9a-f]{64}\b | \bdapi[0-9a-f]{32}\b
    | \bLTAI[A-Za-z0-9]{12,30}\b | \b1//0[\w-]{20,400} | \bage-secret-key-1[a-z0-9]{20,100}
    | \bEAA[A-Za-z0-9]{30,400}\b | \b[\w-]{20,30}\.apps\.googleusercontent\.com\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SAID = re.compile(
    r"""
    \b(?:password|passphrase|passcode|passwd|pwd|pin|api[ ]key|secret|token)s?
    (?:[ ](?:for|of|to)[ ](?:\S{1,40}[ ]){1,4}?)?
    [ ]{0,2}(?:is|was|are|were|=>|->|→|equals|set[ ]to|changed[ ]to|reset[ ]to)(?:[ ]now)?[ ]{0,2}:?[ ]{0,2}
    (?P<quote>["'`“‘]?)(?P<value>[^\s"'`”’]{4,200})
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""``the password is hunter2``: what follows counts if it is quoted or has a digit within a word."""
_ARGUMENT = re.compile(
    r"(?:\bcurl\b[^|\n]{0,300}?[ ](?:-u[ ]?|--user[ =])[\"']?[^\s:\"']{1,100}:"
    r"|\b(?:mysql|mariadb)\w{0,10}\b[^|\n]{0,300}?[ ]-p)(?P<value>[^\s\"']{3,200})"
)
"""A password as an argument: ``curl -u admin:…``, ``mysql -p…``."""
_LIKE_A_PASSWORD = re.compile(r"(?=.*\d)(?=.*[^\W\d])|.*[!@#$%^&*+=~?].*\w")

_HEX = re.compile(
    r"(?<![\w/@.+-])(?<!sha256:)(?<!sha512:)(?<!sha1:)(?<!md5:)(?:[0-9a-f]{32}|[0-9a-f]{48}|[0-9a-f]{64}|[0-9A-F]{64})(?![\w/.-])"
)
"""JupyterHub's tokens have 32 hexadecimal digits, its secrets 64. A commit has 40, a digest its algorithm."""
_OF_AN_ID = re.compile(
    r"(?:\b(?:container|image|layer|digest|pod|uid|commit|revision|sandbox)s?\b[ :=/\"'`]{0,5}"
    r"|\bid[=:][ \"']?)$",
    re.IGNORECASE,
)
_RANDOM = re.compile(r"(?<![\w/+.@:-])[A-Za-z0-9+/_-]{24,400}={0,2}(?![\w.@])")
_URL = re.compile(r"https?://[^\s<>|`\"]{1,2000}")
_MARK = re.compile(r"<!-- mayday:[\w;=-]{1,300} -->")
AWS, _ENOUGH_OF_AWS = 40, 4.4
"""A secret access key of AWS has 40 characters, few of them digits, and no prefix."""
_ENOUGH = 3.9
"""Bits for each character; prose, names of nodes and camel case have fewer, or lack a kind of character."""


def secrets(text: str) -> Iterator[Finding]:
    """Yield the credentials in a text."""
    spans = list(secret_spans(text))
    spans += [found.span() for pattern in (*_PATTERNS, _MORE) for found in pattern.finditer(text)]
    for start, end in spans:
        whole = text[start:end]
        first = start + len(whole) - len(whole.lstrip(_EDGES))
        last = end - (len(whole) - len(whole.rstrip(_EDGES)))
        is_word = any(character.isalnum() for character in whole)
        if is_word and not PLACEHOLDER.fullmatch(text, first, last):
            yield _found(text, first, last, Kind.SECRET)
    for found in _SAID.finditer(text):
        value = found["value"].rstrip(".,;:)")
        if PLACEHOLDER.fullmatch(value):
            continue
        if found["quote"] or _LIKE_A_PASSWORD.match(value):
            start = found.start("value")
            yield _found(text, start, start + len(value), Kind.SECRET)
    for found in _ARGUMENT.finditer(text):
        if not PLACEHOLDER.fullmatch(found["value"]):
            yield _found(text, *found.span("value"), Kind.SECRET)
    yield from _possible(text)


def _possible(text: str) -> Iterator[Finding]:
    links = [found.span() for pattern in (_URL, _MARK) for found in pattern.finditer(text)]
    for found in _HEX.finditer(text):
        is_id = _OF_AN_ID.search(text, max(0, found.start() - 30), found.start())
        if len(set(found[0])) > 4 and not is_id:
            yield _found(text, *found.span(), Kind.POSSIBLE)
    for found in _RANDOM.finditer(text):
        inside = any(start <= found.start() < end for start, end in links)
        if not inside and _is_random(found[0]):
            yield _found(text, *found.span(), Kind.POSSIBLE)


def _is_random(word: str) -> bool:
    """Return whether a word has digits, capitals and small letters in no order."""
    if len(word) == AWS and _bits(word) >= _ENOUGH_OF_AWS and any(map(str.isdigit, word)):
        return sum(map(str.isupper, word)) >= 4 <= sum(map(str.islower, word))
    kinds = [sum(map(kind, word)) for kind in (str.isdigit, str.isupper, str.islower)]
    if min(kinds) < 2 or max(map(len, re.split(r"[-_/+]", word))) < 16:
        return False
    return _bits(word) >= _ENOUGH


def _bits(word: str) -> float:
    """Return the entropy of a character."""
    counts = Counter(word).values()
    return -sum(count / len(word) * math.log2(count / len(word)) for count in counts)


def _found(text: str, start: int, end: int, kind: Kind) -> Finding:
    return Finding(start=start, end=end, kind=kind, original=text[start:end])
