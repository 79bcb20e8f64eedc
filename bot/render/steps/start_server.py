"""The words of a server's start."""

from bot.render.steps.words import Count, StepWords

START_SERVER = StepWords(
    verb="start_server",
    act="have the hub start server `{target}`",
    by_hand='curl -fX POST -H "Authorization: token $TOKEN" "$HUB_API/users/{user}/servers/{server}"',
    success="The hub says that the server is ready, and the proxy has its route, within 5 minutes.",
    undo="Run stop-server for it.",
    one="have the hub start a user's server",
    many="have the hub start {count} users' servers",
    counts={"route": Count(words="route")},
)
