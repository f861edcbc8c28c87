"""Training progress in one line, with the validation score, and the curve it draws."""

import keras

from . import models
from .datasets import validation
from .scoreboard import Scoreboard


class Progress(keras.callbacks.Callback):
    """Score the network at the start and after each epoch; rewrite one line about it.

    `steps` and `decibels` hold the curve.

    Args:
        name: What the line calls the network.
        scale: Factor of the task.
        network: The network to score; by default the one that is trained.
    """

    def __init__(self, name, scale, network=None):
        super().__init__()
        self.name, self.network = name, network
        self.board = Scoreboard({"validation": validation()}, scale)
        self.steps, self.decibels = [], []

    def on_train_begin(self, logs=None):
        """The score before the first step."""
        self._score()

    def on_epoch_end(self, epoch, logs=None):
        """The score so far."""
        self._score()

    def on_train_end(self, logs=None):
        """End the line."""
        print()

    def _score(self):
        network = self.model if self.network is None else self.network
        self.board.add(self.name, models.upscaler(network))
        self.steps.append(int(self.model.optimizer.iterations))
        self.decibels.append(self.board.mean(self.name, "validation").psnr)
        line = f"{self.name}: step {self.steps[-1]}, {self.decibels[-1]:.2f} dB"
        print(f"\r{line:40}", end="", flush=True)
