"""Routes requests to API responses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.cluster import selectors
from sandbox.cluster import watch as watching
from sandbox.cluster.auth import Attributes, Tokens
from sandbox.cluster.errors import StatusError, bad_request
from sandbox.cluster.resources import POD_METRICS, PODS, Place, Resource, place_of
from sandbox.cluster.storage import Obj, Storage
from sandbox.cluster.verbs import Verbs, scale_of

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_SUCCESS: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """One parsed HTTP request."""

    method: str
    path: str
    params: Mapping[str, str]
    authorization: str
    content_type: str
    body: Any


@dataclass(frozen=True, kw_only=True)
class Response:
    """A response: JSON, text, or a stream of lines."""

    code: int = 200
    json: Obj | None = None
    text: str | None = None
    stream: Iterator[bytes] | None = None


class Routes:
    """The API's paths. `logs` gives the log of a pod: (pod, parameters) → text."""

    def __init__(
        self,
        storage: Storage,
        verbs: Verbs,
        tokens: Tokens,
        logs: Callable[[Obj, Mapping[str, str]], str],
    ) -> None:
        self._storage = storage
        self._verbs = verbs
        self._tokens = tokens
        self._logs = logs

    def answer(self, request: Request) -> Response:
        """Answer one request. Raises StatusError on every error."""
        if request.path == "/version":
            return Response(json={"major": "1", "minor": "24", "gitVersion": "v1.24.0"})
        if request.path in ("/healthz", "/readyz", "/livez"):
            return Response(text="ok")
        if (request.method, request.path) == ("POST", _REVIEWS):
            return self._review(request)
        place = place_of(request.path)
        if place is None:
            raise _no_such_path()
        # As Go clients parse it: all but 0 and false is true.
        watch = request.params.get("watch", "0").lower() not in ("0", "false")
        verb = place.verb(request.method, watch=watch)
        if verb is None:
            message = "the server does not allow this method on the requested resource"
            raise StatusError(405, "MethodNotAllowed", message)
        sub = f"/{place.sub}" if place.sub else ""
        wanted = Attributes(
            verb=verb,
            group=place.resource.group,
            resource=place.resource.plural + sub,
            namespace=place.namespace or "",
            name=place.name,
        )
        self._tokens.check(request.authorization, wanted)
        if place.sub:
            return self._subresource(request, place)
        if verb == "watch":
            return Response(stream=self._watch(request, place))
        if (
            verb == "list"
            and place.resource == POD_METRICS
            and not self._storage.objects(POD_METRICS)
        ):
            # Nobody has written what a metrics-server measures, so there is none.
            return Response(code=404, text="404 page not found\n")
        if verb == "list":
            return Response(json=self._list(request, place))
        return self._object(request, place)

    def _review(self, request: Request) -> Response:
        """Evaluate the token's rule; nothing is stored."""
        spec = (request.body or {}).get("spec") or {}
        asked = spec.get("resourceAttributes") or {}
        sub = f"/{asked['subresource']}" if asked.get("subresource") else ""
        wanted = Attributes(
            verb=asked.get("verb", ""),
            group=asked.get("group", ""),
            resource=asked.get("resource", "") + sub,
            namespace=asked.get("namespace", ""),
            name=asked.get("name", ""),
        )
        review = {
            "kind": "SelfSubjectAccessReview",
            "apiVersion": "authorization.k8s.io/v1",
            "metadata": {"creationTimestamp": None},
            "spec": spec,
            "status": {"allowed": self._tokens.allows(request.authorization, wanted)},
        }
        return Response(code=201, json=review)

    # -- one object --------------------------------------------------------------------------

    def _object(self, request: Request, place: Place) -> Response:
        where = place.resource, place.namespace or "", place.name
        match request.method:
            case "GET":
                return Response(json=self._storage.get(*where))
            case "POST":
                return Response(code=201, json=self._verbs.create(*where[:2], request.body))
            case "PATCH":
                patched = self._verbs.patch(*where, request.content_type, request.body)
                return Response(json=patched)
        deleted = self._verbs.delete(*where, _delete_options(request))
        if place.resource == PODS or deleted["metadata"].get("deletionTimestamp"):
            return Response(json=deleted)
        details = {"name": place.name, "kind": place.resource.plural}
        details["uid"] = deleted["metadata"]["uid"]
        return Response(json=_SUCCESS | {"details": details})

    def _subresource(self, request: Request, place: Place) -> Response:
        where = place.resource, place.namespace or "", place.name
        resource, namespace, name = where
        body = request.body or {}
        match (request.method, place.sub):
            case ("GET", "log") if resource == PODS:
                return Response(text=self._logs(self._storage.get(*where), request.params))
            case ("POST", "eviction") if resource == PODS:
                self._verbs.evict(namespace, name, body)
                return Response(code=201, json=_SUCCESS | {"code": 201})
            case ("POST", "binding") if resource == PODS:
                self._verbs.bind(namespace, name, body["target"]["name"])
                return Response(code=201, json=_SUCCESS | {"code": 201})
            case ("GET", "status") if resource.status:
                return Response(json=self._storage.get(*where))
            case ("PATCH", "status") if resource.status:
                content_type = request.content_type
                return Response(json=self._verbs.patch(*where, content_type, body, status=True))
            case ("GET", "scale") if resource.workload:
                return Response(json=scale_of(self._storage.get(*where)))
            case ("PATCH", "scale") if resource.workload:
                patched = self._verbs.patch(*where, request.content_type, request.body)
                return Response(json=scale_of(patched))
        raise _no_such_path()

    # -- many objects ------------------------------------------------------------------------

    def _list(self, request: Request, place: Place) -> Obj:
        params = request.params
        matches = _matcher(place.resource, params)
        if token := params.get("continue"):
            found, version = self._storage.page(token)
        else:
            with self._storage.transaction():
                version = self._storage.version
                found = self._storage.objects(place.resource, place.namespace)
            found = [obj for obj in found if matches(obj)]
        meta: Obj = {"resourceVersion": str(version)}
        limit = _number(params, "limit") or 0
        if 0 < limit < len(found):
            found, rest = found[:limit], found[limit:]
            meta["continue"] = self._storage.keep_page(rest, version)
            if not (params.get("labelSelector") or params.get("fieldSelector")):
                # A real server omits the count when a selector is set.
                meta["remainingItemCount"] = len(rest)
        return {
            "kind": f"{place.resource.kind}List",
            "apiVersion": place.resource.api_version,
            "metadata": meta,
            # Only the list states the kind of its items.
            "items": [
                {name: value for name, value in obj.items() if name not in ("kind", "apiVersion")}
                for obj in found
            ],
        }

    def _watch(self, request: Request, place: Place) -> Iterator[bytes]:
        params = request.params
        version = _number(params, "resourceVersion")
        return watching.lines(
            self._storage,
            watching.Watch(
                resource=place.resource,
                namespace=place.namespace,
                matches=_matcher(place.resource, params, place.name),
                after=version or None,
                timeout=_number(params, "timeoutSeconds"),
                bookmarks=params.get("allowWatchBookmarks", "").lower() in ("1", "true"),
            ),
        )


def _matcher(
    resource: Resource, params: Mapping[str, str], name: str = ""
) -> Callable[[Obj], bool]:
    labels = selectors.label_selector(params.get("labelSelector", ""))
    fields = selectors.field_selector(resource, params.get("fieldSelector", ""))
    return lambda obj: (
        name in ("", obj["metadata"]["name"])
        and labels(obj["metadata"].get("labels") or {})
        and fields(obj)
    )


def _delete_options(request: Request) -> Obj:
    grace = _number(request.params, "gracePeriodSeconds")
    options: Obj = {} if grace is None else {"gracePeriodSeconds": grace}
    return options | {
        field: value for field, value in (request.body or {}).items() if value is not None
    }


def _number(params: Mapping[str, str], name: str) -> int | None:
    """A parameter as a whole number, None if it is not given. Raises StatusError 400."""
    value = params.get(name)
    try:
        return int(value) if value else None
    except ValueError as exc:
        raise bad_request(f'strconv.ParseInt: parsing "{value}": invalid syntax') from exc


def _no_such_path() -> StatusError:
    return StatusError(404, "NotFound", "the server could not find the requested resource", {})
