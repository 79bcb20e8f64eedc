"""views.*: modals and the Home tab."""

from collections.abc import Mapping

from sandbox.slack.modals import View
from sandbox.slack.values import Json, SlackError
from sandbox.slack.web_api.context import Args, Context, Method


def open_view(context: Context, args: Args) -> Json:
    """views.open."""
    view = context.modals.open(args.required("trigger_id"), _definition(args))
    return _answer(context, view)


def push_view(context: Context, args: Args) -> Json:
    """views.push."""
    view = context.modals.push(args.required("trigger_id"), _definition(args))
    return _answer(context, view)


def update_view(context: Context, args: Args) -> Json:
    """views.update, by view_id."""
    view = context.modals.update(
        args.text("view_id"), _definition(args), expected_hash=args.text("hash")
    )
    return _answer(context, view)


def publish_view(context: Context, args: Args) -> Json:
    """views.publish."""
    user = context.user(args.required("user_id"))
    if not context.manifest.home:
        raise SlackError("not_enabled")
    view = context.modals.publish(user.id, _definition(args), expected_hash=args.text("hash"))
    return _answer(context, view)


def _definition(args: Args) -> object:
    return args.structure("view", "invalid_arguments")


def _answer(context: Context, view: View) -> Json:
    return {"view": context.modals.payload(view)}


METHODS: Mapping[str, Method] = {
    "views.open": Method(handler=open_view, tier=100),
    "views.push": Method(handler=push_view, tier=100),
    "views.update": Method(handler=update_view, tier=100),
    "views.publish": Method(handler=publish_view, tier=100),
}
