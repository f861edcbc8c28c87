"""The graphs of the series in one style: kernels, weight matrices, curves, spectra.

Every function returns a `pictures.Picture`, which Jupyter shows with its alt text.
"""

from itertools import pairwise

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import FuncNorm
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator
from matplotlib.transforms import Bbox

from .method_colors import COLORS
from .metrics import power_spectrum
from .pictures import Picture

_CYCLE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
_WEIGHTS = (-0.3, 1.1)  # of all kernels, so that they can be compared
_PLACES = (  # of a label, in points from its dot, and the side that is there
    *(((x, y), "left" if x > 0 else "right") for y in (0, 12, -12) for x in (9, -9)),
    *(((x, y), "left" if x > 0 else "right") for y in (24, -24, 36) for x in (9, -9)),
)
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


def plane(points, *, y_label, alt, path=None):
    """Draw methods in the perception-distortion plane; lower right is better.

    Methods that no other one surpasses in both measures are joined by a line, the
    border of what is drawn.

    Args:
        points: Dictionary from method to `(psnr, perception)`, in dB and a positive
            distance, drawn on a logarithmic axis.
        y_label: Name of the distance.
        alt: Alt text, a sentence.
        path: `(label, points)`: a row of more such points, joined by a dotted line.

    Returns:
        A `Picture`.

    Source: Blau and Michaeli 2018, figure 1, with PSNR to the right; lesson 3.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9.4, 5.4), layout="constrained")
        ax = figure.subplots()
        ax.set(xlabel="PSNR in dB", ylabel=y_label, yscale="log")
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter("")
        label, row = path or (None, [])
        border = _border([*points.values(), *row])
        line = {"color": "#AAAAAA", "linewidth": 2.5, "zorder": 1}
        ax.plot(*border, label="border of what is drawn here", **line)
        if row:
            style = {"color": "#555555", "linewidth": 1, "label": label}
            ax.plot(*np.transpose(row), ".:", **style)
        dots = {
            name: ax.plot(*point, "o", markersize=9, color=COLORS.get(name))[0]
            for name, point in points.items()
        }
        ax.margins(x=0.2, y=0.16)
        _draw_directions(ax)
        _draw_labels(ax, dots, [np.transpose(border), row])
        ax.legend(loc="upper left", frameon=False, bbox_to_anchor=(0, 0.16))
    return Picture(figure, alt, line_art=True)


def rates(panels, *, alt, dashed=()):
    """Draw quality against bits per pixel, in two columns of axes with one legend.

    Args:
        panels: Dictionary from title to `(y_label, log, curves)`: the name of the
            measure, whether its axis is logarithmic, and a dictionary from method to
            `(bits, quality)`, two sequences of equal length.
        alt: Alt text, a sentence.
        dashed: The methods whose curves are dashed.

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
                style = ".--" if name in dashed else ".-"
                ax.plot(bits, quality, style, label=name, color=COLORS.get(name))
            ax.set(title=title, xlabel="bits per pixel", ylabel=y_label, xscale="log")
            ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ax.xaxis.set_major_formatter("{x:g}")
            if log:
                ax.set_yscale("log")
                ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                ax.yaxis.set_major_formatter("{x:g}")
                ax.yaxis.set_minor_formatter("")
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


def _border(points):
    """The points that no other one surpasses in both measures, by PSNR, as two rows."""
    ordered = sorted(points, key=lambda point: (-point[0], point[1]))
    kept = [
        (x, y)
        for number, (x, y) in enumerate(ordered)
        if all(y < below for _, below in ordered[:number])
    ]
    return np.transpose(kept)


def _draw_directions(ax):
    """Two arrows that say what right and down mean, inside the axes."""
    arrow = {"arrowstyle": "-|>", "color": "#444444"}
    for text, start, end, place in (
        ("closer to the original", (0.66, 0.94), (0.9, 0.94), (0.65, 0.94)),
        ("more like a photograph", (0.95, 0.88), (0.95, 0.64), (0.94, 0.66)),
    ):
        options = {"xycoords": "axes fraction", "arrowprops": arrow}
        ax.annotate("", end, xytext=start, **options)
        ax.text(*place, text, ha="right", va="center", transform=ax.transAxes)


def _draw_labels(ax, dots, lines):
    """The name of each dot beside it, where it covers no other name, dot or line."""
    canvas = FigureCanvasAgg(ax.figure)
    ax.figure.draw_without_rendering()
    points = {name: dot.get_xydata()[0] for name, dot in dots.items()}
    taken = [_around(ax, point) for point in points.values()]
    taken += [box for line in lines for box in _along(ax, line)]
    options = {"textcoords": "offset points", "va": "center"}
    options |= {"bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.5}}
    for name, dot in dots.items():
        for place, side in _PLACES:
            style = options | {"ha": side, "color": dot.get_color()}
            label = ax.annotate(name, points[name], place, **style)
            box = label.get_window_extent(canvas.get_renderer())
            free = not any(other.overlaps(box) for other in taken)
            if free and ax.bbox.x0 < box.x0 and box.x1 < ax.bbox.x1:
                break
            label.remove()
        else:
            raise ValueError(f"Expected room for each label. Received: {name!r}")
        taken.append(box)


def _around(ax, point):
    """The box of a dot, in pixels."""
    x, y = ax.transData.transform(point)
    return Bbox([[x - 5, y - 5], [x + 5, y + 5]])


def _along(ax, line):
    """Boxes of a pixel along a line through points, in pixels."""
    corners = [ax.transData.transform(point) for point in line]
    parts = [np.linspace(*ends, 40) for ends in pairwise(corners)]
    return [Bbox([point, point + 1]) for part in parts for point in part]


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
