"""Roll a Deployment back to an earlier revision, and open the revert of what was merged.

It is right after ten minutes of fruitless debugging of what a deploy broke. A rollback without a commit comes
undone at the next deploy, so the pull request that reverts the merge belongs to it.
"""

from datetime import timedelta
from typing import Annotated

from bot.runbook import (
    Deployment,
    Draft,
    Field,
    HubFacts,
    LossKind,
    Merge,
    OpenRevert,
    Part,
    Purpose,
    ResyncRoutes,
    Revision,
    RollBack,
    UnknownPart,
    differences,
    fingerprint,
    losing,
    runbook,
)

Name = Annotated[
    str, Field(max_length=253, description="The Deployment, such as proxy. Empty means the hub's.")
]
Number = Annotated[
    int, Field(ge=0, description="The revision to go back to; 0 means the one before the current.")
]
DEPLOY_TAKES = timedelta(hours=3)
"""How long before a revision the merge that made it may be."""

SUMMARY = (
    "Roll Deployment {name} back from revision {current} ({since}) to revision {number}: {changes}."
)
NOT_THERE = "There is no Deployment {name} in namespace {namespace}. Its Deployments: {known}."
PAUSED = "Deployment {name} is paused: run kubectl rollout resume deployment {name} first."
NOT_OBSERVED = (
    "Deployment {name} was changed just now, and Kubernetes has not made a revision of it yet. Make a new "
    "plan in a few seconds."
)
NO_OTHER = "Deployment {name} has no earlier revision that Kubernetes still keeps."
NO_SUCH = "Deployment {name} has no revision {number}. It has {known}."
IS_CURRENT = "Deployment {name} is at revision {number} already."
SAME = "Revision {number} of Deployment {name} has the same template as the current one."
ROLLED_BACK = (
    "The current revision {current} of Deployment {name} is a rollback already: its template is that of an "
    "earlier revision ({history}). To go elsewhere, name the revision. It has {known}."
)
NO_CONFIGURATION = (
    "ConfigMaps and Secrets stay as they are. If the deploy changed the hub's configuration (its checksums "
    "differ), only a new deploy brings it back."
)
HUB_RESTARTS = (
    "The hub restarts: for about a minute nobody can log in or start a server. Running servers keep working. "
    "If the newer JupyterHub migrated the database, the older one may not start."
)
ONLY_LATEST = (
    "Revision {number} is more than one deploy back, and the pull request reverts only the latest merge. "
    "Revert the others by hand."
)
NO_MERGE = (
    "mayday doesn't know which merge made revision {current}{why}. Revert it by hand, or the next deploy "
    "brings it back."
)


@runbook(
    "Roll back a deploy",
    purpose=Purpose.DEPLOY,
    needs={Part.DEPLOYMENTS, Part.REVISIONS},
    wants={Part.MERGES},
)
def roll_back(facts: HubFacts, deployment: Name = "", revision: Number = 0) -> Draft:
    """Returns a Deployment to its previous revision, shows the difference, and opens the revert."""
    deployment = deployment or facts.place.hub_deployment
    found = next((each for each in facts.around.deployments.items if each.name == deployment), None)
    kept = sorted(
        (each for each in facts.around.revisions.items if each.deployment == deployment),
        key=lambda each: -each.number,
    )
    if why := facts.around.deployments.unknown or facts.around.revisions.unknown:
        return Draft(undecided=(UnknownPart(part=Part.REVISIONS, why=why),))
    if found is None:
        known = ", ".join(sorted(each.name for each in facts.around.deployments.items)[:20])
        place = facts.place.namespace
        why = NOT_THERE.format(name=deployment, namespace=place, known=known or "none")
        return Draft(nothing_to_do=why)
    if found.observed_generation < found.generation:
        why = NOT_OBSERVED.format(name=deployment)
        return Draft(undecided=(UnknownPart(part=Part.REVISIONS, why=why),))
    if why := reason_not_to(found, kept, revision):
        return Draft(nothing_to_do=why)
    current, target = kept[0], chosen(kept, revision)
    changes = differences(current.template, target.template)
    merge = deploying_merge(facts, current)
    is_proxy = deployment == facts.place.proxy
    connected = [row for row in facts.rows if row.is_ready] if is_proxy else []
    return Draft(
        summary=SUMMARY.format(
            name=deployment,
            current=current.number,
            since=f"{current.created_at:%Y-%m-%d %H:%M} UTC" if current.created_at else "?",
            number=target.number,
            changes="; ".join(changes),
        ),
        steps=(
            RollBack(
                deployment=deployment,
                generation=found.generation,
                current=current.number,
                number=target.number,
                template=fingerprint(target.template),
                at=facts.read_at.isoformat(),
                changes=changes,
            ),
            *((ResyncRoutes(looks=2),) if is_proxy else ()),
            *((OpenRevert.of(merge),) if merge else ()),
        ),
        losses=losing(LossKind.CONNECTION, connected, facts.read_at),
        cautions=(
            NO_CONFIGURATION,
            *((HUB_RESTARTS,) if deployment == facts.place.hub_deployment else ()),
            *((no_merge(facts, current),) if merge is None else ()),
            *((ONLY_LATEST.format(number=target.number),) if merge and target != kept[1] else ()),
        ),
    )


def reason_not_to(found: Deployment, kept: list[Revision], number: int) -> str:
    """Why a rollback would do nothing, or not what was meant; empty if there is no reason."""
    name = found.name
    if found.paused:
        return PAUSED.format(name=name)
    if not kept or (len(kept) == 1 and number in (0, kept[0].number)):
        return NO_OTHER.format(name=name)
    current, known = kept[0], ", ".join(str(each.number) for each in kept)
    if number == current.number:
        return IS_CURRENT.format(name=name, number=number)
    if not number and current.history:
        history = current.history
        return ROLLED_BACK.format(name=name, current=current.number, history=history, known=known)
    if number and all(each.number != number for each in kept):
        return NO_SUCH.format(name=name, number=number, known=known)
    target = chosen(kept, number)
    if fingerprint(target.template) == fingerprint(current.template):
        return SAME.format(name=name, number=target.number)
    return ""


def chosen(kept: list[Revision], number: int) -> Revision:
    """The revision to go back to."""
    return next(each for each in kept[1:] if number in (0, each.number))


def deploying_merge(facts: HubFacts, current: Revision) -> Merge | None:
    """The latest merge before the current revision, if it is near enough to have made it.

    No merge made a revision that is itself a rollback: it was created by an earlier deploy.
    """
    at = current.created_at
    if at is None or current.history:
        return None
    before = [
        each for each in facts.signs.merges.items if at - DEPLOY_TAKES <= each.merged_at <= at
    ]
    return max(before, key=lambda each: each.merged_at, default=None)


def no_merge(facts: HubFacts, current: Revision) -> str:
    """That no revert can be opened, and why."""
    unknown = facts.signs.merges.unknown
    return NO_MERGE.format(
        current=current.number, why=f" ({unknown.rstrip('.')})" if unknown else ""
    )
