"""Report forms: folders with ``form.yaml`` and Jinja2 templates. The presets are in ``presets``.

A form decides the file, the sections with their questions, and the texts around what was recorded. Everything
that people typed reaches the templates as Markdown that is already escaped; see :mod:`bot.render.report`.
"""

from __future__ import annotations

from bot.forms.loading import ALIASES, Forms, preset
from bot.forms.templates import MAIN, TemplateProblem, check, render

__all__ = ["ALIASES", "MAIN", "Forms", "TemplateProblem", "check", "preset", "render"]
