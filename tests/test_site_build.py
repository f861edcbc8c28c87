"""The pieces of the site's build, each with something wrong that must not pass."""

import json
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest

from tools.site import SITE, SiteError, __main__, links, packages, pages, plane

WHITE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTsBkAAA"
LESSON = [
    "# 9. A name: what is asked?\n\nText.",
    "**What you need:** lesson 1.\n**Time:** an hour to read. A GPU isn't used.",
]


def notebook(*texts, alts=("A white square.",)):
    outputs = [
        nbformat.v4.new_output(
            "display_data",
            {"image/png": WHITE},
            metadata={"image/png": {"alt": alt, "width": 1}},
        )
        for alt in alts
    ]
    cells = [nbformat.v4.new_markdown_cell(text) for text in texts]
    cell = nbformat.v4.new_code_cell("show()", outputs=outputs)
    return nbformat.v4.new_notebook(cells=[*cells, cell])


def test_alt_text_goes_where_sphinx_looks_and_the_notebook_stays():
    stored = notebook(*LESSON)
    before = nbformat.writes(stored)
    page = pages.lesson_page(stored, "09_name")
    assert page.cells[-1].metadata["mystnb"]["image"]["alt"] == "A white square."
    assert nbformat.writes(stored) == before


def test_two_alt_texts_in_a_cell_are_refused():
    with pytest.raises(SiteError, match=r"one picture for each cell.*Received"):
        pages.lesson_page(notebook(*LESSON, alts=("One.", "Two.")), "09_name")


def test_a_divider_follows_the_first_picture():
    page = pages.lesson_page(notebook(*LESSON), "09_name", ["chelsea", "a", "b"])
    assert page.cells[-1].source == (
        "```{comparison} chelsea\n:left: a\n:right: b\n```"
    )
    assert len(pages.lesson_page(notebook(*LESSON), "09_name").cells) == 3


def test_a_known_address_adds_links(monkeypatch):
    monkeypatch.setattr(pages.address, "repository", lambda: None)
    unknown = pages.lesson_page(notebook(*LESSON), "09_name").cells[0].source
    assert "</downloads/09_name.ipynb>" in unknown
    assert "https" not in unknown
    monkeypatch.setattr(pages.address, "repository", lambda: "someone/course")
    known = pages.lesson_page(notebook(*LESSON), "09_name").cells[0].source
    path = f"someone/course/blob/{pages.address.tag()}/notebooks/09_name.ipynb"
    assert f"(https://colab.research.google.com/github/{path})" in known
    assert f"src=https://github.com/{path})" in known


def test_a_card_tells_what_a_lesson_says():
    assert pages.facts(notebook(*LESSON), "09_name") == {
        "title": "9. A name",
        "question": "What is asked?",
        "alt": "A white square.",
        "need": "lesson 1",
        "time": "an hour to read",
    }


@pytest.mark.parametrize("number", [0, 1])
def test_a_lesson_that_does_not_say_is_named(number):
    texts = [text if i != number else "# Text" for i, text in enumerate(LESSON)]
    with pytest.raises(SiteError, match=r"Received: notebooks/09_name\.ipynb"):
        pages.facts(notebook(*texts), "09_name")


def test_assignments_are_listed_where_there_are_any(tmp_path):
    assert pages._assignments(tmp_path) == ""
    folder = tmp_path / "notebooks" / "assignments"
    folder.mkdir(parents=True)
    (folder / "01_name.ipynb").touch()
    text = pages._assignments(tmp_path)
    assert "`01_name.ipynb </notebooks/assignments/01_name.ipynb>`" in text


def test_the_reference_has_every_module():
    names = set(pages.modules())
    files = Path(pages.sr_utils.__path__[0]).rglob("*.py")
    parts = [file.relative_to(SITE.parent).with_suffix("").parts for file in files]
    expected = {".".join(x).removesuffix(".__init__") for x in parts}
    private = {x for x in expected if "._" in x}
    assert names == expected - private - {"sr_utils", "sr_utils.grading.worker"}


def test_the_plane_has_the_methods_of_the_scoreboard(tmp_path):
    found = plane.points()
    assert found["bicubic"] == (28.54, 129.6)
    assert {"nearest", "SRResNet", "SRGAN"} < set(found)
    plane.draw(tmp_path)
    text = (tmp_path / "plane.md").read_text("utf-8")
    assert "SRResNet is closest" in text and "SRGAN looks most like" in text
    assert (tmp_path / "plane.png").read_bytes().startswith(b"\x89PNG")


BROKEN = {
    "a link": '<a href="none.html">x</a>',
    "an anchor": '<a href="other.html#none">x</a>',
    "an anchor here": '<a href="#none">x</a>',
    "a picture": '<img src="none.png" alt="x">',
    "a script": '<script src="../none.js"></script>',
    "a folder": '<a href="..">x</a>',
}


@pytest.mark.parametrize("markup", BROKEN.values(), ids=BROKEN.keys())
def test_what_leads_nowhere_is_found(tmp_path, markup):
    folder = tmp_path / "lessons"
    folder.mkdir()
    (folder / "other.html").write_text('<h2 id="here">x</h2>')
    good = (
        '<a href="other.html#here">x</a><a href="https://example.org">x</a>'
        '<a href="#">x</a><img alt="" src="data:image/png;base64,AA"><p id="p">'
        '<a href="#p">x</a>'
    )
    page = folder / "page.html"
    page.write_text(good)
    assert not links.broken(tmp_path)
    page.write_text(good + markup)
    (line,) = links.broken(tmp_path)
    assert line.startswith(f"{page.relative_to(tmp_path)}: ")


def test_without_npm_one_sentence_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(packages.shutil, "which", lambda _: None)
    with pytest.raises(packages.PackagesError, match=r"Expected npm.*Received: no npm"):
        packages.install(folder=tmp_path / "npm")
    monkeypatch.setattr(packages, "FOLDER", tmp_path / "npm")
    install = packages.install
    monkeypatch.setattr(packages, "install", lambda: install(folder=tmp_path / "npm"))
    __main__._add_divider(tmp_path / "image-compare.js")
    assert "side by side, without a divider" in capsys.readouterr().out
    assert (tmp_path / "image-compare.js").read_text() == ""


def test_what_npm_says_is_passed_on(tmp_path, monkeypatch):
    program = tmp_path / "npm"
    program.write_text("#!/bin/sh\necho npm error code EINTEGRITY >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(packages.shutil, "which", lambda _: str(program))
    with pytest.raises(packages.PackagesError, match=r"Received: .*EINTEGRITY"):
        packages.install(folder=tmp_path / "packages")


@pytest.mark.slow
def test_another_file_than_the_locked_one_is_refused(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(SITE / name, source)
    try:
        installed = packages.install(source, tmp_path / "npm")
    except packages.PackagesError as error:
        pytest.skip(str(error))
    assert (installed / "axe-core" / "axe.min.js").exists()
    lock = source / "package-lock.json"
    locked = json.loads(lock.read_text())
    for name, entry in locked["packages"].items():
        if name:
            entry["integrity"] = "sha512-" + 86 * "A" + "=="
    lock.write_text(json.dumps(locked))
    with pytest.raises(packages.PackagesError, match="EINTEGRITY"):
        packages.install(source, tmp_path / "npm")


def test_a_build_without_sphinx_names_its_requirements(tmp_path, monkeypatch):
    monkeypatch.setattr(__main__, "find_spec", lambda _: None)
    with pytest.raises(SiteError, match=r"pip install -r site/requirements\.txt"):
        __main__.build(tmp_path / "site")


WRONG = {
    "page": "[x](missing.md)",
    "heading": "[x](#missing)",
    "picture": "![x](missing.png)",
    "file": "{download}`missing.ipynb`",
    "formula": "$\\missing$",
    "method": "```{comparison} portrait\n:left: bicubic\n:right: missing\n```",
    "photograph": "```{comparison} missing\n:left: bicubic\n:right: bicubic\n```",
}


@pytest.mark.slow
@pytest.mark.skipif(not find_spec("sphinx"), reason="needs site/requirements.txt")
def test_what_is_missing_fails_the_build(tmp_path):
    source, html = tmp_path / "source", tmp_path / "html"
    shutil.copytree(SITE, source, ignore=shutil.ignore_patterns("*.md"))
    texts = WRONG | {"right": "$x_i^2 = \\frac{1}{2}$"}
    for name, text in texts.items():
        (source / f"{name}.md").write_text(f"# Title\n\n{text}\n", encoding="utf-8")
    toctree = "\n".join(["```{toctree}", *texts, "```"])
    (source / "index.md").write_text(f"# Title\n\n{toctree}\n", encoding="utf-8")
    described = {"file": "x.webp", "score": "1 dB"}
    photograph = {"width": 1, "height": 1, "methods": {"bicubic": described}}
    folder = source / "_static" / "comparisons"
    folder.mkdir()
    (folder / "comparisons.json").write_text(json.dumps({"portrait": photograph}))
    code = (
        "import sys; from pathlib import Path; from tools.site import __main__ as x\n"
        "try: x.run_sphinx(*map(Path, sys.argv[1:]))\n"
        "except x.SiteError as error: sys.exit(str(error))"
    )
    line = [sys.executable, "-c", code, str(source), str(html)]
    done = subprocess.run(
        line, cwd=SITE.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Expected a build without warnings" in done.stderr
    named = set(re.findall(r"/source/(\w+)\.md:.*missing", done.stderr))
    assert named == set(WRONG), done.stderr
    page = (html / "right.html").read_text("utf-8")
    assert re.search(r"<math\b.*<mfrac>", page, re.S)
    assert not re.search(r"<script[^>]*(?:mathjax|image-compare)", page, re.I)
