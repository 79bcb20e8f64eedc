"""Stop a user's server that runs, for example because it uses up a node."""

from typing import Annotated

from bot.runbook import (
    Draft,
    Field,
    HubFacts,
    LossKind,
    Part,
    Person,
    Purpose,
    StopRunningServer,
    is_alive,
    losing,
    one_server,
    runbook,
    unsteady,
)

SUMMARY = "Stop the server of {server}. What runs in it and is not saved is lost."
NOT_RUNNING = "The server of {server} doesn't run."


@runbook("Stop a user's server", purpose=Purpose.SERVERS, needs={Part.SERVERS, Part.PODS})
def stop_server(
    facts: HubFacts,
    user: Person,
    server: Annotated[str, Field(description="The name of a named server.")] = "",
) -> Draft:
    """Stops a user's running server. What runs in it and is not saved is lost."""
    found = one_server(facts, user, server)
    if isinstance(found, Draft):
        return found
    key, row = found
    if row is None:
        return Draft(nothing_to_do=NOT_RUNNING.format(server="/".join(filter(None, key))))
    if is_alive(row):
        step = StopRunningServer.of(row)
        return Draft(
            summary=SUMMARY.format(server=step.target),
            steps=(step,),
            losses=losing(LossKind.SERVER, [row], facts.read_at),
        )
    return unsteady(row)
