"""The address of the course: from one place into first cells and badges."""

import os
import re
import subprocess
import sys

import pytest

import sr_utils
from tools import address, colab, notebooks

MADE_UP = "somebody/some-course"


def project(url):
    return {"urls": {"Repository": url}}


@pytest.mark.parametrize("end", ["", "/", ".git"])
def test_the_address_stands_in_pyproject(end):
    found = address.repository(project(f"https://github.com/{MADE_UP}{end}"))
    assert found == MADE_UP
    assert address.repository({}) is None


@pytest.mark.parametrize(
    "url", ["https://gitlab.com/a/b", "github.com/a/b", "https://github.com/a", "x"]
)
def test_colab_opens_notebooks_from_github_only(url):
    with pytest.raises(ValueError, match=rf"^Expected https.*Received: {url}$"):
        address.repository(project(url))


def run(cell, folder, hidden=True):
    """Run a first cell where pip only prints, `sr_utils` hidden or not."""
    pip = folder / "pip"
    pip.mkdir()
    (pip / "__init__.py").touch()
    (pip / "__main__.py").write_text("import sys; print(sys.argv[1:])")
    code = "import sys; sys.modules['sr_utils'] = None\n" if hidden else ""
    loaded = "\nprint('tensorflow' in sys.modules, 'keras' in sys.modules)"
    paths = [str(folder), *([] if hidden else [str(address.ROOT)])]
    return subprocess.run(
        [sys.executable, "-c", f"{code}{cell}\nimport sys{loaded}"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()


def test_the_first_cell_installs_the_tag_before_tensorflow_is_imported(tmp_path):
    source = f"git+https://github.com/{MADE_UP}@v{sr_utils.__version__}"
    installed, loaded = run(address.first_cell(MADE_UP), tmp_path)
    assert installed == f"['install', '--quiet', '{source}']"
    assert loaded == "False False"


def test_without_an_address_the_first_cell_installs_the_folder_above(tmp_path):
    lines = run(address.first_cell(None), tmp_path)
    said = "The course has no address yet; installing it from the folder above."
    assert sorted(lines) == sorted(
        [said, "['install', '--quiet', '..']", "False False"]
    )


@pytest.mark.parametrize("name", [MADE_UP, None])
def test_the_first_cell_does_nothing_where_the_package_is(tmp_path, name):
    assert run(address.first_cell(name), tmp_path, hidden=False) == ["False False"]


def test_badges_open_each_lesson_at_the_tag():
    readme = notebooks.README.read_text(encoding="utf-8")
    badged = address.with_badges(readme, MADE_UP)
    rows = [x for x in badged.splitlines() if re.match(r"\| \d+ \| \[", x)]
    paths = sorted(notebooks.NOTEBOOKS.glob("*.ipynb"))
    assert len(rows) == len(paths)
    for row, path in zip(rows, paths, strict=True):
        place = f"{MADE_UP}/blob/v{sr_utils.__version__}/notebooks/{path.name}"
        assert f"(https://colab.research.google.com/github/{place} " in row
        assert f"welcome?src=https://github.com/{place} " in row
        assert "switch the internet on" in row
        assert row.count("|") == 5
        assert ("mybinder.org/v2/gh/" in row) == path.name.startswith("01")


def test_badges_are_replaced_and_taken_away():
    readme = notebooks.README.read_text(encoding="utf-8")
    badged = address.with_badges(readme, MADE_UP)
    moved = address.with_badges(badged, "other/place")
    assert moved == address.with_badges(readme, "other/place")
    assert MADE_UP not in moved
    plain = address.with_badges(moved, None)
    assert ".svg" not in plain
    assert address.with_badges(plain, MADE_UP) == badged


def test_the_readme_has_the_badges_of_the_address():
    readme = notebooks.README.read_text(encoding="utf-8")
    assert address.with_badges(readme, address.repository()) == readme
    assert ("has no address" in readme) == (address.repository() is None)


def test_an_address_is_written_without_running_anything(tmp_path, monkeypatch):
    for path in notebooks.NOTEBOOKS.glob("01*.ipynb"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "README.md").write_bytes(notebooks.README.read_bytes())
    before = (tmp_path / "01_interpolation.ipynb").read_text(encoding="utf-8")
    (source,) = notebooks.ASSIGNMENTS.glob("a1*.py")
    assignment = tmp_path / source.name
    assignment.write_bytes(source.read_bytes())
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(notebooks, "ASSIGNMENTS", tmp_path)
    monkeypatch.setattr(notebooks, "README", tmp_path / "README.md")
    monkeypatch.setattr(address, "repository", lambda: MADE_UP)
    notebooks.write_address([])
    assert f"git+https://github.com/{MADE_UP}@" in assignment.read_text()
    assert MADE_UP in (tmp_path / "README.md").read_text(encoding="utf-8")
    after = (tmp_path / "01_interpolation.ipynb").read_text(encoding="utf-8")
    assert f"git+https://github.com/{MADE_UP}@" in after
    monkeypatch.setattr(address, "repository", lambda: None)
    notebooks.write_address([])
    assert (tmp_path / "01_interpolation.ipynb").read_text(encoding="utf-8") == before
    assert assignment.read_bytes() == source.read_bytes()


def test_assignments_install_what_lessons_install():
    name = address.repository()
    for path in notebooks.ASSIGNMENTS.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert address.first_cell(name, above="../..") in source
        assert address.with_first_cell(source, name) == source


def test_nobody_writes_the_first_cell_of_a_source(tmp_path):
    source = tmp_path / "09_new.py"
    source.write_text("# %% [markdown]\n# # Title\n\n# %%\nimport sr_utils\n")
    with pytest.raises(notebooks.LessonError, match=r"09_new.py. Received: 'import sr"):
        notebooks.read_source(source)


def test_what_pip_replaces_and_adds_is_told_apart():
    before = {"keras": "3.13.2", "numpy": "2.1.3", "gone": "1"}
    after = {"keras": "3.15.1", "numpy": "2.1.3", "imagecodecs": "2026.3.6"}
    added, replaced = colab.changes(before, after)
    assert added == ["imagecodecs 2026.3.6"]
    assert replaced == ["keras 3.13.2 -> 3.15.1", "gone 1 -> nothing"]
