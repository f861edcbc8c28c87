"""Call a network in two halves, the second one strip by strip, to need less memory.

The layers that enlarge hold many times as many values as those before them, but look
only a few pixels far: in strips they take little memory and compute hardly anything
twice. The layers before them look far, so they see the whole image at once.
"""

import numpy as np
from keras import ops

from . import architecture, runtime, tiling

_STRIP = 2**14  # low-resolution pixels: little memory, and work for all cores


class Halves:
    """A network, compiled for images of every size, that takes less memory.

    Args:
        network: A network of `models` with a sub-pixel stage.

    Attributes:
        memory: Bytes that a call takes for each pixel of the image, about.
    """

    def __init__(self, network):
        copy = architecture.in_float32(network)
        exact = architecture.halves(copy)
        self._scale = architecture.scale(copy)
        self._radius = architecture.reach(exact[1])
        self._before, self._after = map(runtime.graph, architecture.halves(network))
        self.memory = architecture.memory(exact[0])

    def __call__(self, batch, rows=slice(None), columns=slice(None)):
        """Enlarge a batch of images, or only some rows and columns of them.

        Args:
            batch: float32 array `(batch, height, width, 3)`.
            rows: Slice of the low-resolution rows whose result is wanted.
            columns: Likewise.

        Returns:
            The network's result there, clipped to [0, 1], a float32 array: that of the
            whole network to 1e-5, and mostly to the last bit.
        """
        maps = self._before(batch)  # (batch, height, width, channels)
        wanted = zip((rows, columns), batch.shape[1:3], strict=True)
        row, column = (self._near(*x) for x in wanted)
        near = slice(None), row.window, column.window
        large = self._in_strips(batch[near], maps[near])
        return large[:, row.kept(self._scale), column.kept(self._scale)]

    def _near(self, wanted, size):
        """What the second half must see for some rows or columns, a `tiling.Span`."""
        start, stop, _ = wanted.indices(size)
        window = slice(max(0, start - self._radius), min(size, stop + self._radius))
        return tiling.Span(window, slice(start, stop))

    def _in_strips(self, batch, maps):
        count, height, width, _ = batch.shape
        scale, rows = self._scale, max(self._radius, _STRIP // width)
        whole = np.empty((count, height * scale, width * scale, 3), "float32")
        for strip in tiling.spans(height, rows, self._radius):
            large = self._after(batch[:, strip.window], maps[:, strip.window])
            kept = ops.convert_to_numpy(large)[:, strip.kept(scale)]
            np.clip(kept, 0, 1, out=whole[:, strip.place(scale)])
        return whole
