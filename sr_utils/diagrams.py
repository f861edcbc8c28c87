"""Drawings of networks: layers in a row, a skip connection, the pixel shuffle, years.

Every function returns a `pictures.Picture`. What enlarges is orange in all of them.
"""

from string import ascii_uppercase

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from .pictures import Picture

_PLAIN, _ENLARGES, _EDGE = "#D6E6F2", "#F6C48A", "#444444"
_IN_USE = "#0B4F82"
_CHANNELS = ("#BBD7EE", "#F6C48A", "#BFE3D0", "#EBC8DC")
_FONT = {"font.family": "DejaVu Sans", "font.size": 9}
_BOX, _GAP = 1.25, 0.3  # widths, in inches
_PITCH = 1.55  # inches from row to row
_HEIGHTS = {1: 0.42, 2: 0.62, 4: 0.95}  # of a box, by the size of its image


def networks(rows, *, alt):
    """Draw networks under each other, their layers from left to right.

    Args:
        rows: Dictionary from a network's title to its steps, a list of `(label, size)`:
            how many times as wide as the input a step's result is, 1, 2 or 4. A step
            whose result is larger than what it got is drawn as one that enlarges.
        alt: Alt text, a sentence.

    Returns:
        A `Picture`.

    Source: lesson 2.
    """
    columns = max(map(len, rows.values()))
    with mpl.rc_context(_FONT):
        ax = _page(columns * (_BOX + _GAP), _PITCH * len(rows))
        for number, (title, steps) in enumerate(rows.items(), 1):
            _draw_network(ax, _PITCH * (len(rows) - number) + 0.6, title, steps)
    return Picture(ax.figure, alt, line_art=True)


def skip(labels, *, alt):
    """Draw layers in a row, and the path on which their input is added to their result.

    Args:
        labels: Of the layers, from input to output.
        alt: Alt text, a sentence.

    Returns:
        A `Picture`.

    Source: lesson 2.
    """
    with mpl.rc_context(_FONT):
        ax = _page((len(labels) + 1) * (_BOX + _GAP) + 0.5, 1.6)
        first, row = 0.9, 0.5
        ax.text(0, row, "input", va="center")
        for number, label in enumerate(labels):
            left = first + number * (_BOX + _GAP)
            _arrow(ax, (left - _GAP, row), (left, row))
            _box(ax, left, row, 0.42, label, _PLAIN)
        plus = first + len(labels) * (_BOX + _GAP)
        _arrow(ax, (plus - _GAP, row), (plus - 0.12, row))
        ax.text(plus, row, "+", size=13, va="center", ha="center", bbox=_ring())
        _arrow(ax, (plus + 0.15, row), (plus + 0.5, row))
        ax.text(plus + 0.55, row, "result", va="center")
        over = {"connectionstyle": "bar,angle=180,fraction=-0.12"}
        _arrow(ax, (first - _GAP, row), (plus, row + 0.13), **over)
        ax.text((first + plus) / 2, 1.28, "the input, unchanged", ha="center")
    return Picture(ax.figure, alt, line_art=True)


def pixel_shuffle(*, alt):
    """Draw how four channels of 2 x 2 pixels become one image of 4 x 4.

    Args:
        alt: Alt text, a sentence.

    Returns:
        A `Picture`. Channel k of a pixel goes to row k // 2 and column k % 2 of its
        square, as in `keras.ops.depth_to_space`.

    Source: lesson 2.
    """
    cell = 0.42
    with mpl.rc_context(_FONT):
        ax = _page(8.4, 2.4)
        for channel in range(4):
            left = 1.15 * channel
            ax.text(left, 1.95, f"channel {channel}")
            for y, x in np.ndindex(2, 2):
                corner = left + cell * x, 0.95 + cell * (1 - y)
                _cell(
                    ax, corner, cell, channel, f"{ascii_uppercase[2 * y + x]}{channel}"
                )
        _arrow(ax, (4.75, 1.37), (5.45, 1.37))
        ax.text(5.1, 1.5, "shuffle", ha="center")
        for y, x in np.ndindex(4, 4):
            channel, pixel = 2 * (y % 2) + x % 2, 2 * (y // 2) + x // 2
            corner = 5.75 + cell * x, 0.53 + cell * (3 - y)
            _cell(ax, corner, cell, channel, f"{ascii_uppercase[pixel]}{channel}")
        square = (5.75, 0.53 + 2 * cell)
        ax.add_patch(Rectangle(square, 2 * cell, 2 * cell, fill=False, lw=2.5))
        ax.text(0, 0.55, "2 × 2 pixels A B C D, four channels each")
        ax.text(7.55, 1.75, "all from\npixel A", va="center")
        ax.text(5.75, 0.25, "4 × 4 pixels, one channel")
    return Picture(ax.figure, alt, line_art=True)


def classifier(blocks, used, *, alt):
    """Draw the blocks of a classifier, their layers and which of them are in use.

    Args:
        blocks: Dictionary from a block's name to how many layers and channels it has;
            each is half as high and wide as the one before.
        used: Names of layers, such as "block3_conv1": drawn dark.
        alt: Alt text, a sentence.

    Returns:
        A `Picture`.

    Source: Simonyan and Zisserman 2015, table 1; lesson 3.
    """
    width, gap, left, row = 0.31, 0.07, 0.75, 1.6
    with mpl.rc_context(_FONT):
        total = sum(layers for layers, _ in blocks.values())
        ax = _page(left + total * (width + gap) + 0.3 * len(blocks) + 1.1, 2.6)
        ax.text(0, row, "image", va="center")
        for number, (name, (layers, channels)) in enumerate(blocks.items()):
            _arrow(ax, (left - 0.26, row), (left, row))
            height = 1.7 * 0.72**number
            for layer in range(1, layers + 1):
                dark = f"{name}_conv{layer}" in used
                color = _IN_USE if dark else _PLAIN
                _box(ax, left, row, height, f"conv{layer}", color, width, dark)
                left += width + gap
            middle = left - gap - (layers * (width + gap) - gap) / 2
            part = f"1/{2**number}" if number else "full"
            text = f"{name}\n{channels} channels\n{part} size"
            ax.text(middle, 0.35, text, ha="center", va="center", linespacing=1.3)
            left += 0.3
        _arrow(ax, (left - 0.26, row), (left, row))
        ax.text(left + 0.05, row, "three layers\nfor 1,000\nclasses", va="center")
    return Picture(ax.figure, alt, line_art=True)


def timeline(methods, lines, *, y_label, alt):
    """Draw methods by year and score, with what they cost.

    Args:
        methods: Dictionary from name to `published.Method`. Those without a score lie
            in a strip of their own.
        lines: Dictionary from a label to the score of a dashed line.
        y_label: Name and unit of the score.
        alt: Alt text, a sentence.

    Returns:
        A `Picture`.

    Source: lesson 2.
    """
    with mpl.rc_context(_FONT | {"axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(9.4, 4.6), layout="constrained")
        ax = figure.subplots()
        ax.grid(axis="y", color="#E4E4E4")
        for label, y in lines.items():
            ax.axhline(y, color="#888888", linestyle="--", linewidth=1)
            ax.text(2009.6, y + 0.06, label, color="#555555")
        strip = min(lines.values()) - 0.8
        ax.axhspan(strip - 0.3, strip + 0.3, color="#EEEEEE")
        ax.text(2009.6, strip + 0.1, "without a score", color="#555555")
        for name, method in methods.items():
            _dot(ax, name, method, strip - 0.05)
        ax.set(xlabel="year", ylabel=y_label, xlim=(2009.5, 2024.5))
        ax.set_ylim(bottom=strip - 0.3)
    return Picture(figure, alt, line_art=True)


def _page(width, height):
    """Axes measured in inches, without ticks."""
    figure = Figure(figsize=(width, height))
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(-0.05, width), ylim=(0, height))
    ax.set_axis_off()
    return ax


def _draw_network(ax, row, title, steps):
    """Boxes as high as their images, the title above."""
    ax.text(0, row + 0.68, title, weight="bold")
    before = 1
    for number, (label, size) in enumerate(steps):
        left = number * (_BOX + _GAP)
        color = _ENLARGES if size > before else _PLAIN
        _box(ax, left, row, _HEIGHTS[size], label, color)
        if number:
            _arrow(ax, (left - _GAP, row), (left, row))
        before = size


def _box(ax, left, middle, height, text, color, width=_BOX, dark=False):
    """A rounded box; a narrow one has its text upright, a dark one in white."""
    corner = left, middle - height / 2
    style = {"boxstyle": "round,pad=0,rounding_size=0.06", "edgecolor": _EDGE}
    ax.add_patch(FancyBboxPatch(corner, width, height, facecolor=color, **style))
    options = {"rotation": 90} if width < _BOX else {"linespacing": 1.25}
    options |= {"color": "white"} if dark else {}
    ax.text(left + width / 2, middle, text, ha="center", va="center", **options)


def _cell(ax, corner, size, channel, text):
    color = _CHANNELS[channel]
    ax.add_patch(Rectangle(corner, size, size, facecolor=color, edgecolor="white"))
    x, y = corner
    ax.text(x + size / 2, y + size / 2, text, ha="center", va="center", size=8)


def _arrow(ax, start, end, **options):
    style = {"arrowstyle": "-|>", "mutation_scale": 9, "color": _EDGE}
    ax.add_patch(FancyArrowPatch(start, end, shrinkA=0, shrinkB=0, **style | options))


def _ring():
    return {"boxstyle": "circle,pad=0.12", "facecolor": "white", "edgecolor": _EDGE}


def _dot(ax, name, method, strip):
    """A dot, with the name of a method, its note and its cost beside it."""
    y, color = (strip, "white") if method.set5 is None else (method.set5, "#0072B2")
    cost = _thousands(method.cost) if method.cost else ""
    ax.plot(method.year, y, "o", markersize=8, color=color, markeredgecolor="#0072B2")
    text = f"{name}: {', '.join(filter(None, (method.note, cost)))}"
    place = {"xytext": (8, 0), "textcoords": "offset points", "va": "center"}
    ax.annotate(text, (method.year, y), **place)


def _thousands(count):
    """A count with its unit k, such as 1.5 k or 139 k."""
    return f"{count / 1000:,.{1 if count < 1e5 else 0}f} k"
