# %% aligned_patches | right | loops
from fractions import Fraction

from sr_utils.resize import resize


def aligned_patches(low, high, corners, size):
    scale = high.shape[0] // low.shape[0]
    best, least = None, float("inf")
    for down in range(-5, 6):
        for right in range(-5, 6):
            back = np.roll(np.roll(high, -down, axis=0), -right, axis=1)
            again = resize(np.float64(back), Fraction(1, scale))
            error = np.abs(again - low)[4:-4, 4:-4].sum()
            if error < least:
                best, least = (down, right), error
    lows = np.zeros((len(corners), size, size, 3))
    highs = np.zeros((len(corners), size * scale, size * scale, 3))
    for number, (y, x) in enumerate(corners):
        top, left = y * scale + best[0], x * scale + best[1]
        lows[number] = low[y : y + size, x : x + size]
        highs[number] = high[top : top + size * scale, left : left + size * scale]
    return lows, highs


# %% aligned_patches | right | scikit-image finds the enlarged image
from skimage.feature import match_template

from sr_utils.resize import resize


def aligned_patches(low, high, corners, size):
    scale = len(high) // len(low)
    gray = resize(np.float64(low), scale).mean(axis=-1)[10:-10, 10:-10]
    likeness = match_template(np.mean(high, axis=-1, dtype=float), gray)[5:16, 5:16]
    down, right = np.array(np.unravel_index(likeness.argmax(), (11, 11))) - 5
    lows = [low[y:, x:][:size, :size] for y, x in corners]
    starts = [(scale * y + down, scale * x + right) for y, x in corners]
    side = scale * size
    return np.stack(lows), np.stack([high[y:, x:][:side, :side] for y, x in starts])


# %% aligned_patches | right | all moves at once, in TensorFlow
import tensorflow as tf


def aligned_patches(low, high, corners, size):
    scale = len(high) // len(low)
    moves = [(down, right) for down in range(-5, 6) for right in range(-5, 6)]
    stack = [tf.roll(high, (-down, -right), (0, 1)) for down, right in moves]
    again = tf.image.resize(stack, low.shape[:2], "bicubic", antialias=True)
    errors = tf.reduce_mean((again - low)[:, 4:-4, 4:-4] ** 2, (1, 2, 3))
    back = stack[int(tf.argmin(errors))]
    lows = [tf.image.crop_to_bounding_box(low, y, x, size, size) for y, x in corners]
    highs = [
        tf.image.crop_to_bounding_box(back, scale * y, scale * x, side, side)
        for y, x in corners
        for side in [scale * size]
    ]
    return tf.stack(lows), tf.stack(highs)


# %% aligned_patches | right | squared differences by Fourier transforms
from scipy.signal import fftconvolve

from sr_utils.resize import resize


def aligned_patches(low, high, corners, size):
    scale = len(high) // len(low)
    large = resize(np.float64(low), scale)[10:-10, 10:-10]
    near = np.float64(high)[5:-5, 5:-5]
    flipped = large[::-1, ::-1]
    energy = fftconvolve(near**2, np.ones_like(large), "valid", axes=(0, 1))
    product = fftconvolve(near, flipped, "valid", axes=(0, 1))
    error = (energy - 2 * product).sum(axis=-1)
    down, right = np.array(np.unravel_index(error.argmin(), error.shape)) - 5
    y, x = np.array(corners).T[:, :, None, None]
    i, j = np.mgrid[:size, :size]
    k, l = np.mgrid[: size * scale, : size * scale]
    return low[y + i, x + j], high[scale * y + down + k, scale * x + right + l]


# %% aligned_patches | wrong | as if nothing had moved
def aligned_patches(low, high, corners, size):
    scale = len(high) // len(low)
    lows = [low[y : y + size, x : x + size] for y, x in corners]
    highs = [
        high[scale * y : scale * (y + size), scale * x : scale * (x + size)]
        for y, x in corners
    ]
    return np.stack(lows), np.stack(highs)


# %% aligned_patches | wrong | moved the wrong way
from fractions import Fraction

from sr_utils.resize import resize


def aligned_patches(low, high, corners, size):
    scale = len(high) // len(low)
    moves = [(y, x) for y in range(-5, 6) for x in range(-5, 6)]

    def error(move):
        moved = np.roll(high, move, axis=(0, 1))
        again = resize(np.float64(moved), Fraction(1, scale))
        return np.mean((again - low)[4:-4, 4:-4] ** 2)

    down, right = min(moves, key=error)  # how to move it back
    lows = [low[y:, x:][:size, :size] for y, x in corners]
    starts = [(scale * y + down, scale * x + right) for y, x in corners]
    side = scale * size
    return np.stack(lows), np.stack([high[y:, x:][:side, :side] for y, x in starts])


# %% aligned_patches | wrong | The moves of rows and columns are swapped
from skimage.feature import match_template

from sr_utils.resize import resize


def aligned_patches(low, high, corners, size):
    scale = len(high) // len(low)
    gray = resize(np.float64(low), scale).mean(axis=-1)[10:-10, 10:-10]
    likeness = match_template(np.mean(high, axis=-1, dtype=float), gray)[5:16, 5:16]
    right, down = np.array(np.unravel_index(likeness.argmax(), (11, 11))) - 5
    lows = [low[y:, x:][:size, :size] for y, x in corners]
    starts = [(scale * y + down, scale * x + right) for y, x in corners]
    side = scale * size
    return np.stack(lows), np.stack([high[y:, x:][:side, :side] for y, x in starts])


# %% aligned_patches | wrong | by whole pixels of the small image
from sr_utils.resize import resize


def aligned_patches(low, high, corners, size):
    scale = len(high) // len(low)
    large = resize(np.float64(low), scale)[12:-12, 12:-12]
    steps = [x for x in range(-5, 6) if x % scale == 0]
    moves = [(y, x) for y in steps for x in steps]

    def error(move):
        window = high[12 + move[0] :, 12 + move[1] :]
        return np.mean((window[: len(large), : large.shape[1]] - large) ** 2)

    down, right = min(moves, key=error)
    lows = [low[y:, x:][:size, :size] for y, x in corners]
    starts = [(scale * y + down, scale * x + right) for y, x in corners]
    side = scale * size
    return np.stack(lows), np.stack([high[y:, x:][:side, :side] for y, x in starts])


# %% aligned_patches | wrong | found by picking pixels
def aligned_patches(low, high, corners, size):
    scale = len(high) // len(low)
    moves = [(y, x) for y in range(-5, 6) for x in range(-5, 6)]

    def error(move):
        back = np.roll(high, (-move[0], -move[1]), axis=(0, 1))
        return np.mean((back[::scale, ::scale] - low)[3:-3, 3:-3] ** 2)

    down, right = min(moves, key=error)
    lows = [low[y:, x:][:size, :size] for y, x in corners]
    starts = [(scale * y + down, scale * x + right) for y, x in corners]
    side = scale * size
    return np.stack(lows), np.stack([high[y:, x:][:side, :side] for y, x in starts])


# %% aligned_patches | wrong | rows and columns of the same numbers
from fractions import Fraction

from sr_utils.resize import resize


def aligned_patches(low, high, corners, size):
    scale = len(high) // len(low)
    moves = [(y, x) for y in range(-5, 6) for x in range(-5, 6)]

    def error(move):
        back = np.roll(high, (-move[0], -move[1]), axis=(0, 1))
        again = resize(np.float64(back), Fraction(1, scale))
        return np.mean((again - low)[4:-4, 4:-4] ** 2)

    down, right = min(moves, key=error)
    lows = [low[y:, x:][:size, :size] for y, x in corners]
    side = scale * size
    highs = [high[y + down :, x + right :][:side, :side] for y, x in corners]
    return np.stack(lows), np.stack(highs)


# %% aligned_patches | wrong | For a scale of 3: Result 2: The result has another shape
from fractions import Fraction

from sr_utils.resize import resize


def aligned_patches(low, high, corners, size):
    moves = [(y, x) for y in range(-5, 6) for x in range(-5, 6)]

    def error(move):
        back = np.roll(high, (-move[0], -move[1]), axis=(0, 1))
        again = resize(np.float64(back), Fraction(len(low), len(high)))
        return np.mean((again - low)[4:-4, 4:-4] ** 2)

    down, right = min(moves, key=error)
    lows = [low[y:, x:][:size, :size] for y, x in corners]
    scale = len(high) // len(low)
    starts = [(scale * y + down, scale * x + right) for y, x in corners]
    highs = [high[y:, x:][: 4 * size, : 4 * size] for y, x in starts]
    return np.stack(lows), np.stack(highs)


# %% fsrcnn | right | Sequential
from sr_utils.layers import depth_to_space


def fsrcnn(scale, wide, narrow, depth):
    sizes = [(wide, 5), (narrow, 1)] + depth * [(narrow, 3)] + [(wide, 1)]
    body = keras.Sequential([keras.Input((None, None, 1))])
    for filters, size in sizes:
        body.add(layers.Conv2D(filters, size, padding="same"))
        body.add(layers.LeakyReLU(negative_slope=0.1))
    body.add(
        layers.Conv2D(scale * scale, 3, padding="same", kernel_initializer="zeros")
    )
    image = keras.Input((None, None, 1))
    channels = layers.Add()(
        [body(image), keras.ops.repeat(image, scale * scale, axis=-1)]
    )
    return keras.Model(image, depth_to_space(channels, scale))


# %% fsrcnn | right | a class, and nearest neighbor by its layer
from sr_utils.layers import depth_to_space


class FSRCNN(keras.Model):
    def __init__(self, scale, wide, narrow, depth):
        super().__init__()
        self.scale = scale
        same = {
            "padding": "same",
            "activation": lambda x: keras.ops.maximum(x, 0.1 * x),
        }
        self.steps = [layers.Conv2D(wide, 5, **same), layers.Conv2D(narrow, 1, **same)]
        self.steps += [layers.Conv2D(narrow, 3, **same) for _ in range(depth)]
        self.steps += [layers.Conv2D(wide, 1, **same)]
        self.steps += [layers.Conv2D(scale**2, 3, padding="same")]
        self.steps[-1].kernel_initializer = keras.initializers.Zeros()
        self.nearest = layers.UpSampling2D(scale, interpolation="nearest")

    def call(self, image):
        x = image
        for step in self.steps:
            x = step(x)
        return self.nearest(image) + depth_to_space(x, self.scale)


def fsrcnn(scale, wide, narrow, depth):
    network = FSRCNN(scale, wide, narrow, depth)
    network(np.zeros((1, 8, 8, 1), "float32"))
    return network


# %% fsrcnn | right | TensorFlow's operations, in a layer
import tensorflow as tf


class Steps(layers.Layer):
    def __init__(self, sizes, scale):
        super().__init__()
        self.scale, self.parts, seen = scale, [], 1
        for size, filters in sizes:
            kind = "zeros" if (size, filters) == sizes[-1] else "he_normal"
            kernel = self.add_weight((size, size, seen, filters), initializer=kind)
            self.parts.append(
                (kernel, self.add_weight((filters,), initializer="zeros"))
            )
            seen = filters

    def call(self, image):
        x = image
        for kernel, bias in self.parts[:-1]:
            x = tf.nn.conv2d(x, tf.convert_to_tensor(kernel), 1, "SAME") + bias
            x = tf.nn.leaky_relu(x, 0.1)
        kernel, bias = self.parts[-1]
        x = tf.nn.conv2d(x, tf.convert_to_tensor(kernel), 1, "SAME") + bias
        return tf.nn.depth_to_space(x + image, self.scale)

    def compute_output_spec(self, image):
        return keras.KerasTensor((None, None, None, 1))


def fsrcnn(scale, wide, narrow, depth):
    sizes = [(5, wide), (1, narrow), *depth * [(3, narrow)], (1, wide)]
    image = keras.Input((None, None, 1))
    return keras.Model(image, Steps([*sizes, (3, scale * scale)], scale)(image))


# %% fsrcnn | wrong | Negative values are cut off
from sr_utils.layers import depth_to_space


def fsrcnn(scale, wide, narrow, depth):
    x = image = keras.Input((None, None, 1))
    for filters, size in [(wide, 5), (narrow, 1), *depth * [(narrow, 3)], (wide, 1)]:
        x = layers.Conv2D(filters, size, padding="same", activation="relu")(x)
    x = layers.Conv2D(scale**2, 3, padding="same", kernel_initializer="zeros")(x)
    return keras.Model(image, depth_to_space(x + image, scale))


# %% fsrcnn | wrong | The leaky ReLU has another slope
from sr_utils.layers import depth_to_space


def fsrcnn(scale, wide, narrow, depth):
    x = image = keras.Input((None, None, 1))
    for filters, size in [(wide, 5), (narrow, 1), *depth * [(narrow, 3)], (wide, 1)]:
        x = layers.Conv2D(filters, size, padding="same", activation="leaky_relu")(x)
    x = layers.Conv2D(scale**2, 3, padding="same", kernel_initializer="zeros")(x)
    return keras.Model(image, depth_to_space(x + image, scale))


# %% fsrcnn | wrong | The untrained network isn't nearest neighbor
from sr_utils.layers import depth_to_space


def fsrcnn(scale, wide, narrow, depth):
    x = image = keras.Input((None, None, 1))
    for filters, size in [(wide, 5), (narrow, 1), *depth * [(narrow, 3)], (wide, 1)]:
        x = layers.LeakyReLU(0.1)(layers.Conv2D(filters, size, padding="same")(x))
    x = layers.Conv2D(scale**2, 3, padding="same")(x)
    return keras.Model(image, depth_to_space(x + image, scale))


# %% fsrcnn | wrong | A leaky ReLU follows the last convolution, too
from sr_utils.layers import depth_to_space


def fsrcnn(scale, wide, narrow, depth):
    x = image = keras.Input((None, None, 1))
    sizes = [(wide, 5), (narrow, 1), *depth * [(narrow, 3)], (wide, 1), (scale**2, 3)]
    for filters, size in sizes:
        start = "zeros" if filters == scale**2 else "glorot_uniform"
        x = layers.Conv2D(filters, size, padding="same", kernel_initializer=start)(x)
        x = layers.LeakyReLU(0.1)(x)
    return keras.Model(image, depth_to_space(x + image, scale))


# %% fsrcnn | wrong | For a deep network: The number of convolutions
from sr_utils.layers import depth_to_space


def fsrcnn(scale, wide, narrow, depth):
    x = image = keras.Input((None, None, 1))
    for filters, size in [(wide, 5), (narrow, 1), (narrow, 3), (wide, 1)]:
        x = layers.LeakyReLU(0.1)(layers.Conv2D(filters, size, padding="same")(x))
    x = layers.Conv2D(scale**2, 3, padding="same", kernel_initializer="zeros")(x)
    return keras.Model(image, depth_to_space(x + image, scale))


# %% fsrcnn | wrong | The convolutions have no biases
from sr_utils.layers import depth_to_space


def fsrcnn(scale, wide, narrow, depth):
    x = image = keras.Input((None, None, 1))
    for filters, size in [(wide, 5), (narrow, 1), *depth * [(narrow, 3)], (wide, 1)]:
        x = layers.Conv2D(filters, size, padding="same", use_bias=False)(x)
        x = layers.LeakyReLU(0.1)(x)
    options = {"padding": "same", "kernel_initializer": "zeros", "use_bias": False}
    x = layers.Conv2D(scale**2, 3, **options)(x)
    return keras.Model(image, depth_to_space(x + image, scale))


# %% fsrcnn | wrong | The code stops with a ValueError
from sr_utils.layers import depth_to_space


def fsrcnn(scale, wide, narrow, depth):
    x = image = keras.Input((32, 32, 1))
    for filters, size in [(wide, 5), (narrow, 1), *depth * [(narrow, 3)], (wide, 1)]:
        x = layers.LeakyReLU(0.1)(layers.Conv2D(filters, size, padding="same")(x))
    x = layers.Conv2D(scale**2, 3, padding="same", kernel_initializer="zeros")(x)
    return keras.Model(image, depth_to_space(x + image, scale))


# %% fsrcnn | wrong | The result is printed instead of returned
from sr_utils.layers import depth_to_space


def fsrcnn(scale, wide, narrow, depth):
    x = image = keras.Input((None, None, 1))
    for filters, size in [(wide, 5), (narrow, 1), *depth * [(narrow, 3)], (wide, 1)]:
        x = layers.LeakyReLU(0.1)(layers.Conv2D(filters, size, padding="same")(x))
    x = layers.Conv2D(scale**2, 3, padding="same", kernel_initializer="zeros")(x)
    print(keras.Model(image, depth_to_space(x + image, scale)))


# %% multiplications | right | two loops and plain numbers
def multiplications(network, channels):
    total = 1
    for kind, size, _ in network:
        if kind == "enlarge":
            total = total * size
        elif kind == "halve":
            total = total / 2
    now, found = 1, []
    for kind, size, filters in network:
        if kind == "enlarge":
            now = now * size
            work = 0
        elif kind == "depthwise":
            work = size * size * filters
        else:
            now = now / 2 if kind == "halve" else now
            work = size * size * channels * filters
        found.append(work * now * now / (total * total))
        channels = filters
    return found


# %% multiplications | right | vectorised
def multiplications(network, channels):
    kinds, sizes, filters = (np.array(x) for x in zip(*network))
    seen = np.concatenate([[channels], filters[:-1]])
    seen = np.where(kinds == "depthwise", 1, np.where(kinds == "enlarge", 0, seen))
    zoom = np.where(kinds == "enlarge", sizes, np.where(kinds == "halve", 0.5, 1.0))
    width = np.cumprod(zoom)
    return sizes**2 * seen * filters * (width / width[-1]) ** 2


# %% multiplications | right | a Keras network, counted
def multiplications(network, channels):
    x, counts = keras.Input((96, 96, channels)), []
    for kind, size, filters in network:
        work = 0
        if kind == "enlarge":
            x = keras.Input((x.shape[1] * size, x.shape[2] * size, filters))
        else:
            layer = layers.Conv2D(
                filters,
                size,
                strides=1 + (kind == "halve"),
                padding="same",
                groups=filters if kind == "depthwise" else 1,
            )
            x = layer(x)
            work = int(np.prod(layer.kernel.shape)) * x.shape[1] * x.shape[2]
        counts.append(work)
    return np.array(counts) / (x.shape[1] * x.shape[2])


# %% multiplications | right | from the end
def multiplications(network, channels):
    before = [channels] + [step[2] for step in network]
    shares, area = [], 1.0
    for (kind, size, filters), seen in zip(network[::-1], before[-2::-1]):
        weights = {"enlarge": 0, "depthwise": size**2 * filters}
        shares.insert(0, area * weights.get(kind, size**2 * seen * filters))
        area *= {"enlarge": size**-2.0, "halve": 4}.get(kind, 1)
    return shares


# %% multiplications | wrong | per pixel of the image that it works on
def multiplications(network, channels):
    found = []
    for kind, size, filters in network:
        seen = {"enlarge": 0, "depthwise": 1}.get(kind, channels)
        found.append(size**2 * seen * filters)
        channels = filters
    return found


# %% multiplications | wrong | it has four times the places
def multiplications(network, channels):
    found, widths, width = [], [], 1
    for kind, size, filters in network:
        width *= {"enlarge": size, "halve": 1 / 2}.get(kind, 1)
        seen = {"enlarge": 0, "depthwise": 1}.get(kind, channels)
        found.append(size**2 * seen * filters)
        widths.append(width)
        channels = filters
    return [x * y / width for x, y in zip(found, widths)]


# %% multiplications | wrong | `depthwise` is counted like a convolution
def multiplications(network, channels):
    found, widths, width = [], [], 1
    for kind, size, filters in network:
        width *= {"enlarge": size, "halve": 1 / 2}.get(kind, 1)
        found.append(0 if kind == "enlarge" else size**2 * channels * filters)
        widths.append(width)
        channels = filters
    return [x * (y / width) ** 2 for x, y in zip(found, widths)]


# %% multiplications | wrong | It is computed at a quarter
def multiplications(network, channels):
    found, widths, width = [], [], 1
    for kind, size, filters in network:
        width *= size if kind == "enlarge" else 1
        widths.append(width)
        width *= 0.5 if kind == "halve" else 1
        seen = {"enlarge": 0, "depthwise": 1}.get(kind, channels)
        found.append(size**2 * seen * filters)
        channels = filters
    return [x * (y / width) ** 2 for x, y in zip(found, widths)]


# %% multiplications | wrong | Biases are counted
def multiplications(network, channels):
    x, counts = keras.Input((64, 64, channels)), []
    for kind, size, filters in network:
        work = 0
        if kind == "enlarge":
            x = keras.Input((x.shape[1] * size, x.shape[2] * size, filters))
        else:
            stride, groups = (
                1 + (kind == "halve"),
                filters if kind == "depthwise" else 1,
            )
            layer = layers.Conv2D(filters, size, stride, "same", groups=groups)
            x = layer(x)
            work = layer.count_params() * x.shape[1] * x.shape[2]
        counts.append(work)
    return np.array(counts) / (x.shape[1] * x.shape[2])


# %% multiplications | wrong | not those that went in
def multiplications(network, channels):
    found, widths, width = [], [], 1
    for kind, size, filters in network:
        width *= {"enlarge": size, "halve": 1 / 2}.get(kind, 1)
        widths.append(width)
        if kind == "enlarge":
            found.append(0)
        else:
            found.append(size**2 * (1 if kind == "depthwise" else channels) * filters)
            channels = filters
    return [x * (y / width) ** 2 for x, y in zip(found, widths)]


# %% multiplications | wrong | For a network that enlarges first:
def multiplications(network, channels):
    found = []
    for kind, size, filters in network:
        work = size**2 * channels * filters / 4**2  # only for a scale of 4
        found.append(0 if kind == "enlarge" else work)
        channels = filters
    return found


# %% multiplications | wrong | `espcn` is defined only in the cell of
def multiplications(network, channels):
    found = []
    for kind, size, filters in espcn + [("enlarge", 4, 1)]:
        work = size**2 * channels * filters / 4**2
        found.append(0 if kind == "enlarge" else work)
        channels = filters
    return found


# %% weave | right | loops
def weave(channels, down, across):
    batch, height, width, depth = channels.shape
    colors = depth // (down * across)
    woven = np.zeros((batch, height * down, width * across, colors))
    for y in range(height * down):
        for x in range(width * across):
            for c in range(colors):
                number = (c * down + y % down) * across + x % across
                woven[:, y, x, c] = channels[:, y // down, x // across, number]
    return woven


# %% weave | right | slices
def weave(channels, down, across):
    batch, height, width, depth = channels.shape
    colors, area = depth // (down * across), down * across
    woven = np.empty((batch, height * down, width * across, colors))
    for i in range(down):
        for j in range(across):
            woven[:, i::down, j::across] = channels[..., i * across + j :: area]
    return woven


# %% weave | right | TensorFlow
import tensorflow as tf


def weave(channels, down, across):
    batch, height, width, depth = channels.shape
    colors = depth // (down * across)
    parts = tf.reshape(channels, (batch, height, width, colors, down, across))
    parts = tf.einsum("bhwcij->bhiwjc", parts)
    return tf.reshape(parts, (batch, height * down, width * across, colors))


# %% weave | right | a transposed convolution
def weave(channels, down, across):
    depth = channels.shape[-1]
    colors = depth // (down * across)
    kernel = np.zeros((down, across, colors, depth))
    for number in range(depth):
        i, j = divmod(number % (down * across), across)
        kernel[i, j, number // (down * across), number] = 1
    x = keras.ops.convert_to_tensor(channels, "float64")
    return keras.ops.conv_transpose(
        x, keras.ops.convert_to_tensor(kernel), (down, across), "valid"
    )


# %% weave | wrong | in the order of Keras
def weave(channels, down, across):
    batch, height, width, _ = channels.shape
    parts = channels.reshape(batch, height, width, down, across, -1)
    parts = parts.transpose(0, 1, 3, 2, 4, 5)
    return parts.reshape(batch, height * down, width * across, -1)


# %% weave | wrong | filled column by column
def weave(channels, down, across):
    batch, height, width, _ = channels.shape
    parts = channels.reshape(batch, height, width, -1, across, down)
    parts = parts.transpose(0, 1, 5, 2, 4, 3)
    return parts.reshape(batch, height * down, width * across, -1)


# %% weave | wrong | side by side as small pictures
def weave(channels, down, across):
    batch, height, width, depth = channels.shape
    colors = depth // (down * across)
    woven = np.empty((batch, height * down, width * across, colors))
    for number in range(depth):
        c, place = divmod(number, down * across)
        i, j = divmod(place, across)
        rows = slice(i * height, (i + 1) * height)
        columns = slice(j * width, (j + 1) * width)
        woven[:, rows, columns, c] = channels[..., number]
    return woven


# %% weave | wrong | in which they lie in memory
def weave(channels, down, across):
    batch, height, width, depth = channels.shape
    colors = depth // (down * across)
    return channels.reshape(batch, height * down, width * across, colors)


# %% weave | wrong | Are axes swapped?
def weave(channels, down, across):
    batch, height, width, _ = channels.shape
    parts = channels.reshape(batch, height, width, -1, down, across)
    parts = parts.transpose(0, 2, 5, 1, 4, 3)
    return parts.reshape(batch, width * across, height * down, -1)


# %% weave | wrong | For a batch of three: The result has another shape
def weave(channels, down, across):
    _, height, width, _ = channels.shape
    parts = channels[0].reshape(height, width, -1, down, across)
    parts = parts.transpose(0, 3, 1, 4, 2)
    return parts.reshape(1, height * down, width * across, -1)


# %% weave | wrong | `sr_utils.layers.depth_to_space` is missing in this task
from sr_utils.layers import depth_to_space


def weave(channels, down, across):
    return depth_to_space(channels, down)


# %% weave | wrong | It changes its arguments
def weave(channels, down, across):
    batch, height, width, depth = channels.shape
    colors = depth // (down * across)
    kept = channels.copy().reshape(batch, height, width, colors, -1)
    channels[:] = kept.swapaxes(3, 4).reshape(channels.shape)
    parts = channels.reshape(batch, height, width, down, across, colors)
    parts = parts.transpose(0, 1, 3, 2, 4, 5)
    return parts.reshape(batch, height * down, width * across, colors)


# %% learner | right | a deeper network, absolute error
from sr_utils.layers import Bicubic, depth_to_space


def learner(scale):
    small = keras.Input((None, None, 3))
    x = layers.Rescaling(1, offset=-0.5)(small)
    for _ in range(3):
        x = layers.LeakyReLU(0.2)(layers.Conv2D(24, 3, padding="same")(x))
    last = layers.Conv2D(3 * scale**2, 3, padding="same", kernel_initializer="zeros")
    network = keras.Model(small, depth_to_space(last(x), scale) + Bicubic(scale)(small))
    network.compile(keras.optimizers.Adam(3e-3), loss="mae")
    return network


# %% learner | right | the course's SRResNet
from sr_utils import models


def learner(scale):
    network = models.srresnet(scale, blocks=1, filters=16)
    network.compile("adam", "mae")
    network.optimizer.learning_rate = 4e-3
    return network


# %% learner | right | each color by the same filters
from sr_utils.layers import Bicubic, depth_to_space


def learner(scale):
    steps = [
        layers.Conv2D(32, 5, padding="same", activation="leaky_relu"),
        layers.Conv2D(16, 3, padding="same", activation="leaky_relu"),
        layers.Conv2D(scale**2, 3, padding="same", kernel_initializer="zeros"),
    ]
    small = keras.Input((None, None, 3))
    colors = []
    for color in range(3):
        x = small[..., color : color + 1]
        for step in steps:
            x = step(x)
        colors.append(depth_to_space(x, scale))
    network = keras.Model(
        small, Bicubic(scale)(small) + keras.ops.concatenate(colors, -1)
    )
    network.compile(keras.optimizers.Nadam(4e-3), loss="mse")
    return network


# %% learner | right | a class, added to bilinear
class Learner(keras.Model):
    def __init__(self, scale):
        super().__init__()
        self.enlarge = layers.UpSampling2D(scale, interpolation="bilinear")
        self.first = layers.Conv2D(64, 5, padding="same", activation="relu")
        start = keras.initializers.RandomNormal(stddev=0.001)
        self.last = layers.Conv2DTranspose(
            3, 4 * scale, scale, padding="same", kernel_initializer=start
        )

    def call(self, small):
        return self.enlarge(small) + self.last(self.first(small))


def learner(scale):
    network = Learner(scale)
    network.compile(keras.optimizers.Adam(5e-3), loss="mse")
    return network


# %% learner | wrong | still worse than bicubic
from sr_utils.layers import Bicubic


def learner(scale):
    small = keras.Input((None, None, 3))
    x = layers.Conv2D(24, 9, padding="same", activation="relu")(Bicubic(scale)(small))
    x = layers.Conv2D(16, 1, activation="relu")(x)
    network = keras.Model(small, layers.Conv2D(3, 5, padding="same")(x))
    network.compile(keras.optimizers.Adam(2e-3), loss="mse")
    return network


# %% learner | wrong | it hasn't learned
from sr_utils.layers import Bicubic, depth_to_space


def learner(scale):
    small = keras.Input((None, None, 3))
    x = layers.Conv2D(32, 5, padding="same", activation="relu")(small)
    last = layers.Conv2D(3 * scale**2, 3, padding="same", kernel_initializer="zeros")
    network = keras.Model(small, depth_to_space(last(x), scale) + Bicubic(scale)(small))
    network.compile(keras.optimizers.SGD(1e-4), loss="mse")
    return network


# %% learner | wrong | but by less than 0.7 dB
from sr_utils.layers import Bicubic


def learner(scale):
    small = keras.Input((None, None, 3))
    large = Bicubic(scale)(small)
    sharper = layers.Conv2D(3, 7, padding="same", kernel_initializer="zeros")(large)
    network = keras.Model(small, large + sharper)
    network.compile(keras.optimizers.Adam(3e-3), loss="mse")
    return network


# %% learner | wrong | Is the learning rate too high?
from sr_utils.layers import Bicubic, depth_to_space


def learner(scale):
    small = keras.Input((None, None, 3))
    x = layers.Conv2D(32, 5, padding="same", activation="relu")(small)
    x = depth_to_space(layers.Conv2D(3 * scale**2, 3, padding="same")(x), scale)
    network = keras.Model(small, x + Bicubic(scale)(small))
    network.compile(keras.optimizers.SGD(1000.0), loss="mse")
    return network


# %% learner | wrong | The network isn't compiled
from sr_utils.layers import Bicubic, depth_to_space


def learner(scale):
    small = keras.Input((None, None, 3))
    x = layers.Conv2D(32, 5, padding="same", activation="relu")(small)
    last = layers.Conv2D(3 * scale**2, 3, padding="same", kernel_initializer="zeros")
    return keras.Model(small, depth_to_space(last(x), scale) + Bicubic(scale)(small))


# %% learner | wrong | For a scale of 3: The network returns another shape
from sr_utils.layers import Bicubic, depth_to_space


def learner(scale):
    small = keras.Input((None, None, 3))
    x = layers.Conv2D(32, 5, padding="same", activation="relu")(small)
    last = layers.Conv2D(12, 3, padding="same", kernel_initializer="zeros")
    network = keras.Model(small, depth_to_space(last(x), 2) + Bicubic(2)(small))
    network.compile(keras.optimizers.Adam(3e-3), loss="mse")
    return network


# %% learner | wrong | The code stops with a ValueError
from sr_utils.layers import Bicubic, depth_to_space


def learner(scale):
    small = keras.Input((16, 16, 3))
    x = layers.Conv2D(32, 5, padding="same", activation="relu")(small)
    last = layers.Conv2D(3 * scale**2, 3, padding="same", kernel_initializer="zeros")
    network = keras.Model(small, depth_to_space(last(x), scale) + Bicubic(scale)(small))
    network.compile(keras.optimizers.Adam(3e-3), loss="mse")
    return network


# %% learner | wrong | hardly anything to do with the picture
from sr_utils.layers import Bicubic, depth_to_space


def learner(scale):
    small = keras.Input((None, None, 3))
    x = layers.Conv2D(32, 5, padding="same", activation="relu")(small)
    last = layers.Conv2D(3 * scale**2, 3, padding="same", kernel_initializer="zeros")
    x = 255 * (depth_to_space(last(x), scale) + Bicubic(scale)(small))
    network = keras.Model(small, x)
    network.compile(keras.optimizers.Adam(1e-5), loss="mse")
    return network
