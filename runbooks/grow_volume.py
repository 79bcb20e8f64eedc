"""Grow a volume that is full, such as the hub's database or a shared home directory.

Kubernetes can grow a claim if its StorageClass allows that, and can never make one smaller.
"""

from typing import Annotated

from bot.runbook import (
    Claim,
    Draft,
    Field,
    GrowVolume,
    HubFacts,
    Part,
    Purpose,
    UnknownPart,
    bytes_of,
    runbook,
    size_of,
)

ClaimName = Annotated[
    str, Field(max_length=253, description="The PersistentVolumeClaim, such as hub-db-dir.")
]
Size = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{1,9}(\.[0-9]{1,3})?(Mi|Gi|Ti)$", description="The new size, such as 20Gi."
    ),
]

SUMMARY = "Grow claim {claim} from {found} to {size}. It can't be made smaller again."
NOT_THERE = "There is no claim {claim} in namespace {namespace}. Its claims: {known}."
NOT_BIGGER = "Claim {claim} already requests {found}. A volume can't be made smaller than that."
NOT_BOUND = "Claim {claim} is {phase}: it has no volume to grow."
NO_EXPANSION = (
    "The StorageClass {kind} of claim {claim} doesn't allow expansion: copy the data to a new claim, or ask "
    "the cluster's admins to set allowVolumeExpansion."
)
NO_CLASS = "Claim {claim} has no StorageClass, so its volume can't be grown by Kubernetes."
CLASS_UNKNOWN = (
    "mayday can't tell whether the StorageClass {kind} of claim {claim} allows expansion. Let it list "
    "StorageClasses."
)
SIZE_UNKNOWN = "mayday can't tell how much claim {claim} requests now."
TOO_MUCH = (
    "{size} is more than {most} times the {found} that claim {claim} requests now, and it can't be made "
    "smaller again. If you mean it, grow it in several steps."
)
MOST = 100
MUCH = "That is {times} times as much as now. Most clouds bill for it from the first day."


@runbook("Grow a volume", purpose=Purpose.CAPACITY, needs={Part.CLAIMS})
def grow_volume(facts: HubFacts, claim: ClaimName, size: Size) -> Draft:
    """Makes a volume larger, where its StorageClass allows that. It can't be made smaller again."""
    claims = facts.around.claims
    found = next((each for each in claims.items if each.name == claim), None)
    if found is None and claims.unknown:
        return undecided(claims.unknown)
    if found is None:
        known = ", ".join(sorted(each.name for each in claims.items)[:20])
        place = facts.place.namespace
        why = NOT_THERE.format(claim=claim, namespace=place, known=known or "none")
        return Draft(nothing_to_do=why)
    wanted = bytes_of(size)
    if found.requested is None or wanted is None:
        return undecided(SIZE_UNKNOWN.format(claim=claim))
    if wanted <= found.requested:
        now = size_of(found.requested)
        return Draft(nothing_to_do=NOT_BIGGER.format(claim=claim, found=now))
    if why := cannot_grow(found):
        return Draft(nothing_to_do=why)
    if found.can_grow is None:
        return undecided(CLASS_UNKNOWN.format(claim=claim, kind=found.storage_class))
    times = wanted // max(found.requested, 1)
    if times > MOST:
        now, new = size_of(found.requested), size_of(wanted)
        why = TOO_MUCH.format(size=new, most=MOST, found=now, claim=claim)
        return Draft(nothing_to_do=why)
    return Draft(
        summary=SUMMARY.format(claim=claim, found=size_of(found.requested), size=size_of(wanted)),
        steps=(GrowVolume(claim=claim, uid=found.uid, found=found.requested, size=wanted),),
        cautions=(MUCH.format(times=times),) if times >= 3 else (),
    )


def cannot_grow(found: Claim) -> str:
    """Why this claim can't be grown at all; empty if nothing forbids it."""
    if not found.storage_class:
        return NO_CLASS.format(claim=found.name)
    if found.can_grow is False:
        return NO_EXPANSION.format(claim=found.name, kind=found.storage_class)
    if found.phase != "Bound":
        return NOT_BOUND.format(claim=found.name, phase=found.phase or "without a phase")
    return ""


def undecided(why: str) -> Draft:
    """A draft that must know more first."""
    return Draft(undecided=(UnknownPart(part=Part.CLAIMS, why=why),))
