"""Compare the speed of `sr_utils.resize` with `tf.image.resize`, as ratios in one run.

The two are timed in turn, so that a machine whose speed drifts slows both.
"""

import statistics
import time
from fractions import Fraction

import numpy as np

from sr_utils import runtime
from sr_utils.resize import resize

ROUNDS = 31


def seconds(function):
    """Time one call of `function`."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def ratio(ours, theirs):
    """The median, over rounds, of the time of `ours` divided by that of `theirs`."""
    ours(), theirs()
    return statistics.median(seconds(ours) / seconds(theirs) for _ in range(ROUNDS))


def main():
    """Print one ratio for each direction and each setting of TensorFlow's antialias."""
    runtime.start()
    import tensorflow as tf

    image = np.random.default_rng(0).random((512, 512, 3), dtype=np.float32)
    print("512 x 512 x 3, bicubic: time of sr_utils.resize / time of tf.image.resize")
    for scale in (4, Fraction(1, 4)):
        size = (int(512 * scale), int(512 * scale))
        for antialias in (True, False):
            times = ratio(
                lambda scale=scale, antialias=antialias: resize(
                    image, scale, antialias=antialias
                ),
                lambda size=size, antialias=antialias: tf.image.resize(
                    image, size, "bicubic", antialias=antialias
                ).numpy(),
            )
            print(f"  x{scale!s:4} antialias={antialias!s:6} {times:.2f}")


if __name__ == "__main__":
    main()
