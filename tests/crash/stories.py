"""The stories by name."""

from __future__ import annotations

from tests.crash.run_story import RUNBOOKS
from tests.crash.story import INCIDENTS

STORIES = {story.name: story for story in (INCIDENTS, RUNBOOKS)}
