"""ESRGAN from a folder and from a server that does everything a server can do wrong."""

import http.server
import io
import os
import socket
import subprocess
import sys
import tarfile
import threading
import time

import numpy as np
import pytest

from sr_utils import datasets, pretrained

FAILURES = ["403", "404", "hang", "stall", "half", "one file", "page", "refused", "dns"]


def packed(folder, pattern="*"):
    """A .tar.gz of the files in `folder`."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for path in sorted(folder.rglob(pattern)):
            archive.add(path, path.relative_to(folder), recursive=False)
    return file.getvalue()


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves a SavedModel in the way that the first part of the address says."""

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.server.requests.append(self.path)
        whole = self.server.archive
        part = {
            "half": whole[: len(whole) // 2],
            "stall": whole[: len(whole) // 2],
            "one_file": self.server.one_file,
            "page": b"<html>Please sign in.</html>",
        }
        if self.answer():
            self.wfile.write(part.get(self.how, whole))
            if self.how == "stall":
                time.sleep(2)

    def answer(self):
        """Send the header; whether there is something to send after it."""
        self.how = self.path.split("/")[1]
        if self.how == "hang":
            time.sleep(2)
            return False
        code = int(self.how) if self.how.isdigit() else 200
        self.send_response(code)
        if self.how != "one_file":
            self.send_header("Content-Length", str(len(self.server.archive)))
        self.end_headers()
        return code == 200

    def log_message(self, *arguments):
        """Stay silent."""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, and no folder named."""
    monkeypatch.delenv(pretrained.FOLDER_VARIABLE, raising=False)
    monkeypatch.setattr(datasets, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(pretrained, "_PATIENCE", 0.5)
    return tmp_path / "cache"


@pytest.fixture
def served(stand_in, cache, monkeypatch):
    """Lets `pretrained` look at a local server; returns the downloads asked for."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.archive, server.requests = packed(stand_in), []
    server.one_file = packed(stand_in, "saved_model.pb")
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def serve(*ways):
        root = f"http://127.0.0.1:{server.server_port}"
        found = tuple(f"{root}/{x.replace(' ', '_')}/esrgan/1" for x in ways)
        monkeypatch.setattr(pretrained, "ADDRESSES", found)
        return server.requests

    yield serve
    server.shutdown()
    server.server_close()


def works(model):
    """Whether it enlarges as the stand-in does."""
    low = np.random.default_rng(0).uniform(0, 255, (1, 4, 8, 3)).astype("float32")
    expected = np.kron(low * np.float32(1.1), np.ones((1, 4, 4, 1), "float32"))
    return np.allclose(model(low), expected, rtol=1e-6)


def left_behind(cache):
    return [str(x) for x in cache.rglob("*")] if cache.exists() else []


def test_a_download_is_announced_kept_and_used_again(served, cache, capsys):
    requests = served("whole")
    assert works(pretrained.load_esrgan())
    assert "ESRGAN: 40 MB" in capsys.readouterr().out
    assert sorted(x.name for x in cache.iterdir()) == ["esrgan"]
    assert len(requests) == 1
    assert works(pretrained.load_esrgan())
    assert len(requests) == 1
    printed = capsys.readouterr()
    assert printed.out == printed.err == ""


@pytest.mark.parametrize("how", FAILURES)
def test_without_it_there_is_one_sentence_and_no_cache(
    served, cache, monkeypatch, capsys, how
):
    served(how)
    if how == "refused":
        monkeypatch.setattr(pretrained, "ADDRESSES", ("http://127.0.0.1:1/x/1",))
    if how == "dns":
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(5))
    before = os.environ.get("TFHUB_CACHE_DIR"), socket.getdefaulttimeout()
    pretrained.import_hub()  # takes seconds of its own, once
    start = time.monotonic()
    assert pretrained.load_esrgan() is None
    assert time.monotonic() - start < 4
    notice = capsys.readouterr().out.splitlines()[-1]
    assert notice.startswith("NOTICE: ESRGAN can't be had")
    assert notice.endswith(").")
    assert not left_behind(cache)
    assert (os.environ.get("TFHUB_CACHE_DIR"), socket.getdefaulttimeout()) == before


@pytest.mark.parametrize("how", ["403", "half", "one file"])
def test_the_next_address_is_tried_and_a_failure_can_be_repaired(served, cache, how):
    served(how)
    assert pretrained.load_esrgan() is None
    served(how, "whole")
    assert works(pretrained.load_esrgan())


def test_hub_alone_would_keep_the_broken_archive(served, tmp_path, monkeypatch):
    # The reason for loading before keeping: the cache of TensorFlow Hub stays broken.
    served("one file")
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "theirs"))
    hub = pretrained.import_hub()
    (address,) = pretrained.ADDRESSES
    for _ in range(2):
        with pytest.raises(Exception, match="variables"):
            hub.load(address)
    assert hub.resolve(address).startswith(str(tmp_path / "theirs"))


def test_a_damaged_cache_is_fetched_again(served, cache):
    served("whole")
    pretrained.load_esrgan()
    (cache / "esrgan" / "saved_model.pb").write_bytes(b"damaged")
    assert works(pretrained.load_esrgan())


def test_a_cache_of_tensorflow_hub_stays_as_it_is(served, tmp_path, monkeypatch):
    theirs = tmp_path / "theirs"
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(theirs))
    served("whole")
    assert works(pretrained.load_esrgan())
    assert os.environ["TFHUB_CACHE_DIR"] == str(theirs)
    assert not theirs.exists()


def test_a_named_folder_is_used_first(served, stand_in, monkeypatch, capsys):
    requests = served("whole")
    monkeypatch.setenv(pretrained.FOLDER_VARIABLE, str(stand_in))
    assert works(pretrained.load_esrgan())
    assert not requests
    assert capsys.readouterr().out == ""


def test_a_wrong_folder_is_refused(served, tmp_path, monkeypatch):
    monkeypatch.setenv(pretrained.FOLDER_VARIABLE, str(tmp_path / "none"))
    with pytest.raises(ValueError, match=r"SR_ESRGAN_DIR .*Received: .*none"):
        pretrained.load_esrgan()


def test_the_download_can_be_switched_off(served, monkeypatch, capsys):
    requests = served("whole")
    monkeypatch.setenv(pretrained.FOLDER_VARIABLE, "none")
    assert pretrained.load_esrgan() is None
    assert "(switched off)" in capsys.readouterr().out
    assert not requests


def test_the_import_is_silent(stand_in):
    code = "from sr_utils import pretrained; pretrained.load_esrgan()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {pretrained.FOLDER_VARIABLE: str(stand_in)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == done.stderr == ""
