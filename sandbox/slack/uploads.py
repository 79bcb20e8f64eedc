"""Where the content of a file goes, between files.getUploadURLExternal and completing it."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.slack.workspace import Workspace


def upload_route(workspace: Workspace) -> Route:
    """The endpoint behind an upload's address."""

    async def receive(request: Request) -> Response:
        content = await request.body()
        with workspace.lock:
            file = workspace.files.get(str(request.path_params["id"]))
            if file is None or file.completed:
                return PlainTextResponse("no such upload", 404)
            file.content = content
        return PlainTextResponse(f"OK - {len(content)}")

    return Route("/upload/v1/{id}", receive, methods=["POST"])
