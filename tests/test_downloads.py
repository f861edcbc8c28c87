"""The resolver, against a server that does everything a server can do wrong."""

import hashlib
import io
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest

from sr_utils import downloads, runtime

RIGHT = 40 * b"right"


def read(path):
    """What a reader of a file makes of it."""
    if path.read_bytes() != RIGHT:
        raise ValueError("Expected the right file. Received: another")
    return "read"


def left_behind(cache):
    return list(cache.rglob("*")) if cache.exists() else []


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.delenv("SR_THING", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def thing(server, cache):
    """Makes an item that the server has, from the ways to get it."""
    server.files["thing.txt"] = RIGHT

    def make(*ways, **options):
        return downloads.Item(
            name="Thing",
            variable="SR_THING",
            target=cache / "thing.txt",
            megabytes=0.001,
            terms="made for this test",
            sources=tuple(server.address(way, "thing.txt") for way in ways),
            get=downloads.file,
            **options,
        )

    return make


@pytest.fixture
def short(monkeypatch):
    """Limits that a slow server reaches soon."""
    monkeypatch.setattr(downloads, "CONNECT_TIMEOUT", 0.3)
    monkeypatch.setattr(downloads, "READ_TIMEOUT", 0.3)


@pytest.mark.parametrize("way", ["whole", "redirect"])
def test_a_download_is_announced_kept_and_used_again(thing, server, cache, capsys, way):
    assert downloads.load(thing(way), read) == "read"
    assert "Thing: 0.001 MB, made for this test.\n" in capsys.readouterr().out
    assert left_behind(cache) == [cache / "thing.txt"]
    before = len(server.requests)
    assert downloads.load(thing(way), read) == "read"
    assert len(server.requests) == before
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("way", ["403", "404", "half", "page", "hang", "stall", "drip"])
def test_what_fails_ends_with_one_sentence(thing, short, cache, capsys, way):
    assert downloads.load(thing(way), read) is None
    notice = capsys.readouterr().out.splitlines()[-1]
    assert notice.startswith("NOTICE: Thing can't be had, so it is left out; connect ")
    assert "SR_THING to have it (http://127.0.0.1" in notice
    assert not left_behind(cache)


def test_a_stall_ends_before_the_server_goes_on(thing, short, monkeypatch):
    monkeypatch.setattr(downloads, "LEAST_BYTES", 0)  # so only the wait can end it
    assert downloads.load(thing("stall"), read) is None


def test_slow_is_not_too_slow(thing, short, monkeypatch):
    monkeypatch.setattr(downloads, "LEAST_BYTES", 1)
    assert downloads.load(thing("drip"), read) == "read"


def test_a_name_that_is_never_found_ends(thing, short, capsys, monkeypatch):
    asked = threading.Event()  # never set: stands for a name server without an answer
    look_up = socket.getaddrinfo

    def wait(*arguments, **options):
        asked.wait(3)
        return look_up(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    assert downloads.load(thing("whole"), read) is None
    asked.set()


def test_a_refused_connection_is_not_remembered(thing, server, cache):
    server.stop()
    assert downloads.load(thing("whole"), read) is None
    assert not left_behind(cache)
    server.start()
    assert downloads.load(thing("whole"), read) == "read"


@pytest.mark.parametrize("way", ["403", "half", "page"])
def test_the_next_source_is_tried(thing, cache, way):
    assert downloads.load(thing(way, "whole"), read) == "read"
    assert left_behind(cache) == [cache / "thing.txt"]


def test_an_interrupted_download_leaves_nothing(thing, cache):
    def interrupted(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        downloads.load(thing("whole"), interrupted)
    assert not left_behind(cache)


def test_none_never_downloads(thing, server, cache, monkeypatch, capsys):
    monkeypatch.setenv("SR_THING", "none")
    assert downloads.load(thing("whole"), read) is None
    assert capsys.readouterr().out.endswith("(switched off).\n")
    cache.mkdir()
    (cache / "thing.txt").write_bytes(b"damaged")
    assert downloads.load(thing("whole"), read) is None
    assert f"({cache / 'thing.txt'}: Expected the right" in capsys.readouterr().out
    assert (cache / "thing.txt").read_bytes() == b"damaged"
    (cache / "thing.txt").write_bytes(RIGHT)
    assert downloads.load(thing("whole"), read) == "read"
    assert not server.requests


def test_what_is_damaged_is_named_and_replaced_by_what_is_right(thing, cache, capsys):
    cache.mkdir()
    (cache / "thing.txt").write_bytes(b"damaged")
    assert downloads.load(thing("page"), read) is None
    assert (cache / "thing.txt").read_bytes() == b"damaged"
    capsys.readouterr()
    assert downloads.load(thing("whole"), read) == "read"
    assert f"{cache / 'thing.txt'}: Expected the right" in capsys.readouterr().out
    assert (cache / "thing.txt").read_bytes() == RIGHT


def test_a_checksum_counts_in_the_cache_and_after_a_download(thing, cache):
    wrong = thing("whole", md5=hashlib.md5(b"other").hexdigest())
    assert downloads.load(wrong, read) is None
    right = thing("whole", md5=hashlib.md5(RIGHT).hexdigest())
    assert downloads.load(right, read) == "read"
    assert downloads.load(wrong._replace(sources=()), read) is None


def test_a_named_place_comes_first(thing, server, cache, tmp_path, monkeypatch):
    (tmp_path / "mine.txt").write_bytes(RIGHT)
    monkeypatch.setenv("SR_THING", str(tmp_path / "mine.txt"))
    assert downloads.load(thing("whole"), read) == "read"
    monkeypatch.setenv("SR_THING", str(tmp_path / "lost.txt"))
    with pytest.raises(ValueError, match=r"SR_THING to name Thing .*Received: .*lost"):
        downloads.load(thing("whole"), read)
    assert not server.requests
    assert not left_behind(cache)


def packed(name):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(RIGHT)
        archive.addfile(member, io.BytesIO(RIGHT))
    return file.getvalue()


def test_a_folder_is_replaced_as_a_whole(thing, server, cache):
    server.files["thing.tar"] = packed("folder/thing.txt")
    (cache / "thing").mkdir(parents=True)
    (cache / "thing" / "old.txt").write_text("old")
    source = server.address("whole", "thing.tar")
    item = thing()._replace(target=cache / "thing", sources=(source,))
    item = item._replace(get=downloads.archive)
    result = downloads.load(item, lambda path: read(path / "folder" / "thing.txt"))
    assert result == "read"
    found = [path for path in left_behind(cache) if path.is_file()]
    assert found == [cache / "thing" / "folder" / "thing.txt"]


def test_an_archive_stays_in_its_folder(server, tmp_path):
    server.files["hostile.tar"] = packed("../../escaped.txt")
    (tmp_path / "a").mkdir()
    with pytest.raises(tarfile.TarError):
        downloads.archive(server.address("whole", "hostile.tar"), tmp_path / "a")
    assert not list(tmp_path.rglob("escaped.txt"))


def test_a_relative_place_begins_at_the_project(monkeypatch, tmp_path):
    monkeypatch.setenv("SR_THING", "../things")
    monkeypatch.chdir(tmp_path)  # lessons run in notebooks/
    project = Path(__file__).parents[1]
    assert runtime.project() == project
    assert downloads.named("SR_THING") == project / ".." / "things"
    monkeypatch.setenv("SR_THING", str(tmp_path))
    assert downloads.named("SR_THING") == tmp_path


def test_without_a_project_it_begins_at_the_current_folder(tmp_path):
    package = Path(downloads.__file__).parent
    shutil.copytree(package, tmp_path / "site" / "sr_utils")
    here = tmp_path / "here"
    here.mkdir()
    code = "from sr_utils import downloads as d; print(d.CACHE, d.named('SR_THING'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(here.parent / "site"), "SR_THING": "data"},
        cwd=here,
        capture_output=True,
        text=True,
        check=True,
    )
    cache, place = done.stdout.split()
    assert Path(place) == here / "data"
    assert not Path(cache).is_relative_to(tmp_path)
