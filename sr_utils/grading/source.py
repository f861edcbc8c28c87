"""Assignments as their authors write them, and the notebooks that students get."""

import copy
import hashlib
import linecache
import logging
from dataclasses import dataclass
from functools import cached_property

import jupytext
import nbformat
import numpy as np
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
    SaveCells,
)

from sr_utils import runtime

from .task import Case, Task

SEED = 0  # of the hidden cases of this repository, which everyone can read
_CHECK = "-check"
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
_CLEAR = (LockCells, ClearSolutions, ClearOutput, CheckCellMetadata)
_HIDE = (ClearHiddenTests, ClearMarkScheme, ComputeChecksums, CheckCellMetadata)


class SourceError(Exception):
    """An assignment's source isn't as the manual describes it."""


@dataclass(frozen=True)
class Work:
    """A task of an assignment that is graded automatically.

    Attributes:
        name: The `grade_id` of the cell that students write in.
        points: All of them or none are given.
        task: The `Task` of its hidden part.
        solution: Source of its cell, solved.
    """

    name: str
    points: float
    task: Task
    solution: str

    def cases(self, seed):
        """The example and the hidden cases that a seed draws, as a list of `Case`."""
        rng = np.random.default_rng([seed, *self.name.encode()])
        example = Case("the example of the text", self.task.example)
        return [example, *self.task.cases(rng)]


class Assignment:
    """An assignment, read from its source.

    Attributes:
        name: Of the source and of the students' notebook.
        notebook: All cells with solutions and hidden tests.

    Args:
        path: Of a py:percent file.

    Raises:
        SourceError: If the source isn't as described.
    """

    def __init__(self, path):
        self.name = path.stem
        self.text = path.read_text(encoding="utf-8")
        self.notebook = _with_ids(jupytext.reads(self.text, fmt="py:percent"))
        self.cells = {_id(cell): cell for cell in self.notebook.cells if _id(cell)}

    @cached_property
    def works(self):
        """Each `Work`, in the order of the notebook."""
        checks = [name for name in self.cells if name.endswith(_CHECK)]
        return [self._work(name.removesuffix(_CHECK)) for name in checks]

    @cached_property
    def written(self):
        """Points of each answer that a teacher reads, by `grade_id`."""
        answers = [x for x in self.cells.values() if x.cell_type == "markdown"]
        return {_id(x): x.metadata.nbgrader.points for x in answers if _grades(x)}

    @property
    def title(self):
        """The heading of the notebook."""
        return self.notebook.cells[0].source.splitlines()[0].removeprefix("# ")

    def heading(self, name):
        """The heading of a task or a question, without its points."""
        for text in (f"{name}-text", name.replace("-answer", "-question")):
            if text in self.cells:
                line = self.cells[text].source.splitlines()[0]
                return line.removeprefix("## ").partition(" (")[0]
        return name

    @property
    def setup(self):
        """Locked code cells without tests, as pairs of `grade_id` and source."""
        return [
            (name, cell.source)
            for name, cell in self.cells.items()
            if cell.cell_type == "code" and not _grades(cell)
            if cell.metadata.nbgrader.locked
        ]

    def student(self):
        """The notebook that students get, without solutions, hidden tests, outputs."""
        return _processed(self.notebook, [*_CLEAR, *_HIDE])

    def register(self, gradebook, address):
        """Enter the assignment and its cells.

        Args:
            gradebook: An `nbgrader.api.Gradebook`.
            address: That of its database.
        """
        gradebook.add_assignment(self.name)
        about = {"notebook": self.name, "assignment": self.name, "db_url": address}
        _processed(
            self.notebook, [*_CLEAR, ComputeChecksums, SaveCells], nbgrader=about
        )

    def _work(self, name):
        check, cell = self.cells[name + _CHECK], self.cells.get(name)
        if cell is None:
            raise SourceError(
                f"Expected a cell {name!r} for {name + _CHECK!r} in {self.name}. "
                "Received: none"
            )
        task = _task(f"<hidden {self.name} {name}>", hidden_part(check.source))
        return Work(name, check.metadata.nbgrader.points, task, cell.source)


def folder():
    """The folder of the students' notebooks; sources are in `src` there.

    Raises:
        SourceError: If the package was installed without the course.
    """
    if runtime.project() is None:
        raise SourceError("Expected the course's folder. Received: the package alone")
    return runtime.project() / "notebooks" / "assignments"


def assignments():
    """Each `Assignment` of the course, sorted by name."""
    return [Assignment(path) for path in sorted((folder() / "src").glob("*.py"))]


def build(where=None):
    """Write the students' notebooks; the list of their paths.

    Args:
        where: `pathlib.Path` of a folder, by default the course's.
    """
    paths = []
    for assignment in assignments():
        path = (where or folder()) / f"{assignment.name}.ipynb"
        nbformat.write(assignment.student(), path)
        paths.append(path)
    return paths


def hidden_part(source):
    """The lines between the marks of hidden tests.

    Raises:
        SourceError: If there are no marks.
    """
    _, begin, rest = source.partition("### BEGIN HIDDEN TESTS\n")
    hidden, end, _ = rest.partition("### END HIDDEN TESTS")
    if not (begin and end):
        raise SourceError(f"Expected hidden tests. Received:\n{source}")
    return hidden


def _task(file, source):
    """Run a hidden part, under another name than `__main__`, and take its task."""
    lines = source.splitlines(keepends=True)
    linecache.cache[file] = (len(source), None, lines, file)  # for `inspect`
    space = {"__name__": "sr_utils.grading.hidden"}
    exec(compile(source, file, "exec"), space)
    if not isinstance(space.get("TASK"), Task):
        raise SourceError(f"Expected a `TASK` in {file}. Received: none")
    return space["TASK"]


def _processed(notebook, steps, **resources):
    notebook = nbformat.from_dict(copy.deepcopy(notebook))
    for step in steps:
        notebook, resources = step(log=_SILENT).preprocess(notebook, resources)
    return notebook


def _with_ids(notebook):
    """The same ids at every build: `grade_id`, or made of a cell's text."""
    notebook.metadata = nbformat.from_dict({"kernelspec": _KERNEL})
    notebook.nbformat_minor = 5
    for cell in notebook.cells:
        text = f"{cell.cell_type}\n{cell.source}".encode()
        cell.id = _id(cell) or hashlib.sha256(text).hexdigest()[:12]
    return notebook


def _id(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _grades(cell):
    return cell.metadata.get("nbgrader", {}).get("grade", False)


_SILENT = logging.getLogger(f"{__name__}.nbgrader")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False
