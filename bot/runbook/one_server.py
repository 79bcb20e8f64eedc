"""The one server that a person named by its user, and for a named server its name."""

from __future__ import annotations

from bot.domain.facts import HubFacts, Part, UnknownPart
from bot.domain.hubs import STUCK, Condition, Row, ServerKey
from bot.domain.targets import resolve
from bot.runbook.definition import Draft
from bot.runbook.steps.server import server_name

NOBODY_NAMED = "Name a user of the hub."

ALIVE = (Condition.OK, Condition.UNROUTED, Condition.STALE_ROUTE, Condition.CRASHING)
"""The conditions of a server that the hub calls ready and whose pod runs."""

PENDING = {
    Condition.STARTING: "starting",
    Condition.STOPPING: "stopping",
    Condition.CHECKING: "being checked by the hub",
}

IS_STUCK = (
    "The server of {server} is stuck ({condition}{why}). Run force-delete-stuck-servers for it."
)
IS_PENDING = "The server of {server} is {state}. Wait until that ends, then make a new plan."
NOT_JUDGED = "The state of the server of {server} is unclear."


def one_server(
    facts: HubFacts, user: str | None, server: str = ""
) -> tuple[ServerKey, Row | None] | Draft:
    """Return the server's key with its row, None if it doesn't exist, or a draft that says what is unknown.

    ``user`` may be ``user/server``. Without a server name it is the default server. The server need not
    exist; the user must be one of the hub's.
    """
    name, _, behind = (user or "").strip().partition("/")
    if not name:
        return _undecided(Part.USERS, NOBODY_NAMED)
    targets = resolve([name], facts.rows, facts.people)
    if targets.problems:
        return _undecided(Part.USERS, " ".join(targets.problems))
    known = [owner for owner, _ in targets.keys] or list(targets.idle)
    key = known[0], server.strip() or behind
    row = facts.row(*key)
    if row is None and facts.servers.unknown:
        return _undecided(Part.SERVERS, facts.servers.unknown)
    return key, row


def is_alive(row: Row) -> bool:
    """Return whether hub and cluster both show that the server runs."""
    return row.is_ready and row.pod is not None and row.condition in ALIVE


def unsteady(row: Row) -> Draft:
    """Return a draft that says why a server that isn't alive can't be started or stopped now."""
    server = server_name(row)
    if row.condition in STUCK:
        condition = row.condition.value.replace("_", " ")
        why = f": {row.why.rstrip('.')}" if row.why else ""
        return Draft(nothing_to_do=IS_STUCK.format(server=server, condition=condition, why=why))
    if row.condition in PENDING:
        return Draft(nothing_to_do=IS_PENDING.format(server=server, state=PENDING[row.condition]))
    return _undecided(Part.SERVERS, row.why or NOT_JUDGED.format(server=server))


def _undecided(part: Part, why: str) -> Draft:
    return Draft(undecided=(UnknownPart(part=part, why=why),))
