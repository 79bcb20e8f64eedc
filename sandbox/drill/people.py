"""Who is in the story: the crew, who are people of the practice Slack, and the students, who only study."""

from __future__ import annotations

COMMANDER = "ana"
COMMUNICATIONS = "ben"
SCRIBE = "chidi"
DEVELOPER = "dora"

NODE = "a node"
HUB = "the hub"
MAYDAY = "mayday"
STUDENT = "students"
DIRECTOR = "—"
"""Who looks at the stage without being on it."""

STUDENTS = (
    "amara",
    "bilal",
    "chen",
    "dana",
    "eero",
    "fatima",
    "goran",
    "hoang",
    "ines",
    "jonas",
    "kofi",
    "lena",
)

STUCK = ("kofi", "lena")
"""Whose servers hub and cluster come to disagree about."""
