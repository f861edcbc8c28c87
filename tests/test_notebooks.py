"""The committed notebooks: what their sources say, in a form made for readers."""

import re
import statistics
import subprocess
import sys
from xml.etree import ElementTree

import nbformat
import pytest

from tools import exercises, formulas, notebooks

LESSONS = sorted(path.stem for path in notebooks.SOURCES.glob("*.py"))
MACHINE_PATH = re.compile(
    r"(?<![\w.])/(root|tmp|home|work|Users|usr|var|opt|mnt|content)/|[A-Z]:\\\\"
)

WORDS_PER_MINUTE, LINES_PER_MINUTE = 100, 10  # of a reader who thinks along


@pytest.fixture(params=LESSONS)
def name(request):
    return request.param


@pytest.fixture
def lesson(name):
    return nbformat.read(notebooks.NOTEBOOKS / f"{name}.ipynb", as_version=4)


def code_cells(lesson):
    return [cell for cell in lesson.cells if cell.cell_type == "code"]


def outputs(lesson):
    return [output for cell in code_cells(lesson) for output in cell.outputs]


def before_the_exercises(lesson):
    headings = [cell.source.startswith("## Exercises") for cell in lesson.cells]
    return lesson.cells[: headings.index(True)]


def shape_of(lesson):
    return [
        (x.id, x.cell_type, exercises.without_outputs(x.source), x.metadata)
        for x in lesson.cells
    ]


def test_there_is_a_notebook_for_each_source():
    assert LESSONS
    assert sorted(path.stem for path in notebooks.NOTEBOOKS.glob("*.ipynb")) == LESSONS


def test_notebook_and_source_agree(name, lesson):
    source = notebooks.read_source(notebooks.SOURCES / f"{name}.py")
    assert shape_of(notebooks.fold_solutions(source)) == shape_of(lesson)
    nbformat.validate(lesson)


def test_every_cell_has_run_in_order_and_silently(lesson):
    counts = [cell.execution_count for cell in code_cells(lesson)]
    assert counts == list(range(1, len(counts) + 1))
    assert not [o for o in outputs(lesson) if o.output_type == "error"]
    assert not [o for o in outputs(lesson) if o.get("name") == "stderr"]


def test_nothing_of_this_machine_is_stored(name, lesson):
    data = [output.get("data", {}) for output in outputs(lesson)]
    texts = [output.get("text", "") for output in outputs(lesson)]
    texts += [str(d.get("text/html", "")) + str(d.get("text/plain", "")) for d in data]
    assert not [text for text in texts if MACHINE_PATH.search(text)]
    assert not [d for d in data if notebooks.WIDGET in d]
    assert set(lesson.metadata) == {"kernelspec"}


def test_no_lesson_is_too_long(name, lesson):
    assert len(lesson.cells) <= 160
    assert (notebooks.NOTEBOOKS / f"{name}.ipynb").stat().st_size < 3_000_000
    minutes = 0
    for cell in before_the_exercises(lesson):
        if cell.cell_type == "code":
            minutes += len(cell.source.splitlines()) / LINES_PER_MINUTE
        else:
            minutes += len(cell.source.split()) / WORDS_PER_MINUTE
    assert 20 < minutes <= 90


def test_every_picture_has_alt_text(lesson):
    shown = [o for o in outputs(lesson) if "image/png" in o.get("data", {})]
    assert shown
    for output in shown:
        assert len(output.metadata["image/png"]["alt"].split()) > 5


def test_cells_are_short_and_explained(lesson):
    lengths = [len(cell.source.splitlines()) for cell in code_cells(lesson)]
    assert statistics.median(lengths) <= 6
    assert max(lengths) <= 30
    words = [len(c.source.split()) for c in lesson.cells if c.cell_type == "markdown"]
    assert 20 <= statistics.median(words) <= 60


def test_the_first_code_cell_installs_the_package(lesson):
    assert "import sr_utils" in code_cells(lesson)[0].source
    assert "pip" in code_cells(lesson)[0].source


def test_what_differs_by_machine_is_left_out_of_the_comparison(lesson):
    for cell in code_cells(lesson):
        if "runtime.start" in cell.source or "datasets.available" in cell.source:
            assert "nbval-ignore-output" in cell.metadata.tags


@pytest.mark.slow
def test_solutions_run(name):
    source = notebooks.read_source(notebooks.SOURCES / f"{name}.py")
    solutions = [c for c in source.cells if "solution" in c.metadata.get("tags", [])]
    if any("check" in cell.metadata.get("tags", []) for cell in source.cells):
        pytest.skip("test_teaching runs its solutions, and its checks with them")
    assert len(solutions) >= 3
    assert all("assert" in cell.source for cell in solutions)
    notebooks.execute(source, name)


def test_solutions_are_folded():
    cell = nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["solution"]})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("y"), cell])
    kept, folded = notebooks.fold_solutions(notebook).cells
    assert kept.cell_type == "code"
    assert folded.cell_type == "markdown"
    assert folded.source.startswith("<details><summary>Solution</summary>")
    assert "```python\nx = 1\n```" in folded.source


def test_ids_depend_on_the_text_only():
    def ids(*sources):
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        notebook = nbformat.v4.new_notebook(cells=cells)
        return [cell.id for cell in notebooks.with_stable_ids(notebook).cells]

    assert ids("a", "b") == ids("a", "b")
    assert ids("new", "a", "b")[1:] == ids("a", "b")
    assert len(set(ids("a", "a", "a"))) == 3


def run(*sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebooks.execute(notebook, "07_new")
    return notebook


def test_a_failing_cell_is_named():
    with pytest.raises(notebooks.LessonError) as caught:
        run("x = 1", "y = 2\nx / 0")
    message = str(caught.value)
    assert "notebooks/07_new.ipynb, code cell 2: ZeroDivisionError: division" in message
    assert "    x / 0" in message


def test_stderr_fails_the_build():
    notebook = run("import warnings; warnings.warn('old')")
    with pytest.raises(notebooks.LessonError, match="stderr from"):
        notebooks.check_silent(notebook, "07_new")


def test_execution_leaves_no_trace_of_the_run():
    notebook = notebooks.clean(run("import ipywidgets; ipywidgets.IntSlider()"))
    assert notebook.metadata == {"kernelspec": notebooks.KERNEL}
    assert notebook.cells[0].metadata == {}
    assert notebooks.WIDGET not in notebook.cells[0].outputs[0].data


def test_pages_need_no_network(lesson):
    page = notebooks._page(lesson)
    assert not re.findall(r"<(?:script|link)\b[^>]*", page)
    assert not re.findall(r'<img[^>]*src="http', page)
    alts = re.findall(r'<img[^>]*alt="([^"]*)"', page)
    assert len(alts) == page.count("<img")
    assert all(alts)


def mathml(page):
    """The formulas of a page, as trees of elements."""
    found = re.findall(r"<math\b.*?</math>", page, re.DOTALL)
    return [ElementTree.fromstring(formula) for formula in found]


def test_pages_show_formulas_without_a_script():
    cell = nbformat.v4.new_markdown_cell(
        "# A title\n\nInline $\\frac{a}{b_1}$ and `$code$`.\n\n$$\nx^2 < 3\n$$\n\n"
        "<details><summary>Answer</summary>\n\nIt is $\\sqrt{2}$.\n\n</details>\n\n"
        "```bash\necho $HOME $USER\n```"
    )
    page = notebooks._page(nbformat.v4.new_notebook(cells=[cell]))
    fraction, power, root = mathml(page)
    space = "{http://www.w3.org/1998/Math/MathML}"
    assert [x.text for x in fraction.iter(f"{space}mi")] == ["a", "b"]
    assert fraction.find(f".//{space}mfrac/{space}mrow/{space}msub") is not None
    assert power.get("display") == "block"
    assert "".join(power.itertext()) == "x2<3"
    assert root.find(f".//{space}msqrt") is not None
    assert "$code$" in page
    assert "$HOME" in page.replace('<span class="nv">', "")


@pytest.mark.slow
def test_every_formula_becomes_one_of_the_page(lesson):
    texts = [cell.source for cell in lesson.cells if cell.cell_type == "markdown"]
    prose = re.sub(r"```.*?```|`[^`]*`", "", "\n\n".join(texts), flags=re.DOTALL)
    written = re.findall(r"\$\$.+?\$\$|\$[^$]+\$", prose, re.DOTALL)
    drawn = mathml(notebooks._page(lesson))
    assert len(drawn) == len(written)
    assert not [x for x in drawn if re.search(r"[\\$]", "".join(x.itertext()))]


def test_unknown_latex_is_refused():
    with pytest.raises(ValueError, match=r"Received: \\undefined x"):
        formulas.markdown2html("$\\undefined x$")


def test_an_unknown_lesson_is_refused():
    with pytest.raises(notebooks.LessonError, match=r"Received: "):
        notebooks.run(["99_none"])


def nbval(folder, *sources):
    """Run the cells, change what the first one printed, and compare with nbval."""
    notebook = run(*sources)
    notebook.cells[0].outputs[0].text = "something else\n"
    return compared(folder, notebooks.clean(notebook))


def compared(folder, notebook):
    """Compare what a notebook holds with what its cells give, by our settings."""
    (folder / "conftest.py").write_bytes(
        (notebooks.NOTEBOOKS / "conftest.py").read_bytes()
    )
    nbformat.write(notebook, folder / "changed.ipynb")
    command = [sys.executable, "-m", "pytest", "-q", *notebooks.NBVAL, folder]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_nbval_compares_what_is_printed_but_not_stderr(tmp_path):
    assert nbval(tmp_path, "print('a result')").returncode == 1
    log = "import sys; print('a log line', file=sys.stderr)"
    assert nbval(tmp_path, log).returncode == 0


DIVIDER = """
import numpy as np
from sr_utils import widgets
panels = {"left": np.zeros((4, 4, 3)), "right": np.ones((4, 4, 3))}
widgets.divide(panels, alt="Black and white.")
"""


def test_what_can_be_dragged_is_not_stored():
    board = "from IPython.display import HTML; HTML('<table></table>')"
    notebook = run(DIVIDER, board)
    (live,), (table,) = (cell.outputs for cell in notebook.cells)
    assert {"image/png", "text/html", "text/plain"} == set(live.data)
    notebooks.clean(notebook)
    assert {"image/png", "text/plain"} == set(live.data)
    assert table.data["text/html"] == "<table></table>"


@pytest.mark.slow
def test_nbval_compares_a_divider_with_the_stored_picture(tmp_path):
    notebook = notebooks.clean(run(DIVIDER))
    assert "text/html" not in notebook.cells[0].outputs[0].data
    assert compared(tmp_path, notebook).returncode == 0
    notebook.cells[0].source = DIVIDER.replace("Black", "Gray")
    assert compared(tmp_path, notebook).returncode == 1


@pytest.mark.slow
def test_nbval_says_how_long_a_notebook_took(tmp_path):
    slow = nbval(tmp_path, "print(1)", "import time; time.sleep(4)").stdout
    (seconds,) = re.findall(r"^changed: (\d+) s$", slow, re.M)
    assert int(seconds) >= 4


@pytest.mark.slow
def test_a_run_says_how_long_each_lesson_took(tmp_path, monkeypatch, capsys):
    picture = "from sr_utils import pictures; import numpy as np"
    show = "pictures.gallery({'x': np.ones((4, 4, 3))}, alt='a white square')"
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# A title\n\nA *question*."),
            nbformat.v4.new_code_cell(f"{picture}\n{show}"),
        ]
    )
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(notebooks, "BUILD", tmp_path / "build")
    nbformat.write(notebook, tmp_path / "01_short.ipynb")
    notebooks.run([])
    *_, told, index = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"01_short: \d+ s", told)
    assert index == str(tmp_path / "build" / "index.html")
    assert "A <em>question</em>." in (tmp_path / "build" / "index.html").read_text()
    site = tmp_path / "build" / "site" / "index.html"
    site.parent.mkdir()
    site.touch()
    notebooks.run([])
    assert capsys.readouterr().out.splitlines()[-2:] == [index, str(site)]
