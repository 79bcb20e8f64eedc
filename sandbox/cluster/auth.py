"""Authenticates bearer tokens and authorizes requests by a rule per token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.cluster.errors import StatusError


@dataclass(frozen=True, kw_only=True)
class Attributes:
    """A request's RBAC attributes; `resource` has its subresource after a slash."""

    verb: str
    group: str
    resource: str
    namespace: str
    name: str


# All users may review their own access: ClusterRole `system:basic-user`.
_ASKING = Attributes(
    verb="create",
    group="authorization.k8s.io",
    resource="selfsubjectaccessreviews",
    namespace="",
    name="",
)

Rule = Callable[[Attributes], bool]


def anything(_attributes: Attributes) -> bool:
    """The rule of a cluster admin."""
    return True


class Tokens:
    """The bearer tokens that the double knows."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, Rule]] = {}

    def add(self, token: str, user: str, rule: Rule = anything) -> None:
        """Let `token` act as `user` within `rule`; a known token gets the new rule."""
        self._known[token] = (user, rule)

    def restrict(self, user: str, rule: Rule) -> None:
        """Replace the rule of a user's tokens."""
        for token, (known, _) in list(self._known.items()):
            if known == user:
                self._known[token] = (known, rule)

    def check(self, authorization: str, wanted: Attributes) -> None:
        """Raise StatusError 401 for an unknown token and 403 if its rule denies it.

        A request without a token is ``system:anonymous``, with no permissions.
        """
        user, rule = self._who(authorization)
        if rule(wanted) or (wanted == _ASKING and authorization):
            return
        plural = wanted.resource.partition("/")[0]
        what = f"{plural}.{wanted.group}" if wanted.group else plural
        name = f' "{wanted.name}"' if wanted.name else ""
        where = (
            f'in the namespace "{wanted.namespace}"' if wanted.namespace else "at the cluster scope"
        )
        message = (
            f'{what}{name} is forbidden: User "{user}" cannot {wanted.verb} resource '
            f'"{wanted.resource}" in API group "{wanted.group}" {where}'
        )
        details = {"name": wanted.name, "group": wanted.group, "kind": plural}
        details = {field: value for field, value in details.items() if value}
        raise StatusError(403, "Forbidden", message, details)

    def allows(self, authorization: str, wanted: Attributes) -> bool:
        """Whether a token's rule allows it. Raises StatusError as `check` does."""
        self.check(authorization, _ASKING)
        _, rule = self._who(authorization)
        return rule(wanted)

    def _who(self, authorization: str) -> tuple[str, Rule]:
        if not authorization:
            return "system:anonymous", lambda _wanted: False
        scheme, _, token = authorization.partition(" ")
        known = self._known.get(token) if scheme.lower() == "bearer" else None
        if known is None:
            raise StatusError(401, "Unauthorized", "Unauthorized")
        return known
