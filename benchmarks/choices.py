"""What lesson 2's choices are worth: `python -m benchmarks.choices` stores the table.

Each row differs from the first of its network in one thing, and is trained from three
seeds, which decide first weights and patches. It takes 6 minutes on two idle cores, and
goes on where it was stopped; without the stored table it starts anew.
"""

from dataclasses import replace
from functools import partial

import keras
from keras import layers, ops
from tqdm import tqdm

from sr_utils import datasets, evidence, models, runtime
from sr_utils.layers import Bicubic, EdgePadding, Luma
from sr_utils.losses import LumaSquaredError
from sr_utils.scoreboard import Scoreboard
from sr_utils.training.recipes import Recipe

NAME = "choices"
SEEDS = (0, 1, 2)
MEASURED = (
    "PSNR in dB on the held-out photographs at x4, by the protocol, after 400 training "
    "steps, if the row doesn't say otherwise, on the bundled photographs."
)
_WARM = 20  # steps


def relu_srresnet(scale, **options):
    """`models.srresnet` with plain ReLU in place of leaky ReLU."""
    model = models.srresnet(scale, **options)
    return keras.models.clone_model(model, clone_function=_without_slope)


def residual_espcn(scale):
    """`models.espcn`, but what it computes starts at zero and is added to bicubic."""
    low = keras.Input((None, None, 3))
    x = layers.Rescaling(1, offset=-0.5)(EdgePadding(4)(Luma()(low)))
    x = layers.Conv2D(64, 5, activation="tanh")(x)
    x = layers.Conv2D(32, 3, activation="tanh")(x)
    x = layers.Conv2D(scale**2, 3, kernel_initializer="zeros", dtype="float32")(x)
    return keras.Model(low, Bicubic(scale)(low) + ops.depth_to_space(x, scale))


_SRRESNET = Recipe(
    models.srresnet,
    scale=4,
    data=("bundled",),
    steps=400,
    learning_rate=2e-3,
    options={"blocks": 4, "filters": 32},
    batch=4,
)
_ESPCN = Recipe(
    models.espcn,
    scale=4,
    data=("bundled",),
    steps=400,
    loss=partial(LumaSquaredError),
    batch=8,
)
ROWS = {
    "ESPCN": _ESPCN,
    "ESPCN, residual": replace(_ESPCN, network=residual_espcn),
    "SRResNet": _SRRESNET,
    "single layer": replace(_SRRESNET, options=_SRRESNET.options | {"direct": True}),
    "ReLU": replace(_SRRESNET, network=relu_srresnet),
    "squared error": replace(_SRRESNET, loss="mse"),
    "100 steps of 16 patches": replace(_SRRESNET, steps=100, batch=16),
}


def result(recipe):
    """Train a network and return its mean PSNR on the held-out photographs, in dB."""
    keras.utils.set_random_seed(recipe.seed)
    network = recipe.build()
    loss = recipe.build_loss()
    network.compile(adam(recipe), loss, jit_compile=runtime.jit_compile())
    batches = recipe.patches().stream()
    network.fit(batches, steps_per_epoch=recipe.steps, shuffle=False, verbose=0)
    board = Scoreboard({"held-out": datasets.held_out()}, recipe.scale)
    board.add("network", models.upscaler(network))
    return round(board.mean("network", "held-out").psnr, 3)


def settings(recipe):
    """What a stored row says about its training."""
    names = ("network", "options", "loss", "learning_rate", "steps", "batch", "size")
    described = recipe.describe()
    return {name: described[name] for name in names}


def main(result=result):
    """Train what isn't stored yet, and store each row when its seeds are done.

    Args:
        result: Function from a recipe to what the table holds of its training.
    """
    runtime.start()
    rows = _stored()
    for name in tqdm([x for x in ROWS if x not in rows], unit="row"):
        with runtime.silence():
            found = [result(replace(ROWS[name], seed=seed)) for seed in SEEDS]
        rows[name] = settings(ROWS[name]) | {"results": found}
        command = "python -m benchmarks.choices"
        about = {"measured": MEASURED, "command": command, "seeds": SEEDS}
        evidence.write(NAME, rows, **about)
    print(evidence.load(NAME))


def _stored():
    """The rows of the stored table whose settings are still those of `ROWS`."""
    try:
        rows = evidence.load(NAME).rows
    except ValueError:
        return {}
    return {
        name: row
        for name, row in rows.items()
        if row.items() >= settings(ROWS[name]).items()
    }


def adam(recipe):
    """Lesson 2's optimizer."""
    schedule = keras.optimizers.schedules.CosineDecay(
        0.1 * recipe.learning_rate,
        recipe.steps - _WARM,
        warmup_target=recipe.learning_rate,
        warmup_steps=_WARM,
    )
    return keras.optimizers.Adam(schedule, beta_2=0.99)


def _without_slope(layer):
    slope = isinstance(layer, layers.LeakyReLU)
    return layers.ReLU() if slope else type(layer).from_config(layer.get_config())


if __name__ == "__main__":
    main()
