"""A Kubernetes API on loopback whose pods are local processes, for practice and tests."""

from sandbox.cluster.containers import Command, Image
from sandbox.cluster.double import ClusterDouble

__all__ = ["ClusterDouble", "Command", "Image"]
