"""The zone of the drill's story, under the name by which mayday's command imports it."""

from sandbox.drill.script import ZONE

__all__ = ["ZONE"]
