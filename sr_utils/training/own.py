"""Recipes for your own photographs: `--photographs` and `--initial` of the command."""

from dataclasses import replace

from .. import models

_SLOWER = 10  # times, for weights that are good already


def on_photographs(recipe, folder):
    """A recipe of the course, for your own photographs.

    The last network becomes the checkpoint, and not the best: the validation images are
    other photographs than yours, and what suits yours may be worse on them (lesson 2).

    Args:
        recipe: `recipes.Recipe`.
        folder: `pathlib.Path` of a folder, as `datasets.photographs` reads it.

    Returns:
        `recipes.Recipe`.
    """
    return replace(recipe, data=(str(folder.resolve()),), select="last")


def starting_from(recipe, checkpoint):
    """A recipe that goes on from a checkpoint, with its network.

    Args:
        recipe: `recipes.Recipe`.
        checkpoint: Its name.

    Returns:
        `recipes.Recipe` with a tenth of the learning rate.

    Raises:
        ValueError: If there is no such checkpoint, or its card is damaged.
    """
    build = models.builder(checkpoint)
    return replace(
        recipe,
        network=build.func,
        scale=build.args[0],
        options=build.keywords,
        initial=checkpoint,
        learning_rate=recipe.learning_rate / _SLOWER,
    )
