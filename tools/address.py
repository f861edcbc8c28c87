"""The address of the course, which stands in pyproject.toml and nowhere else.

From it the build writes the first code cell of every lesson and the badges of the
README. It imports nothing that has to be installed.
"""

import re
import tomllib
from pathlib import Path

import sr_utils

ROOT = Path(__file__).parents[1]
PLACEHOLDER = "# The build writes this cell: tools/address.py."
_GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(\.git)?/?")
_CELL = """\
try:
    import sr_utils  # noqa: F401
except ModuleNotFoundError:  # on Kaggle, switch the internet on first
    import subprocess
    import sys

    {source}
    install = [sys.executable, "-m", "pip", "install", "--quiet", source]
    subprocess.run(install, check=True)"""
_FOLDER = """\
source = "{above}"
    print("The course has no address yet; installing it from the folder above.")"""
_ASSIGNMENT_CELL = re.compile(
    r"(?<=^# %%\n)try:\n    import sr_utils.*?(?=\n\n# %%)", re.M | re.S
)
_LESSON = re.compile(
    r"^(\| \d+ \| \[.*?\]\((notebooks/\d+_\w+\.ipynb)\)[^|]*?)(<br>[^|]*)?( \|)", re.M
)
_BINDER = "notebooks/01_interpolation.ipynb"  # what fits into its 1 GB of memory


def repository(project=None):
    """OWNER/NAME of the course on GitHub, or `None` while it has no address.

    Args:
        project: The table `[project]` of a pyproject.toml; by default of ours.

    Raises:
        ValueError: If the address isn't one of GitHub, from where alone Colab and
            Kaggle open notebooks.
    """
    if project is None:
        text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        project = tomllib.loads(text)["project"]
    address = project.get("urls", {}).get("Repository")
    found = _GITHUB.fullmatch(address or "")
    if address and not found:
        raise ValueError(
            "Expected https://github.com/OWNER/NAME as Repository in [project.urls]. "
            f"Received: {address}"
        )
    return found and found[1]


def tag():
    """The tag of the version that first cells install and badges open."""
    return f"v{sr_utils.__version__}"


def first_cell(name, above=".."):
    """The code that installs `sr_utils` where it can't be imported.

    Args:
        name: What `repository` returns. `None`: it installs a folder above, and says
            so.
        above: Path from the notebook to that folder.
    """
    where = f'source = "git+https://github.com/{name}@{tag()}"'
    return _CELL.format(source=where if name else _FOLDER.format(above=above))


def with_first_cell(source, name):
    """The source of an assignment with its first cell written anew.

    Args:
        source: str, py:percent.
        name: What `repository` returns.
    """
    cell = first_cell(name, above="../..")
    return _ASSIGNMENT_CELL.sub(lambda _: cell, source, count=1)


def with_badges(readme, name):
    """The README with badges for each lesson of its table.

    Args:
        readme: str. Badges it has already are replaced.
        name: What `repository` returns. `None`: there are no badges.
    """

    def row(match):
        return match[1] + _badges(name, match[2]) + match[4]

    return _LESSON.sub(row, readme)


def launchers(name, path):
    """Where a notebook runs in a browser, with nothing to install.

    Args:
        name: What `repository` returns. `None`: nowhere.
        path: Of the notebook in the repository, str.

    Returns:
        List of `(text, picture of the badge, link)`.
    """
    if not name:
        return []
    source = f"{name}/blob/{tag()}/{path}"
    found = [
        (
            "Open in Colab",
            "https://colab.research.google.com/assets/colab-badge.svg",
            f"https://colab.research.google.com/github/{source}",
        ),
        (
            "Open in Kaggle, and switch the internet on",
            "https://kaggle.com/static/images/open-in-kaggle.svg",
            f"https://kaggle.com/kernels/welcome?src=https://github.com/{source}",
        ),
    ]
    if path == _BINDER:
        link = f"https://mybinder.org/v2/gh/{name}/{tag()}?labpath={path}"
        found.append(("Run on Binder", "https://mybinder.org/badge_logo.svg", link))
    return found


def _badges(name, path):
    """A line break and the badges of a lesson, in Markdown."""
    badges = [
        f'[![{text}]({picture})]({link} "{text}")'
        for text, picture, link in launchers(name, path)
    ]
    return "<br>" + " ".join(badges) if badges else ""
