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


# %% shrink | right | loops
def shrink(image, scale):
    height, width = image.shape[0] // scale, image.shape[1] // scale
    small = np.zeros((height, width, 3))
    for i in range(height):
        for j in range(width):
            y, x = (i + 0.5) * scale - 0.5, (j + 0.5) * scale - 0.5
            rows = range(max(0, int(y) - scale), min(len(image), int(y) + scale + 2))
            columns = range(
                max(0, int(x) - scale), min(image.shape[1], int(x) + scale + 2)
            )
            a = np.array([max(0, 1 - abs(y - r) / scale) for r in rows])
            b = np.array([max(0, 1 - abs(x - c) / scale) for c in columns])
            part = image[rows.start : rows.stop, columns.start : columns.stop]
            weighted = (a[:, None, None] * b[None, :, None] * part).sum((0, 1))
            small[i, j] = weighted / (a.sum() * b.sum())
    return small


# %% shrink | right | TensorFlow
import tensorflow as tf


def shrink(image, scale):
    size = (image.shape[0] // scale, image.shape[1] // scale)
    return tf.image.resize(image, size, "bilinear", antialias=True)


# %% shrink | right | two matrix products
def weights(size, scale):
    distance = np.subtract.outer(
        (np.arange(size // scale) + 0.5) * scale - 0.5, np.arange(size)
    )
    matrix = np.clip(scale - np.abs(distance), 0, None)
    return (matrix.T / matrix.sum(1)).T


def shrink(image, scale):
    planes = np.moveaxis(image, -1, 0)
    small = weights(image.shape[0], scale) @ planes @ weights(image.shape[1], scale).T
    return np.moveaxis(small, 0, -1)


# %% shrink | wrong | The kernel isn't stretched
def shrink(image, scale):
    def weights(size):
        centers = (np.arange(size // scale) + 0.5) * scale - 0.5
        triangle = np.maximum(0, 1 - abs(centers[:, None] - np.arange(size)))
        return triangle / triangle.sum(axis=1, keepdims=True)

    rows, columns = weights(image.shape[0]), weights(image.shape[1])
    return np.einsum("Hh,Ww,hwc->HWc", rows, columns, image)


# %% shrink | wrong | the mean of its own block
def shrink(image, scale):
    height, width = image.shape[0] // scale, image.shape[1] // scale
    return image.reshape(height, scale, width, scale, 3).mean(axis=(1, 3))


# %% shrink | wrong | The image is mirrored at its border
def shrink(image, scale):
    def weights(size):
        centers = (np.arange(size // scale) + 0.5) * scale - 0.5
        taps = np.arange(-scale, size + scale)
        triangle = np.maximum(0, 1 - abs(centers[:, None] - taps) / scale) / scale
        mirrored = np.pad(np.arange(size), scale, "symmetric")
        return triangle @ (mirrored[:, None] == np.arange(size))

    rows, columns = weights(image.shape[0]), weights(image.shape[1])
    return np.einsum("Hh,Ww,hwc->HWc", rows, columns, image)


# %% shrink | wrong | a block too far to the top left
def shrink(image, scale):
    def weights(size):
        centers = np.arange(size // scale) * scale
        triangle = np.maximum(0, 1 - abs(centers[:, None] - np.arange(size)) / scale)
        return triangle / triangle.sum(axis=1, keepdims=True)

    rows, columns = weights(image.shape[0]), weights(image.shape[1])
    return np.einsum("Hh,Ww,hwc->HWc", rows, columns, image)


# %% shrink | wrong | It changes its arguments
def shrink(image, scale):
    image -= image.mean()

    def weights(size):
        centers = (np.arange(size // scale) + 0.5) * scale - 0.5
        triangle = np.maximum(0, 1 - abs(centers[:, None] - np.arange(size)) / scale)
        return triangle / triangle.sum(axis=1, keepdims=True)

    rows, columns = weights(image.shape[0]), weights(image.shape[1])
    return np.einsum("Hh,Ww,hwc->HWc", rows, columns, image)


# %% mean_psnr | right | scikit-image
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio


def mean_psnr(originals, results, scale):
    inside = slice(scale, -scale)
    found = []
    for original, result in zip(originals, results):
        luma = rgb2ycbcr(original[: len(result), : result.shape[1]])[..., 0]
        other = rgb2ycbcr(np.rint(255 * np.clip(result, 0, 1)) / 255)[..., 0]
        luma, other = luma[inside, inside], other[inside, inside]
        found.append(peak_signal_noise_ratio(luma, other, data_range=255))
    return sum(found) / len(found)


# %% mean_psnr | right | the package's luma and rounding
from sr_utils.images import crop_to_multiple, luma, quantize


def mean_psnr(originals, results, scale):
    def mse(original, result):
        error = luma(crop_to_multiple(original, scale)) - luma(quantize(result))
        return np.square(error[scale:-scale, scale:-scale]).mean()

    errors = [mse(x, y) for x, y in zip(originals, results)]
    return 20 * np.log10(255) - 10 * np.mean(np.log10(errors))


# %% mean_psnr | right | loops over pixels
import math


def luma(pixel):
    return 16 + 65.481 * pixel[0] + 128.553 * pixel[1] + 24.966 * pixel[2]


def mean_psnr(originals, results, scale):
    total = 0
    for original, result in zip(originals, results):
        height, width = (
            len(original) // scale * scale,
            len(original[0]) // scale * scale,
        )
        squares, count = 0, 0
        for i in range(scale, height - scale):
            for j in range(scale, width - scale):
                rounded = [round(255 * min(1, max(0, c))) / 255 for c in result[i][j]]
                squares += (luma(original[i][j]) - luma(rounded)) ** 2
                count += 1
        total += 10 * math.log10(255**2 * count / squares)
    return total / len(originals)


# %% mean_psnr | wrong | No border is removed
from sr_utils.images import crop_to_multiple, luma, quantize


def mean_psnr(originals, results, scale):
    found = []
    for original, result in zip(originals, results):
        error = luma(crop_to_multiple(original, scale)) - luma(quantize(result))
        found.append(10 * np.log10(255**2 / np.mean(error**2)))
    return np.mean(found)


# %% mean_psnr | wrong | The luma goes from 0 to 255
from sr_utils.images import crop_to_multiple, quantize


def mean_psnr(originals, results, scale):
    found = []
    for original, result in zip(originals, results):
        error = crop_to_multiple(original, scale) - quantize(result)
        error = error @ np.array([0.299, 0.587, 0.114]) * 255
        error = error[scale:-scale, scale:-scale]
        found.append(10 * np.log10(255**2 / np.mean(error**2)))
    return np.mean(found)


# %% mean_psnr | wrong | The squared errors of the images are averaged
from sr_utils.images import crop_to_multiple, luma, quantize


def mean_psnr(originals, results, scale):
    found = []
    for original, result in zip(originals, results):
        error = luma(crop_to_multiple(original, scale)) - luma(quantize(result))
        found.append(np.mean(error[scale:-scale, scale:-scale] ** 2))
    return 10 * np.log10(255**2 / np.mean(found))


# %% mean_psnr | wrong | The results aren't rounded
from sr_utils.images import crop_to_multiple, luma


def mean_psnr(originals, results, scale):
    found = []
    for original, result in zip(originals, results):
        error = luma(crop_to_multiple(original, scale)) - luma(np.clip(result, 0, 1))
        error = error[scale:-scale, scale:-scale]
        found.append(10 * np.log10(255**2 / np.mean(error**2)))
    return np.mean(found)


# %% mean_psnr | wrong | The weights of red and blue are swapped
from sr_utils.images import crop_to_multiple, luma, quantize


def mean_psnr(originals, results, scale):
    found = []
    for original, result in zip(originals, results):
        error = crop_to_multiple(original, scale) - quantize(result)
        error = (error @ [24.966, 128.553, 65.481])[scale:-scale, scale:-scale]
        found.append(10 * np.log10(255**2 / np.mean(error**2)))
    return np.mean(found)


# %% mean_psnr | wrong | The result is printed instead of returned
from sr_utils.images import crop_to_multiple, luma, quantize


def mean_psnr(originals, results, scale):
    found = []
    for original, result in zip(originals, results):
        error = luma(crop_to_multiple(original, scale)) - luma(quantize(result))
        error = error[scale:-scale, scale:-scale]
        found.append(10 * np.log10(255**2 / np.mean(error**2)))
    print(np.mean(found))


# %% worst_window | right | scikit-image
from skimage.metrics import structural_similarity

from sr_utils.images import luma


def worst_window(reference, estimate, shave):
    inside = (slice(shave, len(reference) - shave),)
    inside += (slice(shave, reference.shape[1] - shave),)
    _, values = structural_similarity(
        luma(reference)[inside],
        luma(estimate)[inside],
        data_range=255,
        full=True,
        gaussian_weights=True,
        use_sample_covariance=False,
    )
    values = values[5:-5, 5:-5]
    row, column = divmod(int(np.argmin(values)), values.shape[1])
    return [row + 5 + shave, column + 5 + shave, float(values.min())]


# %% worst_window | right | a loop over windows
from sr_utils.images import luma


def worst_window(reference, estimate, shave):
    line = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    weights = np.outer(line, line) / line.sum() ** 2
    x, y = luma(reference), luma(estimate)
    worst = (0, 0, 2.0)
    for row in range(shave + 5, x.shape[0] - shave - 5):
        for column in range(shave + 5, x.shape[1] - shave - 5):
            a = x[row - 5 : row + 6, column - 5 : column + 6]
            b = y[row - 5 : row + 6, column - 5 : column + 6]
            m, n = (weights * a).sum(), (weights * b).sum()
            va, vb = (weights * (a - m) ** 2).sum(), (weights * (b - n) ** 2).sum()
            cov = (weights * (a - m) * (b - n)).sum()
            ssim = (2 * m * n + 6.5025) * (2 * cov + 58.5225)
            ssim /= (m * m + n * n + 6.5025) * (va + vb + 58.5225)
            if ssim < worst[2]:
                worst = (row, column, ssim)
    return np.array(worst)


# %% worst_window | right | TensorFlow
import tensorflow as tf

from sr_utils.images import luma


def worst_window(reference, estimate, shave):
    line = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    window = (np.outer(line, line) / line.sum() ** 2)[:, :, None, None]

    def mean(values):
        return tf.nn.conv2d(values[None, :, :, None], window, 1, "VALID")[0, ..., 0]

    h, w = reference.shape[:2]
    x, y = (
        luma(i)[shave : h - shave, shave : w - shave] for i in (reference, estimate)
    )
    a, b = mean(x), mean(y)
    c1, c2 = 2.55**2, 7.65**2
    values = (2 * a * b + c1) / (a * a + b * b + c1)
    values *= 2 * (mean(x * y) - a * b) + c2
    values /= mean(x * x) + mean(y * y) - a * a - b * b + c2
    lowest = tf.argmin(tf.reshape(values, -1))
    row, column = tf.unravel_index(lowest, tf.shape(values, tf.int64))
    value = tf.reduce_min(values)
    return float(row) + 5 + shave, float(column) + 5 + shave, value


# %% worst_window | wrong | counted from the first window
from scipy import ndimage

from sr_utils.images import luma


def worst_window(reference, estimate, shave):
    def mean(values):
        return ndimage.gaussian_filter(values, 1.5, radius=5)[5:-5, 5:-5]

    h, w = reference.shape[:2]
    x, y = (
        luma(i)[shave : h - shave, shave : w - shave] for i in (reference, estimate)
    )
    a, b = mean(x), mean(y)
    c1, c2 = 2.55**2, 7.65**2
    values = (2 * a * b + c1) / (a * a + b * b + c1)
    values *= 2 * (mean(x * y) - a * b) + c2
    values /= mean(x * x) + mean(y * y) - a * a - b * b + c2
    row, column = np.unravel_index(values.argmin(), values.shape)
    return row, column, values.min()


# %% worst_window | wrong | Row and column are swapped
from scipy import ndimage

from sr_utils.images import luma


def worst_window(reference, estimate, shave):
    def mean(values):
        return ndimage.gaussian_filter(values, 1.5, radius=5)[5:-5, 5:-5]

    h, w = reference.shape[:2]
    x, y = (
        luma(i)[shave : h - shave, shave : w - shave] for i in (reference, estimate)
    )
    a, b = mean(x), mean(y)
    c1, c2 = 2.55**2, 7.65**2
    values = (2 * a * b + c1) / (a * a + b * b + c1)
    values *= 2 * (mean(x * y) - a * b) + c2
    values /= mean(x * x) + mean(y * y) - a * a - b * b + c2
    row, column = np.unravel_index(values.argmin(), values.shape)
    return column + shave + 5, row + shave + 5, values.min()


# %% worst_window | wrong | nothing is shaved off
from scipy import ndimage

from sr_utils.images import luma


def worst_window(reference, estimate, shave):
    def mean(values):
        return ndimage.gaussian_filter(values, 1.5, radius=5)[5:-5, 5:-5]

    x, y = luma(reference), luma(estimate)
    a, b = mean(x), mean(y)
    c1, c2 = 2.55**2, 7.65**2
    values = (2 * a * b + c1) / (a * a + b * b + c1)
    values *= 2 * (mean(x * y) - a * b) + c2
    values /= mean(x * x) + mean(y * y) - a * a - b * b + c2
    row, column = np.unravel_index(values.argmin(), values.shape)
    return row + 5, column + 5, values.min()


# %% worst_window | wrong | The constants fit images from 0 to 1
from scipy import ndimage

from sr_utils.images import luma


def worst_window(reference, estimate, shave):
    def mean(values):
        return ndimage.gaussian_filter(values, 1.5, radius=5)[5:-5, 5:-5]

    h, w = reference.shape[:2]
    x, y = (
        luma(i)[shave : h - shave, shave : w - shave] for i in (reference, estimate)
    )
    a, b = mean(x), mean(y)
    c1, c2 = 0.01**2, 0.03**2
    values = (2 * a * b + c1) / (a * a + b * b + c1)
    values *= 2 * (mean(x * y) - a * b) + c2
    values /= mean(x * x) + mean(y * y) - a * a - b * b + c2
    row, column = np.unravel_index(values.argmin(), values.shape)
    return row + shave + 5, column + shave + 5, values.min()


# %% worst_window | wrong | Windows that reach beyond the border count, too
from scipy import ndimage

from sr_utils.images import luma


def worst_window(reference, estimate, shave):
    def mean(values):
        return ndimage.gaussian_filter(values, 1.5, radius=5)

    h, w = reference.shape[:2]
    x, y = (
        luma(i)[shave : h - shave, shave : w - shave] for i in (reference, estimate)
    )
    a, b = mean(x), mean(y)
    c1, c2 = 2.55**2, 7.65**2
    values = (2 * a * b + c1) / (a * a + b * b + c1)
    values *= 2 * (mean(x * y) - a * b) + c2
    values /= mean(x * x) + mean(y * y) - a * a - b * b + c2
    row, column = np.unravel_index(values.argmin(), values.shape)
    return row + shave, column + shave, values.min()


# %% second_patch | right | a vector of the null space
from fractions import Fraction

from scipy.linalg import null_space

from sr_utils.resize import weight_matrix


def second_patch(patch):
    vanishing = null_space(weight_matrix(len(patch), Fraction(1, 4)).toarray())
    signs = np.random.default_rng(1).choice(
        [-1, 1], (vanishing.shape[1], *patch.shape[1:])
    )
    pattern = np.tensordot(vanishing, signs, 1)
    return patch + 0.25 * pattern / np.abs(pattern).max()


# %% second_patch | right | back-projection of noise
from fractions import Fraction

from sr_utils.resize import resize


def second_patch(patch):
    start = np.float64(patch)
    other = start + np.random.default_rng(2).uniform(-0.2, 0.2, patch.shape)
    for _ in range(100):
        other += resize(resize(start - other, Fraction(1, 4)), 4)
    pattern = other - start
    return start + 0.25 * pattern / np.abs(pattern).max()


# %% second_patch | right | least squares
from fractions import Fraction

from sr_utils.resize import weight_matrix


def second_patch(patch):
    rows = weight_matrix(patch.shape[0], Fraction(1, 4)).toarray()
    pattern = np.random.default_rng(3).choice([-1.0, 1.0], patch.shape[:2])
    pattern -= np.linalg.lstsq(rows, rows @ pattern, rcond=None)[0]
    pattern *= 0.25 / abs(pattern).max()
    return patch + pattern[:, :, None]


# %% second_patch | wrong | It is the same patch
def second_patch(patch):
    return patch + 1e-4


# %% second_patch | wrong | it is made with a blur
def second_patch(patch):
    other = patch + 0.1
    other[2::4, 2::4] = patch[2::4, 2::4]
    return other


# %% second_patch | wrong | its kernel reaches over several blocks
def second_patch(patch):
    sign = np.where(np.arange(patch.shape[1]) % 4 < 2, 0.1, -0.1)
    return patch + sign[None, :, None]


# %% second_patch | wrong | Values are below 0 or above 1
from fractions import Fraction

from scipy.linalg import null_space

from sr_utils.resize import weight_matrix


def second_patch(patch):
    vanishing = null_space(weight_matrix(len(patch), Fraction(1, 4)).toarray())
    pattern = vanishing[:, :1] * np.ones(patch.shape[1])
    return patch + 2 * (pattern / abs(pattern).max())[:, :, None]


# %% second_patch | wrong | The code stops with a ValueError
from fractions import Fraction

from scipy.linalg import null_space

from sr_utils.resize import weight_matrix


def second_patch(patch):
    vanishing = null_space(weight_matrix(32, Fraction(1, 4)).toarray())
    pattern = vanishing[:, :1] * np.ones(24)
    return patch + (0.2 * pattern / abs(pattern).max())[:, :, None]


# %% second_patch | wrong | Was the result clipped after adding?
from fractions import Fraction

from scipy.linalg import null_space

from sr_utils.resize import weight_matrix


def second_patch(patch):
    vanishing = null_space(weight_matrix(len(patch), Fraction(1, 4)).toarray())
    pattern = vanishing[:, :1] * np.ones(patch.shape[1])
    return np.clip(patch + 2 * (pattern / abs(pattern).max())[:, :, None], 0, 1)
