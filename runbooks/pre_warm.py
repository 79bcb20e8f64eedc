"""Start nodes before a class begins, by placeholders that give way to users' servers.

Placeholders are pods of low priority: the autoscaler adds nodes for them, and the scheduler evicts them when
a user's server needs the place. They cost money while they run, so mayday takes them back at a set time.
"""

from datetime import timedelta
from typing import Annotated

from bot.runbook import (
    Draft,
    Field,
    HubFacts,
    Part,
    Purpose,
    Scale,
    UnknownPart,
    Workload,
    runbook,
    scaled_by,
)

Count = Annotated[
    int, Field(ge=1, le=500, description="How many placeholders, one for each expected server.")
]
Duration = Annotated[
    timedelta,
    Field(
        ge=timedelta(minutes=10),
        le=timedelta(hours=24),
        description="How long, such as 2h. Then mayday takes them back.",
    ),
]

SUMMARY = (
    "Scale StatefulSet {name} from {found} to {count} placeholders until {until} UTC. mayday then scales it "
    "back to {found}, unless somebody changes it before."
)
NO_SET = (
    "There is no StatefulSet {name} in namespace {namespace}: enable scheduling.userPlaceholder in the "
    "chart, or set hubs[].placeholder."
)
ENOUGH = (
    "StatefulSet {name} already has {found} placeholders{by}. This runbook never takes any away."
)
TAKES_TIME = "A new node takes 3 to 15 minutes to start."
CALENDAR = (
    "If a controller sets the placeholders from a calendar, it takes these back within a minute. The plan "
    "waits 75 seconds to see that; then change the calendar's entry instead."
)


@runbook("Pre-warm nodes", purpose=Purpose.CAPACITY, needs={Part.WORKLOADS}, is_safe=True)
def pre_warm(facts: HubFacts, count: Count, duration: Duration = timedelta(hours=2)) -> Draft:
    """Adds placeholders, so that nodes start before users do. Takes them back at a set time."""
    workloads, name = facts.around.workloads, facts.place.placeholder
    found = placeholder(facts)
    if found is None and workloads.unknown:
        return Draft(undecided=(UnknownPart(part=Part.WORKLOADS, why=workloads.unknown),))
    if found is None:
        return Draft(nothing_to_do=NO_SET.format(name=name, namespace=facts.place.namespace))
    if found.replicas >= count:
        by = scaled_by(found)
        return Draft(nothing_to_do=ENOUGH.format(name=name, found=found.replicas, by=by))
    until = facts.read_at + duration
    return Draft(
        summary=SUMMARY.format(
            name=name, found=found.replicas, count=count, until=until.strftime("%Y-%m-%d %H:%M")
        ),
        steps=(
            Scale(
                name=name,
                uid=found.uid,
                found=found.replicas,
                replicas=count,
                until=until,
                by=facts.asked_by,
            ),
        ),
        cautions=(TAKES_TIME, CALENDAR),
    )


def placeholder(facts: HubFacts) -> Workload | None:
    """The StatefulSet of placeholders."""
    return next(
        (
            each
            for each in facts.around.workloads.items
            if (each.kind, each.name) == ("StatefulSet", facts.place.placeholder)
        ),
        None,
    )
