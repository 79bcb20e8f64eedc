"""The base class of the sandbox's errors."""


class SandboxError(Exception):
    """A part of the sandbox cannot do this; the text says in one sentence what to do."""
