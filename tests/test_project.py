"""The files around the code say the same thing and do what the README promises."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from shutil import which

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import sr_utils
from sr_utils import datasets, models, tiling, vgg
from sr_utils.resize import resize
from sr_utils.scoreboard import Scoreboard

ROOT = Path(__file__).parents[1]
KERNELS = ["nearest", "bilinear", "bicubic", "lanczos3"]
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


def test_what_the_site_needs_is_pinned_exactly():
    lines = [x for x in read("site/requirements.txt").splitlines() if "==" in x]
    assert {"sphinx", "myst-nb", "sphinx-book-theme"} <= set(pins(lines))
    assert all(version.startswith("==") for version in pins(lines).values())
    assert not set(pins(lines)) & set(pins(requirement_lines()))
    locked = json.loads(read("site/package-lock.json"))["packages"]
    wanted = json.loads(read("site/package.json"))
    for name, version in (wanted["dependencies"] | wanted["devDependencies"]).items():
        assert locked[f"node_modules/{name}"]["version"] == version
    found = [entry for name, entry in locked.items() if name]
    assert all(entry["integrity"].startswith("sha512-") for entry in found)
    assert not any("resolved" in entry for entry in found)


@pytest.mark.slow
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


def test_binder_installs_the_same_pins_without_cuda():
    binder = pins(
        line for line in read(".binder/requirements.txt").splitlines() if line[0] != "#"
    )
    pinned = pins(requirement_lines())
    pinned["tensorflow-cpu"] = pinned["tensorflow"]
    assert binder.items() <= pinned.items()
    assert "tensorflow" not in binder
    assert "--no-deps ." in read(".binder/postBuild")


def test_the_package_asks_for_nothing_that_colab_has_to_replace():
    lines = read("tools/colab.txt").splitlines()
    colab = [Requirement(line) for line in lines if not line.startswith("#")]
    versions = {canonicalize_name(x.name): str(x.specifier)[2:] for x in colab}
    project = tomllib.loads(read("pyproject.toml"))["project"]
    needed = {x.name: x for x in map(Requirement, project["dependencies"])}
    new = set(needed) - set(versions)
    assert new == {"ai-edge-litert", "imagecodecs", "isal"}
    for name in set(needed) - new:
        assert needed[name].specifier.contains(versions[name]), name


def test_the_package_asks_for_nothing_that_is_not_pinned():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    pinned = pins(requirement_lines())
    for requirement in map(Requirement, project["dependencies"]):
        version = pinned[requirement.name].removeprefix("==")
        assert requirement.specifier.contains(version), requirement


@pytest.mark.skipif(not which("make"), reason="needs make")
def test_every_command_of_the_readme_is_a_target():
    promised = set(re.findall(r"`make ([a-z]+)", read("README.md")))
    promised |= set(re.findall(r"`make ([a-z]+)", read("CONTRIBUTING.md")))
    assert len(promised) >= 7
    for target in promised:
        line = ["make", "--dry-run", target]
        subprocess.run(line, cwd=ROOT, capture_output=True, check=True)


@pytest.mark.skipif(not which("make"), reason="needs make")
def test_make_test_runs_tests_and_notebooks():
    line = ["make", "--dry-run", "test"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, check=True, text=True)
    assert "-m pytest -n 2" in done.stdout
    assert "-m tools.notebooks test" in done.stdout


def ci_calls(folder, *programs):
    """What `.ci/run` calls in a checkout inside a folder, where only `programs` are."""
    calls, place = folder / "calls", folder / "bin"
    script = folder / "checkout" / ".ci" / "run"
    script.parent.mkdir(parents=True)
    script.write_text(read(".ci/run"))
    place.mkdir()
    for name in ("bash", "dirname", "id"):
        (place / name).symlink_to(which(name))
    for name in ("make", "apt-get", "sudo", *programs):
        noted = f'"{name} $* $SR_DATA_DIR $SR_VGG19_WEIGHTS"'
        (place / name).write_text(f"#!/bin/sh\necho {noted} >> {calls}\n")
        (place / name).chmod(0o755)
    subprocess.run([place / "bash", script], env={"PATH": str(place)}, check=True)
    return [x.removeprefix("sudo ").split() for x in calls.read_text().splitlines()]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a Unix shell")
def test_ci_installs_what_is_missing(tmp_path):
    assert ci_calls(tmp_path / "all", "chromium", "bwrap") == [["make", "test"]]
    *installed, last = ci_calls(tmp_path / "none", "google-chrome")
    assert [x[:2] + x[-1:] for x in installed] == [
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "bubblewrap"],
    ]
    assert last == ["make", "test"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a Unix shell")
def test_ci_uses_the_images_and_weights_beside_the_checkout(tmp_path):
    shared = tmp_path / "shared"
    (shared / "data").mkdir(parents=True)
    (shared / "weights").mkdir()
    weights = shared / "weights" / "vgg19_normalised_block1_to_block3conv1.npz"
    weights.touch()
    (called,) = ci_calls(tmp_path, "chromium", "bwrap")
    assert called == ["make", "test", str(shared / "data"), str(weights)]


@pytest.mark.parametrize(
    "name",
    [
        *("README.md", "CONTRIBUTING.md", "data/README.md", "LICENSE"),
        "notebooks/assignments/README.md",
    ],
)
def test_links_lead_to_files(name):
    links = re.findall(r"\]\(((?!http)[^)#]+)\)", read(name))
    for link in links:
        assert ((ROOT / name).parent / link).exists(), link


def measured(sets, layers=()):
    """A scoreboard of the methods in README's table."""
    board = Scoreboard(sets, 4, layers)
    for method in KERNELS:
        board.add(method, lambda small, method=method: resize(small, 4, method))
    board.add("back-projection", tiling.back_projection(4))
    for method, name in CHECKPOINTS.items():
        board.add(method, models.upscaler(models.load_checkpoint(name)))
    return board


def readme_row(method):
    """The cells of a method in README's table, without its name."""
    pattern = rf"^\| {re.escape(method)} \|(.*)\|$"
    (row,) = re.findall(pattern, read("README.md"), re.M)
    return [cell.strip() for cell in row.split("|")]


@pytest.mark.slow
def test_the_readme_scores_are_measured(capsys):
    sets = {"held-out": datasets.held_out()} | datasets.available("Set5", "Set14")
    board = measured(sets)
    for method, *scores in board._cells()[1:]:
        assert readme_row(method)[: len(scores)] == scores


@pytest.mark.slow
@pytest.mark.skipif(
    not os.environ.get(vgg.WEIGHTS_VARIABLE), reason="needs ImageNet weights"
)
def test_the_readme_distances_are_measured():
    layers = ["block3_conv1", "block2_conv2"]
    board = measured({"held-out": datasets.held_out()}, layers)
    for method in board.scores:
        printed = map(float, readme_row(method)[-2:])
        for layer, value in zip(layers, printed, strict=True):
            found = board.perception(method, "held-out", layer).frechet
            assert abs(value - found) < 0.1, (method, layer, found)


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
        pixel, feature, srgan = (card["scores"][name]["psnr"] for card in cards)
        assert pixel > feature > srgan
        feature, srgan = (
            card["perception"]["scores"][name]["frechet"] for card in cards[1:]
        )
        assert feature > 1.1 * srgan


def test_checkpoints_fit_into_the_repository():
    sizes = [x.stat().st_size for x in (ROOT / "data" / "checkpoints").glob("*.keras")]
    *others, largest = sorted(sizes)
    assert largest <= 8e6
    assert 0 < max(others) <= 4e6
    assert sum(sizes) <= 32e6


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


def test_the_citation_names_the_version():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert {"cff-version", "title", "authors", "message"} <= set(citation)
    assert citation["version"] == sr_utils.__version__
    assert f"## {sr_utils.__version__}" in read("CHANGELOG.md")


def test_workflows_are_valid():
    assert "schedule" in yaml.safe_load(read(".github/workflows/newest.yml"))[True]
    for name in ("test.yml", "newest.yml", "colab.yml", "site.yml"):
        jobs = yaml.safe_load(read(f".github/workflows/{name}"))["jobs"]
        assert all(job["steps"] for job in jobs.values())
