"""The trainer: it learns, and a stopped run ends as one that was never stopped."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pytest
from PIL import Image

from sr_utils import datasets, degradations, models
from sr_utils.losses import LumaSquaredError
from sr_utils.perceptual import PerceptualLoss
from sr_utils.photo_files import atomic
from sr_utils.scoreboard import evaluate
from sr_utils.training import __main__ as command
from sr_utils.training import recipes
from sr_utils.training.recipes import RECIPES, AdversarialRecipe, Recipe, Trapezoid
from sr_utils.training.run import Run

TINY = Recipe(
    models.espcn,
    2,
    ("bundled",),
    steps=12,
    size=8,
    batch=2,
    loss=partial(LumaSquaredError, border=0),
    precision="float32",
    every=4,
)


AVERAGED = replace(
    TINY, average=0.9, fall=6, fall_size=16, copies=(1, 0.5), select="last"
)
ADVERSARIAL = AdversarialRecipe(
    models.srresnet,
    2,
    ("bundled",),
    steps=60,
    size=8,
    batch=2,
    loss=partial(keras.losses.MeanAbsoluteError),
    options={"blocks": 1, "filters": 8},
    select="last",
    precision="float32",
    degrade=degradations.any_order,
    discriminator=models.patch_discriminator,
    filters=4,
    every=4,
)


@pytest.fixture(scope="module")
def small_photographs():
    """Corners of the photographs, so that a run takes seconds."""
    found = datasets.training()
    corners = {name: found[name][:64, :80] for name in ("china", "flower", "grass")}
    strip = {"china": datasets.validation()["china"][:, :64]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "training", lambda: corners)
        patch.setattr(datasets, "validation", lambda: strip)
        patch.setattr(datasets, "held_out", lambda: strip)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory, small_photographs):
    """A run that was never stopped."""
    return run(tmp_path_factory.mktemp("whole"))


def run(folder, recipe=TINY):
    made = Run("tiny", recipe, folder)
    made.finish()
    return made


def weights(made):
    model = made.model
    optimizers = getattr(model, "optimizers", [model.optimizer])
    states = [x for optimizer in optimizers for x in optimizer.variables]
    return [np.array(x) for x in (*model.variables, *states)]


def equal(first, second):
    pairs = zip(weights(first), weights(second), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def stored(made):
    """The weights of the checkpoint that a run wrote."""
    return keras.saving.load_model(made.folder / "tiny.keras").get_weights()


class Killed(BaseException):
    """Stands for the end of the process: nothing in the package catches it."""


def stop_after(steps, folder, recipe=TINY):
    """Start a run in `folder`, or take it up, and kill it after some steps."""
    made = Run("tiny", recipe, folder)
    train, last = made.model.train_on_batch, made.step + steps

    def train_until_killed(*images, **options):
        if made.step == last:
            raise Killed
        return train(*images, **options)

    made.model.train_on_batch = train_until_killed
    with pytest.raises(Killed):
        made.finish()


@pytest.mark.parametrize("moment", [1, 3, 4, 5, 11])
@pytest.mark.slow
def test_a_run_killed_at_any_step_ends_with_the_same_weights(tmp_path, whole, moment):
    stop_after(moment, tmp_path / "parts")
    resumed = run(tmp_path / "parts")
    assert resumed.step == 12
    assert equal(resumed, whole)


@pytest.fixture(scope="module")
def averaged(tmp_path_factory, small_photographs):
    """A run with averaged weights and larger patches at its end, never stopped."""
    return run(tmp_path_factory.mktemp("averaged"), AVERAGED)


@pytest.mark.parametrize("moment", [5, 6, 7, 9])
@pytest.mark.slow
def test_an_averaged_run_killed_at_any_step_ends_with_the_same_file(
    tmp_path, averaged, moment
):
    stop_after(moment, tmp_path, AVERAGED)
    resumed = run(tmp_path, AVERAGED)
    assert equal(resumed, averaged)
    assert all(map(np.array_equal, stored(resumed), stored(averaged)))


@pytest.mark.slow
def test_the_average_is_the_one_of_its_definition(tmp_path, averaged):
    network, seen = averaged.recipe.trainable(), []
    network.set_weights(Run("tiny", AVERAGED, tmp_path).model.get_weights())
    for low, high in itertools.islice(averaged.recipe.batches()(0), 12):
        network.train_on_batch(low, high)
        seen.append(network.get_weights())
    mean = seen[0]
    for weights_then in seen[1:]:
        mean = [0.9 * m + 0.1 * w for m, w in zip(mean, weights_then, strict=True)]
    pairs = list(zip(stored(averaged), mean, seen[-1], strict=True))
    assert all(np.allclose(a, b, atol=1e-6) for a, b, _ in pairs)
    assert not all(np.allclose(a, c, atol=1e-6) for a, _, c in pairs)


def test_patches_grow_where_the_learning_rate_falls(averaged):
    recipe = averaged.recipe
    shapes = [low.shape[:2] for low, _ in itertools.islice(recipe.batches()(4), 4)]
    assert shapes == [(2, 8), (2, 8), (1, 16), (1, 16)]


def test_the_learning_rate_rises_stays_and_falls_along_lines():
    rate = Trapezoid(1e-3, rise=4, fall=8, steps=12)
    rates = [float(rate(step)) for step in (0, 1, 3, 7, 8, 10, 12)]
    assert np.allclose(rates, np.array([1, 2, 4, 4, 4, 2, 0]) / 4e3, rtol=1e-6)
    again = Trapezoid.from_config(rate.get_config())
    assert float(again(10)) == rates[5]


class StoppedBeforeTheNetwork(Run):
    """A run that dies when it is about to write the network for the second time."""

    def _store_network(self):
        if len(self.history) > 1:
            raise Killed
        super()._store_network()


class StoppedBeforeTheState(Run):
    """A run that dies between the second network and the state that belongs to it."""

    def _store(self):
        if len(self.history) > 1:
            raise Killed
        super()._store()


@pytest.mark.slow
@pytest.mark.parametrize("kind", [StoppedBeforeTheNetwork, StoppedBeforeTheState])
def test_a_run_killed_between_two_files_ends_with_the_same_weights(
    tmp_path, whole, kind
):
    with pytest.raises(Killed):
        kind("tiny", TINY, tmp_path).finish()
    resumed = run(tmp_path)
    assert equal(resumed, whole)
    assert [x["psnr"] for x in resumed.history] == [x["psnr"] for x in whole.history]
    assert all(map(np.array_equal, stored(resumed), stored(whole)))


@pytest.fixture(scope="module")
def adversarial(tmp_path_factory, small_photographs):
    """An adversarial run that was never stopped."""
    return run(tmp_path_factory.mktemp("adversarial"), ADVERSARIAL)


@pytest.mark.slow
def test_an_adversarial_run_killed_twenty_times_ends_with_the_same_weights(
    tmp_path, adversarial
):
    for steps in np.random.default_rng(0).integers(1, 8, size=20):
        stop_after(steps, tmp_path, ADVERSARIAL)
    assert equal(run(tmp_path, ADVERSARIAL), adversarial)


def test_a_loss_that_is_no_number_stops_and_what_is_stored_stays(tmp_path, whole):
    made = Run("tiny", TINY, tmp_path / "parts")
    step = made.model.train_on_batch

    def faulty(*images, **options):
        logs = step(*images, **options)
        return logs | {"loss": float("nan")} if made.step == 6 else logs

    made.model.train_on_batch = faulty
    with pytest.raises(FloatingPointError, match=r"step 4\. Received: nan in step 6"):
        made.finish()
    assert equal(run(tmp_path / "parts"), whole)


@pytest.mark.slow
def test_forgetting_the_optimizer_changes_the_weights(tmp_path, whole):
    stop_after(9, tmp_path / "kept")
    shutil.copytree(tmp_path / "kept", tmp_path / "forgotten")
    path = tmp_path / "forgotten" / "state.npz"
    state = dict(np.load(path))
    network = len(whole.model.variables)
    steps = next(i for i, x in enumerate(whole.model.optimizer.variables) if x == 12)
    for key in state:
        number = int(key.removeprefix("arr_")) if key != "about" else -1
        if number >= network and number != network + steps:
            state[key] = np.zeros_like(state[key])
    np.savez(path, **state)
    assert equal(run(tmp_path / "kept"), whole)
    assert not equal(run(tmp_path / "forgotten"), whole)


class Scripted(Run):
    """A run whose scores on the validation images are given; it notes what it keeps."""

    def __init__(self, psnrs, recipe, folder):
        super().__init__("tiny", recipe, folder)
        self.psnrs, self.kept = iter(psnrs), []
        score = self.board.mean
        self.board.mean = lambda *where: score(*where)._replace(psnr=next(self.psnrs))

    def _store_network(self):
        self.kept.append(self.step)
        super()._store_network()


def test_the_best_network_is_kept(tmp_path, small_photographs):
    made = Scripted([20.0, 30.0, 25.0], TINY, tmp_path)
    made.finish()
    assert made.kept == [4, 8]
    card = json.loads((tmp_path / "tiny.json").read_text())
    assert card["chosen"] == 8
    assert card["validation"] == [[4, 20.0], [8, 30.0], [12, 25.0]]


def test_the_last_network_is_kept_where_the_recipe_says_so(tmp_path, small_photographs):
    made = Scripted([30.0, 25.0, 20.0], replace(TINY, select="last"), tmp_path)
    made.finish()
    assert all(map(np.array_equal, stored(made), made.model.get_weights()))
    assert json.loads((tmp_path / "tiny.json").read_text())["chosen"] == 12


def test_training_starts_from_the_checkpoint_of_the_recipe():
    recipe = RECIPES["srresnet_x4_vgg"]
    expected = models.load_checkpoint(recipe.initial).get_weights()
    assert all(map(np.array_equal, recipe.build().get_weights(), expected))


def test_random_weights_of_vgg_make_no_checkpoint(tmp_path, small_photographs):
    loss = partial(PerceptualLoss, layers=["block1_conv1"], weights=None, calibration=1)
    with pytest.raises(ValueError, match=r"^Expected ImageNet .*Received: vgg19_rand"):
        run(tmp_path / "run", replace(TINY, loss=loss))
    assert not (tmp_path / "run").exists()


def test_a_card_says_how_the_network_was_made(whole):
    card = json.loads((whole.folder / "tiny.json").read_text())
    assert card["command"] == "python -m sr_utils.training tiny"
    assert card["parameters"] == models.espcn(2).count_params()
    assert card["recipe"]["network"] == "espcn"
    assert "scikit-image" in card["data"]["bundled"]
    assert card["seconds"] >= 0
    network = keras.saving.load_model(whole.folder / "tiny.keras")
    image = datasets.held_out()["china"]
    expected = evaluate(models.upscaler(network), image, 2)
    assert abs(card["scores"]["held-out"]["psnr"] - expected.psnr) < 0.001


@pytest.mark.parametrize(
    "change",
    [
        {"learning_rate": 1e-4},
        {"loss": partial(LumaSquaredError, border=1)},
        {"precision": "bfloat16"},
    ],
)
def test_the_state_of_another_run_is_refused(whole, change):
    with pytest.raises(ValueError, match=r"another folder. Received: .*state.npz"):
        run(whole.folder, replace(TINY, **change))


def test_a_state_with_the_names_of_earlier_versions_is_taken_up(tmp_path, whole):
    stop_after(9, tmp_path)
    with np.load(tmp_path / "state.npz") as stored_state:
        state = dict(stored_state)
    about = json.loads(str(state["about"]))
    earlier = {"learning_rate": "rate", "initial": "start", "select": "keep"}
    later = ("average", "fall", "fall_size", "copies")
    about["recipe"] = {
        earlier.get(key, key): x
        for key, x in about["recipe"].items()
        if key not in later
    }
    np.savez(tmp_path / "state.npz", **state | {"about": json.dumps(about)})
    assert equal(run(tmp_path), whole)


def test_a_damaged_state_is_refused(tmp_path, whole):
    state = tmp_path / "state.npz"
    state.write_bytes((whole.folder / "state.npz").read_bytes()[:500])
    with pytest.raises(ValueError, match=r"delete it to begin anew. Received: .*state"):
        run(tmp_path)
    assert state.stat().st_size == 500


def test_a_missing_set_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.delenv("SR_DATA_DIR", raising=False)
    monkeypatch.setattr(datasets, "CACHE", tmp_path / "cache")
    with pytest.raises(SystemExit, match=r"^Expected the set as a folder .*train/T91"):
        command.main(["srcnn_x3", "--folder", str(tmp_path / "run")])
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_the_command_prints_no_log_lines(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "sr_utils.training", "srcnn_x3", "--folder", tmp_path],
        env=os.environ | {"SR_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.startswith("Keras 3")
    assert done.stderr.startswith("Expected the set as a folder of images, train/T91")


def test_a_budget_that_is_none_is_one_sentence(monkeypatch):
    monkeypatch.setenv("SR_BUDGET", "foo")
    with pytest.raises(SystemExit, match=r"^Expected SR_BUDGET in .*Received: 'foo'$"):
        command.main(["srcnn_x3"])


@pytest.fixture
def tiny(small_photographs, monkeypatch):
    """The command, with the recipe "tiny" only, for a folder."""
    monkeypatch.setattr(recipes, "RECIPES", {"tiny": TINY})
    return lambda folder: command.main(["tiny", "--folder", str(folder)])


def test_a_file_is_no_folder_for_a_training(tmp_path, tiny):
    file = tmp_path / "file"
    file.write_text("precious")
    with pytest.raises(SystemExit, match=r"^Expected a folder .*Received: .*file$"):
        tiny(file)
    with pytest.raises(SystemExit, match=r"Not a directory: .*inside'$"):
        tiny(file / "inside")
    assert file.read_text() == "precious"


def test_a_deleted_checkpoint_is_one_sentence(tmp_path, whole, tiny):
    shutil.copy(whole.folder / "state.npz", tmp_path)
    with pytest.raises(SystemExit, match=r"^Expected the checkpoint .*tiny.keras$"):
        tiny(tmp_path)
    shutil.copy(whole.folder / "tiny.keras", tmp_path)
    tiny(tmp_path)
    assert (tmp_path / "tiny.json").is_file()


@pytest.mark.slow
def test_a_stopped_training_loses_nothing_that_the_state_holds(
    tmp_path, tiny, monkeypatch
):
    last = replace(TINY, select="last")
    monkeypatch.setattr(recipes, "RECIPES", {"tiny": last})
    stop_after(5, tmp_path, last)
    (tmp_path / "tiny.keras").unlink()  # written again by the next validation
    tiny(tmp_path)
    assert (tmp_path / "tiny.keras").is_file()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_stops_a_training_in_one_line(
    tmp_path, tiny, monkeypatch, capsys, name
):
    number = signal.Signals[name]
    leftover = tmp_path / ".sr_utils-dead"
    leftover.mkdir()
    (leftover / "lock").touch()

    def stopped(run):
        with atomic.whole(tmp_path / "state.npz"):
            signal.raise_signal(number)

    monkeypatch.setattr(Run, "_store", stopped)
    with pytest.raises(SystemExit) as stop:
        tiny(tmp_path)
    assert stop.value.code == 128 + number
    assert capsys.readouterr().err.splitlines()[-1] == command._STOPPED
    assert [x.name for x in tmp_path.iterdir()] == ["tiny.keras"]


@pytest.fixture
def holiday(tmp_path, rng):
    """A folder of two photographs and two files that can't be used."""
    folder = tmp_path / "holiday"
    folder.mkdir()
    for name, size in {
        "a.png": (40, 30),
        "b.jpg": (24, 60),
        "tiny.png": (9, 90),
    }.items():
        pixels = rng.integers(256, size=(*size, 3), dtype="uint8")
        Image.fromarray(pixels).save(folder / name)
    (folder / "broken.jpg").write_bytes((folder / "b.jpg").read_bytes()[:300])
    return folder


def trained_on(folder, out, *arguments):
    """What the command writes for a folder of photographs: the card, and weights."""
    options = ["--photographs", str(folder), "--folder", str(out), *arguments]
    command.main(["tiny", *options])
    (path,) = out.glob("*.json")
    weights = keras.saving.load_model(path.with_suffix(".keras")).get_weights()
    return json.loads(path.read_text()), weights


@pytest.mark.slow
def test_your_own_photographs_are_trained_on(tmp_path, tiny, holiday, capsys):
    card, weights = trained_on(holiday, tmp_path / "run")
    said = capsys.readouterr().out.splitlines()
    assert [x.split(" is left out: ")[0] for x in said if "left out" in x] == [
        "broken.jpg",
        "tiny.png",
    ]
    assert card["name"] == "espcn_x2_holiday"
    assert card["command"] == (
        f"python -m sr_utils.training tiny --photographs {holiday}"
    )
    assert card["recipe"]["data"] == [str(holiday)]
    assert card["data"] == {str(holiday): "a folder of photographs"}
    assert card["chosen"] == 12
    for name in ("broken.jpg", "tiny.png"):
        (holiday / name).unlink()
    assert all(map(np.array_equal, trained_on(holiday, tmp_path / "again")[1], weights))
    (holiday / "a.png").unlink()
    others = trained_on(holiday, tmp_path / "fewer")[1]
    assert not all(map(np.array_equal, others, weights))


def test_a_training_goes_on_from_a_checkpoint_and_its_network(tmp_path, tiny, holiday):
    recipe = replace(TINY, size=4, steps=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipes, "RECIPES", {"tiny": recipe})
        card, weights = trained_on(holiday, tmp_path, "--initial", "srcnn_x3")
    assert card["recipe"]["network"] == "srcnn"
    assert card["recipe"]["scale"] == 3
    assert card["recipe"]["learning_rate"] == pytest.approx(TINY.learning_rate / 10)
    assert card["command"].endswith("--initial srcnn_x3")
    start = models.load_checkpoint("srcnn_x3").get_weights()
    moved = max(np.abs(a - b).max() for a, b in zip(weights, start, strict=True))
    assert 0 < moved < 1e-3


def test_a_folder_that_is_none_and_a_checkpoint_that_is_none_are_named(tmp_path, tiny):
    with pytest.raises(SystemExit, match=r"^Expected a folder of photographs.*none$"):
        trained_on(tmp_path / "none", tmp_path / "run")
    with pytest.raises(SystemExit, match=r"^Expected `name` in .*Received: 'none'$"):
        trained_on(tmp_path, tmp_path / "run", "--initial", "none")


def test_unknown_names_are_refused(capsys):
    with pytest.raises(SystemExit):
        command.main(["unknown"])
    assert "srresnet_x4" in capsys.readouterr().err


def test_every_recipe_can_be_built_and_described():
    for name, recipe in RECIPES.items():
        json.dumps(recipe.describe())
        assert recipe.build().name == f"{recipe.network.__name__}_x{recipe.scale}"
        assert f"_x{recipe.scale}" in name
