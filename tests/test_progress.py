"""The callback that prints the score of a training in one line."""

import keras
import numpy as np
import pytest

from sr_utils import datasets, models
from sr_utils.progress import Progress
from sr_utils.resize import resize
from sr_utils.scoreboard import Scoreboard


def decibels(upscale):
    board = Scoreboard({"validation": datasets.validation()}, 4)
    board.add("upscale", upscale)
    return board.mean("upscale", "validation").psnr


def test_progress_scores_the_start_and_every_epoch(capsys):
    network = models.srresnet(4, blocks=1, filters=4)
    network.compile("sgd", "mse", jit_compile=False)
    progress = Progress("tiny", 4)
    x, y = np.zeros((2, 8, 8, 3), "float32"), np.ones((2, 32, 32, 3), "float32")
    network.fit(x, y, batch_size=1, epochs=3, verbose=0, callbacks=[progress])
    assert progress.steps == [0, 2, 4, 6]
    bicubic = decibels(lambda low: resize(low, 4))
    assert progress.decibels[0] == pytest.approx(bicubic, abs=0.02)
    expected = decibels(models.upscaler(network))
    assert progress.decibels[-1] == pytest.approx(expected)
    lines = capsys.readouterr().out.split("\r")
    assert lines[-1].rstrip() == f"tiny: step 6, {expected:.2f} dB"
    assert len(lines) == 5


def test_progress_can_score_another_network():
    part = keras.Sequential([keras.Input((None, None, 1)), keras.layers.Conv2D(1, 1)])
    part.compile("sgd", "mse", jit_compile=False)
    progress = Progress("part", 2, network=models.espcn(2))
    x = np.zeros((1, 4, 4, 1), "float32")
    part.fit(x, x, verbose=0, callbacks=[progress])
    assert progress.decibels[0] == progress.decibels[1]
