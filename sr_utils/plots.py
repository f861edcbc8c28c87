"""The graphs of the series in one style: kernels, weight matrices, curves, spectra.

Every function returns a `pictures.Picture`, which Jupyter shows with its alt text.
"""

import matplotlib as mpl
import numpy as np
from matplotlib.colors import FuncNorm
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from .method_colors import COLORS
from .metrics import power_spectrum
from .pictures import Picture

_CYCLE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
_WEIGHTS = (-0.3, 1.1)  # of all kernels, so that they can be compared
_STYLE = {
    "axes.edgecolor": "#666666",
    "axes.grid": True,
    "axes.prop_cycle": mpl.cycler(color=_CYCLE),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titleweight": "bold",
    "axes.titlesize": 10,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "grid.color": "#E4E4E4",
    "lines.linewidth": 2,
}


def kernels(kernels, *, alt):
    """Draw interpolation kernels as curves over the distance.

    Args:
        kernels: Dictionary from name to `resize.Kernel`.
        alt: Alt text, a sentence.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(0.8 + 2.2 * len(kernels), 2.5), layout="constrained")
        axes = figure.subplots(1, len(kernels), sharey=True, squeeze=False)[0]
        distance = np.linspace(-3.5, 3.5, 1401)
        for ax, (name, kernel) in zip(axes, kernels.items(), strict=True):
            color = COLORS.get(name, _CYCLE[0])
            ax.plot(distance, kernel(distance), color=color)
            ax.fill_between(distance, kernel(distance), color=color, alpha=0.15)
            ax.set(title=name, xlabel="distance in pixels", xticks=range(-3, 4))
        axes[0].set(ylabel="weight", ylim=_WEIGHTS)
    return Picture(figure, alt, line_art=True)


def matrices(matrices, *, alt):
    """Draw weight matrices in one scale of colors: blue is positive, red negative.

    The scale is that of the weights' square roots, so that small weights are seen.

    Args:
        matrices: Dictionary from title to float array `(outputs, inputs)`.
        alt: Alt text, a sentence.
    """
    limit = max(np.abs(matrix).max() for matrix in matrices.values())
    norm = FuncNorm((_signed_root, _signed_square), -limit, limit)
    options = {"norm": norm, "interpolation": "nearest"}
    with mpl.rc_context(_STYLE | {"axes.grid": False}):
        figure = Figure(figsize=(3.1 * len(matrices) + 0.2, 2.9), layout="constrained")
        axes = figure.subplots(1, len(matrices), squeeze=False)[0]
        for ax, (title, matrix) in zip(axes, matrices.items(), strict=True):
            drawn = ax.imshow(matrix, cmap="RdBu", aspect="auto", **options)
            ax.set(title=title, xlabel="input pixel", ylabel="output pixel")
        ticks = [-1, -0.5, -0.1, 0, 0.1, 0.5, 1]
        figure.colorbar(drawn, ax=axes, label="weight", ticks=ticks)
    return Picture(figure, alt, line_art=True)


def curves(
    curves,
    *,
    x_label,
    y_label,
    alt,
    points=None,
    log=False,
    marks=None,
    bottom=None,
    inset=None,
):
    """Draw curves in one set of axes, in the color of their method.

    Args:
        curves: Dictionary from name to `(x, y)`, two arrays of equal length.
        x_label: Name and unit of x.
        y_label: Name and unit of y.
        alt: Alt text, a sentence.
        points: `(name, x, y)`: points drawn as dots over the curves.
        log: Whether y is logarithmic.
        marks: Dictionary from label to the x of a vertical line.
        bottom: Smallest y shown; by default all of each curve is.
        inset: `(place, x_limits, y_limits)`: a part drawn again, larger; `place` is
            `(left, bottom, width, height)` in fractions of the axes.

    Returns:
        A `Picture`.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(8.8, 4), layout="constrained")
        ax = figure.subplots()
        _draw_curves(ax, curves, points)
        ax.set(xlabel=x_label, ylabel=y_label, yscale="log" if log else "linear")
        ax.set_ylim(bottom=bottom)
        ax.xaxis.get_major_locator().set_params(integer=True)  # no 2.5th pixel or step
        _draw_marks(ax, marks or {})
        figure.legend(loc="outside upper left", ncols=5, frameon=False)
        if inset is not None:
            place, x_limits, y_limits = inset
            part = ax.inset_axes(place, xlim=x_limits, ylim=y_limits)
            _draw_curves(part, curves, points)
            part.tick_params(labelsize=8)
            part.locator_params(nbins=4)
            part.spines[:].set_visible(True)
            ax.indicate_inset_zoom(part, edgecolor="#444444")
    return Picture(figure, alt, line_art=True)


def plane(points, *, y_label, alt):
    """Draw methods in the perception-distortion plane; lower right is better.

    Args:
        points: Dictionary from method to `(psnr, perception)`, in dB and a distance.
        y_label: Name of the distance.
        alt: Alt text, a sentence.

    Returns:
        A `Picture`.

    Source: Blau and Michaeli 2018, figure 1, with PSNR to the right; lesson 3.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(8.8, 4.6), layout="constrained")
        ax = figure.subplots()
        for name, (x, y) in points.items():
            ax.plot(x, y, "o", markersize=9, color=COLORS.get(name))
            ax.annotate(
                name,
                (x, y),
                xytext=(9, 0),
                textcoords="offset points",
                va="center",
                color=COLORS.get(name),
            )
        ax.set(xlabel="PSNR in dB: right is closer to the original", ylabel=y_label)
        ax.set_ylim(bottom=0)
        ax.margins(x=0.25)
    return Picture(figure, alt, line_art=True)


def rates(panels, *, alt):
    """Draw quality against bits per pixel, in two columns of axes with one legend.

    Args:
        panels: Dictionary from title to `(y_label, log, curves)`: the name of the
            measure, whether its axis is logarithmic, and a dictionary from method to
            `(bits, quality)`, two sequences of equal length.
        alt: Alt text, a sentence.

    Returns:
        A `Picture`.

    Source: lesson 6.
    """
    rows = -(-len(panels) // 2)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9.6, 0.6 + 3.7 * rows), layout="constrained")
        for place, (title, (y_label, log, curves)) in enumerate(panels.items(), 1):
            first = figure.axes[0] if figure.axes else None
            ax = figure.add_subplot(rows, 2, place, sharex=first)
            for name, (bits, quality) in curves.items():
                ax.plot(bits, quality, ".-", label=name, color=COLORS.get(name))
            ax.set(title=title, xlabel="bits per pixel", ylabel=y_label, xscale="log")
            ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ax.xaxis.set_major_formatter("{x:g}")
            if log:
                ax.set_yscale("log")
                ax.yaxis.set_major_formatter("{x:g}")
        legend = figure.axes[0].get_legend_handles_labels()
        figure.legend(*legend, loc="outside upper left", ncols=4, frameon=False)
    return Picture(figure, alt, line_art=True)


def spectra(images_by_name, *, scale, alt):
    """Draw radial power spectra, with the limits of the low-resolution image marked.

    What the low-resolution image can hold is a square of frequencies: up to 0.5 / scale
    along rows and columns, and up to a factor of 1.41 farther along the diagonals.

    Args:
        images_by_name: Dictionary from name to image, float in [0, 1].
        scale: Factor of the task.
        alt: Alt text, a sentence.
    """
    found = {name: power_spectrum(image) for name, image in images_by_name.items()}
    return curves(
        {name: (x, np.where(y > 0, y, np.nan)) for name, (x, y) in found.items()},
        x_label="spatial frequency in cycles per pixel",
        y_label="power of the luma",
        log=True,
        marks={
            "limit of the small image": 0.5 / scale,
            "its corners: the limit along a diagonal": 0.5 * np.sqrt(2) / scale,
        },
        alt=alt,
    )


def _signed_root(x):
    return np.sign(x) * np.sqrt(np.abs(x))


def _signed_square(x):
    return np.sign(x) * np.square(x)


def _draw_curves(ax, curves, points):
    for name, (x, y) in curves.items():
        ax.plot(x, y, label=name, color=COLORS.get(name))
    if points is not None:
        ax.plot(points[1], points[2], "o", color="black", label=points[0], zorder=3)


def _draw_marks(ax, marks):
    """Vertical lines, each label a line of text lower than the one before it."""
    for row, (label, x) in enumerate(marks.items()):
        ax.axvline(x, color="#666666", linestyle="--", linewidth=1)
        ax.annotate(
            label,
            (x, 1),
            xycoords=("data", "axes fraction"),
            xytext=(4, -4 - 16 * row),
            textcoords="offset points",
            va="top",
            color="#444444",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
