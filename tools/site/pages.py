"""Lay out what Sphinx reads: notebooks with alt text, documents, the reference.

The layout is that of the repository, so that links between files lead to pages.
"""

import pkgutil
import re
import shutil

import nbformat

import sr_utils
from tools import address
from tools.notebooks import NOTEBOOKS, PICTURES
from tools.site import ROOT, SITE, SiteError

_DOCUMENTS = ("README.md", "data/README.md", "docs/*.md", "notebooks/assignments/*.md")
_FILES = ("LICENSE", "data/checkpoints/*.json", "notebooks/assignments/*.ipynb")
_SANDBOXED = "sr_utils.grading.worker"
_NOT_PAGES = shutil.ignore_patterns(
    "__pycache__", "requirements.txt", "package*.json", ".npmrc", "comparisons.json"
)
_FACTS = re.compile(
    r"\*\*What you need:\*\* (?P<need>.+?)\.? \*\*Time:\*\* (?P<time>.+?)(?:\. |\.$)"
)
_CARD = """\
<section class="lesson-card">

### [{title}](/notebooks/{name}.ipynb)

*{question}*

[![{alt}](/notebooks/pictures/{name}.png)](/notebooks/{name}.ipynb)

**You need:** {need}. **Time:** {time}.

</section>
"""
_TRY = """\
Is there a photograph of yours that is too small?
[Enlarge it in your browser](/upscale.md). It doesn't leave your machine.
"""


def stage(folder, dividers):
    """Write the sources of all pages.

    Args:
        folder: A new folder.
        dividers: Name of a lesson to `(photograph, left, right)`: a divider that the
            page shows beneath the lesson's first picture.
    """
    shutil.copytree(SITE, folder, ignore=_NOT_PAGES)
    for pattern in (*_DOCUMENTS, *_FILES):
        for path in ROOT.glob(pattern):
            _copy(path, folder / path.relative_to(ROOT))
    lessons = {
        path.stem: nbformat.read(path, as_version=4)
        for path in sorted(NOTEBOOKS.glob("*.ipynb"))
    }
    shutil.copytree(PICTURES, folder / "notebooks" / "pictures")
    for name, notebook in lessons.items():
        page = lesson_page(notebook, name, dividers.get(name))
        nbformat.write(page, folder / "notebooks" / f"{name}.ipynb")
        _copy(NOTEBOOKS / f"{name}.ipynb", folder / "downloads" / f"{name}.ipynb")
    _write(folder / "parts" / "lessons.md", _cards(lessons))
    _write(folder / "parts" / "assignments.md", _assignments(folder))
    _write_reference(folder / "reference")


def write_contents(folder):
    """Write what depends on which pages there are: the sidebar, and what to try."""
    _write(folder / "parts" / "contents.md", _contents(folder))
    _write(folder / "parts" / "try.md", _TRY if _has_upscaler(folder) else "")


def lesson_page(notebook, name, divider=None):
    """A copy of a lesson for Sphinx: alt text, links to the notebook, a divider.

    Args:
        notebook: As committed.
        name: Of its file, without suffix.
        divider: `(photograph, left, right)` or `None`.

    Raises:
        SiteError: If a cell has pictures of different alt text, which myst-nb can't
            tell apart.
    """
    cells = [_with_alt_text(cell, name) for cell in notebook.cells]
    title, _, rest = cells[0].source.partition("\n")
    cells[0].source = f"{title}\n\n{_links(name)}\n\n{rest}"
    if divider:
        first = next(i for i, cell in enumerate(cells) if _alt_texts(cell))
        cells.insert(first + 1, nbformat.v4.new_markdown_cell(_divider(*divider)))
    return nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)


def facts(notebook, name):
    """Title, question, alt text of the first picture, what it needs, how long it takes.

    Raises:
        SiteError: If the lesson doesn't say.
    """
    heading, _, question = notebook.cells[0].source.splitlines()[0][2:].partition(": ")
    text = " ".join(" ".join(cell.source for cell in notebook.cells).split())
    found = _FACTS.search(text)
    if not (question and found):
        raise SiteError(
            "Expected `# N. Name: question?`, **What you need:** and **Time:** in a "
            f"lesson. Received: notebooks/{name}.ipynb"
        )
    alt = next(x for cell in notebook.cells for x in _alt_texts(cell))
    question = question[0].upper() + question[1:]
    return {"title": heading, "question": question, "alt": alt, **found.groupdict()}


def modules():
    """Names of the public modules of the package, sorted.

    Left out is what only the sandbox of grading can import.
    """
    found = pkgutil.walk_packages(sr_utils.__path__, "sr_utils.")
    names = [module.name for module in found]
    return sorted(name for name in names if "._" not in name and name != _SANDBOXED)


def _with_alt_text(cell, name):
    """Copy alt text to where myst-nb looks for it."""
    cell = nbformat.from_dict(cell)
    texts = set(_alt_texts(cell))
    if len(texts) > 1:
        raise SiteError(
            "Expected one picture for each cell. "
            f"Received: notebooks/{name}.ipynb with\n{cell.source}"
        )
    if texts:
        cell.metadata["mystnb"] = {"image": {"alt": texts.pop()}}
    return cell


def _alt_texts(cell):
    return [
        output.metadata["image/png"]["alt"]
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]


def _links(name):
    """The notebook to download, and to run elsewhere once the course has an address."""
    links = [f"{{download}}`Download the notebook </downloads/{name}.ipynb>`"]
    found = address.launchers(address.repository(), f"notebooks/{name}.ipynb")
    links += [f"[{text}]({link})" for text, _, link in found]
    return '<div class="lesson-links">\n\n' + "\n".join(links) + "\n\n</div>"


def _divider(photograph, left, right):
    return f"```{{comparison}} {photograph}\n:left: {left}\n:right: {right}\n```"


def _cards(lessons):
    return "\n".join(
        _CARD.format(name=name, **facts(notebook, name))
        for name, notebook in lessons.items()
    )


def _assignments(folder):
    """What students receive, to download."""
    found = sorted((folder / "notebooks" / "assignments").glob("*.ipynb"))
    links = [
        f"- {{download}}`{x.name} </{x.relative_to(folder).as_posix()}>`" for x in found
    ]
    return "\n".join(["## Assignments", "", *links]) if links else ""


def _contents(folder):
    """The tables of contents that the sidebar shows."""
    lessons = sorted((folder / "notebooks").glob("*.ipynb"))
    documents = [
        f"/{path.relative_to(folder).with_suffix('').as_posix()}"
        for name in ("notebooks/assignments", "data", "docs")
        for path in sorted((folder / name).glob("*.md"))
    ]
    groups = {
        "Lessons": [f"{_title(x)} </notebooks/{x.stem}>" for x in lessons],
        "Try it": ["/compare", *(["/upscale"] if _has_upscaler(folder) else [])],
        "More": ["/teachers", *documents, "/reference/index"],
    }
    return "\n\n".join(
        f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n"
        + "\n".join(entries)
        + "\n```"
        for caption, entries in groups.items()
    )


def _title(path):
    """The title of a lesson without its question."""
    notebook = nbformat.read(path, as_version=4)
    return notebook.cells[0].source.splitlines()[0][2:].partition(":")[0]


def _has_upscaler(folder):
    return (folder / "upscale.md").exists()


def _write_reference(folder):
    names = modules()
    for name in names:
        _write(
            folder / f"{name}.md",
            f"# {name.removeprefix('sr_utils.')}\n\n"
            f"```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n```",
        )
    entries = "\n".join(f"{x.removeprefix('sr_utils.')} <{x}>" for x in names)
    _write(
        folder / "index.md",
        "# The package `sr_utils`\n\n```{eval-rst}\n.. automodule:: sr_utils\n```\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n\n{entries}\n```",
    )


def _copy(path, copy):
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, copy)


def _write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{text}\n", encoding="utf-8")
