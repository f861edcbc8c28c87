"""How each checkpoint of the course is trained: `python -m sr_utils.training NAME`.

`srresnet_x4_bundled` isn't shipped: in minutes, and with nothing but the bundled
photographs, it shows what the others do in hours.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import MappingProxyType

import keras
from keras import ops

from .. import datasets, degradations, models, runtime
from ..images import quantize
from ..losses import LumaSquaredError
from ..patches import Patches
from ..perceptual import PerceptualLoss
from ..resize import resize

_RISE = 500  # steps
_RENAMED = MappingProxyType(
    {
        "rate": "learning_rate",
        "start": "initial",
        "keep": "select",
        "adversarial": "adversarial_weight",
    }
)
TERMS = MappingProxyType(
    {
        "bundled": "photographs of scikit-image and scikit-learn, see data/README.md",
        "T91": "Yang et al. 2010; research use, no explicit license",
        "BSDS200": "Arbelaez et al. 2011; non-commercial research and education",
        "BSDS500test": "Arbelaez et al. 2011; non-commercial research and education",
        "VGG19": "weights: Simonyan and Zisserman 2015, trained on ImageNet; CC BY 4.0",
    }
)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the weights of a checkpoint.

    Attributes:
        network: Function of `models` that takes `scale` and `options`.
        scale: Factor of the task.
        data: Sets to train on, keys of `TERMS`, or absolute paths of folders.
        steps: Number of batches.
        learning_rate: Highest learning rate; it rises from a tenth of that over the
            first hundredth of the steps and falls to zero along a cosine, or as `fall`
            says.
        loss: "mae", "mse" or a `functools.partial` of a class of losses.
        initial: Checkpoint whose weights the training starts from; by default it
            starts from random ones.
        select: Which network becomes the checkpoint: the "best" in PSNR on the
            validation images, or the "last".
        options: Further arguments of `network`.
        size: Width of a low-resolution patch in pixels.
        batch: Patches per batch.
        fall: Number of the last steps, in which the learning rate falls to zero along a
            line, as it rose in the first 500; between them it is constant, so that a
            run can be made longer. None: the cosine.
        fall_size: Width of a low-resolution patch while the rate falls, with fewer
            patches, so that a batch has about as many pixels; by default `size`.
        copies: Sizes in which each photograph is trained on, as parts of its own.
        degrade: Function of `degradations` that makes the low-resolution patches; by
            default they are reduced as the benchmarks are.
        average: What the averaged weights, which become the checkpoint, keep of
            themselves in each step. None: the weights as they are.
        seed: Decides the first weights and every batch.
        precision: Keras dtype policy; by default the one that `runtime.precision`
            finds the fastest on the device.
        every: Steps between two validations, each followed by storing the state.
    """

    network: Callable
    scale: int
    data: tuple[str, ...]
    steps: int
    learning_rate: float = 1e-3
    loss: str | partial = "mae"
    initial: str | None = None
    select: str = "best"
    options: Mapping = field(default_factory=dict)
    size: int = 24
    batch: int = 16
    fall: int | None = None
    fall_size: int | None = None
    copies: tuple[float, ...] = (1,)
    degrade: Callable | None = None
    average: float | None = None
    seed: int = 0
    precision: str | None = None
    every: int = 250

    def describe(self):
        """The recipe as values that JSON can hold."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)} | {
            "network": self.network.__name__,
            "data": list(self.data),
            "copies": list(self.copies),
            "degrade": self.degrade and self.degrade.__name__,
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
        return {name: TERMS.get(name, "a folder of photographs") for name in used}

    def build(self):
        """The network before its first step, in the recipe's precision."""
        with runtime.policy(self.precision or runtime.precision()):
            network = self.network(self.scale, **self.options)
        if self.initial:
            network.set_weights(models.load_checkpoint(self.initial).get_weights())
        return network

    def build_loss(self):
        """The loss as Keras compiles it, in the recipe's precision.

        Raises:
            ValueError: If VGG19 has random weights, which make no checkpoint.
        """
        if isinstance(self.loss, str):
            return self.loss
        with runtime.policy(self.precision or runtime.precision()):
            loss = self.loss(**self._calibration())
        if self.perceptual and loss.vgg.features.name != "vgg19_imagenet":
            raise ValueError(
                "Expected ImageNet weights for VGG19, for a checkpoint. "
                f"Received: {loss.vgg.features.name}"
            )
        return loss

    def _calibration(self):
        """What a feature loss needs that the recipe doesn't say."""
        given = {"weights": "imagenet", "calibration": datasets.training()}
        needed = given if self.perceptual else {}
        return needed | dict(self.loss.keywords)

    def patches(self):
        """The batches of the recipe, from those photographs that can hold a patch."""
        return self._patches(self.photographs(), self.size)

    def photographs(self):
        """The photographs of all sets, in every size of `copies`, float in [0, 1]."""
        least = self.size * self.scale
        sets = [_photographs(name, least) for name in self.data]
        originals = [x for found in sets for x in found.values()]
        return [_reduced(x, part) for part in self.copies for x in originals]

    def batches(self):
        """The stream of batches from a step on, which changes with the patches' width.

        Returns:
            Function from the number of a step to an iterator of batches.
        """
        photographs = self.photographs()
        early = self._patches(photographs, self.size)
        if self.fall_size is None:
            return early.stream
        late, border = self._patches(photographs, self.fall_size), self.fall_step

        def stream(step):
            before = itertools.islice(early.stream(step), max(0, border - step))
            return itertools.chain(before, late.stream(max(step, border)))

        return stream

    @property
    def fall_step(self):
        """The step from which on the learning rate falls, if `fall` is given."""
        return self.steps - (self.fall or 0)

    def _patches(self, photographs, size):
        least = size * self.scale
        return Patches(
            [x for x in photographs if min(x.shape[:2]) >= least],
            self.scale,
            size=size,
            batch=max(1, self.batch * self.size**2 // size**2),
            seed=self.seed,
            degrade=self.degrade,
        )

    def validation(self):
        """The images that a run is watched on, none of which it trains on."""
        if datasets.VALIDATION_SET in self.data:
            return datasets.validation_photographs()
        return datasets.validation()

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
        return keras.optimizers.Adam(
            self._schedule(),
            beta_2=0.99,
            use_ema=self.average is not None,
            ema_momentum=self.average or 0,
        )

    def _schedule(self):
        if self.fall is not None:
            return Trapezoid(self.learning_rate, _RISE, self.fall_step, self.steps)
        warm = max(1, self.steps // 100)
        return keras.optimizers.schedules.CosineDecay(
            0.1 * self.learning_rate,
            self.steps - warm,
            warmup_target=self.learning_rate,
            warmup_steps=warm,
        )


@dataclass(frozen=True)
class AdversarialRecipe(Recipe):
    """A recipe for a generator that a discriminator trains, too (lesson 4).

    Attributes:
        adversarial_weight: Weight of the adversarial loss.
        discriminator: Function of `models` that takes `filters`.
        filters: Channels of the discriminator's first convolution.
    """

    adversarial_weight: float = 0.1
    discriminator: Callable = models.discriminator
    filters: int = 32

    def describe(self):
        """The recipe as values that JSON can hold."""
        return super().describe() | {"discriminator": self.discriminator.__name__}

    def trainable(self):
        """An `SRGAN`; it needs TensorFlow."""
        from ..srgan import SRGAN

        with runtime.policy(self.precision or runtime.precision()):
            model = SRGAN(self.build(), self.discriminator(self.filters))
        model.compile(
            self.optimizer(),
            self.optimizer(),
            self.build_loss(),
            self.adversarial_weight,
            jit_compile=runtime.jit_compile(),
        )
        return model

    def trained(self, model):
        """The averaged generator."""
        return model.averaged


@keras.saving.register_keras_serializable(package="sr_utils")
class Trapezoid(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises along a line, stays, and falls to zero along a line.

    Until it falls, nothing depends on the number of steps, so a training can be
    made longer while it runs.

    Args:
        highest: The learning rate between rise and fall.
        rise: Number of the first steps, in which it rises.
        fall: The step from which on it falls.
        steps: The step at which it is zero.

    Source: Zhai et al. 2022, section 3.5; Hagele et al. 2024, section 3.
    """

    def __init__(self, highest, rise, fall, steps):
        self.highest, self.rise, self.fall, self.steps = highest, rise, fall, steps

    def __call__(self, step):
        """The learning rate of a step."""
        step = ops.cast(step, "float32")
        rise = (step + 1) / self.rise
        fall = (self.steps - step) / max(1, self.steps - self.fall)
        return self.highest * ops.clip(ops.minimum(rise, fall), 0, 1)

    def get_config(self):
        """What a saved optimizer needs to rebuild the schedule."""
        return vars(self)


def updated(description):
    """A recipe as an older state or card describes it, in today's terms.

    Args:
        description: Dictionary of `Recipe.describe`, today's or an earlier one's.

    Returns:
        The same with today's names, and the defaults of what wasn't there yet.
    """
    known = {_RENAMED.get(key, key): x for key, x in description.items()}
    kind = AdversarialRecipe if "adversarial_weight" in known else Recipe
    return kind(models.srresnet, 4, (), 0).describe() | known


def _named(loss):
    """The class of a loss and its arguments."""
    return {"class": loss.func.__name__, **loss.keywords}


def _reduced(photograph, part):
    """A photograph in a part of its size, rounded to 8 bits."""
    part = Fraction(part).limit_denominator(100)
    return photograph if part == 1 else quantize(resize(photograph, part))


def _photographs(name, least):
    if Path(name).is_absolute():
        return datasets.photographs(name, least)
    return datasets.training() if name == "bundled" else datasets.training_set(name)


_FEATURES = MappingProxyType(
    {
        "loss": partial(PerceptualLoss, layers=["block3_conv1"], pixel=3),
        "options": MappingProxyType({"flat": True}),
        "initial": "srresnet_x4",
        "select": "last",
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
            learning_rate=2e-3,
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
            learning_rate=1.5e-3,
            options=MappingProxyType({"blocks": 6, "filters": 48}),
            batch=8,
        ),
        "srresnet_x4": Recipe(
            models.srresnet, 4, ("bundled", "T91", "BSDS200"), steps=36_000
        ),
        "srresnet_x4_wide": Recipe(
            models.srresnet,
            4,
            ("bundled", "T91", "BSDS200", "BSDS500test"),
            steps=60_000,
            learning_rate=8e-4,
            select="last",
            options=MappingProxyType({"filters": 64, "direct": True}),
            fall=18_000,
            fall_size=48,
            copies=(1, 0.7, 0.5),
            average=0.999,
            every=1_000,
        ),
        "srresnet_x4_large": Recipe(
            models.srresnet,
            4,
            ("bundled", "T91", "BSDS200", "BSDS500test"),
            steps=28_000,
            learning_rate=8e-4,
            select="last",
            options=MappingProxyType({"blocks": 16, "filters": 64, "direct": True}),
            batch=32,
            fall=8_000,
            fall_size=48,
            copies=(1, 0.7, 0.5),
            average=0.999,
            every=2_000,
        ),
        "srresnet_x4_real": Recipe(
            models.srresnet,
            4,
            ("bundled", "T91", "BSDS200", "BSDS500test"),
            steps=24_000,
            learning_rate=8e-4,
            initial="srresnet_x4_wide",
            select="last",
            options=MappingProxyType({"filters": 64, "direct": True}),
            fall=8_000,
            copies=(1, 0.7, 0.5),
            degrade=degradations.any_order,
            average=0.999,
            every=1_000,
        ),
        "srresnet_x2": Recipe(
            models.srresnet,
            2,
            ("bundled", "T91", "BSDS200", "BSDS500test"),
            steps=22_000,
            learning_rate=8e-4,
            select="last",
            options=MappingProxyType({"filters": 64, "direct": True}),
            size=48,
            batch=32,
            fall=6_000,
            copies=(1, 0.7, 0.5),
            average=0.999,
            every=2_000,
        ),
        "srresnet_x4_vgg": Recipe(
            models.srresnet,
            4,
            ("bundled", "T91", "BSDS200"),
            steps=4_000,
            learning_rate=5e-4,
            **_FEATURES,
        ),
        "srgan_x4": AdversarialRecipe(
            models.srresnet,
            4,
            ("bundled", "T91", "BSDS200"),
            steps=3_000,
            learning_rate=3e-4,
            adversarial_weight=0.4,
            **_FEATURES
            | {
                "loss": partial(
                    PerceptualLoss, layers=["block3_conv1"], pixel=1, grid=1_000
                )
            },
        ),
        "srgan_x4_real": AdversarialRecipe(
            models.srresnet,
            4,
            ("bundled", "T91", "BSDS200", "BSDS500test"),
            steps=4_000,
            learning_rate=3e-4,
            loss=partial(PerceptualLoss, layers=["block3_conv1"], pixel=1, grid=1_000),
            initial="srresnet_x4_real",
            select="last",
            options=MappingProxyType({"filters": 64, "direct": True}),
            batch=8,
            copies=(1, 0.7, 0.5),
            degrade=degradations.any_order,
            adversarial_weight=0.4,
            discriminator=models.patch_discriminator,
        ),
    }
)
