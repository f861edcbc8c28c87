"""Quiet start-up, seeds, and choices by device; each start in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest

from sr_utils import models, runtime
from tools import notebooks


def fresh_python(code, **variables):
    """Run `code` in a new interpreter, as a learner's machine would."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TF_", "SR_", "KERAS_"))
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment | variables,
        capture_output=True,
        text=True,
        check=True,
    )


START = "from sr_utils import runtime; runtime.start(seed=3)\n"


@pytest.mark.slow
def test_start_is_silent_and_keeps_the_fast_kernels():
    done = fresh_python(
        START + "import os, sys\n"
        "print(os.environ['TF_CPP_MIN_LOG_LEVEL'])\n"
        "print(os.environ.get('TF_ENABLE_ONEDNN_OPTS', 'not set'))\n"
        "print('still heard', file=sys.stderr); os.write(2, b'and here')\n"
    )
    report, level, fast_kernels = done.stdout.splitlines()
    assert report.startswith("Keras 3.")
    assert level == "3"
    assert fast_kernels == "not set"
    assert done.stderr == "still heard\nand here"


def test_nothing_in_the_course_switches_the_fast_kernels_off():
    name = "TF_ENABLE_ONEDNN" + "_OPTS"
    root = Path(__file__).parents[1]
    files = [
        path
        for folder in ("sr_utils", "tools", "notebooks")
        for path in (root / folder).rglob("*.[pi][yp]*")
    ]
    assert root / "sr_utils" / "runtime.py" in files
    for path in [*files, root / "Makefile", root / ".ci" / "run"]:
        if path.suffix != ".pyc":
            assert name not in path.read_text(encoding="utf-8"), path


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers():
    code = START + (
        "import keras, random, numpy as np\n"
        "x = np.random.rand(8, 12, 12, 3); print(random.random(), x.sum())\n"
        "layers = [keras.layers.Conv2D(8, 3), keras.layers.Conv2D(1, 3)]\n"
        "model = keras.Sequential(layers)\n"
        "model.compile('adam', 'mse', jit_compile=False)\n"
        "model.fit(x, x[:, 2:-2, 2:-2, :1], epochs=2, verbose=0)\n"
        "print([w.numpy().tobytes().hex() for w in model.weights])\n"
    )
    assert fresh_python(code).stdout == fresh_python(code).stdout


@pytest.mark.parametrize(
    "module",
    ["images", "resize", "metrics", "datasets", "scoreboard", "pictures", "plots"],
)
def test_imports_no_framework(module):
    code = f"import sys, sr_utils.{module}; print('tensorflow' in sys.modules)"
    assert fresh_python(code).stdout == "False\n"


def test_silence_ends_with_an_error(capfd):
    with pytest.raises(ZeroDivisionError), runtime.silence():
        os.write(2, b"unheard")
        raise ZeroDivisionError
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


@pytest.mark.slow
def test_silence_holds_in_a_notebook():
    source = (
        "import os, warnings\nfrom sr_utils import runtime\n"
        "with runtime.silence():\n"
        "    warnings.warn('unheard')\n    os.write(2, b'unheard')\n"
        "runtime.start()"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    notebooks.execute(notebook, "00_silence")
    notebooks.check_silent(notebook, "00_silence")
    assert "Keras" in notebook.cells[0].outputs[0].text


@pytest.mark.slow
def test_operations_are_deterministic_after_start():
    # With determinism on, TensorFlow refuses random numbers once the seed is gone.
    code = START + (
        "import tensorflow as tf\n"
        "tf.random.set_seed(None)\n"
        "try: tf.random.uniform((2,)); print('not enabled')\n"
        "except RuntimeError as error: print('determinism' in str(error))\n"
    )
    assert fresh_python(code).stdout.endswith("True\n")


@pytest.mark.slow
def test_on_an_accelerator_keras_may_use_xla():
    # Keras refuses XLA, with a warning, while operations are deterministic.
    code = (
        "from sr_utils import runtime\n"
        "runtime.accelerators = lambda: ['gpu:0']\n"
        "runtime._compute_capability = lambda: 8.0\n"
        "runtime.start()\n"
        "import keras, warnings\n"
        "warnings.simplefilter('error')\n"
        "model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])\n"
        "model.compile('adam', 'mse', jit_compile=runtime.jit_compile())\n"
        "print(model.jit_compile)\n"
    )
    assert fresh_python(code).stdout.endswith("True\n")


def test_budget(monkeypatch):
    monkeypatch.delenv("SR_BUDGET", raising=False)
    assert runtime.budget(quick=10, full=1000) == 10
    monkeypatch.setenv("SR_BUDGET", "full")
    assert runtime.budget(quick=10, full=1000) == 1000
    monkeypatch.setenv("SR_BUDGET", "fast")
    with pytest.raises(ValueError, match=r"SR_BUDGET .*Received: 'fast'"):
        runtime.budget(quick=10, full=1000)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("flags : fpu avx512f amx_bf16", "mixed_bfloat16"),
        ("flags : fpu avx512_bf16", "mixed_bfloat16"),
        ("flags : fpu avx2", "float32"),
        (None, "float32"),
    ],
)
def test_precision_on_a_cpu(monkeypatch, tmp_path, flags, expected):
    monkeypatch.setattr(runtime, "accelerators", list)
    monkeypatch.setattr(runtime, "_CPU_FLAGS", tmp_path / "cpuinfo")
    if flags:
        (tmp_path / "cpuinfo").write_text(flags)
    assert runtime.precision() == expected
    assert not runtime.jit_compile()


@pytest.mark.parametrize(
    ("device", "capability", "expected"),
    [
        ("gpu:0", 9, "mixed_bfloat16"),
        ("gpu:0", 7, "mixed_float16"),
        ("gpu:0", 6, "float32"),
        ("tpu:0", None, "mixed_bfloat16"),
    ],
)
def test_precision_on_an_accelerator(monkeypatch, device, capability, expected):
    monkeypatch.setattr(runtime, "accelerators", lambda: [device])
    monkeypatch.setattr(runtime, "_compute_capability", lambda: capability)
    assert runtime.precision() == expected
    assert runtime.jit_compile()


def test_one_graph_serves_every_size(rng):
    model = models.espcn(2)
    call = runtime.graph(model)
    for size in ((1, 1), (5, 9), (30, 20)):
        batch = rng.random((1, *size, 3), "float32")
        expected = np.asarray(model(batch))
        np.testing.assert_allclose(np.asarray(call(batch)), expected, atol=1e-6)
