"""From a request's path and method to the place in the API and the verb that it means."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.cluster import resources
from sandbox.cluster.errors import StatusError
from sandbox.cluster.resources import Resource

_PATH = re.compile(
    r"^/(?:api/(?P<core>v1)|apis/(?P<group>[a-z0-9.]+)/(?P<version>v[a-z0-9]+))"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/))?"
    r"/(?P<plural>[a-z]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>[a-z]+))?$"
)
_NAMESPACE = re.compile(r"^/api/v1/namespaces(?:/(?P<name>[^/]+))?(?:/(?P<sub>status))?$")

_VERB_OF = {"POST": "create", "PUT": "update", "PATCH": "patch"}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A resource, in a namespace or in all of them; one object of it, or one part of that object."""

    resource: Resource
    namespace: str | None
    name: str
    sub: str


def place_of(path: str) -> Place:
    """The place of a path. Raises StatusError 404."""
    if match := _NAMESPACE.match(path):
        return Place(
            resource=resources.NAMESPACES,
            namespace=None,
            name=match["name"] or "",
            sub=match["sub"] or "",
        )
    match = _PATH.match(path)
    if match is None:
        raise no_such_path()
    found = resources.find(match["group"] or "", match["version"] or match["core"], match["plural"])
    if found is None or found.namespaced < bool(match["namespace"]):
        raise no_such_path()
    return Place(
        resource=found,
        namespace=match["namespace"],
        name=match["name"] or "",
        sub=match["sub"] or "",
    )


def verb_of(method: str, place: Place, *, watch: bool) -> str:
    """The verb in RBAC's words. Raises StatusError 405."""
    if method == "GET":
        if watch:
            return "watch"
        return "get" if place.name else "list"
    if method == "DELETE" and not place.sub:
        return "delete" if place.name else "deletecollection"
    if method not in _VERB_OF or bool(place.name) is (method == "POST" and not place.sub):
        raise _not_allowed()
    if place.resource.namespaced and place.namespace is None:
        raise _not_allowed()
    return _VERB_OF[method]


def _not_allowed() -> StatusError:
    message = "the server does not allow this method on the requested resource"
    return StatusError(405, "MethodNotAllowed", message)


def no_such_path() -> StatusError:
    """404: the API has no such path."""
    return StatusError(404, "NotFound", "the server could not find the requested resource", {})
