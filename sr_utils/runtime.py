"""What every notebook does first: quiet start-up, seeds, device, budget.

`start()` is the one call a notebook needs. The rest answers questions that a training
cell asks: which precision, XLA or not, how many steps. TensorFlow is imported only if
it is the Keras backend.
"""

import contextlib
import os
import sys
from pathlib import Path

BUDGET_VARIABLE = "SR_BUDGET"
BUDGETS = ("quick", "full")
_CPU_FLAGS = Path("/proc/cpuinfo")
_CONTAINER = Path("/sys/fs/cgroup/memory.max")
_MEMORY = Path("/proc/meminfo")
_UNKNOWN = 2**33  # bytes, where the system doesn't say


def start(seed=0):
    """Import Keras and its backend without log lines, fix all seeds, report the device.

    Args:
        seed: Seeds Python, NumPy and the backend. With TensorFlow on a CPU operations
            become deterministic too; on accelerators that would switch XLA off.

    Raises:
        ImportError: As `check_keras`.
        ValueError: Also if the environment variable `SR_BUDGET` is set to an unknown
            budget.
    """
    budget_name()
    with silence():
        check_keras()
        import keras

        keras.utils.set_random_seed(seed)
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            if not accelerators():
                tf.config.experimental.enable_op_determinism()
            tf.get_logger().setLevel("ERROR")  # in a notebook it logs to stdout
        line = report()
    print(line)


def project():
    """The project's folder, or `None` where the package was installed without it."""
    folder = Path(__file__).parents[1]
    return folder if (folder / "pyproject.toml").is_file() else None


def memory():
    """Bytes of memory of this machine, or of the container that limits it."""
    try:
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError):  # Windows
        found = _UNKNOWN
    with contextlib.suppress(OSError, ValueError):  # no container, or "max"
        found = min(found, int(_CONTAINER.read_text()))
    return found


def free_memory():
    """Bytes of memory that programs may still take; on Linux only, elsewhere all."""
    found = memory()
    with contextlib.suppress(OSError, ValueError):
        lines = dict(line.split(":") for line in _MEMORY.read_text().splitlines())
        found = min(found, 1024 * int(lines["MemAvailable"].split()[0]))
        used = int(_CONTAINER.with_name("memory.current").read_text())
        found = min(found, int(_CONTAINER.read_text()) - used)
    return max(0, found)


def check_keras():
    """Import Keras, or say which of its settings the course can't work with.

    Raises:
        ImportError: If the backend of Keras isn't installed.
        ValueError: If there is no such backend, or images have their channels first.
    """
    try:
        import keras
    except ImportError as error:
        raise ImportError(
            "Expected Keras and its backend to be installed; KERAS_BACKEND or "
            f"~/.keras/keras.json names another one. Received: {error}"
        ) from error
    layout = keras.config.image_data_format()
    if layout != "channels_last":
        raise ValueError(
            'Expected "image_data_format": "channels_last" in ~/.keras/keras.json. '
            f"Received: {layout!r}"
        )


@contextlib.contextmanager
def silence():
    """Send stderr to nowhere for a while, and ask TensorFlow to log errors only.

    TensorFlow's C++ code logs to file descriptor 2, past `sys.stderr`, so both are
    redirected. The oneDNN kernels stay on: switching them off would silence one log
    line and make bfloat16 training 60 times slower.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    saved = os.dup(2)
    try:
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            with contextlib.redirect_stderr(nowhere):
                yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


def report():
    """One line: Keras, backend, device, precision, budget."""
    return f"{machine()}, {precision()}, {budget_name()} budget"


def machine():
    """Keras, its backend and the device, as a report or a model card names them."""
    import keras

    name = keras.backend.backend()
    version = sys.modules[name].__version__
    gpus = accelerators()
    device = f"{len(gpus)} x {gpus[0].split(':')[0]}" if gpus else "CPU"
    cores = f"{os.cpu_count()} CPU cores"
    return f"Keras {keras.__version__}, {name} {version}, {device} ({cores})"


def accelerators():
    """Names of the GPUs and TPUs the Keras backend sees, such as `["gpu:0"]`."""
    import keras

    if keras.backend.backend() == "torch":
        import torch

        return [f"gpu:{i}" for i in range(torch.cuda.device_count())]
    devices = keras.distribution.list_devices()
    return [name for name in devices if not name.startswith("cpu")]


def jit_compile():
    """Whether to compile training with XLA: on accelerators only.

    On a CPU, XLA made a training step of this series 1.5 to 2 times slower, and Keras'
    own default turns it on.
    """
    return bool(accelerators())


def precision():
    """The Keras dtype policy in which this device trains fastest.

    Returns:
        "mixed_bfloat16" on CPUs with bfloat16 instructions (AMX or AVX-512), on TPUs
        and on GPUs of compute capability 8 and above; "mixed_float16" on GPUs of
        capability 7; "float32" elsewhere. Scores and figures always use float32.
    """
    devices = accelerators()
    if not devices:
        return "mixed_bfloat16" if _cpu_has_bfloat16() else "float32"
    if not devices[0].startswith(("gpu", "cuda")):
        return "mixed_bfloat16"
    capability = _compute_capability()
    if capability >= 8:
        return "mixed_bfloat16"
    return "mixed_float16" if capability >= 7 else "float32"


def graph(model):
    """A function that calls a network, compiled once for images of every size.

    On TensorFlow it is one graph, which frees every layer's result as soon as it isn't
    needed; a plain call keeps them all to its end. `model.predict` builds a new graph
    for new sizes, and warns about it. Other backends call the network as it is.

    Args:
        model: A network of one or several inputs, each `(batch, height, width, n)`.

    Returns:
        Function from as many arrays to the network's result, a tensor.
    """
    import keras

    def call(*batches):
        return model(batches if len(batches) > 1 else batches[0], training=False)

    if keras.backend.backend() != "tensorflow":
        return call
    import tensorflow as tf

    specs = [tf.TensorSpec(x.shape, x.dtype) for x in model.inputs]
    concrete = tf.function(call).get_concrete_function(*specs)
    return lambda *batches: concrete(*map(tf.convert_to_tensor, batches))


@contextlib.contextmanager
def policy(name):
    """Build layers in a Keras dtype policy for a while.

    Args:
        name: Such as `precision()` for training, or "float32" for scores.
    """
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def budget(*, quick, full):
    """The number of training steps of an experiment, by the variable `SR_BUDGET`.

    Args:
        quick: Steps that show the effect within minutes on a CPU; the default.
        full: Steps of the paper-scale run, taken when `SR_BUDGET=full`.

    Returns:
        `quick` or `full`.

    Raises:
        ValueError: If `SR_BUDGET` is something else.
    """
    return {"quick": quick, "full": full}[budget_name()]


def budget_name():
    """The value of the environment variable `SR_BUDGET`: "quick" unless set to "full".

    Raises:
        ValueError: If it is set to something else.
    """
    name = os.environ.get(BUDGET_VARIABLE, "quick")
    if name not in BUDGETS:
        raise ValueError(f"Expected {BUDGET_VARIABLE} in {BUDGETS}. Received: {name!r}")
    return name


def _cpu_has_bfloat16():
    if not _CPU_FLAGS.is_file():
        return False
    flags = _CPU_FLAGS.read_text().split()
    return "amx_bf16" in flags or "avx512_bf16" in flags


def _compute_capability():
    """Major number of the first GPU's compute capability."""
    import keras

    if keras.backend.backend() == "torch":
        import torch

        return torch.cuda.get_device_capability()[0]
    if keras.backend.backend() == "jax":
        import jax

        return int(float(jax.devices()[0].compute_capability))
    import tensorflow as tf

    details = tf.config.experimental.get_device_details(
        tf.config.list_physical_devices("GPU")[0]
    )
    return details.get("compute_capability", (0, 0))[0]
