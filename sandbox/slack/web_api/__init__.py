"""The Web API methods of the sandbox, merged from one module for each family."""

from collections.abc import Mapping

from sandbox.slack.web_api import (
    canvases,
    chat,
    conversations,
    files,
    history,
    marks,
    people,
    views,
)
from sandbox.slack.web_api.context import Method

METHODS: Mapping[str, Method] = {
    **canvases.METHODS,
    **chat.METHODS,
    **conversations.METHODS,
    **files.METHODS,
    **history.METHODS,
    **marks.METHODS,
    **people.METHODS,
    **views.METHODS,
}
