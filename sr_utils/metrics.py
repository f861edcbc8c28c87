"""PSNR, SSIM and power spectrum of the luma, as super-resolution papers measure them.

Derived in lesson 1. `scoreboard` applies them by the protocol of the published tables.
"""

import math

import numpy as np
from scipy import ndimage

from .images import check_count, check_image, luma

PEAK = 255.0
LINE_RATIO = 6.0  # of `spectral_lines`: from here on, a result has drawn lines
_SSIM_WINDOW = 11
_SSIM_SIGMA = 1.5
_AROUND = 16  # frequencies on each side that count as the surroundings of a grid's
_FLOOR = 1e-12  # energy; so that two flat spectra are equal
_WINDOW = 96  # pixels; stripes of any whole period that divides it are one frequency
_REGION = 4  # half-overlapping windows on each side of a region: 240 pixels
_LEAST_SIZE = 192  # pixels; averaged over fewer windows, noise has peaks by chance
_LOWEST = 1 / 16  # cycles per pixel; what is wider than 16 pixels is shape, not line
_RING = (3, 8)  # frequencies from a peak to the surroundings, nearest and farthest
_FAINT = 24.0  # energy; a stripe that rounding to 8 bits draws has at most 104


def psnr(reference, estimate, *, shave):
    """Peak signal-to-noise ratio of the luma, in dB.

    Args:
        reference: The original, float in [0, 1], shape `(height, width, 3)`, or
            `(height, width, 1)` for an image that is luma already.
        estimate: The image to score, same shape and range.
        shave: Pixels removed at every border before scoring; the papers use the scale.

    Returns:
        Decibels as a float, higher is better; infinity for identical images.

    Raises:
        ValueError: If shapes differ, nothing is left after shaving, or an image isn't
            float in [0, 1].

    Source: `10 log10(255^2 / MSE)` on ITU-R BT.601 studio luma, derived in lesson 1.
    """
    reference, estimate = _luma_pair(reference, estimate, shave)
    error = np.mean((reference - estimate) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(PEAK**2 / error))


def ssim(reference, estimate, *, shave):
    """Mean structural similarity of the luma.

    Args:
        reference: The original, float in [0, 1], shape `(height, width, 3)`, or
            `(height, width, 1)` for an image that is luma already.
        estimate: The image to score, same shape and range.
        shave: Pixels removed at every border before scoring; the papers use the scale.

    Returns:
        A float of at most 1; exactly 1 for identical images.

    Raises:
        ValueError: As `psnr`, and if fewer than 11 pixels are left in a direction.

    Source: Wang et al. 2004, eq. 13, 11 x 11 Gaussian window with sigma 1.5; lesson 1.
    """
    x, y = _luma_pair(reference, estimate, shave)  # (height, width)
    if min(x.shape) < _SSIM_WINDOW:
        raise ValueError(
            f"Expected at least {_SSIM_WINDOW} x {_SSIM_WINDOW} pixels after shaving. "
            f"Received: {x.shape[0]} x {x.shape[1]}"
        )
    c1, c2 = (0.01 * PEAK) ** 2, (0.03 * PEAK) ** 2
    mean_x, mean_y = _local_mean(x), _local_mean(y)  # (height - 10, width - 10)
    variance_x = _local_mean(x * x) - mean_x**2
    variance_y = _local_mean(y * y) - mean_y**2
    covariance = _local_mean(x * y) - mean_x * mean_y
    brightness = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * covariance + c2) / (variance_x + variance_y + c2)
    return float(np.mean(brightness * structure))


def frechet_distance(x, y):
    """How far two clouds of points are apart, each taken as a normal distribution.

    Args:
        x: float array `(points, channels)`, finite.
        y: The same with as many channels.

    Returns:
        A float of at least 0, in squared units of the points: the squared distance of
        the means plus what the covariances differ by. 0 if both are equal.

    Raises:
        ValueError: If the arrays aren't as described.

    Source: Dowson and Landau 1982, eq. 4; Heusel et al. 2017, eq. 6; lesson 3.
    """
    x, y = _clouds(x, y)
    means = [cloud.mean(axis=0) for cloud in (x, y)]  # (channels,)
    a, b = (np.cov(cloud, rowvar=False, ddof=0) for cloud in (x, y))  # (c, c)
    values, vectors = np.linalg.eigh(np.atleast_2d(a))
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    both = np.linalg.eigvalsh(root @ np.atleast_2d(b) @ root)
    spread = np.trace(np.atleast_2d(a)) + np.trace(np.atleast_2d(b))
    overlap = 2 * np.sqrt(np.maximum(both, 0)).sum()
    return float(np.sum((means[0] - means[1]) ** 2) + max(0, spread - overlap))


def feature_distance(x, y):
    """Mean squared difference of feature vectors, each scaled to unit length.

    Args:
        x: float array `(positions, channels)`, finite.
        y: The same, position by position.

    Returns:
        A float from 0, for equal directions, to 4.

    Raises:
        ValueError: If the arrays aren't as described.

    Source: Zhang et al. 2018 (LPIPS), eq. 1, with all weights equal; lesson 3.
    """
    x, y = _clouds(x, y)
    if len(x) != len(y):
        raise ValueError(
            f"Expected as many positions in both. Received: {len(x)} and {len(y)}"
        )
    units = [z / (np.linalg.norm(z, axis=1, keepdims=True) + 1e-10) for z in (x, y)]
    return float(np.mean(np.sum((units[0] - units[1]) ** 2, axis=1)))


def checkerboard(image, period):
    """How far a grid that repeats every few pixels stands out of an image.

    The energy of the luma at each frequency of such a grid is divided by the energy
    around it; what comes back is the geometric mean of these ratios. It needs no
    original and sees one period only: `spectral_lines` judges results.

    Args:
        image: float array in [0, 1], `(height, width, 3)` or `(height, width, 1)`.
        period: Width of the squares of the grid in pixels, at least 2: the scale.

    Returns:
        A positive float: about 1 in a photograph, and more the clearer a grid is.

    Raises:
        ValueError: If the image isn't float in [0, 1], or too small to tell.

    Source: lesson 3.
    """
    period = check_count(period, "period", least=2)
    energy = _energy(_whole_periods(luma(image), period))
    height, width = (length // period for length in energy.shape)
    ratios = [
        _stands_out(np.roll(energy, (_AROUND - y, _AROUND - x), (0, 1)))
        for y in range(0, period * height, height)
        for x in range(0, period * width, width)
        if (y, x) != (0, 0)
    ]
    return float(np.exp(np.mean(np.log(ratios))))


def spectral_lines(reference, estimate):
    """How far stripes or grids that a result has drawn stand out of it.

    Stripes of any period and direction are narrow peaks of the power spectrum, texture
    and edges are broad. In each region of 240 pixels, the energy of the luma at every
    frequency above 1/16 cycle per pixel is divided by the median of the energies around
    it, or by what the original has at this frequency if that is more: lines that belong
    to the scene don't count. A region's energy is the geometric mean over its windows,
    so that a few strong edges don't hide lines.

    Args:
        reference: The original, float in [0, 1], shape `(height, width, 3)`, or
            `(height, width, 1)` for an image that is luma already.
        estimate: The result to judge, same shape and range, rounded to 8 bits.

    Returns:
        A float, the largest of these ratios of energies: 1 for identical images, and
        `LINE_RATIO` or more where lines are drawn. Stripes with an amplitude of 0.4
        levels of 255 reach it in a flat area; in texture, stronger ones. So does a
        pattern of the scene that a low resolution turned into another (aliasing).

    Raises:
        ValueError: If shapes differ, an image isn't float in [0, 1], or a side is
            shorter than 192 pixels.

    Source: Welch 1967, spectra averaged over overlapping windows. `LINE_RATIO` as
    measured at x4 on the held-out photographs: bicubic and pixel loss 1.0 to 2.9,
    nearest neighbor and feature loss 11 to 38. 90 images of noise, beside a flat
    original, had up to 5.9 by chance.
    """
    lumas = _luma_pair(reference, estimate, 0)
    height, width = lumas[0].shape
    if min(height, width) < _LEAST_SIZE:
        raise ValueError(
            f"Expected at least {_LEAST_SIZE} x {_LEAST_SIZE} pixels. "
            f"Received: {height} x {width}"
        )
    energies = [_log_energies(values) for values in lumas]
    rows, columns = (_slices(n, _REGION, 2) for n in energies[0].shape[:2])
    return max(
        _tallest_line(*(x[row, column].mean((0, 1)) for x in energies))
        for row in rows
        for column in columns
    )


def power_spectrum(image, bins=64):
    """Power of the luma at each spatial frequency, averaged over all directions.

    Args:
        image: float array in [0, 1], `(height, width, 3)` or `(height, width, 1)`.
        bins: Number of rings between 0 and 0.5 cycles per pixel, at least 1.

    Returns:
        Two float64 arrays of shape `(bins,)`: the rings' middle frequencies in cycles
        per pixel, and the mean power in each; NaN where a small image has none.

    Raises:
        ValueError: If `image` isn't float in [0, 1] or `bins` isn't positive.

    Source: the squared Fourier transform under a Hann window; lesson 1.
    """
    bins = check_count(bins, "bins")
    values = luma(image)
    height, width = values.shape
    power = _energy(values)
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    edges = np.linspace(0, 0.5, bins + 1)
    count, _ = np.histogram(radius, edges)
    total, _ = np.histogram(radius, edges, weights=power)
    mean = np.full(bins, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return (edges[:-1] + edges[1:]) / 2, mean


def _energy(values):
    """Energy at each frequency, under a Hann window: the squared Fourier transform."""
    height, width = values.shape
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    transform = np.fft.fft2((values - values.mean()) * window)
    return np.abs(transform) ** 2 / np.sum(window**2)


def _whole_periods(values, period):
    """Cut to a multiple of the period, if enough is left to see the surroundings."""
    height, width = (length - length % period for length in values.shape)
    least = period * (2 * _AROUND + 1)
    if min(height, width) < least:
        raise ValueError(
            f"Expected at least {least} x {least} pixels. "
            f"Received: {values.shape[0]} x {values.shape[1]}"
        )
    return values[:height, :width]


def _stands_out(energy):
    """Energy at the frequency in the middle of a square, relative to that around it.

    The rows and columns of the middle, where straight edges of a photograph have their
    energy, don't count as surroundings.
    """
    square = energy[: 2 * _AROUND + 1, : 2 * _AROUND + 1]
    peak = square[_AROUND - 1 : _AROUND + 2, _AROUND - 1 : _AROUND + 2]
    aside = np.abs(np.arange(-_AROUND, _AROUND + 1)) > _AROUND // 4
    return (peak.mean() + _FLOOR) / (square[np.ix_(aside, aside)].mean() + _FLOOR)


def _log_energies(values):
    """Log energy of each half-overlapping window, `(rows, columns, 96, 96)`."""
    rows, columns = (_slices(n, _WINDOW, _WINDOW // 2) for n in values.shape)
    energies = [[_energy(values[row, column]) for column in columns] for row in rows]
    return np.log(np.array(energies, np.float32) + np.float32(_FAINT))


def _slices(length, size, step):
    """Evenly spread parts of `size`, at most `step` apart, that cover a length."""
    last = max(length - size, 0)
    starts = np.linspace(0, last, math.ceil(last / step) + 1).astype(int)
    return [slice(start, start + size) for start in starts]


def _tallest_line(original, result):
    """The largest ratio of one region, from two mean log energies, `(96, 96)` each."""
    near, far = _RING
    away = np.abs(np.arange(-far, far + 1))
    ring = np.maximum.outer(away, away) >= near  # a square ring
    around = ndimage.median_filter(result, footprint=ring, mode="wrap")
    frequency = np.abs(np.fft.fftfreq(_WINDOW))
    counts = np.maximum.outer(frequency, frequency) >= _LOWEST
    return float(np.exp(np.max((result - np.maximum(around, original))[counts])))


def _luma_pair(reference, estimate, shave):
    reference = check_image(reference, "reference")
    estimate = check_image(estimate, "estimate")
    if reference.shape != estimate.shape:
        raise ValueError(
            "Expected `reference` and `estimate` of equal shape. "
            f"Received: {reference.shape} and {estimate.shape}"
        )
    return _shave(luma(reference), shave), _shave(luma(estimate), shave)


def _shave(values, shave):
    shave = check_count(shave, "shave", least=0)
    if min(values.shape) <= 2 * shave:
        raise ValueError(
            f"Expected more than {2 * shave} pixels in each direction, to remove "
            f"{shave} at each border. Received: {values.shape[0]} x {values.shape[1]}"
        )
    return values[shave : values.shape[0] - shave, shave : values.shape[1] - shave]


def _local_mean(values):
    """Gaussian-weighted mean around each pixel whose window lies inside the image."""
    radius = _SSIM_WINDOW // 2
    smooth = ndimage.gaussian_filter(values, _SSIM_SIGMA, radius=radius)
    return smooth[radius:-radius, radius:-radius]


def _clouds(x, y):
    """Both as finite float64 arrays with as many channels, or what is wrong."""
    x, y = (np.asarray(z, np.float64) for z in (x, y))
    shapes = x.ndim == y.ndim == 2 and x.shape[1] == y.shape[1]
    if not shapes or min(*x.shape, *y.shape) == 0:
        raise ValueError(
            "Expected two arrays (positions, channels) that aren't empty. "
            f"Received: shapes {x.shape} and {y.shape}"
        )
    if not np.isfinite(x).all() or not np.isfinite(y).all():
        raise ValueError("Expected finite features. Received: NaN or infinity")
    return x, y
