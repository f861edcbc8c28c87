"""What a lesson writes out for teaching equals what `sr_utils` holds for later use."""

import ast
import math
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from sr_utils import (
    architecture,
    datasets,
    degradations,
    export,
    losses,
    models,
    pretrained,
    srgan,
    tiling,
)
from sr_utils.layers import FlatResponse, relative_luma
from sr_utils.metrics import feature_distance, frechet_distance
from sr_utils.patches import Patches
from sr_utils.perceptual import PerceptualLoss, VGGInput
from tools import notebooks


def taught(name, *variables):
    """Imports, functions, classes and some variables of a lesson, and nothing more."""
    notebook = notebooks.read_source(notebooks.SOURCES / f"{name}.py")
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    body = [
        node
        for node in ast.parse("\n".join(code)).body
        if isinstance(node, kinds)
        or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in variables)
    ]
    found = {}
    path = notebooks.SOURCES / f"{name}.py"
    exec(compile(ast.Module(body, type_ignores=[]), path, "exec"), found)
    return found


def test_back_projection_is_the_one_of_exercise_5(rng):
    low = 0.2 + 0.6 * rng.random((9, 7, 3))
    solution = taught("01_interpolation")["back_projection"]
    for steps in (1, 10):
        ours = tiling.back_projection(4, steps)(low)
        assert np.allclose(solution(low, steps), ours, atol=1e-6)
    assert not np.allclose(solution(low, 9), ours, atol=1e-4)


@pytest.fixture(scope="module")
def lesson():
    return taught("02_srcnn", "srcnn")


def equal(rng, first, second):
    """Whether two networks with the same random weights return the same image."""
    first.set_weights([rng.normal(size=x.shape) / 10 for x in first.get_weights()])
    second.set_weights(first.get_weights())
    small = rng.random((1, 9, 7, 3), dtype="float32")
    return np.allclose(first(small), second(small), atol=1e-5)


def test_srcnn_is_the_one_of_the_lesson(lesson, rng):
    assert equal(rng, lesson["on_photographs"](lesson["srcnn"]), models.srcnn(4))


def test_espcn_is_the_one_of_the_lesson(lesson, rng):
    assert equal(rng, lesson["sub_pixel_network"](False), models.espcn(4))
    assert not equal(rng, lesson["sub_pixel_network"](True), models.espcn(4))


def test_srresnet_is_the_one_of_the_lesson(lesson, rng):
    ours = models.srresnet(4, blocks=2, filters=8)
    assert equal(rng, lesson["srresnet"](2, 8, lesson["tail"]), ours)


def test_the_pipelines_cut_the_same_kind_of_pairs(lesson):
    # Of a photograph that numbers its own places, both cut matching ones.
    rows, columns = np.indices((24, 24), "float32") / 32
    high = np.stack([rows, columns, np.zeros_like(rows)], axis=-1)
    low = high.reshape(12, 2, 12, 2, 3).mean(axis=(1, 3))
    stream = lesson["batches"]([(low, high)], size=5, batch=64)
    for small, large in [
        next(iter(stream.as_numpy_iterator())),
        place_patches(low, high).batch(0),
    ]:
        assert small.shape == (64, 5, 5, 3)
        means = large.reshape(64, 5, 2, 5, 2, 3).mean(axis=(2, 4))
        assert np.abs(means - small).max() < 0.01
        assert len({patch.tobytes() for patch in small}) > 50


def place_patches(low, high):
    """`Patches` of one pair that is given, instead of reduced from a photograph."""
    patches = Patches([high], 2, size=5, batch=64)
    patches.pairs = [(np.uint8(255 * low + 0.5), np.uint8(255 * high + 0.5))]
    return patches


def test_the_luma_is_that_of_the_protocol(lesson):
    image = datasets.held_out()["chelsea"]
    assert np.allclose(lesson["unit_luma"](image), relative_luma(image), atol=1e-6)


@pytest.fixture(scope="module")
def third_lesson():
    return taught("03_perceptual")


def test_preprocessing_is_the_one_of_the_lesson(third_lesson, rng):
    x = rng.random((1, 6, 5, 3), dtype="float32")
    assert np.allclose(third_lesson["prepare"](x), VGGInput()(x), atol=1e-4)


def test_the_constraint_is_the_one_of_the_lesson(third_lesson, rng):
    kernel = rng.normal(size=(3, 3, 4, 2 * 9))
    even = third_lesson["same_sums"](kernel, scale=3)
    assert np.allclose(even, FlatResponse(3)(kernel), atol=1e-6)
    assert not np.allclose(even, kernel, atol=0.1)


def test_the_feature_loss_is_the_one_of_the_lesson(third_lesson, rng):
    loss = PerceptualLoss(["block1_conv2"], None, datasets.training(), pixel=2)
    rms = ops.convert_to_numpy(1 / loss.scales[0])
    x, y = rng.random((2, 3, 16, 12, 3), dtype="float32")
    taught_loss = third_lesson["feature_loss"](loss.vgg.features, rms, pixel=2)
    assert np.isclose(taught_loss(x, y), loss(x, y), rtol=1e-4)


def test_both_distances_are_the_ones_of_the_lesson(third_lesson, rng):
    x, y = rng.random((2, 50, 4))
    assert np.isclose(third_lesson["feature_distance"](x, y), feature_distance(x, y))
    assert np.isclose(third_lesson["frechet"](x, y), frechet_distance(x, y))


@pytest.fixture(scope="module")
def fourth_lesson():
    return taught("04_srgan", "cross_entropy")


def test_the_grid_is_the_one_of_the_lesson(fourth_lesson, rng):
    x, y = rng.random((2, 3, 16, 12, 3), dtype="float32")
    assert np.allclose(fourth_lesson["grid"](x, y), losses.grid(x, y), rtol=1e-4)


@pytest.mark.slow
def test_the_step_of_srgan_is_the_one_of_the_lesson(fourth_lesson, rng):
    low = rng.random((2, 8, 8, 3), dtype="float32")
    high = rng.random((2, 32, 32, 3), dtype="float32")
    stepped = []
    for kind in (fourth_lesson["SRGAN"], srgan.SRGAN):
        keras.utils.set_random_seed(0)
        model = kind(models.srresnet(4, 1, 8, flat=True), models.discriminator(4))
        start = model.get_weights()
        optimizers = [keras.optimizers.Adam(0.01) for _ in range(2)]
        options = {"jit_compile": False}
        model.compile(*optimizers, keras.losses.MeanSquaredError(), 0.1, **options)
        told = [model.train_on_batch(low, high, return_dict=True) for _ in range(2)]
        stepped.append((model.get_weights(), told[-1]))
    (taught_weights, taught_metrics), (weights, reported) = stepped
    pairs = list(zip(taught_weights, weights, start, strict=True))
    assert max(np.abs(a - b).max() for a, b, _ in pairs) < 1e-6
    assert max(np.abs(a - c).max() for a, _, c in pairs) > 1e-3
    assert taught_metrics == pytest.approx(reported, abs=1e-6)


@pytest.fixture(scope="module")
def fifth_lesson():
    return taught("05_pretrained", "patches", "examples")


@pytest.mark.slow
def test_litert_files_are_the_ones_of_the_lesson(fifth_lesson, rng, tmp_path):
    network = models.srresnet(2, blocks=1, filters=8)
    network.set_weights([rng.normal(size=x.shape) / 5 for x in network.get_weights()])
    fifth_lesson["save"](network, tmp_path / "taught")
    export.save(network, tmp_path / "ours")
    low = rng.random((9, 7, 3), dtype="float32")
    changes = {"float16": fifth_lesson["half"], "int8": fifth_lesson["whole"]}
    for precision in export.PRECISIONS:
        change = [changes[precision]] if precision in changes else []
        taught_file = fifth_lesson["convert"](tmp_path / "taught", *change)
        examples = fifth_lesson["examples"]
        ours = export.to_litert(tmp_path / "ours", precision, examples)
        results = [export.litert_upscaler(x)(low) for x in (taught_file, ours)]
        assert np.allclose(*results, atol=1e-6)
        if precision != "int8":
            run = fifth_lesson["run"](taught_file, low[None])
            assert np.allclose(run[0], results[0], atol=1e-6)


@pytest.mark.parametrize("size", [(1, 1), (33, 20), (64, 47)])
def test_tiles_and_radius_are_the_ones_of_the_lesson(fifth_lesson, rng, size):
    network = models.srresnet(4, blocks=2, filters=8)
    network.set_weights([rng.normal(size=x.shape) / 5 for x in network.get_weights()])
    radius = architecture.receptive_radius(network)
    measured, _ = fifth_lesson["receptive_radius"](network, size=40)
    assert math.ceil(measured) == radius
    image = rng.random((*size, 3), dtype="float32")
    enlarge = models.upscaler(network)
    taught_tiles = fifth_lesson["tiled"](enlarge, image, 16, radius)
    assert np.allclose(taught_tiles, tiling.tiled(network, image, tile=16), atol=1e-5)
    assert np.allclose(taught_tiles, enlarge(image), atol=1e-5)


def test_less_overlap_leaves_a_seam(fifth_lesson, rng):
    network = models.srresnet(4, blocks=2, filters=8)
    network.set_weights([rng.normal(size=x.shape) / 5 for x in network.get_weights()])
    image = rng.random((33, 20, 3), dtype="float32")
    enlarge, radius = models.upscaler(network), architecture.receptive_radius(network)
    tiles = fifth_lesson["tiled"](enlarge, image, 16, radius - 1)
    assert not np.allclose(tiles, enlarge(image), atol=1e-5)


@pytest.mark.parametrize("size", [(4, 8), (5, 7), (1, 1)])
def test_the_habits_of_esrgan_are_kept(fifth_lesson, stand_in, rng, size):
    model = pretrained.import_hub().load(str(stand_in))

    def checked(batch):
        assert batch.shape[1] % 4 == batch.shape[2] % 4 == 0
        return model(batch)

    low = rng.random((*size, 3), dtype="float32")
    high = fifth_lesson["as_upscaler"](checked)(low)
    larger = np.kron(255 * low * np.float32(1.1), np.ones((4, 4, 1)))
    levels = np.floor(np.clip(larger, 0, 255) + 0.5)
    assert high.dtype == np.float32
    assert np.abs(255 * high - levels).max() <= 1  # a value may lie between two levels
    assert np.mean(np.abs(255 * high - levels) > 0.01) < 0.02
    assert np.allclose(255 * high, np.round(255 * high), atol=1e-3)


@pytest.fixture(scope="module")
def seventh_lesson():
    return taught("07_real_photographs")


def test_each_degradation_is_the_one_of_the_lesson(seventh_lesson, rng):
    image, kernel = rng.random((24, 16, 3), "float32"), degradations.gaussian_kernel(2)
    pairs = {
        "gaussian": (seventh_lesson["gaussian"](2), kernel),
        "blur": (
            seventh_lesson["blur"](image, kernel),
            degradations.blur(image, kernel),
        ),
        "reduce": (
            seventh_lesson["reduce"](image, 4),
            degradations.resized(image, (6, 4)),
        ),
        "add_noise": (
            seventh_lesson["add_noise"](image, 5, seed=3),
            degradations.gaussian_noise(image, 5, seed=3),
        ),
        "as_jpeg": (
            seventh_lesson["as_jpeg"](image, 30)[0],
            degradations.compressed(image, 30),
        ),
    }
    for name, (taught_result, ours) in pairs.items():
        np.testing.assert_allclose(taught_result, ours, atol=1e-5, err_msg=name)


def test_the_whole_formula_is_the_one_of_the_lesson(seventh_lesson, rng):
    image = rng.random((24, 16, 3), "float32")
    blur, stored = (seventh_lesson[name] for name in ("blurred", "stored"))

    def ours(quality):
        return degradations.degrade(image, 4, 0, blur=blur(2), compress=stored(quality))

    taught_result = seventh_lesson["photographed"](image, 2, 0, 75)
    np.testing.assert_allclose(taught_result, ours(75), atol=1.5 / 255)
    assert np.abs(taught_result - ours(30)).max() > 10 / 255


@pytest.mark.parametrize("width", [1.5, 3])
def test_an_edge_tells_the_width_of_the_blur(seventh_lesson, rng, width):
    columns = np.arange(32) - 15.5 + 0.1 * np.arange(32)[:, None]
    step = 0.2 + 0.6 * seventh_lesson["special"].ndtr(columns / width)
    edge = np.repeat(step[..., None], 3, axis=-1) + rng.normal(0, 0.005, (32, 32, 3))
    found = seventh_lesson["edge_width"](edge.astype("float32"))
    assert abs(found * np.hypot(1, 0.1) - width) < 0.15


@pytest.mark.slow
def test_two_fresh_runs_train_the_same_weights(tmp_path):
    script = tmp_path / "lesson.py"
    script.write_text(
        shortened("02_srcnn", last='curves["SRResNet"] =')
        + "\nweights = [x for net in (srcnn, espcn, resnet) for x in net.get_weights()]"
        + "\nnp.savez(sys.argv[1], *weights)",
        encoding="utf-8",
    )
    runs = []
    for name in ("first.npz", "second.npz"):
        done = subprocess.run(
            [sys.executable, script, tmp_path / name],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        with np.load(tmp_path / name) as stored:
            runs.append([stored[key] for key in stored])
    assert len(runs[0]) == 38
    assert all(np.array_equal(a, b) for a, b in zip(*runs, strict=True))


def shortened(name, last):
    """A lesson up to the cell with `last`, 40 steps per training and no assertions."""
    notebook = notebooks.read_source(notebooks.SOURCES / f"{name}.py")
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    end = next(number for number, source in enumerate(code, 1) if last in source)
    body = ast.parse("import sys\n" + "\n".join(code[:end])).body
    kept = [node for node in body if not isinstance(node, ast.Assert)]
    text = ast.unparse(ast.Module(kept, type_ignores=[]))
    return re.sub(r"quick=\d+", "quick=40", text)
