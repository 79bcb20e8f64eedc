"""Reads forms from their folders."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from pydantic import ValidationError

from bot.domain.report_form import ReportForm
from bot.errors import ConfigError
from bot.forms.form_file import FormFile, known_keys
from bot.forms.templates import MAIN

PRESETS = Path(__file__).parent / "presets"
FILE = "form.yaml"
ALIASES = MappingProxyType({"2017": "datahub-2017", "2024": "datahub-2024"})
"""Former names of presets."""
SIZE_LIMIT = 200_000
"""Bytes of a file in a form's folder."""
TEMPLATE_LIMIT = 20

UNKNOWN = 'There is no report form "{name}": use one of {known}.'
MEANT = 'There is no report form "{name}". Did you mean "{meant}"? The forms are {known}.'
NO_FOLDER = (
    "report.forms: {directory} is not a directory. Make it one that has a folder for each form."
)
NO_FORMS = "report.forms: {directory} has no form. Add a folder with form.yaml and {main}."
NOT_READABLE = "The form {folder} can't be read: {file} {reason}."
NO_FILE = "The form {folder} can't be read: it has no {file}. Begin with a copy of a preset's."
BAD_NAME = (
    'The form {folder} can\'t be used: name its folder with letters, digits, ".", "_" and "-" only, at most '
    "60 of them."
)
NOT_YAML = "The form {folder} can't be read: {file} isn't valid YAML{line}: {reason}."
NOT_KEYS = "The form {folder} can't be read: {file} must have keys and values."
WRONG = 'The form {folder} can\'t be used: in {file}, line {line}, "{key}": {reason}.'
NO_MAIN = "The form {folder} can't be used: it has no template {main}."
NO_KEY = "there is no such key"
MEANT_KEY = 'there is no such key; did you mean "{meant}"?'
KNOWN_KEYS = "there is no such key; the keys are {known}"
TWICE = "it stands twice; remove one of the two"
MISSING = "it is missing"
MANY_TEMPLATES = "The form {folder} can't be used: it has more than {limit} templates."

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


@dataclass(frozen=True)
class Forms:
    """The presets, and the team's own forms, which replace presets of the same name."""

    own: dict[str, ReportForm] = field(default_factory=dict)

    @classmethod
    def read(cls, directory: Path | None) -> Forms:
        """Return the forms with those of a team's directory.

        Raises:
            ConfigError: a form can't be read or used; the text names the file and what is wrong.
        """
        if directory is None:
            return cls()
        if not directory.is_dir():
            raise ConfigError(NO_FOLDER.format(directory=directory))
        found = {folder.name: read_form(folder) for folder in _folders(directory)}
        if not found:
            raise ConfigError(NO_FORMS.format(directory=directory, main=MAIN))
        return cls(found)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all forms."""
        return tuple(sorted({*presets(), *self.own}))

    def get(self, name: str) -> ReportForm:
        """Return the form with this name or alias.

        Raises:
            ConfigError: there is none.
        """
        if name in self.own:
            return self.own[name]
        name = ALIASES.get(name, name)
        if name in self.own:
            return self.own[name]
        if name in presets():
            return preset(name)
        meant = get_close_matches(name, [*self.names, *ALIASES], n=1)
        text = MEANT if meant else UNKNOWN
        known = ", ".join(self.names)
        raise ConfigError(text.format(name=name, known=known, meant=meant[0] if meant else ""))


@cache
def presets() -> tuple[str, ...]:
    """Return the names of the presets."""
    return tuple(folder.name for folder in _folders(PRESETS))


@cache
def preset(name: str) -> ReportForm:
    """Return the preset with this name or alias."""
    return read_form(PRESETS / ALIASES.get(name, name))


def read_form(folder: Path) -> ReportForm:
    """Return the form of a folder. Its templates are not checked.

    Raises:
        ConfigError: a file can't be read, or a value of ``form.yaml`` can't be used.
    """
    settings = _settings(folder)
    templates = tuple(
        (file.name, _text(folder, file)) for file in sorted(folder.glob("*.j2")) if file.is_file()
    )
    if MAIN not in dict(templates):
        raise ConfigError(NO_MAIN.format(folder=folder.name, main=MAIN))
    if len(templates) > TEMPLATE_LIMIT:
        raise ConfigError(MANY_TEMPLATES.format(folder=folder.name, limit=TEMPLATE_LIMIT))
    return settings.form(folder.name, templates)


def _settings(folder: Path) -> FormFile:
    text = _text(folder, folder / FILE)
    tree, values = _parsed(folder, text)
    if not isinstance(values, dict) or not isinstance(tree, yaml.MappingNode):
        raise ConfigError(NOT_KEYS.format(folder=folder.name, file=FILE))
    if twice := next(_twice(tree), None):
        raise _wrong(folder, str(twice.value), TWICE, twice)
    try:
        return FormFile.model_validate(values)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_context=False)[0]
        path = [part for part in first["loc"] if part != "[key]"]
        key = ".".join(map(str, path)) or FILE
        node = _node(tree, path)
        raise _wrong(folder, key, _reason(first["type"], first["msg"], path), node) from None


def _parsed(folder: Path, text: str) -> tuple[yaml.Node | None, Any]:
    """The file's nodes, which have lines, and its values."""
    try:
        return yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text)
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark else ""
        reason = getattr(exc, "problem", None) or "it has a character that YAML doesn't allow"
    except (ValueError, TypeError, RecursionError) as exc:
        # A day that doesn't exist, a list as a key, or thousands of brackets.
        line = ""
        reason = "it is nested too deeply" if isinstance(exc, RecursionError) else str(exc)
    reason = " ".join(reason.split())
    raise ConfigError(NOT_YAML.format(folder=folder.name, file=FILE, line=line, reason=reason))


def _wrong(folder: Path, key: str, reason: str, node: yaml.Node) -> ConfigError:
    line = node.start_mark.line + 1
    return ConfigError(
        WRONG.format(folder=folder.name, file=FILE, line=line, key=key, reason=reason)
    )


def _node(tree: yaml.MappingNode, path: Sequence[str | int]) -> yaml.Node:
    """The key or the entry at a path, or the nearest one above it."""
    place: yaml.Node = tree
    node: yaml.Node = tree
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if pair[0].value == str(part)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            entries = node.value[part : part + 1]
            found = (entries[0], entries[0]) if entries else None
        else:
            found = None
        if found is None:
            return place
        place, node = found
    return place


def _twice(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """The keys that stand twice in one mapping, of which YAML takes the last."""
    nodes = [node]
    seen: set[int] = set()
    while nodes:
        each = nodes.pop()
        if id(each) in seen:  # an alias
            continue
        seen.add(id(each))
        if isinstance(each, yaml.SequenceNode):
            nodes += each.value
        elif isinstance(each, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in each.value:
                if isinstance(key, yaml.ScalarNode):
                    if key.value in keys:
                        yield key
                    keys.add(key.value)
                nodes.append(value)


def _reason(kind: str, said: str, path: Sequence[str | int]) -> str:
    """Return what is wrong with a value, in words for the person who wrote it."""
    if kind in ("extra_forbidden", "invalid_key"):
        known = known_keys(path)
        meant = get_close_matches(str(path[-1]) if path else "", known, n=1)
        if meant:
            return MEANT_KEY.format(meant=meant[0])
        return KNOWN_KEYS.format(known=", ".join(known)) if known else NO_KEY
    if kind == "missing":
        return MISSING
    text = said.removeprefix("Value error, ").rstrip(".")
    return text[:1].lower() + text[1:]


def _folders(directory: Path) -> Iterator[Path]:
    """The folders of forms. Others, such as hidden ones, have neither the file nor a template.

    Raises:
        ConfigError: a folder has only one of the two, or a name that can't be one of a form.
    """
    for folder in sorted(directory.iterdir()):
        has_file = (folder / FILE).is_file()
        if not (has_file or (folder / MAIN).is_file()):
            continue
        if not has_file:
            raise ConfigError(NO_FILE.format(folder=folder.name, file=FILE))
        if not _NAME.fullmatch(folder.name):
            raise ConfigError(BAD_NAME.format(folder=folder.name))
        yield folder


def _text(folder: Path, file: Path) -> str:
    try:
        if file.stat().st_size > SIZE_LIMIT:
            reason = f"has more than {SIZE_LIMIT} bytes"
            raise ConfigError(
                NOT_READABLE.format(folder=folder.name, file=file.name, reason=reason)
            )
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        reason = "isn't UTF-8"
    except OSError as exc:
        reason = f"({exc.strerror})"
    raise ConfigError(NOT_READABLE.format(folder=folder.name, file=file.name, reason=reason))
