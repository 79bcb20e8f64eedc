"""The words of a resync."""

from bot.render.steps.words import StepWords

RESYNC_ROUTES = StepWords(verb="resync_routes", act="have the hub write all routes into the proxy")
