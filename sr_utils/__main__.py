"""`python -m sr_utils` is the command `sr-upscale`."""

import sys

from .cli import process


def main():
    """Run the command; SIGINT ends it in one line from its first moment on."""
    process.prepare("Stopped.")
    from .cli import command

    return command.main()


if __name__ == "__main__":
    sys.exit(main())
