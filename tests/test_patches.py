"""Training patches: aligned, fair to every photograph, and repeatable."""

import threading
from fractions import Fraction
from itertools import islice

import numpy as np
import pytest

from sr_utils import datasets
from sr_utils.patches import Patches
from sr_utils.resize import resize


@pytest.fixture(scope="module")
def photographs():
    return [x[:160, :200] for x in list(datasets.training().values())[:4]]


def misfit(low, high, scale):
    """Mean difference of low patches and reduced high ones, in levels of 8 bits."""
    inside = slice(2, -2)  # at the border the original had other neighbors
    reduced = resize(high, Fraction(1, scale))
    return 255 * np.abs(reduced - low)[:, inside, inside].mean()


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_pairs_are_aligned(photographs, scale):
    low, high = Patches(photographs, scale, size=12).batch(0)
    assert low.shape == (16, 12, 12, 3) and low.dtype == np.float32
    assert high.shape == (16, 12 * scale, 12 * scale, 3) and high.dtype == np.float32
    assert misfit(low, high, scale) < 0.3  # rounding to 8 bits alone makes 0.25
    for shift in (-1, 1):
        for axis in (1, 2):
            assert misfit(low, np.roll(high, shift, axis), scale) > 0.6


def test_batch_depends_on_seed_and_number_only(photographs):
    first, again = (Patches(photographs, 2, seed=3) for _ in range(2))
    expected = again.batch(5)
    assert all(map(np.array_equal, first.batch(5), expected))
    assert not np.array_equal(first.batch(6)[0], expected[0])
    other = Patches(photographs, 2, seed=4)
    assert not np.array_equal(other.batch(5)[0], expected[0])


def test_stream_begins_anywhere(photographs):
    patches = Patches(photographs, 2, size=8, batch=2)
    for number, batch in enumerate(islice(patches.stream(7), 20), start=7):
        assert all(map(np.array_equal, batch, patches.batch(number)))


def test_batches_are_prepared_while_the_network_trains(photographs):
    patches = Patches(photographs, 2, size=4, batch=2)
    prepared = threading.Semaphore(0)
    make = patches.batch

    def batch(number):
        made = make(number)
        prepared.release()
        return made

    patches.batch = batch
    stream = patches.stream()
    next(stream)
    for _ in range(5):  # nobody asks for these
        assert prepared.acquire(timeout=10)
    stream.close()


def test_every_photograph_is_equally_likely():
    shades = [np.full((16 * 4**i, 32, 3), i / 4, "float32") for i in range(3)]
    low = np.concatenate([Patches(shades, 2, size=4).batch(n)[0] for n in range(40)])
    counts = np.unique(np.round(low[:, 0, 0, 0] * 4), return_counts=True)[1]
    assert len(counts) == 3
    assert abs(counts / len(low) - 1 / 3).max() < 0.07


def test_all_eight_orientations_occur():
    photograph = np.zeros((8, 8, 3), "float32")
    photograph[:4, :2] = 1  # a shape that no turn and no mirror maps to itself
    photograph[:2, :4] = 1
    photograph[6:, :2, 0] = 1
    patches = Patches([photograph], 2, size=4, batch=1)
    seen = {patches.batch(number)[1].tobytes() for number in range(100)}
    assert len(seen) == 8


def test_small_photographs_are_refused(photographs):
    with pytest.raises(ValueError, match=r"at least 96 pixels.*Received: 160 x 80"):
        Patches([*photographs, photographs[0][:, :80]], 4, size=24)


@pytest.mark.parametrize("wrong", [{"size": 0}, {"batch": 1.5}, {"seed": -1}])
def test_arguments_are_checked(photographs, wrong):
    with pytest.raises(ValueError, match="Expected `"):
        Patches(photographs, 4, **wrong)


def test_no_photograph_is_refused():
    with pytest.raises(ValueError, match=r"at least one photograph. Received: none"):
        Patches([], 4)
