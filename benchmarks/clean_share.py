"""What lesson 7 claims of its pairs: `python -m benchmarks.clean_share` stores it.

The shipped SRResNet is trained on for 300 steps from three seeds, which decide the
batches; the trainings differ in what makes the low-resolution patches. It took 15
minutes on two cores that had other work, too, and goes on where it was stopped; without
the stored table it starts anew.
"""

from dataclasses import replace
from functools import partial

import keras
import numpy as np
from tqdm import tqdm

from sr_utils import datasets, degradations, evidence, metrics, models, runtime
from sr_utils.images import quantize
from sr_utils.training.recipes import Recipe

from . import choices

NAME = "clean_share"
MEASURED = (
    "PSNR in dB at x4 on three held-out photographs, 4 pixels of border removed, after "
    "300 training steps: reduced only (clean), by degradations.second_order with 4 "
    "seeds each (mixture), and blurred by 2 pixels, then reduced (blur)."
)
CONDITIONS = {
    "clean": (degradations.degrade, 1),
    "mixture": (degradations.second_order, 4),
    "blur": (
        partial(
            degradations.degrade,
            blur=partial(degradations.random_blur, widths=(2, 2), round_share=1),
        ),
        1,
    ),
}
"""For each condition a function `(image, scale, seed)` and how many seeds it gets."""


def half_clean(image, scale, seed):
    """Half of the images are only reduced."""
    return degradations.partly_clean(image, scale, seed, share=0.5)


def mostly_clean(image, scale, seed):
    """Three quarters of the images are only reduced."""
    return degradations.partly_clean(image, scale, seed, share=0.75)


def any_blur(image, scale, seed):
    """Round blur of any width from 0.2 to 3 pixels, and nothing else."""
    return _blurred(image, scale, seed, (0.2, 3))


def known_blur(image, scale, seed):
    """Round blur of about the width of the condition, and nothing else."""
    return _blurred(image, scale, seed, (1.7, 2.3))


_FIRST = Recipe(
    models.srresnet,
    scale=4,
    data=("bundled",),
    steps=300,
    learning_rate=5e-4,
    initial="srresnet_x4",
    batch=8,
    degrade=degradations.second_order,
)
TRAININGS = {
    "none clean": _FIRST,
    "a quarter clean": replace(_FIRST, degrade=degradations.partly_clean),
    "half clean": replace(_FIRST, degrade=half_clean),
    "three quarters clean": replace(_FIRST, degrade=mostly_clean),
    "all clean": replace(_FIRST, degrade=degradations.degrade),
    "blur of 0.2 to 3 pixels": replace(_FIRST, degrade=any_blur),
    "blur of 1.7 to 2.3 pixels": replace(_FIRST, degrade=known_blur),
}


def measure(network):
    """What the table holds of a network.

    Args:
        network: Enlarges by 4.

    Returns:
        Dictionary from each of `CONDITIONS` to the mean PSNR in dB.
    """
    upscale = models.upscaler(network)
    return {name: _psnr(upscale, *x) for name, x in CONDITIONS.items()}


def trained(recipe):
    """The network of a recipe after its training, with lesson 2's learning rate."""
    keras.utils.set_random_seed(recipe.seed)
    network, loss = recipe.build(), recipe.build_loss()
    network.compile(choices.adam(recipe), loss, jit_compile=runtime.jit_compile())
    batches = recipe.patches().stream()
    network.fit(batches, steps_per_epoch=recipe.steps, shuffle=False, verbose=0)
    return network


def settings(recipe):
    """What the stored rows say about a training."""
    described = recipe.describe()
    return choices.settings(recipe) | {x: described[x] for x in ("initial", "degrade")}


def result(recipe):
    """What the table holds of a training."""
    return measure(trained(recipe))


def main(result=result):
    """Train what isn't stored yet, and store the rows of each with its last seed.

    Args:
        result: Function from a recipe to what the table holds of its training.
    """
    runtime.start()
    rows = _stored()
    for name, recipe in tqdm(TRAININGS.items(), unit="training"):
        if f"{name}: mixture" in rows:
            continue
        with runtime.silence():
            seeds = [replace(recipe, seed=seed) for seed in choices.SEEDS]
            found = [result(x) for x in seeds]
        for kind in found[0]:
            results = {"results": [x[kind] for x in found]}
            rows[f"{name}: {kind}"] = settings(recipe) | results
        command = "python -m benchmarks.clean_share"
        about = {"measured": MEASURED, "command": command, "seeds": choices.SEEDS}
        evidence.write(NAME, rows, **about)
    print(evidence.load(NAME))


def _blurred(image, scale, seed, widths):
    step = partial(degradations.random_blur, widths=widths, round_share=1)
    return degradations.degrade(image, scale, seed, blur=step)


def _psnr(upscale, degrade, seeds):
    """The mean over the held-out photographs and the seeds, rounded."""
    originals = [datasets.pair(x, 4)[0] for x in datasets.held_out().values()]
    found = [
        metrics.psnr(x, quantize(upscale(degrade(x, 4, seed))), shave=4)
        for x in originals
        for seed in range(seeds)
    ]
    return round(float(np.mean(found)), 3)


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
