"""The words of a server's stop."""

from bot.render.steps.words import StepWords

STOP_SERVER = StepWords(
    verb="stop_server",
    act="have the hub stop server `{target}`",
    one="have the hub stop a user's server",
    many="have the hub stop {count} users' servers",
)
