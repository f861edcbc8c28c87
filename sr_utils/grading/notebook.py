"""Reading what students hand in: any file at all may come."""

import ast
import os
import re
import stat
import warnings
from dataclasses import dataclass

import nbformat

LARGEST = 20 * 2**20  # bytes; a notebook with many figures has a few
_FLAGS = os.O_RDONLY
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):  # each where the system has it
    _FLAGS |= getattr(os, _name, 0)
_MAGIC = re.compile(r"^(\s*)[%!?].*$", re.M)


class UnreadableError(Exception):
    """A file can't be graded; the message says why, in a sentence."""


@dataclass(frozen=True)
class Submission:
    """A student's notebook.

    Attributes:
        sources: Source of each cell with a `grade_id`.
        order: Pairs of name and source of all code cells; those that students added are
            named by their number, as "cell 7".
        twice: Names of cells that are there more than once, and differ.
    """

    sources: dict
    order: list
    twice: set

    def before(self, name):
        """Cells that students added before a task's cell: pairs of name and source."""
        names = [cell[0] for cell in self.order]
        here = names.index(name) if name in names else len(names)
        return [cell for cell in self.order[:here] if " " in cell[0]]

    def definitions(self):
        """Which task's cell defines a function or variable, by its name."""
        found = {}
        for cell, source in self.sources.items():
            for name in _defined(source):
                found.setdefault(name, cell)
        return found


def read(path, assignment):
    """Read a notebook, whatever it is.

    Args:
        path: `pathlib.Path` of the file.
        assignment: A `source.Assignment`.

    Raises:
        UnreadableError: If it can't be graded.
    """
    cells = _cells(_content(path))
    named = [(_id(cell), cell) for cell in cells]
    mine = [(name, cell) for name, cell in named if name in assignment.cells]
    if not mine:
        raise UnreadableError(f"None of its cells belongs to {assignment.name}.")
    order = [
        (name if name in assignment.cells else f"cell {number}", _plain(cell.source))
        for number, (name, cell) in enumerate(named, start=1)
        if cell.cell_type == "code"
    ]
    same = {cell.source for cell in assignment.notebook.cells}
    order = [x for x in order if " " not in x[0] or x[1] not in same]
    sources = {name: cell.source for name, cell in mine}
    twice = {name for name, cell in mine if cell.source != sources[name]}
    return Submission(sources, order, twice)


def ids(path):
    """The values of `grade_id` in a notebook, as a set.

    Raises:
        UnreadableError: If it can't be read.
    """
    return {_id(cell) for cell in _cells(_content(path))} - {None}


def _content(path):
    """The bytes of a file that is a file, and not too large."""
    try:
        handle = os.open(path, _FLAGS)
        with open(handle, "rb") as file:  # noqa: PTH123
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                raise UnreadableError("It isn't a file.")
            if about.st_size > LARGEST:
                raise UnreadableError(
                    f"It has {about.st_size / 2**20:.0f} MB; at most "
                    f"{LARGEST // 2**20} MB are read. Clear the outputs."
                )
            return file.read()
    except OSError as error:
        link = "It is a link, not a file." if path.is_symlink() else None
        raise UnreadableError(link or f"It can't be read: {error.strerror}.") from None


def _cells(content):
    """The cells of a notebook that has what grading needs."""
    try:
        with warnings.catch_warnings(action="ignore"):
            notebook = nbformat.reads(content.decode(), as_version=4)
        return [cell for cell in notebook.cells if _is_cell(cell)]
    except Exception:  # JSON of any shape and depth
        raise UnreadableError("It isn't a Jupyter notebook.") from None


def _is_cell(cell):
    known = cell.cell_type in ("code", "markdown", "raw")
    return known and isinstance(cell.source, str) and isinstance(cell.metadata, dict)


def _id(cell):
    about = cell.metadata.get("nbgrader")
    name = about.get("grade_id") if isinstance(about, dict) else None
    return name if isinstance(name, str) else None


def _plain(source):
    """A cell without magic commands, if it has any."""
    return source if _tree(source) else _MAGIC.sub(r"\1pass", source)


def _tree(source):
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.parse(source)
    except Exception:  # also RecursionError and MemoryError
        return None


def _defined(source):
    """Names of the functions, classes and variables that a cell defines."""
    tree = _tree(source)
    for node in tree.body if tree else ():
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.Assign):
            yield from (x.id for x in node.targets if isinstance(x, ast.Name))
