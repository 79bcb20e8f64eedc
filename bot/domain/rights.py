"""What a step needs mayday to be allowed: scopes of the hub's token, and permissions of the cluster's Role.

Each kind of step names its own rights. They are values, not a list kept here, so that a new kind of step
brings its rights along.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Scope:
    """A scope of the hub's token, such as ``delete:servers``.

    ``earlier`` is the scope that a hub before JupyterHub 6 has instead; empty if the name is the same.
    """

    name: str
    earlier: str = ""

    def is_in(self, scopes: Collection[str]) -> bool:
        """Return whether a token with these scopes has it."""
        return self.name in scopes or (bool(self.earlier) and self.earlier in scopes)

    def __str__(self) -> str:
        return self.name


CLUSTER_WIDE = frozenset({"nodes", "storageclasses"})
"""The kinds of object that belong to no namespace. A ClusterRole grants permissions on them."""


@dataclass(frozen=True, kw_only=True)
class Permission:
    """A verb on a kind of object, in the hub's namespace if it has one, as an RBAC rule has it.

    ``name`` keeps it to one object; empty for every object of the kind.
    """

    verb: str
    resource: str
    group: str = ""
    name: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}"

    @property
    def is_cluster_wide(self) -> bool:
        """Whether its objects belong to no namespace."""
        return self.resource in CLUSTER_WIDE


Right = Scope | Permission
