"""The split, the benchmark sets, and downloads from a server on this machine."""

import functools
import hashlib
import http.server
import io
import tarfile
import threading

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
def served(tmp_path, monkeypatch, rng):
    """A set "Tiny" of two images, served on 127.0.0.1 as files and as an archive."""
    root = tmp_path / "served"
    root.mkdir()
    checksums = {}
    with tarfile.open(root / "set.tar.gz", "w:gz") as archive:
        for name in ("first", "second"):
            pixels = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
            checksums[name] = hashlib.sha256(pixels.tobytes()).hexdigest()
            Image.fromarray(pixels).save(root / f"{name}.png")
            archive.add(root / f"{name}.png", f"Tiny_HR/{name}.png")
    whole = (root / "set.tar.gz").read_bytes()
    (root / "half.tar.gz").write_bytes(whole[: len(whole) // 2])
    with tarfile.open(root / "hostile.tar.gz", "w:gz") as archive:
        archive.add(root / "first.png", "../../../escaped.png")
    (root / "broken.tar.gz").write_bytes(b"not an archive")
    (root / "page.png").write_text("<html>not found</html>")
    handler = functools.partial(Handler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        record = {
            "megabytes": 0.1,
            "terms": "made for this test",
            "sources": [],
            "pixels_sha256": checksums,
        }
        monkeypatch.setitem(datasets.BENCHMARKS, "Tiny", record)
        yield address, record
        server.shutdown()


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files; a path that starts with /cut/ breaks off halfway."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        if not self.path.startswith("/cut/"):
            return super().do_GET()
        self.path = self.path.removeprefix("/cut")
        self.wfile = Half(self.wfile)
        super().do_GET()


class Half(io.RawIOBase):
    """Passes on the header and the first 2000 bytes, then breaks off."""

    def __init__(self, file):
        self.file, self.left = file, 2000

    def write(self, data):
        self.file.write(data[: self.left])
        self.left = max(0, self.left - len(data))
        return len(data)


def left_behind(cache):
    return (
        [path for path in cache.rglob("*") if path.is_file()] if cache.exists() else []
    )


@pytest.mark.parametrize("source", ["set.tar.gz", "{name}.png"])
def test_download(served, empty_cache, capsys, source):
    address, record = served
    record["sources"] = [f"{address}/{source}"]
    datasets.download("Tiny")
    assert "Tiny: 0.1 MB, made for this test." in capsys.readouterr().out
    assert {n: i.shape for n, i in datasets.benchmark("Tiny").items()} == {
        "first": (40, 50, 3),
        "second": (40, 50, 3),
    }
    assert len(left_behind(empty_cache)) == 2
    datasets.download("Tiny")
    assert "already" in capsys.readouterr().out


@pytest.mark.parametrize(
    "bad",
    [
        "broken.tar.gz",
        "half.tar.gz",
        "hostile.tar.gz",
        "none.tar.gz",
        "none/{name}.png",
        "cut/{name}.png",
        "cut/set.tar.gz",
    ],
)
def test_a_bad_source_is_followed_by_the_next(served, empty_cache, bad):
    address, record = served
    record["sources"] = [f"{address}/{bad}"]
    with pytest.raises(ValueError, match=r"SR_DATA_DIR. Received: http://127.0.0.1"):
        datasets.download("Tiny")
    assert not left_behind(empty_cache)
    record["sources"].append(f"{address}/set.tar.gz")
    datasets.download("Tiny")
    assert set(datasets.benchmark("Tiny")) == {"first", "second"}
    assert not list(empty_cache.parent.rglob("escaped.png"))


def test_a_damaged_set_in_the_cache_is_replaced(served, empty_cache):
    address, record = served
    record["sources"] = [f"{address}/set.tar.gz"]
    datasets.download("Tiny")
    save(empty_cache / "benchmarks" / "Tiny" / "first.png", np.zeros((4, 4, 3)))
    save(empty_cache / "benchmarks" / "Tiny" / "extra.png", np.zeros((4, 4, 3)))
    with pytest.raises(ValueError, match="different first"):
        datasets.benchmark("Tiny")
    datasets.download("Tiny")
    assert set(datasets.benchmark("Tiny")) == {"first", "second"}


def test_wrong_pixels_are_refused(served, empty_cache):
    address, record = served
    record["sources"] = [f"{address}/set.tar.gz"]
    record["pixels_sha256"]["second"] = "0" * 64
    with pytest.raises(ValueError, match="missing or different second"):
        datasets.download("Tiny")
    assert not left_behind(empty_cache)


def test_no_server(served, empty_cache):
    served[1]["sources"] = ["http://127.0.0.1:9/set.tar.gz"]
    with pytest.raises(ValueError, match="check the connection"):
        datasets.download("Tiny")
    assert not left_behind(empty_cache)


def test_an_interrupted_download_leaves_nothing(served, empty_cache, monkeypatch):
    address, record = served
    record["sources"] = [f"{address}/set.tar.gz"]

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.rename", interrupt)
    with pytest.raises(KeyboardInterrupt):
        datasets.download("Tiny")
    assert not left_behind(empty_cache)
