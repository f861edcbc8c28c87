"""What all tests share: TensorFlow starts silently, nbval leaves stderr out."""

import os

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
