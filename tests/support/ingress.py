"""A stub of an ingress: one host that routes paths to different sites."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import httpx

from tests.support.stub import Answer, Asked

_HOP = {"connection", "content-length", "content-type", "date", "server", "transfer-encoding"}


def ingress(
    sites: Mapping[str, str], *, otherwise: Answer | None = None
) -> Callable[[Asked], Answer]:
    """Forward each path prefix to its origin; 502 if the origin is down.

    Other paths get ``otherwise``, by default an ingress's 404 page.
    """

    def answer(asked: Asked) -> Answer:
        origin = next((to for path, to in sites.items() if asked.path.startswith(path)), None)
        if origin is None:
            return otherwise or Answer(status=404, body="default backend - 404")
        try:
            given = httpx.request(asked.method, origin + asked.path, timeout=10)
        except httpx.TransportError:
            return Answer(status=502, body="<html>502 Bad Gateway</html>")
        kept = {key: value for key, value in given.headers.items() if key not in _HOP}
        return Answer(status=given.status_code, body=given.text, headers=kept)

    return answer
