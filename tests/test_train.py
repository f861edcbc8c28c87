"""The trainer: it learns, and a stopped run ends as one that was never stopped."""

import itertools
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pytest

from sr_utils import datasets, files, models, train, training
from sr_utils.losses import LumaSquaredError
from sr_utils.perceptual import PerceptualLoss
from sr_utils.recipes import RECIPES, AdversarialRecipe, Recipe, Trapezoid
from sr_utils.scoreboard import evaluate

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
    made = training.Run("tiny", recipe, folder)
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


def stop_at(moment, monkeypatch, folder, recipe=TINY):
    """Start a run in `folder` that is killed after step number `moment`."""

    class Bar(training.tqdm):
        def update(self, n=1):
            super().update(n)
            if self.n == moment:
                raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(training, "tqdm", Bar)
        with pytest.raises(Killed):
            run(folder, recipe)


@pytest.mark.parametrize("moment", [1, 3, 4, 5, 11])
def test_a_run_killed_at_any_step_ends_with_the_same_weights(
    tmp_path, whole, monkeypatch, moment
):
    stop_at(moment, monkeypatch, tmp_path / "parts")
    resumed = run(tmp_path / "parts")
    assert resumed.step == 12
    assert equal(resumed, whole)


@pytest.fixture(scope="module")
def averaged(tmp_path_factory, small_photographs):
    """A run with averaged weights and larger patches at its end, never stopped."""
    return run(tmp_path_factory.mktemp("averaged"), AVERAGED)


@pytest.mark.parametrize("moment", [5, 6, 7, 9])
def test_an_averaged_run_killed_at_any_step_ends_with_the_same_file(
    tmp_path, averaged, monkeypatch, moment
):
    stop_at(moment, monkeypatch, tmp_path, AVERAGED)
    resumed = run(tmp_path, AVERAGED)
    assert equal(resumed, averaged)
    assert all(map(np.array_equal, stored(resumed), stored(averaged)))


def test_the_average_is_the_one_of_its_definition(tmp_path, averaged, monkeypatch):
    network, seen = averaged.recipe.trainable(), []
    network.set_weights(training.Run("tiny", AVERAGED, tmp_path).model.get_weights())
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


@pytest.mark.parametrize("name", ["state.npz", "tiny.keras"])
@pytest.mark.parametrize("time", [1, 2])
def test_a_run_killed_inside_a_save_ends_with_the_same_weights(
    tmp_path, whole, monkeypatch, name, time
):
    replace_file, saves = files.Path.replace, []

    def replace_until_killed(self, target):
        saves.append(files.Path(target).name)
        if saves.count(name) == time:
            raise Killed
        return replace_file(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(files.Path, "replace", replace_until_killed)
        with pytest.raises(Killed):
            run(tmp_path / "parts")
    resumed = run(tmp_path / "parts")
    assert equal(resumed, whole)
    assert [x["psnr"] for x in resumed.history] == [x["psnr"] for x in whole.history]
    assert all(map(np.array_equal, stored(resumed), stored(whole)))


@pytest.fixture(scope="module")
def contest(tmp_path_factory, small_photographs):
    """An adversarial run that was never stopped."""
    return run(tmp_path_factory.mktemp("contest"), ADVERSARIAL)


@pytest.mark.slow
def test_a_contest_killed_twenty_times_ends_with_the_same_weights(
    tmp_path, contest, monkeypatch
):
    rng, folder = np.random.default_rng(0), tmp_path / "parts"
    for steps in rng.integers(1, 8, size=20):

        class Bar(training.tqdm):
            def update(self, n=1, steps=steps):
                super().update(n)
                if self.n == self.initial + steps:
                    raise Killed

        with monkeypatch.context() as patch:
            patch.setattr(training, "tqdm", Bar)
            with pytest.raises(Killed):
                run(folder, ADVERSARIAL)
    assert equal(run(folder, ADVERSARIAL), contest)


def test_a_contest_killed_inside_a_save_ends_with_the_same_weights(
    tmp_path, contest, monkeypatch
):
    def killed(self, target):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(files.Path, "replace", killed)
        with pytest.raises(Killed):
            run(tmp_path / "parts", ADVERSARIAL)
    assert equal(run(tmp_path / "parts", ADVERSARIAL), contest)


def test_a_loss_that_is_no_number_stops_and_what_is_stored_stays(tmp_path, whole):
    made = training.Run("tiny", TINY, tmp_path / "parts")
    step = made.model.train_on_batch

    def faulty(*images, **options):
        logs = step(*images, **options)
        return logs | {"loss": float("nan")} if made.step == 6 else logs

    made.model.train_on_batch = faulty
    with pytest.raises(FloatingPointError, match=r"step 4\. Received: nan in step 6"):
        made.finish()
    assert equal(run(tmp_path / "parts"), whole)


def test_forgetting_the_optimizer_changes_the_weights(tmp_path, whole, monkeypatch):
    stop_at(9, monkeypatch, tmp_path / "kept")
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


def test_the_best_network_is_kept(tmp_path, small_photographs, monkeypatch):
    scores = iter([20.0, 30.0, 25.0])
    kept = []

    class Board(training.Scoreboard):
        def mean(self, method, name):
            score = super().mean(method, name)
            return score._replace(psnr=next(scores)) if name == "validation" else score

    monkeypatch.setattr(training, "Scoreboard", Board)
    store = training.Run._store_network
    monkeypatch.setattr(
        training.Run,
        "_store_network",
        lambda self: (kept.append(self.step), store(self)),
    )
    run(tmp_path)
    assert kept == [4, 8]
    card = json.loads((tmp_path / "tiny.json").read_text())
    assert card["chosen"] == 8
    assert card["validation"] == [[4, 20.0], [8, 30.0], [12, 25.0]]


def test_the_last_network_is_kept_where_the_recipe_says_so(
    tmp_path, small_photographs, monkeypatch
):
    scores = iter([30.0, 25.0, 20.0])
    mean = training.Scoreboard.mean

    def falling(self, method, name):
        score = mean(self, method, name)
        return score._replace(psnr=next(scores)) if name == "validation" else score

    monkeypatch.setattr(training.Scoreboard, "mean", falling)
    made = run(tmp_path, replace(TINY, select="last"))
    kept = keras.saving.load_model(tmp_path / "tiny.keras").get_weights()
    assert all(map(np.array_equal, kept, made.model.get_weights()))
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
    assert card["command"] == "python -m sr_utils.train tiny"
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
        train.main(["srcnn_x3", "--folder", str(tmp_path / "run")])
    assert not (tmp_path / "run").exists()


def test_the_command_prints_no_log_lines(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "sr_utils.train", "srcnn_x3", "--folder", tmp_path],
        env=os.environ | {"SR_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.startswith("Keras 3")
    assert done.stderr.startswith("Expected the set as a folder of images, train/T91")


def test_unknown_names_are_refused(capsys):
    with pytest.raises(SystemExit):
        train.main(["unknown"])
    assert "srresnet_x4" in capsys.readouterr().err


def test_every_recipe_can_be_built_and_described():
    for name, recipe in RECIPES.items():
        json.dumps(recipe.describe())
        assert recipe.build().name == f"{recipe.network.__name__}_x{recipe.scale}"
        assert f"_x{recipe.scale}" in name
