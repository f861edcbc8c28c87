"""Batches of patches for training, cut at random from pairs of photographs.

For given photographs, batch n depends on the seed and n only. So a training run can
stop after any step and go on with exactly the batches it would have seen. Lesson 2
writes the same kind of pipeline in `tf.data`; this one serves any Keras backend.
"""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import numpy as np

from .datasets import pair
from .images import check_count, to_uint8

_AHEAD = 8  # batches prepared while the network trains


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

    Raises:
        ValueError: If there is no photograph, or one is smaller than a patch.
    """

    def __init__(self, photographs, scale, *, size=24, batch=16, seed=0):
        self.scale = check_count(scale, "scale")
        self.size = check_count(size, "size")
        self.batch_size = check_count(batch, "batch")
        self.seed = check_count(seed, "seed", least=0)
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
        """
        rng = np.random.default_rng((self.seed, number))
        chosen = rng.integers(len(self.pairs), size=self.batch_size)
        patches = [self._patch(*self.pairs[index], rng) for index in chosen]
        low, high = zip(*patches, strict=True)
        return np.stack(low) / np.float32(255), np.stack(high) / np.float32(255)

    def stream(self, start=0):
        """All batches from number `start` on, prepared in another thread."""
        with ThreadPoolExecutor(max_workers=1) as worker:
            ready = deque(
                worker.submit(self.batch, number)
                for number in range(start, start + _AHEAD)
            )
            for number in count(start + _AHEAD):
                yield ready.popleft().result()
                ready.append(worker.submit(self.batch, number))

    def _check_size(self, low):
        if min(low.shape[:2]) < self.size:
            raise ValueError(
                f"Expected photographs of at least {self.size * self.scale} pixels in "
                f"each direction. Received: {low.shape[0] * self.scale} x "
                f"{low.shape[1] * self.scale}"
            )

    def _patch(self, low, high, rng):
        """Cut the same square out of both, then turn and mirror both alike."""
        top = rng.integers(low.shape[0] - self.size + 1)
        left = rng.integers(low.shape[1] - self.size + 1)
        turns, mirrored = rng.integers(4), rng.integers(2)
        cut = []
        for image, zoom in ((low, 1), (high, self.scale)):
            rows = slice(top * zoom, (top + self.size) * zoom)
            columns = slice(left * zoom, (left + self.size) * zoom)
            patch = np.rot90(image[rows, columns], turns)
            cut.append(patch[:, ::-1] if mirrored else patch)
        return cut
