# %% fold | right | loops
def fold(kernel, bias, mean):
    height, width, _, filters = kernel.shape
    new_kernel, new_bias = np.zeros(kernel.shape), [float(b) for b in bias]
    for f in range(filters):
        for i in range(height):
            for j in range(width):
                for color in range(3):
                    weight = float(kernel[i, j, color, f])
                    new_kernel[i, j, 2 - color, f] = 255 * weight
                    new_bias[f] -= weight * mean[color]
    return [new_kernel, new_bias]


# %% fold | right | sums and a flipped copy
def fold(kernel, bias, mean):
    per_color = kernel.sum(axis=(0, 1))
    return np.flip(kernel, axis=2) * 255.0, bias - mean @ per_color


# %% fold | right | Keras answers black and single bright pixels
from keras import ops


def fold(kernel, bias, mean):
    kernel, rows, columns = np.float32(kernel), *kernel.shape[:2]

    def answers(images):
        prepared = np.float32(255 * images[..., ::-1] - mean)
        return ops.convert_to_numpy(ops.conv(prepared, kernel, padding="valid"))

    black = answers(np.zeros((1, rows, columns, 3)))[0, 0, 0]
    size = rows * columns * 3
    lit = answers(100 * np.eye(size).reshape(size, rows, columns, 3)) - black
    return lit.reshape(kernel.shape) / 100, black + bias


# %% fold | right | a matrix that prepares a pixel
def fold(kernel, bias, mean):
    prepare = np.zeros((3, 4))  # from red, green, blue, 1
    prepare[:, :3] = 255 * np.eye(3)[::-1]
    prepare[:, 3] = -mean
    both = np.tensordot(kernel, prepare, axes=(2, 0))  # (height, width, filters, 4)
    return both[..., :3].swapaxes(2, 3), bias + both[..., 3].sum(axis=(0, 1))


# %% fold | wrong | still blue, green, red
def fold(kernel, bias, mean):
    return 255 * kernel, bias - np.einsum("ijcf,c->f", kernel, mean)


# %% fold | wrong | The mean color meets the wrong weights
def fold(kernel, bias, mean):
    kernel = kernel[:, :, ::-1]
    return 255 * kernel, bias - np.einsum("ijcf,c->f", kernel, mean)


# %% fold | wrong | The kernel is divided by 255
def fold(kernel, bias, mean):
    return kernel[:, :, ::-1] / 255, bias - np.einsum("ijcf,c->f", kernel, mean)


# %% fold | wrong | The mean is multiplied by 255 as well
def fold(kernel, bias, mean):
    kernel = 255 * kernel
    return kernel[:, :, ::-1], bias - np.einsum("ijcf,c->f", kernel, mean)


# %% fold | wrong | subtracted from one pixel of the window only
def fold(kernel, bias, mean):
    return 255 * kernel[:, :, ::-1], bias - mean @ kernel.mean(axis=(0, 1))


# %% fold | wrong | The filters change their order
def fold(kernel, bias, mean):
    return 255 * kernel[..., ::-1], bias - np.einsum("ijcf,c->f", kernel, mean)


# %% fold | wrong | Rows and columns of the kernel are turned around, too
def fold(kernel, bias, mean):
    return 255 * kernel[::-1, ::-1, ::-1], bias - np.einsum("ijcf,c->f", kernel, mean)


# %% fold | wrong | The mean is that of ImageNet
def fold(kernel, bias, mean):
    mean = np.array([103.939, 116.779, 123.68])
    return 255 * kernel[:, :, ::-1], bias - np.einsum("ijcf,c->f", kernel, mean)


# %% fold | wrong | It changes its arguments
def fold(kernel, bias, mean):
    bias -= np.einsum("ijcf,c->f", kernel, mean)
    kernel *= 255
    return kernel[:, :, ::-1], bias


# %% fold | wrong | The result is printed instead of returned
def fold(kernel, bias, mean):
    print(255 * kernel[:, :, ::-1], bias - np.einsum("ijcf,c->f", kernel, mean))


# %% distance_and_gradient | right | TensorFlow's gradient
import tensorflow as tf


def distance_and_gradient(x, y):
    x, y = tf.Variable(x), tf.constant(y)
    with tf.GradientTape() as tape:
        a, b = (tf.math.l2_normalize(z, axis=1) for z in (x, y))
        distance = tf.reduce_mean(tf.reduce_sum((a - b) ** 2, axis=1))
    return distance, tape.gradient(distance, x)


# %% distance_and_gradient | right | central differences, one number after the other
from sr_utils.metrics import feature_distance


def distance_and_gradient(x, y):
    gradient = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        step = np.zeros(x.shape)
        step[index] = 1e-5
        change = feature_distance(x + step, y) - feature_distance(x - step, y)
        gradient[index] = change / 2e-5
    return [feature_distance(x, y), gradient]


# %% distance_and_gradient | right | the matrix of derivatives at each place
def distance_and_gradient(x, y):
    distance, rows = 0.0, []
    for a, b in zip(x, y):
        length = np.sqrt(a @ a)
        u, v = a / length, b / np.sqrt(b @ b)
        distance += (u - v) @ (u - v) / len(x)
        jacobian = (np.eye(len(a)) - np.outer(u, u)) / length
        rows.append(2 / len(x) * jacobian @ (u - v))
    return distance, rows


# %% distance_and_gradient | right | backward step by step, vectorised
def distance_and_gradient(x, y):
    squares = (x * x).sum(1, keepdims=True)
    u, v = x * squares**-0.5, y * (y * y).sum(1, keepdims=True) ** -0.5
    back = 2 * (u - v) / x.shape[0]
    back_squares = (back * x).sum(1, keepdims=True) * -0.5 * squares**-1.5
    distance = np.square(u - v).sum() / x.shape[0]
    return distance, back * squares**-0.5 + back_squares * 2 * x


# %% distance_and_gradient | wrong | The gradient has the wrong sign
def distance_and_gradient(x, y):
    length = np.linalg.norm(x, axis=1, keepdims=True)
    u, v = x / length, y / np.linalg.norm(y, axis=1, keepdims=True)
    cosine = np.sum(u * v, axis=1, keepdims=True)
    return np.mean(2 - 2 * cosine), 2 * (v - cosine * u) / length / len(x)


# %% distance_and_gradient | wrong | The gradient is half of the right one
def distance_and_gradient(x, y):
    length = np.linalg.norm(x, axis=1, keepdims=True)
    u, v = x / length, y / np.linalg.norm(y, axis=1, keepdims=True)
    cosine = np.sum(u * v, axis=1, keepdims=True)
    return np.mean(2 - 2 * cosine), -(v - cosine * u) / length / len(x)


# %% distance_and_gradient | wrong | The gradient isn't divided by the number of places
import tensorflow as tf


def distance_and_gradient(x, y):
    x, y = tf.Variable(x), tf.constant(y)
    with tf.GradientTape() as tape:
        a, b = (tf.math.l2_normalize(z, axis=1) for z in (x, y))
        apart = tf.reduce_sum((a - b) ** 2, axis=1)
    return tf.reduce_mean(apart), tape.gradient(apart, x)


# %% distance_and_gradient | wrong | The length of `x` is treated as a constant
def distance_and_gradient(x, y):
    length = np.linalg.norm(x, axis=1, keepdims=True)
    u, v = x / length, y / np.linalg.norm(y, axis=1, keepdims=True)
    distance = np.mean(np.sum((u - v) ** 2, axis=1))
    return distance, 2 * (u - v) / length / len(x)


# %% distance_and_gradient | wrong | averaged over the channels, too
import tensorflow as tf


def distance_and_gradient(x, y):
    x, y = tf.Variable(x), tf.constant(y)
    with tf.GradientTape() as tape:
        a, b = (tf.math.l2_normalize(z, axis=1) for z in (x, y))
        distance = tf.reduce_mean((a - b) ** 2)
    return distance, tape.gradient(distance, x)


# %% distance_and_gradient | wrong | Each channel is scaled to length 1
import tensorflow as tf


def distance_and_gradient(x, y):
    x, y = tf.Variable(x), tf.constant(y)
    with tf.GradientTape() as tape:
        a, b = (tf.math.l2_normalize(z, axis=0) for z in (x, y))
        distance = tf.reduce_mean(tf.reduce_sum((a - b) ** 2, axis=1))
    return distance, tape.gradient(distance, x)


# %% distance_and_gradient | wrong | aren't scaled to length 1
def distance_and_gradient(x, y):
    return np.mean(np.sum((x - y) ** 2, axis=1)), 2 * (x - y) / len(x)


# %% distance_and_gradient | wrong | The code stops with a ValueError
def distance_and_gradient(x, y):
    length = np.linalg.norm(x, axis=1).reshape(2, 1)
    u, v = x / length, y / np.linalg.norm(y, axis=1).reshape(2, 1)
    cosine = np.sum(u * v, axis=1, keepdims=True)
    return np.mean(2 - 2 * cosine), -2 * (v - cosine * u) / length / len(x)


# %% distance_and_gradient | wrong | Expected 2 results
from sr_utils.metrics import feature_distance


def distance_and_gradient(x, y):
    return feature_distance(x, y)


# %% shares | right | one long list of places
def shares(photographs, x, y):
    channels = x.shape[-1]
    known = np.concatenate([z.reshape(-1, channels) for z in photographs])
    rms = np.sqrt(np.mean(np.square(known), axis=0))
    heard = rms > 0
    parts = np.zeros(channels)
    apart = (x - y).reshape(-1, channels)[:, heard] / rms[heard]
    parts[heard] = np.square(apart).sum(axis=0)
    return parts / np.sum(parts)


# %% shares | right | loops
def shares(photographs, x, y):
    parts = []
    for channel in range(x.shape[2]):
        squares, places = 0.0, 0
        for photograph in photographs:
            for row in photograph:
                for place in row:
                    squares += float(place[channel]) ** 2
                    places += 1
        apart = float(((x[..., channel] - y[..., channel]) ** 2).sum())
        parts.append(apart * places / squares if squares else 0.0)
    return [part / sum(parts) for part in parts]


# %% shares | right | TensorFlow
import tensorflow as tf


def shares(photographs, x, y):
    flat = tf.concat([tf.reshape(z, (-1, z.shape[-1])) for z in photographs], axis=0)
    power = tf.reduce_mean(flat**2, axis=0)
    apart = tf.reduce_sum(tf.math.squared_difference(x, y), axis=(0, 1))
    parts = tf.math.divide_no_nan(apart, power)
    return parts / tf.reduce_sum(parts)


# %% shares | right | NumPy's masked arrays
def shares(photographs, x, y):
    rows = np.vstack([z.reshape(-1, z.shape[2]) for z in photographs])
    power = np.ma.masked_equal((rows * rows).mean(axis=0), 0)
    parts = ((x - y) ** 2).mean(axis=(0, 1)) / power
    return (parts / parts.sum()).filled(0)


# %% shares | wrong | All channels are divided by the same number, or by none
def shares(photographs, x, y):
    parts = np.sum((x - y) ** 2, axis=(0, 1))
    return parts / parts.sum()


# %% shares | wrong | The squared differences are divided by the RMS
def shares(photographs, x, y):
    known = np.concatenate([z.reshape(-1, z.shape[-1]) for z in photographs])
    rms = np.sqrt(np.mean(known**2, axis=0))
    parts = np.sum((x - y) ** 2, axis=(0, 1)) / np.where(rms > 0, rms, np.inf)
    return parts / parts.sum()


# %% shares | wrong | standard deviation
def shares(photographs, x, y):
    known = np.concatenate([z.reshape(-1, z.shape[-1]) for z in photographs])
    spread = np.std(known, axis=0)
    parts = np.sum(((x - y) / np.where(spread > 0, spread, np.inf)) ** 2, axis=(0, 1))
    return parts / parts.sum()


# %% shares | wrong | Every photograph counts the same, whatever its size
def shares(photographs, x, y):
    power = np.mean([np.mean(z**2, axis=(0, 1)) for z in photographs], axis=0)
    parts = np.sum((x - y) ** 2, axis=(0, 1)) / np.where(power > 0, power, np.inf)
    return parts / parts.sum()


# %% shares | wrong | The RMS of the photographs are averaged
def shares(photographs, x, y):
    rms = sum(np.sqrt(np.mean(z**2, axis=(0, 1))) for z in photographs)
    rms = np.where(rms > 0, rms / len(photographs), np.inf)
    parts = np.sum(((x - y) / rms) ** 2, axis=(0, 1))
    return parts / parts.sum()


# %% shares | wrong | The calibration is taken from `x` and `y`
def shares(photographs, x, y):
    rms = np.sqrt(np.mean(np.stack([x, y]) ** 2, axis=(0, 1, 2)))
    parts = np.sum(((x - y) / rms) ** 2, axis=(0, 1))
    return parts / parts.sum()


# %% shares | wrong | drowns the others
def shares(photographs, x, y):
    known = np.concatenate([z.reshape(-1, z.shape[-1]) for z in photographs])
    rms = np.sqrt(np.mean(known**2, axis=0)) + 1e-10
    parts = np.sum(((x - y) / rms) ** 2, axis=(0, 1))
    return parts / parts.sum()


# %% shares | wrong | NaN or infinity
def shares(photographs, x, y):
    known = np.concatenate([z.reshape(-1, z.shape[-1]) for z in photographs])
    rms = np.sqrt(np.mean(known**2, axis=0))
    parts = np.sum(((x - y) / rms) ** 2, axis=(0, 1))
    return parts / parts.sum()


# %% shares | wrong | by the same factor
def shares(photographs, x, y):
    squares = sum(np.sum(z**2, axis=(0, 1)) for z in photographs)
    places = sum(z.shape[0] * z.shape[1] for z in photographs)
    power = np.where(squares > 0, squares / places, np.inf)
    return np.mean((x - y) ** 2 / power, axis=(0, 1))


# %% shares | wrong | The code stops with a ValueError
def shares(photographs, x, y):
    rms = np.sqrt(np.mean(np.stack(photographs) ** 2, axis=(0, 1, 2)))
    parts = np.sum(((x - y) / rms) ** 2, axis=(0, 1))
    return parts / parts.sum()


# %% shares | wrong | Expected shape (3,)
def shares(photographs, x, y):
    squares = sum(np.sum(z**2, axis=(0, 1)) for z in photographs)
    places = sum(z.shape[0] * z.shape[1] for z in photographs)
    power = np.where(squares > 0, squares / places, np.inf)
    parts = np.sum((x - y) ** 2 / power, axis=0)
    return parts / parts.sum()


# %% shares | wrong | `sr_utils.perceptual.channel_rms` is missing in this task
from sr_utils import perceptual


def shares(photographs, x, y):
    named = {str(i): z for i, z in enumerate(photographs)}
    rms = perceptual.channel_rms(lambda batch: batch, named)[0]
    parts = np.sum(((x - y) / rms) ** 2, axis=(0, 1))
    return parts / parts.sum()


# %% agreement | right | Keras
from keras import ops


def agreement(originals, firsts, seconds, votes, kernel, bias):
    def features(images):
        answers = ops.conv(np.float32(images), np.float32(kernel), padding="valid")
        answers = ops.convert_to_numpy(ops.relu(answers + np.float32(bias)))
        return answers / (np.linalg.norm(answers, axis=-1, keepdims=True) + 1e-10)

    known = features(originals)
    apart = [
        ((known - features(z)) ** 2).sum(-1).mean((1, 2)) for z in (firsts, seconds)
    ]
    chosen = apart[0] < apart[1]
    return (votes[chosen].sum() + (1 - votes[~chosen]).sum()) / len(votes)


# %% agreement | right | TensorFlow
import tensorflow as tf


def agreement(originals, firsts, seconds, votes, kernel, bias):
    def directions(images):
        answers = tf.nn.relu(tf.nn.conv2d(images, kernel, 1, "VALID") + bias)
        return answers / (tf.norm(answers, axis=-1, keepdims=True) + 1e-10)

    x, y, z = map(directions, (originals, firsts, seconds))
    apart = [tf.reduce_sum((x - other) ** 2, axis=(1, 2, 3)) for other in (y, z)]
    nearer = apart[0] < apart[1]
    return tf.reduce_mean(tf.where(nearer, votes, 1 - votes))


# %% agreement | right | loops over places, and the package's distance
from sr_utils.metrics import feature_distance


def agreement(originals, firsts, seconds, votes, kernel, bias):
    rows, columns = kernel.shape[:2]
    matrix = kernel.reshape(-1, len(bias))

    def cloud(image):
        windows = [
            image[i : i + rows, j : j + columns].ravel()
            for i in range(image.shape[0] - rows + 1)
            for j in range(image.shape[1] - columns + 1)
        ]
        return np.maximum(np.array(windows) @ matrix + bias, 0)

    total = 0
    for n in range(len(votes)):
        known = cloud(originals[n])
        first = feature_distance(known, cloud(firsts[n]))
        second = feature_distance(known, cloud(seconds[n]))
        total += votes[n] if first < second else 1 - votes[n]
    return total / len(votes)


# %% agreement | right | a sum of shifted products
def agreement(originals, firsts, seconds, votes, kernel, bias):
    rows, columns = kernel.shape[:2]

    def features(images):
        height, width = images.shape[1] - rows + 1, images.shape[2] - columns + 1
        found = np.tile(bias, (len(images), height, width, 1)).astype(float)
        for i in range(rows):
            for j in range(columns):
                found += images[:, i : i + height, j : j + width] @ kernel[i, j]
        found[found < 0] = 0
        return found / (np.sqrt((found**2).sum(axis=3)) + 1e-10)[..., None]

    known = features(originals)
    first, second = (
        np.square(known - features(z)).sum(3).mean((1, 2)) for z in (firsts, seconds)
    )
    sign = np.sign(second - first)
    return np.mean(0.5 + sign * (votes - 0.5))


# %% agreement | wrong | The pixels choose
def agreement(originals, firsts, seconds, votes, kernel, bias):
    first, second = (
        np.mean((originals - z) ** 2, axis=(1, 2, 3)) for z in (firsts, seconds)
    )
    return np.mean(np.where(first < second, votes, 1 - votes))


# %% agreement | wrong | so contrast and brightness choose
import tensorflow as tf


def agreement(originals, firsts, seconds, votes, kernel, bias):
    x, y, z = (
        tf.nn.relu(tf.nn.conv2d(images, kernel, 1, "VALID") + bias).numpy()
        for images in (originals, firsts, seconds)
    )
    first, second = (np.mean((x - other) ** 2, axis=(1, 2, 3)) for other in (y, z))
    return np.mean(np.where(first < second, votes, 1 - votes))


# %% agreement | wrong | Negative answers aren't set to 0
import tensorflow as tf


def agreement(originals, firsts, seconds, votes, kernel, bias):
    def directions(images):
        answers = (tf.nn.conv2d(images, kernel, 1, "VALID") + bias).numpy()
        return answers / (np.linalg.norm(answers, axis=-1, keepdims=True) + 1e-10)

    x, y, z = map(directions, (originals, firsts, seconds))
    first, second = (np.sum((x - other) ** 2, axis=(1, 2, 3)) for other in (y, z))
    return np.mean(np.where(first < second, votes, 1 - votes))


# %% agreement | wrong | The kernel is turned around
from scipy import signal


def agreement(originals, firsts, seconds, votes, kernel, bias):
    def directions(images):
        answers = [
            signal.convolve(images, kernel[None, :, :, ::-1, f], "valid")[..., 0]
            for f in range(len(bias))
        ]
        answers = np.maximum(np.stack(answers, axis=-1) + bias, 0)
        return answers / (np.linalg.norm(answers, axis=-1, keepdims=True) + 1e-10)

    x, y, z = map(directions, (originals, firsts, seconds))
    first, second = (np.sum((x - other) ** 2, axis=(1, 2, 3)) for other in (y, z))
    return np.mean(np.where(first < second, votes, 1 - votes))


# %% agreement | wrong | turned to blue, green, red
import tensorflow as tf


def agreement(originals, firsts, seconds, votes, kernel, bias):
    def directions(images):
        turned = images[..., ::-1]
        answers = tf.nn.relu(tf.nn.conv2d(turned, kernel, 1, "VALID") + bias).numpy()
        return answers / (np.linalg.norm(answers, axis=-1, keepdims=True) + 1e-10)

    x, y, z = map(directions, (originals, firsts, seconds))
    first, second = (np.sum((x - other) ** 2, axis=(1, 2, 3)) for other in (y, z))
    return np.mean(np.where(first < second, votes, 1 - votes))


# %% agreement | wrong | their black border counts
import tensorflow as tf


def agreement(originals, firsts, seconds, votes, kernel, bias):
    def directions(images):
        answers = tf.nn.relu(tf.nn.conv2d(images, kernel, 1, "SAME") + bias).numpy()
        return answers / (np.linalg.norm(answers, axis=-1, keepdims=True) + 1e-10)

    x, y, z = map(directions, (originals, firsts, seconds))
    first, second = (np.sum((x - other) ** 2, axis=(1, 2, 3)) for other in (y, z))
    return np.mean(np.where(first < second, votes, 1 - votes))


# %% agreement | wrong | People who chose the other version are counted
import tensorflow as tf


def agreement(originals, firsts, seconds, votes, kernel, bias):
    def directions(images):
        answers = tf.nn.relu(tf.nn.conv2d(images, kernel, 1, "VALID") + bias).numpy()
        return answers / (np.linalg.norm(answers, axis=-1, keepdims=True) + 1e-10)

    x, y, z = map(directions, (originals, firsts, seconds))
    first, second = (np.sum((x - other) ** 2, axis=(1, 2, 3)) for other in (y, z))
    return np.mean(np.where(first > second, votes, 1 - votes))


# %% agreement | wrong | It counts triples, not people
import tensorflow as tf


def agreement(originals, firsts, seconds, votes, kernel, bias):
    def directions(images):
        answers = tf.nn.relu(tf.nn.conv2d(images, kernel, 1, "VALID") + bias).numpy()
        return answers / (np.linalg.norm(answers, axis=-1, keepdims=True) + 1e-10)

    x, y, z = map(directions, (originals, firsts, seconds))
    first, second = (np.sum((x - other) ** 2, axis=(1, 2, 3)) for other in (y, z))
    return np.mean((first < second) == (votes > 0.5))


# %% agreement | wrong | The distance chooses once for all triples
import tensorflow as tf


def agreement(originals, firsts, seconds, votes, kernel, bias):
    def directions(images):
        answers = tf.nn.relu(tf.nn.conv2d(images, kernel, 1, "VALID") + bias).numpy()
        return answers / (np.linalg.norm(answers, axis=-1, keepdims=True) + 1e-10)

    x, y, z = map(directions, (originals, firsts, seconds))
    first, second = (np.mean((x - other) ** 2) for other in (y, z))
    return np.mean(votes if first < second else 1 - votes)


# %% agreement | wrong | `layer` is defined only in the cell of agreement-check
import tensorflow as tf


def agreement(originals, firsts, seconds, votes, kernel, bias):
    def directions(images):
        answers = tf.nn.relu(tf.nn.conv2d(images, layer[0], 1, "VALID") + layer[1])
        return answers / (tf.norm(answers, axis=-1, keepdims=True) + 1e-10)

    x, y, z = map(directions, (originals, firsts, seconds))
    first, second = (np.sum((x - other) ** 2, axis=(1, 2, 3)) for other in (y, z))
    return np.mean(np.where(first < second, votes, 1 - votes))


# %% agreement | wrong | Expected a single number
def agreement(originals, firsts, seconds, votes, kernel, bias):
    return votes


# %% pooled_frechet | right | loops
from scipy.linalg import sqrtm


def pooled_frechet(first, second):
    clouds = []
    for counts, means, covariances in (first, second):
        total, channels = 0, means.shape[1]
        sums, products = np.zeros(channels), np.zeros((channels, channels))
        for count, mean, covariance in zip(counts, means, covariances):
            total += count
            sums += count * mean
            products += count * (covariance + np.outer(mean, mean))
        center = sums / total
        clouds.append((center, products / total - np.outer(center, center)))
    (m, a), (n, b) = clouds
    return (
        (m - n) @ (m - n) + np.trace(a) + np.trace(b) - 2 * np.trace(sqrtm(a @ b)).real
    )


# %% pooled_frechet | right | eigenvalues
def pooled_frechet(first, second):
    def cloud(counts, means, covariances):
        center = np.average(means, axis=0, weights=counts)
        between = np.cov(means.T, fweights=counts, ddof=0)
        return center, between + np.average(covariances, axis=0, weights=counts)

    (m, a), (n, b) = cloud(*first), cloud(*second)
    roots = np.sqrt(np.maximum(np.linalg.eigvals(a @ b).real, 0))
    return float(np.sum((m - n) ** 2) + np.trace(a) + np.trace(b) - 2 * roots.sum())


# %% pooled_frechet | right | TensorFlow, with the root of a symmetric matrix
import tensorflow as tf


def pooled_frechet(first, second):
    def cloud(counts, means, covariances):
        share = tf.constant(counts / counts.sum())
        center = tf.linalg.matvec(means, share, transpose_a=True)
        apart = means - center
        between = tf.einsum("p,pc,pd->cd", share, apart, apart)
        return center, between + tf.einsum("p,pcd->cd", share, covariances)

    (m, a), (n, b) = cloud(*first), cloud(*second)
    root = tf.linalg.sqrtm(a)
    overlap = tf.linalg.trace(tf.linalg.sqrtm(root @ b @ root))
    return tf.reduce_sum((m - n) ** 2) + tf.linalg.trace(a + b) - 2 * overlap


# %% pooled_frechet | right | singular values of the product of two factors
def pooled_frechet(first, second):
    def cloud(counts, means, covariances):
        share = (counts / counts.sum())[:, None]
        center = (share * means).sum(axis=0)
        within = (share[:, :, None] * covariances).sum(axis=0)
        return center, within + (share * means).T @ means - np.outer(center, center)

    (m, a), (n, b) = cloud(*first), cloud(*second)
    p, q = np.linalg.cholesky(a), np.linalg.cholesky(b)
    overlap = np.linalg.svd(p.T @ q, compute_uv=False).sum()
    return np.square(m - n).sum() + (p**2).sum() + (q**2).sum() - 2 * overlap


# %% pooled_frechet | wrong | The covariances are averaged
from scipy import linalg


def pooled_frechet(first, second):
    (m, a), (n, b) = (
        [np.average(z, axis=0, weights=counts) for z in (means, covariances)]
        for counts, means, covariances in (first, second)
    )
    root = linalg.sqrtm(a @ b).real
    return np.sum((m - n) ** 2) + np.trace(a + b - 2 * root)


# %% pooled_frechet | wrong | Every photograph counts the same
from scipy import linalg


def pooled_frechet(first, second):
    def cloud(counts, means, covariances):
        center = means.mean(axis=0)
        apart = means - center
        return center, covariances.mean(axis=0) + apart.T @ apart / len(means)

    (m, a), (n, b) = cloud(*first), cloud(*second)
    root = linalg.sqrtm(a @ b).real
    return np.sum((m - n) ** 2) + np.trace(a + b - 2 * root)


# %% pooled_frechet | wrong | divided by one less than the number of points.
from scipy import linalg


def pooled_frechet(first, second):
    def cloud(counts, means, covariances):
        center = np.average(means, axis=0, weights=counts)
        apart = means - center
        squares = np.tensordot(counts, covariances, 1) + (apart.T * counts) @ apart
        return center, squares / (counts.sum() - 1)

    (m, a), (n, b) = cloud(*first), cloud(*second)
    root = linalg.sqrtm(a @ b).real
    return np.sum((m - n) ** 2) + np.trace(a + b - 2 * root)


# %% pooled_frechet | wrong | are taken for ones that were divided by one less
from scipy import linalg


def pooled_frechet(first, second):
    def cloud(counts, means, covariances):
        center = np.average(means, axis=0, weights=counts)
        apart = means - center
        squares = np.tensordot(counts - 1, covariances, 1) + (apart.T * counts) @ apart
        return center, squares / (counts.sum() - 1)

    (m, a), (n, b) = cloud(*first), cloud(*second)
    root = linalg.sqrtm(a @ b).real
    return np.sum((m - n) ** 2) + np.trace(a + b - 2 * root)


# %% pooled_frechet | wrong | The square root is taken of each number by itself
def pooled_frechet(first, second):
    def cloud(counts, means, covariances):
        center = np.average(means, axis=0, weights=counts)
        apart = means - center
        inside = np.average(covariances, axis=0, weights=counts)
        return center, inside + (apart.T * counts) @ apart / counts.sum()

    (m, a), (n, b) = cloud(*first), cloud(*second)
    root = np.sqrt(np.maximum(a @ b, 0))
    return np.sum((m - n) ** 2) + np.trace(a + b - 2 * root)


# %% pooled_frechet | wrong | What varies together is lost
def pooled_frechet(first, second):
    def cloud(counts, means, covariances):
        center = np.average(means, axis=0, weights=counts)
        apart = means - center
        inside = np.average(covariances, axis=0, weights=counts)
        return center, inside + (apart.T * counts) @ apart / counts.sum()

    (m, a), (n, b) = cloud(*first), cloud(*second)
    widths = np.sqrt(np.diag(a)) - np.sqrt(np.diag(b))
    return np.sum((m - n) ** 2) + np.sum(widths**2)


# %% pooled_frechet | wrong | The root of the product counts once
from scipy import linalg


def pooled_frechet(first, second):
    def cloud(counts, means, covariances):
        center = np.average(means, axis=0, weights=counts)
        apart = means - center
        inside = np.average(covariances, axis=0, weights=counts)
        return center, inside + (apart.T * counts) @ apart / counts.sum()

    (m, a), (n, b) = cloud(*first), cloud(*second)
    return np.sum((m - n) ** 2) + np.trace(a + b - linalg.sqrtm(a @ b).real)


# %% pooled_frechet | wrong | averaged over the channels
from scipy import linalg


def pooled_frechet(first, second):
    def cloud(counts, means, covariances):
        center = np.average(means, axis=0, weights=counts)
        apart = means - center
        inside = np.average(covariances, axis=0, weights=counts)
        return center, inside + (apart.T * counts) @ apart / counts.sum()

    (m, a), (n, b) = cloud(*first), cloud(*second)
    root = linalg.sqrtm(a @ b).real
    return np.mean((m - n) ** 2) + np.trace(a + b - 2 * root)


# %% pooled_frechet | wrong | This is the root of the squared distance
from scipy import linalg


def pooled_frechet(first, second):
    def cloud(counts, means, covariances):
        center = np.average(means, axis=0, weights=counts)
        apart = means - center
        inside = np.average(covariances, axis=0, weights=counts)
        return center, inside + (apart.T * counts) @ apart / counts.sum()

    (m, a), (n, b) = cloud(*first), cloud(*second)
    squared = np.sum((m - n) ** 2) + np.trace(a + b - 2 * linalg.sqrtm(a @ b).real)
    return np.sqrt(max(squared, 0))


# %% pooled_frechet | wrong | It changes its arguments
from scipy import linalg


def pooled_frechet(first, second):
    def cloud(counts, means, covariances):
        center = np.average(means, axis=0, weights=counts)
        means -= center
        inside = np.average(covariances, axis=0, weights=counts)
        return center, inside + (means.T * counts) @ means / counts.sum()

    (m, a), (n, b) = cloud(*first), cloud(*second)
    root = linalg.sqrtm(a @ b).real
    return np.sum((m - n) ** 2) + np.trace(a + b - 2 * root)


# %% pooled_frechet | wrong | Photographs are compared one by one
from scipy import linalg


def pooled_frechet(first, second):
    found = []
    for _, m, a in zip(*first):
        for _, n, b in zip(*second):
            root = linalg.sqrtm(a @ b).real
            found.append(np.sum((m - n) ** 2) + np.trace(a + b - 2 * root))
    return np.mean(found)


# %% pooled_frechet | wrong | The result is printed instead of returned
from scipy import linalg


def pooled_frechet(first, second):
    def cloud(counts, means, covariances):
        center = np.average(means, axis=0, weights=counts)
        apart = means - center
        inside = np.average(covariances, axis=0, weights=counts)
        return center, inside + (apart.T * counts) @ apart / counts.sum()

    (m, a), (n, b) = cloud(*first), cloud(*second)
    root = linalg.sqrtm(a @ b).real
    print("distance:", np.sum((m - n) ** 2) + np.trace(a + b - 2 * root))


# %% pooled_frechet | wrong | `sr_utils.metrics.frechet_distance` is missing
from sr_utils.metrics import frechet_distance


def pooled_frechet(first, second):
    def cloud(counts, means, covariances):
        rng = np.random.default_rng(0)
        return np.concatenate(
            [
                rng.multivariate_normal(mean, covariance, 1000 * count)
                for count, mean, covariance in zip(counts, means, covariances)
            ]
        )

    return frechet_distance(cloud(*first), cloud(*second))
