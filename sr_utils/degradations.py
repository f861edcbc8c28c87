"""What happens to real photographs before a network gets them (lesson 7).

One pass is y = ((x * k) reduced + n) as JPEG: the image x is blurred with a kernel k,
made smaller, gets noise n and is stored in a lossy file. `degrade` is that formula, and
each of its four steps can be chosen; `first_order` draws all of them at random, and
`second_order` does so twice.

Everywhere an image is float32 RGB in [0, 1] of shape `(height, width, 3)`, and no
function changes the one it gets. `seed` is a whole number, 0 or more: the same image
and seed always give the same result. A step is any function that is called as
`step(image, seed=seed)` and returns an image, so `functools.partial` or a lambda can
fix what it does.

Source: Zhang et al. 2021 (BSRGAN), section 3; Wang et al. 2021 (Real-ESRGAN), section
3, whose ranges are the defaults unless a docstring says otherwise.
"""

import io
from fractions import Fraction
from functools import lru_cache, partial
from math import ceil, cos, radians, sin
from types import MappingProxyType

import numpy as np
import scipy.fft
from PIL import Image

from .images import LUMA_WEIGHTS, check_count, check_image, quantize, to_uint8
from .resize import KERNELS, weight_matrix

SMOOTH = ("bilinear", "bicubic", "lanczos3")  # kernels that move no part of a picture
LOSSY = ("JPEG", "WEBP")
_TOO_FAR = 1.25  # `second_order` may reduce to scale**-1.25 at first, and enlarge again


def degrade(image, scale, seed, *, blur=None, shrink=None, noise=None, compress=None):
    """One pass, ((x * k) reduced + n) as JPEG; a step that isn't given is left out.

    Args:
        image: float array in [0, 1] of shape `(height, width, 3)`; `scale` divides both
            sides.
        scale: Whole-number factor of the task.
        seed: Whole number; each step gets one of its own, made from it.
        blur: Step that blurs, such as `random_blur`.
        shrink: Function called as `shrink(image, size=size, seed=seed)` with the
            `(height, width)` to give, such as `random_resized`. By default
            antialiased bicubic, so that nothing but `scale` gives the images of
            `datasets.pair`.
        noise: Step that adds noise, such as `random_noise`.
        compress: Step that stores and loads the image, such as `random_compressed`.

    Returns:
        float32 array of shape `(height // scale, width // scale, 3)`, multiples of
        1 / 255 in [0, 1].

    Raises:
        ValueError: If an argument isn't as described.
    """
    image, size = _checked(image, scale)
    return quantize(_one_pass(image, size, seed, blur, shrink, noise, compress))


def first_order(image, scale, seed):
    """One pass in which blur, reduction, noise and compression are drawn at random.

    Args and result: as `degrade`.

    Source: Wang et al. 2021, section 3.1.
    """
    image, size = _checked(image, scale)
    return quantize(_random_pass(image, size, seed))


def some_steps(image, scale, seed):
    """One pass with a random choice of steps: each is drawn one time in three.

    So a network also meets photographs with noise alone, or with nothing but JPEG, and
    learns to leave alone what nothing happened to. The noise has up to 15 levels.

    Args and result: as `degrade`.

    Source: as `first_order`, whose other ranges it has.
    """
    image, size = _checked(image, scale)
    draw, rest = _seeds(seed, 2)
    drawn = np.random.default_rng(draw).random(4) < 1 / 3
    return quantize(_random_pass(image, size, rest, sigmas=(1, 15), drawn=drawn))


def second_order(image, scale, seed):
    """Two random passes: a photograph that was shrunk and sent on, and then again.

    The first pass ends at `scale**-u` times the original size, u from 0 to 1.25: mostly
    between the original and the result, at times below it, and then the second pass
    enlarges. That one blurs less, by widths of 0.2 to 1.5 pixels, and its noise has up
    to 25 levels.

    Args and result: as `degrade`.

    Source: Wang et al. 2021, section 3.2, without its sinc filter.
    """
    image, size = _checked(image, scale)
    first, second, draw = _seeds(seed, 3)
    part = scale ** -np.random.default_rng(draw).uniform(0, _TOO_FAR)
    halfway = tuple(max(1, round(part * side)) for side in image.shape[:2])
    image = _random_pass(image, halfway, first)
    return quantize(_random_pass(image, size, second, (0.2, 1.5), (1, 25)))


def partly_clean(image, scale, seed, *, share=0.25, harsh=second_order):
    """Degrade most images and only reduce the others, so that a network knows both.

    Args:
        image: As for `degrade`.
        scale: As for `degrade`.
        seed: As for `degrade`.
        share: Probability, from 0 to 1, that an image is only reduced (by antialiased
            bicubic).
        harsh: The function `(image, scale, seed)` for the others.

    Returns:
        As `degrade`.

    Raises:
        ValueError: If an argument isn't as described.
    """
    _check_number(share, "share", 0, 1)
    draw, rest = _seeds(seed, 2)
    clean = np.random.default_rng(draw).random() < share
    return (degrade if clean else harsh)(image, scale, rest)


def any_order(image, scale, seed):
    """Clean, some steps or two passes: what `srresnet_x4_real` is trained on.

    An eighth of the images are only reduced, so that the network stays of use for clean
    ones; an eighth go through `second_order`, and the others through `some_steps`.

    Args and result: as `degrade`.
    """
    draw, rest = _seeds(seed, 2)
    kinds = (degrade, second_order, *[some_steps] * 6)
    return kinds[np.random.default_rng(draw).integers(8)](image, scale, rest)


def gaussian_kernel(width, other=None, angle=0.0):
    """Weights of a Gaussian blur: round, or an ellipse turned by an angle.

    Args:
        width: Standard deviation in pixels, 0.1 to 20. Below half a pixel there is
            hardly any blur.
        other: Standard deviation at right angles to it; by default the same.
        angle: Direction of `width` in degrees, counterclockwise from horizontal.

    Returns:
        float64 array of shape `(n, n)`, n odd, that reaches 4 standard deviations in
        each direction and sums to 1.

    Raises:
        ValueError: If an argument isn't as described.
    """
    other = width if other is None else other
    for value, name in ((width, "width"), (other, "other")):
        _check_number(value, name, 0.1, 20)
    turn = radians(_check_number(angle, "angle", -360, 360))
    reach = ceil(4 * max(width, other))
    up, right = np.mgrid[reach : -reach - 1 : -1, -reach : reach + 1]
    along = (right * cos(turn) + up * sin(turn)) / width
    across = (up * cos(turn) - right * sin(turn)) / other
    weights = np.exp(-(along**2 + across**2) / 2)
    return weights / weights.sum()


def blur(image, kernel):
    """Convolve each channel with a kernel: x * k. The border is reflected.

    Args:
        image: float array in [0, 1] of shape `(height, width, 3)`.
        kernel: Weights that sum to 1, an array with an odd number of rows and of
            columns, such as from `gaussian_kernel`.

    Returns:
        float32 array of the same shape, clipped to [0, 1].

    Raises:
        ValueError: If an argument isn't as described.
    """
    image, kernel = _rgb(image), _check_kernel(kernel)
    (height, width), (rows, columns) = image.shape[:2], kernel.shape
    sides = [(rows // 2, rows // 2), (columns // 2, columns // 2), (0, 0)]
    padded = np.pad(image, sides, mode="symmetric")
    # A convolution is a product of spectra: here several times as fast as sums.
    shape = [scipy.fft.next_fast_len(n, real=True) for n in padded.shape[:2]]
    spectrum = scipy.fft.rfft2(padded, shape, axes=(0, 1))
    spectrum *= scipy.fft.rfft2(kernel, shape)[..., None]
    result = scipy.fft.irfft2(spectrum, shape, axes=(0, 1))
    inside = result[rows - 1 :, columns - 1 :][:height, :width]
    return np.clip(inside, 0, 1)


def random_blur(image, seed, *, widths=(0.2, 3), round_share=0.5):
    """Blur with a Gaussian that nobody knows.

    Args:
        image: float array in [0, 1] of shape `(height, width, 3)`.
        seed: Whole number.
        widths: The range, within 0.1 to 20 pixels, from which each standard deviation
            is drawn, uniformly.
        round_share: Probability that both standard deviations are the same; otherwise
            each is drawn, and the angle is drawn from 0 to 180 degrees.

    Returns:
        float32 array of the same shape.

    Raises:
        ValueError: If an argument isn't as described.
    """
    _check_range(widths, "widths", 0.1, 20)
    _check_number(round_share, "round_share", 0, 1)
    rng = _generator(seed)
    width, other, angle = (
        rng.uniform(*widths),
        rng.uniform(*widths),
        rng.uniform(0, 180),
    )
    if rng.random() < round_share:
        return blur(image, gaussian_kernel(width))
    return blur(image, gaussian_kernel(width, other, angle))


def resized(image, size, kernel="bicubic"):
    """Resize to a given height and width; a reduction is always antialiased.

    So "nearest" is the same as "box" here. Without antialiasing, a reduction by an
    even number copies pixels beside the centers it wants, and the picture moves by half
    a pixel of the original: the pair is no longer aligned.

    Args:
        image: float array in [0, 1] of shape `(height, width, 3)`.
        size: `(height, width)` of the result, in pixels.
        kernel: A name in `resize.KERNELS`.

    Returns:
        float32 array of shape `(*size, 3)`, clipped to [0, 1].

    Raises:
        ValueError: If an argument isn't as described.
    """
    image, kernel = _rgb(image), _check_choice(kernel, "kernel", KERNELS)
    for new in _check_size(size):
        old, other = image.shape[:2]
        lines = _weights(old, new, kernel) @ image.reshape(old, -1)
        image = lines.reshape(new, other, 3).swapaxes(0, 1)  # the other axis is next
    return np.clip(image, 0, 1)


def random_resized(image, size, seed, *, kernels=None):
    """Resize by a kernel that nobody knows.

    Args:
        image: float array in [0, 1] of shape `(height, width, 3)`.
        size: `(height, width)` of the result, in pixels.
        seed: Whole number.
        kernels: Names in `resize.KERNELS`, each drawn with the same probability. By
            default `SMOOTH`, and "box" if it fits: where the sides aren't a whole
            number of times as long as before, or as the result, squares of whole pixels
            move parts of the picture by up to half a pixel.

    Returns:
        float32 array of shape `(*size, 3)`.

    Raises:
        ValueError: If an argument isn't as described.
    """
    if kernels is None:
        sides = zip(_rgb(image).shape, _check_size(size), strict=False)
        fits = all(max(pair) % min(pair) == 0 for pair in sides)
        kernels = (*SMOOTH, "box") if fits else SMOOTH
    if not isinstance(kernels, tuple | list) or not kernels:
        raise ValueError(
            f"Expected `kernels` as one or more names. Received: {kernels!r}"
        )
    return resized(image, size, kernels[_generator(seed).integers(len(kernels))])


def gaussian_noise(image, sigma, seed, *, gray=False):
    """Add noise that is the same everywhere, as from the electronics of a sensor.

    Args:
        image: float array in [0, 1] of shape `(height, width, 3)`.
        sigma: Standard deviation in levels of 255, from 0 to 255.
        seed: Whole number.
        gray: Whether the three channels get the same noise.

    Returns:
        float32 array of the same shape, clipped to [0, 1].

    Raises:
        ValueError: If an argument isn't as described.
    """
    image = _rgb(image)
    _check_number(sigma, "sigma", 0, 255)
    shape = (*image.shape[:2], 1 if gray else 3)
    noise = _generator(seed).standard_normal(shape, dtype=np.float32)
    return np.clip(image + np.float32(sigma / 255) * noise, 0, 1)


def poisson_noise(image, sigma, seed, *, gray=False):
    """Count photons, as a sensor does: noise whose variance grows with the brightness.

    A value v of the image becomes a count with mean v * photons, divided by photons,
    where photons = (255 / sigma)**2. Its standard deviation is sigma * sqrt(v) levels.

    Args:
        image: float array in [0, 1] of shape `(height, width, 3)`.
        sigma: Standard deviation of white in levels of 255, from 0.1 to 255.
        seed: Whole number.
        gray: Whether the three channels get the same noise, that of the luma.

    Returns:
        float32 array of the same shape, clipped to [0, 1].

    Raises:
        ValueError: If an argument isn't as described.
    """
    image = np.clip(_rgb(image), 0, 1)
    photons = (255 / _check_number(sigma, "sigma", 0.1, 255)) ** 2
    light = image @ (LUMA_WEIGHTS / LUMA_WEIGHTS.sum()) if gray else image
    counted = _generator(seed).poisson(light * photons) / photons
    noise = (counted - light).reshape(*image.shape[:2], -1)
    return np.clip(image + noise.astype(np.float32), 0, 1)


def random_noise(image, seed, *, sigmas=(1, 30), shot_share=0.5, gray_share=0.4):
    """Add Gaussian or Poisson noise, in color or gray, of a strength nobody knows.

    Args:
        image: float array in [0, 1] of shape `(height, width, 3)`.
        seed: Whole number.
        sigmas: The range, within 0.1 to 255 levels, from which `sigma` is drawn,
            uniformly.
        shot_share: Probability of `poisson_noise`; otherwise `gaussian_noise`.
        gray_share: Probability that the three channels get the same noise.

    Returns:
        float32 array of the same shape.

    Raises:
        ValueError: If an argument isn't as described.
    """
    _check_range(sigmas, "sigmas", 0.1, 255)
    _check_number(shot_share, "shot_share", 0, 1)
    _check_number(gray_share, "gray_share", 0, 1)
    draw, seed = _seeds(seed, 2)
    rng = np.random.default_rng(draw)
    add = poisson_noise if rng.random() < shot_share else gaussian_noise
    gray = bool(rng.random() < gray_share)
    return add(image, rng.uniform(*sigmas), seed, gray=gray)


def compressed(image, quality, kind="JPEG"):
    """What a lossy file makes of an image: rounded to 8 bits, stored and loaded.

    Both kinds store colors at half the size, as Pillow does by default.

    Args:
        image: float array in [0, 1] of shape `(height, width, 3)`.
        quality: Whole number from 1 to 100, as Pillow takes it.
        kind: "JPEG" or "WEBP".

    Returns:
        float32 array of the same shape, multiples of 1 / 255.

    Raises:
        ValueError: If an argument isn't as described.
    """
    kind = _check_choice(kind, "kind", LOSSY)
    quality = _check_quality(quality, "quality")
    file = io.BytesIO()
    Image.fromarray(to_uint8(_rgb(image))).save(file, kind, quality=quality)
    return np.asarray(Image.open(file)) / np.float32(255)


def random_compressed(image, seed, *, qualities=(30, 95), webp_share=0.2):
    """Store as JPEG or WebP, at a quality that nobody knows, and load again.

    Args:
        image: float array in [0, 1] of shape `(height, width, 3)`.
        seed: Whole number.
        qualities: The smallest and the largest quality, whole numbers from 1 to 100;
            each from one to the other is equally likely.
        webp_share: Probability of WebP; our choice, as the papers use JPEG only.

    Returns:
        float32 array of the same shape, multiples of 1 / 255.

    Raises:
        ValueError: If an argument isn't as described.
    """
    low, high = _check_range(qualities, "qualities", 1, 100, _check_quality)
    _check_number(webp_share, "webp_share", 0, 1)
    rng = _generator(seed)
    quality = rng.integers(low, high, endpoint=True)
    return compressed(image, quality, LOSSY[int(rng.random() < webp_share)])


CONDITIONS = MappingProxyType(
    {
        "clean": degrade,
        "blur": partial(degrade, blur=partial(random_blur, widths=(1, 3))),
        "kernel": partial(degrade, shrink=random_resized),
        "noise": partial(degrade, noise=partial(gaussian_noise, sigma=5)),
        "JPEG": partial(
            degrade,
            compress=partial(random_compressed, qualities=(50, 50), webp_share=0),
        ),
        "mixture": second_order,
    }
)
"""Functions `(image, scale, seed)` under which lesson 7 judges networks, one by one."""


def _one_pass(image, size, seed, blur, shrink, noise, compress):
    """The formula; a step that is `None` leaves the image as it is."""
    seeds = _seeds(seed, 4)
    if blur is not None:
        image = blur(image, seed=seeds[0])
    if shrink is None:
        image = resized(image, size)
    else:
        image = shrink(image, size=size, seed=seeds[1])
    if noise is not None:
        image = noise(image, seed=seeds[2])
    if compress is not None:
        image = compress(image, seed=seeds[3])
    return image


def _random_pass(image, size, seed, widths=(0.2, 3), sigmas=(1, 30), drawn=(True,) * 4):
    """A pass of those random steps that `drawn` says, in the order of the formula."""
    steps = (
        partial(random_blur, widths=widths),
        random_resized,
        partial(random_noise, sigmas=sigmas),
        random_compressed,
    )
    chosen = [step if take else None for step, take in zip(steps, drawn, strict=True)]
    return _one_pass(image, size, seed, *chosen)


@lru_cache(maxsize=1024)
def _weights(old, new, kernel):
    """The matrix that resizes a line; most images of a training have the same sides."""
    matrix = weight_matrix(old, Fraction(new, old), kernel, antialias=True)
    return matrix.astype(np.float32)


def _seeds(seed, count):
    """Seeds made from one, so that what is drawn with each is independent."""
    seed = check_count(seed, "seed", least=0)
    return np.random.SeedSequence(seed).generate_state(count, np.uint64).tolist()


def _generator(seed):
    return np.random.default_rng(check_count(seed, "seed", least=0))


def _rgb(image):
    """The image as float32, if it has three channels."""
    image = check_image(image)
    if image.shape[-1] != 3:
        raise ValueError(
            "Expected `image` of shape (height, width, 3); images.to_rgb repeats a "
            f"gray one. Received: shape {image.shape}"
        )
    return image.astype(np.float32, copy=False)


def _checked(image, scale):
    """The image and `(height, width)` of its low-resolution version."""
    image, scale = _rgb(image), check_count(scale, "scale")
    height, width = image.shape[:2]
    if height % scale or width % scale:
        raise ValueError(
            f"Expected an image whose sides {scale} divides; images.crop_to_multiple "
            f"cuts it. Received: {height} x {width}"
        )
    return image, (height // scale, width // scale)


def _check_choice(value, argument, choices):
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"Expected `{argument}` in {[*choices]}. Received: {value!r}")
    return value


def _check_number(value, argument, least, most):
    number = isinstance(value, int | float | np.integer | np.floating)
    if not number or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(
            f"Expected `{argument}` as a number from {least} to {most}. "
            f"Received: {value!r}"
        )
    return value


def _check_quality(value, argument, least=1, most=100):
    check_count(value, argument, least)
    return int(_check_number(value, argument, least, most))


def _check_range(values, argument, least, most, check=_check_number):
    """The lower and the upper end of a range that lies between `least` and `most`."""
    pair = isinstance(values, tuple | list) and len(values) == 2
    checked = [check(x, argument, least, most) for x in values] if pair else []
    if not pair or checked[0] > checked[1]:
        raise ValueError(
            f"Expected `{argument}` as two numbers, the smaller first. "
            f"Received: {values!r}"
        )
    return checked


def _check_size(size):
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise ValueError(f"Expected `size` as (height, width). Received: {size!r}")
    return [check_count(side, "size") for side in size]


def _check_kernel(kernel):
    kernel = np.asarray(kernel, dtype=np.float32)
    odd = kernel.ndim == 2 and all(side % 2 for side in kernel.shape)
    if not odd or not abs(kernel.sum() - 1) < 1e-3:
        raise ValueError(
            "Expected `kernel` of two dimensions with odd sides and the sum 1. "
            f"Received: shape {kernel.shape}, sum {kernel.sum():.4g}"
        )
    return kernel
