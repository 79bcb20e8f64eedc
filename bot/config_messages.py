"""The error messages of a configuration that cannot be used."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

IANA_NAME = "use an IANA name such as America/Los_Angeles"
STATUSES = "list at least one open status, then resolved, then closed"
FOR_GUESTS = "use only {acts}"
PATTERN = "{pattern} isn't a regular expression: {reason}"
EMPTY_PATTERN = "{pattern} matches an empty text"
USER_IDS = "write each as the id of a user, such as U0123456789"
GROUP_IDS = "write each as the id of a user group, such as S0123456789"
LIST_ONE = "list at least one"
HOURS = "write hours such as 09:00-17:00, which end after they begin and at 24:00 at the latest"
INVITE_NOBODY = "name users, groups or schedules (on_call) to invite"
ROLE_OF_NOBODY = "a role is for who is on call: name a schedule under on_call, too"
ONE_SOURCE = "set either ical or pagerduty"
NO_PAGERDUTY = "on_call: {name}: a schedule of PagerDuty needs pagerduty.token"
UNKNOWN_NAMES = "{key}: there is no {what} {names}"
ROLES = "set leads for one role only, and speaks for one role only"
REACTIONS = "two names of the same emoji have different headings"
PLACEHOLDERS = "use {date} or {slug} or both in it, and no other placeholders"
TOO_LONG_A_NAME = "write it in at most {limit} characters without {{slug}}"
NO_CLUSTER = "hubs: {hub}: there is no cluster “{cluster}” in clusters"
CHANNEL = "write a channel as #name or as its id, such as C0123456789"
TEXT_LENGTH = "write it in 1 to {limit} characters"
TEXT_FIELDS = "use no placeholders but {hubs} and {next_update}"
NO_STATUS = "communication: {audience}.texts: there is no status “{status}”. Use one of {known}"
NO_HUB = "communication: {audience}.hubs: there is no hub “{hub}” in hubs"
FINGERPRINT = "write the SHA-256 fingerprint of a certificate: 64 hexadecimal digits"
NOT_BOUND = (
    "set context and server beside kubeconfig: they bind the name of the cluster to one API server"
)
NO_KUBECONFIG = (
    "a context needs a kubeconfig; without one mayday uses the service account of its pod"
)
SAME_NAME = "{section}: two have the same name"
SAME_BUT_CASE = (
    "hubs: {names} differ in case only; rename all but one, because people type names in any case"
)

NO_FILE = "There is no file {file}: create it, or omit --config and MAYDAY_CONFIG."
REPORT_PATH = (
    "write a path below the repository that ends in .md or .qmd and has no fields but {date}, {year} and "
    "{slug}, "
    "such as docs/incidents/{date}-{slug}.qmd"
)
REPORT_INDEX = "write a path below the repository, such as docs/incidents/index.qmd"
TARGET_REPOSITORY = (
    "report.targets: a target of the kind {kind} needs a repository; github.repository isn't set"
)
SAME_TARGET = "report.targets: two targets of the kind {kind} have the same form and repository"
IS_A_DIRECTORY = "{file} is a directory: specify a file."
NO_SECTION = "{variable} in the environment: there is no section “{section}”."
NOT_JSON = "{variable} in the environment cannot be read: lists and sections must be JSON."
NOT_YAML = "{file}{line} is not valid YAML: correct its syntax."
NOT_READABLE = "{file} cannot be read ({reason}): check its permissions."
NOT_SECTIONS = "{file} must have sections such as slack: and database:."
INVALID = "The configuration ({file} or MAYDAY_ variables) cannot be used: {problems}."

_BY_TYPE = {
    "extra_forbidden": "there is no such key",
    "invalid_key": "there is no such key",
    "missing": "it is missing",
    "model_type": "write keys and values under it",
    "dict_type": "write keys and values under it",
    "tuple_type": "write it as a list",
    "string_type": "write text, in quotes if it begins with # or @",
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
}
"""Clearer messages than pydantic's, by its error type."""


def summary(exc: ValidationError, file: Path) -> str:
    """Return one sentence that names each invalid key and never shows a value."""
    problems = []
    for error in exc.errors(include_url=False, include_input=False, include_context=False):
        key = ".".join(str(part) for part in error["loc"])
        words = error["msg"].removeprefix("Value error, ").replace("Input should be", "write")
        problem = _BY_TYPE.get(error["type"], words)
        problems.append(f"{key}: {problem}" if key else problem)
    return INVALID.format(file=file, problems="; ".join(problems))
