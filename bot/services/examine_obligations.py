"""The check of ``mayday doctor`` for what runs left to be taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.obligations import ObligationKind
from bot.services.examine import Finding
from bot.store import obligations as rows
from bot.store.engine import Tx
from bot.store.obligations import Obligation

LATE = timedelta(minutes=5)
"""How late mayday may take something back. While it works it is seconds late."""

SHOWN_FOR = timedelta(days=7)
"""How long what needs a person is listed. There is no way to say that somebody did it."""

NONE = "Runs left nothing to be taken back."
FOUND = "To be taken back: {open}, overdue: {overdue}, done by nobody: {human}."
ADVICE = (
    "Take back by hand what mayday could not, and look in its log for what keeps it from working."
)
LINE = "{hub}: {step} of run {run}, {state}{error}"
STATES = {
    ObligationKind.UNDO: "mayday takes it back {when}",
    ObligationKind.NAG: "mayday reminds people {when}",
}
NEEDS_HUMAN = "was due {when} and needs a person"


def check_obligations(tx: Tx, now: datetime) -> Finding:
    """Return which are open, which are overdue and which need a person. ``now`` is the domain's time."""
    found = [
        each
        for each in rows.unsettled(tx)
        if each.done_at is None or now - each.done_at < SHOWN_FOR
    ]
    if not found:
        return Finding(name="obligations", ok=True, summary=NONE)
    human = sum(each.outcome is not None for each in found)
    overdue = sum(each.outcome is None and now - each.due_at > LATE for each in found)
    is_well = not (human or overdue)
    return Finding(
        name="obligations",
        ok=is_well,
        summary=FOUND.format(open=len(found) - human, overdue=overdue, human=human),
        advice="" if is_well else ADVICE,
        items=[(_line(each), _plain(each)) for each in found],
    )


def _line(each: Obligation) -> str:
    words = NEEDS_HUMAN if each.outcome else STATES[each.kind]
    return LINE.format(
        hub=each.hub,
        step=str(each.step.get("verb", "?")).replace("_", " "),
        run=each.run_id,
        state=words.format(when=f"{each.due_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"),
        error=f": {each.error}" if each.error else "",
    )


def _plain(each: Obligation) -> dict[str, Any]:
    return {
        "id": each.id,
        "hub": each.hub,
        "kind": each.kind.value,
        "step": dict(each.step),
        "due_at": each.due_at.isoformat(),
        "attempts": each.attempts,
        "error": each.error,
        "outcome": each.outcome.value if each.outcome else "",
    }
