"""How a lesson teaches: exercises that can fail, predictions, evidence."""

import re

import nbformat
import pytest

from sr_utils.checks import checking
from tools import address, exercises, notebooks

OLD_FORM = {"04_srgan", "05_pretrained"}
LESSONS = sorted({path.stem for path in notebooks.SOURCES.glob("*.py")} - OLD_FORM)
KEEP = "_kept = {k: v for k, v in globals().items() if k[0] != '_'}"
FORGET = """for _name in [k for k in globals() if k[0] != "_" and k not in _kept]:
    del globals()[_name]
globals().update(_kept)"""
MACHINE = ("runtime.start(",)  # outputs without a band: they only name the machine
UNANSWERED = "Not answered yet."
WRONG = "Not right yet."
RIGHT = "Right."
CHECKED_NAMES = re.compile(r"with checking\((.*?)\)", re.DOTALL)
DETAILS = re.compile(r"<details><summary>Answer</summary>(.*?)</details>", re.DOTALL)
OPTION = re.compile(r"^- \*\*([A-D])\*\* ", re.M)


def source_of(name):
    return notebooks.SOURCES / f"{name}.py"


def exercises_of(path):
    return [
        part
        for part in exercises.parts_of_source(path)
        if isinstance(part, exercises.Exercise)
    ]


def code(text, **metadata):
    return nbformat.v4.new_code_cell(text, metadata=metadata)


def trial(path):
    """The lesson, with each check run untouched, with the solution and wrong answers.

    Each way starts from the names that the lesson itself has defined.
    """
    cells = []
    for found in exercises.parts_of_source(path):
        if not isinstance(found, exercises.Exercise):
            cells.append(found)
            continue
        solved = [x for x in found.solution if x.cell_type == "code"]
        ways = [(found.answer, UNANSWERED), (solved, RIGHT)]
        ways += [([x], f"{WRONG} {x.metadata['says']}") for x in found.wrong]
        for answer, reply in ways:
            checks = [code(x.source, reply=reply) for x in found.check]
            cells += [code(KEEP), *answer, *checks, code(FORGET)]
    return nbformat.v4.new_notebook(cells=cells)


def tried(path):
    """The trial of a lesson, executed."""
    notebook = trial(path)
    notebooks.execute(notebook, path.stem)
    return notebook


def misjudged(notebook):
    """The replies of a trial's check cells that aren't the expected ones."""
    checks = [cell for cell in notebook.cells if "reply" in cell.metadata]
    return [
        (cell.metadata["reply"], exercises.printed(cell))
        for cell in checks
        if not as_expected(cell.metadata["reply"], exercises.printed(cell))
    ]


def outdated(notebook, stored):
    """What solutions printed in a trial and the stored notebook doesn't show."""
    folded = "\n".join(x.source for x in stored.cells if x.cell_type == "markdown")
    printed = [
        exercises.printed(cell)
        for cell in notebook.cells
        if exercises.part(cell) == "solution"
        and "nbval-ignore-output" not in cell.metadata["tags"]
    ]
    return [text for text in printed if text and f"```text\n{text}\n```" not in folded]


def as_expected(reply, found):
    """Whether a check began with the right verdict and said what it had to say."""
    verdict = next(x for x in (UNANSWERED, WRONG, RIGHT) if reply.startswith(x))
    return found.startswith(verdict) and reply.removeprefix(verdict).strip() in found


GOOD = f"""# %%
{address.PLACEHOLDER}

# %%
from sr_utils.checks import checking

known = 1

# %% [markdown]
# **1. Double.** Write `double(x)`.

# %% tags=["answer"]
# Your answer:

# %% tags=["check"]
with checking("double"):
    assert double(3) == 6, "3 and 3 are 6."

# %% tags=["solution"]
def double(x):
    return 2 * x

print("doubled:", double(2))

# %% [markdown] tags=["solution"]
# Because it is *twice*.

# %% tags=["wrong"] says="3 and 3"
def double(x):
    return x * x
"""


@pytest.fixture
def lesson(tmp_path):
    """Writes a source and returns its path."""

    def write(text):
        path = tmp_path / "08_toy.py"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_check_answers_in_one_line(capsys):
    with checking("missing", "known"):
        missing  # noqa: B018, F821
    with checking("known"):
        raise AssertionError("Look at the formula again.")
    with checking("known"):
        pass
    assert capsys.readouterr().out.splitlines() == [
        "Not answered yet. Your answer has to define missing and known.",
        "Not right yet. Look at the formula again.",
        "Right.",
    ]


def test_an_error_inside_an_answer_is_no_missing_answer():
    def answer():
        return undefined  # noqa: F821

    def local():
        value  # noqa: B018, F821
        value = 1  # noqa: F841

    for call, error in [(answer, NameError), (local, UnboundLocalError)]:
        with pytest.raises(error), checking("answer", "local"):
            call()
    with pytest.raises(ZeroDivisionError), checking("answer"):
        1 / 0  # noqa: B018


def test_a_good_exercise_passes_in_all_ways(lesson):
    assert misjudged(tried(lesson(GOOD))) == []


BROKEN = {
    "a check that takes everything": ("double(3) == 6", "double(3)"),
    "a check that takes nothing": ("double(3) == 6", "double(3) == 7"),
    "another message": ('"3 and 3 are 6."', '"Not 6."'),
    "an answer given away": ("known = 1", "double = int"),
    "a wrong answer that is right": ("x * x", "x + x"),
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_a_broken_exercise_is_found(lesson, change):
    assert GOOD.count(change[0]) == 1
    assert misjudged(tried(lesson(GOOD.replace(*change))))


def test_the_ways_of_an_exercise_leave_no_names(lesson):
    text = GOOD + '\n# %%\nassert "double" not in globals() and known == 1\n'
    text = text.replace("return 2 * x", "return 2 * x\nknown = 9")
    assert misjudged(tried(lesson(text))) == []


def test_a_reader_gets_the_solution_folded_with_what_it_printed(lesson):
    notebook = notebooks.read_source(lesson(GOOD))
    notebooks.execute(notebook, "08_toy")
    kinds = [cell.cell_type for cell in notebooks.fold_solutions(notebook).cells]
    assert kinds == ["code", "code", "markdown", "code", "code", "markdown"]
    check, solution = notebook.cells[-2:]
    assert exercises.printed(check).startswith(UNANSWERED)
    assert solution.source.startswith("<details><summary>Solution</summary>\n\n```py")
    assert "It prints\n\n```text\ndoubled: 4\n```" in solution.source
    assert solution.source.endswith("Because it is *twice*.\n\n</details>")
    unexecuted = notebooks.fold_solutions(notebooks.read_source(lesson(GOOD)))
    assert [x.id for x in unexecuted.cells] == [x.id for x in notebook.cells]
    assert exercises.without_outputs(solution.source) == unexecuted.cells[-1].source
    assert "x * x" not in str(notebook)
    assert outdated(tried(lesson(GOOD)), notebook) == []
    changed = lesson(GOOD.replace("double(2)", "double(4)"))
    assert outdated(tried(changed), notebook) == ["doubled: 8"]


@pytest.mark.parametrize("name", LESSONS)
def test_exercises_are_whole(name):
    found = exercises_of(source_of(name))
    assert len(found) >= 3
    for exercise in found:
        (answer,), (check,) = exercise.answer, exercise.check
        assert all(line.startswith("#") for line in answer.source.splitlines())
        assert CHECKED_NAMES.search(check.source)
        assert exercise.solution
        assert exercise.wrong
        assert all(len(cell.metadata["says"]) > 10 for cell in exercise.wrong)


@pytest.mark.parametrize("name", LESSONS)
def test_a_task_names_what_its_answer_defines(name):
    parts = exercises.parts_of_source(source_of(name))
    asked = [i for i, part in enumerate(parts) if isinstance(part, exercises.Exercise)]
    for i in asked:
        names = CHECKED_NAMES.search(parts[i].check[0].source).group(1)
        for defined in re.findall(r'"(\w+)"', names):
            assert re.search(rf"`{defined}\b", parts[i - 1].source), defined


@pytest.mark.slow
@pytest.mark.parametrize("name", LESSONS)
def test_every_check_answers_rightly(name):
    notebook = tried(source_of(name))
    assert misjudged(notebook) == []
    path = notebooks.NOTEBOOKS / f"{name}.ipynb"
    assert outdated(notebook, nbformat.read(path, as_version=4)) == []


def unanswered(notebook):
    """The predictions of a notebook that aren't answered as they should be.

    A question offers three or four answers; after a result, a folded answer names each.
    """
    found, waiting, results = [], None, 0
    for cell in notebook.cells:
        if cell.cell_type == "code":
            results += bool(cell.outputs)
        elif "**Predict:**" in cell.source:
            found += [waiting] if waiting else []
            waiting, results = cell.source, 0
            if not 3 <= len(OPTION.findall(cell.source)) <= 4 or "<details" in waiting:
                found.append(waiting)
        elif answer := DETAILS.search(cell.source):
            named = set(re.findall(r"\*\*([A-D])\b", answer.group(1)))
            if not waiting or not results or named != set(OPTION.findall(waiting)):
                found.append(cell.source)
            waiting = None
    return found + ([waiting] if waiting else [])


QUESTION = "**Predict:** how many?\n\n- **A** one\n- **B** two\n- **C** three"
ANSWER = (
    "<details><summary>Answer</summary>\n\n**B** is. **A** no. **C** no.\n</details>"
)


@pytest.mark.parametrize(
    ("texts", "good"),
    [
        ([QUESTION, None, ANSWER], True),
        ([QUESTION, None, ANSWER, QUESTION, None, ANSWER], True),
        ([QUESTION, None], False),
        ([QUESTION, ANSWER], False),
        ([QUESTION, QUESTION, None, ANSWER], False),
        ([f"{QUESTION}\n\n{ANSWER}", None], False),
        ([QUESTION.replace("- **C** three", ""), None, ANSWER], False),
        ([QUESTION, None, ANSWER.replace("**C**", "C")], False),
        ([None, ANSWER], False),
    ],
)
def test_what_counts_as_an_answered_prediction(texts, good):
    shown = [nbformat.v4.new_output("stream", text="2")]
    cells = [
        nbformat.v4.new_markdown_cell(text)
        if text
        else nbformat.v4.new_code_cell("two", outputs=shown)
        for text in texts
    ]
    assert (unanswered(nbformat.v4.new_notebook(cells=cells)) == []) == good


@pytest.mark.parametrize("name", LESSONS)
def test_every_prediction_is_answered_after_its_result(name):
    path = notebooks.NOTEBOOKS / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    assert unanswered(notebook) == []
    assert str(notebook.cells).count("**Predict:**") >= 3


@pytest.mark.parametrize("name", LESSONS)
def test_every_paper_has_its_address(name):
    notebook = notebooks.read_source(source_of(name))
    (papers,) = [x for x in notebook.cells if x.source.startswith("## Papers")]
    entries = re.split(r"^- ", papers.source, flags=re.M)[1:]
    assert len(entries) >= 3
    for entry in entries:
        assert re.search(r"\]\(https://(doi\.org|arxiv\.org)/\S+\)", entry), entry


def unproven(notebook):
    """Cells whose output isn't compared, and has no assertion in the next cells."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [
        cell.source
        for i, cell in enumerate(cells)
        if "nbval-ignore-output" in cell.metadata.get("tags", [])
        and not any("assert " in x.source for x in cells[i : i + 3])
        and not any(call in cell.source for call in MACHINE)
    ]


def test_what_counts_as_proven():
    ignored = code("print(loss)", tags=["nbval-ignore-output"])
    others = [code("alt = 1"), code("assert loss < 1")]
    assert not unproven(nbformat.v4.new_notebook(cells=[ignored, *others]))
    assert unproven(nbformat.v4.new_notebook(cells=[*others, ignored]))
    assert not unproven(nbformat.v4.new_notebook(cells=[code("print(loss)")]))


@pytest.mark.parametrize("name", LESSONS)
def test_what_is_not_compared_is_asserted(name):
    assert unproven(notebooks.read_source(source_of(name))) == []
