"""Every row in its order. What the product newly uses of Slack gets a row in one of these tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.errors import ConfigError, MaydayError, RetryLater
from tests.smoke import (
    by_hand,
    by_hand_events,
    channel_events,
    channels,
    events,
    identity,
    messages,
    people,
)
from tests.smoke.cleanup import tidy
from tests.smoke.result import Differs, NotTried, Outcome, Result, Row
from tests.smoke.world import Smoke

ROWS: Sequence[Row] = (
    *identity.ROWS,
    *channels.ROWS,
    *messages.ROWS,
    *people.ROWS,
    *events.ROWS,
    *channel_events.ROWS,
    *by_hand.FIRST,
    *channels.WITH_A_PERSON,
    *messages.WITH_A_PERSON,
    *people.WITH_A_PERSON,
    *by_hand.FORMS,
    *by_hand_events.SAYS,
    *by_hand.SHORTCUTS,
    *by_hand_events.CHANGES,
    *channel_events.WITH_A_PERSON,
    *by_hand.ANSWERS,
)

ATTEMPTS = 3
PAUSE = 2.0
STOPPED = "Stopped by Ctrl-C."
NO_IDENTITY = "Without an accepted token nothing can be tried."
BROKEN = "mayday can't use Slack's answer: report this with the row's JSON line."
TRY_LATER = "Run this again. If it stays, look at Slack's status page and at any proxy."
CLEANUP = "what remains"


def run(smoke: Smoke, rows: Sequence[Row] = ROWS) -> Iterator[Result]:
    """Run the rows, then clean up; yields how each ended. Ctrl-C ends the rows, not the cleaning."""
    left, why = list(rows), STOPPED
    try:
        while left:
            try:
                result = _result(smoke, left[0])
            except KeyboardInterrupt:
                break
            yield result
            if left.pop(0) is ROWS[0] and result.outcome is not Outcome.OK:
                why = NO_IDENTITY
                break
        for row in left:
            yield _made(smoke, row, Outcome.NOT_TRIED, why, calls=len(smoke.api.log))
    finally:
        if smoke.listener is not None:
            smoke.listener.stop()
        remains = tidy(smoke)
    yield Result(what=CLEANUP, outcome=Outcome.OK, seen=remains)


def _result(smoke: Smoke, row: Row) -> Result:
    """Run one row. One that Slack failed begins again: what an attempt created stays for the cleanup."""
    before = len(smoke.api.log)

    def ended(outcome: Outcome, seen: str, do: str = "") -> Result:
        return _made(smoke, row, outcome, seen, do, calls=before)

    failure: RetryLater | None = None
    for attempt in range(ATTEMPTS):
        if attempt:
            smoke.wait(PAUSE)
        try:
            return ended(Outcome.OK, row.run(smoke))
        except NotTried as exc:
            return ended(Outcome.NOT_TRIED, str(exc))
        except Differs as exc:
            return ended(Outcome.DIFFERS, exc.seen, exc.do)
        except RetryLater as exc:
            failure = exc
        except ConfigError as exc:
            return ended(Outcome.REFUSED, str(exc))
        except MaydayError as exc:
            code = getattr(exc, "code", "")
            return ended(Outcome.REFUSED, f"{exc} ({code})" if code else str(exc))
        except Exception as exc:  # noqa: BLE001 - an answer of another shape; the row shows it
            return ended(Outcome.DIFFERS, f"{type(exc).__name__}: {exc}", BROKEN)
    return ended(Outcome.REFUSED, f"{failure} ({ATTEMPTS} attempts)", TRY_LATER)


def _made(
    smoke: Smoke, row: Row, outcome: Outcome, seen: str, do: str = "", *, calls: int
) -> Result:
    made = tuple(smoke.api.log[calls:])
    return Result(what=row.what, outcome=outcome, seen=seen, do=do, covers=row.covers, calls=made)
