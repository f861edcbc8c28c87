"""Score upscalers by the one protocol of the series, and show the scores as a table.

The protocol is the one of the published tables: crop to a multiple of the scale, reduce
with antialiased bicubic, round to 8 bits; score the studio-range luma with a border of
`scale` pixels removed; average the scores of the images, not their errors (lesson 1).
How much results look like photographs to VGG19 is a score of a whole set (lesson 3).
"""

from html import escape
from typing import NamedTuple

import numpy as np

from . import datasets
from .datasets import pair
from .images import check_image, quantize, to_rgb
from .metrics import feature_distance, frechet_distance, psnr, ssim


class Score(NamedTuple):
    """PSNR in dB and SSIM, at most 1; higher is better for both."""

    psnr: float
    ssim: float

    def __str__(self):
        return f"{self.psnr:.2f} dB / {self.ssim:.4f}"


class Perception(NamedTuple):
    """Fréchet distance of features, and their distance in pairs; 0 is best."""

    frechet: float
    feature_distance: float


def evaluate(upscaler, image, scale):
    """Score an upscaler on one image by the protocol.

    Args:
        upscaler: Callable from low to high resolution: float32 RGB in [0, 1] of shape
            `(height, width, 3)` to `(height * scale, width * scale, 3)`.
        image: The original, float in [0, 1], `(height, width, 3)`. A gray original,
            `(height, width, 1)`, reaches the upscaler as RGB and is scored as gray.
        scale: Whole-number factor of the task.

    Returns:
        A `Score` of the result rounded to 8 bits, `scale` pixels of border removed.

    Raises:
        ValueError: If the image or the scale isn't as described, or the upscaler
            returns another shape, or values far outside [0, 1].
    """
    original, small = pair(image, scale)
    return compare(original, upscaler(to_rgb(small)), scale)


def compare(original, result, scale):
    """Score an image that was made elsewhere, such as a decoded file.

    Args:
        original: float in [0, 1], `(height, width, 1 or 3)`, sides `scale` divides.
        result: float in [0, 1], of the same height and width.
        scale: Pixels of border removed.

    Returns:
        A `Score` of the result rounded to 8 bits.

    Raises:
        ValueError: If the result has another size, or values far outside [0, 1].
    """
    result = check_image(result, "the result of the upscaler")
    if original.shape[-1] == 1:
        result = result.mean(axis=-1, keepdims=True)
    result = quantize(result)
    return Score(
        psnr(original, result, shave=scale), ssim(original, result, shave=scale)
    )


class Scoreboard:
    """A table of upscalers against sets of images; print it or let Jupyter show it.

    `scores[method][set][image]` holds every single `Score`.

    Args:
        sets: Dictionary from the name of a set to its images, themselves a dictionary
            from name to float array in [0, 1].
        scale: Whole-number factor of the task.
        layers: Layers of VGG19, such as `["block3_conv1", "block2_conv2"]`, at which
            the features of results and originals are compared, too. By default none.
        weights: As in `perceptual.vgg19_features`.

    Raises:
        ValueError: If there is no set, or a set has no images.

    Source: lessons 1 and 3. The Fréchet distance: Heusel et al. 2017, eq. 6, with
    positions as samples; the feature distance: Zhang et al. 2018, eq. 1, with all
    weights equal.

    Example:
        ```
        board = Scoreboard({"held-out": datasets.held_out()}, scale=4)
        board.add("bicubic", lambda small: resize(small, 4))
        print(board)
        ```
    """

    def __init__(self, sets, scale, layers=(), weights="imagenet"):
        if not sets or not all(isinstance(x, dict) and x for x in sets.values()):
            raise ValueError(
                "Expected a dictionary from set to a dictionary from name to image, "
                f"none of them empty. Received: sets {list(sets)}"
            )
        self.sets = sets
        self.scale = scale
        self.layers = list(layers)
        self.features = _features(self.layers, weights) if self.layers else None
        self.scores, self.costs = {}, {}
        self._seen, self._originals = {}, {}

    @property
    def protocol(self):
        """One sentence that says how PSNR and SSIM were measured."""
        return (
            f"PSNR in dB / SSIM at x{self.scale}, mean over the images of a set. "
            f"Cropped to a multiple of {self.scale}, reduced with antialiased bicubic, "
            f"8 bits; BT.601 studio-range luma, {self.scale} pixels of border removed."
        )

    @property
    def imagenet(self):
        """Whether features are compared, and with the weights of ImageNet."""
        return self.features is not None and self.features.imagenet

    def perception_protocol(self, layer):
        """One sentence that says how the features of a layer were compared."""
        return (
            f"{layer} of VGG19, {'ImageNet' if self.imagenet else 'RANDOM'} weights, "
            "after the ReLU, each channel divided by its root-mean-square over the "
            f"training photographs; x{self.scale}, reduced with antialiased bicubic, 8 "
            f"bits, {self.scale} pixels of border removed."
        )

    def add(self, method, upscaler, cost=None):
        """Enlarge every image once and score the results, as `evaluate` does.

        Args:
            method: Its name in the table.
            upscaler: As in `evaluate`.
            cost: The `architecture.Cost` of a network; it adds two columns.
        """
        results = {
            name: {key: upscaler(self._small(x)) for key, x in images.items()}
            for name, images in self.sets.items()
        }
        self.add_results(method, results, cost)

    def add_results(self, method, results, cost=None):
        """Score images that were made elsewhere, such as decoded files (lesson 6).

        Args:
            method: Its name in the table.
            results: Dictionary from a set to a dictionary from each of its images to
                the result, float in [0, 1], of the size of the original cropped to a
                multiple of the scale.
            cost: As in `add`.

        Raises:
            ValueError: If the results aren't those of the sets.
        """
        for name, found in results.items():
            if set(found) != set(self.sets[name]):
                raise ValueError(
                    f"Expected one result for each of {[*self.sets[name]]}. "
                    f"Received: results for {[*found]}"
                )
        self.costs[method] = cost
        self.scores[method] = {
            name: {key: self._score(name, key, x) for key, x in found.items()}
            for name, found in results.items()
        }
        for name, found in results.items() if self.layers else ():
            self._seen[method, name] = self._perceptions(name, found)

    def perception(self, method, name, layer=None):
        """The `Perception` of a method on a set, by one layer, the first by default.

        Raises:
            ValueError: If the features of that layer weren't compared.
        """
        layer = layer or next(iter(self.layers), None)
        if layer not in self.layers:
            raise ValueError(f"Expected a layer of {self.layers}. Received: {layer!r}")
        return self._seen[method, name][self.layers.index(layer)]

    def maps(self, image):
        """Features of a large image, rounded and without border, one array a layer."""
        inside = slice(self.scale, -self.scale)
        return self.features(to_rgb(quantize(check_image(image)))[inside, inside])

    def mean(self, method, name):
        """The `Score` of a method averaged over the images of the set `name`."""
        return Score(*np.mean(list(self.scores[method][name].values()), axis=0))

    def _small(self, image):
        return to_rgb(pair(image, self.scale)[1])

    def _score(self, name, key, result):
        original = pair(self.sets[name][key], self.scale)[0]
        return compare(original, result, self.scale)

    def _perceptions(self, name, results):
        """For each layer the `Perception` of results of a set."""
        found = [self.maps(results[key]) for key in self.sets[name]]
        return [
            _perception(*layer)
            for layer in zip(
                zip(*self._maps_of_originals(name), strict=True),
                zip(*found, strict=True),
                strict=True,
            )
        ]

    def _maps_of_originals(self, name):
        """Computed once for each set."""
        if name not in self._originals:
            originals = [pair(x, self.scale)[0] for x in self.sets[name].values()]
            self._originals[name] = [self.maps(x) for x in originals]
        return self._originals[name]

    def __repr__(self):
        cells = self._cells()
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
        return "\n".join([*lines, *self._protocols()])

    def _repr_html_(self):
        head, *body = self._cells()
        rows = [_html_row("th", head), *(_html_row("td", row) for row in body)]
        return f"<table>{''.join(rows)}</table><p>{' '.join(self._protocols())}</p>"

    def _protocols(self):
        """How everything in the table was measured, a sentence or two."""
        if not self.layers:
            return [self.protocol]
        told = self.perception_protocol(" and ".join(self.layers))
        return [self.protocol, f"Fréchet distance of features: {told}"]

    def _cells(self):
        head = ["method", *(f"{name} ({len(x)})" for name, x in self.sets.items())]
        rows = [
            [method, *(_short(self.mean(method, name)) for name in self.sets)]
            for method in self.scores
        ]
        for name in self.sets if self.layers else ():
            head += [f"{layer}, {name}" for layer in self.layers]
            for row in rows:
                seen = self._seen.get((row[0], name), ())
                row += [f"{x.frechet:.1f}" for x in seen] or [""] * len(self.layers)
        if any(self.costs.values()):
            head += ["parameters", "multiplications (MACs) per pixel"]
            for row in rows:
                row += [f"{x:,}" for x in self.costs[row[0]] or ()] or ["", ""]
        return [head, *rows]


def _features(layers, weights):
    from .perceptual import CalibratedFeatures  # VGG19, where it is asked for

    return CalibratedFeatures(layers, weights, datasets.training())


def _perception(originals, results):
    """Compare the features of a layer, one array (positions, channels) an image."""
    pairs = map(feature_distance, originals, results)
    clouds = np.concatenate(originals), np.concatenate(results)
    return Perception(frechet_distance(*clouds), float(np.mean([*pairs])))


def _short(score):
    return f"{score.psnr:.2f} / {score.ssim:.3f}"


def _html_row(tag, cells):
    return "<tr>" + "".join(f"<{tag}>{escape(x)}</{tag}>" for x in cells) + "</tr>"
