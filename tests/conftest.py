"""What all tests share: a silent TensorFlow, and where the benchmark sets are."""

import os
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture
def rng():
    """A seeded random generator."""
    return np.random.default_rng(0)


@pytest.fixture
def cornered():
    """Black pixels with a white corner at the top left, 16 x 24."""
    pixels = np.zeros((16, 24, 3), np.uint8)
    pixels[:8, :8] = 255
    return pixels


@pytest.fixture
def benchmark_folder():
    """The folder of Set5 and Set14; skips where `SR_DATA_DIR` doesn't hold both."""
    folder = Path(os.environ.get("SR_DATA_DIR", "none"), "benchmarks")
    if not all((folder / name).is_dir() for name in ("Set5", "Set14")):
        pytest.skip("needs Set5 and Set14 in SR_DATA_DIR")
    return folder


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory):
    """The folder of a SavedModel called as ESRGAN is: larger squares, 10% brighter."""
    import tensorflow as tf

    class StandIn(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3))])
        def __call__(self, low):
            rows = tf.repeat(low * self.gain, 4, axis=1)
            return tf.repeat(rows, 4, axis=2)

    model = StandIn()
    model.gain = tf.Variable(1.1)
    folder = tmp_path_factory.mktemp("hub") / "model"
    tf.saved_model.save(model, str(folder))
    return folder
