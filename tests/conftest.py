"""What all tests share: TensorFlow starts silently, nbval leaves stderr out."""

import os
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def pytest_collectstart(collector):
    """Leave stderr out of nbval's comparison: TensorFlow's log differs by machine."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("stderr",)


@pytest.fixture
def rng():
    """A seeded random generator."""
    return np.random.default_rng(0)


@pytest.fixture
def benchmark_folder():
    """The folder of Set5 and Set14; skips where `SR_DATA_DIR` doesn't name it."""
    folder = os.environ.get("SR_DATA_DIR")
    if not folder:
        pytest.skip("needs Set5 and Set14 in SR_DATA_DIR")
    return Path(folder) / "benchmarks"
