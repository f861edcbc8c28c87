"""Controls a reader can move: menus, sliders, and a line between two images."""

import base64
import io
from html import escape

import ipywidgets
from PIL import Image

from .images import check_image, to_rgb, to_uint8
from .pictures import gallery

_DIVIDER = """
<figure class="sr-divider" style="width: {width}px">
<style>
.sr-divider {{ --at: 50%; margin: 0; max-width: 100%; }}
.sr-divider div {{ position: relative; line-height: 0; }}
.sr-divider img {{
  width: 100%; max-width: none; margin: 0; image-rendering: pixelated;
}}
.sr-divider img + img {{
  position: absolute; inset: 0; clip-path: inset(0 0 0 var(--at));
}}
.sr-divider i {{
  position: absolute; inset: 0 auto 0 var(--at); width: 4px; margin-left: -2px;
  background: #fff; outline: 1px solid #000; pointer-events: none;
}}
.sr-divider input {{
  position: absolute; inset: 0 -12px; width: calc(100% + 24px); height: 100%;
  margin: 0; appearance: none; background: none; cursor: col-resize;
}}
.sr-divider input::-webkit-slider-thumb {{
  appearance: none; width: 24px; height: 24px; border-radius: 50%;
  background: #fff; border: 2px solid #000;
}}
.sr-divider input::-moz-range-thumb {{
  width: 20px; height: 20px; border-radius: 50%; background: #fff;
  border: 2px solid #000;
}}
.sr-divider input:focus-visible {{ outline: 3px solid #ffd400; }}
.sr-divider figcaption {{ display: flex; justify-content: space-between; gap: 1em; }}
.sr-divider figcaption span + span {{ text-align: right; }}
</style>
<div>
<img src="{left}" width="{width}" height="{height}" alt="{alt}">
<img src="{right}" width="{width}" height="{height}" alt=""><i></i>
<input type="range" min="0" max="100" value="50" aria-label="{label}"
 oninput="this.closest('figure').style.setProperty('--at', this.value + '%')">
</div>
<figcaption><span>{left_text}</span><span>{right_text}</span></figcaption>
</figure>"""


class Explorer:
    """Controls above a picture; where nothing can be moved, the picture alone.

    Built by `explore`. A live notebook shows the controls; a stored notebook, a web
    page and a terminal show the picture of the choices it starts with.
    """

    def __init__(self, draw, choices, start):
        self.draw = draw
        self.choices = choices
        first = {name: options[0] for name, options in choices.items()}
        self.start = first | start
        self.picture = draw(**self.start)

    def controls(self):
        """The widget: one control for each argument, and the picture that follows."""
        page = ipywidgets.HTML(self.picture.html())
        controls = {name: self._control(name) for name in self.choices}

        def update(_):
            values = {name: control.value for name, control in controls.items()}
            page.value = self.draw(**values).html()

        for control in controls.values():
            control.observe(update, names="value")
        return ipywidgets.VBox([ipywidgets.HBox([*controls.values()]), page])

    def _control(self, name):
        options = self.choices[name]
        menu = isinstance(options, list)
        kind = ipywidgets.Dropdown if menu else ipywidgets.SelectionSlider
        return kind(options=[*options], value=self.start[name], description=name)

    def __repr__(self):
        return repr(self.picture)

    def _repr_mimebundle_(self, include=None, exclude=None):
        data, metadata = self.picture._repr_mimebundle_()
        return self.controls()._repr_mimebundle_() | data, metadata


def explore(draw, /, start=None, **choices):
    """Let the reader move the arguments of a function that draws a picture.

    Args:
        draw: Function of keyword arguments that returns a `Picture`.
        start: Dictionary from argument to the value it starts with, which makes the
            picture that is stored; the first value where it isn't given.
        **choices: For each argument the values to choose from: a list, shown as a menu,
            or a `range` or tuple, shown as a slider.

    Returns:
        An `Explorer`.

    Raises:
        ValueError: If `start` isn't one of the choices.
    """
    start = start or {}
    for name, value in start.items():
        if value not in choices.get(name, ()):
            raise ValueError(
                f"Expected `start` to be among the choices. Received: {name}={value!r}"
            )
    return Explorer(draw, choices, start)


class Divider:
    """Two images on either side of a line that the reader drags.

    Built by `divide`. A live notebook shows the line; a stored notebook, a web page and
    a terminal show both images side by side.
    """

    def __init__(self, panels, captions, picture, zoom):
        self.panels = panels
        self.captions = captions
        self.picture = picture
        self.zoom = zoom

    def html(self):
        """A page of its own: both images, and a slider of the browser above them."""
        (left, low), (right, high) = self.panels.items()
        height, width = (side * self.zoom for side in low.shape[:2])
        return _DIVIDER.format(
            width=width,
            height=height,
            alt=escape(self.picture.alt, quote=True),
            label=escape(f"How much of {left} is shown, in percent", quote=True),
            left=_data_address(low),
            right=_data_address(high),
            left_text=_named(left, self.captions),
            right_text=_named(right, self.captions),
        )

    def __repr__(self):
        return repr(self.picture)

    def _repr_mimebundle_(self, include=None, exclude=None):
        data, metadata = self.picture._repr_mimebundle_()
        return data | {"text/html": self.html()}, metadata


def divide(panels, *, alt, zoom=1, captions=None):
    """Lay two images over each other, with a line between them that can be dragged.

    Args:
        panels: Dictionary from title to image, float in [0, 1], `(height, width, 1 or
            3)`: two of one size, the first to the left of the line.
        alt: Alt text, a sentence.
        zoom: Screen pixels per image pixel, a whole number.
        captions: Dictionary from title to the text beneath, such as a score.

    Returns:
        A `Divider`. Drag the line, touch it, or move it by the arrow keys.

    Raises:
        ValueError: If there aren't two images of one size, or `alt` or `zoom` isn't as
            described.
    """
    shapes = [check_image(image, title).shape[:2] for title, image in panels.items()]
    if len(shapes) != 2 or shapes[0] != shapes[1]:
        raise ValueError(f"Expected two images of one size. Received: {shapes}")
    picture = gallery(panels, alt=alt, zoom=zoom, captions=captions)
    return Divider(panels, captions or {}, picture, zoom)


def _data_address(image):
    file = io.BytesIO()
    Image.fromarray(to_uint8(to_rgb(image))).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def _named(title, captions):
    """Title and caption as HTML."""
    lines = [f"<b>{escape(title)}</b>", *escape(captions.get(title, "")).splitlines()]
    return "<br>".join(lines)
