"""The Web API methods that the sandbox speaks, one module for each family, merged here."""

from collections.abc import Mapping

from sandbox.slack.web_api import chat, conversations, files, history, marks, people, views
from sandbox.slack.web_api.context import Method

METHODS: Mapping[str, Method] = {
    **chat.METHODS,
    **conversations.METHODS,
    **files.METHODS,
    **history.METHODS,
    **marks.METHODS,
    **people.METHODS,
    **views.METHODS,
}
