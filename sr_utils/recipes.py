"""How each checkpoint of the course is trained: `python -m sr_utils.train NAME`.

`srresnet_x4_bundled` isn't shipped: in minutes, and with nothing but the bundled
photographs, it shows what the others do in hours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from types import MappingProxyType

import keras

from . import datasets, models, runtime
from .losses import LumaSquaredError
from .patches import Patches
from .perceptual import PerceptualLoss

TERMS = MappingProxyType(
    {
        "bundled": "photographs of scikit-image and scikit-learn, see data/README.md",
        "T91": "Yang et al. 2010; research use, no explicit license",
        "BSDS200": "Arbelaez et al. 2011; non-commercial research and education",
        "VGG19": "weights: Simonyan and Zisserman 2015, trained on ImageNet; CC BY 4.0",
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
        loss: "mae", "mse" or a `functools.partial` of a class of losses.
        start: Checkpoint whose weights the training starts from; by default it starts
            from random ones.
        keep: Which network becomes the checkpoint: the "best" in PSNR on the validation
            strips, or the "last", for a loss that doesn't ask for PSNR.
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
    loss: str | partial = "mae"
    start: str | None = None
    keep: str = "best"
    options: Mapping = field(default_factory=dict)
    size: int = 24
    batch: int = 16
    seed: int = 0
    precision: str | None = None

    def describe(self):
        """The recipe as values that JSON can hold."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)} | {
            "network": self.network.__name__,
            "data": list(self.data),
            "options": dict(self.options),
            "loss": self.loss if isinstance(self.loss, str) else _named(self.loss),
        }

    @property
    def perceptual(self):
        """Whether the loss needs the weights of VGG19."""
        return isinstance(self.loss, partial) and self.loss.func is PerceptualLoss

    def terms(self):
        """The terms of everything that the weights are learned from."""
        used = [*self.data, "VGG19"] if self.perceptual else self.data
        return {name: TERMS[name] for name in used}

    def build(self):
        """The network before its first step, in the recipe's precision."""
        with runtime.policy(self.precision or runtime.precision()):
            network = self.network(self.scale, **self.options)
        if self.start:
            network.set_weights(models.load_checkpoint(self.start).get_weights())
        return network

    def build_loss(self):
        """The loss as Keras compiles it, in the recipe's precision.

        Raises:
            ValueError: If VGG19 has random weights, which make no checkpoint.
        """
        if isinstance(self.loss, str):
            return self.loss
        with runtime.policy(self.precision or runtime.precision()):
            loss = self.loss()
        if self.perceptual and loss.vgg.features.name != "vgg19_imagenet":
            raise ValueError(
                "Expected ImageNet weights for VGG19, for a checkpoint. "
                f"Received: {loss.vgg.features.name}"
            )
        return loss

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

    def trainable(self):
        """The model to train, compiled, its optimizers built."""
        model = self.build()
        model.compile(
            self.optimizer(), self.build_loss(), jit_compile=runtime.jit_compile()
        )
        model.optimizer.build(model.trainable_variables)
        return model

    def trained(self, model):
        """The network that a model from `trainable` trains."""
        return model

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


@dataclass(frozen=True)
class AdversarialRecipe(Recipe):
    """A recipe for a generator that a discriminator trains, too (lesson 4).

    Attributes:
        adversarial: Weight of the adversarial loss.
        filters: Channels of the discriminator's first convolution.
    """

    adversarial: float = 0.1
    filters: int = 32

    def trainable(self):
        """An `SRGAN`; it needs TensorFlow."""
        from .srgan import SRGAN

        with runtime.policy(self.precision or runtime.precision()):
            model = SRGAN(self.build(), models.discriminator(self.filters))
        model.compile(
            self.optimizer(),
            self.optimizer(),
            self.build_loss(),
            self.adversarial,
            jit_compile=runtime.jit_compile(),
        )
        return model

    def trained(self, model):
        """The averaged generator."""
        return model.averaged


def _named(loss):
    """The class of a loss and its arguments."""
    return {"class": loss.func.__name__, **loss.keywords}


def _photographs(name):
    return datasets.training() if name == "bundled" else datasets.training_set(name)


_FEATURES = MappingProxyType(
    {
        "loss": partial(PerceptualLoss, layers=["block3_conv1"], pixel=3),
        "options": MappingProxyType({"flat": True}),
        "start": "srresnet_x4",
        "keep": "last",
        "batch": 8,
    }
)
RECIPES = MappingProxyType(
    {
        "srcnn_x3": Recipe(
            models.srcnn,
            3,
            ("T91",),
            steps=30_000,
            rate=2e-3,
            loss=partial(LumaSquaredError, border=6),
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
        "srresnet_x4_vgg": Recipe(
            models.srresnet,
            4,
            ("bundled", "T91", "BSDS200"),
            steps=4_000,
            rate=5e-4,
            **_FEATURES,
        ),
        "srgan_x4": AdversarialRecipe(
            models.srresnet,
            4,
            ("bundled", "T91", "BSDS200"),
            steps=3_000,
            rate=3e-4,
            adversarial=0.4,
            **_FEATURES
            | {
                "loss": partial(
                    PerceptualLoss, layers=["block3_conv1"], pixel=1, grid=1_000
                )
            },
        ),
    }
)
