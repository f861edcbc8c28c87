"""Try the course where the packages of Colab are: `python -m tools.colab`.

It makes a fresh environment in build/colab with the packages of tools/colab.txt, runs
the first cell of the lessons there with this folder as the address, shows what pip
changed, and executes the lessons. Any Python that the course supports will do; 3 GB of
packages are installed.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import venv

from . import address

ENVIRONMENT = address.ROOT / "build" / "colab"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
PACKAGES = address.ROOT / "tools" / "colab.txt"
_OWN = "sr_utils", "sr-utils"


def main():
    """Make the environment, install, execute; a replaced package is an error."""
    parser = argparse.ArgumentParser(prog="tools.colab", description=__doc__)
    parser.add_argument("lesson", nargs="*", help="default: all")
    lessons = parser.parse_args().lesson
    print(f"Python {platform.python_version()}, {ENVIRONMENT}", flush=True)
    venv.create(ENVIRONMENT, with_pip=True, clear=True)
    _call("-m", "pip", "install", "--quiet", "--requirement", PACKAGES)
    before = installed()
    _call("-c", address.first_cell(None), folder=address.ROOT / "notebooks")
    added, replaced = changes(before, installed())
    print(f"added: {', '.join(added) or 'nothing'}")
    print(f"replaced: {', '.join(replaced) or 'nothing'}", flush=True)
    if replaced:
        sys.exit(
            "Expected floors in pyproject.toml that Colab's packages reach. "
            f"Received: {', '.join(replaced)}"
        )
    _call("-m", "tools.notebooks", "run", *lessons)


def installed():
    """The packages of the environment.

    Returns:
        Dictionary from name to version, both str, without `sr_utils` itself.
    """
    listed = json.loads(
        _call("-m", "pip", "list", "--format=json", stdout=subprocess.PIPE).stdout
    )
    return {x["name"]: x["version"] for x in listed if x["name"] not in _OWN}


def changes(before, after):
    """What pip did between two dictionaries of `installed`.

    Returns:
        Two lists of str: what was added, such as "imagecodecs 2026.3.6", and what was
        replaced or removed, such as "keras 3.13.2 -> 3.15.1".
    """
    added = [f"{name} {after[name]}" for name in after if name not in before]
    replaced = [
        f"{name} {version} -> {after.get(name, 'nothing')}"
        for name, version in before.items()
        if after.get(name) != version
    ]
    return added, replaced


def _call(*arguments, folder=address.ROOT, **options):
    """Run the environment's Python, which sees nothing of ours but its folder."""
    own = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    environment = {key: x for key, x in os.environ.items() if key not in own}
    command = [PYTHON, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, check=True, **options)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:  # it has said why
        sys.exit(error.returncode)
