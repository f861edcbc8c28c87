"""Train a checkpoint of the course: `python -m sr_utils.training NAME`.

Stop it at any moment and run the same command again: it goes on, and ends with the same
weights as a run that was never stopped. `--photographs` trains on your own photographs.
"""

import argparse
import shlex
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
            from . import own
            from .recipes import RECIPES
    except (ImportError, ValueError) as error:
        sys.exit(str(error))
    chosen = _parser(RECIPES).parse_args(arguments)
    try:
        recipe = RECIPES[chosen.name]
        if chosen.initial:
            recipe = own.starting_from(recipe, chosen.initial)
        if chosen.photographs:
            recipe = own.on_photographs(recipe, chosen.photographs)
        run = _made(_name(chosen, recipe), recipe, chosen)
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
    parser.add_argument(
        "name", choices=names, help="of the recipe, and of its checkpoint"
    )
    parser.add_argument(
        "--photographs",
        type=Path,
        metavar="FOLDER",
        help="train on your own photographs, the files in FOLDER; the checkpoint is "
        "named after it",
    )
    parser.add_argument(
        "--initial",
        metavar="CHECKPOINT",
        help="train the network of this checkpoint on, at a tenth of the learning rate "
        "(default: start as the recipe does, most of them from random weights)",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        help="for the state, the checkpoint and its card (default: "
        f"{_FOLDER}/CHECKPOINT)",
    )
    return parser


def _name(chosen, recipe):
    """The name of the checkpoint that a command line makes."""
    kind = f"{recipe.network.__name__}_x{recipe.scale}"
    if chosen.photographs:
        return f"{kind}_{chosen.photographs.resolve().name}"
    return f"{chosen.name}_from_{chosen.initial}" if chosen.initial else chosen.name


def _command(chosen):
    """The command line that makes a checkpoint, for its card."""
    words = ["python", "-m", "sr_utils.training", chosen.name]
    for option in ("photographs", "initial"):
        value = getattr(chosen, option)
        words += [f"--{option}", str(value)] if value else []
    return shlex.join(words)


def _made(name, recipe, chosen):
    """The run, begun or taken up."""
    from ..photo_files.atomic import remove_leftovers
    from .run import Run

    folder = chosen.folder or _FOLDER / name
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"Expected a folder for the training. Received: {folder}")
    runtime.start(recipe.seed)
    remove_leftovers(folder)
    run = Run(name, recipe, folder, _command(chosen))
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
