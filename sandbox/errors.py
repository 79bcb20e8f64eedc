"""What the sandbox's own failures have in common."""


class SandboxError(Exception):
    """A part of the sandbox cannot do what it was asked; the text says in one sentence what to do."""
