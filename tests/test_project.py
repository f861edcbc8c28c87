"""The files around the code say the same thing and do what the README promises."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from sr_utils import datasets, models, vgg
from sr_utils.judge import Judge
from sr_utils.resize import resize
from sr_utils.scoreboard import Scoreboard

ROOT = Path(__file__).parents[1]
METHODS = ["nearest", "bilinear", "bicubic", "lanczos3"]
CHECKPOINTS = {
    "SRResNet": "srresnet_x4",
    "SRResNet, feature loss": "srresnet_x4_vgg",
    "SRGAN": "srgan_x4",
}


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def pins(lines):
    """Name to version specifier of requirement lines, options left out."""
    parsed = [Requirement(line) for line in lines if not line.startswith("-")]
    return {requirement.name: str(requirement.specifier) for requirement in parsed}


def requirement_lines():
    lines = [
        line.split("#")[0].strip() for line in read("requirements.txt").splitlines()
    ]
    return [line for line in lines if line]


def test_every_requirement_is_pinned_exactly():
    assert all(
        version.startswith("==") for version in pins(requirement_lines()).values()
    )
    assert "-e ." in requirement_lines()


def test_tensorflow_hub_can_be_imported():
    # It needs pkg_resources, which setuptools 81 removed, and a matching tf_keras.
    code = "import tensorflow_hub; print(tensorflow_hub.__version__)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    pinned = pins(requirement_lines())
    assert done.stdout.strip() == pinned["tensorflow-hub"].removeprefix("==")
    assert int(pinned["setuptools"].removeprefix("==").split(".")[0]) < 81


def test_conda_installs_the_same_pins():
    environment = yaml.safe_load(read("environment.yml"))
    conda, pip = (
        environment["dependencies"][:-1],
        environment["dependencies"][-1]["pip"],
    )
    assert conda[0] == "python=3.11"
    assert "-r requirements.txt" in pip
    extra = pins(pip)
    assert set(extra) == {"tensorflow"}
    assert extra.items() <= pins(requirement_lines()).items()
    assert Requirement(pip[-1]).extras == {"and-cuda"}


def test_the_package_asks_for_nothing_that_is_not_pinned():
    project = read("pyproject.toml")
    listed = re.search(r"dependencies = \[\n(.*?)\n\]", project, re.DOTALL)[1]
    needed = [Requirement(line.split('"')[1]) for line in listed.splitlines()]
    pinned = pins(requirement_lines())
    for requirement in needed:
        version = pinned[requirement.name].removeprefix("==")
        assert requirement.specifier.contains(version), requirement


def test_ci_runs_the_test_command_of_the_readme():
    assert "make test" in read(".ci/run")
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    promised = set(re.findall(r"`make ([a-z]+)", read("README.md")))
    assert {"run", "test", "check", "lab", "notebooks", "bench"} <= promised <= targets


def test_the_readme_shows_the_notebook_command_of_make():
    def command(text, start):
        found = text[text.index(start) :].split("sanitize.cfg notebooks")[0]
        return found.replace("\\\n", " ").split()

    promised = command(read("README.md"), "-m pytest -n 2 --dist loadfile")
    assert promised == command(read("Makefile"), "-m pytest -n 2 --dist loadfile")


@pytest.mark.parametrize("name", ["README.md", "data/README.md", "LICENSE"])
def test_links_lead_to_files(name):
    links = re.findall(r"\]\(((?!http)[^)#]+)\)", read(name))
    for link in links:
        assert ((ROOT / name).parent / link).exists(), link


def test_the_readme_scores_are_measured(monkeypatch):
    sets = {"held-out": datasets.held_out()}
    monkeypatch.setattr("builtins.print", lambda *_: None)
    board = Scoreboard(sets | datasets.available("Set5", "Set14"), scale=4)
    for method in METHODS:
        board.add(method, lambda small, method=method: resize(small, 4, method))
    for method, name in CHECKPOINTS.items():
        board.add(method, models.upscaler(models.load_checkpoint(name)))
    for row in board._cells()[1:]:
        assert "| " + " | ".join(row) in read("README.md")


@pytest.mark.skipif(
    not os.environ.get(vgg.WEIGHTS_VARIABLE), reason="needs ImageNet weights"
)
def test_the_readme_distances_are_measured():
    judge = Judge({"held-out": datasets.held_out()}, 4)
    upscalers = {
        method: lambda small, method=method: resize(small, 4, method)
        for method in METHODS
    } | {
        method: models.upscaler(models.load_checkpoint(name))
        for method, name in CHECKPOINTS.items()
    }
    for method, upscale in upscalers.items():
        score = judge.score(upscale, "held-out")
        (row,) = re.findall(rf"^\| {re.escape(method)} \|.*$", read("README.md"), re.M)
        printed = float(row.rstrip(" |").rpartition("| ")[2])
        assert abs(printed - score.frechet) < 0.1, (method, score.frechet)


def test_the_readme_gives_the_score_of_the_paper_and_ours():
    card = json.loads(read("data/checkpoints/srcnn_x3.json"))
    score = card["scores"]["Set5"]["psnr"]
    assert f"`srcnn_x3` has {score:.2f} dB" in " ".join(read("README.md").split())


def test_each_loss_wins_by_its_own_measure():
    cards = [
        json.loads(read(f"data/checkpoints/{name}.json"))
        for name in CHECKPOINTS.values()
    ]
    for name in ("held-out", "Set5", "Set14"):
        pixel, feature, contest = (card["scores"][name]["psnr"] for card in cards)
        assert pixel > feature > contest
        feature, contest = (
            card["perception"]["scores"][name]["frechet"] for card in cards[1:]
        )
        assert feature > 1.1 * contest


def test_checkpoints_fit_into_the_repository():
    sizes = [x.stat().st_size for x in (ROOT / "data" / "checkpoints").glob("*.keras")]
    assert sizes
    assert sum(sizes) <= 20e6


def test_an_unsupported_python_is_refused():
    code = (
        "import sys, runpy; sys.version_info = (3, 14, 0)\n"
        "runpy.run_path('tools/check_python.py')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Expected Python 3.11, 3.12 or 3.13" in done.stderr


def test_citation_and_workflows_are_valid():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert {"cff-version", "title", "authors", "message"} <= set(citation)
    weekly = yaml.safe_load(read(".github/workflows/newest.yml"))
    assert "schedule" in weekly[True]  # YAML reads the key `on` as true
    for name in ("test.yml", "newest.yml"):
        jobs = yaml.safe_load(read(f".github/workflows/{name}"))["jobs"]
        steps = [step.get("run", "") for job in jobs.values() for step in job["steps"]]
        assert any(step.startswith(("make test", "make check")) for step in steps)
