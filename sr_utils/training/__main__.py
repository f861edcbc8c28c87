"""Train a checkpoint of the course: `python -m sr_utils.training NAME`.

Stop it at any moment and run the same command again: it goes on, and ends with the same
weights as a run that was never stopped.
"""

import argparse
import sys
from pathlib import Path

from .. import runtime
from ..cli import process

_FOLDER = Path("build") / "training"
_STOPPED = "Stopped. The same command goes on from the last stored step."


def main(arguments=None):
    """Read the command line and train."""
    try:
        runtime.budget_name()
        with runtime.silence():
            runtime.check_keras()
            from .recipes import RECIPES
    except (ImportError, ValueError) as error:
        sys.exit(str(error))
    chosen = _parser(RECIPES).parse_args(arguments)
    folder = chosen.folder or _FOLDER / chosen.name
    try:
        run = _made(chosen.name, RECIPES[chosen.name], folder)
    except (OSError, ValueError) as error:
        sys.exit(str(error))
    try:
        with process.stoppable():
            run.finish()
    except (FloatingPointError, OSError) as error:
        sys.exit(str(error))
    except KeyboardInterrupt as stop:
        process.say(_STOPPED, "stderr")
        sys.exit(process.status(stop))


def _parser(names):
    parser = argparse.ArgumentParser(
        prog="python -m sr_utils.training",
        description="Train a checkpoint. Stopped, it goes on where it was.",
    )
    parser.add_argument("name", choices=names, help="of the checkpoint")
    parser.add_argument(
        "--folder",
        type=Path,
        help=f"for the state, the checkpoint and its card (default: {_FOLDER}/NAME)",
    )
    return parser


def _made(name, recipe, folder):
    """The run, begun or taken up."""
    from ..photo_files.atomic import remove_leftovers
    from .run import Run

    if folder.exists() and not folder.is_dir():
        raise ValueError(f"Expected a folder for the training. Received: {folder}")
    runtime.start(recipe.seed)
    remove_leftovers(folder)
    run = Run(name, recipe, folder)
    _check_checkpoint(run)
    return run


def _check_checkpoint(run):
    """Raise an error if the best network, or the last after the end, isn't there."""
    path = run.folder / f"{run.name}.keras"
    needed = run.recipe.select == "best" or run.step == run.recipe.steps
    if run.history and needed and not path.is_file():
        raise ValueError(
            "Expected the checkpoint beside the state of its training; delete "
            f"{run.folder / 'state.npz'} to begin anew. Received: no file {path}"
        )


if __name__ == "__main__":
    process.prepare(_STOPPED)
    main()
