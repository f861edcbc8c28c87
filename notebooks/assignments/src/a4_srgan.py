# %% [markdown]
# # Assignment 4: SRGAN
#
# You have worked through lesson 4. Here you build its parts in a new form: a discriminator
# that also sees the small image, losses that compare, a step in which the networks take
# turns, a doctor for training curves, and the memory of an average. Plan about two hours.
#
# - Write your code where it says `YOUR CODE HERE`, and delete the line below it. Keep the
#   names and the arguments of the functions. They must work for other inputs than the
#   ones you see.
# - Run the cell of checks after each task. Its message says what is wrong. Passing it is
#   a good sign and no proof: your marks come from other inputs.
# - Each task is graded alone, in a fresh process: with the cells that you add *before*
#   it, but without the cells of other tasks. A helper that two tasks share goes into a
#   cell of its own, above both.
# - Return results, don't print them; leave the arguments as they are.
# - Keep the file name, and hand in this notebook.

# %%
try:
    import sr_utils  # noqa: F401
except ModuleNotFoundError:  # on Kaggle, switch the internet on first
    import subprocess
    import sys

    source = "../.."
    print("The course has no address yet; installing it from the folder above.")
    install = [sys.executable, "-m", "pip", "install", "--quiet", source]
    subprocess.run(install, check=True)

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

# %% [markdown] nbgrader={"grade": false, "grade_id": "conditional_discriminator-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 1: a discriminator that sees the question (4 points)
#
# The lesson's discriminator looks at a large image alone. A sharp image passes, even if it
# has nothing to do with the small one. So give it both: a **conditional discriminator**
# (M. Mirza and S. Osindero, *Conditional generative adversarial nets*, 2014).
#
# Write `conditional_discriminator(filters)`. It returns a Keras model with two inputs, first
# the small image, `(batch, height, width, 3)`, then the large one, `(batch, 4 * height,
# 4 * width, 3)`. In this order it has
#
# 1. for the large image, a 3 × 3 convolution with `filters` channels that halves height and
#    width, and a leaky ReLU
# 2. another one with `2 * filters` channels that halves them again, then batch normalization
#    and a leaky ReLU
# 3. the small image, put *behind* these maps as three more channels
# 4. a 3 × 3 convolution with `2 * filters` channels, and a leaky ReLU
# 5. the mean over all places
# 6. a dense layer that returns one logit for each pair
#
# Every convolution has a bias and the padding "same", every leaky ReLU multiplies negative
# values by 0.2. One model must take images of any size.
#
# - `filters`: whole number, at least 1
# - returns: a Keras model with output `(batch, 1)`. Its weights don't matter: the checks
#   set others, in the order above
# - example: `conditional_discriminator(8)` has 4,225 parameters


# %% nbgrader={"grade": false, "grade_id": "conditional_discriminator", "locked": false, "schema_version": 3, "solution": true, "task": false}
def conditional_discriminator(filters):
    ### BEGIN SOLUTION
    low, high = keras.Input((None, None, 3)), keras.Input((None, None, 3))
    x = layers.Conv2D(filters, 3, strides=2, padding="same")(high)
    x = layers.LeakyReLU(0.2)(x)
    x = layers.Conv2D(2 * filters, 3, strides=2, padding="same")(x)
    x = layers.LeakyReLU(0.2)(layers.BatchNormalization()(x))
    x = layers.Concatenate()([x, low])
    x = layers.LeakyReLU(0.2)(layers.Conv2D(2 * filters, 3, padding="same")(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model([low, high], layers.Dense(1)(x))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "conditional_discriminator-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
model = conditional_discriminator(8)
assert model is not None, "The model isn't returned: is the `return` missing?"
assert isinstance(model, keras.Model), f"Expected a Keras model. Received: {model!r}"
small, large = np.zeros((2, 3, 5, 3)), np.zeros((2, 12, 20, 3))
logits = model([small, large])
assert logits.shape == (2, 1), (
    "Expected one logit for each of two pairs. If there are more, the mean over all places "
    f"is missing. Received: shape {tuple(logits.shape)}"
)
assert not np.allclose(logits, 0.5), (
    "Expected logits. Black images have the logit 0; a half is a probability. The loss takes "
    f"the sigmoid itself. Received: {float(logits[0, 0])}"
)
assert model([small[:, :2], large[:, :8]]).shape == (2, 1), (
    "Another size should do, too."
)
assert model.count_params() == 4225, (
    "Expected 4,225 parameters. 432 too few means that the last convolution doesn't see the "
    "small image, 64 too few that there is no batch normalization. Look again at lesson 4, "
    f"`The discriminator`. Received: {model.count_params()}"
)
### BEGIN HIDDEN TESTS
import numpy as np

from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task


def inside(build, filters, low, high, weights):
    import numpy as np

    model = build(filters)
    if model is None:
        return None
    if not hasattr(model, "get_weights"):
        return "no model"
    inputs = getattr(model, "inputs", None) or []
    if any(size is not None for x in inputs for size in x.shape[1:3]):
        return "fixed sizes"
    model([low, high])
    if len(model.get_weights()) == len(weights) - 4:
        return "four weights less"
    if [x.shape for x in model.get_weights()] != [x.shape for x in weights]:
        return "other weights"
    model.set_weights(weights)
    return np.array(model([low, high], training=False))


def convolved(maps, kernel, bias, stride):
    """By NumPy, with TensorFlow's padding "same"."""
    beyond = [max((-(-n // stride) - 1) * stride + 3 - n, 0) for n in maps.shape[1:3]]
    sides = [(n // 2, n - n // 2) for n in beyond]
    maps = np.pad(maps, ((0, 0), *sides, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(maps, (3, 3), axis=(1, 2))
    strided = windows[:, ::stride, ::stride]
    return np.einsum("bhwcij,ijcd->bhwd", strided, kernel, optimize=True) + bias


def normalized(maps, gamma, beta, mean, variance):
    return (maps - mean) / np.sqrt(variance + 1e-3) * gamma + beta


def judged(slope=0.2, late=None, pool=np.mean, first=False, normal_last=False):
    """Logits by NumPy; the arguments make them wrong in one point each."""

    def logits(filters, low, high, weights):
        def leaky(maps, slope=slope):
            return np.where(maps < 0, slope * maps, maps)

        x = leaky(convolved(high, *weights[:2], 2))
        x = convolved(x, *weights[2:4], 2)
        if normal_last:
            x = normalized(leaky(x), *weights[4:8])
        else:
            x = leaky(normalized(x, *weights[4:8]))
        x = np.concatenate([low, x] if first else [x, low], axis=-1)
        x = convolved(x, *weights[8:10], 1)
        x = pool(leaky(x, slope if late is None else late), axis=(1, 2))
        return x @ weights[10] + weights[11]

    return logits


def probability(*arguments):
    return 1 / (1 + np.exp(-judged()(*arguments)))


def pair(rng, filters, batch, height, width):
    n = 2 * filters
    shapes = [(3, 3, 3, filters), (filters,), (3, 3, filters, n), *5 * [(n,)]]
    shapes += [(3, 3, n + 3, n), (n,), (n, 1), (1,)]
    weights = [rng.normal(0, 1 / np.sqrt(np.prod(x[:-1]) or 1), x) for x in shapes]
    weights[7] = 0.5 + abs(weights[7])  # the variance
    images = [rng.random((batch, k * height, k * width, 3)) for k in (1, 4)]
    return filters, *map(np.float32, images), [np.float32(x) for x in weights]


def cases(rng):
    yield Case("images that are wider than tall", pair(rng, 8, 2, 3, 7))
    yield Case("another number of filters", pair(rng, int(rng.integers(3, 7)), 3, 6, 6))
    yield Case("a single filter and small images", pair(rng, 1, 1, 2, 1))
    yield Case("larger images", pair(rng, 4, 2, 12, 9))


TASK = Task(
    function="conditional_discriminator",
    example=pair(np.random.default_rng(0), 8, 2, 6, 5),
    cases=cases,
    expected=judged(),
    mistakes={
        "It isn't a Keras model.": lambda *_: "no model",
        "The sizes of the images are fixed. `None` leaves them open.": (
            lambda *_: "fixed sizes"
        ),
        "The model has four weights less than expected, as many as a batch "
        "normalization has.": lambda *_: "four weights less",
        "The weights have other shapes than those of the layers in the text. Does the "
        "last convolution see the small image?": lambda *_: "other weights",
        "The model returns a probability. The loss takes the sigmoid itself, so it "
        "would be there twice.": probability,
        "The leaky ReLUs keep another share of negative values than 0.2. Keras' own "
        "default is 0.3.": judged(slope=0.3),
        "Negative values are set to zero, and pass no gradient to the generator.": (
            judged(slope=0)
        ),
        "The last convolution has no leaky ReLU.": judged(late=1),
        "The small image lies in front of the maps, not behind them.": judged(
            first=True
        ),
        "The largest value of all places is taken, not their mean.": judged(
            pool=np.max
        ),
        "The batch normalization comes after the leaky ReLU.": judged(normal_last=True),
    },
    look='lesson 4, "The discriminator"',
    inside=inside,
    rtol=1e-3,
    atol=1e-4,
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "relativistic_losses-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 2: more real than the others (4 points)
#
# ESRGAN, which lesson 5 loads, asks its discriminator another question. Not "is this a
# photograph?" but "is this *more* like a photograph than the others are, on average?" (A.
# Jolicoeur-Martineau, *The relativistic discriminator*, 2018). From the logit of each
# photograph, the mean logit of the generated images is subtracted, and from the logit of
# each generated image, the mean logit of the photographs. These differences take the place
# of the logits in the cross-entropy. For a difference $x$ and a label $t$, that is
#
# $$-t \log \sigma(x) - (1 - t) \log(1 - \sigma(x)), \quad \sigma(x) = 1 / (1 + e^{-x})$$
#
# Write `relativistic_losses(real, fake, target)`. Both losses are the mean cross-entropy of
# the photographs plus the mean cross-entropy of the generated images, divided by 2. The
# labels are
#
# | loss of | photographs | generated images |
# |---|---|---|
# | the discriminator | `target` (one-sided label smoothing) | 0 |
# | the generator | 0 | 1 |
#
# - `real`, `fake`: float arrays `(m, 1)` and `(n, 1)`, the logits of photographs and of
#   generated images. They may be as large as 1,000, or -1,000
# - `target`: number above 0.5, at most 1
# - returns: two numbers, the discriminator's loss and the generator's
# - example: with `target` 0.9, logits 2 and 0 for photographs and -1 and -1 for generated
#   images, the losses are 0.2539 and 2.1539


# %% nbgrader={"grade": false, "grade_id": "relativistic_losses", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relativistic_losses(real, fake, target):
    ### BEGIN SOLUTION
    def mean_entropy(label, x):
        saying_yes, saying_no = np.logaddexp(0, -x), np.logaddexp(0, x)
        return np.mean(label * saying_yes + (1 - label) * saying_no)

    above, below = real - np.mean(fake), fake - np.mean(real)
    d_loss = (mean_entropy(target, above) + mean_entropy(0, below)) / 2
    return d_loss, (mean_entropy(0, above) + mean_entropy(1, below)) / 2
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "relativistic_losses-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
real, fake = np.array([[2.0], [0.0]]), np.array([[-1.0], [-1.0]])
found = relativistic_losses(real, fake, 0.9)
assert found is not None, "Nothing is returned: is the `return` missing?"
assert np.shape(found) == (2,), f"Expected two numbers. Received: {found}"
assert abs(found[0] - 0.2539) < 1e-3, (
    "The discriminator's loss differs from the example. 0.1539 means that no label is "
    "smoothed, 0.3539 that both are. Look again at lesson 4, `Three losses`. "
    f"Received: {found[0]:.4f}"
)
assert abs(found[1] - 2.1539) < 1e-3, (
    "The generator's loss differs from the example. It wants the generated images to win, "
    f"and nothing is smoothed. Received: {found[1]:.4f}"
)
sure = relativistic_losses(np.array([[1000.0]]), np.array([[-1000.0]]), 1.0)
assert np.isfinite(sure).all(), (
    "Large logits should give large losses. The logarithm of a sigmoid that was rounded to "
    f"0 is infinite: put both into one formula first. Received: {sure}"
)
### BEGIN HIDDEN TESTS
import numpy as np
from scipy.special import expit, log_expit

from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task


def entropy(label, x):
    return -np.mean(label * log_expit(x) + (1 - label) * log_expit(-x))


def compared(real, fake):
    return real - np.mean(fake), fake - np.mean(real)


def alone(real, fake):
    return real, fake


def own_kind(real, fake):
    return real - np.mean(real), fake - np.mean(fake)


def losses(d_labels=None, labels=(0, 1), differences=compared, loss=entropy):
    """Both losses; the arguments make them wrong in one point each."""

    def both(real, fake, target):
        pair = differences(np.float64(real), np.float64(fake))
        chosen = d_labels(target) if d_labels else (target, 0)
        wanted = labels(target) if callable(labels) else labels
        return np.array([half(loss, chosen, pair), half(loss, wanted, pair)])

    return both


def half(loss, labels, pair):
    return sum(loss(label, x) for label, x in zip(labels, pair, strict=True)) / 2


def generated_alone(real, fake, target):
    differences = compared(np.float64(real), np.float64(fake))
    return np.array([losses()(real, fake, target)[0], entropy(1, differences[1])])


def clipped(label, x):
    """As Keras does it with probabilities, in float32."""
    p = np.clip(np.float32(expit(x)), *np.float32([1e-7, 1 - 1e-7]))
    return -np.mean(label * np.log(p) + (1 - label) * np.log(1 - p))


def logits(rng, m, n, size=2.0):
    return rng.normal(0.5, size, (m, 1)), rng.normal(-0.5, size, (n, 1))


def cases(rng):
    yield Case("as many of both kinds", (*logits(rng, 8, 8), 0.9))
    yield Case("other numbers of both kinds", (*logits(rng, 5, 9), 0.9))
    target = float(rng.uniform(0.6, 0.8))
    yield Case("another target", (*logits(rng, 6, 4), target))
    yield Case("no smoothing", (*logits(rng, 4, 4), 1.0))
    yield Case("large logits", (*logits(rng, 3, 4, size=300.0), 0.9))


TASK = Task(
    function="relativistic_losses",
    example=(np.array([[2.0], [0.0]]), np.array([[-1.0], [-1.0]]), 0.9),
    cases=cases,
    expected=losses(),
    mistakes={
        "No label is smoothed.": losses(lambda _: (1, 0)),
        "The labels of generated images are smoothed, too. The smoothing is one-sided."
        "": losses(lambda target: (target, 1 - target)),
        "The generator's labels are smoothed. Only those of photographs are, and only "
        "for the discriminator.": losses(labels=lambda target: (0, target)),
        "The generator's labels are smoothed, both of them. Only those of photographs "
        "are, and only for the discriminator.": losses(
            labels=lambda target: (1 - target, target)
        ),
        "The generator's loss asks for what the discriminator wants: its labels are "
        "those of the truth.": losses(labels=(1, 0)),
        "The generator's loss is the discriminator's. It should ask for the opposite.": (
            losses(labels=lambda target: (target, 0))
        ),
        "The discriminator's labels are exchanged: it should say yes to photographs.": (
            losses(lambda target: (0, target))
        ),
        "Each logit stands alone, as in the lesson. Compare it with the mean of the "
        "other kind.": losses(differences=alone),
        "Each logit is compared with the mean of its own kind, not of the other.": (
            losses(differences=own_kind)
        ),
        "The sigmoid is applied twice.": losses(
            loss=lambda label, x: entropy(label, expit(x))
        ),
        "The generator's loss counts the generated images alone. The photographs are "
        "its other half.": generated_alone,
        "The probabilities are clipped before the logarithm, so that large logits cost "
        "too little.": losses(loss=clipped),
    },
    look='lesson 4, "Three losses"',
    rtol=5e-4,
    atol=1e-5,
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "take_turns-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 3: taking turns (4 points)
#
# In lesson 4, one pass moves both networks, and neither goes first. In the first GAN
# (Goodfellow and others, 2014), and in much of the code that you will meet, they take
# turns. Write that step: `take_turns(generator, discriminator, optimizer, d_optimizer, low,
# high)`.
#
# 1. **The discriminator's turn.** The generator enlarges `low`. Photographs (`high`) and
#    generated images go through the discriminator in *one* batch, photographs first. Its
#    loss is the mean of two cross-entropies: with the label 0.9 for photographs, and with
#    0 for generated images. `d_optimizer` moves the discriminator, and only that.
# 2. **The generator's turn,** against the discriminator that has *just moved*. Both kinds
#    of images go through it once more, in one batch as before. The loss is the mean
#    absolute difference between `high` and the generated images, plus 0.1 times the
#    cross-entropy of the generated images with the label 1. `optimizer` moves the
#    generator, and only that.
#
# Call both networks with `training=True` everywhere.
#
# - `generator`: Keras model from `(batch, h, w, 1)` to `(batch, 2 * h, 2 * w, 1)`.
#   `discriminator`: Keras model from there to logits `(batch, 1)`
# - `optimizer`, `d_optimizer`: Keras optimizers of the generator and the discriminator
# - `low`, `high`: float arrays, a batch of small images and their originals
# - returns: two numbers, the discriminator's loss and the generator's, each as it was before
#   the move that it caused
# - example: in the cell of checks, the generator is gray everywhere, and all originals are
#   white. The logits are 1.5 for white and -0.1 for gray. With learning rates of 2
#   for the generator and 1 for the discriminator, the step returns 0.4979 and 0.5869


# %% nbgrader={"grade": false, "grade_id": "take_turns", "locked": false, "schema_version": 3, "solution": true, "task": false}
def take_turns(generator, discriminator, optimizer, d_optimizer, low, high):
    ### BEGIN SOLUTION
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)

    def judged(generated):
        both = ops.concatenate([high, generated])
        return ops.split(discriminator(both, training=True), 2)

    with tf.GradientTape() as tape:
        real, fake = judged(generator(low, training=True))
        d_loss = cross_entropy(0.9 * ops.ones_like(real), real)
        d_loss = (d_loss + cross_entropy(ops.zeros_like(fake), fake)) / 2
    weights = discriminator.trainable_variables
    d_optimizer.apply(tape.gradient(d_loss, weights), weights)

    with tf.GradientTape() as tape:
        generated = generator(low, training=True)
        _, fake = judged(generated)
        loss = ops.mean(ops.abs(high - generated))
        loss = loss + 0.1 * cross_entropy(ops.ones_like(fake), fake)
    weights = generator.trainable_variables
    optimizer.apply(tape.gradient(loss, weights), weights)
    return float(d_loss), float(loss)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "take_turns-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
def two_networks():
    gray = layers.Dense(16, activation="sigmoid", kernel_initializer="zeros")
    flat = [keras.Input((2, 2, 1)), layers.Flatten(), gray]
    generator = keras.Sequential([*flat, layers.Reshape((4, 4, 1))])
    first, last = (layers.Dense(1, kernel_initializer="ones") for _ in range(2))
    half = keras.initializers.Constant(0.5)
    normal = [layers.BatchNormalization(beta_initializer=half), layers.LeakyReLU(0.2)]
    flat = [keras.Input((4, 4, 1)), layers.Flatten(), first]
    return generator, keras.Sequential([*flat, *normal, last])


generator, discriminator = two_networks()
optimizers = keras.optimizers.SGD(2.0), keras.optimizers.SGD(1.0)
small, white = np.zeros((3, 2, 2, 1), "float32"), np.ones((3, 4, 4, 1), "float32")
found = take_turns(generator, discriminator, *optimizers, small, white)
assert found is not None, "Nothing is returned: is the `return` missing?"
assert np.shape(found) == (2,), f"Expected two numbers. Received: {found}"
assert abs(found[0] - 0.4979) < 1e-3, (
    "The discriminator's loss differs from the example. 0.4229 means that no label is "
    "smoothed, 0.5029 that both are, 0.7491 that the two kinds of images don't go through "
    "the discriminator in one batch, 5.0727 that it isn't called with `training=True`. Look "
    f"again at lesson 4, `The model`. Received: {found[0]:.4f}"
)
bias = float(discriminator.layers[-1].bias[0])
assert bias != 0, "The discriminator hasn't moved. Look again at lesson 4, `The model`."
assert bias < 0, f"The discriminator goes up its slope. Received: a bias of {bias:.4f}"
assert abs(found[1] - 0.5869) < 1e-3, (
    "The generator's loss differs from the example. 0.5744 means that the discriminator "
    "hasn't moved yet when the generator plays, 0.5544 that the generator asks for the "
    "label 0, 0.6008 that the two optimizers are exchanged. Look again at lesson 4, `The "
    f"model`. Received: {found[1]:.4f}"
)
brighter = float(generator.layers[1].bias[0])
assert brighter != 0, "The generator hasn't moved. Look again at lesson 4, `The model`."
assert brighter > 0, (
    "The originals are white, so the generator should get brighter. "
    f"Received: a bias of {brighter:.4f}"
)
### BEGIN HIDDEN TESTS
import numpy as np

from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task


def inside(step, weights, d_weights, rates, lows, highs):
    import keras
    import numpy as np
    from keras import layers

    generator = keras.Sequential(
        [
            keras.Input(lows.shape[2:]),
            layers.Flatten(),
            layers.Dense(highs[0, 0].size, activation="sigmoid"),
            layers.Reshape(highs.shape[2:]),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input(highs.shape[2:]),
            layers.Flatten(),
            layers.Dense(len(d_weights[1])),
            layers.BatchNormalization(),
            layers.LeakyReLU(0.2),
            layers.Dense(1),
        ]
    )
    networks = generator, discriminator
    for network, values in zip(networks, (weights, d_weights), strict=True):
        for variable, value in zip(network.trainable_variables, values, strict=True):
            variable.assign(value)
    optimizers = [keras.optimizers.SGD(rate) for rate in rates]
    losses = []
    for low, high in zip(lows, highs, strict=True):
        found = step(*networks, *optimizers, low, high)
        if found is None:
            return None
        try:
            d_loss, loss = (float(x) for x in found)
        except (TypeError, ValueError):
            return "not two numbers"
        losses.append([d_loss, loss])
    moved = [[np.ravel(x) for x in n.trainable_variables] for n in networks]
    return [*map(np.concatenate, moved), np.array(losses)]


class Game:
    """The step by NumPy, with gradients from finite differences.

    Both networks are vectors of weights, and many of them, one in each row, are played at
    once. What a rule changes is a mistake.
    """

    def __init__(self, **rules):
        self.rules = {
            "labels": (0.9, 0.0),
            "wanted": 1.0,
            "at_once": False,
            "cut": False,
            "together": True,
            "statistics": True,
            "direction": 1,
            "d_direction": 1,
            "exchanged": False,
            "both_move": False,
            "weight": 0.1,
        } | rules

    def __call__(self, weights, d_weights, rates, lows, highs):
        g, d = (np.concatenate([np.ravel(x) for x in w]) for w in (weights, d_weights))
        g, d, losses = np.float64(g), np.float64(d), []
        rates = rates[::-1] if self.rules["exchanged"] else rates
        for low, high in zip(np.float64(lows), np.float64(highs), strict=True):
            self.low, self.high = (x.reshape(len(x), -1) for x in (low, high))
            g, d, found = self.step(g, d, *rates)
            losses.append(found)
        return [g, d, np.array(losses)]

    def step(self, g, d, rate, d_rate):
        """Both vectors after a step, and both losses before their moves."""
        d_moved, d_loss = self.d_moved(g, d, d_rate), self.d_loss(g, d)
        if self.rules["both_move"]:
            g = g - d_rate * slope(lambda x: self.d_loss(x, d), g)
        seen = d if self.rules["at_once"] else d_moved
        return self.moved(g, seen, rate), d_moved, (d_loss, self.loss(g, seen))

    def moved(self, g, d, rate):
        rate *= self.rules["direction"]
        kept = g if self.rules["cut"] else None
        return g - rate * slope(lambda x: self.loss(x, d, kept), g)

    def d_moved(self, g, d, rate):
        rate *= self.rules["d_direction"]
        return d - rate * slope(lambda x: self.d_loss(g, x), d)

    def d_loss(self, g, d):
        real, fake = self.judged(self.generated(g), d)
        yes, no = self.rules["labels"]
        return (entropy(yes, real) + entropy(no, fake)) / 2

    def loss(self, g, d, kept=None):
        made = self.generated(g)
        _, fake = self.judged(made if kept is None else self.generated(kept), d)
        content = abs(self.high - made).mean(axis=(-2, -1))
        return content + self.rules["weight"] * entropy(self.rules["wanted"], fake)

    def generated(self, g):
        inputs, outputs = self.low.shape[1], self.high.shape[1]
        kernel, bias = parts(g, (inputs, outputs), (1, outputs))
        return 1 / (1 + np.exp(-(self.low @ kernel + bias)))

    def judged(self, made, d):
        high = np.broadcast_to(self.high, made.shape)
        if not self.rules["together"]:
            return self.logits(high, d), self.logits(made, d)
        logits = self.logits(np.concatenate([high, made], axis=-2), d)
        return logits[..., : len(self.high)], logits[..., len(self.high) :]

    def logits(self, images, d):
        size = images.shape[-1]
        units = (d.shape[-1] - 1) // (size + 4)
        shapes = [(size, units), *3 * [(1, units)], (units, 1), (1, 1)]
        kernel, bias, gamma, beta, last, last_bias = parts(d, *shapes)
        x = images @ kernel + bias
        if self.rules["statistics"]:
            mean, variance = x.mean(-2, keepdims=True), x.var(-2, keepdims=True)
        else:
            mean, variance = 0, 1
        x = (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta
        return (np.where(x < 0, 0.2 * x, x) @ last + last_bias)[..., 0]


def entropy(label, x):
    no = np.logaddexp(0, x)
    return (no - label * x).mean(axis=-1)


def parts(vectors, *shapes):
    """Cut vectors of weights into arrays, with all other axes in front."""
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    cut = np.split(vectors, ends[:-1], axis=-1)
    return [x.reshape(*x.shape[:-1], *s) for x, s in zip(cut, shapes, strict=True)]


def slope(loss, weights):
    """The gradient, from a small change of each weight."""
    change = 1e-5 * np.eye(len(weights))
    return (loss(weights + change) - loss(weights - change)) / 2e-5


def played(rng, batch, side, units, rates, steps):
    small, large = side**2, 4 * side**2
    weights = [rng.normal(0, 0.7, (small, large)), rng.normal(0, 0.3, large)]
    d_weights = [rng.normal(0, 0.5, (large, units)), *rng.normal(1, 0.3, (3, units))]
    d_weights += [rng.normal(0, 0.7, (units, 1)), rng.normal(0, 0.3, 1)]
    lows = rng.random((steps, batch, side, side, 1))
    highs = rng.random((steps, batch, 2 * side, 2 * side, 1))
    values = [[np.float32(x) for x in w] for w in (weights, d_weights)]
    return *values, list(rates), np.float32(lows), np.float32(highs)


def example():
    weights = [np.zeros((4, 16)), np.zeros(16)]
    d_weights = [np.ones((16, 1)), np.zeros(1), np.ones(1), np.full(1, 0.5)]
    d_weights += [np.ones((1, 1)), np.zeros(1)]
    arrays = np.zeros((1, 3, 2, 2, 1)), np.ones((1, 3, 4, 4, 1))
    return weights, d_weights, [2.0, 1.0], *map(np.float32, arrays)


def cases(rng):
    yield Case("one step of random networks", played(rng, 5, 2, 4, (2.0, 0.4), 1))
    yield Case("two steps", played(rng, 4, 2, 5, (1.0, 0.6), 2))
    rates = rng.uniform(0.3, 0.6), rng.uniform(1, 2)
    yield Case("larger images, in a larger batch", played(rng, 8, 3, 3, rates, 1))


TASK = Task(
    function="take_turns",
    example=example(),
    cases=cases,
    expected=Game(),
    mistakes={
        "Expected two numbers, the losses of the discriminator and of the generator.": (
            lambda *_: "not two numbers"
        ),
        "The discriminator is frozen: it never moves.": Game(d_direction=0),
        "The generator is frozen: it never moves.": Game(direction=0),
        "The generator's loss has the wrong label: it asks the discriminator to say that "
        "its images are generated.": Game(wanted=0.0),
        "The generator's label is smoothed. Only that of photographs is, and only for "
        "the discriminator.": Game(wanted=0.9),
        "The labels of generated images are smoothed, too. The smoothing is one-sided."
        "": Game(labels=(0.9, 0.1)),
        "No label is smoothed.": Game(labels=(1.0, 0.0)),
        "The discriminator's labels are exchanged: it should say yes to photographs.": (
            Game(labels=(0.0, 0.9))
        ),
        "The generator plays against the discriminator as it was before its move.": (
            Game(at_once=True)
        ),
        "The generator doesn't hear the discriminator: between its images and its "
        "loss, something is cut.": Game(cut=True),
        "Photographs and generated images go through the discriminator in two batches. "
        "Batch normalization then hides how they differ.": Game(together=False),
        "The discriminator is called as in prediction: its batch normalization doesn't "
        "use the statistics of the batch.": Game(statistics=False),
        "The optimizers are exchanged.": Game(exchanged=True),
        "The discriminator's loss moves the generator, too.": Game(both_move=True),
        "The adversarial loss counts in full, not by 0.1.": Game(weight=1.0),
        "The generator goes up the slope of its loss.": Game(direction=-1),
    },
    look='lesson 4, "The model"',
    inside=inside,
    rtol=1e-3,
    atol=2e-5,
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "diagnose-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 4: a doctor for training curves (4 points)
#
# Four trainings of a toy like the lesson's, with 16 small inputs that each have stripes of
# their own as the right answer. For 400 steps, three numbers were noted:
#
# - `real`, `fake`: the mean probability that the discriminator gives to right answers and to
#   generated ones
# - `spread`: how much the generated answers differ from each other, that is the standard
#   deviation of a pixel over the batch, divided by the same of the right answers
#
# The next two cells hold and show them. Three of the trainings are broken. Look at the
# curves first, and decide for yourself which one isn't.


# %% nbgrader={"grade": false, "grade_id": "curves", "locked": true, "schema_version": 3, "solution": false, "task": false}
def curve(percents):
    return np.array(percents.split(), dtype=float) / 100


# Trainings A, B, C and D, each with 40 means of 10 steps
REAL = np.stack(
    [
        curve(40 * "50 "),
        curve(
            "47 57 69 76 75 71 66 74 63 74 70 74 76 66 61 68 70 73 73 71 "
            "64 70 59 59 58 74 65 62 53 77 59 61 61 62 63 65 60 73 61 68"
        ),
        curve(
            "46 48 53 57 60 62 63 62 59 56 53 51 50 49 48 47 47 47 47 46 "
            "46 46 46 46 46 47 47 47 47 47 48 48 48 48 48 48 49 49 49 49"
        ),
        curve(
            "55 83 89 89 90 89 89 89 84 85 88 89 89 89 89 87 89 89 90 90 "
            "89 90 90 90 90 88 93 89 90 89 90 90 90 90 90 90 90 90 90 90"
        ),
    ]
)
FAKE = np.stack(
    [
        curve(
            "53 61 69 76 81 84 85 87 87 88 89 89 89 89 90 89 89 89 89 89 "
            "89 89 89 88 88 88 88 88 88 88 88 87 87 87 87 87 87 87 87 87"
        ),
        curve(
            "45 34 24 20 22 27 39 24 35 21 25 20 15 26 32 22 22 18 16 19 "
            "23 18 28 29 30 15 26 30 32 12 30 26 29 29 27 27 26 14 27 21"
        ),
        curve(
            "44 42 38 34 31 31 31 32 35 38 40 42 43 43 44 45 45 45 45 44 "
            "44 44 44 44 44 44 43 43 43 42 42 42 42 42 42 41 41 41 41 41"
        ),
        curve(
            "35 10 2 1 1 1 1 1 3 14 3 2 2 2 2 4 8 8 5 4 "
            "4 3 2 2 1 1 4 3 2 2 1 1 1 0 0 0 0 0 0 0"
        ),
    ]
)
SPREAD = np.stack(
    [
        curve(
            "4 6 8 10 11 11 11 11 11 11 11 11 12 13 13 14 16 17 19 21 "
            "23 25 27 29 32 34 36 38 39 41 42 44 45 46 47 48 49 50 50 51"
        ),
        curve(
            "5 7 8 8 9 7 6 6 6 6 7 7 6 5 4 4 4 4 4 4 "
            "5 6 6 5 4 3 3 3 4 4 4 4 3 2 2 3 3 3 3 3"
        ),
        curve(
            "4 6 9 13 20 29 40 52 63 73 79 84 88 90 93 94 96 97 98 99 "
            "100 101 102 102 102 103 103 103 102 102 102 102 102 102 102 101 101 101 101 101"
        ),
        curve(
            "4 4 4 4 5 6 6 7 8 9 9 10 11 11 11 11 11 11 10 10 "
            "10 9 9 8 8 7 7 7 7 7 7 7 7 7 7 7 7 8 8 8"
        ),
    ]
)

# %%
from sr_utils import plots

TOLD = [
    "Training A: real stays at one half, fake rises far above it, spread rises slowly.",
    "Training B: real lies near two thirds, fake at a quarter, spread stays near 0.",
    "Training C: real and fake stay near one half, spread rises to 1.",
    "Training D: real rises to 0.9 at once, fake falls to 0, spread stays near 0.",
]
for name, *values, alt in zip("ABCD", REAL, FAKE, SPREAD, TOLD, strict=True):
    steps = 10 * np.arange(1, 41)
    pairs = zip(("real", "fake", "spread"), values, strict=True)
    named = {label: (steps, y) for label, y in pairs}
    labels = {"x_label": f"step of training {name}", "y_label": "probability, spread"}
    display(plots.curves(named, bottom=0, alt=alt, **labels))

# %% [markdown] nbgrader={"grade": false, "grade_id": "diagnose-words", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Write `diagnose(real, fake, spread)`. It names what is wrong with each of several
# trainings. A curve's *late mean* is its mean over the last quarter of the steps. The first
# line that is true decides:
#
# | word | when |
# |---|---|
# | `"exploded"` | some value of the three curves isn't a finite number |
# | `"frozen"` | the late mean of `fake` is higher than that of `real`, by 0.1 or more: the generator has learned to please a discriminator that doesn't learn |
# | `"beaten"` | the late mean of `real` is 0.8 or more, and that of `fake` 0.1 or less: the discriminator has won |
# | `"collapsed"` | the late mean of `spread` is 0.2 or less: all answers are alike |
# | `"healthy"` | none of these |
#
# - `real`, `fake`, `spread`: float arrays `(trainings, steps)`; 4 divides `steps`
# - returns: a list of words, one for each training
# - example: `diagnose(REAL, FAKE, SPREAD)` is `["frozen", "collapsed", "healthy", "beaten"]`


# %% nbgrader={"grade": false, "grade_id": "diagnose", "locked": false, "schema_version": 3, "solution": true, "task": false}
def diagnose(real, fake, spread):
    ### BEGIN SOLUTION
    curves = np.stack([real, fake, spread])
    late_real, late_fake, late_spread = np.split(curves, 4, axis=-1)[-1].mean(axis=-1)
    conditions = {
        "exploded": ~np.isfinite(curves).all(axis=(0, 2)),
        "frozen": late_fake - late_real >= 0.1,
        "beaten": (late_real >= 0.8) & (late_fake <= 0.1),
        "collapsed": late_spread <= 0.2,
    }
    return np.select(list(conditions.values()), list(conditions), "healthy").tolist()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "diagnose-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
found = diagnose(REAL, FAKE, SPREAD)
assert found is not None, "Nothing is returned: is the `return` missing?"
assert len(found) == 4, f"Expected one word for each of 4 trainings. Received: {found}"
assert set(found) <= {"exploded", "frozen", "beaten", "collapsed", "healthy"}, (
    f"Expected the words of the table. Received: {found}"
)
assert found[3] != "collapsed", (
    "Training D meets two conditions, and the one that comes first counts. "
    f"Received: {found[3]}"
)
assert list(found) == ["frozen", "collapsed", "healthy", "beaten"], (
    "The diagnoses differ from the example. Look again at lesson 4, `How it fails`. "
    f"Received: {found}"
)
broken = REAL[2:3].copy()
broken[0, 30:] = np.nan
assert list(diagnose(broken, FAKE[2:3], SPREAD[2:3])) == ["exploded"], (
    "NaN is neither above nor below anything, so comparisons don't find it. "
    f"Received: {diagnose(broken, FAKE[2:3], SPREAD[2:3])}"
)
### BEGIN HIDDEN TESTS
import math
from functools import partial

import numpy as np

from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task


def late(values):
    return values[3 * len(values) // 4 :]


def named(kind, real, fake, spread):
    """Whether a condition holds, for three lists of what counts."""
    real, fake, spread = (math.fsum(x) / len(x) for x in (real, fake, spread))
    return {
        "frozen": fake - real >= 0.1,
        "beaten": real >= 0.8 and fake <= 0.1,
        "collapsed": spread <= 0.2,
        "apart": abs(fake - real) >= 0.1,
        "one of two": real >= 0.8 or fake <= 0.1,
        "sure": real >= 0.8,
    }[kind]


ORDER = {"frozen": "frozen", "beaten": "beaten", "collapsed": "collapsed"}


def words(real, fake, spread, part=late, order=ORDER, finite=None):
    """One training after the other; other arguments are mistakes."""
    found = []
    for curves in zip(real.tolist(), fake.tolist(), spread.tolist(), strict=True):
        looked_at = finite(curves) if finite else curves
        if not all(math.isfinite(x) for curve in looked_at for x in curve):
            found.append("exploded")
            continue
        counted = [[x for x in part(curve) if math.isfinite(x)] for curve in curves]
        if not all(counted):  # NaN or infinity alone: no comparison with NaN holds
            found.append("healthy")
            continue
        true = [word for word, kind in order.items() if named(kind, *counted)]
        found.append([*true, "healthy"][0])
    return np.array(found)


def unseen(real, fake, spread):
    """NaN isn't looked for: comparisons with it are false."""
    means = [x[:, 3 * x.shape[1] // 4 :].mean(axis=1) for x in (real, fake, spread)]
    found = []
    for r, f, s in zip(*means, strict=True):
        word = "collapsed" if s <= 0.2 else "healthy"
        word = "beaten" if r >= 0.8 and f <= 0.1 else word
        found.append("frozen" if f - r >= 0.1 else word)
    return np.array(found)


# Levels of real, fake and spread: in the first 70 percent of the steps, and after them
HISTORIES = [
    ((0.50, 0.45, 0.9), (0.55, 0.40, 1.0)),  # healthy
    ((0.90, 0.02, 0.9), (0.60, 0.20, 0.9)),  # healthy, after the discriminator had won
    ((0.50, 0.40, 0.0), (0.55, 0.40, 0.5)),  # healthy, after a collapse
    ((0.50, 0.90, 0.9), (0.55, 0.35, 0.9)),  # healthy, after it was frozen
    ((0.50, 0.50, 0.9), (0.50, 0.55, 0.9)),  # healthy: a little above
    ((0.60, 0.40, 0.9), (0.89, 0.40, 0.9)),  # healthy: photographs are easy
    ((0.60, 0.20, 0.9), (0.60, 0.02, 0.9)),  # healthy: generated images are
    ((0.50, 0.45, 0.9), (0.50, 0.85, 0.9)),  # frozen
    ((0.50, 0.60, 0.3), (0.50, 0.90, 0.05)),  # frozen, and all answers alike
    ((0.50, 0.40, 0.9), (0.92, 0.02, 0.9)),  # beaten
    ((0.50, 0.40, 0.9), (0.92, 0.01, 0.05)),  # beaten, and all answers alike
    ((0.50, 0.40, 0.9), (0.65, 0.30, 0.05)),  # collapsed
]


def noted(rng, steps, before, after):
    """The three curves of a training, with noise: (3, steps)."""
    share = np.clip((np.arange(steps) / steps - 0.7) / 0.04, 0, 1)
    levels = np.outer(before, 1 - share) + np.outer(after, share)
    return np.clip(levels + 0.02 * rng.normal(size=levels.shape), 0, None)


def trainings(rng, steps):
    """All histories, some that a single step spoils, and some that explode."""
    runs = [noted(rng, steps, *history) for history in HISTORIES]
    for place, last in ((0, (0.95, 0.0, 0.0)), (9, (0.4, 0.6, 0.9))):
        runs.append(noted(rng, steps, *HISTORIES[place]))
        runs[-1][:, -1] = last
    runs.append(noted(rng, steps, *HISTORIES[0]))
    runs[-1][2, -10:] = 0  # less than half of the last quarter
    late_nan = [(row, -4, np.nan) for row in (slice(3), 1, 2)]
    for row, start, value in [*late_nan, (0, 7, np.inf)]:
        runs.append(noted(rng, steps, *HISTORIES[0]))
        runs[-1][row, start:][..., :2] = value
    runs = np.stack(runs)[rng.permutation(len(runs))]
    return tuple(np.swapaxes(runs, 0, 1))


def example():
    """Level curves at the late means of the trainings A to D.

    Those were recorded with 16 inputs, each with a right answer of its own: A with a
    frozen discriminator, B without a content loss, C with one that weighs 10, D with a
    discriminator that is larger and learns 40 times as fast.
    """
    levels = [(0.5, 0.87, 0.47), (0.63, 0.26, 0.03), (0.48, 0.41, 1.02), (0.9, 0, 0.07)]
    return tuple(np.repeat(np.array(levels).T[..., None], 40, axis=-1))


def cases(rng):
    yield Case("many trainings of 80 steps", trainings(rng, 80))
    yield Case("many trainings of 200 steps", trainings(rng, 200))
    yield Case("a single training", tuple(x[:1] for x in trainings(rng, 120)))


TASK = Task(
    function="diagnose",
    example=example(),
    cases=cases,
    expected=words,
    mistakes={
        "All steps count, not the last quarter alone. A training that has recovered is "
        "healthy.": partial(words, part=lambda x: x),
        "The last step decides. A single step is chance.": (
            partial(words, part=lambda x: x[-1:])
        ),
        "The last 10 steps count, whatever the length.": (
            partial(words, part=lambda x: x[-10:])
        ),
        "Values that aren't finite are overlooked: NaN fails every comparison.": unseen,
        "Values that aren't finite are looked for in the last quarter only.": (
            partial(words, finite=lambda curves: [late(x) for x in curves])
        ),
        "The curve of spread isn't searched for values that aren't finite.": (
            partial(words, finite=lambda curves: curves[:2])
        ),
        "A collapse is looked for before the discriminator's state. The first line of "
        "the table that is true decides.": partial(
            words,
            order={x: x for x in ("collapsed", "frozen", "beaten")},
        ),
        "For a frozen discriminator, the sign counts: `fake` is the higher one.": (
            partial(words, order=ORDER | {"frozen": "apart"})
        ),
        "One of two conditions is taken for a discriminator that has won. It needs "
        "both.": partial(words, order=ORDER | {"beaten": "one of two"}),
        "A high `real` alone isn't a discriminator that has won.": (
            partial(words, order=ORDER | {"beaten": "sure"})
        ),
    },
    look='lesson 4, "How it fails"',
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "shares-text", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Task 5: what an average remembers (4 points)
#
# The network that you use in the end is an average of the generator's weights. Unrolled, it
# is a mean of all that the generator has ever been, each with a share. How large are they?
#
# The average starts as a copy of the generator. After step *n* = 1, 2, 3, … it keeps
# $k_n$ of itself, where $k_n$ is $n / (n + w)$ or a number $k$, whichever is smaller, and
# takes $1 - k_n$ of the generator as it is after this step. In lesson 4, $w$ is 10 and $k$
# is 0.995.
#
# Write `shares(steps, most, warm_up)`: which share of the average each generator has, after
# a number of steps.
#
# - `steps`: whole number, at least 1; `most`: the number $k$, between 0 and 1; `warm_up`: the
#   number $w$, above 0
# - returns: float array `(steps + 1,)` that adds up to 1. First comes the share of the
#   generator before all steps, then that of the generator after step 1, and so on
# - example: `shares(3, 0.2, 10)` is about `[0.0030, 0.0303, 0.1667, 0.8]`


# %% nbgrader={"grade": false, "grade_id": "shares", "locked": false, "schema_version": 3, "solution": true, "task": false}
def shares(steps, most, warm_up):
    ### BEGIN SOLUTION
    found = np.zeros(steps + 1)
    found[0] = 1
    for n in range(1, steps + 1):
        keep = min(most, n / (n + warm_up))
        found *= keep
        found[n] = 1 - keep
    return found
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "shares-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
found = shares(3, 0.2, 10)
assert found is not None, "Nothing is returned: is the `return` missing?"
assert np.shape(found) == (4,), (
    "Expected four shares: of the start, and after each of three steps. "
    f"Received: shape {np.shape(found)}"
)
assert abs(np.sum(found) - 1) < 1e-6, (
    "Expected shares that add up to 1. A step shrinks all shares that are there already. "
    f"Received: {np.round(found, 4)}"
)
assert np.allclose(found, [0.0030, 0.0303, 0.1667, 0.8], atol=1e-3), (
    "The shares differ from the example. The average keeps 1/11 in the first step, and a "
    "fifth in the third. Look again at lesson 4, `The model`. "
    f"Received: {np.round(found, 4)}"
)
### BEGIN HIDDEN TESTS
import numpy as np

from sr_utils.grading.native import check_here
from sr_utils.grading.task import Case, Task


def unrolled(limit=np.minimum, first=1, keeps=lambda kept: kept):
    """Each share is what was taken, times all that was kept later."""

    def found(steps, most, warm_up):
        n = np.arange(steps) + first
        kept = keeps(limit(most, n / (n + warm_up)))
        later = np.cumprod(np.append(kept, 1.0)[::-1])[::-1]
        return later * np.append(1.0, 1 - kept)

    return found


def unshrunk(steps, most, warm_up):
    n = np.arange(1, steps + 1)
    kept = np.minimum(most, n / (n + warm_up))
    return np.append(kept.prod(), 1 - kept)


def cases(rng):
    yield Case("a single step", (1, 0.9, int(rng.integers(2, 6))))
    yield Case("so few steps that the limit isn't reached", (9, 0.99, 5))
    yield Case("many steps", (int(rng.integers(300, 500)), 0.95, 5))
    yield Case("a short memory", (int(rng.integers(30, 50)), 0.6, 2.5))


TASK = Task(
    function="shares",
    example=(3, 0.2, 10),
    cases=cases,
    expected=unrolled(),
    mistakes={
        "The steps are counted from 0, so the first one forgets the start at once.": (
            unrolled(first=0)
        ),
        "The steps are counted from 2.": unrolled(first=2),
        "What is kept and what is taken are exchanged.": unrolled(
            keeps=lambda kept: 1 - kept
        ),
        "The larger of the two numbers is kept, so the average starts too slowly.": (
            unrolled(limit=np.maximum)
        ),
        "The limit is left out: the average keeps more and more.": unrolled(
            limit=lambda most, kept: kept
        ),
        "The warm-up is left out: the average keeps the same in each step.": unrolled(
            limit=lambda most, kept: np.full_like(kept, most)
        ),
        "The order is reversed: the start comes first.": lambda *x: unrolled()(*x)[
            ::-1
        ],
        "The share of the start is missing.": lambda *x: unrolled()(*x)[1:],
        "The share of a step shrinks in every later step, too.": unshrunk,
    },
    look='lesson 4, "The model"',
    rtol=1e-5,
    atol=1e-9,
)
if __name__ == "__main__":
    check_here(TASK, globals())
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "two_curves-question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question 1: what two curves don't show (3 points)
#
# Look at the trainings A to D again. A classmate notes only `real` and `fake`. Which of the
# three broken trainings could she take for a healthy one, and why can't her curves show
# what is wrong? In training A `real` doesn't move at all: what does that say, although
# nothing stopped with an error? And what would you change about training D? Answer in four
# or five sentences.

# %% [markdown] nbgrader={"grade": true, "grade_id": "two_curves-answer", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# Training B: `real` and `fake` are a little apart and move, as in a good training. The
# discriminator sees one image at a time and judges whether it could be a photograph; that
# all answers are the same, no single probability can tell. In A the photographs stay the
# same and so does what the discriminator says about them, so its weights don't change: its
# gradient isn't applied, or is applied to the other network's weights. In D the
# discriminator is too strong for what the generator can learn from it: a lower rate or a
# smaller network for it, a higher rate for the generator, or a content loss (and
# pretraining), as in the lesson.
#
# Marks: one point each: B, since a collapse is a matter of many images and each is judged
# alone; in A the discriminator isn't trained (weights never moved); a change that weakens
# the discriminator of D or helps its generator.
# ### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "small_image-question", "locked": true, "schema_version": 3, "solution": false, "task": false}
# ## Question 2: what the small image adds (3 points)
#
# Name a fault of a generated image that the discriminator of task 1 can object to and the
# lesson's can't. Which faults of that kind does the content loss of lesson 4 see already?
# And a generator that fools your conditional discriminator on every pair: are the hairs of
# its cat true? Answer in three or four sentences.

# %% [markdown] nbgrader={"grade": true, "grade_id": "small_image-answer", "locked": false, "points": 3, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# It can object to a sharp image that doesn't belong to the small one: other colors, an edge
# in another place, the same answer for every input. The lesson's sees only whether it is
# like a photograph. The content loss compares with the original, so it also punishes wrong
# colors, misplaced edges and a collapse; but it punishes plausible detail, too, if it lies
# elsewhere than in the original. The hairs aren't true for that: many images fit one
# small image and look like photographs, and the discriminator accepts each of them.
#
# Marks: one point each: a mismatch between small and large image as the example; the content
# loss holds colors, edges or variety already; fitting and plausible isn't true (many
# originals, one small image).
# ### END SOLUTION
