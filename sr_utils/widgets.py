"""Controls a reader can move: menus and sliders above a picture that follows them."""

import ipywidgets


class Explorer:
    """Controls above a picture; where nothing can be moved, the picture alone.

    Built by `explore`. A live notebook shows the controls; a stored notebook, a web
    page and a terminal show the picture of the first choices.
    """

    def __init__(self, draw, choices):
        self.draw = draw
        self.choices = choices
        self.picture = draw(**{name: options[0] for name, options in choices.items()})

    def controls(self):
        """The widget: one control for each argument, and the picture that follows."""
        page = ipywidgets.HTML(self.picture.html())
        controls = {
            name: ipywidgets.SelectionSlider(options=options, description=name)
            if isinstance(options, range)
            else ipywidgets.Dropdown(options=options, description=name)
            for name, options in self.choices.items()
        }

        def update(_):
            values = {name: control.value for name, control in controls.items()}
            page.value = self.draw(**values).html()

        for control in controls.values():
            control.observe(update, names="value")
        return ipywidgets.VBox([ipywidgets.HBox([*controls.values()]), page])

    def __repr__(self):
        return repr(self.picture)

    def _repr_mimebundle_(self, include=None, exclude=None):
        data, metadata = self.picture._repr_mimebundle_()
        return self.controls()._repr_mimebundle_() | data, metadata


def explore(draw, /, **choices):
    """Let the reader move the arguments of a function that draws a picture.

    Args:
        draw: Function of keyword arguments that returns a `Picture`.
        **choices: For each argument the values to choose from: a list, shown as a menu,
            or a `range`, shown as a slider. The first value is the one stored.

    Returns:
        An `Explorer`.
    """
    return Explorer(draw, choices)
