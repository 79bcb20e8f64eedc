"""The words of a resync."""

from bot.render.steps.words import StepWords

RESYNC_ROUTES = StepWords(
    verb="resync_routes",
    act="have the hub write all routes into the proxy",
    by_hand='curl -fX POST -H "Authorization: token $TOKEN" "$HUB_API/proxy"',
    success="Every ready server has a route to its pod, and no pod of the proxy restarted meanwhile.",
    undo="Nothing needs to be taken back: the hub writes only the routes that belong there.",
)
