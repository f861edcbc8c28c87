"""What makes a result what it is: the network, its weights, scale and precision."""

import functools
import json
from typing import NamedTuple

from .. import pretrained, tiling
from . import choice, enlarge


class Settings(NamedTuple):
    """How photographs are enlarged.

    Attributes:
        model: One of `enlarge.names()`; `None` for the network that fits the file.
        scale: Whole number; `None` for that of the network, or 4.
        ensemble: Whether the mean of all 8 positions is taken.
        precision: Keras dtype policy in which a network computes.
    """

    model: str | None = None
    scale: int | None = None
    ensemble: bool = False
    precision: str = "float32"

    def method(self):
        """The `enlarge.Method`, or a `choice.Choice` of one.

        Raises:
            ImportError: As `enlarge.method`.
            ValueError: Likewise.
        """
        return self._of(self.model) if self.model else choice.Choice(self._of)

    def record(self):
        """All that a result depends on, as JSON holds it.

        Weights are named by their checksum: a network trained again is another one.
        """
        if self.model in enlarge.INTERPOLATIONS:
            return self._asdict() | {"scale": self.scale or 4, "weights": {}}
        names = (self.model,) if self.model else (choice.CLEAN, choice.REAL)
        cards = {name: card(name) for name in names}
        return self._asdict() | {
            "scale": self.scale or cards[names[0]]["recipe"]["scale"],
            "weights": {name: cards[name]["sha256"] for name in names},
        }

    def _of(self, name):
        method = enlarge.method(name, self.scale, self.precision)
        if not self.ensemble:
            return method
        return method._replace(color=tiling.self_ensemble(method.color))


@functools.cache
def card(name):
    """The model card of a checkpoint.

    Raises:
        OSError: If it can't be read.
        ValueError: If it isn't JSON.
    """
    path = pretrained.FOLDER / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))
