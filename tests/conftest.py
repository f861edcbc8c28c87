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
def benchmark_folder():
    """The folder of Set5 and Set14; skips where `SR_DATA_DIR` doesn't hold both."""
    folder = Path(os.environ.get("SR_DATA_DIR", "none"), "benchmarks")
    if not all((folder / name).is_dir() for name in ("Set5", "Set14")):
        pytest.skip("needs Set5 and Set14 in SR_DATA_DIR")
    return folder
