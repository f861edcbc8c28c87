"""Train a checkpoint of the course: `python -m sr_utils.training NAME`.

Stop it at any moment and run the same command again: it goes on, and ends with the same
weights as a run that was never stopped.
"""

import argparse
import sys
from pathlib import Path

from .. import runtime

_FOLDER = Path("build") / "training"


def main(arguments=None):
    """Read the command line and train."""
    with runtime.silence():
        from .recipes import RECIPES
        from .run import Run
    parser = argparse.ArgumentParser(
        prog="python -m sr_utils.training",
        description="Train a checkpoint. Stopped, it goes on where it was.",
    )
    parser.add_argument("name", choices=RECIPES, help="of the checkpoint")
    parser.add_argument(
        "--folder",
        type=Path,
        help=f"for the state, the checkpoint and its card (default: {_FOLDER}/NAME)",
    )
    chosen = parser.parse_args(arguments)
    recipe = RECIPES[chosen.name]
    runtime.start(recipe.seed)
    try:
        run = Run(chosen.name, recipe, chosen.folder or _FOLDER / chosen.name)
    except (FileNotFoundError, ValueError) as error:
        sys.exit(str(error))
    try:
        run.finish()
    except FloatingPointError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Stopped. The same command goes on from the last stored step.")


if __name__ == "__main__":
    main()
