"""What the tests of grading share: submissions, and a sandbox or a reason to skip."""

import copy
import csv
import os
from pathlib import Path

import nbformat
import pytest

from sr_utils.grading import sandbox, source, trial

SOLUTIONS = Path(__file__).parent / "solutions"


def needs_sandbox():
    """Skip where there is no sandbox, or fail where there has to be one."""
    reason = sandbox.missing()
    if reason and os.environ.get("SR_SANDBOX_REQUIRED"):
        pytest.fail(f"SR_SANDBOX_REQUIRED is set, but {reason}")
    if reason:
        pytest.skip(f"no sandbox: {reason}")


def solved(assignment, replaced=()):
    """A students' notebook with the source's solutions, or other cells by their id."""
    notebook = copy.deepcopy(assignment.student())
    replaced = {x.name: x.solution for x in assignment.works} | dict(replaced)
    for cell in notebook.cells:
        cell.source = replaced.get(cell.id, cell.source)
    return notebook


def save(notebook, path):
    """Write a notebook, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


def add_cell(notebook, before, text):
    """Insert a code cell before the one with an id."""
    (place,) = (i for i, cell in enumerate(notebook.cells) if cell.id == before)
    notebook.cells.insert(place, nbformat.v4.new_code_cell(text))
    return notebook


def without(notebook, name):
    """Delete the cell with an id."""
    notebook.cells = [cell for cell in notebook.cells if cell.id != name]
    return notebook


def solutions(assignment):
    """The right and wrong solutions of an assignment's tasks."""
    return trial.solutions(SOLUTIONS / f"{assignment.name}.py")


def rows(path):
    """The table of marks: student to a dictionary from heading to text."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def points(row):
    """The points of the tasks in a row, by name of the task."""
    found = {
        key.partition(" ")[0]: value for key, value in row.items() if " (of" in key
    }
    del found["total"]
    return {key: float(value) for key, value in found.items() if value}


def first():
    """The first assignment."""
    return source.assignments()[0]
