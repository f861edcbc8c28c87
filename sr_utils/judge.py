"""How close to photographs an upscaler's results look to VGG19 (lesson 3)."""

from typing import NamedTuple

import numpy as np
from keras import ops

from . import datasets, runtime
from .images import check_image, quantize, to_rgb
from .metrics import feature_distance, frechet_distance
from .perceptual import channel_rms, vgg19_features


class Perception(NamedTuple):
    """Fréchet distance of the features, and their distance in pairs; 0 is best."""

    frechet: float
    feature_distance: float


class Judge:
    """Compares an upscaler's results with the originals as VGG19 sees them.

    Args:
        sets: Dictionary from the name of a set to its images, themselves a dictionary
            from name to float array in [0, 1].
        scale: Whole-number factor of the task.
        layer: The layer whose features are compared.
        weights: As in `vgg19_features`.

    Source: Heusel et al. 2017, eq. 6, with positions as samples; Zhang et al. 2018,
    eq. 1, with all weights equal; lesson 3.
    """

    def __init__(self, sets, scale, layer="block3_conv1", weights="imagenet"):
        self.sets, self.scale, self.layer = sets, scale, layer
        with runtime.policy("float32"):
            self.features = vgg19_features([layer], weights)
        (self.rms,) = channel_rms(self.features)
        self._originals = {}

    @property
    def protocol(self):
        """One sentence that says how the numbers were made."""
        trained = self.features.name == "vgg19_imagenet"
        return (
            f"{self.layer} of VGG19, {'ImageNet' if trained else 'RANDOM'} weights, "
            "after the ReLU, each channel divided by its root-mean-square over the "
            f"training photographs; x{self.scale}, reduced with antialiased bicubic, 8 "
            f"bits, {self.scale} pixels of border removed."
        )

    def score(self, upscaler, name):
        """The `Perception` of an upscaler on the set `name`.

        Args:
            upscaler: As in `scoreboard.evaluate`.
            name: Of the set.
        """
        results = {
            key: upscaler(to_rgb(datasets.pair(image, self.scale)[1]))
            for key, image in self.sets[name].items()
        }
        return self.compare(results, name)

    def compare(self, results, name):
        """The `Perception` of images made elsewhere, such as decoded files (lesson 6).

        Args:
            results: Dictionary from the name of each image of the set to its result,
                float in [0, 1], of the size of the original cropped to a multiple of
                the scale.
            name: Of the set.

        Raises:
            ValueError: If the results aren't those of the set.
        """
        if set(results) != set(self.sets[name]):
            raise ValueError(
                f"Expected one result for each of {[*self.sets[name]]}. "
                f"Received: results for {[*results]}"
            )
        originals = self._maps_of_originals(name)
        found = [self.maps(results[key]) for key in self.sets[name]]
        stacked = (np.concatenate(maps) for maps in (originals, found))
        pairs = map(feature_distance, originals, found)
        return Perception(frechet_distance(*stacked), float(np.mean(list(pairs))))

    def maps(self, image):
        """Calibrated features of a large image, `(positions, channels)`."""
        image = to_rgb(quantize(check_image(image)))
        inside = slice(self.scale, -self.scale)
        found = self.features(image[None, inside, inside].astype("float32"))
        return ops.convert_to_numpy(found).reshape(-1, len(self.rms)) / self.rms

    def _maps_of_originals(self, name):
        """Computed once for each set."""
        if name not in self._originals:
            self._originals[name] = [
                self.maps(datasets.pair(image, self.scale)[0])
                for image in self.sets[name].values()
            ]
        return self._originals[name]
