"""Batches of patches for training, cut at random from pairs of photographs.

For given photographs, batch n depends on the seed and n only. So a training run can
stop after any step and go on with exactly the batches it would have seen. Lesson 2
writes the same kind of pipeline in `tf.data`; this one serves any Keras backend.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from math import ceil

import numpy as np

from .datasets import pair
from .images import check_count, to_uint8

_AHEAD = 4  # batches prepared while the network trains on as many
_MARGIN = 16  # pixels of the original around a patch: blur and reduction reach as far
_BLOCK = 8  # pixels in the squares that JPEG stores one by one


class Patches:
    """Random patches of low resolution with their partners of high resolution.

    Every photograph is equally likely, whatever its size, and every position in it.
    Each pair is turned and mirrored alike, in one of 8 ways.

    Args:
        photographs: Originals, float in [0, 1] of shape `(height, width, 3)`. They are
            reduced by `datasets.pair`, as the published benchmarks are.
        scale: Whole-number factor of the task.
        size: Width and height of a low-resolution patch, in pixels.
        batch: Patches per batch.
        seed: With the same seed, batch n is always the same.
        degrade: Another way to make the low-resolution patches: a function
            `(high, scale, seed) -> low`, such as `degradations.second_order`. It gets a
            larger piece of the original than the patch, so that blur and JPEG see the
            surroundings. The originals stay those of the same seed without it.

    Raises:
        ValueError: If there is no photograph, or one is smaller than a patch.
    """

    def __init__(self, photographs, scale, *, size=24, batch=16, seed=0, degrade=None):
        self.scale = check_count(scale, "scale")
        self.size = check_count(size, "size")
        self.batch_size = check_count(batch, "batch")
        self.seed = check_count(seed, "seed", least=0)
        self.degrade = _check_function(degrade)
        pairs = [pair(x, scale) for x in photographs]
        if not pairs:
            raise ValueError("Expected at least one photograph. Received: none")
        self.pairs = [(to_uint8(low), to_uint8(high)) for high, low in pairs]
        for low, _ in self.pairs:
            self._check_size(low)

    def batch(self, number):
        """The batch of this number, from 0.

        Returns:
            Two float32 arrays in [0, 1]: `(batch, size, size, 3)`, low resolution, and
            `(batch, size * scale, size * scale, 3)`, high resolution.

        Raises:
            ValueError: If `degrade` returns an image of another size.
        """
        rng = np.random.default_rng((self.seed, number))
        chosen = rng.integers(len(self.pairs), size=self.batch_size)
        places = [self._place(self.pairs[index][0], rng) for index in chosen]
        seeds = rng.integers(2**63, size=self.batch_size).tolist()
        low, high = zip(*map(self._patch, chosen, places, seeds), strict=True)
        return np.stack(low) / np.float32(255), np.stack(high) / np.float32(255)

    def stream(self, start=0):
        """All batches from number `start` on, prepared in another thread.

        The thread ends when a few are ready, and the next one starts when they are
        taken: Keras keeps a stream after `fit`, but no thread stays with it.
        """
        ready = _in_thread(self._batches, start)
        for number in count(start + _AHEAD, _AHEAD):
            batches = ready.result()
            ready = _in_thread(self._batches, number)
            yield from batches

    def _batches(self, first):
        return [self.batch(number) for number in range(first, first + _AHEAD)]

    def _check_size(self, low):
        if min(low.shape[:2]) < self.size:
            raise ValueError(
                f"Expected photographs of at least {self.size * self.scale} pixels in "
                f"each direction. Received: {low.shape[0] * self.scale} x "
                f"{low.shape[1] * self.scale}"
            )

    def _place(self, low, rng):
        """Where to cut a patch, and how to turn and mirror it."""
        top = rng.integers(low.shape[0] - self.size + 1)
        left = rng.integers(low.shape[1] - self.size + 1)
        return top, left, rng.integers(4), rng.integers(2)

    def _patch(self, index, place, seed):
        """Cut the same square out of both, then turn and mirror both alike."""
        top, left, turns, mirrored = place
        low, high = self.pairs[index]
        if self.degrade is None:
            low = self._cut(low, top, left, 1)
        else:
            low = self._degraded(high, top, left, seed)
        pair = (low, self._cut(high, top, left, self.scale))
        turned = [np.rot90(patch, turns) for patch in pair]
        return [patch[:, ::-1] if mirrored else patch for patch in turned]

    def _cut(self, image, top, left, zoom):
        rows = slice(top * zoom, (top + self.size) * zoom)
        columns = slice(left * zoom, (left + self.size) * zoom)
        return image[rows, columns]

    def _degraded(self, high, top, left, seed):
        """Degrade the blocks around a patch, and cut it out of the result."""
        (first_row, rows), (first_column, columns) = map(self._around, (top, left))
        piece = high[rows, columns] / np.float32(255)
        low = to_uint8(self.degrade(piece, self.scale, seed))
        expected = (len(piece) // self.scale, piece.shape[1] // self.scale, 3)
        if low.shape != expected:
            raise ValueError(
                f"Expected `degrade` to return shape {expected}. Received: {low.shape}"
            )
        return self._cut(low, top - first_row, left - first_column, 1)

    def _around(self, start):
        """The first low-resolution pixel around a patch, and what to cut of `high`.

        Both ends lie on JPEG's grid over the whole photograph, which is anywhere under
        a patch; where the photograph ends, so does the piece.
        """
        margin = ceil(_MARGIN / self.scale)
        first = max(0, start - margin) // _BLOCK * _BLOCK
        last = ceil((start + self.size + margin) / _BLOCK) * _BLOCK
        return first, slice(first * self.scale, last * self.scale)


def _in_thread(function, *arguments):
    """The future result of a function; its thread ends with it."""
    worker = ThreadPoolExecutor(max_workers=1)
    future = worker.submit(function, *arguments)
    worker.shutdown(wait=False)
    return future


def _check_function(degrade):
    if degrade is not None and not callable(degrade):
        raise ValueError(
            "Expected `degrade` as a function (high, scale, seed). "
            f"Received: {degrade!r}"
        )
    return degrade
