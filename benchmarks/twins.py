"""What lesson 3 claims of its losses: `python -m benchmarks.twins` stores the table.

The shipped SRResNet is trained on from three seeds, which decide the batches: with the
feature loss for 60 and for 300 steps, each with and without the constraint, and with
the pixel loss for 300. It needs the weights of VGG19, takes 7 minutes on two idle
cores, and goes on where it was stopped; without the stored table it starts anew.
"""

from dataclasses import replace
from functools import partial

import keras
import numpy as np
from tqdm import tqdm

from sr_utils import datasets, evidence, metrics, models, runtime
from sr_utils.perceptual import PerceptualLoss
from sr_utils.scoreboard import Scoreboard
from sr_utils.training.recipes import Recipe

from . import choices

NAME = "twins"
LAYERS = ("block3_conv1", "block2_conv2")
MEASURED = (
    "Three held-out photographs at x4, by the protocol: PSNR in dB, the Fréchet "
    "distance of two layers, and the mean of metrics.checkerboard, about 1 without a "
    "grid."
)
_FEATURES = Recipe(
    models.srresnet,
    scale=4,
    data=("bundled",),
    steps=60,
    learning_rate=5e-4,
    loss=partial(PerceptualLoss, layers=["block3_conv1"], pixel=3),
    initial="srresnet_x4",
    batch=4,
)
_FLAT = {"flat": True}
TRAININGS = {
    "60 steps": _FEATURES,
    "60 steps, constraint": replace(_FEATURES, options=_FLAT),
    "300 steps": replace(_FEATURES, steps=300),
    "300 steps, constraint": replace(_FEATURES, steps=300, options=_FLAT),
    "pixel loss, 300 steps": replace(_FEATURES, steps=300, loss="mae"),
    "pixel loss, 300 steps, constraint": replace(
        _FEATURES, steps=300, loss="mae", options=_FLAT
    ),
}


def measure(network):
    """What the table holds of a network.

    Args:
        network: Enlarges by 4.

    Returns:
        Dictionary from "PSNR", "grid" and each of `LAYERS` to a float.
    """
    photographs, upscale = datasets.held_out(), models.upscaler(network)
    board = Scoreboard({"held-out": photographs}, 4, [*LAYERS])
    board.add("network", upscale)
    small = [datasets.pair(x, 4)[1] for x in photographs.values()]
    grids = [metrics.checkerboard(upscale(x), period=4) for x in small]
    found = {"PSNR": board.mean("network", "held-out").psnr, "grid": np.mean(grids)}
    for layer in LAYERS:
        found[layer] = board.perception("network", "held-out", layer).frechet
    return {name: round(float(x), 3) for name, x in found.items()}


def trained(recipe):
    """The network of a recipe after its training, with lesson 2's learning rate."""
    keras.utils.set_random_seed(recipe.seed)
    network, loss = recipe.build(), recipe.build_loss()
    network.compile(choices.adam(recipe), loss, jit_compile=runtime.jit_compile())
    batches = recipe.patches().stream()
    network.fit(batches, steps_per_epoch=recipe.steps, shuffle=False, verbose=0)
    return network


def result(recipe):
    """What the table holds of a training."""
    return measure(trained(recipe))


def settings(recipe):
    """What the stored rows say about a training."""
    return choices.settings(recipe) | {"initial": recipe.initial}


def main(result=result):
    """Train what isn't stored yet, and store the rows of each with its last seed.

    Args:
        result: Function from a recipe to what the table holds of its training.
    """
    runtime.start()
    rows = _stored()
    for name, recipe in tqdm(TRAININGS.items(), unit="training"):
        if f"{name}: PSNR" in rows:
            continue
        with runtime.silence():
            seeds = [replace(recipe, seed=seed) for seed in choices.SEEDS]
            found = [result(x) for x in seeds]
        for kind in found[0]:
            results = {"results": [x[kind] for x in found]}
            rows[f"{name}: {kind}"] = settings(recipe) | results
        command = "python -m benchmarks.twins"
        about = {"measured": MEASURED, "command": command, "seeds": choices.SEEDS}
        evidence.write(NAME, rows, **about)
    print(evidence.load(NAME))


def _stored():
    """The rows of the stored table whose settings are still those of `TRAININGS`."""
    try:
        rows = evidence.load(NAME).rows
    except ValueError:
        return {}
    return {
        name: row
        for name, row in rows.items()
        if row.items() >= settings(TRAININGS[name.rsplit(": ", 1)[0]]).items()
    }


if __name__ == "__main__":
    main()
