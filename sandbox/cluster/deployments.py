"""The deployment controller: replica sets by template, pods by replica set, status by both."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json

from sandbox.cluster.errors import StatusError
from sandbox.cluster.journal import Journal
from sandbox.cluster.resources import DEPLOYMENTS, PODS, REPLICA_SETS
from sandbox.cluster.status import condition, is_going, is_over, owned_by, set_condition
from sandbox.cluster.storage import Obj, Storage
from sandbox.cluster.verbs import Verbs

_HASH_LABEL = "pod-template-hash"
_REVISION = "deployment.kubernetes.io/revision"
_HISTORY = "deployment.kubernetes.io/revision-history"
_COMPONENT, _REPLICAS = "deployment-controller", "replicaset-controller"


class DeploymentController:
    """Makes the pods match the deployments."""

    def __init__(self, storage: Storage, verbs: Verbs, journal: Journal) -> None:
        self._storage = storage
        self._verbs = verbs
        self._journal = journal

    def reconcile(self) -> None:
        """Reconcile all deployments."""
        pods = self._storage.objects(PODS)
        sets = self._storage.objects(REPLICA_SETS)
        for deployment in self._storage.objects(DEPLOYMENTS):
            if is_going(deployment):
                continue
            owned = [s for s in sets if owned_by(s, deployment)]
            # The next round resolves conflicts; every change triggers one.
            with contextlib.suppress(StatusError):
                self._reconcile(deployment, owned, pods)

    def _reconcile(self, deployment: Obj, sets: list[Obj], pods: list[Obj]) -> None:
        current = self._current_set(deployment, sets)
        older = [s for s in sets if s["metadata"]["uid"] != current["metadata"]["uid"]]
        old_pods = [p for p in pods if any(owned_by(p, s) for s in older)]
        new_pods = [p for p in pods if owned_by(p, current)]
        wanted = deployment["spec"]["replicas"]
        live = [p for p in new_pods if not is_over(p) and not is_going(p)]
        old_live = [p for p in old_pods if not is_over(p)]
        recreate = deployment["spec"]["strategy"]["type"] == "Recreate"
        # Rolling: delete an old pod when all new ones are ready; recreating: delete first.
        if recreate or sum(condition(p, "Ready") for p in live) >= wanted:
            for pod in old_live:
                if not is_going(pod):
                    self._delete(deployment, pod)
        if not recreate or not old_live:
            for _ in range(wanted - len(live)):
                self._create(deployment, current)
        surplus = sorted(live, key=lambda pod: condition(pod, "Ready"))[
            : max(0, len(live) - wanted)
        ]
        for pod in surplus:
            self._delete(deployment, pod)
        for replica_set in older:
            self._set_status(replica_set, old_pods, 0)
        self._set_status(current, new_pods, 0 if recreate and old_live else wanted)
        self._report(deployment, current, [p for p in old_live if not is_going(p)], live)

    def _current_set(self, deployment: Obj, sets: list[Obj]) -> Obj:
        template = deployment["spec"]["template"]
        digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]
        for replica_set in sets:
            if replica_set["metadata"]["labels"].get(_HASH_LABEL) == digest:
                return self._latest(replica_set, sets)
        revision = 1 + max((_revision(s) for s in sets), default=0)
        template = copy.deepcopy(template)
        labels = template.setdefault("metadata", {}).setdefault("labels", {})
        labels[_HASH_LABEL] = digest
        selector = copy.deepcopy(deployment["spec"]["selector"])
        selector.setdefault("matchLabels", {})[_HASH_LABEL] = digest
        name = f"{deployment['metadata']['name']}-{digest}"
        meta = {
            "name": name,
            "labels": dict(labels),
            "annotations": {_REVISION: str(revision)},
            "ownerReferences": [_owner(deployment)],
        }
        spec = {
            "replicas": deployment["spec"]["replicas"],
            "selector": selector,
            "template": template,
        }
        namespace = deployment["metadata"]["namespace"]
        created = self._verbs.create(REPLICA_SETS, namespace, {"metadata": meta, "spec": spec})
        message = f"Scaled up replica set {name} to {deployment['spec']['replicas']}"
        self._journal.write(deployment, "ScalingReplicaSet", message, component=_COMPONENT)
        return created

    def _latest(self, replica_set: Obj, sets: list[Obj]) -> Obj:
        """Give a replica set that is used again the next number, and keep the one that it had."""
        last = max(map(_revision, sets))
        if _revision(replica_set) == last:
            return replica_set

        def renumber(obj: Obj) -> None:
            notes = obj["metadata"]["annotations"]
            had = [*filter(None, [notes.get(_HISTORY)]), notes[_REVISION]]
            notes |= {_HISTORY: ",".join(had), _REVISION: str(last + 1)}

        meta = replica_set["metadata"]
        changed = self._storage.mutate(REPLICA_SETS, meta["namespace"], meta["name"], renumber)
        return changed or replica_set

    def _create(self, deployment: Obj, replica_set: Obj) -> None:
        template = copy.deepcopy(replica_set["spec"]["template"])
        meta = template["metadata"] | {
            "generateName": f"{replica_set['metadata']['name']}-",
            "ownerReferences": [_owner(replica_set)],
        }
        body = {"metadata": meta, "spec": template["spec"]}
        pod = self._verbs.create(PODS, deployment["metadata"]["namespace"], body)
        message = f"Created pod: {pod['metadata']['name']}"
        self._journal.write(replica_set, "SuccessfulCreate", message, component=_REPLICAS)

    def _delete(self, deployment: Obj, pod: Obj) -> None:
        meta = pod["metadata"]
        options = {"preconditions": {"uid": meta["uid"]}}
        self._verbs.delete(PODS, meta["namespace"], meta["name"], options)
        message = f"Deleted pod: {meta['name']}"
        self._journal.write(deployment, "SuccessfulDelete", message, component=_REPLICAS)

    def _set_status(self, replica_set: Obj, pods: list[Obj], wanted: int) -> None:
        mine = [p for p in pods if owned_by(p, replica_set) and not is_over(p)]
        ready = sum(condition(p, "Ready") for p in mine)

        def write(obj: Obj) -> None:
            obj["spec"]["replicas"] = wanted
            obj["status"] = {
                "replicas": len(mine),
                "fullyLabeledReplicas": len(mine),
                "readyReplicas": ready,
                "availableReplicas": ready,
                "observedGeneration": obj["metadata"]["generation"],
            }

        meta = replica_set["metadata"]
        self._storage.mutate(REPLICA_SETS, meta["namespace"], meta["name"], write)

    def _report(self, deployment: Obj, current: Obj, old: list[Obj], new: list[Obj]) -> None:
        wanted = deployment["spec"]["replicas"]
        ready = sum(condition(p, "Ready") for p in (*old, *new))
        done = len(new) == wanted and not old and ready >= wanted
        meta = deployment["metadata"]

        def write(obj: Obj) -> None:
            notes = obj["metadata"].setdefault("annotations", {})
            notes[_REVISION] = str(_revision(current))
            counts = {
                "replicas": len(old) + len(new),
                "updatedReplicas": len(new),
                "readyReplicas": ready,
                "availableReplicas": ready,
                "unavailableReplicas": max(0, wanted - ready),
            }
            # The API omits zero values.
            said = {name: count for name, count in counts.items() if count}
            conditions = obj["status"].get("conditions") or []
            obj["status"] = {"observedGeneration": meta["generation"], **said}
            obj["status"]["conditions"] = conditions
            enough, has = ready >= wanted, "has" if ready >= wanted else "does not have"
            reason = f"MinimumReplicas{'Available' if enough else 'Unavailable'}"
            set_condition(
                obj, "Available", enough, reason, f"Deployment {has} minimum availability."
            )
            message = f'ReplicaSet "{current["metadata"]["name"]}" is progressing.'
            words = ("ReplicaSetUpdated", message)
            if done:
                message = message.replace("is progressing", "has successfully progressed")
                words = ("NewReplicaSetAvailable", message)
            set_condition(obj, "Progressing", True, *words)

        self._storage.mutate(DEPLOYMENTS, meta["namespace"], meta["name"], write)


def _revision(replica_set: Obj) -> int:
    return int((replica_set["metadata"].get("annotations") or {}).get(_REVISION, "0"))


def _owner(obj: Obj) -> Obj:
    return {
        "apiVersion": obj["apiVersion"],
        "kind": obj["kind"],
        "name": obj["metadata"]["name"],
        "uid": obj["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
