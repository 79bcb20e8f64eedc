"""The Kubernetes adapter: one cluster, as typed verbs."""

from __future__ import annotations

from bot.adapters.kubernetes_changes import Changes
from bot.adapters.kubernetes_reads import Reads
from bot.adapters.kubernetes_writes import Writes


class KubernetesCluster(Reads, Writes, Changes):
    """One cluster. :class:`bot.adapters.kubernetes_api.KubernetesApi` has its parameters."""
