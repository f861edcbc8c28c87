"""SRGAN: a generator, and a discriminator that tells its images from photographs.

Lesson 4 derives the training step and writes it out. The step is TensorFlow's; both
networks run on any Keras backend.
"""

import math

import keras
import tensorflow as tf
from keras import ops

REAL = 0.9  # what the discriminator should say to a photograph: one-sided smoothing
EMA_DECAY = 0.995  # what the averaged generator keeps of itself in a late step
_WARM_UP = 10  # steps; the average of the first few should follow quickly
_SQUARE = 4  # pixels: the steps in which VGG19 looks at block 3
_METRICS = ("loss", "content", "adversarial", "d_loss", "real", "fake")


@keras.saving.register_keras_serializable(package="sr_utils")
class SRGAN(keras.Model):
    """A generator and a discriminator that train against each other.

    `averaged` is the exponential moving average of the generator, which doesn't follow
    every turn of the training. It keeps n / (n + 10) of itself in step n, and never
    more than 0.995. Calls, `predict` and `evaluate` use it.

    A step reports: `loss` of the generator, its parts `content` and `adversarial`, the
    discriminator's `d_loss`, and the mean probability it gives to `real` and to `fake`
    images of being photographs.

    Args:
        generator: Network from `(batch, height, width, 3)` to a larger image, float RGB
            in [0, 1], such as `models.srresnet(4, flat=True)`.
        discriminator: Network from the larger image to one logit for each image, such
            as `models.discriminator()`.

    Source: Ledig et al. 2017, section 2; one-sided smoothing: Salimans et al. 2016,
    section 3.4; lesson 4.
    """

    def __init__(self, generator, discriminator, **options):
        super().__init__(**options)
        self.generator, self.discriminator = generator, discriminator
        self.averaged = keras.models.clone_model(generator)
        self.averaged.set_weights(generator.get_weights())
        self.averaged.trainable = False
        self.means = {name: keras.metrics.Mean(name=name) for name in _METRICS}
        self.cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
        self.built = True

    def compile(
        self, optimizer, discriminator_optimizer, content, adversarial_weight, **options
    ):
        """Say how to train.

        Args:
            optimizer: `keras.optimizers.Optimizer` of the generator.
            discriminator_optimizer: Another one, of the discriminator.
            content: `keras.losses.Loss` that compares original and result, such as
                `PerceptualLoss`.
            adversarial_weight: Weight of the adversarial loss beside it, at least 0.
            **options: As of `keras.Model.compile`, without losses and metrics: a step
                reports its own.

        Raises:
            ValueError: If one of them isn't as described.
        """
        _check_options(options)
        _check(optimizer, discriminator_optimizer, content, adversarial_weight)
        super().compile(optimizer=optimizer, **options)
        if self.dtype_policy.name == "mixed_float16":
            discriminator_optimizer = _with_loss_scale(discriminator_optimizer)
        self.discriminator_optimizer = discriminator_optimizer
        self.optimizer.build(self.generator.trainable_variables)
        discriminator_optimizer.build(self.discriminator.trainable_variables)
        self.content, self.adversarial_weight = content, adversarial_weight

    @property
    def optimizers(self):
        """Both of them, the generator's first."""
        return [self.optimizer, self.discriminator_optimizer]

    @property
    def metrics(self):
        """What Keras sets back to zero before each epoch."""
        return list(self.means.values())

    def call(self, low, training=False):
        """Enlarge with the averaged generator."""
        return self.averaged(low, training=False)

    def train_step(self, batch):
        """One step of both networks, from the same images.

        The discriminator sees originals and results in one batch. In two, its batch
        normalization would take away what makes them differ. Both are moved by 0 to 3
        pixels first, by others in each step: the squares of the generator then have no
        fixed place in those of VGG19 and the discriminator, and a grid nothing to gain.
        """
        low, high, _ = keras.utils.unpack_x_y_sample_weight(batch)
        with tf.GradientTape() as tape, tf.GradientTape() as discriminator_tape:
            high, generated = self._moved(high, self.generator(low, training=True))
            both = self.discriminator(ops.concatenate([high, generated]), training=True)
            real, fake = ops.split(both, 2)
            losses = self._compare(high, generated, real, fake)
            loss = self.optimizer.scale_loss(losses["loss"])
            d_loss = self.discriminator_optimizer.scale_loss(losses["d_loss"])
        _descend(self.optimizer, tape, loss, self.generator)
        _descend(
            self.discriminator_optimizer,
            discriminator_tape,
            d_loss,
            self.discriminator,
        )
        self._average()
        seen = {"real": ops.sigmoid(real), "fake": ops.sigmoid(fake)}
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        return self._report({k: x * replicas for k, x in losses.items()} | seen)

    def test_step(self, batch):
        """The content loss of the averaged generator, as `loss`."""
        low, high, _ = keras.utils.unpack_x_y_sample_weight(batch)
        loss = self.content(high, self(low))
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        return self._report({"loss": loss * replicas})

    def get_config(self):
        """Both networks."""
        networks = {"generator": self.generator, "discriminator": self.discriminator}
        return super().get_config() | {
            name: keras.saving.serialize_keras_object(network)
            for name, network in networks.items()
        }

    @classmethod
    def from_config(cls, config):
        """Rebuild both networks."""
        networks = {
            name: keras.saving.deserialize_keras_object(config.pop(name))
            for name in ("generator", "discriminator")
        }
        return cls(**networks, **config)

    def get_compile_config(self):
        """Optimizers and losses; of `PerceptualLoss` its arguments, not its VGG19."""
        parts = {
            "optimizer": self.optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
            "content": self.content,
            "adversarial_weight": self.adversarial_weight,
        }
        return keras.saving.serialize_keras_object(parts)

    def compile_from_config(self, config):
        """Compile as before saving; a `PerceptualLoss` has no VGG19 then."""
        self.compile(**keras.saving.deserialize_keras_object(config))

    def _moved(self, *images):
        """Images moved to the next of 16 places; what leaves them enters opposite."""
        step = ops.cast(self.optimizer.iterations, "int32")
        place = step % _SQUARE, step // _SQUARE % _SQUARE
        return [ops.roll(image, place, axis=(1, 2)) for image in images]

    def _compare(self, high, generated, real, fake):
        content_loss = self.content(high, generated)
        adversarial_loss = self.cross_entropy(ops.ones_like(fake), fake)
        to_real = self.cross_entropy(REAL * ops.ones_like(real), real)
        to_fake = self.cross_entropy(ops.zeros_like(fake), fake)
        return {
            "loss": content_loss + self.adversarial_weight * adversarial_loss,
            "content": content_loss,
            "adversarial": adversarial_loss,
            "d_loss": (to_real + to_fake) / 2,
        }

    def _average(self):
        step = ops.cast(self.optimizer.iterations, "float32")
        memory = ops.minimum(EMA_DECAY, step / (step + _WARM_UP))
        pairs = zip(self.averaged.weights, self.generator.weights, strict=True)
        for average, weight in pairs:
            average.assign(memory * average + (1 - memory) * weight)

    def _report(self, values):
        for name, value in values.items():
            self.means[name].update_state(value)
        return {name: self.means[name].result() for name in values}


def _descend(optimizer, tape, loss, network):
    """Move the weights of one network down the slope of its loss."""
    weights = network.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))


def _with_loss_scale(optimizer):
    kind = keras.optimizers.LossScaleOptimizer
    return optimizer if isinstance(optimizer, kind) else kind(optimizer)


def _check_options(options):
    own = ("loss", "loss_weights", "metrics", "weighted_metrics")
    ignored = [name for name in own if options.get(name) is not None]
    if ignored:
        raise ValueError(
            "Expected no losses or metrics beside `content`: a step reports its own. "
            f"Received: {', '.join(ignored)}"
        )


def _check(optimizer, discriminator_optimizer, content, adversarial_weight):
    optimizers = (optimizer, discriminator_optimizer)
    right = all(isinstance(x, keras.optimizers.Optimizer) for x in optimizers)
    if not right or optimizer is discriminator_optimizer:
        raise ValueError(
            "Expected two different keras.optimizers.Optimizer. "
            f"Received: {optimizer!r} and {discriminator_optimizer!r}"
        )
    if not isinstance(content, keras.losses.Loss):
        raise ValueError(
            f"Expected `content` as a keras.losses.Loss. Received: {content!r}"
        )
    number = isinstance(adversarial_weight, int | float)
    if not number or not 0 <= adversarial_weight < math.inf:
        raise ValueError(
            "Expected `adversarial_weight` as a number of at least 0. "
            f"Received: {adversarial_weight!r}"
        )
