"""Results: two photographs of one name, and which results count as done."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from sr_utils.cli import choice, command, results, settings
from sr_utils.cli.settings import Settings
from sr_utils.photo_files import atomic


@pytest.fixture
def run(capsys):
    def run(*arguments, model="bicubic"):
        line = [*map(str, arguments), *(["--model", model] if model else [])]
        status = command.main(line)
        out, err = capsys.readouterr()
        return status, out.splitlines(), err.splitlines()

    return run


@pytest.fixture
def photographs(tmp_path):
    """A folder of three photographs."""
    folder = tmp_path / "in"
    folder.mkdir()
    for i, name in enumerate(("a.png", "b.png", "c.png")):
        save(folder / name, 80 * i)
    return folder


def save(path, value):
    Image.fromarray(np.full((6, 9, 3), value, np.uint8)).save(path)


def enlarged(out):
    """The names of the photographs in lines of results."""
    return [line.split(" -> ")[0].rpartition("/")[2] for line in out]


@pytest.mark.parametrize(
    ("photographs", "expected"),
    [
        (["a.jpg", "b.tif"], ["a.png", "b.png"]),
        (["a.jpg", "a.png", "b.jpg"], ["a.jpg.png", "a.png.png", "b.png"]),
        (["a.jpg", "a.JPG"], ["a.jpg.png", "a.JPG.png"]),
        (["a.jpg", "A.png"], ["a.jpg.png", "A.png.png"]),
        (["a.jpg", "a.jpg"], ["a.png", "a.png"]),
        (
            ["a.jpg", "a.png", "a.jpg.png"],
            ["a.jpg.png", "a.png.png", "a.jpg.png.png"],
        ),
    ],
)
def test_names_are_short_where_they_can_be(photographs, expected):
    found = results.named(photographs)
    assert [found[name] for name in photographs] == expected


def test_resume_does_what_is_missing(tmp_path, photographs, run):
    large = tmp_path / "large"
    assert run(photographs, "-o", large)[0] == 0
    (large / "b.png").unlink()
    kept = (large / "a.png").stat()
    status, out, err = run(photographs, "-o", large, "--resume", "--overwrite")
    assert (status, enlarged(out)) == (0, ["b.png"])
    assert err == ["2 photographs left out: enlarged before"]
    assert (large / "a.png").stat() == kept
    assert run(photographs, "-o", large, "--resume")[1] == []


def test_without_resume_files_are_refused_as_ever(tmp_path, photographs, run):
    run(photographs, "-o", tmp_path / "large")
    status, out, err = run(photographs, "-o", tmp_path / "large")
    assert (status, out, len(err)) == (1, [], 3)
    assert all("Expected a new file, or --overwrite" in line for line in err)


@pytest.mark.parametrize(
    "options", [{"model": "lanczos3"}, {"more": ("--scale", "3")}, {"model": None}]
)
def test_another_way_is_not_done(tmp_path, photographs, run, options):
    large, more = tmp_path / "large", options.pop("more", ())
    run(photographs, "-o", large)
    line = (photographs, "-o", large, "--resume", *more)
    status, out, err = run(*line, **options)
    assert (status, out, len(err)) == (1, [], 3)
    assert all("Expected a new file, or --overwrite" in line for line in err)
    assert len(run(*line, "--overwrite", **options)[1]) == 3
    status, out, err = run(*line, **options)
    assert (status, out) == (0, [])
    assert err == ["3 photographs left out: enlarged before"]


def test_everything_that_changes_a_result_is_recorded(monkeypatch):
    every = [
        Settings(),
        Settings("bicubic"),
        Settings("bicubic", 3),
        Settings("lanczos3"),
        Settings(choice.CLEAN),
        Settings(choice.REAL),
        Settings(choice.CLEAN, ensemble=True),
        Settings(choice.CLEAN, precision="mixed_bfloat16"),
    ]
    found = [json.dumps(x.record()) for x in every]
    assert len(set(found)) == len(every)
    assert Settings("bicubic", 4).record() == Settings("bicubic").record()
    assert Settings(choice.CLEAN, 4).record() == every[4].record()
    card = settings.card
    monkeypatch.setattr(settings, "card", lambda x: card(x) | {"sha256": "another"})
    trained_again = [json.dumps(x.record()) for x in every]
    changed = [x != y for x, y in zip(found, trained_again, strict=True)]
    assert changed == [x.model not in ("bicubic", "lanczos3") for x in every]


def test_a_wrong_scale_is_an_error_even_if_all_is_done(tmp_path, photographs, run):
    line = (photographs, "-o", tmp_path / "large", "--resume")
    assert run(*line, model="srcnn_x3")[0] == 0
    with pytest.raises(SystemExit) as stop:
        run(*line, "--scale", 4, model="srcnn_x3")
    assert stop.value.code == 2


def test_a_changed_photograph_or_result_is_not_done(tmp_path, photographs, run):
    line = (photographs, "-o", tmp_path / "large", "--resume", "--overwrite")
    run(*line)
    save(photographs / "a.png", 7)
    result = tmp_path / "large" / "b.png"
    result.write_bytes(result.read_bytes()[:-9])
    (tmp_path / "large" / ".sr-upscale" / "c.png.json").write_text("{")
    assert enlarged(run(*line)[1]) == ["a.png", "b.png", "c.png"]
    assert run(*line)[1] == []


def test_a_photograph_of_another_folder_is_not_done(tmp_path, photographs, run):
    """Alike in name, bytes and time, as out of an archive."""
    run(photographs / "a.png", "-o", f"{tmp_path}/large/")
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy2(photographs / "a.png", other)
    status, out, err = run(other, "-o", tmp_path / "large", "--resume")
    assert (status, out, len(err)) == (1, [], 1)


@pytest.mark.parametrize("old_scale", [None, 3])
def test_an_end_before_the_result_has_its_name(
    tmp_path, photographs, run, monkeypatch, old_scale
):
    """The record is there, the result isn't, or is still the old one."""
    large = tmp_path / "large"
    if old_scale:
        run(photographs, "-o", large, "--scale", old_scale)
    line = (photographs, "-o", large, "--overwrite")
    with monkeypatch.context() as patched:
        patched.setattr(atomic, "_move", lambda *_: 1 / 0)
        assert run(*line)[0] == 1
    assert len(list(large.glob(".sr-upscale/*.json"))) == 3
    assert len(run(*line, "--resume")[1]) == 3


def test_one_result_has_a_record_on_request_only(tmp_path, photographs, run):
    line = (photographs / "a.png", "-o", tmp_path / "b.tif")
    assert run(*line)[0] == 0
    assert not (tmp_path / ".sr-upscale").exists()
    assert run(*line, "--resume")[0] == 1
    assert len(run(*line, "--resume", "--overwrite")[1]) == 1
    assert run(*line, "--resume")[:2] == (0, [])


def test_a_photograph_that_is_done_is_still_never_replaced(tmp_path):
    save(tmp_path / "a.png", 0)
    places = results.Places([tmp_path / "a.png"], [tmp_path / "b.png"], True)
    with pytest.raises(ValueError, match="never replaced"):
        places.check(tmp_path / "a.png")
    with pytest.raises(ValueError, match="another name"):
        places.check(tmp_path / "b.png")
    places.check(tmp_path / "c.png")
