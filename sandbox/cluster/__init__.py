"""A Kubernetes API on loopback whose pods are local processes, to practise and test against."""

from sandbox.cluster.containers import Command, Image
from sandbox.cluster.double import ClusterDouble

__all__ = ["ClusterDouble", "Command", "Image"]
