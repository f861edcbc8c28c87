"""Grading one notebook, task by task."""

import inspect
import textwrap
from dataclasses import asdict, dataclass

from . import errors, verdict
from .sandbox import StoppedError

CELLS = 10  # seconds of processor time for a student's other cells
_PRINTED = 10_000  # characters
_OFTEN = 5  # cells that may end the process before all of them are left out


@dataclass(frozen=True)
class Verdict:
    """What a task is worth.

    Attributes:
        points: All of the task's, or 0.
        reason: Why points are lost, or "".
        printed: What the student's cell and the example printed.
    """

    points: float
    reason: str = ""
    printed: str = ""

    def as_dict(self):
        """The same, as JSON can hold it."""
        return asdict(self)


class Grader:
    """Grades the tasks of one assignment, for one seed.

    Args:
        assignment: A `source.Assignment`.
        seed: Of the hidden cases.
    """

    def __init__(self, assignment, seed):
        self.assignment = assignment
        self._cases = {work.name: work.cases(seed) for work in assignment.works}

    def grade(self, submission, sandbox):
        """Verdict by name of the task.

        Args:
            submission: A `notebook.Submission`.
            sandbox: A `Sandbox`.
        """
        left_out = set()
        return {
            work.name: self._verdict(work, submission, sandbox, left_out)
            for work in self.assignment.works
        }

    def _verdict(self, work, submission, sandbox, left_out):
        """Try a task with the cells before it, without those that end the process."""
        if work.name not in submission.sources:
            return Verdict(0, "The task's cell is missing.")
        if work.name in submission.twice:
            return Verdict(0, "The task's cell is there twice, with different code.")
        before = submission.before(work.name)
        for _ in range(_OFTEN):
            cells = [cell for cell in before if cell[0] not in left_out]
            try:
                return self._tried(work, submission, sandbox, cells)
            except _CellEndedError as ended:
                left_out.add(ended.cell)
        return self._tried(work, submission, sandbox, [])

    def _tried(self, work, submission, sandbox, before):
        cells = [
            *self.assignment.setup,
            *before,
            (work.name, submission.sources[work.name]),
        ]
        printed, others = [], {name for name, _ in before}
        seconds = work.task.seconds + (CELLS if before else 0)
        try:
            with sandbox.session(_job(work.task, cells), seconds) as session:
                error = _error_of_cells(session, cells, others, printed)
                if error:
                    reason = errors.in_words(error, work, submission, shown=True)
                else:
                    reason = self._reason(session, work, submission, printed)
        except StoppedError as stopped:
            reason = str(stopped)
        return Verdict(0 if reason else work.points, reason or "", "".join(printed))

    def _reason(self, session, work, submission, printed):
        """Why the task fails, named by its first failing case; `None` if it doesn't."""
        message, _ = session.receive()
        if message.get("found") is not True:
            return f"There is no function `{work.task.function}` in the task's cell."
        for number, case in enumerate(self._cases[work.name]):
            shown = number == 0
            session.send({}, case.arguments)
            message, result = session.receive()
            if shown:
                printed.append(_text(message))
            reason = errors.of_call(message, work, submission, shown)
            if reason:
                return reason if shown else f"For {case.words}: {reason}"
            reason = verdict.symptom(work.task, case, result, shown)
            if reason:
                look = f" Look again at {work.task.look}." if work.task.look else ""
                return f"For {case.words}: {reason}{look}"
        return None


class _CellEndedError(Exception):
    """One of a student's other cells ended the process, or took too long."""

    def __init__(self, cell):
        super().__init__(cell)
        self.cell = cell


def _job(task, cells):
    inside = textwrap.dedent(inspect.getsource(task.inside)) if task.inside else None
    return {
        "cells": cells,
        "function": task.function,
        "blocked": task.blocked,
        "inside": inside,
        "inside_name": task.inside.__name__ if task.inside else None,
    }


def _error_of_cells(session, cells, others, printed):
    """Wait for the cells, of which the last is the task's own; its error, or `None`."""
    for name, _ in cells:
        try:
            message, _ = session.receive()
        except StoppedError:
            if name in others:
                raise _CellEndedError(name) from None
            raise
        if name in others and not _is_quick(message):
            raise _CellEndedError(name)
    printed.append(_text(message))
    return message.get("error")


def _is_quick(message):
    seconds = message.get("seconds")
    return isinstance(seconds, int | float) and seconds <= CELLS


def _text(message):
    return str(message.get("printed", ""))[:_PRINTED]
