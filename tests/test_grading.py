"""Assignments, submissions, comparing and reporting: what needs no sandbox."""

import io
import os
import re
import socket
import struct
import subprocess
import sys
from html.parser import HTMLParser

import grading
import numpy as np
import pytest

from sr_utils.grading import (
    classroom,
    errors,
    native,
    notebook,
    report,
    sandbox,
    source,
    verdict,
    wire,
)
from sr_utils.grading.bridge import Mark
from sr_utils.grading.grader import Verdict
from sr_utils.grading.task import Case, Task

ASSIGNMENTS = {x.name: x for x in source.assignments()}


@pytest.fixture(params=list(ASSIGNMENTS))
def assignment(request):
    return ASSIGNMENTS[request.param]


@pytest.fixture
def first():
    return grading.first()


def test_student_notebooks_are_built_from_their_sources(tmp_path):
    built = source.build(tmp_path)
    assert len(built) == len(list((source.folder() / "src").glob("*.py")))
    for path in built:
        committed = source.folder() / path.name
        assert committed.read_text("utf-8") == path.read_text("utf-8"), (
            "run `make assignments`"
        )


def code_lines(text):
    """Lines that say something: too long to be anywhere by chance; no imports."""
    lines = [line.strip() for line in text.splitlines()]
    said_anyway = ("def ", "import ", "from ")
    return {x for x in lines if len(x) > 12 and not x.startswith(said_anyway)}


def given_away(line, text):
    """Whether a line is in a text; an unfinished one, as a line of its own."""
    return line in (code_lines(text) if line.endswith(("(", ",")) else text)


def test_student_notebooks_hold_no_solution_no_hidden_test_and_no_output(assignment):
    given = (source.folder() / f"{assignment.name}.ipynb").read_text(encoding="utf-8")
    notebook_ = assignment.student()
    text = "\n".join(cell.source for cell in notebook_.cells)
    for name, cell in assignment.cells.items():
        secret = re.findall(
            r"### BEGIN (?:SOLUTION|HIDDEN TESTS)(.*?)### END", cell.source, re.S
        )
        shown = assignment.cells[name].source.partition("### BEGIN")[0]
        visible = {
            line
            for x in assignment.notebook.cells
            if "### BEGIN" not in x.source
            for line in code_lines(x.source)
        } | code_lines(shown)
        for line in code_lines("\n".join(secret)) - visible:
            shared = any(
                line in code_lines(x.source.partition("### BEGIN")[0])
                for x in assignment.cells.values()
            )
            assert shared or not given_away(line, text), (name, line)
    assert "BEGIN SOLUTION" not in given
    assert "HIDDEN" not in given
    assert all(not x.outputs for x in notebook_.cells if x.cell_type == "code")


def test_a_solution_left_in_a_student_notebook_is_found(first):
    # The test above would be worth nothing if no line counted as a solution's.
    for work in first.works:
        body = work.solution.partition("### BEGIN SOLUTION")[2]
        assert len(code_lines(body)) >= 3


def test_cells_and_points_are_complete(assignment):
    ids = [cell.id for cell in assignment.student().cells]
    assert len(ids) == len(set(ids))
    assert len(assignment.works) >= 3
    assert 2 <= len(assignment.written) <= 3
    for work in assignment.works:
        assert {f"{work.name}-text", work.name} <= set(ids)
        assert (
            f"({work.points:g} points)" in assignment.cells[f"{work.name}-text"].source
        )


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(x, marks=pytest.mark.slow) for x in (1, 20261125))]
)
def test_the_hidden_cases_tell_each_mistake_from_the_right_result(assignment, seed):
    for work in assignment.works:
        for message, mistake in work.task.mistakes.items():
            different = [
                not verdict.equal(
                    mistake(*case.arguments),
                    work.task.expected(*case.arguments),
                    work.task,
                )
                for case in work.cases(seed)
            ]
            assert any(different), (work.name, message)


def test_another_seed_draws_other_cases(first):
    for work in first.works:
        values = [repr(work.cases(seed)[1].arguments) for seed in (0, 1, 0)]
        assert values[0] == values[2]
        assert values[0] != values[1] or work.name == "line_weights"


def test_every_task_has_enough_right_and_wrong_solutions(assignment):
    found = grading.solutions(assignment)
    for work in assignment.works:
        mine = [x for x in found if x.task == work.name]
        assert sum(x.right for x in mine) >= 3, work.name
        wrong = {x.words for x in mine if not x.right}
        assert len(wrong) >= 4, work.name
    assert {x.task for x in found} == {work.name for work in assignment.works}


# Messages between the processes


def through_a_socket(value, message=None):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        wire.send(ours, message or {}, value)
        ours.close()
        return wire.receive(theirs)


def test_values_survive_the_way():
    arrays = [np.arange(6.0).reshape(2, 3), np.float32([[1, 2]]), np.array(True)]
    sent = (1, 2.5, "text", None, True, arrays, ("a", [np.uint8([0, 255])]))
    message, received = through_a_socket(sent, {"a": "b"})
    assert message == {"a": "b"}
    assert received[:5] == sent[:5]
    for x, y in zip(arrays, received[5], strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_array_equal(x, y)
    assert received[6][0] == "a"


@pytest.mark.parametrize(
    "value", [{1: 2}, object(), np.array([object()]), np.array(1j)]
)
def test_what_is_not_plain_is_not_sent(value):
    with pytest.raises(TypeError, match="Received: "):
        wire.pack(value, [])


def pickled():
    buffer = io.BytesIO()
    np.save(buffer, np.array([{}], dtype=object), allow_pickle=True)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"no json", b""),
        (b"[]", b""),
        (b'{"tree": {"array": 0}, "sizes": [3]}', b"abc"),
        (b'{"tree": {"array": 5}, "sizes": []}', b""),
        (b'{"tree": {"plain": {"a": 1}}, "sizes": []}', b""),
        (b'{"tree": {"a": 1, "b": 2}, "sizes": []}', b""),
        (b'{"tree": {"array": 0}, "sizes": [-1, 4]}', b"abc"),
        (b"[" * 100_000, b""),
        (b'{"tree": {"array": 0}, "sizes": [%d]}' % len(pickled()), pickled()),
    ],
)
def test_what_is_no_message_is_refused(head, body):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        ours.send(struct.pack(">II", len(head), len(body)) + head + body)
        ours.close()
        with pytest.raises(wire.WireError, match="Received: "):
            wire.receive(theirs)


def test_a_message_that_never_ends_is_refused_before_it_is_read():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.send(struct.pack(">II", 2**31, 2**31))
        with pytest.raises(wire.WireError, match="at most"):
            wire.receive(theirs)


# Right or wrong


def task(expected, **more):
    return Task("f", (), lambda rng: [], expected=lambda *_: expected, **more)


IMAGE = np.random.default_rng(0).random((8, 9, 3))
SQUARE = np.random.default_rng(0).random((6, 6))


@pytest.mark.parametrize(
    ("expected", "result"),
    [
        (2.0, 2),
        (2.0, np.float32(2)),
        (IMAGE, IMAGE + 1e-7),
        (IMAGE, IMAGE.tolist()),
        (IMAGE, list(IMAGE)),
        ([SQUARE, 1.0], (SQUARE, 1)),
        ((1.0, 2.0), np.array([1, 2])),
        (np.inf, np.inf),
        (["a", "b"], ["a", "b"]),
    ],
)
def test_right_results(expected, result):
    assert verdict.symptom(task(expected), Case("", ()), result) is None


@pytest.mark.parametrize(
    ("expected", "result", "words"),
    [
        (IMAGE, IMAGE.transpose(1, 0, 2), "axes swapped"),
        (IMAGE, IMAGE[..., 0], "another shape"),
        (IMAGE, None, "something else"),
        (IMAGE, "text", "another shape"),
        (IMAGE, [IMAGE, 1], "something else"),
        (IMAGE, IMAGE[..., ::-1], "Red and blue"),
        (SQUARE, SQUARE.T, "Rows and columns"),
        (SQUARE, SQUARE[::-1], "upside down"),
        (SQUARE, SQUARE[:, ::-1], "mirrored"),
        (SQUARE, 2 * SQUARE, "too large, by the same factor"),
        (SQUARE, SQUARE / 255, "too small, by the same factor"),
        (SQUARE, SQUARE + 1, "The same number"),
        (SQUARE, SQUARE * np.nan, "NaN"),
        (SQUARE, SQUARE.round(1), "Most values"),
        (1.0, 2.0, "by the same factor"),
        (0.0, 2.0, "The number is wrong"),
        ([1.0, 2.0], [1.0], "Expected 2 results"),
        ([1.0, SQUARE], [1.0, SQUARE.T], "Result 2: Rows"),
        ("a", "b", "Another answer"),
    ],
)
def test_wrong_results_are_described(expected, result, words):
    assert words in verdict.symptom(task(expected), Case("", ()), result)


def test_only_the_border_is_wrong():
    result = IMAGE.copy()
    result[0] += 0.3
    assert "near the border" in verdict.symptom(task(IMAGE), Case("", ()), result)


def test_a_known_mistake_is_named_unless_the_result_is_right():
    mistaken = task(SQUARE, mistakes={"Too bright.": lambda *_: SQUARE + 0.5})
    assert verdict.symptom(mistaken, Case("", ()), SQUARE + 0.5) == "Too bright."
    harmless = task(SQUARE, mistakes={"Too bright.": lambda *_: SQUARE})
    assert verdict.symptom(harmless, Case("", ()), SQUARE) is None


def test_values_are_shown_for_the_example_only():
    case = Case("", ())
    assert "Received: 7" in verdict.symptom(task(0.0), case, 7.0, shown=True)
    assert "7" not in verdict.symptom(task(0.0), case, 7.0)
    assert "7" not in verdict.symptom(task(0.0), case, np.ones(7))


def test_a_check_that_fails_itself_gives_no_points():
    checked = Task("f", (), lambda rng: [], check=lambda result: 1 / 0)
    assert "can't be judged" in verdict.symptom(checked, Case("", ()), 1)


@pytest.mark.parametrize("given", [{}, {"expected": abs, "check": abs}])
def test_a_task_has_one_way_to_judge(given):
    with pytest.raises(ValueError, match=r"Received: (neither|both)"):
        Task("f", (), lambda rng: [], **given)


# Errors in words


def error_of(
    kind, message, cell, line=2, shown=True, text="def f(x):\n    return x + y\n"
):
    sources = {"f": text, "g": "def y():\n    pass\n"}
    submission = notebook.Submission(sources, [], set())
    work = source.Work("f", 1, task(1.0, blocked=("sr_utils.metrics.psnr",)), "")
    report_ = {"kind": kind, "message": message, "cell": cell, "line": line}
    return errors.in_words(report_, work, submission, shown)


def test_an_error_is_told_with_its_line():
    told = error_of("ValueError", "bad shape", "f")
    assert (
        told == "The code stops with a ValueError in line 2, `return x + y`: bad shape."
    )


def test_a_hidden_error_repeats_nothing_a_student_chose():
    told = error_of("Secret0123Error", "0.123 is the secret", "f", shown=False)
    assert told == "The code stops with an error in line 2, `return x + y`."
    assert "secret" not in error_of(
        "X", "name 'secret' is not defined", "", shown=False
    )


def test_a_name_of_another_task_is_explained():
    told = error_of("NameError", "name 'y' is not defined", "f")
    assert "defined only in the cell of g" in told


def test_a_function_that_is_the_answer_is_explained():
    text = "from sr_utils.metrics import psnr\n"
    message = "cannot import name 'psnr' from 'sr_utils.metrics'"
    assert "since it is the answer" in error_of(
        "ImportError", message, "f", 1, text=text
    )


@pytest.mark.parametrize(
    "forged", ["text", 3, [], {"kind": [], "line": "x", "cell": {}}]
)
def test_a_forged_report_of_an_error_is_survived(forged):
    submission = notebook.Submission({"f": "pass"}, [], set())
    work = source.Work("f", 1, task(1.0), "")
    assert "stops with" in errors.in_words(forged, work, submission, False)


# Files


def unreadable(path, assignment):
    with pytest.raises(notebook.UnreadableError) as caught:
        notebook.read(path, assignment)
    return str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{ not a notebook",
        b"\xff\xfe\x00",
        b"[]",
        b'{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
        b'{"cells": [3], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
        b'{"cells": [{"cell_type": "code"}], "nbformat": 4, "nbformat_minor": 5}',
        b'{"nbformat": 99}',
        b"[" * 100_000,
    ],
)
def test_garbage_is_unreadable(tmp_path, first, content):
    path = tmp_path / "a.ipynb"
    path.write_bytes(content)
    assert unreadable(path, first).startswith(("It isn't a", "None of its"))


def test_another_notebook_is_unreadable(tmp_path, first):
    other = first.student()
    other.cells = [cell for cell in other.cells if not cell.metadata.get("nbgrader")]
    path = grading.save(other, tmp_path / "a.ipynb")
    assert "belongs to" in unreadable(path, first)


def test_odd_metadata_is_survived(tmp_path, first):
    notebook_ = grading.solved(first)
    notebook_.cells[0].metadata["nbgrader"] = ["a list"]
    notebook_.cells[1].metadata["nbgrader"] = {"grade_id": {"a": 1}}
    submission = notebook.read(grading.save(notebook_, tmp_path / "a.ipynb"), first)
    assert {work.name for work in first.works} <= set(submission.sources)


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX files")
def test_what_is_no_file_is_unreadable(tmp_path, first):
    real = grading.save(grading.solved(first), tmp_path / "real.ipynb")
    (tmp_path / "link.ipynb").symlink_to(real)
    os.mkfifo(tmp_path / "pipe.ipynb")
    with (tmp_path / "large.ipynb").open("wb") as file:
        file.truncate(100 * 2**20)
    said = [
        unreadable(tmp_path / f"{x}.ipynb", first) for x in ("link", "pipe", "large")
    ]
    assert "link" in said[0]
    assert "isn't a file" in said[1]
    assert "100 MB" in said[2]


def test_a_cell_that_is_there_twice(tmp_path, first):
    notebook_ = grading.solved(first)
    (cell,) = (x for x in notebook_.cells if x.id == "shrink")
    again = cell.copy()
    again.id = "again"
    notebook_.cells.append(again)
    path = grading.save(notebook_, tmp_path / "a.ipynb")
    assert notebook.read(path, first).twice == set()
    again.source = "shrink = None"
    path = grading.save(notebook_, tmp_path / "a.ipynb")
    assert notebook.read(path, first).twice == {"shrink"}


def test_cells_of_a_student_and_magic_commands(tmp_path, first):
    notebook_ = grading.solved(first)
    text = "%matplotlib inline\n!pip install x\ny = (7\n     % 4)"
    grading.add_cell(notebook_, "shrink", text)
    grading.add_cell(notebook_, "mean_psnr", "y = (7\n% 4)")
    path = grading.save(notebook_, tmp_path / "a.ipynb")
    submission = notebook.read(path, first)
    assert submission.before("line_weights") == []  # the cell for Colab isn't theirs
    (_, magic), (_, division) = submission.before("mean_psnr")
    assert magic.startswith("pass\npass\n")
    assert division == "y = (7\n% 4)"


def test_whose_submissions_a_folder_holds(tmp_path, first):
    grading.save(first.student(), tmp_path / "anna.ipynb")
    grading.save(first.student(), tmp_path / "ben" / first.name / f"{first.name}.ipynb")
    grading.save(
        first.student(), tmp_path / "carla" / first.name / "Untitled (1).ipynb"
    )
    (tmp_path / "dan").mkdir()
    (tmp_path / "anna.pdf").write_bytes(b"")
    (tmp_path / ".DS_Store").write_bytes(b"")
    found = {x.student: x for x in classroom.entries(tmp_path, first.name)}
    assert list(found) == ["anna", "anna.pdf", "ben", "carla", "dan"]
    assert not found["anna"].problem
    assert not found["ben"].problem
    assert "Received: anna.pdf" in found["anna.pdf"].problem
    assert "Received: Untitled (1).ipynb" in found["carla"].problem
    assert "Received: nothing" in found["dan"].problem
    assert classroom.recognized(tmp_path, [first]) is first


@pytest.mark.skipif(sys.platform != "linux", reason="needs names of any bytes")
def test_names_that_cannot_be_printed(tmp_path, first):
    for name in (b"a\nb.ipynb", b"\xff.ipynb", b"x" * 240 + b".ipynb", b"A\tb.ipynb"):
        (tmp_path / os.fsdecode(name)).write_bytes(b"")
    names = [x.student for x in classroom.entries(tmp_path, first.name)]
    assert len({x.casefold() for x in names}) == 4
    assert all(x.isprintable() and len(x) < 120 for x in names)


def test_a_folder_that_cannot_be_graded(tmp_path, first):
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(classroom.FolderError, match="Received: "):
            classroom.entries(folder, first.name)
    with pytest.raises(classroom.FolderError, match="Received: none"):
        classroom.recognized(tmp_path, [first])
    with pytest.raises(classroom.FolderError, match="Received: a9"):
        classroom.recognized(tmp_path, [first], "a9")


# Reports

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7 * 7 }}"


def hostile_result(first):
    sources = {work.name: f"# {HOSTILE}" for work in first.works}
    sources |= dict.fromkeys(first.written, HOSTILE)
    verdicts = {x.name: Verdict(0, HOSTILE, HOSTILE) for x in first.works}
    submission = notebook.Submission(sources, [], set())
    return classroom.Result(f'=cmd("{HOSTILE}")', "", verdicts, "", submission)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes = set(), set()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}


def test_feedback_shows_what_students_wrote_as_text(first):
    result = hostile_result(first)
    marks = dict.fromkeys(ids(first), Mark(0, HOSTILE))
    page = report.page(first, result, marks)
    parser = Tags()
    parser.feed(page)
    assert not parser.tags & {"script", "img", "iframe", "a"}
    assert not {x for x in parser.attributes if x.startswith("on")}
    assert "&lt;script&gt;" in page
    assert "{{ 7 * 7 }}" in page


def ids(assignment):
    return [work.name for work in assignment.works] + list(assignment.written)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_the_table_is_a_formula(first, start, tmp_path):
    result = classroom.Result(f"{start}1+1", f"{start}2", {})
    marks = {result.student: dict.fromkeys(ids(first), Mark(0))}
    path = report.write(tmp_path, first, [result], marks)
    (row,) = grading.rows(path).values()
    assert row["student"] == f"'{start}1+1"
    assert not any(x.startswith(("=", "+", "-", "@", "\t", "\r")) for x in row.values())


def test_the_table_adds_up_and_leaves_unread_answers_empty(first):
    names = ids(first)
    marks = {name: Mark(2.5) for name in names} | {names[-1]: Mark(None)}
    result = classroom.Result("anna", "", {})
    text = report.table(first, [result], {"anna": marks})
    header, row = text.splitlines()
    assert header.startswith("student,total (of 26),line_weights (of 4)")
    assert row == "anna,15,2.5,2.5,2.5,2.5,2.5,2.5,,"


def test_a_person_may_overrule_a_verdict(first):
    names = ids(first)
    verdicts = {x.name: Verdict(0, "wrong", "") for x in first.works}
    result = classroom.Result("anna", "", verdicts)
    marks = dict.fromkeys(names, Mark(4, "well tried"))
    text = report.table(first, [result], {"anna": marks})
    assert "wrong" not in text
    assert "line_weights: well tried" in text


# Without a sandbox


@pytest.mark.slow
def test_the_command_stops_where_there_is_no_sandbox(tmp_path, first):
    grading.save(first.student(), tmp_path / "in" / "anna.ipynb")
    line = [sys.executable, "-m", "sr_utils.grading", "grade", str(tmp_path / "in")]
    line += ["--output", str(tmp_path / "out")]
    root = source.folder().parents[1]
    nowhere = os.environ | {"PATH": str(tmp_path)}
    done = subprocess.run(
        line, env=nowhere, cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "isn't run here" in done.stderr
    assert "--without-sandbox" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_machine_whose_system_calls_are_unknown_has_no_sandbox(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert "x86_64 or aarch64" in sandbox.missing()


def test_hidden_tests_in_the_students_own_process(first):
    for work in first.works:
        space = {}
        for _, text in first.setup:
            exec(text, space)
        exec(work.solution, space)
        native.check_here(work.task, space)
        space[work.task.function] = lambda *_: np.zeros(3)
        with pytest.raises(AssertionError, match="For the example of the text: "):
            native.check_here(work.task, space)
