"""ESRGAN from a folder, the cache and a server on this machine."""

import io
import os
import subprocess
import sys
import tarfile

import numpy as np
import pytest

from sr_utils import downloads, pretrained


def packed(folder, pattern="*"):
    """A .tar.gz of the files in `folder`."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for path in sorted(folder.rglob(pattern)):
            archive.add(path, path.relative_to(folder), recursive=False)
    return file.getvalue()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, and no folder named."""
    monkeypatch.delenv(pretrained.FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(downloads, "CACHE", tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def served(server, stand_in, cache, monkeypatch):
    """Lets `pretrained` look at a local server, for the files named."""
    server.files["1"] = packed(stand_in)
    server.files["broken_off"] = packed(stand_in, "saved_model.pb")

    def serve(*names):
        found = (server.address("whole", name) for name in names)
        addresses = tuple(f"{address}?tf-hub-format=compressed" for address in found)
        monkeypatch.setattr(pretrained, "ADDRESSES", addresses)

    return serve


def works(model):
    """Whether it enlarges as the stand-in does."""
    low = np.random.default_rng(0).uniform(0, 255, (1, 4, 8, 3)).astype("float32")
    expected = np.kron(low * np.float32(1.1), np.ones((1, 4, 4, 1), "float32"))
    return np.allclose(model(low), expected, rtol=1e-6)


def content(folder):
    """What lies in a folder, byte for byte."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_download_is_announced_kept_and_used_again(served, server, cache, capsys):
    served("1")
    assert works(pretrained.load_esrgan())
    assert "ESRGAN: 40 MB, trained by captain-pool" in capsys.readouterr().out
    assert [x.name for x in cache.iterdir()] == ["esrgan"]
    assert works(pretrained.load_esrgan())
    assert len(server.requests) == 1
    printed = capsys.readouterr()
    assert printed.out == printed.err == ""


def test_an_archive_that_breaks_off_is_not_kept(served, cache, capsys):
    served("broken_off")
    assert pretrained.load_esrgan() is None
    notice = capsys.readouterr().out.splitlines()[-1]
    assert notice.startswith("NOTICE: ESRGAN can't be had, so it is left out; connect")
    assert not content(cache)
    served("broken_off", "1")
    assert works(pretrained.load_esrgan())


def test_a_damaged_cache_is_fetched_again(served, cache):
    served("1")
    pretrained.load_esrgan()
    (cache / "esrgan" / "saved_model.pb").write_bytes(b"damaged")
    damaged = content(cache)
    served("lost")
    assert pretrained.load_esrgan() is None
    assert content(cache) == damaged
    served("1")
    assert works(pretrained.load_esrgan())


def test_without_tensorflow_hub_the_cache_stays(served, server, cache, monkeypatch):
    served("1")
    pretrained.load_esrgan()
    before = content(cache)
    monkeypatch.setitem(sys.modules, "tensorflow_hub", None)
    with pytest.raises(ImportError, match="tensorflow_hub"):
        pretrained.load_esrgan()
    assert content(cache) == before
    assert len(server.requests) == 1


def test_a_named_folder_is_used_first(served, server, stand_in, monkeypatch, capsys):
    served("1")
    monkeypatch.setenv(pretrained.FOLDER_VARIABLE, str(stand_in))
    assert works(pretrained.load_esrgan())
    assert not server.requests
    assert capsys.readouterr().out == ""


def test_a_wrong_folder_is_refused(cache, tmp_path, monkeypatch):
    monkeypatch.setenv(pretrained.FOLDER_VARIABLE, str(tmp_path / "none"))
    with pytest.raises(ValueError, match=r"SR_ESRGAN_DIR .*Received: .*none"):
        pretrained.load_esrgan()


def test_the_download_can_be_switched_off(served, server, monkeypatch, capsys):
    served("1")
    monkeypatch.setenv(pretrained.FOLDER_VARIABLE, "none")
    assert pretrained.load_esrgan() is None
    sentence = (
        "NOTICE: ESRGAN can't be had, so it is left out; connect to the internet or "
        "set SR_ESRGAN_DIR to have it (switched off).\n"
    )
    assert capsys.readouterr().out == sentence  # lesson 5 holds it
    assert not server.requests


def run(code, **variables):
    """What a program of its own prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout + done.stderr


@pytest.mark.slow
def test_the_import_is_silent(stand_in):
    code = "from sr_utils import pretrained; pretrained.load_esrgan()"
    assert run(code, **{pretrained.FOLDER_VARIABLE: str(stand_in)}) == ""


def test_names_of_checkpoints_need_no_keras():
    code = "import sys; from sr_utils import pretrained; print(*pretrained.names())"
    code += "; print({'keras', 'tensorflow', 'sklearn'} & set(sys.modules))"
    assert "srresnet_x4" in run(code).split()
    assert run(code).endswith("set()\n")


def test_names_are_those_of_the_cards(tmp_path):
    for name in ("b.json", "a.json", "b.keras", "c.keras"):
        (tmp_path / name).touch()
    assert pretrained.names(tmp_path) == ["a", "b"]
