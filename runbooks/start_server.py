"""Start a user's server, for example after it was cleared."""

from typing import Annotated

from bot.runbook import (
    Draft,
    Field,
    HubFacts,
    Part,
    Person,
    Purpose,
    RouteState,
    StartServer,
    is_alive,
    one_server,
    runbook,
    unsteady,
)

SUMMARY = "Start the server of {server}, and wait until it is ready and has its route."
RUNS = "The server of {server} runs already."
NO_ROUTE = " Its route is missing or leads elsewhere: run resync-routes."


@runbook(
    "Start a user's server",
    purpose=Purpose.SERVERS,
    needs={Part.SERVERS},
    is_safe=True,
)
def start_server(
    facts: HubFacts,
    user: Person,
    server: Annotated[str, Field(description="The name of a named server.")] = "",
) -> Draft:
    """Starts a user's server with the options of its last start. Ends nothing."""
    found = one_server(facts, user, server)
    if isinstance(found, Draft):
        return found
    key, row = found
    step = StartServer(user=key[0], server=key[1])
    if row is None:
        return Draft(summary=SUMMARY.format(server=step.target), steps=(step,))
    if is_alive(row):
        lost = row.route in (RouteState.MISSING, RouteState.ELSEWHERE)
        runs = RUNS.format(server=step.target)
        return Draft(nothing_to_do=runs + (NO_ROUTE if lost else ""))
    return unsteady(row)
