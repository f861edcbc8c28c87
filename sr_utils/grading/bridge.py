"""nbgrader's gradebook and formgrader, fed with verdicts formed outside.

`write` makes an nbgrader course: its source, what students handed in with the verdicts
as outputs, and a new gradebook. Points that a person has given in an earlier one stay,
as long as the answer is the same.
"""

import contextlib
import os
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_output
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.utils import compute_checksum

_DATABASE = "gradebook.db"
_CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = ""
c.OverwriteCells.add_missing_cells = True
c.Execute.timeout = 600
"""


@dataclass(frozen=True)
class Mark:
    """Points of a task or an answer.

    Attributes:
        points: A number, or `None` if nobody has read the answer yet.
        comment: What the teacher wrote about it, "Not answered.", or "".
    """

    points: float | None
    comment: str = ""


def write(course, assignment, results):
    """Write an nbgrader course with everything that was handed in.

    Args:
        course: `pathlib.Path` of its folder.
        assignment: A `source.Assignment`.
        results: List of `classroom.Result`.

    Returns:
        Dictionary from student to a dictionary from the name of a task or an answer to
        its `Mark`.
    """
    course.mkdir(parents=True, exist_ok=True)
    (course / "nbgrader_config.py").write_text(_CONFIG, encoding="utf-8")
    _save(assignment.notebook, course / "source", assignment.name)
    new = course / f"new-{_DATABASE}"
    new.unlink(missing_ok=True)
    with _gradebook(course / _DATABASE) as old, _gradebook(new) as gradebook:
        assignment.register(gradebook, f"sqlite:///{new}")
        for result in results:
            notebook = handed_in(assignment, result)
            place = course / "autograded" / result.student
            given = _given(old, assignment.name, result.student, place, notebook)
            _record(gradebook, assignment, result, notebook, given)
            _save(notebook, place, assignment.name)
        marks = {x.student: _marks(gradebook, assignment, x.student) for x in results}
    new.replace(course / _DATABASE)
    return marks


def handed_in(assignment, result):
    """The students' notebook with one student's code, answers and verdicts.

    Args:
        assignment: A `source.Assignment`.
        result: A `classroom.Result`.
    """
    notebook = assignment.student()
    sources = result.submission.sources if result.submission else {}
    cells = []
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        name = about.get("grade_id")
        if about.get("solution") and name in sources:
            cell.source = sources[name]
            cells += [new_code_cell(x) for x in _others(result.submission, name)]
        work = (name or "").removesuffix("-check")
        if cell.cell_type == "code" and about.get("grade"):
            cell.outputs = _outputs(result, work)
        cells.append(cell)
    notebook.cells = cells
    return notebook


def _others(submission, name):
    """The cells that a student added between the task before and this one."""
    names = [cell[0] for cell in submission.order]
    if name not in names:
        return []
    sources = []
    for other, source in reversed(submission.order[: names.index(name)]):
        if " " not in other:
            break
        sources.insert(0, source)
    return sources


def _outputs(result, work):
    verdict = result.verdicts.get(work)
    reason = verdict.reason if verdict else result.problem
    if not reason:
        return []
    return [new_output("error", ename="Grade", evalue=reason, traceback=[reason])]


def _record(gradebook, assignment, result, notebook, given):
    """Enter a student's points, and those that a person has given before."""
    student, name = result.student, assignment.name
    gradebook.add_student(student)
    with warnings.catch_warnings(action="ignore"):  # SQLAlchemy's, of nbgrader's code
        gradebook.add_submission(name, student)
    grades = gradebook.find_submission_notebook(name, name, student).grades
    for grade in grades:
        work = grade.name.removesuffix("-check")
        if work in result.verdicts:
            grade.auto_score = result.verdicts[work].points
        elif result.problem or _is_untouched(notebook, grade.name):
            grade.auto_score = 0
        grade.manual_score, grade.extra_credit = given.get(grade.name, (None, None))
        scores = (grade.auto_score, grade.manual_score)
        grade.needs_manual_grade = scores == (None, None)
    for comment in gradebook.find_submission_notebook(name, name, student).comments:
        if comment.name in assignment.written and _is_untouched(notebook, comment.name):
            comment.auto_comment = "Not answered."
        comment.manual_comment = given.get(("comment", comment.name))
    gradebook.db.commit()


def _given(gradebook, name, student, place, notebook):
    """What a person has entered for answers that are still the same."""
    found, kept = {}, _answers(_read(place, name))
    new = _answers(notebook)
    with contextlib.suppress(MissingEntry):
        earlier = gradebook.find_submission_notebook(name, name, student)
        for grade in earlier.grades:
            answer = grade.name.removesuffix("-check")
            if grade.manual_score is not None and kept.get(answer) == new.get(answer):
                found[grade.name] = grade.manual_score, grade.extra_credit
        for comment in earlier.comments:
            if comment.manual_comment and kept.get(comment.name) == new[comment.name]:
                found["comment", comment.name] = comment.manual_comment
    return found


def _marks(gradebook, assignment, student):
    name = assignment.name
    notebook = gradebook.find_submission_notebook(name, name, student)
    gradebook.db.refresh(notebook)
    comments = {x.name: x.manual_comment or x.auto_comment for x in notebook.comments}
    marks = {}
    for grade in notebook.grades:
        work = grade.name.removesuffix("-check")
        gradebook.db.refresh(grade)
        points = None if grade.needs_manual_grade else grade.score
        marks[work] = Mark(points, comments.get(work) or "")
    return marks


def _answers(notebook):
    cells = notebook.cells if notebook else []
    return {x.id: x.source for x in cells if x.metadata.get("nbgrader")}


def _is_untouched(notebook, name):
    (cell,) = (x for x in notebook.cells if x.id == name)
    return compute_checksum(cell) == cell.metadata.nbgrader.checksum


@contextlib.contextmanager
def _gradebook(path):
    """A gradebook; nbgrader asks the command `alembic` for its version."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), before])
    try:
        with Gradebook(f"sqlite:///{path}", "") as gradebook:
            yield gradebook
    finally:
        os.environ["PATH"] = before


def _read(place, name):
    with contextlib.suppress(OSError):
        return nbformat.read(place / name / f"{name}.ipynb", as_version=4)
    return None


def _save(notebook, place, name):
    (place / name).mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, place / name / f"{name}.ipynb")
