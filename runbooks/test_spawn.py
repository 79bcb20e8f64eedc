"""Start a server as the canary user, let a kernel compute, and stop it: what users do, end to end."""

from datetime import UTC, timedelta

from bot.runbook import (
    Draft,
    HubFacts,
    Part,
    Purpose,
    StartCanary,
    StopCanary,
    TestKernel,
    UnknownPart,
    runbook,
)

NAME = "test-spawn"
RECENT = timedelta(minutes=5)
LATEST_STOP = timedelta(minutes=30)

SUMMARY = (
    "Start a server as canary user {user}, let a kernel compute 1+1, and stop the server again. The result "
    "has the time of each stage."
)
NOT_CONFIGURED = (
    "Hub {hub} has no user for test spawns in mayday.yaml: set hubs[].canary_user and "
    "hubs[].canary_token."
)
RUNS = (
    "Canary user {user} has a server that is {state}, and mayday didn't start it for this test, so it is "
    "left alone. If nobody works in it, run stop-server for it."
)
JUST_DONE = "A test spawn ran here at {at}, less than 5 minutes ago."


@runbook(
    "Test a spawn with the canary user",
    purpose=Purpose.LOOK,
    needs={Part.SERVERS, Part.PODS},
    is_safe=True,
)
def test_spawn(facts: HubFacts) -> Draft:
    """Starts a server as the canary user, has a kernel answer, and stops it. Touches nobody else's."""
    user = facts.place.canary
    if not user:
        why = NOT_CONFIGURED.format(hub=facts.place.hub)
        return Draft(undecided=(UnknownPart(part=Part.USERS, why=why),))
    row = facts.row(user, "")
    if row is not None:
        state = row.hub if row.hub != "absent" else "unknown to the hub"
        return Draft(nothing_to_do=RUNS.format(user=user, state=state))
    if facts.servers.unknown:
        return Draft(undecided=(UnknownPart(part=Part.SERVERS, why=facts.servers.unknown),))
    last = facts.last_done.get(NAME)
    if last is not None and facts.read_at - last < RECENT:
        at = last.astimezone(UTC).strftime("%H:%M:%S UTC")
        return Draft(nothing_to_do=JUST_DONE.format(at=at))
    return Draft(
        summary=SUMMARY.format(user=user),
        steps=(
            StartCanary(user=user, server="", until=facts.read_at + LATEST_STOP),
            TestKernel(user=user),
            StopCanary(user=user),
        ),
    )
