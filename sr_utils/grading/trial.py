"""`python -m sr_utils.grading try NAME`: for authors of assignments.

It hands in all solutions of `tests/solutions/NAME.py` and says what each is worth. A
cell there is a solution, and its title says of what:
`TASK | right | description` or `TASK | wrong | part of the feedback`.
"""

from dataclasses import dataclass

import jupytext

from . import notebook, sandbox, source
from .grader import Grader


@dataclass(frozen=True)
class Solution:
    """A solution of one task.

    Attributes:
        task: Name of the task.
        right: Whether it keeps the task's points.
        words: What it is, or part of the feedback that it must get.
        source: Of its cell.
    """

    task: str
    right: bool
    words: str
    source: str


def solutions(path):
    """Each `Solution` of a py:percent file.

    Raises:
        ValueError: If a title isn't as described.
    """
    cells = jupytext.read(path, fmt="py:percent").cells
    return [_solution(cell) for cell in cells if cell.cell_type == "code"]


def submission(assignment, replaced=()):
    """A `notebook.Submission` of an assignment's own solutions.

    Args:
        assignment: A `source.Assignment`.
        replaced: Dictionary from task to source of its cell.
    """
    sources = {name: cell.source for name, cell in assignment.cells.items()}
    sources |= dict(replaced)
    order = [(name, sources[name]) for name in sources]
    return notebook.Submission(sources, order, set())


def tried(assignment, found, grader, sandbox):
    """Hand in solutions, one per task at a time; pairs of `Solution` and `Verdict`.

    Args:
        assignment: A `source.Assignment`.
        found: List of `Solution`.
        grader: A `grader.Grader` of the assignment.
        sandbox: A `Sandbox`.
    """
    left = {
        work.name: [x for x in found if x.task == work.name]
        for work in assignment.works
    }
    while any(left.values()):
        these = {name: rest.pop(0) for name, rest in left.items() if rest}
        replaced = {name: solution.source for name, solution in these.items()}
        verdicts = grader.grade(submission(assignment, replaced), sandbox)
        yield from ((solution, verdicts[name]) for name, solution in these.items())


def report(name, task=None):
    """Print what the solutions of an assignment are worth, and their feedback.

    Args:
        name: Of the assignment.
        task: Name of a task, by default all.
    """
    path = source.folder() / "src" / f"{name}.py"
    assignment = source.Assignment(path)
    found = solutions(path.parents[3] / "tests" / "solutions" / path.name)
    found = [x for x in found if task in (None, x.task)]
    grader = Grader(assignment, source.SEED)
    with sandbox.Sandbox() as place:
        for work, given in grader.grade(submission(assignment), place).items():
            print(f"{work}, the source's solution: {given.points} {given.reason}")
        for solution, given in tried(assignment, found, grader, place):
            mark = "as said" if fits(solution, given) else "NOT AS SAID"
            print(f"{solution.task} | {solution.words}: {mark}")
            print(f"    {given.points} {given.reason}")


def fits(solution, given):
    """Whether a verdict is what the title of a solution says."""
    if solution.right:
        return given.points > 0
    return given.points == 0 and solution.words in given.reason


def _solution(cell):
    parts = [x.strip() for x in cell.metadata.get("title", "").split("|")]
    if len(parts) != 3 or parts[1] not in ("right", "wrong"):
        raise ValueError(
            "Expected a title such as `TASK | wrong | words`. "
            f"Received: {cell.metadata.get('title')!r}"
        )
    return Solution(parts[0], parts[1] == "right", parts[2], cell.source)
