"""The split, the benchmark sets, and downloads from a server on this machine."""

import hashlib
import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import sklearn.datasets
from PIL import Image

from sr_utils import datasets, images


def save(path, image):
    """Write floats in [0, 1] as an 8-bit file."""
    pixels = images.to_uint8(image)
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(path)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch, request):
    if "benchmark_folder" not in request.fixturenames:
        monkeypatch.delenv("SR_DATA_DIR", raising=False)
    monkeypatch.setattr(datasets, "CACHE", tmp_path / "cache")
    return tmp_path / "cache"


def test_bundled_photographs():
    sets = [datasets.held_out(), datasets.training(), datasets.textures()]
    for photographs in sets:
        for image in photographs.values():
            images.check_image(image)
            assert image.dtype == np.float32
            assert image.shape[-1] == 3
    assert list(sets[0]) == ["astronaut", "coffee", "chelsea"]
    assert [image.shape for image in sets[2].values()] == 3 * [(512, 256, 3)]


def test_nothing_held_out_is_trained_on():
    trained = {
        window.tobytes()
        for image in datasets.training().values()
        for window in windows(image)
    }
    kept = datasets.held_out() | datasets.textures()
    assert trained
    for image in kept.values():
        assert trained.isdisjoint(window.tobytes() for window in windows(image))


def test_validation_strips_are_cut_off_the_training_photographs():
    training = datasets.training()
    strips = datasets.validation()
    assert list(strips) == ["china", "flower", "stereo_motorcycle", "camera"]
    whole = {"china": sklearn.datasets.load_sample_image("china.jpg")}
    whole["camera"] = np.repeat(skimage.data.camera()[..., None], 3, axis=2)
    for name, pixels in whole.items():
        joined = np.concatenate([training[name], strips[name]])
        assert np.array_equal(images.to_uint8(joined), pixels)
    assert {strip.shape[0] for strip in strips.values()} == {96}


def test_a_training_set_is_a_folder_of_images(tmp_path, monkeypatch):
    folder = tmp_path / "train" / "mine"
    folder.mkdir(parents=True)
    image = np.full((3, 4, 1), 0.2, "float32")
    save(folder / "gray.png", image)
    (folder / "notes.txt").write_text("none of them")
    monkeypatch.setenv("SR_DATA_DIR", str(tmp_path))
    found = datasets.training_set("mine")
    assert list(found) == ["gray"]
    assert np.array_equal(found["gray"], images.to_rgb(images.quantize(image)))
    with pytest.raises(FileNotFoundError, match=r"train/T91, in SR_DATA_DIR.*Received"):
        datasets.training_set("T91")


@pytest.mark.parametrize("kind", ["train", "benchmarks"])
def test_two_images_of_one_name_are_refused(tmp_path, monkeypatch, kind):
    folder = tmp_path / kind / "mine"
    folder.mkdir(parents=True)
    for name in ("a.png", "a.bmp", "b.png"):
        save(folder / name, np.zeros((4, 4, 3)))
    monkeypatch.setenv("SR_DATA_DIR", str(tmp_path))
    load = {"train": datasets.training_set, "benchmarks": datasets.benchmark}[kind]
    with pytest.raises(ValueError, match=r"Received: a.bmp, a.png in "):
        load("mine")


def test_a_relative_data_folder_begins_at_the_project(tmp_path, monkeypatch):
    folder = tmp_path / "benchmarks" / "mine"
    folder.mkdir(parents=True)
    save(folder / "a.png", np.zeros((4, 4, 3)))
    relative = os.path.relpath(tmp_path, Path(__file__).parents[1])
    monkeypatch.setenv("SR_DATA_DIR", relative)
    monkeypatch.chdir(folder)
    assert list(datasets.benchmark("mine")) == ["a"]


def windows(image):
    """Every eighth 8 x 8 window that isn't flat."""
    for top in range(0, image.shape[0] - 8, 8):
        for left in range(0, image.shape[1] - 8, 8):
            window = image[top : top + 8, left : left + 8]
            if window.std() > 0.01:
                yield window


def test_pair():
    high, low = datasets.pair(datasets.held_out()["chelsea"], 4)
    assert high.shape == (300, 448, 3)
    assert low.shape == (75, 112, 3)
    np.testing.assert_array_equal(low, images.quantize(low))
    with pytest.raises(ValueError, match=r"Received: 0"):
        datasets.pair(high, 0)
    with pytest.raises(ValueError, match=r"Received: 1 x 1"):
        datasets.pair(high[:1, :1], 4)


def test_benchmark_sets(benchmark_folder):
    sets = datasets.available("Set5", "Set14")
    assert {name: len(found) for name, found in sets.items()} == {
        "Set5": 5,
        "Set14": 14,
    }
    assert sets["Set14"]["bridge"].shape == (512, 512, 1)
    assert sets["Set14"]["man"].shape == (512, 512, 3)


def test_a_missing_set(capsys):
    with pytest.raises(FileNotFoundError, match="no such folder"):
        datasets.benchmark("Set5")
    assert datasets.available("Set5") == {}
    line = "Set5 isn't on this machine; datasets.download('Set5') fetches it.\n"
    assert capsys.readouterr().out == line
    for function in (datasets.available, datasets.download):
        with pytest.raises(ValueError, match=r"Received: 'Set6'"):
            function("Set6")
        with pytest.raises(ValueError, match=r"Received: \['Set5'\]"):
            function(["Set5"])


def test_any_folder_of_images(tmp_path, monkeypatch):
    folder = tmp_path / "benchmarks" / "mine"
    folder.mkdir(parents=True)
    save(folder / "a.png", np.zeros((4, 4, 1)))
    for name in (".DS_Store", "Thumbs.db", "._a.png", "README.txt"):
        (folder / name).write_text("left by a file system")
    monkeypatch.setenv("SR_DATA_DIR", str(tmp_path))
    assert {n: i.shape for n, i in datasets.benchmark("mine").items()} == {
        "a": (4, 4, 1)
    }


def test_textures_are_the_right_halves():
    for name, image in datasets.textures().items():
        right = getattr(skimage.data, name)()[:, 256:]
        np.testing.assert_array_equal(images.to_uint8(image[..., 0]), right)


@pytest.mark.parametrize("name", ["..", "a/b", "/etc", "", None, ["Set5"]])
def test_names_of_sets_are_names(name):
    with pytest.raises(ValueError, match="Received: "):
        datasets.benchmark(name)


def test_a_data_folder_that_does_not_exist(tmp_path, monkeypatch):
    monkeypatch.setenv("SR_DATA_DIR", str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError, match="SR_DATA_DIR to name a folder"):
        datasets.available("Set5")


def test_a_local_set_that_differs(tmp_path, monkeypatch):
    folder = tmp_path / "benchmarks" / "Set5"
    folder.mkdir(parents=True)
    save(folder / "baby.png", np.zeros((4, 4, 3)))
    monkeypatch.setenv("SR_DATA_DIR", str(tmp_path))
    with pytest.raises(ValueError, match=r"checksum .*Received: .*baby, bird"):
        datasets.download("Set5")
    with pytest.raises(ValueError, match=r"checksum .*Received: .*baby, bird"):
        datasets.benchmark("Set5")


@pytest.fixture
def served(server, monkeypatch, rng):
    """Makes "Tiny", a set of two images on the server, from its sources."""
    checksums, file = {}, io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name in ("first", "second"):
            pixels = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
            checksums[name] = hashlib.sha256(pixels.tobytes()).hexdigest()
            image = io.BytesIO()
            Image.fromarray(pixels).save(image, "PNG")
            member = tarfile.TarInfo(f"Tiny_HR/{name}.png")
            member.size = image.tell()
            archive.addfile(member, io.BytesIO(image.getvalue()))
            server.files[f"{name}.png"] = image.getvalue()
    server.files["set.tar.gz"] = file.getvalue()
    record = {"megabytes": 0.1, "terms": "made for this test"}
    record["pixels_sha256"] = checksums
    monkeypatch.setitem(datasets.BENCHMARKS, "Tiny", record)

    def serve(*sources):
        record["sources"] = [server.address(*source.split("/")) for source in sources]

    return serve


def left_behind(cache):
    return list(cache.rglob("*.*")) if cache.exists() else []


@pytest.mark.parametrize("source", ["whole/set.tar.gz", "whole/{name}.png"])
def test_download(served, empty_cache, capsys, source):
    served(source)
    datasets.download("Tiny")
    assert "Tiny: 0.1 MB, made for this test." in capsys.readouterr().out
    assert {n: i.shape for n, i in datasets.benchmark("Tiny").items()} == {
        "first": (40, 50, 3),
        "second": (40, 50, 3),
    }
    assert len(left_behind(empty_cache)) == 2
    datasets.download("Tiny")
    assert "already" in capsys.readouterr().out


@pytest.mark.parametrize("way", ["half", "404", "page"])
@pytest.mark.parametrize("name", ["set.tar.gz", "{name}.png"])
def test_a_bad_source_is_followed_by_the_next(served, empty_cache, way, name):
    served(f"{way}/{name}")
    with pytest.raises(ValueError, match=r"connect .* SR_DATA_DIR .*http://127.0.0.1"):
        datasets.download("Tiny")
    assert not left_behind(empty_cache)
    served(f"{way}/{name}", "whole/set.tar.gz")
    datasets.download("Tiny")
    assert set(datasets.benchmark("Tiny")) == {"first", "second"}


def test_a_damaged_set_in_the_cache_is_replaced(served, empty_cache):
    served("whole/set.tar.gz")
    datasets.download("Tiny")
    save(empty_cache / "benchmarks" / "Tiny" / "first.png", np.zeros((4, 4, 3)))
    save(empty_cache / "benchmarks" / "Tiny" / "extra.png", np.zeros((4, 4, 3)))
    with pytest.raises(ValueError, match="different first"):
        datasets.benchmark("Tiny")
    datasets.download("Tiny")
    assert set(datasets.benchmark("Tiny")) == {"first", "second"}
    assert len(left_behind(empty_cache)) == 2


def test_a_wrong_image_beside_the_right_one_does_not_matter(served, empty_cache):
    served("whole/set.tar.gz")
    datasets.download("Tiny")
    before = datasets.benchmark("Tiny")
    for ending in ("bmp", "tif"):  # before and after .png in the alphabet
        wrong = empty_cache / "benchmarks" / "Tiny" / f"first.{ending}"
        save(wrong, np.zeros((4, 4, 3)))
    after = datasets.benchmark("Tiny")
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_wrong_pixels_are_refused(served, empty_cache):
    served("whole/set.tar.gz")
    datasets.BENCHMARKS["Tiny"]["pixels_sha256"]["second"] = "0" * 64
    with pytest.raises(ValueError, match="missing or different second"):
        datasets.download("Tiny")
    assert not left_behind(empty_cache)


def test_downloads_can_be_switched_off(served, server, monkeypatch):
    served("whole/set.tar.gz")
    monkeypatch.setenv("SR_DATA_DIR", "none")
    assert datasets.available("Tiny") == {}
    with pytest.raises(ValueError, match="switched off"):
        datasets.download("Tiny")
    assert not server.requests


def test_your_own_photographs_are_read_and_bad_files_named(tmp_path, rng, capsys):
    pixels = rng.integers(256, size=(50, 40, 3), dtype="uint8")
    Image.fromarray(pixels).save(tmp_path / "b.png")
    Image.fromarray(pixels[..., 0]).save(tmp_path / "a.TIF", format="TIFF")
    Image.fromarray(pixels[:10]).save(tmp_path / "small.png")
    (tmp_path / "notes.txt").write_text("no photograph")
    (tmp_path / ".hidden.png").write_bytes(b"")
    (tmp_path / "more").mkdir()
    found = datasets.photographs(tmp_path, least=40)
    assert list(found) == ["a.TIF", "b.png"]
    assert np.array_equal(found["b.png"], pixels / np.float32(255))
    assert found["a.TIF"].shape == (50, 40, 3)
    assert capsys.readouterr().out.splitlines() == [
        "notes.txt is left out: damaged, too large or no photograph.",
        "small.png is left out: 10 x 40 pixels, of at least 40 needed.",
    ]


def test_a_large_photograph_is_reduced_to_1024_pixels(tmp_path):
    ramp = np.linspace(0, 255, 2000).astype("uint8")
    Image.fromarray(np.tile(ramp, (500, 1))).save(tmp_path / "ramp.png")
    (reduced,) = datasets.photographs(tmp_path).values()
    assert reduced.shape == (256, 1024, 3)
    assert np.array_equal(reduced, images.quantize(reduced))
    assert np.abs(reduced[128, :, 0] - np.linspace(0, 1, 1024)).max() < 0.01


def test_a_folder_without_photographs_is_refused(tmp_path, capsys):
    with pytest.raises(ValueError, match=r"^Expected a folder .*Received: .*none$"):
        datasets.photographs(tmp_path / "none")
    (tmp_path / "notes.txt").write_text("no photograph")
    with pytest.raises(ValueError, match=r"^Expected photographs .*Received: 1 files"):
        datasets.photographs(tmp_path)
