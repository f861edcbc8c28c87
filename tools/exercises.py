"""Exercises as a source holds them and as a reader sees them.

In a source an exercise is a row of cells, told apart by their tags:

- a text cell with the task, and the names that the answer has to define
- `answer`: a code cell with nothing but a comment
- `check`: a code cell of plain assertions inside `with checking(...)`
- `solution`: code cells, and text cells that say why
- `wrong`: code cells with wrong answers; `says` is part of what the check must reply

A notebook holds the first three and the solution, folded, with what it printed. The
wrong answers are for the tests.
"""

import itertools
import re
from pathlib import Path
from typing import NamedTuple

import jupytext
import nbformat

PARTS = ("answer", "check", "solution", "wrong")
_PRINTED = re.compile(r"\n\nIt prints\n\n```text\n.*?\n```", re.DOTALL)


class Exercise(NamedTuple):
    """What belongs to one task: each part a list of cells."""

    answer: list
    check: list
    solution: list
    wrong: list


def part(cell):
    """Which of `PARTS` a cell is; `None` for a cell of the lesson itself."""
    tags = cell.metadata.get("tags", [])
    return next((name for name in PARTS if name in tags), None)


def parts_of_source(path):
    """The lesson's own cells and its exercises, in the order of the source.

    Args:
        path: Of a py:percent file.

    Returns:
        List of cells and `Exercise`s.
    """
    rows = itertools.groupby(_cells(path), lambda cell: part(cell) is None)
    found = []
    for of_the_lesson, cells in rows:
        found += cells if of_the_lesson else [_exercise([*cells])]
    return found


def without_wrong_answers(path):
    """The cells of a py:percent file that readers get, solutions still unfolded."""
    return [cell for cell in _cells(path) if part(cell) != "wrong"]


def folded(cells):
    """Cells with each run of solution cells as one folded text cell.

    Args:
        cells: Executed, or not; what a solution printed is stored under its code.
    """
    kept = []
    for name, row in itertools.groupby(cells, part):
        same = [*row]
        kept += [_details(same)] if name == "solution" else same
    return kept


def without_outputs(text):
    """The text of a folded solution as if it hadn't been executed."""
    return _PRINTED.sub("", text)


def printed(cell):
    """What a code cell printed, and the text of its result."""
    texts = [
        output.text if output.output_type == "stream" else output.data["text/plain"]
        for output in cell.get("outputs", [])
    ]
    return "".join(text.rstrip("\n") + "\n" for text in texts).rstrip("\n")


def _cells(path):
    return jupytext.reads(Path(path).read_text("utf-8"), fmt="py:percent").cells


def _exercise(cells):
    return Exercise(*([x for x in cells if part(x) == name] for name in PARTS))


def _details(cells):
    inside = "\n\n".join(
        _with_output(cell) if cell.cell_type == "code" else cell.source
        for cell in cells
    )
    text = f"<details><summary>Solution</summary>\n\n{inside}\n\n</details>"
    return nbformat.v4.new_markdown_cell(text)


def _with_output(cell):
    code = f"```python\n{cell.source}\n```"
    text = printed(cell)
    return f"{code}\n\nIt prints\n\n```text\n{text}\n```" if text else code
