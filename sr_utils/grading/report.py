"""The table of marks for the teacher, and a page of feedback for each student.

What students wrote is shown as text: it can't become markup on a page, or a formula in
a spreadsheet.
"""

import csv
import io
from pathlib import Path

import jinja2

from sr_utils.photo_files import atomic

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    trim_blocks=True,
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def table(assignment, results, marks):
    """One row per student: points in all and per task, and a reason for every loss.

    Args:
        assignment: A `source.Assignment`.
        results: List of `classroom.Result`.
        marks: What `bridge.write` returns.

    Returns:
        str, CSV. The points of an answer that nobody has read are empty.
    """
    parts = _maxima(assignment)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    names = [f"{name} (of {_number(of)})" for name, of in parts.items()]
    writer.writerow(
        ["student", f"total (of {_number(sum(parts.values()))})", *names, "reasons"]
    )
    for result in results:
        mine = marks[result.student]
        points = [mine[name].points for name in parts]
        total = sum(x or 0 for x in points)
        numbers = ["" if x is None else _number(x) for x in points]
        row = [result.student, _number(total), *numbers, _reasons(result, mine, parts)]
        writer.writerow([_cell(x) for x in row])
    return text.getvalue()


def page(assignment, result, marks):
    """Feedback for one student, as HTML.

    Args:
        assignment: A `source.Assignment`.
        result: The student's `classroom.Result`.
        marks: Dictionary from name of a task or an answer to its `bridge.Mark`.
    """
    parts = [_part(assignment, result, marks, *x) for x in _maxima(assignment).items()]
    points = [part["points"] for part in parts]
    return _TEMPLATES.get_template("feedback.html.j2").render(
        student=result.student,
        title=assignment.title,
        problem=result.problem,
        parts=parts,
        total=_number(sum(x or 0 for x in points)),
        of=_number(sum(_maxima(assignment).values())),
        unread=points.count(None),
    )


def write(folder, assignment, results, marks):
    """Write `marks.csv` and `feedback/STUDENT.html`; the path of the table.

    Args:
        folder: `pathlib.Path`.
        assignment: A `source.Assignment`.
        results: List of `classroom.Result`.
        marks: What `bridge.write` returns.
    """
    (folder / "feedback").mkdir(parents=True, exist_ok=True)
    for result in results:
        text = page(assignment, result, marks[result.student])
        _write(folder / "feedback" / f"{result.student}.html", text)
    _write(folder / "marks.csv", "\ufeff" + table(assignment, results, marks))
    return folder / "marks.csv"


def _maxima(assignment):
    """Points of each task and answer, in the order of the notebook."""
    works = {work.name: work.points for work in assignment.works}
    return works | assignment.written


def _reasons(result, marks, parts):
    if result.problem:
        return result.problem
    lost = [name for name in result.verdicts if marks[name].points != parts[name]]
    reasons = [f"{name}: {result.verdicts[name].reason}" for name in lost]
    comments = [
        f"{name}: {marks[name].comment}" for name in parts if marks[name].comment
    ]
    return " | ".join(reasons + comments)


def _part(assignment, result, marks, name, of):
    verdict = result.verdicts.get(name)
    sources = result.submission.sources if result.submission else {}
    points = marks[name].points
    return {
        "heading": assignment.heading(name),
        "points": points if points is None else _number(points),
        "of": _number(of),
        "reason": verdict.reason if verdict and points != of else "",
        "printed": verdict.printed if verdict else "",
        "comment": marks[name].comment,
        "answer": sources.get(name, ""),
    }


def _number(points):
    return int(points) if points == int(points) else round(points, 2)


def _cell(value):
    """A cell of the table that no spreadsheet takes for a formula."""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _write(path, text):
    atomic.write_whole(path, text.encode("utf-8", "backslashreplace"))
