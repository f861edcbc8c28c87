"""Build, execute and publish the notebooks.

`python -m tools.notebooks build` turns `notebooks/src/*.py` into executed notebooks,
the ones that are committed. `python -m tools.notebooks run` executes the committed
notebooks afresh and writes them, with HTML pages and an index, into `build/`.
`python -m tools.notebooks test` runs them with nbval and compares their stored outputs.
`python -m tools.notebooks address` executes nothing: it writes the address of the
course into the committed notebooks, the assignments' sources and the README.
"""

import argparse
import base64
import hashlib
import html
import re
import subprocess
import sys
import time

from sr_utils.cli import process

if __name__ == "__main__":
    process.prepare("Stopped.")  # before the imports that take seconds

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbconvert import HTMLExporter
from tqdm import tqdm

from . import address, exercises
from .formulas import markdown2html

ROOT = address.ROOT
NOTEBOOKS = ROOT / "notebooks"
SOURCES = NOTEBOOKS / "src"
ASSIGNMENTS = NOTEBOOKS / "assignments" / "src"
PICTURES = NOTEBOOKS / "pictures"
README = ROOT / "README.md"
BUILD = ROOT / "build"
TEMPLATES = ROOT / "tools" / "templates"
WIDGET = "application/vnd.jupyter.widget-view+json"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
CELL_TIMEOUT = 600
NBVAL = [
    *("-n", "2", "--dist", "loadfile", "--nbval", "--nbval-current-env"),
    f"--nbval-cell-timeout={CELL_TIMEOUT}",
    f"--nbval-sanitize-with={ROOT / 'tests' / 'nbval_sanitize.cfg'}",
]


class LessonError(Exception):
    """A cell failed or printed to stderr; the message says which and how."""


def read_source(path):
    """The notebook that a py:percent file describes, its solutions still code cells.

    The wrong answers to its exercises are left out.

    Raises:
        LessonError: If its first code cell isn't the place of the one that installs.
    """
    cells = exercises.without_wrong_answers(path)
    notebook = nbformat.v4.new_notebook(
        cells=cells, metadata=nbformat.from_dict({"kernelspec": KERNEL})
    )
    first = _first_code(notebook).source
    if first != address.PLACEHOLDER:
        raise LessonError(
            f"Expected {address.PLACEHOLDER!r} as the first code cell of {path.name}. "
            f"Received: {first!r}"
        )
    return addressed(notebook)


def addressed(notebook):
    """Write the first code cell, from the address of the course; ids fit again."""
    _first_code(notebook).source = address.first_cell(address.repository())
    return with_stable_ids(notebook)


def with_stable_ids(notebook):
    """Give each cell an id that depends on its source only, so rebuilding keeps it."""
    seen = {}
    for cell in notebook.cells:
        text = exercises.without_outputs(cell.source)
        digest = hashlib.sha256(f"{cell.cell_type}\n{text}".encode()).hexdigest()
        repeat = seen[digest] = seen.get(digest, 0) + 1
        cell.id = digest[:12] if repeat == 1 else f"{digest[:12]}-{repeat}"
    return notebook


def fold_solutions(notebook):
    """Turn cells tagged "solution" into folded text, as learners see them."""
    notebook.cells = exercises.folded(notebook.cells)
    return with_stable_ids(notebook)


def execute(notebook, name):
    """Run every cell in a fresh kernel, with a progress bar; the outputs stay inside.

    Raises:
        LessonError: If a cell fails.
    """
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name=KERNEL["name"],
        resources={"metadata": {"path": str(NOTEBOOKS)}},
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
    )
    cells = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    with client.setup_kernel():
        for number, index in enumerate(tqdm(cells, desc=name, unit="cell"), start=1):
            cell = notebook.cells[index]
            try:
                client.execute_cell(cell, index, execution_count=number)
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                raise LessonError(_failure(name, number, cell, error)) from None


def clean(notebook):
    """Drop what differs from run to run: times, widget ids, the kernel's version.

    A picture stays, and no page that holds the picture once more.
    """
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL})
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
            drop_page(output)
    return notebook


def drop_page(output):
    """Leave out the HTML of a picture, such as a divider that can be dragged."""
    data = output.get("data", {})
    if "image/png" in data:
        data.pop("text/html", None)


def renumber(notebook):
    """Number the code cells without the folded solutions, as a reader's run does."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(cells, start=1):
        for part in (cell, *cell.outputs):
            if "execution_count" in part:
                part.execution_count = number
    return notebook


def check_silent(notebook, name):
    """Raise `LessonError` if any cell printed to stderr."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                raise LessonError(f"{name}: stderr from\n{cell.source}\n{output.text}")


def build(names):
    """Execute the sources, with their solutions, and write the committed notebooks."""
    for path in _chosen(SOURCES, "*.py", names):
        notebook = read_source(path)
        execute(notebook, path.stem)
        check_silent(notebook, path.stem)
        notebook = clean(renumber(fold_solutions(notebook)))
        nbformat.write(notebook, NOTEBOOKS / f"{path.stem}.ipynb")
        opening = base64.b64decode(_opening_picture(notebook).data["image/png"])
        (PICTURES / f"{path.stem}.png").write_bytes(opening)
    _write_badges()


def write_address(names):
    """Write the address into notebooks, assignments' sources, README; run nothing."""
    for path in _chosen(NOTEBOOKS, "*.ipynb", names):
        nbformat.write(addressed(nbformat.read(path, as_version=4)), path)
    for path in ASSIGNMENTS.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        text = address.with_first_cell(text, address.repository())
        path.write_text(text, encoding="utf-8")
    _write_badges()


def run(names):
    """Execute the committed notebooks; write them, pages and an index to `build/`.

    At the end it says how long each lesson took, and where the index is, and that of
    the site if it was built.
    """
    BUILD.mkdir(exist_ok=True)
    paths = _chosen(NOTEBOOKS, "*.ipynb", names)
    seconds = {}
    for path in tqdm(paths, desc="lessons", unit="lesson"):
        notebook = nbformat.read(path, as_version=4)
        start = time.perf_counter()
        execute(notebook, path.stem)
        seconds[path.stem] = time.perf_counter() - start
        nbformat.write(clean(notebook), BUILD / path.name)
        (BUILD / f"{path.stem}.html").write_text(_page(notebook), encoding="utf-8")
    index = BUILD / "index.html"
    index.write_text(_index([BUILD / path.name for path in paths]), encoding="utf-8")
    for name, taken in seconds.items():
        print(f"{name}: {taken:.0f} s")
    site = BUILD / "site" / "index.html"  # `make site` writes it
    print(index, *([site] if site.exists() else []), sep="\n")


def compare(names):
    """Run the committed notebooks with nbval, two at a time; exit with its status."""
    paths = [str(path) for path in _chosen(NOTEBOOKS, "*.ipynb", names)]
    sys.exit(subprocess.call([sys.executable, "-m", "pytest", *NBVAL, *paths]))


def main():
    """Read the command line; exit with a message if a lesson fails."""
    parser = argparse.ArgumentParser(prog="tools.notebooks", description=__doc__)
    parser.add_argument("action", choices=_ACTIONS)
    parser.add_argument("lesson", nargs="*", help="default: all")
    arguments = parser.parse_args()
    try:
        with process.stoppable():
            _ACTIONS[arguments.action](arguments.lesson)
    except LessonError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt as stop:
        process.say("\nStopped.", "stderr")
        sys.exit(process.status(stop))


def _chosen(folder, pattern, names):
    paths = sorted(folder.glob(pattern))
    unknown = set(names) - {path.stem for path in paths}
    if unknown:
        raise LessonError(f"Expected lessons of {folder.name}/. Received: {unknown}")
    return [path for path in paths if not names or path.stem in names]


def _first_code(notebook):
    return next(cell for cell in notebook.cells if cell.cell_type == "code")


def _write_badges():
    text = README.read_text(encoding="utf-8")
    text = address.with_badges(text, address.repository())
    README.write_text(text, encoding="utf-8")


def _failure(name, number, cell, error):
    problem = getattr(error, "ename", type(error).__name__)
    reason = re.sub(r"\x1b\[[0-9;]*m", "", getattr(error, "evalue", str(error)))
    code = "\n".join(f"    {line}" for line in cell.source.splitlines())
    return f"notebooks/{name}.ipynb, code cell {number}: {problem}: {reason}\n{code}"


def _title(notebook):
    return notebook.cells[0].source.splitlines()[0].removeprefix("# ")


def _page(notebook):
    exporter = HTMLExporter(
        template_name="lesson",
        extra_template_basedirs=[str(TEMPLATES)],
        filters={"markdown2html": markdown2html},
    )
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    page, _ = exporter.from_notebook_node(
        notebook, {"title": _title(notebook), "style": style}
    )
    return page


def _opening_picture(notebook):
    """The output that holds the first picture of a lesson; README and index show it."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                return output
    raise LessonError(
        f"Expected a picture in every lesson. Received: {_title(notebook)}"
    )


def _index(paths):
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    entries = "\n".join(_index_entry(path) for path in paths)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>Super-resolution, step by step</title><style>{style}</style></head>\n"
        f"<body><main><h1>Super-resolution, step by step</h1>\n{entries}\n"
        "</main></body></html>\n"
    )


def _index_entry(path):
    notebook = nbformat.read(path, as_version=4)
    picture = _opening_picture(notebook)
    question = notebook.cells[0].source.split("\n\n")[1]
    alt = html.escape(picture.metadata["image/png"]["alt"], quote=True)
    return (
        f'<h2><a href="{path.stem}.html">{html.escape(_title(notebook))}</a></h2>\n'
        f"{markdown2html(question)}\n"
        f'<img alt="{alt}" width="{picture.metadata["image/png"]["width"]}" '
        f'src="data:image/png;base64,{picture.data["image/png"]}">'
    )


_ACTIONS = {"build": build, "run": run, "test": compare, "address": write_address}

if __name__ == "__main__":
    main()
