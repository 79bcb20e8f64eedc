"""From a request to what the API answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.cluster import selectors
from sandbox.cluster import watch as watching
from sandbox.cluster.auth import Attributes, Tokens
from sandbox.cluster.errors import bad_request
from sandbox.cluster.parameters import is_true, number
from sandbox.cluster.patches import apply_patch
from sandbox.cluster.paths import Place, no_such_path, place_of, verb_of
from sandbox.cluster.resources import PODS, Resource
from sandbox.cluster.storage import Obj, Storage
from sandbox.cluster.validation import check_choice, check_form
from sandbox.cluster.verbs import Verbs

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
# What a release between 1.22 and 1.24 takes; before it only the second, after it only the first.
EVICTIONS = {"policy/v1", "policy/v1beta1"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request, taken apart."""

    method: str
    path: str
    params: Mapping[str, str]
    authorization: str
    content_type: str
    body: Any


@dataclass(frozen=True, kw_only=True)
class Response:
    """What goes back: JSON, or text, or a stream of lines."""

    code: int = 200
    json: Obj | None = None
    text: str | None = None
    stream: Iterator[bytes] | None = None


class Routes:
    """The API's paths. `logs` gives the log of a pod: (pod, container, parameters) → text."""

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
        """Answer one request. Raises StatusError for every refusal."""
        if request.path == "/version":
            return Response(json={"major": "1", "minor": "24", "gitVersion": "v1.24.0"})
        if request.path in ("/healthz", "/readyz", "/livez"):
            return Response(text="ok")
        if (request.method, request.path) == ("POST", _REVIEWS):
            return self._review(request)
        place = place_of(request.path)
        watch = is_true(request.params.get("watch"))
        verb = verb_of(request.method, place, watch=watch)
        sub = f"/{place.sub}" if place.sub else ""
        wanted = Attributes(
            verb=verb,
            group=place.resource.group,
            resource=place.resource.plural + sub,
            namespace=place.namespace or "",
            name=place.name,
        )
        self._tokens.check(request.authorization, wanted)
        if request.method != "GET" and _is_dry(request):
            with self._storage.rehearsal():
                return self._carry_out(request, place, verb)
        return self._carry_out(request, place, verb)

    def _review(self, request: Request) -> Response:
        """What the asker's rule says; nothing is stored."""
        check_form(
            request.body, kind="SelfSubjectAccessReview", versions={"authorization.k8s.io/v1"}
        )
        spec = request.body.get("spec") or {}
        asked = spec.get("resourceAttributes") or {}
        sub = f"/{asked['subresource']}" if asked.get("subresource") else ""
        wanted = Attributes(
            verb=asked.get("verb", ""),
            group=asked.get("group", ""),
            resource=asked.get("resource", "") + sub,
            namespace=asked.get("namespace", ""),
            name=asked.get("name", ""),
        )
        status = {"allowed": self._tokens.allows(request.authorization, wanted)}
        kind = {"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1"}
        review = kind | {"metadata": {"creationTimestamp": None}, "spec": spec, "status": status}
        return Response(code=201, json=review)

    def _carry_out(self, request: Request, place: Place, verb: str) -> Response:
        if place.sub:
            return self._subresource(request, place)
        if verb == "watch":
            return Response(stream=self._watch(request, place))
        if verb == "list":
            return Response(json=self._list(request, place))
        if verb == "deletecollection":
            return Response(json=self._delete_all(request, place))
        return self._object(request, place)

    # -- one object --------------------------------------------------------------------------

    def _object(self, request: Request, place: Place) -> Response:
        resource, namespace, name = place.resource, place.namespace or "", place.name
        if request.method == "GET":
            return Response(json=self._storage.get(resource, namespace, name))
        if request.method == "POST":
            return Response(code=201, json=self._verbs.create(resource, namespace, request.body))
        if request.method == "PUT":
            return Response(json=self._verbs.replace(resource, namespace, name, request.body))
        if request.method == "PATCH":
            patched = self._verbs.patch(
                resource, namespace, name, request.content_type, request.body
            )
            return Response(json=patched)
        deleted = self._verbs.delete(resource, namespace, name, _delete_options(request))
        if resource == PODS or deleted["metadata"].get("deletionTimestamp"):
            return Response(json=deleted)
        details = {"name": name, "kind": resource.plural, "uid": deleted["metadata"]["uid"]}
        return Response(json=_success(details))

    def _subresource(self, request: Request, place: Place) -> Response:
        resource, namespace, name = place.resource, place.namespace or "", place.name
        method, sub = request.method, place.sub
        if sub == "log" and resource == PODS and method == "GET":
            pod = self._storage.get(PODS, namespace, name)
            return Response(text=self._logs(pod, request.params))
        if sub == "eviction" and resource == PODS and method == "POST":
            check_form(request.body, kind="Eviction", versions=EVICTIONS)
            self._verbs.evict(namespace, name, request.body)
            return Response(code=201, json=_success(None) | {"code": 201})
        if sub == "binding" and resource == PODS and method == "POST":
            check_form(request.body, kind="Binding", versions={"v1"})
            self._verbs.bind(namespace, name, (request.body.get("target") or {}).get("name", ""))
            return Response(code=201, json=_success(None) | {"code": 201})
        if sub == "status" and resource.status:
            if method == "GET":
                return Response(json=self._storage.get(resource, namespace, name))
            if method == "PUT":
                stored = self._verbs.replace(resource, namespace, name, request.body, status=True)
                return Response(json=stored)
            if method == "PATCH":
                content_type = request.content_type
                patched = self._verbs.patch(
                    resource, namespace, name, content_type, request.body, status=True
                )
                return Response(json=patched)
        if sub == "scale" and resource.scale:
            if method == "GET":
                return Response(json=self._verbs.scale(resource, namespace, name))
            if method == "PUT":
                scaled = self._verbs.set_scale(resource, namespace, name, lambda _: request.body)
                return Response(json=scaled)
            if method == "PATCH":
                scaled = self._verbs.set_scale(
                    resource,
                    namespace,
                    name,
                    lambda scale: apply_patch(request.content_type, scale, request.body),
                )
                return Response(json=scaled)
        raise no_such_path()

    # -- many objects ------------------------------------------------------------------------

    def _list(self, request: Request, place: Place) -> Obj:
        params = request.params
        number(params, "timeoutSeconds")
        matches = _matcher(place.resource, params)
        if token := params.get("continue"):
            found, version = self._storage.page(token)
        else:
            with self._storage.transaction():
                version = self._storage.version
                found = self._storage.objects(place.resource, place.namespace)
            found = [obj for obj in found if matches(obj)]
        meta: Obj = {"resourceVersion": str(version)}
        limit = number(params, "limit") or 0
        if 0 < limit < len(found):
            found, rest = found[:limit], found[limit:]
            meta |= {
                "continue": self._storage.keep_page(rest, version),
                "remainingItemCount": len(rest),
            }
            if params.get("labelSelector") or params.get("fieldSelector"):
                # A real server does not count what a selector would still let through.
                del meta["remainingItemCount"]
        return {
            "kind": f"{place.resource.kind}List",
            "apiVersion": place.resource.api_version,
            "metadata": meta,
            # Only the list says of what kind its items are.
            "items": [
                {name: value for name, value in obj.items() if name not in ("kind", "apiVersion")}
                for obj in found
            ],
        }

    def _delete_all(self, request: Request, place: Place) -> Obj:
        listed = self._list(request, place)
        for obj in listed["items"]:
            meta = obj["metadata"]
            options = _delete_options(request) | {"preconditions": {"uid": meta["uid"]}}
            self._verbs.delete(place.resource, meta.get("namespace", ""), meta["name"], options)
        return listed

    def _watch(self, request: Request, place: Place) -> Iterator[bytes]:
        version = request.params.get("resourceVersion", "")
        if version and not version.isdigit():
            raise bad_request(f'invalid resource version "{version}"')
        matches = _matcher(place.resource, request.params)
        if place.name:
            name = place.name
            matches = _both(matches, lambda obj: obj["metadata"]["name"] == name)
        return watching.lines(
            self._storage,
            watching.Watch(
                resource=place.resource,
                namespace=place.namespace,
                matches=matches,
                after=int(version) if version not in ("", "0") else None,
                timeout=number(request.params, "timeoutSeconds"),
                bookmarks=is_true(request.params.get("allowWatchBookmarks")),
            ),
        )


def _both(one: Callable[[Obj], bool], other: Callable[[Obj], bool]) -> Callable[[Obj], bool]:
    return lambda obj: one(obj) and other(obj)


def _matcher(resource: Resource, params: Mapping[str, str]) -> Callable[[Obj], bool]:
    labels = selectors.label_selector(params.get("labelSelector", ""))
    fields = selectors.field_selector(resource.kind, params.get("fieldSelector", ""))
    return lambda obj: labels(obj["metadata"].get("labels") or {}) and fields(obj)


def _delete_options(request: Request) -> Obj:
    options: Obj = dict(request.body or {})
    grace = number(request.params, "gracePeriodSeconds")
    if grace is not None and options.get("gracePeriodSeconds") is None:
        options["gracePeriodSeconds"] = grace
    if policy := request.params.get("propagationPolicy"):
        options.setdefault("propagationPolicy", policy)
    check_choice(
        "DeleteOptions",
        "propagationPolicy",
        options.get("propagationPolicy"),
        ("Foreground", "Background", "Orphan"),
    )
    return options


def _is_dry(request: Request) -> bool:
    """Whether the request only asks what would be. Raises StatusError 422 for no clear answer."""
    asked = request.params.get("dryRun") or None
    if asked is None and request.method == "DELETE":
        asked = next(iter((request.body or {}).get("dryRun") or ()), None)
    check_choice("Options", "dryRun", asked, ("All",))
    return asked == "All"


def _success(details: Obj | None) -> Obj:
    status: Obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    return status | ({"details": details} if details else {})
