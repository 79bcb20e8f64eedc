"""Drills: a past outage, played on real components without a person, and checked.

``story`` reads a story from its YAML file, ``play`` plays it, ``seen`` collects the results and
``checks`` judges them. Like the rest of the sandbox it knows mayday only from outside: its answers
in Slack, what it files, and what it lets others read of its database.
"""

from sandbox.drill.run import Drill, DrillResult
from sandbox.drill.seen import Stored

__all__ = ["Drill", "DrillResult", "Stored"]
