"""The networks against published counts, and the checkpoints against their cards."""

import ast
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from sr_utils import architecture, datasets, models, runtime
from sr_utils.layers import Bicubic, depth_to_space
from sr_utils.scoreboard import evaluate
from sr_utils.training.recipes import RECIPES, updated

NETWORKS = [models.srcnn, models.espcn, models.srresnet]
SHIPPED = sorted(path.stem for path in models.CHECKPOINTS.glob("*.json"))


def card(name):
    return json.loads((models.CHECKPOINTS / f"{name}.json").read_text("utf-8"))


def test_sizes_and_costs_are_those_of_the_papers():
    # SRCNN 9-1-5 has 8,032 weights and 97 biases, and uses each weight at each pixel.
    assert architecture.cost(models.srcnn(3)) == (8_129, 8_032)
    # ESPCN 5-3-3: 1,600 + 18,432 + 288 r^2 weights, at one of r^2 pixels.
    for r in (2, 3, 4):
        weights = 1_600 + 18_432 + 288 * r**2
        assert architecture.cost(models.espcn(r)).multiplications == round(
            weights / r**2
        )
    # SRResNet with the tail of this course, counted by hand.
    low = 9 * (3 * 8 + 2 * 2 * 8 * 8 + 8 * 8 + 8 * 128)
    high = 4 * 9 * 32 * 64 + 16 * 9 * 16 * 3
    counted = architecture.cost(models.srresnet(4, blocks=2, filters=8))
    assert counted.multiplications == round((low + high) / 16)


@pytest.mark.parametrize("scale", [2, 3, 4, 6])
@pytest.mark.parametrize("network", NETWORKS)
def test_any_size_is_enlarged(network, scale):
    model = network(scale)
    for height, width in [(1, 1), (3, 8)]:
        large = model(np.zeros((2, height, width, 3), "float32"))
        assert large.shape == (2, height * scale, width * scale, 3)
        assert keras.backend.standardize_dtype(large.dtype) == "float32"


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_an_untrained_srresnet_is_bicubic(rng, scale):
    x = rng.random((1, 9, 7, 3), dtype="float32")
    untrained = models.srresnet(scale, blocks=1, filters=8)
    assert np.array_equal(untrained(x), Bicubic(scale)(x))


def test_networks_of_the_luma_leave_the_color_alone(rng):
    x = rng.random((1, 9, 7, 3), dtype="float32")
    for network in (models.srcnn(2), models.espcn(2)):
        change = np.array(network(x) - Bicubic(2)(x))
        assert np.abs(change).max() > 0.01
        assert np.allclose(change, change[..., :1], atol=1e-6)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_saved_network_loads_in_safe_mode(rng, tmp_path, network):
    model = network(2)
    model.set_weights([rng.normal(size=w.shape) / 10 for w in model.get_weights()])
    x = rng.random((1, 6, 5, 3), dtype="float32")
    model.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras", safe_mode=True)
    assert np.array_equal(loaded(x), model(x))


@pytest.mark.parametrize("network", NETWORKS)
def test_mixed_precision_is_for_training_only(rng, network):
    with runtime.policy("mixed_bfloat16"):
        mixed = network(2)
    mixed.set_weights([rng.normal(size=w.shape) / 10 for w in mixed.get_weights()])
    exact = network(2)
    exact.set_weights(mixed.get_weights())
    x = rng.random((6, 5, 3), dtype="float32")
    expected = np.clip(exact(x[None])[0], 0, 1)
    assert np.allclose(models.upscaler(mixed)(x), expected, atol=1e-6)
    assert not np.allclose(np.clip(mixed(x[None])[0], 0, 1), expected, atol=1e-6)


def test_a_compiled_network_with_any_loss_can_be_copied():
    model = models.espcn(2)
    model.compile(loss=lambda y_true, y_pred: y_true - y_pred)
    assert not architecture.in_float32(model).compiled


def shared_and_nested():
    """Two uses of one convolution, and a network inside the network, at scale 2."""
    low, inner = keras.Input((None, None, 3)), keras.Input((None, None, 3))
    shared = keras.layers.Conv2D(3, 3, padding="same")
    five = keras.layers.Conv2D(12, 5, padding="same")(inner)
    nested = keras.Model(inner, depth_to_space(five, 2))
    return keras.Model(low, nested(shared(shared(low))))


def test_shared_and_nested_layers_are_counted_as_often_as_they_work():
    counted = architecture.cost(shared_and_nested())
    assert counted.parameters == (9 * 9 + 3) + (25 * 3 * 12 + 12)
    assert counted.multiplications == round((2 * 9 * 9 + 25 * 3 * 12) / 4)


def test_shared_and_nested_layers_look_as_far_as_all_their_uses():
    model = shared_and_nested()
    assert architecture.receptive_radius(model) == 1 + 1 + 2
    assert models.upscaler(model).scale == 2
    assert models.upscaler(model).radius == 4


def test_counting_leaves_no_trace_in_a_network():
    model = shared_and_nested()
    before = [len(x.operations) for x in (model, model.layers[-1])]
    architecture.cost(model)
    assert model.layers[-1].output.shape[-1] == 3
    assert [len(x.operations) for x in (model, model.layers[-1])] == before


def test_a_frozen_network_is_counted_and_its_copy_can_be_trained():
    model = models.srresnet(2, blocks=1, filters=8)
    expected = architecture.cost(model)
    model.trainable = False
    assert architecture.cost(model) == expected
    assert expected.parameters == model.count_params()
    copy = architecture.in_float32(model)
    assert len(copy.trainable_weights) == len(model.weights)


@pytest.mark.parametrize("scale", [0, 1, 2.0, "4", None])
@pytest.mark.parametrize("network", NETWORKS)
def test_the_scale_is_checked(network, scale):
    with pytest.raises(ValueError, match=r"Expected `scale`.*Received"):
        network(scale)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_checkpoint_is_what_its_card_says(name):
    described = card(name)
    assert name in RECIPES
    assert updated(described["recipe"]) == RECIPES[name].describe()
    path = models.CHECKPOINTS / f"{name}.keras"
    assert path.stat().st_size <= 8e6  # test_project: only one may be above 4e6
    network = models.load_checkpoint(name)
    assert {weight.dtype for weight in network.weights} == {"float32"}
    assert not network.compiled
    assert architecture.cost(network).parameters == described["parameters"]
    upscale = models.upscaler(network)
    scale = described["recipe"]["scale"]
    images = datasets.held_out().values()
    measured = np.mean([evaluate(upscale, x, scale).psnr for x in images])
    assert abs(measured - described["scores"]["held-out"]["psnr"]) < 0.005


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of one checkpoint, as `load_checkpoint` expects it."""
    models.espcn(2).save(tmp_path / "small.keras")
    data = (tmp_path / "small.keras").read_bytes()
    recipe = {"network": "espcn", "scale": 2, "options": {}}
    about = {"sha256": hashlib.sha256(data).hexdigest(), "recipe": recipe}
    (tmp_path / "small.json").write_text(json.dumps(about))
    monkeypatch.setattr(models, "CHECKPOINTS", tmp_path)
    return tmp_path


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_a_checkpoint_is_loaded_in_float32(folder, policy):
    with runtime.policy(policy):
        network = models.load_checkpoint("small")
    assert network.count_params() == 21_284
    assert {layer.compute_dtype for layer in network.layers} == {"float32"}


@pytest.mark.parametrize("name", SHIPPED)
def test_weights_alone_make_the_network_that_was_saved(rng, name):
    saved = keras.saving.load_model(models.CHECKPOINTS / f"{name}.keras")
    loaded = models.load_checkpoint(name)
    x = rng.random((1, 12, 9, 3), dtype="float32")
    assert np.array_equal(loaded(x), saved(x))


def test_an_older_keras_that_lacks_fields_of_the_file_loads_its_weights(
    folder, monkeypatch
):
    def older(config):
        if config:
            raise TypeError("GlorotUniform got an unexpected argument 'input_axes'")
        return made()

    made = keras.initializers.GlorotUniform
    monkeypatch.setattr(made, "from_config", older)
    with pytest.raises(TypeError, match="input_axes"):
        keras.saving.load_model(folder / "small.keras")
    assert models.load_checkpoint("small").count_params() == 21_284


def rewrite_card(folder, **recipe):
    about = card("small")
    about["recipe"] |= recipe
    (folder / "small.json").write_text(json.dumps(about))


@pytest.mark.filterwarnings("ignore:Skipping nested container")  # an error follows
def test_weights_of_another_network_than_the_card_says_are_refused(folder):
    rewrite_card(folder, scale=3)
    with pytest.raises(ValueError, match="shape"):
        models.load_checkpoint("small")
    rewrite_card(folder, network="vgg", scale=2)
    with pytest.raises(ValueError, match=r"^Expected a model card.*Received: small"):
        models.load_checkpoint("small")


@pytest.mark.parametrize("damage", ["tampered", "truncated", "empty", "missing"])
def test_a_damaged_checkpoint_is_refused(folder, damage):
    path = folder / "small.keras"
    data = path.read_bytes()
    if damage == "tampered":
        path.write_bytes(data[:-30] + bytes([data[-30] ^ 1]) + data[-29:])
    elif damage == "truncated":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
    with pytest.raises(ValueError, match=r"Take it from the repository. Received"):
        models.load_checkpoint("small")


@pytest.mark.parametrize("text", ["", "{", "{}", "[]"])
def test_a_damaged_card_is_refused(folder, text):
    (folder / "small.json").write_text(text)
    with pytest.raises(
        ValueError, match=r"Expected a model card.*Received: small.json"
    ):
        models.load_checkpoint("small")


BANDS = [
    ("srcnn_x3", "Set5", 32.24),
    ("srresnet_x4", "Set5", 31.3),
    ("srresnet_x4", "Set14", 27.9),
    ("srresnet_x4_large", "Set5", 31.8),
    ("srresnet_x4_large", "Set14", 28.2),
    ("srresnet_x2", "Set5", 37.53),  # VDSR, Kim et al. 2016, table 1
    ("srresnet_x4_vgg", "Set5", 30.3),
    ("srresnet_x4_vgg", "Set14", 27.1),
    ("srgan_x4", "Set5", 29.4),
    ("srgan_x4", "Set14", 26.02),
]


@pytest.mark.parametrize(
    ("name", "set_name", "least"),
    [pytest.param(*x, marks=pytest.mark.slow if "Set14" in x else ()) for x in BANDS],
)
def test_checkpoints_reach_published_scores(benchmark_folder, name, set_name, least):
    scale = card(name)["recipe"]["scale"]
    upscale = models.upscaler(models.load_checkpoint(name))
    images = datasets.benchmark(set_name).values()
    measured = np.mean([evaluate(upscale, x, scale).psnr for x in images])
    assert abs(measured - card(name)["scores"][set_name]["psnr"]) < 0.005
    assert measured >= least


@pytest.mark.parametrize("name", ["unknown", "../small", "", None, 3])
def test_an_unknown_checkpoint_is_named(folder, name):
    with pytest.raises(ValueError, match=r"Expected `name` in \['small'\]. Received"):
        models.load_checkpoint(name)


USERS = ("runtime", "export", "srgan")


def test_only_what_is_about_tensorflow_imports_it():
    for path in sorted(Path(models.__file__).parent.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes = list(ast.walk(tree))
        plain = [
            x for node in nodes if isinstance(node, ast.Import) for x in node.names
        ]
        names = {x.name for x in plain}
        names |= {str(x.module) for x in nodes if isinstance(x, ast.ImportFrom)}
        names = {name.split(".")[0] for name in names}
        assert "tensorflow" not in names or path.stem in USERS, path


BACKENDS = [name for name in ("jax", "torch") if importlib.util.find_spec(name)]


@pytest.mark.skipif(not BACKENDS, reason="needs JAX or PyTorch")
@pytest.mark.parametrize("backend", BACKENDS)
def test_another_backend_gives_the_same_pixels_without_tensorflow(
    rng, tmp_path, backend
):
    network = models.srresnet(4, blocks=1, filters=8)
    network.set_weights([rng.normal(size=w.shape) / 10 for w in network.get_weights()])
    network.save(tmp_path / "network.keras")
    small = rng.random((6, 5, 3), dtype="float32")
    np.save(tmp_path / "small.npy", small)
    code = (
        "import sys\n"
        "from importlib.machinery import ModuleSpec\n"
        "class NoTensorFlow:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        return ModuleSpec(name, self) if name == 'tensorflow' else None\n"
        "    def create_module(self, spec):\n"
        "        raise ModuleNotFoundError(spec.name)\n"
        "    def exec_module(self, module):\n"
        "        pass\n"
        "sys.meta_path.insert(0, NoTensorFlow())\n"
        "import numpy as np, keras\n"
        "from sr_utils import models\n"
        "from sr_utils.training import recipes, run\n"
        "network = keras.saving.load_model('network.keras', compile=False)\n"
        "np.save('large.npy', models.upscaler(network)(np.load('small.npy')))\n"
        "options = {'steps': 3, 'size': 8, 'batch': 2, 'every': 2}\n"
        "options['precision'] = 'float32'\n"
        "recipe = recipes.Recipe(models.espcn, 2, ('bundled',), **options)\n"
        "run.Run('tiny', recipe, 'run').finish()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = models.upscaler(network)(small)
    assert np.allclose(np.load(tmp_path / "large.npy"), expected, atol=1e-5)
    assert (tmp_path / "run" / "tiny.json").is_file()
