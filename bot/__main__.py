"""Starts the terminal commands, as ``mayday`` and as ``python -m bot``.

The garbage collector is off during the imports, where it finds nothing and takes a sixth of the time. It also
leaves out afterwards what they made, so that a collection of the running bot is short.
"""

import gc


def main() -> None:
    """Import the commands and run the one that was typed."""
    gc.disable()
    from bot import cli

    gc.freeze()
    gc.enable()
    cli.main()


if __name__ == "__main__":
    main()
