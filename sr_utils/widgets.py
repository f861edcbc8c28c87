"""Controls a reader can move: menus and sliders above a picture that follows them."""

import ipywidgets


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
