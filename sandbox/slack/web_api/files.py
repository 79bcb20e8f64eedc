"""files.*: the three upload steps of files_upload_v2."""

import mimetypes
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sandbox.slack.blocks import message_blocks
from sandbox.slack.posts import Draft
from sandbox.slack.values import Json, SlackError, new_id
from sandbox.slack.web_api.context import Args, Context, Method
from sandbox.slack.workspace import Channel, File, Workspace


def get_upload_url(context: Context, args: Args) -> Json:
    """files.getUploadURLExternal: returns the upload URL."""
    name = args.required("filename")
    if args.number("length", 0) <= 0:
        raise SlackError("invalid_arguments")
    file = File(
        id=new_id("F"),
        name=name,
        mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
        user=context.bot.id,
        created=context.workspace.seconds(),
    )
    context.workspace.files[file.id] = file
    return {"upload_url": f"{context.url}upload/v1/{file.id}", "file_id": file.id}


def upload_route(workspace: Workspace) -> Route:
    """Returns the endpoint of the upload URLs."""

    async def receive(request: Request) -> Response:
        content = await request.body()
        with workspace.lock:
            file = workspace.files.get(str(request.path_params["id"]))
            if file is None or file.completed:
                return PlainTextResponse("no such upload", 404)
            file.content = content
        return PlainTextResponse(f"OK - {len(content)}")

    return Route("/upload/v1/{id}", receive, methods=["POST"])


def complete_upload(context: Context, args: Args) -> Json:
    """files.completeUploadExternal: finish, and share if a channel is given."""
    wanted = args.structure("files", "invalid_arguments")
    if not isinstance(wanted, list) or not wanted:
        raise SlackError("invalid_arguments")
    files = [_uploaded(context, str(item.get("id"))) for item in wanted]
    channels = _targets(context, args)
    for file, item in zip(files, wanted, strict=True):
        file.title = str(item.get("title") or file.name)
        file.completed = True
        file.channels = [channel.id for channel in channels]
    blocks = args.structure("blocks", "invalid_blocks_format")
    for channel in channels:
        draft = Draft(
            text=args.text("initial_comment"),
            blocks=message_blocks(blocks) if blocks else [],
            thread_ts=args.text("thread_ts") or None,
            files=files,
        )
        context.posts.post(channel, context.bot, draft)
    context.workspace.touch()
    return {"files": [context.posts.file_view(file) for file in files]}


def _uploaded(context: Context, file_id: str) -> File:
    file = context.workspace.files.get(file_id)
    if file is None or not file.content:
        raise SlackError("file_not_found")
    return file


def _targets(context: Context, args: Args) -> list[Channel]:
    wanted = [args.text("channel_id")] if args.text("channel_id") else args.ids("channels")
    return [context.own_channel(Args({"channel": channel_id})) for channel_id in wanted]


_WRITE = ("files:write",)
METHODS: Mapping[str, Method] = {
    "files.getUploadURLExternal": Method(handler=get_upload_url, scopes=_WRITE, tier=100),
    "files.completeUploadExternal": Method(handler=complete_upload, scopes=_WRITE, tier=100),
}
