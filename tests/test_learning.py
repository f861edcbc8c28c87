"""The trainer on real photographs: it learns, and survives the end of its process."""

import subprocess
import sys
import time

import keras
import numpy as np
import pytest

from sr_utils import datasets, models
from sr_utils.resize import resize
from sr_utils.scoreboard import evaluate
from sr_utils.training.recipes import Recipe

pytestmark = pytest.mark.slow

SCRIPT = """
import sys
from sr_utils import models, runtime
from sr_utils.training.run import Run
from sr_utils.training.recipes import Recipe

runtime.start()
recipe = Recipe(models.espcn, 2, ("bundled",), steps=40, size=8, batch=2, every=5)
Run("tiny", recipe, sys.argv[1]).finish()
"""


def start(folder):
    """A training run in a process of its own."""
    command = [sys.executable, "-c", SCRIPT, folder]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(process):
    _, errors = process.communicate()
    assert process.returncode == 0, errors.decode()


def test_a_killed_process_goes_on(tmp_path):
    process = start(tmp_path / "parts")
    while not (tmp_path / "parts" / "state.npz").is_file():
        time.sleep(0.05)
        assert process.poll() is None
    process.kill()
    process.communicate()
    assert process.returncode != 0
    finish(start(tmp_path / "parts"))
    finish(start(tmp_path / "whole"))
    states = []
    for name in ("parts", "whole"):
        with np.load(tmp_path / name / "state.npz") as stored:
            states.append([stored[key] for key in stored if key != "about"])
    assert all(np.array_equal(a, b) for a, b in zip(*states, strict=True))


def gain(shift):
    """Decibels over bicubic, on unseen photographs, of a network trained briefly."""
    recipe = Recipe(
        models.srresnet,
        4,
        ("bundled",),
        steps=150,
        options={"blocks": 1, "filters": 16},
        batch=4,
    )
    keras.utils.set_random_seed(0)
    network = recipe.build()
    network.compile(recipe.optimizer(), recipe.loss, jit_compile=False)
    source = recipe.patches()
    for number in range(recipe.steps):
        low, high = source.batch(number)
        network.train_on_batch(low, np.roll(high, shift, axis=2))
    upscale = models.upscaler(network)
    crops = [x[100:292, 150:342] for x in datasets.held_out().values()]
    scores = [
        (evaluate(upscale, x, 4).psnr, evaluate(lambda low: resize(low, 4), x, 4).psnr)
        for x in crops
    ]
    return np.mean([ours - bicubic for ours, bicubic in scores])


def test_a_few_seconds_of_training_beat_bicubic():
    assert gain(shift=0) > 0.3


def test_training_on_pairs_shifted_by_one_pixel_fails():
    assert gain(shift=1) < 0
