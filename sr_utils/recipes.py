"""How each checkpoint of the course is trained: `python -m sr_utils.train NAME`.

`srresnet_x4_bundled` isn't shipped: in minutes, and with nothing but the bundled
photographs, it shows what the others do in hours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

import keras

from . import datasets, models, runtime
from .losses import LumaSquaredError
from .patches import Patches

TERMS = MappingProxyType(
    {
        "bundled": "photographs of scikit-image and scikit-learn, see data/README.md",
        "T91": "Yang et al. 2010; research use, no explicit license",
        "BSDS200": "Arbelaez et al. 2011; non-commercial research and education",
    }
)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights of a checkpoint.

    Attributes:
        network: Function of `models` that takes `scale` and `options`.
        scale: Factor of the task.
        data: Sets to train on, keys of `TERMS`.
        steps: Number of batches.
        rate: Highest learning rate; it rises from a tenth of that over the first
            hundredth of the steps and falls to zero along a cosine.
        loss: "mae", "mse" or a `keras.losses.Loss`.
        options: Further arguments of `network`.
        size: Width of a low-resolution patch in pixels.
        batch: Patches per batch.
        seed: Decides the first weights and every batch.
        precision: Keras dtype policy; by default the one that `runtime.precision`
            finds the fastest on the device.
    """

    network: Callable
    scale: int
    data: tuple[str, ...]
    steps: int
    rate: float = 1e-3
    loss: str | keras.losses.Loss = "mae"
    options: Mapping = field(default_factory=dict)
    size: int = 24
    batch: int = 16
    seed: int = 0
    precision: str | None = None

    def describe(self):
        """The recipe as values that JSON can hold."""
        loss = self.loss if isinstance(self.loss, str) else self.loss.get_config()
        return {entry.name: getattr(self, entry.name) for entry in fields(self)} | {
            "network": self.network.__name__,
            "data": list(self.data),
            "options": dict(self.options),
            "loss": loss,
        }

    def build(self):
        """The untrained network, in the recipe's precision."""
        with runtime.policy(self.precision or runtime.precision()):
            return self.network(self.scale, **self.options)

    def patches(self):
        """The batches of the recipe, from those photographs that can hold a patch."""
        photographs = [x for name in self.data for x in _photographs(name).values()]
        least = self.size * self.scale
        return Patches(
            [x for x in photographs if min(x.shape[:2]) >= least],
            self.scale,
            size=self.size,
            batch=self.batch,
            seed=self.seed,
        )

    def optimizer(self):
        """Adam with the recipe's learning rate; lesson 2 explains the choice."""
        warm = max(1, self.steps // 100)
        rate = keras.optimizers.schedules.CosineDecay(
            0.1 * self.rate,
            self.steps - warm,
            warmup_target=self.rate,
            warmup_steps=warm,
        )
        return keras.optimizers.Adam(rate, beta_2=0.99)


def _photographs(name):
    return datasets.training() if name == "bundled" else datasets.training_set(name)


RECIPES = MappingProxyType(
    {
        "srcnn_x3": Recipe(
            models.srcnn,
            3,
            ("T91",),
            steps=30_000,
            rate=2e-3,
            loss=LumaSquaredError(border=6),
            size=20,
            batch=4,
            precision="float32",  # the layers carry the whole image, not a difference
        ),
        "srresnet_x4_bundled": Recipe(
            models.srresnet,
            4,
            ("bundled",),
            steps=3_000,
            rate=1.5e-3,
            options=MappingProxyType({"blocks": 6, "filters": 48}),
            batch=8,
        ),
        "srresnet_x4": Recipe(
            models.srresnet, 4, ("bundled", "T91", "BSDS200"), steps=36_000
        ),
    }
)
