"""Training patches: aligned, fair to every photograph, and repeatable."""

import threading
from fractions import Fraction
from functools import partial
from itertools import islice

import numpy as np
import pytest

from sr_utils import datasets, degradations
from sr_utils import patches as patches_module
from sr_utils.images import to_rgb, to_uint8
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
    for _ in range(2 * patches_module._AHEAD):  # the second half wasn't asked for
        assert prepared.acquire(timeout=10)


def test_a_stream_that_keras_keeps_has_no_thread(photographs):
    patches = Patches(photographs, 2, size=4, batch=2)
    before = set(threading.enumerate())
    streams = [patches.stream() for _ in range(3)]
    for stream in streams:
        next(stream)
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10)
        assert not thread.is_alive()
    assert all(map(np.array_equal, next(streams[0]), patches.batch(1)))


def test_what_goes_wrong_in_the_thread_is_raised(photographs):
    def broken(*_):
        raise ValueError("Expected a sharp photograph. Received: fog")

    stream = Patches(photographs, 2, size=4, degrade=broken).stream()
    with pytest.raises(ValueError, match="fog"):
        next(stream)


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


def as_before_degrade(pairs, scale, seed, number):
    """A batch of 16 patches of 24 pixels, cut in the order of the first version."""
    rng, cut = np.random.default_rng((seed, number)), []
    for index in rng.integers(len(pairs), size=16):
        (high, low), square = pairs[index], []
        top, left = (rng.integers(side - 24 + 1) for side in low.shape[:2])
        turns, mirrored = rng.integers(4), rng.integers(2)
        for image, zoom in ((low, 1), (high, scale)):
            rows, columns = (
                slice(start * zoom, (start + 24) * zoom) for start in (top, left)
            )
            patch = np.rot90(image[rows, columns], turns)
            square.append(patch[:, ::-1] if mirrored else patch)
        cut.append(square)
    return [np.stack(images) for images in zip(*cut, strict=True)]


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_without_degrade_every_batch_is_what_it_was(photographs, scale):
    pairs = [datasets.pair(x, scale) for x in photographs]
    for number in (0, 7):
        batch = Patches(photographs, scale, seed=3).batch(number)
        expected = as_before_degrade(pairs, scale, 3, number)
        assert all(map(np.array_equal, batch, expected))


def softened(high, scale, seed):
    kernel = degradations.gaussian_kernel(3, 1, 30)
    blur = partial(degradations.blur, kernel=kernel)
    return degradations.degrade(high, scale, seed, blur=lambda x, seed: blur(x))


def stored(high, scale, seed):
    return degradations.compressed(high[::scale, ::scale], 30)


def degraded_whole(photographs, scale, degrade):
    """`Patches` cut out of degraded photographs."""
    patches = Patches(photographs, scale, size=12)
    patches.pairs = [
        (to_uint8(degrade(high / np.float32(255), scale, 0)), high)
        for _, high in patches.pairs
    ]
    return patches


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("degrade", [softened, stored])
def test_a_degraded_patch_sees_its_surroundings(photographs, degrade, scale):
    gray = [to_rgb(x.mean(axis=-1, keepdims=True)) for x in photographs]
    whole = degraded_whole(gray, scale, degrade)
    patches = Patches(gray, scale, size=12, degrade=degrade)
    same = [whole.batch(n)[0] == patches.batch(n)[0] for n in range(10)]
    assert np.mean(same) > 0.999


@pytest.mark.parametrize("degrade", [softened, stored])
def test_a_piece_without_surroundings_would_differ(photographs, degrade, monkeypatch):
    monkeypatch.setattr(patches_module, "_MARGIN", 0)
    monkeypatch.setattr(patches_module, "_BLOCK", 1)
    gray = [to_rgb(x.mean(axis=-1, keepdims=True)) for x in photographs]
    whole = degraded_whole(gray, 4, degrade).batch(0)
    narrow = Patches(gray, 4, size=12, degrade=degrade).batch(0)
    assert np.mean(whole[0] != narrow[0]) > 0.1
    np.testing.assert_array_equal(whole[1], narrow[1])


def aligned_share(low, high, scale):
    """Share of the rich patches that no shift by a pixel brings closer."""
    reduced, inside = resize(high, Fraction(1, scale)), slice(2, -2)
    corners = np.diff(reduced, axis=1)[:, :, 1:] * np.diff(reduced, axis=2)[:, 1:]
    rich = corners.std(axis=(1, 2, 3))
    shifts = [(0, 0), *((x, y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y)]
    errors = [
        ((np.roll(reduced, move, (1, 2)) - low)[:, inside, inside] ** 2).mean((1, 2, 3))
        for move in shifts
    ]
    return np.mean(np.argmin(errors, axis=0)[rich > np.median(rich)] == 0)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("name", ["blur", "kernel", "noise", "JPEG", "mixture"])
def test_degraded_pairs_are_aligned(photographs, scale, name):
    degrade = degradations.CONDITIONS[name]

    def shifted(high, scale, seed):
        return np.roll(degrade(high, scale, seed), 1, axis=1)

    sources = [
        Patches(photographs, scale, size=20, batch=128, degrade=x)
        for x in (degrade, shifted, None)
    ]
    right, wrong, clean = (source.batch(0) for source in sources)
    np.testing.assert_array_equal(right[1], clean[1])
    assert not np.array_equal(right[0], clean[0])
    assert aligned_share(*right, scale) > (0.5 if name == "mixture" else 0.9)
    assert aligned_share(*wrong, scale) < 0.2


def test_degraded_batches_depend_on_seed_and_number_only(photographs):
    first, again = (
        Patches(photographs, 2, batch=4, seed=3, degrade=degradations.second_order)
        for _ in range(2)
    )
    expected = {number: first.batch(number) for number in (5, 0, 9, 2)}
    for number in sorted(expected):
        assert all(map(np.array_equal, again.batch(number), expected[number]))
    for number, batch in enumerate(islice(first.stream(2), 8), start=2):
        if number in expected:
            assert all(map(np.array_equal, batch, expected[number]))
    other = Patches(photographs, 2, batch=4, seed=4, degrade=degradations.second_order)
    assert not np.array_equal(other.batch(5)[0], expected[5][0])


def test_every_patch_has_its_own_seed_and_a_whole_number_of_pixels(photographs):
    seen = []

    def degrade(high, scale, seed):
        seen.append((high.shape, seed))
        assert high.dtype == np.float32 and 0 <= high.min() <= high.max() <= 1
        return degradations.degrade(high, scale, seed)

    patches = Patches(photographs, 4, degrade=degrade)
    low = np.concatenate([patches.batch(number)[0] for number in range(4)])
    assert len({seed for _, seed in seen}) == len(seen) == len(low) == 64
    for (height, width, _), _ in seen:
        assert height % 4 == width % 4 == 0
        assert 24 * 4 + 16 <= min(height, width) <= max(height, width) <= 160


def test_degrade_is_checked(photographs):
    with pytest.raises(ValueError, match=r"a function .*Received: 'blur'"):
        Patches(photographs, 2, degrade="blur")
    wrong = Patches(photographs, 2, degrade=lambda high, scale, seed: high)
    with pytest.raises(ValueError, match=r"to return shape .*Received: "):
        wrong.batch(0)


@pytest.mark.parametrize("wrong", [{"size": 0}, {"batch": 1.5}, {"seed": -1}])
def test_arguments_are_checked(photographs, wrong):
    with pytest.raises(ValueError, match="Expected `"):
        Patches(photographs, 4, **wrong)


def test_no_photograph_is_refused():
    with pytest.raises(ValueError, match=r"at least one photograph. Received: none"):
        Patches([], 4)
