"""Photographs: those that ship with our dependencies, and the benchmark sets.

Nothing is downloaded unless `download` is called. The bundled photographs come inside
the scikit-image and scikit-learn packages and have one fixed split in the whole series.
"""

import functools
import hashlib
import json
import shutil
from collections import Counter
from fractions import Fraction
from importlib import resources
from pathlib import Path

import numpy as np
import skimage.data
import sklearn.datasets

from . import downloads, images, photo_files
from .photo_files import encode
from .resize import resize

DATA_VARIABLE = "SR_DATA_DIR"
HELD_OUT = ("astronaut", "coffee", "chelsea")
TEXTURES = ("brick", "grass", "gravel")
TRAINING = (
    "rocket",
    "stereo_motorcycle",
    "hubble_deep_field",
    "immunohistochemistry",
    "retina",
    "china.jpg",
    "flower.jpg",
    "camera",
    "coins",
    "moon",
)
VALIDATION_SET = "BSDS500test"
VALIDATION = (
    *("103006", "108036", "118031", "130066", "14092", "160067", "163004", "196027"),
    *("201080", "207038", "223060", "235098", "250047", "302022", "35049", "376086"),
    *("41096", "48017", "78098", "97010"),
)
_STRIPS = ("china.jpg", "flower.jpg", "stereo_motorcycle", "camera")
_STRIP_ROWS = 96
_LARGEST = 1024  # pixels of the longer side of one's own photographs
BENCHMARKS = json.loads((resources.files(__package__) / "benchmarks.json").read_text())
CACHE = downloads.CACHE
_ENDINGS = (*encode.WRITABLE, ".gif")


def held_out():
    """The photographs every lesson scores on and no network ever trains on.

    Returns:
        Dictionary from name to float32 RGB in [0, 1]: astronaut `(512, 512, 3)`,
        coffee `(400, 600, 3)`, chelsea `(300, 451, 3)`.
    """
    return {name: _bundled(name) for name in HELD_OUT}


def training():
    """The photographs to train on, among them the left halves of the textures.

    What `held_out`, `validation` and `textures` return isn't part of them.

    Returns:
        Dictionary from name to float32 RGB in [0, 1] of shape `(height, width, 3)`.
    """
    photographs = {
        name.removesuffix(".jpg"): _bundled(name)[: _training_rows(name)]
        for name in TRAINING
    }
    return photographs | {name: _bundled(name)[:, :256] for name in TEXTURES}


def validation():
    """Strips cut off the bottom of four training photographs, to watch a training.

    Returns:
        Dictionary from name to float32 RGB in [0, 1] of shape `(96, width, 3)`.
    """
    return {
        name.removesuffix(".jpg"): _bundled(name)[-_STRIP_ROWS:] for name in _STRIPS
    }


def validation_photographs():
    """The 20 photographs of BSDS500test that decide between recipes, `VALIDATION`.

    Returns:
        Dictionary from name to float32 RGB in [0, 1] of shape `(height, width, 3)`.

    Raises:
        FileNotFoundError: If the set isn't on this machine.
        ValueError: If a photograph is damaged or missing, or there twice.
    """
    found = _images("train", VALIDATION_SET)
    missing = [name for name in VALIDATION if name not in found]
    if missing:
        raise ValueError(
            f"Expected the 200 photographs of {VALIDATION_SET}. "
            f"Received: a folder without {', '.join(missing)}"
        )
    return {name: found[name] for name in VALIDATION}


def training_set(name):
    """A larger training set from `SR_DATA_DIR` or the cache; never downloads.

    Args:
        name: Of a folder of images under `train/` there, such as "T91" or "BSDS200".

    Returns:
        Dictionary from name to float32 RGB in [0, 1] of shape `(height, width, 3)`.
        Of BSDS500test, `validation_photographs` are left out.

    Raises:
        FileNotFoundError: If the set is in neither place.
        ValueError: If an image is damaged, or two differ only in their endings.
    """
    left_out = VALIDATION if name == VALIDATION_SET else ()
    found = _images("train", name)
    return {key: image for key, image in found.items() if key not in left_out}


def photographs(folder, least=1):
    """Your own photographs, from a folder of files (lesson 2).

    Files that can't be used are named in a printed line and left out. A photograph
    whose longer side has more than 1,024 pixels is reduced to that: cameras store more
    pixels than they see, and a training holds all photographs in memory.

    Args:
        folder: Path. Folders inside it and hidden files aren't read.
        least: Pixels that a photograph needs in each direction.

    Returns:
        Dictionary from file name to float32 RGB in [0, 1] of shape
        `(height, width, 3)`.

    Raises:
        ValueError: If there is no such folder, or nothing in it can be used.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"Expected a folder of photographs. Received: {folder}")
    paths = sorted(x for x in folder.iterdir() if x.is_file() and x.name[0] != ".")
    read = {path.name: _own(path, least) for path in paths}
    found = {name: image for name, image in read.items() if image is not None}
    if not found:
        raise ValueError(
            f"Expected photographs of at least {least} x {least} pixels. "
            f"Received: {len(paths)} files in {folder}, none of which can be used"
        )
    return found


def textures():
    """The held-out right halves of the textures brick, grass and gravel (lesson 6).

    Returns:
        Dictionary from name to float32 RGB in [0, 1] of shape `(512, 256, 3)`.
    """
    return {name: _bundled(name)[:, 256:] for name in TEXTURES}


def pair(image, scale):
    """An original and its low-resolution version, as every published table makes it.

    Args:
        image: float array in [0, 1], shape `(height, width, channels)`.
        scale: Integer factor of the task, 2, 3, 4, ...

    Returns:
        The image cropped to a multiple of `scale`, and its reduction by antialiased
        bicubic, rounded to 8 bits, of shape
        `(height // scale, width // scale, channels)`.

    Raises:
        ValueError: If the image or the scale isn't as described.

    Source: the protocol of lesson 1.
    """
    high = images.crop_to_multiple(images.check_image(image), scale)
    return high, images.quantize(resize(high, Fraction(1, scale)))


def benchmark(name):
    """A benchmark set from `SR_DATA_DIR` or the cache; never downloads.

    Args:
        name: "Set5", "Set14", or any folder of images under `benchmarks/` there.

    Returns:
        Dictionary from name to float32 in [0, 1]: `(height, width, 3)`, or
        `(height, width, 1)` for files stored as gray.

    Raises:
        FileNotFoundError: If the set is in neither place.
        ValueError: If an image is damaged, or two differ only in their endings; or if
            one of Set5 or Set14 isn't, pixel for pixel, the one that the published
            numbers were measured on. What else lies in their folders is ignored.
    """
    folder = _find("benchmarks", name)
    if folder is None:
        raise FileNotFoundError(
            f"Expected the set as a folder of images, benchmarks/{name}, in "
            f"{DATA_VARIABLE} or in the cache; datasets.download fetches "
            f"{' and '.join(BENCHMARKS)}. Received: no such folder"
        )
    if name not in BENCHMARKS:
        return {key: _read_gray(path) for key, path in _by_name(folder).items()}
    expected = BENCHMARKS[name]["pixels_sha256"]
    named = [x for x in _image_files(folder.iterdir()) if x.stem in expected]
    return {key: image for key, (_, image) in _verified(name, named).items()}


def available(*names):
    """Those of the benchmark sets that are on this machine, and a line on the others.

    Args:
        *names: "Set5", "Set14".

    Returns:
        Dictionary from name to the images of `benchmark`. What is missing is printed.

    Raises:
        ValueError: If a name is unknown, or as `benchmark`.
    """
    found = {}
    for name in names:
        _check_known(name)
        if _find("benchmarks", name) is None:
            print(
                f"{name} isn't on this machine; datasets.download({name!r}) fetches it."
            )
        else:
            found[name] = benchmark(name)
    return found


def download(name):
    """Fetch Set5 or Set14 into the cache, with its size, its terms and a progress bar.

    Every image is compared, pixel for pixel, with the one the published numbers were
    measured on; a source that fails or differs is followed by the next. The cache holds
    the whole set or nothing of it.

    Args:
        name: "Set5" or "Set14".

    Raises:
        ValueError: If the name is unknown, `SR_DATA_DIR` is "none", or no source gave
            the right images.
    """
    _check_known(name)
    if _is_complete(name):
        print(f"{name} is on this machine already.")
        return
    record = BENCHMARKS[name]
    target, get = CACHE / "benchmarks" / name, functools.partial(_get, name)
    announced = (record["megabytes"], record["terms"], record["sources"])
    downloads.fetch(downloads.Item(name, DATA_VARIABLE, target, *announced, get))


def _get(name, source, folder):
    """Download a set, and copy its images without what lies beside them.

    A source is the address of a tar archive, or with `{name}` in it, of single files.
    """
    if "{name}" in source:
        for key in BENCHMARKS[name]["pixels_sha256"]:
            downloads.file(source.format(name=key), folder)
    else:
        downloads.archive(source, folder)
    found = _verified(name, _image_files(folder.rglob("*")))
    verified = folder / "verified"
    verified.mkdir()
    for key, (path, _) in found.items():
        shutil.copy(path, verified / f"{key}{path.suffix.lower()}")
    return verified


def _verified(name, paths):
    """Path and image of each photograph of a set: those with the right pixels."""
    expected = BENCHMARKS[name]["pixels_sha256"]
    read = [(path, _read_gray(path)) for path in paths]
    found = {_pixels_sha256(image): (path, image) for path, image in read}
    wrong = [key for key, checksum in expected.items() if checksum not in found]
    if wrong:
        raise ValueError(
            f"Expected the {name} images of the published tables (checksum of their "
            f"pixels). Received: missing or different {', '.join(wrong)}"
        )
    return {key: found[checksum] for key, checksum in expected.items()}


def _is_complete(name):
    """Whether a set is there and right; a damaged one in the cache can be replaced."""
    if _find("benchmarks", name) is None:
        return False
    try:
        benchmark(name)
    except ValueError:
        if not _find("benchmarks", name).is_relative_to(CACHE):
            raise
        return False
    return True


def _check_known(name):
    if not isinstance(name, str) or name not in BENCHMARKS:
        raise ValueError(f"Expected `name` in {list(BENCHMARKS)}. Received: {name!r}")


def _find(kind, name):
    if not isinstance(name, str) or Path(name).name != name or name[:1] in ("", "."):
        raise ValueError(f"Expected the name of a set. Received: {name!r}")
    for folder in (root / kind / name for root in _roots()):
        if _image_files(folder.glob("*")):
            return folder
    return None


def _images(kind, name):
    """Every image of a folder as RGB, or what is missing."""
    folder = _find(kind, name)
    if folder is None:
        raise FileNotFoundError(
            f"Expected the set as a folder of images, {kind}/{name}, in "
            f"{DATA_VARIABLE}; data/README.md describes it. Received: no such folder"
        )
    return {key: photo_files.read(path) for key, path in _by_name(folder).items()}


def _own(path, least):
    """A photograph, reduced if it is large; `None` after a line that says why not."""
    try:
        image = photo_files.read(path)
    except ValueError:
        print(f"{path.name} is left out: damaged, too large or no photograph.")
        return None
    if max(image.shape) > _LARGEST:
        image = images.quantize(resize(image, Fraction(_LARGEST, max(image.shape))))
    if min(image.shape[:2]) < least:
        size = " x ".join(map(str, image.shape[:2]))
        print(f"{path.name} is left out: {size} pixels, of at least {least} needed.")
        return None
    return image


def _by_name(folder):
    """The images of a folder by their names without endings, which must differ."""
    paths = _image_files(folder.iterdir())
    counts = Counter(path.stem for path in paths)
    twice = [path.name for path in paths if counts[path.stem] > 1]
    if twice:
        raise ValueError(
            "Expected images whose names differ in more than their endings. "
            f"Received: {', '.join(twice)} in {folder}"
        )
    return {path.stem: path for path in paths}


def _image_files(paths):
    """Those of `paths` that are images, without what file systems leave beside them."""
    return sorted(x for x in paths if x.suffix.lower() in _ENDINGS and x.name[0] != ".")


def _read_gray(path):
    """Read an image; a file that stores gray gives one channel."""
    return photo_files.read(path, keep_gray=True)


def _pixels_sha256(image):
    """Checksum of an image's 8-bit pixels, whatever kind of file they came in."""
    return hashlib.sha256(images.to_uint8(image).tobytes()).hexdigest()


def _roots():
    """The folders that may hold sets, the one of `SR_DATA_DIR` first."""
    root = downloads.named(DATA_VARIABLE)
    if root is None:
        return [CACHE]
    if not root.is_dir():
        raise FileNotFoundError(
            f"Expected {DATA_VARIABLE} to name a folder. Received: {root}"
        )
    return [root, CACHE]


def _training_rows(name):
    """How many rows of a photograph are left when validation has taken its strip."""
    return -_STRIP_ROWS if name in _STRIPS else None


def _bundled(name):
    if name.endswith(".jpg"):
        pixels = sklearn.datasets.load_sample_image(name)
    else:
        pixels = getattr(skimage.data, name)()
    pixels = pixels[0] if isinstance(pixels, tuple) else pixels
    return images.to_rgb(np.atleast_3d(pixels / np.float32(255)))
