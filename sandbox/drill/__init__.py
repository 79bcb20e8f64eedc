"""Drills: an outage of the past, played on real parts without a person at the keyboard, and judged.

``script`` is the story, ``play`` plays it, ``seen`` collects what became of it and ``checks`` judges
that. Like the rest of the sandbox it knows mayday only from outside: by what it answers in Slack, what it
files, and what it lets others read of its database.
"""

from sandbox.drill.run import Drill, DrillResult
from sandbox.drill.seen import Stored

__all__ = ["Drill", "DrillResult", "Stored"]
