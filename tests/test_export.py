"""Exported networks: the same image without our code, in other formats, in bytes."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from sr_utils import datasets, export, images, metrics, models
from sr_utils.patches import Patches

NAME = "srresnet_x4_vgg"
SIZES = [(1, 1), (5, 7), (24, 16)]


@pytest.fixture(scope="module")
def network():
    return models.load_checkpoint(NAME)


@pytest.fixture(scope="module")
def folder(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shipped") / NAME
    export.save(network, folder)
    return folder


@pytest.fixture(scope="module")
def examples():
    patches = Patches(datasets.training().values(), 4, size=32, batch=32)
    return patches.batch(0)[0]


@pytest.fixture(scope="module")
def files(folder, examples):
    return {x: export.to_litert(folder, x, examples) for x in export.PRECISIONS}


@pytest.fixture(scope="module")
def pairs():
    return [datasets.pair(image, 4) for image in datasets.held_out().values()]


def decibels(upscale, pairs):
    scores = [
        metrics.psnr(high, images.quantize(upscale(low)), shave=4)
        for high, low in pairs
    ]
    return np.mean(scores)


@pytest.mark.parametrize("size", SIZES)
def test_a_saved_model_gives_the_same_image(network, folder, rng, size):
    low = rng.random((2, *size, 3), dtype="float32")
    loaded = tf.saved_model.load(str(folder))
    high = loaded.signatures["upscale"](low=low)["high"].numpy()
    expected = np.stack([models.upscaler(network)(x) for x in low])
    np.testing.assert_allclose(high, expected, atol=1e-5)
    layer = keras.layers.TFSMLayer(str(folder), call_endpoint="upscale")
    np.testing.assert_allclose(layer(low)["high"], expected, atol=1e-5)


def test_bytes_become_bytes_clipped_and_rounded(network, folder, rng):
    low = rng.integers(0, 256, (12, 9, 3), dtype=np.uint8)
    loaded = tf.saved_model.load(str(folder))
    high = loaded.signatures["upscale_8_bits"](low=low[None])["high"].numpy()[0]
    expected = images.to_uint8(models.upscaler(network)(low / np.float32(255)))
    assert high.dtype == np.uint8
    assert {0, 255} <= set(high.ravel())
    apart = np.abs(high.astype(int) - expected)
    assert apart.max() <= 1  # a value may lie on the border between two levels
    assert apart.mean() < 1e-3


@pytest.mark.slow
def test_the_folder_needs_neither_keras_nor_us(network, folder, rng, tmp_path):
    low = rng.random((1, 6, 5, 3), dtype="float32")
    np.save(tmp_path / "low.npy", low)
    code = (
        "import sys, numpy as np, tensorflow as tf\n"
        "model = tf.saved_model.load(sys.argv[1])\n"
        "low = np.load(sys.argv[2] + '/low.npy')\n"
        "high = model.signatures['upscale'](low=tf.constant(low))['high']\n"
        "np.save(sys.argv[2] + '/high.npy', high.numpy())\n"
        "print({'sr_utils', 'keras'} & set(sys.modules))\n"
    )
    command = [sys.executable, "-c", code, folder, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "sr_utils" not in done.stdout
    expected = models.upscaler(network)(low[0])
    np.testing.assert_allclose(np.load(tmp_path / "high.npy")[0], expected, atol=1e-5)


def checkpoints():
    return sorted(path.stem for path in models.CHECKPOINTS.glob("*.json"))


@pytest.mark.parametrize("name", checkpoints())
@pytest.mark.slow
def test_litert_float32_is_the_network(name, rng, tmp_path):
    network = models.load_checkpoint(name)
    export.save(network, tmp_path)
    litert = export.litert_upscaler(export.to_litert(tmp_path, "float32"))
    keras_upscaler = models.upscaler(network)
    for size in SIZES + SIZES[:1]:
        low = rng.random((*size, 3), dtype="float32")
        high = litert(low)
        assert high.dtype == np.float32
        np.testing.assert_allclose(high, keras_upscaler(low), atol=1e-4)


@pytest.mark.slow
def test_float16_halves_the_file_and_hardly_changes_the_image(network, files, rng):
    whole, half = files["float32"], files["float16"]
    assert 0.45 < len(half) / len(whole) < 0.55
    low = rng.random((16, 16, 3), dtype="float32")
    apart = export.litert_upscaler(half)(low) - models.upscaler(network)(low)
    assert 0 < np.abs(apart).max() < 0.005


@pytest.mark.slow
def test_int8_takes_a_quarter_and_loses_little(network, files, pairs):
    data = files["int8"]
    assert len(data) < 0.3 * len(files["float32"])
    loss = decibels(models.upscaler(network), pairs) - decibels(
        export.litert_upscaler(data), pairs
    )
    assert 0 < loss < 0.5


def test_int8_depends_on_its_examples(network, folder, examples, pairs):
    gray = np.full_like(examples[:2], 0.5)
    data = export.to_litert(folder, "int8", gray)
    loss = decibels(models.upscaler(network), pairs[-1:]) - decibels(
        export.litert_upscaler(data), pairs[-1:]
    )
    assert loss > 3


def test_litert_needs_no_tensorflow_and_int8_takes_bytes(files, tmp_path):
    path = tmp_path / "int8.tflite"
    path.write_bytes(files["int8"])
    code = (
        "import sys, numpy as np\n"
        "from ai_edge_litert.interpreter import Interpreter\n"
        "model = Interpreter(sys.argv[1])\n"
        "(low,), (high,) = model.get_input_details(), model.get_output_details()\n"
        "model.resize_tensor_input(low['index'], (1, 6, 5, 3))\n"
        "model.allocate_tensors()\n"
        "model.set_tensor(low['index'], np.full((1, 6, 5, 3), 128, np.uint8))\n"
        "model.invoke()\n"
        "image = model.get_tensor(high['index'])\n"
        "print(image.shape, image.dtype, image.mean().round(), high['quantization'])\n"
        "print('tensorflow' in sys.modules)\n"
    )
    command = [sys.executable, "-c", code, path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    image, imported = done.stdout.splitlines()
    assert image.startswith("(1, 24, 20, 3) uint8 12")
    assert image.endswith("(0.003921568859368563, 0)")  # levels of the file and ours
    assert imported == "False"


@pytest.mark.slow
def test_nothing_is_written_to_stderr(tmp_path, examples, capfd):
    network = models.srresnet(2, blocks=1, filters=4)
    export.save(network, tmp_path)
    for precision in export.PRECISIONS:
        data = export.to_litert(tmp_path, precision, examples[:2])
        export.litert_upscaler(data)(examples[0])
    assert capfd.readouterr() == ("", "")


def test_wrong_requests_are_refused(folder, tmp_path, examples):
    with pytest.raises(ValueError, match=r"float32.*Received: 'int4'"):
        export.to_litert(folder, "int4")
    with pytest.raises(ValueError, match=r"`examples`.*Received: None"):
        export.to_litert(folder, "int8")
    with pytest.raises(ValueError, match=r"`examples`.*Received: \(32, 32, 3\)"):
        export.to_litert(folder, "int8", examples[0])
    with pytest.raises(ValueError, match=r"divide 8-bit.*Received: dtype uint8"):
        export.to_litert(folder, "int8", images.to_uint8(examples))
    with pytest.raises(ValueError, match=r"SavedModel.*Received: "):
        export.to_litert(tmp_path / "none", "float32")
    with pytest.raises(ValueError, match=r"\.tflite file\. Received: 4 bytes"):
        export.litert_upscaler(b"junk")


def test_a_saved_model_of_others_is_refused(stand_in):
    with pytest.raises(ValueError, match=r"signature 'upscale'.*Received: "):
        export.to_litert(stand_in, "float32")
