# %% line_weights | right | vectorised
def kernel(x):
    x = abs(x)
    near = 7 * x**3 - 12 * x**2 + 16 / 3
    far = -7 / 3 * x**3 + 12 * x**2 - 20 * x + 32 / 3
    return np.select([x < 1, x < 2], [near, far]) / 6


def line_weights(size, scale):
    centers = (np.arange(size * scale) + 0.5) / scale - 0.5
    positions = np.pad(np.arange(size), 2, "symmetric")
    weights = kernel(centers[:, None] - np.arange(-2, size + 2))
    return weights @ (positions[:, None] == np.arange(size))


# %% line_weights | right | loops and plain lists
def weight(x):
    x = abs(x)
    if x <= 1:
        return (7 * x**3 - 12 * x**2 + 16 / 3) / 6
    if x <= 2:
        return (-7 / 3 * x**3 + 12 * x**2 - 20 * x + 32 / 3) / 6
    return 0.0


def line_weights(size, scale):
    rows = []
    for i in range(size * scale):
        center = (i + 0.5) / scale - 0.5
        row = [0.0] * size
        for j in range(-2, size + 2):
            k = -j - 1 if j < 0 else j
            k = 2 * size - 1 - k if k >= size else k
            row[k] += weight(center - j)
        rows.append(row)
    return rows


# %% line_weights | right | each old pixel alone, with scipy's padding
from scipy import ndimage


def line_weights(size, scale):
    def enlarged(line):
        padded = np.pad(line, 3, mode="symmetric")
        fine = np.zeros((size + 6) * 2 * scale)
        fine[scale :: 2 * scale] = padded
        x = abs(np.arange(-4 * scale, 4 * scale + 1) / (2 * scale))
        near = 7 * x**3 - 12 * x**2 + 16 / 3
        far = -7 / 3 * x**3 + 12 * x**2 - 20 * x + 32 / 3
        smooth = ndimage.convolve1d(fine, np.where(x < 1, near, far) / 6)
        return smooth[1 + 6 * scale : -6 * scale : 2]

    return np.stack([enlarged(line) for line in np.eye(size)], axis=1)


# %% line_weights | right | TensorFlow
import tensorflow as tf


def line_weights(size, scale):
    centers = (tf.range(size * scale, dtype=tf.float64) + 0.5) / scale - 0.5
    beyond = tf.pad(tf.eye(size, dtype=tf.float64), [[2, 2], [0, 0]], "SYMMETRIC")
    x = abs(centers[:, None] - tf.range(-2, size + 2, dtype=tf.float64))
    near = 7 * x**3 - 12 * x**2 + 16 / 3
    far = -7 / 3 * x**3 + 12 * x**2 - 20 * x + 32 / 3
    return tf.where(x < 1, near, tf.where(x < 2, far, 0)) @ beyond / 6


# %% line_weights | wrong | The new pixels lie at i / scale
def line_weights(size, scale):
    centers = np.arange(size * scale) / scale
    positions = np.pad(np.arange(size), 2, "symmetric")
    x = abs(centers[:, None] - np.arange(-2, size + 2))
    near = 7 * x**3 - 12 * x**2 + 16 / 3
    far = -7 / 3 * x**3 + 12 * x**2 - 20 * x + 32 / 3
    weights = np.select([x < 1, x < 2], [near, far]) / 6
    return weights @ (positions[:, None] == np.arange(size))


# %% line_weights | wrong | neighbors that don't exist are left out and the others
def line_weights(size, scale):
    centers = (np.arange(size * scale) + 0.5) / scale - 0.5
    x = abs(centers[:, None] - np.arange(size))
    near = 7 * x**3 - 12 * x**2 + 16 / 3
    far = -7 / 3 * x**3 + 12 * x**2 - 20 * x + 32 / 3
    weights = np.select([x < 1, x < 2], [near, far]) / 6
    return weights / weights.sum(axis=1, keepdims=True)


# %% line_weights | wrong | the lesson's cubic kernel
from sr_utils.resize import cubic


def line_weights(size, scale):
    centers = (np.arange(size * scale) + 0.5) / scale - 0.5
    positions = np.pad(np.arange(size), 2, "symmetric")
    weights = cubic(centers[:, None] - np.arange(-2, size + 2))
    return weights @ (positions[:, None] == np.arange(size))


# %% line_weights | wrong | Are axes swapped?
def line_weights(size, scale):
    centers = (np.arange(size * scale) + 0.5) / scale - 0.5
    positions = np.pad(np.arange(size), 2, "symmetric")
    x = abs(centers[:, None] - np.arange(-2, size + 2))
    near = 7 * x**3 - 12 * x**2 + 16 / 3
    far = -7 / 3 * x**3 + 12 * x**2 - 20 * x + 32 / 3
    weights = np.select([x < 1, x < 2], [near, far]) / 6
    return (weights @ (positions[:, None] == np.arange(size))).T


# %% line_weights | wrong | For another scale: The result has another shape
def line_weights(size, scale):
    centers = (np.arange(size * 2) + 0.5) / 2 - 0.5
    positions = np.pad(np.arange(size), 2, "symmetric")
    x = abs(centers[:, None] - np.arange(-2, size + 2))
    near = 7 * x**3 - 12 * x**2 + 16 / 3
    far = -7 / 3 * x**3 + 12 * x**2 - 20 * x + 32 / 3
    weights = np.select([x < 1, x < 2], [near, far]) / 6
    return weights @ (positions[:, None] == np.arange(size))


# %% line_weights | wrong | by the same factor
def line_weights(size, scale):
    centers = (np.arange(size * scale) + 0.5) / scale - 0.5
    positions = np.pad(np.arange(size), 2, "symmetric")
    x = abs(centers[:, None] - np.arange(-2, size + 2))
    near = 7 * x**3 - 12 * x**2 + 16 / 3
    far = -7 / 3 * x**3 + 12 * x**2 - 20 * x + 32 / 3
    weights = np.select([x < 1, x < 2], [near, far])  # not divided by 6
    return weights @ (positions[:, None] == np.arange(size))


# %% line_weights | wrong | `sr_utils.resize.weight_matrix` is missing in this task
from sr_utils.resize import weight_matrix


def line_weights(size, scale):
    return weight_matrix(size, scale).toarray()
