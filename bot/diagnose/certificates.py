"""The certificate of the public address: expired, or soon to expire."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from bot.diagnose.finding import Finding, Severity
from bot.diagnose.words import clock, connected, plain, span
from bot.domain.evidence import Unknown
from bot.domain.facts import HubFacts

SOON = timedelta(days=14)
"""Certificates of Let's Encrypt are renewed 30 days before; below this a renewal has failed."""

EXPIRED = "The certificate of the public address has expired: browsers refuse the connection"
ENDS = "The certificate of the public address expires in {rest}, at {at}"
NAMES = "Subject: {subject}; issuer: {issuer}."
RENEWS = "If autohttps or cert-manager renews it, look at their logs: it should have been renewed by now."


def certificate(facts: HubFacts) -> Iterable[Finding]:
    """The certificate that the public address shows, if it has expired or expires within two weeks.

    Automatic renewal does its work a month before, so a certificate this old means that it fails.
    """
    fact = facts.signs.certificate
    if isinstance(fact, Unknown) or fact.value is None:
        return
    found = fact.value
    rest = found.expires_at - facts.read_at
    if rest > SOON:
        return
    over = rest <= timedelta(0)
    ends = ENDS.format(rest=span(rest), at=clock(found.expires_at, facts.read_at))
    names = NAMES.format(subject=plain(found.subject), issuer=plain(found.issuer))
    yield Finding(
        rule="certificate",
        key="public",
        severity=Severity.CRITICAL if over else Severity.WARNING,
        text=f"{EXPIRED if over else ends}.",
        at=found.expires_at if over else None,
        evidence=(names, RENEWS),
        affects=connected(facts) if over else 0,
    )
