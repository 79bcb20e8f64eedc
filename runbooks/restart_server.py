"""Stop a user's server that runs and start it again, for example because it crashes or hangs."""

from datetime import UTC, timedelta
from typing import Annotated

from bot.runbook import (
    Condition,
    Draft,
    Field,
    HubFacts,
    LossKind,
    Part,
    Person,
    Purpose,
    StartServer,
    StopRunningServer,
    is_alive,
    losing,
    one_server,
    runbook,
    unsteady,
)

RECENT = timedelta(minutes=5)

SUMMARY = (
    "Stop the server of {server}, start it again, and wait until it is ready and has its route. What "
    "runs in it and is not saved is lost."
)
NOT_RUNNING = "The server of {server} doesn't run. Run start-server to start it."
NO_ROUTE = (
    "The server of {server} runs and lacks only its route, so a restart would end its work for nothing. "
    "Run resync-routes."
)
JUST_STARTED = (
    "The server of {server} was started at {at}, less than 5 minutes ago, and is ready. Another restart "
    "would fix nothing. To restart it nevertheless, run stop-server and then start-server."
)


@runbook("Restart a user's server", purpose=Purpose.SERVERS, needs={Part.SERVERS, Part.PODS})
def restart_server(
    facts: HubFacts,
    user: Person,
    server: Annotated[str, Field(description="The name of a named server.")] = "",
) -> Draft:
    """Stops a user's running server and starts it again. What is not saved is lost."""
    found = one_server(facts, user, server)
    if isinstance(found, Draft):
        return found
    key, row = found
    start = StartServer(user=key[0], server=key[1])
    if row is None:
        return Draft(nothing_to_do=NOT_RUNNING.format(server=start.target))
    if not is_alive(row):
        return unsteady(row)
    if row.condition in (Condition.UNROUTED, Condition.STALE_ROUTE):
        return Draft(nothing_to_do=NO_ROUTE.format(server=start.target))
    since = row.started
    if row.condition is Condition.OK and since is not None and facts.read_at - since < RECENT:
        at = since.astimezone(UTC).strftime("%H:%M:%S UTC")
        return Draft(nothing_to_do=JUST_STARTED.format(server=start.target, at=at))
    return Draft(
        summary=SUMMARY.format(server=start.target),
        steps=(StopRunningServer.of(row), start),
        losses=losing(LossKind.SERVER, [row], facts.read_at),
    )
