"""An announcement service with the API that JupyterHub documents for its example, and the hub's own login.

The example is not a package, and its source is not copied here. Its documentation
(``examples/service-announcement`` in JupyterHub's repository) says: everybody may GET the announcement as
JSON; a token with the scope ``access:services!service=NAME`` may POST one as JSON, or DELETE it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

from jupyterhub.services.auth import HubAuthenticated
from tornado import web

kept = {"announcement": "", "timestamp": "", "user": ""}


class Announcement(HubAuthenticated, web.RequestHandler):  # type: ignore[misc]
    """The one address."""

    def get(self) -> None:
        self.write(kept)

    @web.authenticated
    def post(self) -> None:
        kept["announcement"] = json.loads(self.request.body)["announcement"]
        kept["user"] = self.current_user["name"]
        self.write(kept)

    @web.authenticated
    def delete(self) -> None:
        kept["announcement"] = ""
        self.write(kept)


async def main(port: int) -> None:
    """Serve on loopback until the process is killed."""
    application = web.Application([(os.environ["JUPYTERHUB_SERVICE_PREFIX"], Announcement)])
    application.listen(port, address="127.0.0.1")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
