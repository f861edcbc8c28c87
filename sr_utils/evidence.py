"""Experiments that are too long for a lesson, as stored tables.

A table says which command makes it again, on which machine it was made, and what each
seed gave; or, where nothing depends on a seed, several measures of the same thing.
`write` is for those commands, `load` for lessons.
"""

import json
from html import escape
from pathlib import Path
from statistics import mean

from . import runtime

FOLDER = Path(__file__).parent / "tables"


class Table:
    """What was measured, once for each seed; print it or let Jupyter show it.

    Args:
        about: Dictionary with "measured", "command", "machine", and "seeds" or the
            names of the measures, "columns".
        rows: Dictionary from a row's name to a dictionary with "results", one float
            for each seed or column, and the settings that led to them.
    """

    def __init__(self, about, rows):
        self.about = about
        self.rows = rows

    def results(self, name):
        """The results of a row, one for each seed or column."""
        return self.rows[name]["results"]

    def mean(self, name):
        """The mean of a row over its seeds."""
        return mean(self.results(name))

    def select(self, *names):
        """A table of some of the rows, in this order."""
        return Table(self.about, {name: self.rows[name] for name in names})

    @property
    def caption(self):
        """One sentence that says what was measured, where, and how to do it again."""
        return "{measured} Measured on {machine} by `{command}`.".format(**self.about)

    def __repr__(self):
        cells = self._cells()
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
        return "\n".join([*lines, self.caption])

    def _repr_html_(self):
        head, *body = (
            "".join(f"<td>{escape(cell)}</td>" for cell in row) for row in self._cells()
        )
        rows = "".join(f"<tr>{row}</tr>" for row in body)
        head = f"<tr>{head.replace('td>', 'th>')}</tr>"
        return f"<table>{head}{rows}</table><p>{escape(self.caption)}</p>"

    def _cells(self):
        if columns := self.about.get("columns"):
            return [["", *columns]] + [
                [name, *(f"{x:.4g}" for x in self.results(name))] for name in self.rows
            ]
        seeds = [f"seed {seed}" for seed in self.about["seeds"]]
        return [["", "mean", *seeds]] + [
            [name, *(f"{x:.2f}" for x in (self.mean(name), *self.results(name)))]
            for name in self.rows
        ]


def load(name):
    """A stored table.

    Raises:
        ValueError: If there is no such table.
    """
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        known = sorted(x.stem for x in FOLDER.glob("*.json"))
        raise ValueError(f"Expected `name` in {known}. Received: {name!r}")
    return Table(**json.loads(path.read_text(encoding="utf-8")))


def write(name, rows, **about):
    """Store a table, with the machine it was made on, and return it.

    Args:
        name: Of the table.
        rows: As in `Table`.
        **about: "measured", "command" and "seeds" or "columns", as in `Table`.
    """
    about |= {"machine": f"{runtime.machine()}, {runtime.precision()}"}
    table = {"about": about, "rows": rows}
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    return load(name)
