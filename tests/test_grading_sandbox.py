"""Grading as a teacher does it: students' code in its sandbox, through the command."""

import contextlib
import json
import os
import pickle
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import types
from pathlib import Path

import attacks
import grading
import nbformat
import numpy as np
import pytest

from sr_utils.grading import bridge, classroom, notebook, sandbox, source, trial
from sr_utils.grading.grader import Grader, Verdict
from sr_utils.grading.task import Task

fcntl = pytest.importorskip("fcntl")  # Windows has no sandbox either
ROOT = Path(__file__).parents[1]
ASSIGNMENTS = {x.name: x for x in source.assignments()}

slow = pytest.mark.slow


@pytest.fixture(autouse=True)
def _sandbox_or_skip():
    grading.needs_sandbox()


@pytest.fixture(scope="module")
def place():
    with sandbox.Sandbox() as place:
        yield place


@pytest.fixture(params=list(ASSIGNMENTS))
def assignment(request):
    return ASSIGNMENTS[request.param]


@pytest.fixture
def first():
    return grading.first()


def command(folder, output, *more, **options):
    """`python -m sr_utils.grading grade`, in a folder's place."""
    line = [sys.executable, "-m", "sr_utils.grading", "grade", str(folder)]
    return subprocess.run(
        [*line, "--output", str(output), *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def once(tmp_path_factory, name, make):
    """A folder that is made once, however many processes run the tests."""
    folder = tmp_path_factory.getbasetemp().parent / f"{name}-{os.getppid()}"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            make(folder)
            (folder / "done").touch()
    return folder


def run(place, text, arguments=(), seconds=30, blocked=()):
    """Call `f` of a cell in a fresh process: the message and what comes back."""
    job = {"cells": [("cell", text)], "function": "f", "blocked": list(blocked)}
    with place.session(job | {"inside": None, "inside_name": None}, seconds) as session:
        session.receive()
        session.receive()
        session.send({}, arguments)
        return session.receive()


def full(assignment):
    return {work.name: work.points for work in assignment.works}


# The sandbox itself


@slow
def test_a_call_and_its_result(place):
    message, result = run(place, "def f(x):\n    return x + 1", (np.arange(3.0),))
    assert message["error"] is None
    np.testing.assert_array_equal(result, [1, 2, 3])


@slow
def test_only_arguments_that_change_are_modified(place):
    arguments = ([np.array([np.nan, 1.0]), "text"], None)
    assert not run(place, "def f(x, y):\n    return 1", arguments)[0]["modified"]
    changed = "def f(x, y):\n    x[0][1] = 2\n    return 1"
    assert run(place, changed, arguments)[0]["modified"]


def test_tensorflow_works_in_a_fork(place):
    text = (
        "import keras\nimport numpy as np\n\n\ndef f():\n"
        "    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])\n"
        "    model.compile('sgd', 'mse')\n"
        "    model.fit(np.ones((8, 4)), np.ones((8, 2)), verbose=0)\n"
        "    return model(np.ones((1, 4)))\n"
    )
    message, result = run(place, text)
    assert message["error"] is None
    assert result.shape == (1, 2)


def test_checkpoints_and_photographs_are_there(place):
    text = (
        "from sr_utils import datasets, models\n\n\ndef f():\n"
        "    network = models.load_checkpoint('srcnn_x3')\n"
        "    return [float(network.count_params()), datasets.held_out()['coffee']]\n"
    )
    message, (count, photograph) = run(place, text)
    assert message["error"] is None
    assert count > 1000
    assert photograph.shape == (400, 600, 3)


def test_nothing_stays_for_the_next_task(place):
    text = "def f():\n    open('left', 'w').write('x')\n    numpy.pi = 3"
    run(place, f"import numpy\n\n\n{text}")
    text = "import os, numpy\n\n\ndef f():\n    return [len(os.listdir()), numpy.pi]"
    assert list(run(place, text)[1]) == [0, np.pi]


def test_only_one_folder_can_be_written_to(place):
    text = (
        "import os\n\n\ndef f():\n"
        "    def can(path):\n        return os.access(path, os.W_OK)\n"
        "    return [p for p, d, _ in os.walk('/') if can(p) and p[:5] != '/proc']\n"
    )
    assert run(place, text)[1] == ["/sandbox"]


def test_what_a_student_sees_of_the_machine(place):
    text = (
        "import os\n\n\ndef f():\n    hidden = []\n"
        f"    for path in ({str(ROOT / 'notebooks')!r}, "
        f"{str(ROOT / 'tests')!r}, '/tmp', '/etc/passwd', '/home', '/var'):\n"
        "        hidden.append(os.path.exists(path))\n"
        "    return hidden + [len(os.sched_getaffinity(0)) == 0, os.getuid() == 0]\n"
    )
    assert not any(run(place, text)[1])


SEARCH = """
import ctypes
import re


def f():
    word = "".join(chr(ord(x) + 1) for x in "rdbqds!").encode()
    found = 0
    for line in open("/proc/self/maps").read().splitlines():
        span, rights, *_ = line.split()
        start, end = (int(x, 16) for x in span.split("-"))
        if rights == "rw-p" and "[v" not in line:
            memory = ctypes.string_at(start, end - start)
            for match in re.finditer(re.escape(word * 60), memory):
                found += memory[match.end() :].startswith(word)  # not the pattern
    return found
"""


def test_no_other_students_code_is_in_the_memory_of_a_fork(place):
    secret = "".join(chr(ord(x) + 1) for x in "rdbqds!") * 100
    _, found = run(place, f"kept = {secret!r}\n{SEARCH}")
    assert found > 0  # one's own code is there
    assert run(place, SEARCH)[1] == 0


def test_limits_bind_whoever_starts_the_sandbox(place):
    text = (
        "import resource\n\n\ndef f():\n"
        "    names = ('AS', 'CPU', 'FSIZE', 'NOFILE', 'NPROC')\n"
        "    kinds = [getattr(resource, 'RLIMIT_' + x) for x in names]\n"
        "    soft = [resource.getrlimit(kind)[0] for kind in kinds]\n"
        "    for kind in kinds:\n"
        "        try:\n            resource.setrlimit(kind, (-1, -1))\n"
        "        except (OSError, ValueError):\n            continue\n"
        "        raise RuntimeError('raised')\n"
        "    return soft\n"
    )
    message, soft = run(place, text)
    assert message["error"] is None
    assert (np.array(soft) > 0).all()


@slow
@pytest.mark.skipif(os.getuid() != 0, reason="this is the only way for others")
def test_a_user_namespace_closes_in_as_well(monkeypatch):
    monkeypatch.setattr("os.getuid", lambda: 1000)
    text = (
        "import os, socket\n\n\ndef f():\n"
        "    seen = [os.path.exists('/tmp'), len(socket.if_nameindex()) > 1]\n"
        "    for act in (os.fork, lambda: os.kill(os.getppid(), 9)):\n"
        "        try:\n            act()\n"
        "        except PermissionError:\n            continue\n"
        "        seen.append(True)\n"
        "    return seen\n"
    )
    with sandbox.Sandbox() as place:
        message, seen = run(place, text)
    assert message["error"] is None
    assert list(seen) == [False, False]


@slow
def test_without_a_sandbox_the_limits_hold():
    text = "import os\n\n\ndef f():\n    return [os.getpid(), os.fork()]"
    with sandbox.Sandbox(open_air=True) as place:
        assert run(place, "def f():\n    return 3")[1] == 3
        message, _ = run(place, text)
    assert message["error"]["kind"] == "PermissionError"


@slow
def test_a_sandbox_that_dies_is_started_again(place):
    run(place, "def f():\n    return 1")
    os.kill(place._process.pid, signal.SIGKILL)
    with pytest.raises(sandbox.StoppedError, match="stopped answering"):
        run(place, "def f():\n    return 1")
    assert run(place, "def f():\n    return 2")[1] == 2


def adapter(build, size):
    import numpy

    kernel = build()
    return numpy.array([kernel(x) for x in range(size)])


def test_an_adapter_turns_what_a_function_returns_into_arrays(place):
    task = Task("build", (3,), lambda rng: [], expected=np.arange, inside=adapter)
    work = source.Work("build", 2, task, "")
    text = "def build():\n    return lambda x: x"
    given = judged_alone(work, text, place)
    assert given.points == 2, given
    assert judged_alone(work, text.replace("x: x", "x: 2 * x"), place).points == 0


def judged_alone(work, text, place):
    alone = types.SimpleNamespace(works=[work], setup=[])
    submission = notebook.Submission({work.name: text}, [(work.name, text)], set())
    return Grader(alone, source.SEED).grade(submission, place)[work.name]


def test_what_is_blocked_is_missing_for_one_task_only(place):
    text = (
        "from sr_utils import metrics\n\n\ndef f():\n"
        "    return hasattr(metrics, 'psnr')\n"
    )
    for blocked, there in ((["sr_utils.metrics.psnr"], False), ([], True)):
        assert bool(run(place, text, blocked=blocked)[1]) is there


# Solutions


@slow
def test_right_solutions_keep_points_and_wrong_ones_lose_only_their_own(
    assignment, place
):
    found = grading.solutions(assignment)
    grader = Grader(assignment, source.SEED)
    given = list(trial.tried(assignment, mixed(assignment, found), grader, place))
    assert len(given) == len(found)
    wrong = [(x.task, x.words, y.reason) for x, y in given if not trial.fits(x, y)]
    assert not wrong


def mixed(assignment, found):
    """Solutions in an order in which right ones are handed in beside wrong ones."""
    order = []
    for number, work in enumerate(assignment.works):
        mine = [x for x in found if x.task == work.name]
        shift = number * len(mine) // len(assignment.works)
        order += mine[shift:] + mine[:shift]
    return order


@slow
def test_the_source_keeps_all_points_and_the_untouched_notebook_none(assignment, place):
    for seed in (source.SEED, 123456789):
        grader = Grader(assignment, seed)
        given = grader.grade(trial.submission(assignment), place)
        assert {name: x.points for name, x in given.items()} == full(assignment), given
    untouched = {x.id: x.source for x in assignment.student().cells}
    given = grader.grade(trial.submission(assignment, untouched), place)
    assert not any(x.points for x in given.values())
    assert all(x.reason.startswith("Not answered yet") for x in given.values())


def test_a_task_works_without_the_others(first, place):
    grader = Grader(first, source.SEED)
    for work in first.works[:2]:
        others = {x.name: "raise SystemExit" for x in first.works if x is not work}
        given = grader.grade(trial.submission(first, others), place)
        assert {name for name, x in given.items() if x.points} == {work.name}


# The whole command

HELPER = "def triangle(x):\n    return np.maximum(0, 1 - abs(x))"
WITH_HELPER = """
def shrink(image, scale):
    def weights(size):
        centers = (np.arange(size // scale) + 0.5) * scale - 0.5
        found = triangle((centers[:, None] - np.arange(size)) / scale)
        return found / found.sum(axis=1, keepdims=True)

    rows, columns = weights(image.shape[0]), weights(image.shape[1])
    return np.einsum("Hh,Ww,hwc->HWc", rows, columns, image)
"""


def with_helper(first, helper=HELPER):
    return grading.add_cell(
        grading.solved(first, {"shrink": WITH_HELPER}), "shrink", helper
    )


def harmless(first):
    """Notebooks that are odd and right: all their tasks keep their points."""
    yield "honest", grading.solved(first)
    yield "honest again", grading.solved(first)
    noisy = "import os, sys\nos.write(2, b'W0000')\nprint('x', file=sys.stderr)\n"
    yield (
        "noisy",
        grading.solved(first, {"shrink": noisy + first.cells["shrink"].source}),
    )
    yield "helper", with_helper(first)
    yield "no checks", grading.without(grading.solved(first), "shrink-check")
    yield "no text", grading.without(grading.solved(first), "setup")
    edited = {
        x.id: "raise SystemExit" for x in first.student().cells if "-check" in x.id
    }
    yield "edited checks", grading.solved(first, edited)
    for name in ("os_exit", "loop", "transformer"):
        cell = attacks.ATTACKS[name]
        yield (
            f"cell with {name}",
            grading.add_cell(with_helper(first), "line_weights", cell),
        )


def unreadable(folder):
    """Files that are no notebooks, by name, with a part of the reason."""
    (folder / "garbage.ipynb").write_text("{ not a notebook")
    (folder / "linked.ipynb").symlink_to(folder / "honest.ipynb")
    with (folder / "enormous.ipynb").open("wb") as file:
        file.truncate(100 * 2**20)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as made, chdir(folder):
        made.bind("socket.ipynb")
    (folder / "report.pdf").write_bytes(b"%PDF")
    return {
        "garbage": "isn't a Jupyter notebook",
        "linked": "is a link",
        "enormous": "100 MB",
        "socket": "can't be read",
        "report.pdf": "Expected a notebook",
    }


@contextlib.contextmanager
def chdir(folder):
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def partly(first):
    """Notebooks that lose some tasks: the notebook, the tasks, a part of the reason."""
    missing = grading.without(grading.solved(first), "shrink")
    yield "missing cell", missing, {"shrink"}, "cell is missing"
    twice = grading.solved(first)
    (cell,) = (x for x in twice.cells if x.id == "shrink")
    again = nbformat.from_dict({**cell, "id": "again", "source": "shrink = None"})
    twice.cells.append(again)
    yield "twice", twice, {"shrink"}, "twice"
    yield (
        "=cmd()|'!A1",
        grading.solved(first, {"shrink": "1 / 0"}),
        {"shrink"},
        "Zero",
    )
    after = grading.add_cell(
        grading.solved(first, {"shrink": WITH_HELPER}), "mean_psnr", HELPER
    )
    yield "helper after", after, {"shrink"}, "isn't defined"
    inside = {"line_weights": first.cells["line_weights"].source + "\n\n" + HELPER}
    inside = grading.solved(first, inside | {"shrink": WITH_HELPER})
    yield (
        "helper inside",
        inside,
        {"shrink"},
        "defined only in the cell of line_weights",
    )


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class with every attack, graded once by the command."""
    grading.needs_sandbox()

    def make(folder):
        first, submissions = grading.first(), folder / "submissions"
        for name, made in harmless(first):
            grading.save(made, submissions / f"{name}.ipynb")
        for name, made, *_ in partly(first):
            grading.save(made, submissions / f"{name}.ipynb")
        for name, text in attacks.ATTACKS.items():
            bad = grading.solved(first, {"line_weights": text})
            grading.save(bad, submissions / f"{name}.ipynb")
        unreadable(submissions)
        done = command(submissions, folder / "out", timeout=1500)
        (folder / "done.pickle").write_bytes(pickle.dumps(done))

    folder = once(tmp_path_factory, "graded", make)
    done = pickle.loads((folder / "done.pickle").read_bytes())
    assert done.returncode == 0, done.stderr
    return folder / "out" / grading.first().name


@pytest.fixture
def table(graded):
    return grading.rows(graded / "marks.csv")


@slow
@pytest.mark.parametrize("name", list(attacks.ATTACKS))
def test_an_attack_gains_nothing_and_costs_no_other_task(graded, table, first, name):
    row = table[name]
    assert grading.points(row) == full(first) | {"line_weights": 0} | unanswered(first)
    assert set(reasons(row)) == {"line_weights", *first.written}
    assert "FOUND" not in row["reasons"]


def reasons(row):
    """The reasons of a row, by name of the task or the answer."""
    return dict(x.split(": ", maxsplit=1) for x in row["reasons"].split(" | "))


def unanswered(assignment):
    return dict.fromkeys(assignment.written, 0)


@slow
@pytest.mark.parametrize("name", [x for x, _ in harmless(grading.first())])
def test_what_is_odd_but_right_keeps_its_points(table, first, name):
    assert grading.points(table[name]) == full(first) | unanswered(first)
    assert reasons(table[name]) == dict.fromkeys(first.written, "Not answered.")


@slow
@pytest.mark.parametrize(
    "name", ["garbage", "linked", "enormous", "socket", "report.pdf"]
)
def test_a_file_that_is_no_notebook_is_a_zero_with_a_reason(table, tmp_path, name):
    assert not any(grading.points(table[name]).values())
    assert unreadable_words(name) in table[name]["reasons"]


def unreadable_words(name):
    return {
        "garbage": "isn't a Jupyter notebook",
        "linked": "is a link",
        "enormous": "100 MB",
        "socket": "can't be read",
        "report.pdf": "Expected a notebook",
    }[name]


@slow
def test_what_is_partly_wrong_loses_that_part(table, first):
    for name, _, lost, words in partly(first):
        row = table[name if name[0] != "=" else f"'{name}"]
        expected = full(first) | dict.fromkeys(lost, 0) | unanswered(first)
        assert grading.points(row) == expected, name
        assert words in row["reasons"]


@slow
def test_attacks_are_stopped_for_the_reason_that_is_told(table):
    told = {name: table[name]["reasons"] for name in attacks.ATTACKS}
    for name in ("loop", "stubborn_loop", "sleep", "fork_bomb_that_goes_on"):
        assert "more than 10 seconds" in told[name]
    assert "isn't a result" in told["endless_message"]
    assert "PermissionError" in told["fork_bomb"]
    assert "RuntimeError" in told["thread_bomb"]
    for name in ("memory", "memory_at_once"):
        assert "too much memory" in told[name]
    assert "No space left" in told["disk"]
    assert "isn't defined" in told["transformer"]
    for name in ("os_exit", "os_exit_that_takes_long"):
        assert "call exit" in told[name]
    assert "RecursionError" in told["recursion"]
    assert "SyntaxError in line 1, `def line_weights(size, scale:`" in told["syntax"]


@slow
def test_feedback_gives_no_hidden_input_away(graded):
    page = (graded / "feedback" / "prints_inputs.html").read_text(encoding="utf-8")
    shown = page.partition("<details>")[0]
    assert "SECRET 4 2" in shown  # the example's own values
    assert len(re.findall("SECRET", shown)) == 1


@slow
def test_feedback_is_no_markup_of_a_student(graded):
    page = (graded / "feedback" / "markup.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


@slow
def test_the_gradebook_has_the_same_points(graded, table):
    database = sqlite3.connect(graded / "course" / "gradebook.db")
    query = (
        "select student.id, sum(coalesce(manual_score, auto_score)) from grade "
        "join submitted_notebook on submitted_notebook.id = grade.notebook_id "
        "join submitted_assignment as handed_in on "
        "handed_in.id = submitted_notebook.assignment_id "
        "join student on student.id = handed_in.student_id group by student.id"
    )
    with contextlib.closing(database):
        sums = dict(database.execute(query).fetchall())
    assert len(sums) == len(table)
    for student, row in table.items():
        assert sums[student.lstrip("'")] == sum(grading.points(row).values())


@slow
def test_two_solutions_of_each_assignment_through_the_command(tmp_path, assignment):
    found = grading.solutions(assignment)
    right = {x.task: x.source for x in reversed(found) if x.right}
    wrong = {x.task: x for x in found if not x.right}
    name = assignment.works[-1].name
    submissions = {"right": right, "wrong": right | {name: wrong[name].source}}
    for student, cells in submissions.items():  # in nbgrader's layout
        path = tmp_path / "in" / student / assignment.name / f"{assignment.name}.ipynb"
        grading.save(grading.solved(assignment, cells), path)
    done = command(tmp_path / "in", tmp_path / "out", "--seed", "20261125")
    assert done.returncode == 0, done.stderr
    table = grading.rows(tmp_path / "out" / assignment.name / "marks.csv")
    expected = full(assignment) | unanswered(assignment)
    for student, lost in {"right": {}, "wrong": {name: 0}}.items():
        row = table[student]
        assert grading.points(row) == expected | lost, f"{student}: {row['reasons']}"
    assert wrong[name].words in table["wrong"]["reasons"]


@slow
def test_the_examples_show_a_newcomer_what_comes_out(tmp_path, first):
    done = command(source.folder() / "examples", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "dan: It isn't a Jupyter notebook."
    table = grading.rows(Path(done.stdout.splitlines()[-1]))
    totals = {name: row["total (of 26)"] for name, row in table.items()}
    assert totals == {"anna": "20", "ben": "4", "carla": "4", "dan": "0"}
    pages = [x.stem for x in sorted((tmp_path / first.name / "feedback").iterdir())]
    assert pages == list(totals)


# Starting again, side by side, and written answers


def save_class(folder, first, size):
    for number in range(size):
        made = grading.solved(first, {x.name: "pass" for x in first.works[1:]})
        grading.add_cell(made, "setup", f"number = {number}")
        grading.save(made, folder / f"student{number}.ipynb")


@slow
def test_started_again_it_grades_only_what_changed(tmp_path, first):
    save_class(tmp_path / "in", first, 3)
    cache = tmp_path / "cache"

    def written():
        return {(x.name, x.stat().st_mtime_ns) for x in cache.glob("*.json")}

    def again(seed=0):
        before = written()
        given = classroom.entries(tmp_path / "in", first.name)
        results = classroom.grade(given, first, seed, cache, workers=1)
        assert [x.verdicts["line_weights"].points for x in results] == [4, 4, 4]
        return len(written() - before)

    assert again() == 3
    assert again() == 0
    (cache / "student1.json").write_text('{"key": "torn')
    assert again() == 1
    changed = grading.solved(first, {x.name: "..." for x in first.works[1:]})
    grading.save(changed, tmp_path / "in" / "student2.ipynb")
    assert again() == 1
    assert again(seed=5) == 3


@slow
def test_stopped_it_keeps_what_is_graded_and_leaves_nothing_running(tmp_path, first):
    save_class(tmp_path / "in", first, 8)
    for number in (5, 6, 7):
        slow_one = grading.solved(first, {"line_weights": "while True:\n    pass"})
        grading.save(slow_one, tmp_path / "in" / f"student{number}.ipynb")
    line = [sys.executable, "-m", "sr_utils.grading", "grade", str(tmp_path / "in")]
    process = subprocess.Popen(
        [*line, "--output", str(tmp_path / "out")],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    cache = tmp_path / "out" / first.name / "verdicts"
    while len(list(cache.glob("*.json"))) < 4:
        time.sleep(0.1)
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert "goes on from here" in said
    assert "Traceback" not in said
    kept = [json.loads(x.read_text()) for x in cache.glob("*.json")]
    assert 4 <= len(kept) < 8
    for verdicts in kept:
        assert verdicts["verdicts"]["line_weights"]["points"] == 4
    assert not list(tmp_path.glob("sr_utils-grading-*"))


def graded_without_running(assignment, student, answers=()):
    """A result as the command has it, for tests of what comes after grading."""
    submission = trial.submission(assignment, dict(answers))
    verdicts = {x.name: Verdict(x.points) for x in assignment.works}
    return classroom.Result(student, "", verdicts, "", submission)


def enter(course, first, student, answer, score, comment):
    """What a teacher does in formgrader."""
    with bridge._gradebook(course / "gradebook.db") as gradebook:
        grade = gradebook.find_grade(answer, first.name, first.name, student)
        grade.manual_score, grade.needs_manual_grade = score, False
        found = gradebook.find_comment(answer, first.name, first.name, student)
        found.manual_comment = comment
        gradebook.db.commit()


@slow
def test_points_that_a_person_gave_stay_until_the_answer_changes(tmp_path, first):
    answer = next(iter(first.written))
    students = [graded_without_running(first, x) for x in ("anna", "ben")]
    marks = bridge.write(tmp_path, first, students)
    assert marks["anna"][answer].points is None
    enter(tmp_path, first, "anna", answer, 2, "halfway")
    marks = bridge.write(tmp_path, first, students)
    assert marks["anna"][answer] == bridge.Mark(2, "halfway")
    assert marks["ben"][answer].points is None
    students[0] = graded_without_running(first, "anna", {answer: "Another answer."})
    assert bridge.write(tmp_path, first, students)["anna"][answer].points is None


def nbgrader(course, *line):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, "-m", "nbgrader", *line],
        cwd=course,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@slow
def test_the_same_source_in_nbgrader_itself(tmp_path, first):
    bridge.write(tmp_path, first, [])
    done = nbgrader(tmp_path, "generate_assignment", first.name, "--force")
    assert done.returncode == 0, done.stderr
    released = tmp_path / "release" / first.name / f"{first.name}.ipynb"
    assert nbformat.read(released, 4) == first.student()
    notebooks = {
        "right": grading.solved(first),
        "untouched": first.student(),
        "wrong": grading.solved(
            first, {"shrink": "def shrink(image, scale):\n    return image"}
        ),
    }
    for student, made in notebooks.items():
        place = tmp_path / "submitted" / student / first.name / f"{first.name}.ipynb"
        grading.save(made, place)
    done = nbgrader(tmp_path, "autograde", first.name)
    assert done.returncode == 0, done.stderr
    with bridge._gradebook(tmp_path / "gradebook.db") as gradebook:
        scores = {x: gradebook.find_submission(first.name, x).score for x in notebooks}
    total = sum(full(first).values())
    assert scores == {"right": total, "untouched": 0, "wrong": total - 4}
