"""Photographs on the page: pixel-exact crops side by side, alt text for each figure.

Photographs are shown at an integer zoom without smoothing, so that a square on the
screen is a pixel of the image. `gallery`, `compare` and `row` return a `Picture`.
"""

import base64
import html
import io
from fractions import Fraction

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from .images import check_count, check_image, quantize, to_rgb
from .resize import resize

_DPI = 100
_SHARPNESS = 2
_MARK = "#FFD400"
_GAP, _TITLE, _LINE, _CONTEXT_WIDTH = 16, 24, 18, 340
_FONT = {"font.family": "DejaVu Sans", "font.size": 10}


class Picture:
    """A figure with its alt text; Jupyter shows it, a terminal prints the alt text.

    Args:
        figure: `matplotlib.figure.Figure`.
        alt: What a reader who can't see the figure should know, in a sentence.
        line_art: Whether 256 colors are enough; it makes the file of a graph small.

    Raises:
        ValueError: If `alt` is empty.
    """

    def __init__(self, figure, alt, *, line_art=False):
        if not isinstance(alt, str) or not alt.strip():
            raise ValueError(f"Expected `alt` as a sentence. Received: {alt!r}")
        self.figure = figure
        self.alt = alt
        self.line_art = line_art

    @property
    def width(self):
        """Width on the page in pixels; the PNG holds twice as many."""
        return round(self.figure.get_figwidth() * _DPI)

    def png(self):
        """The figure as bytes of a PNG file, equal on every call."""
        drawn = io.BytesIO()
        self.figure.savefig(drawn, format="png", dpi=_DPI * _SHARPNESS)
        image = Image.open(drawn).convert("RGB")
        if self.line_art:
            image = image.quantize(256, dither=Image.Dither.NONE)
        stored = io.BytesIO()
        image.save(stored, format="png", optimize=True)
        return stored.getvalue()

    def html(self):
        """The figure as an HTML `<img>` element with its alt text."""
        source = f"data:image/png;base64,{base64.b64encode(self.png()).decode()}"
        alt = html.escape(self.alt, quote=True)
        return f'<img width="{self.width}" alt="{alt}" src="{source}">'

    def __repr__(self):
        return self.alt

    def _repr_mimebundle_(self, include=None, exclude=None):
        data = {
            "image/png": base64.b64encode(self.png()).decode(),
            "text/plain": self.alt,
        }
        return data, {"image/png": {"alt": self.alt, "width": self.width}}


def gallery(panels, *, alt, zoom=1, captions=None, columns=None):
    """Show whole images side by side at an integer zoom.

    Args:
        panels: Dictionary from title to image, float in [0, 1],
            `(height, width, 1 or 3)`.
        alt: Alt text, a sentence.
        zoom: Screen pixels per image pixel: an integer, or a dictionary from title to
            integer where the images differ in size.
        captions: Dictionary from title to the text beneath, such as a score.
        columns: Panels per row; all in one row by default.

    Returns:
        A `Picture`.

    Raises:
        ValueError: If an image or `zoom` isn't as described.
    """
    shown = {title: _zoomed(image, title, zoom) for title, image in panels.items()}
    return Picture(_panel_figure(shown, captions or {}, columns or len(shown)), alt)


def compare(panels, region, *, alt, zoom=4, captions=None, columns=None):
    """Mark a region in the original and show its crops from all images, large.

    Args:
        panels: Dictionary from method to image, float in [0, 1],
            `(height, width, 3)`, all of one size. The one named "original", or else
            the first, is shown whole as well.
        region: `(top, left, height, width)` in pixels.
        alt: Alt text, a sentence.
        zoom: Screen pixels per image pixel in the crops, an integer.
        captions: Dictionary from method to the text beneath its crop, such as a score.
        columns: Crops per row; all in one row by default.

    Returns:
        A `Picture`.

    Raises:
        ValueError: If sizes differ or the region isn't inside the images.
    """
    sizes = {check_image(x, title).shape[:2] for title, x in panels.items()}
    if len(sizes) != 1:
        raise ValueError(f"Expected images of one size. Received: {sorted(sizes)}")
    shown = {
        title: _zoomed(crop(image, region), title, zoom)
        for title, image in panels.items()
    }
    columns = check_count(columns or len(shown), "columns")
    width, height = _context_size(*sizes.pop(), shown, columns)
    figure = _panel_figure(shown, captions or {}, columns, left=width + 2 * _GAP)
    photograph = panels.get("original", next(iter(panels.values())))
    _draw_context(figure, photograph, region, width, height)
    return Picture(figure, alt)


def row(*pictures, alt):
    """Put pictures side by side, such as a graph and what it does to a photograph.

    Args:
        *pictures: Each a `Picture`. They stay as large as they are.
        alt: Alt text, a sentence.

    Returns:
        A `Picture`.
    """
    images = [_pixels(picture) for picture in pictures]
    gap = _GAP * _SHARPNESS
    width = sum(image.shape[1] for image in images) + gap * (len(images) - 1)
    height = max(image.shape[0] for image in images)
    dpi = _DPI * _SHARPNESS
    figure = Figure(figsize=(width / dpi, height / dpi), dpi=dpi)
    left = 0
    for image in images:
        figure.figimage(image, left, height - image.shape[0])
        left += image.shape[1] + gap
    return Picture(figure, alt)


def crop(image, region):
    """Cut a region out of an image.

    Args:
        image: float array in [0, 1], `(height, width, 1 or 3)`.
        region: `(top, left, height, width)` in pixels, whole numbers.

    Raises:
        ValueError: If the region isn't inside the image.
    """
    image = check_image(image)
    top, left, height, width = (check_count(x, "region", least=0) for x in region)
    inside = 0 <= top < top + height <= image.shape[0]
    if not (inside and 0 <= left < left + width <= image.shape[1]):
        raise ValueError(
            f"Expected a region (top, left, height, width) inside "
            f"{image.shape[0]} x {image.shape[1]} pixels. Received: {region}"
        )
    return image[top : top + height, left : left + width]


def _pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture.png())).convert("RGB"))


def _zoomed(image, title, zoom):
    zoom = check_count(zoom.get(title) if isinstance(zoom, dict) else zoom, "zoom")
    image = to_rgb(quantize(check_image(image, title)))
    return image.repeat(zoom, axis=0).repeat(zoom, axis=1)


def _panel_figure(shown, captions, columns, left=0):
    """Lay panels out in pixels: title above, caption beneath, `left` pixels free."""
    if not shown:
        raise ValueError("Expected `panels` with at least one image. Received: none")
    columns = min(check_count(columns, "columns"), len(shown))
    items = list(shown.items())
    rows = [items[i : i + columns] for i in range(0, len(items), columns)]
    lines = max((text.count("\n") + 1 for text in captions.values()), default=0)
    below = _LINE * lines + _GAP
    widths = [
        max(row[i][1].shape[1] for row in rows if i < len(row)) for i in range(columns)
    ]
    heights = [max(image.shape[0] for _, image in row) for row in rows]
    total_width = left + sum(widths) + _GAP * (columns - 1)
    total_height = sum(heights) + (_TITLE + below) * len(rows)
    with mpl.rc_context(_FONT):
        figure = Figure(figsize=(total_width / _DPI, total_height / _DPI))
        top = 0
        for row, height in zip(rows, heights, strict=True):
            x = left
            for (title, image), width in zip(row, widths, strict=False):
                _draw_panel(figure, x, top, title, image, captions.get(title, ""))
                x += width + _GAP
            top += height + _TITLE + below
    return figure


def _draw_panel(figure, x, top, title, image, caption):
    _text(figure, x, top + 4, title, weight="bold")
    height, width = image.shape[:2]
    ax = _image_axes(figure, x, top + _TITLE, width, height)
    ax.imshow(image, interpolation="nearest", aspect="auto")
    _text(figure, x, top + _TITLE + height + 5, caption, linespacing=1.3)


def _context_size(height, width, shown, columns):
    """Size on the page of a photograph that stands as high as the rows of its crops."""
    rows = -(-len(shown) // columns)
    room = rows * next(iter(shown.values())).shape[0] + (rows - 1) * (_TITLE + _GAP)
    page_width = min(_CONTEXT_WIDTH, width * room // height)
    return page_width, height * page_width // width


def _draw_context(figure, photograph, region, width, height):
    """Draw the whole photograph, `width` x `height` on the page, with its region."""
    _text(figure, 0, 4, "whole photograph", color="#555555")
    shrink = Fraction(width, photograph.shape[1])
    small = quantize(resize(photograph, shrink))[:height]
    ax = _image_axes(figure, 0, _TITLE, width, height)
    ax.imshow(small, interpolation="nearest", aspect="auto")
    top, left, rows, columns = (float(value * shrink) for value in region)
    ax.add_patch(
        Rectangle((left, top), columns, rows, fill=False, color=_MARK, linewidth=2.5)
    )


def _image_axes(figure, x, y, width, height):
    """Axes of an exact size in page pixels, without ticks."""
    page_width = figure.get_figwidth() * _DPI
    page_height = figure.get_figheight() * _DPI
    ax = figure.add_axes(
        (
            x / page_width,
            1 - (y + height) / page_height,
            width / page_width,
            height / page_height,
        )
    )
    ax.set_axis_off()
    return ax


def _text(figure, x, y, text, **style):
    page_width = figure.get_figwidth() * _DPI
    page_height = figure.get_figheight() * _DPI
    place = (x / page_width, 1 - y / page_height)
    figure.text(*place, text, va="top", parse_math=False, **style)
