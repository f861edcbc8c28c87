"""Trained networks: where ours are, and ESRGAN, which others trained.

Source of ESRGAN: Wang et al. 2018, trained again for TensorFlow 2 by captain-pool;
lesson 5. `models.load_checkpoint` loads ours.
"""

import warnings
from pathlib import Path

from . import downloads, runtime

FOLDER = (
    runtime.project() / "data" / "checkpoints"
    if runtime.project()
    else Path(__file__).parent / "checkpoints"
)
FOLDER_VARIABLE = "SR_ESRGAN_DIR"
ADDRESSES = tuple(
    f"{address}?tf-hub-format=compressed"
    for address in (
        "https://tfhub.dev/captain-pool/esrgan-tf2/1",
        "https://www.kaggle.com/models/kaggle/esrgan-tf2/frameworks/TensorFlow2/"
        "variations/esrgan-tf2/versions/1",
    )
)


def names(folder=FOLDER):
    """The names of the checkpoints that have a model card in `folder`, sorted."""
    return sorted(path.stem for path in folder.glob("*.json"))


def load_esrgan():
    """ESRGAN for scale 4, from the first place that has it.

    These are the folder that the environment variable `SR_ESRGAN_DIR` names, our cache,
    and the internet (40 MB, once; `SR_ESRGAN_DIR=none` forbids it).

    Returns:
        What `hub.load` returns, or `None` after a notice that says why. It is a
        function from float32 RGB in **[0, 255]**, `(batch, height, width, 3)` with
        sizes that 4 divides, to four times the size, neither clipped nor rounded.

    Raises:
        ImportError: If TensorFlow Hub can't be imported.
        ValueError: If the folder that `SR_ESRGAN_DIR` names holds no SavedModel.
    """
    hub = import_hub()  # if this fails, neither the cache nor the network is to blame
    item = downloads.Item(
        name="ESRGAN",
        variable=FOLDER_VARIABLE,
        target=downloads.CACHE / "esrgan",
        megabytes=40,
        terms="trained by captain-pool, MIT license",
        sources=ADDRESSES,
        get=downloads.archive,
    )
    return downloads.load(item, lambda folder: hub.load(str(folder)))


def import_hub():
    """The module `tensorflow_hub`, without the warnings of what it imports."""
    with warnings.catch_warnings(), runtime.silence():
        warnings.simplefilter("ignore")
        import tensorflow_hub
    return tensorflow_hub
