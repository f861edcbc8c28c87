"""The command: every kind of file gets larger, or one line says why not."""

import errno
import io
import os
import re
import struct
import subprocess
import sys
import tomllib
import zlib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import imagecodecs
import numpy as np
import pytest
import skimage.data
import tifffile
from PIL import Image, ImageCms
from test_photo_files import ORIENTATION, photographed

from sr_utils import datasets, images, models, photo_files, pretrained, runtime
from sr_utils.cli import command, enlarge, process
from sr_utils.photo_files import decode, encode
from sr_utils.resize import resize

ROOT = Path(__file__).parents[1]
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
GIB = 2**30
BICUBIC = ("--model", "bicubic")


@pytest.fixture
def pixels():
    """A small photograph, 24 x 36."""
    return np.ascontiguousarray(skimage.data.astronaut()[60:180:5, 150:330:5])


@pytest.fixture
def run(capsys):
    def run(*arguments, model="bicubic"):
        status = command.main([*map(str, arguments), "--model", model])
        out, err = capsys.readouterr()
        return status, out, err.splitlines()

    return run


def bicubic(pixels, top):
    """What the command makes of 8- or 16-bit pixels, by another way."""
    large = np.clip(resize(np.atleast_3d(pixels / top), 4), 0, 1)
    return np.floor(large * top + 0.5).astype(int)


def assert_is(path, pixels, top=255):
    """Whether a file holds these pixels enlarged by bicubic, at their depth."""
    stored = decode.load(path)
    expected = bicubic(pixels, top)
    assert stored.top == top
    assert stored.pixels.shape == expected.shape
    assert np.abs(stored.pixels - expected).max() <= (1 if top == 255 else 2)


def names(folder):
    """Of all files but the records of results."""
    return sorted(x.name for x in folder.iterdir() if x.name != ".sr-upscale")


def save(path, pixels, **options):
    Image.fromarray(pixels).save(path, **options)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", pretrained.names())
def test_a_network_enlarges_as_in_the_lessons(tmp_path, pixels, run, name):
    save(tmp_path / "a.png", pixels)
    status, out, err = run(tmp_path / "a.png", "-o", tmp_path / "b.png", model=name)
    large = models.upscaler(models.load_checkpoint(name))(pixels / np.float32(255))
    assert (status, err) == (0, [])
    assert f"{large.shape[1]} x {large.shape[0]} pixels" in out
    read = images.to_uint8(photo_files.read(tmp_path / "b.png"))
    assert np.abs(read.astype(int) - images.to_uint8(large)).max() <= 1


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tif", "bmp"])
@pytest.mark.parametrize("gray", [False, True])
def test_every_format_can_be_written(tmp_path, pixels, run, ending, gray):
    pixels = pixels[..., 1] if gray else pixels
    save(tmp_path / "a.png", pixels)
    target = tmp_path / f"b.{ending}"
    status, _, err = run(tmp_path / "a.png", "-o", target, "--tile", 16)
    assert (status, err) == (0, [])
    read, expected = (
        photo_files.read(target, keep_gray=True),
        bicubic(pixels, 255) / 255,
    )
    assert read.shape[:2] == (96, 144)
    assert read.shape[2] == (3 if not gray or ending == "webp" else 1)
    assert np.abs(read - expected).mean() < (
        0.01 if ending in ("jpg", "webp") else 1e-3
    )


@pytest.mark.parametrize("ending", ["png", "tif", "webp"])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_is_kept(tmp_path, pixels, run, ending, mode):
    layers = np.concatenate([pixels, pixels[::-1, :, :1] // 2 + 60], axis=-1)
    layers = layers if mode == "RGBA" else layers[..., [0, 3]]
    Image.fromarray(layers, mode=mode).save(tmp_path / "a.png")
    assert run(tmp_path / "a.png", "-o", tmp_path / f"b.{ending}")[0] == 0
    if ending == "webp":
        alpha = decode.load(tmp_path / "b.webp").pixels[..., 3:]
        assert np.abs(alpha - bicubic(layers[..., -1:], 255)).max() <= 1
    else:
        assert_is(tmp_path / f"b.{ending}", layers)


def test_where_alpha_cannot_be_kept_it_lies_over_white(tmp_path, run):
    Image.new("RGBA", (9, 6), (200, 0, 0, 0)).save(tmp_path / "a.png")
    status, out, _ = run(tmp_path / "a.png", "-o", tmp_path / "b.jpg")
    assert status == 0
    assert "transparent parts lie over white" in out
    assert photo_files.read(tmp_path / "b.jpg").min() > 0.98


def test_hidden_colors_do_not_leak_into_visible_edges(tmp_path, run):
    layers = np.zeros((12, 12, 4), np.uint8)  # invisible black around an orange square
    layers[4:8, 4:8] = (255, 128, 0, 255)
    save(tmp_path / "a.png", layers)
    assert run(tmp_path / "a.png", "-o", tmp_path / "b.png")[0] == 0
    large = decode.load(tmp_path / "b.png").pixels
    visible = large[large[..., 3] > 0]
    assert len(np.unique(visible[:, 3])) > 3
    assert (visible[:, :3] == (255, 128, 0)).all()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_16_bits_are_kept(tmp_path, rng, run, channels, ending):
    layers = rng.integers(1, 65536, (6, 9, channels), dtype=np.uint16)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(layers.squeeze()))
    status, _, err = run(tmp_path / "a.png", "-o", tmp_path / f"b.{ending}")
    assert (status, err) == (0, [])
    assert_is(tmp_path / f"b.{ending}", layers, 65535)


def test_16_bits_are_kept_from_tiff(tmp_path, rng, run):
    layers = rng.integers(0, 65536, (6, 9, 3), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", layers, photometric="rgb", iccprofile=SRGB)
    assert run(tmp_path / "a.tif", "-o", tmp_path / "b.tif")[0] == 0
    assert_is(tmp_path / "b.tif", layers, 65535)
    assert decode.load(tmp_path / "b.tif").profile == SRGB


def test_a_line_says_that_16_bits_are_lost(tmp_path, run):
    layers = np.full((6, 9, 3), 40_000, np.uint16)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(layers))
    assert "of 16 bits" in run(tmp_path / "a.png", "-o", tmp_path / "b.jpg")[1]
    header = b"P6 9 6 65535\n"
    (tmp_path / "a.ppm").write_bytes(header + layers.astype(">u2").tobytes())
    status, out, _ = run(tmp_path / "a.ppm", "-o", tmp_path / "c.png")
    assert status == 0
    assert decode.ONLY_8_BITS in out
    assert_is(tmp_path / "c.png", layers / 257)


def test_deep_jpeg_2000_keeps_its_bits_and_its_white(tmp_path, run):
    layers = np.full((6, 9, 3), 65_535, np.uint16)
    layers[:3, :, 1] = 20_000
    (tmp_path / "a.jp2").write_bytes(imagecodecs.jpeg2k_encode(layers, level=0))
    status, out, _ = run(tmp_path / "a.jp2", "-o", tmp_path / "b.png")
    assert status == 0
    assert decode.ONLY_8_BITS not in out
    assert_is(tmp_path / "b.png", layers, 65535)


def test_too_many_pixels_are_named_and_allowed_on_request(tmp_path, run, pixels):
    Image.fromarray(pixels).save(tmp_path / "a.png")
    arguments = (tmp_path / "a.png", "-o", tmp_path / "b.png", "--max-pixels")
    status, _, (error,) = run(*arguments, 863)
    assert status == 1
    assert "Expected at most 863 pixels" in error
    assert error.endswith("36 x 24")
    assert run(*arguments, 864)[0] == 0


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tif"])
def test_the_color_profile_is_carried_over(tmp_path, pixels, run, ending):
    save(tmp_path / "a.jpg", pixels, icc_profile=SRGB)
    assert run(tmp_path / "a.jpg", "-o", tmp_path / f"b.{ending}")[0] == 0
    with Image.open(tmp_path / f"b.{ending}") as image:
        assert image.info["icc_profile"] == SRGB


def test_a_profile_that_does_not_fit_is_dropped(tmp_path, pixels, run):
    save(tmp_path / "a.jpg", pixels[..., 0], icc_profile=SRGB)
    assert run(tmp_path / "a.jpg", "-o", tmp_path / "b.png")[0] == 0
    with Image.open(tmp_path / "b.png") as image:
        assert image.mode == "L"
        assert "icc_profile" not in image.info


@pytest.mark.parametrize("profile", [None, b"not a profile", SRGB])
def test_cmyk_becomes_srgb(tmp_path, run, profile):
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    image.save(tmp_path / "a.jpg", quality=100, icc_profile=profile)
    status, out, err = run(tmp_path / "a.jpg", "-o", tmp_path / "b.png")
    assert (status, err) == (0, [])
    assert decode.NOW_SRGB in out
    stored = decode.load(tmp_path / "b.png")
    assert stored.profile is None
    assert np.abs(stored.pixels - np.int64([255, 0, 0])).max() <= 6


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpg", "png", "tif"])
def test_every_exif_orientation(tmp_path, run, cornered, orientation, kind):
    source = tmp_path / f"a.{kind}"
    photographed(source, cornered, orientation)
    assert run(source, "-o", tmp_path / "b.png")[0] == 0
    with Image.open(tmp_path / "b.png") as image:
        assert image.getexif().get(ORIENTATION, 1) == 1
    read = photo_files.read(tmp_path / "b.png")
    np.testing.assert_allclose(read, bicubic(cornered, 255) / 255, atol=0.02)


def odd_files(folder, pixels):
    """Write files that are unusual but right, and return what each shows."""
    checks = np.indices((6, 9)).sum(axis=0) % 2 == 0
    Image.fromarray(checks).save(folder / "one_bit.png")
    Image.fromarray(checks).save(folder / "one_bit_fax.tif", compression="group4")
    save(folder / "wrong_ending.jpg", pixels, format="PNG")
    save(folder / "one_pixel.png", pixels[:1, :1])
    save(folder / "line.png", pixels[:1])
    palette = Image.fromarray(np.array([[0, 1, 1]], np.uint8), mode="P")
    palette.putpalette([10, 20, 30, 40, 50, 60])
    palette.save(folder / "palette.png", transparency=bytes([100, 200]))
    frames = [Image.fromarray(x) for x in (pixels, 255 - pixels)]
    more = {"save_all": True, "append_images": frames[1:]}
    frames[0].save(folder / "animated.webp", lossless=True, **more)
    frames[0].save(folder / "animated.png", **more)
    frames[0].save(folder / "pages.tif", **more)
    black = np.zeros((6, 9, 3), np.uint8)
    Image.fromarray(black).save(
        folder / "animated.gif",
        save_all=True,
        append_images=[Image.new("RGB", (9, 6), 9)],
    )
    deep = np.arange(54, dtype=np.uint16).reshape(6, 9) * 1213
    (folder / "deep.pgm").write_bytes(b"P5 9 6 65535\n" + deep.astype(">u2").tobytes())
    colors = np.array([[[10, 20, 30, 100], [40, 50, 60, 200], [40, 50, 60, 200]]])
    return {
        "one_bit.png": checks * 255,
        "one_bit_fax.tif": checks * 255,
        "wrong_ending.jpg": pixels,
        "one_pixel.png": pixels[:1, :1],
        "line.png": pixels[:1],
        "palette.png": colors,
        "animated.webp": pixels,
        "animated.png": pixels,
        "pages.tif": pixels,
        "animated.gif": black,
        "deep.pgm": deep,
    }


def test_odd_files_get_larger(tmp_path, pixels, run):
    for name, shown in odd_files(tmp_path, pixels).items():
        status, out, err = run(tmp_path / name, "-o", tmp_path / "large.png", "--over")
        assert (status, err) == (0, []), name
        assert_is(tmp_path / "large.png", shown, 65535 if name == "deep.pgm" else 255)
        several = name.startswith(("animated", "pages"))
        assert (decode.ONLY_FIRST in out) == several, name


def chunk(kind, data):
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def huge_png(width, height, bits):
    head = struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0)
    data = zlib.compress(bytes(100_000))
    chunks = chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def with_huge_tags(pixels):
    """A TIFF whose tags of width and length say 60 000."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, photometric="rgb")
    buffer.seek(0)
    with tifffile.TiffFile(buffer) as tiff:
        places = [tiff.pages[0].tags[tag] for tag in (256, 257)]
        for tag in places:
            tag.overwrite(60_000)
    return buffer.getvalue()


def broken_files(folder, pixels):
    """Write files that can't be read."""
    deep = pixels.astype(np.uint16) * 257
    bitmap = io.BytesIO()
    Image.fromarray(pixels).save(bitmap, "BMP")
    huge = bytearray(bitmap.getvalue())
    huge[18:26] = struct.pack("<ii", 60_000, 60_000)
    contents = {
        "zero_bytes.jpg": b"",
        "zero_bytes.tif": b"",
        "text.png": b"not an image\n",
        "signature.png": b"\x89PNG\r\n\x1a\n",
        "huge.png": huge_png(60_000, 60_000, 8),
        "huge_deep.png": huge_png(60_000, 60_000, 16),
        "large_lie.png": huge_png(9_000, 9_000, 8),
        "large_deep_lie.png": huge_png(9_000, 9_000, 16),
        "huge.bmp": bytes(huge),
        "huge.tif": with_huge_tags(pixels),
        "huge_deep.tif": with_huge_tags(deep),
        "drawing.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EOF\n",
    }
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    tifffile.imwrite(folder / "floats.tif", np.zeros((4, 4), np.float32))
    return [*contents, "floats.tif"]


def test_broken_files_give_one_line(tmp_path, pixels, run):
    for name in [*broken_files(tmp_path, pixels), "missing.jpg"]:
        before = names(tmp_path)
        status, out, err = run(tmp_path / name, "-o", tmp_path / "large.png")
        assert (status, out, len(err)) == (1, "", 1), (name, err)
        assert err[0].startswith(f"{tmp_path / name}: Expected "), err
        assert names(tmp_path) == before


@pytest.mark.parametrize(
    "ending",
    ["jpg", "png", "deep.png", "tif", "lzw.tif", "deep.tif", "webp", "gif", "bmp"],
)
def test_truncated_files_give_one_line_or_all_pixels(tmp_path, pixels, run, ending):
    whole, cut = tmp_path / f"whole.{ending}", tmp_path / f"cut.{ending}"
    if ending == "deep.png":
        whole.write_bytes(imagecodecs.png_encode(pixels.astype(np.uint16) * 257))
    elif ending == "deep.tif":
        tifffile.imwrite(whole, pixels.astype(np.uint16) * 257, photometric="rgb")
    else:
        lzw = {"compression": "tiff_lzw"} if ending == "lzw.tif" else {}
        save(whole, pixels, **lzw)
    data, errors = whole.read_bytes(), 0
    for length in [*range(0, len(data), len(data) // 9 + 1), len(data) - 1]:
        cut.write_bytes(data[:length])
        status, _, err = run(cut, "-o", tmp_path / "large.png")
        errors += status
        if status:
            assert len(err) == 1
            assert names(tmp_path) == sorted([cut.name, whole.name])
        else:
            right = decode.load(whole)
            assert_is(tmp_path / "large.png", right.pixels, right.top)
            (tmp_path / "large.png").unlink()
    assert errors >= 9


def test_a_bad_photograph_stops_no_other(tmp_path, pixels, run):
    folder = tmp_path / "photographs"
    folder.mkdir()
    save(folder / "a.png", pixels)
    (folder / "b.jpg").write_bytes(b"no photograph")
    (folder / "notes.txt").touch()
    (folder / ".hidden.png").touch()
    save(folder / "c.tif", pixels)
    status, out, err = run(folder, tmp_path / "none.png", "-o", tmp_path / "large")
    assert status == 1
    assert names(tmp_path / "large") == ["a.png", "c.png"]
    assert len(out.splitlines()) == 2
    assert err.pop(0) == f"{folder}: 1 file left out: 1 .txt"
    assert [line.split(":")[0] for line in err] == [
        str(folder / "b.jpg"),
        str(tmp_path / "none.png"),
    ]


def test_photographs_of_one_name_get_two_results(tmp_path, pixels, run):
    save(tmp_path / "a.png", pixels)
    save(tmp_path / "a.bmp", 255 - pixels)
    assert run(tmp_path, "-o", tmp_path / "large")[0] == 0
    assert names(tmp_path / "large") == ["a.bmp.png", "a.png.png"]
    assert_is(tmp_path / "large" / "a.png.png", pixels)
    assert_is(tmp_path / "large" / "a.bmp.png", 255 - pixels)


def test_results_never_replace_each_other(tmp_path, pixels, run):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    save(tmp_path / "one" / "a.png", pixels)
    save(tmp_path / "two" / "a.png", 255 - pixels)
    folders = (tmp_path / "one", tmp_path / "two")
    status, _, err = run(*folders, "-o", tmp_path / "large", "--overwrite")
    assert (status, len(err)) == (1, 1)
    assert "another name" in err[0]
    assert_is(tmp_path / "large" / "a.png", pixels)


def test_files_are_replaced_only_on_request(tmp_path, pixels, run):
    save(tmp_path / "a.png", pixels)
    target = tmp_path / "b.png"
    target.write_text("precious")
    status, _, err = run(tmp_path / "a.png", "-o", target)
    assert (status, len(err)) == (1, 1)
    assert "--overwrite" in err[0]
    assert target.read_text() == "precious"
    assert run(tmp_path / "a.png", "-o", target, "--overwrite")[0] == 0
    assert_is(target, pixels)


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt, MemoryError, OSError("disk full")]
)
def test_an_interruption_leaves_nothing_behind(
    tmp_path, pixels, run, monkeypatch, error
):
    save(tmp_path / "a.png", pixels)
    (tmp_path / "b.png").write_text("precious")
    calls = []

    def packed(bands):
        for _ in bands:
            if calls:
                raise error
            calls.append(1)
            yield b"some bytes"

    monkeypatch.setattr(encode, "_packed", packed)
    options = ("--tile", 8, "--overwrite")
    status, _, err = run(tmp_path / "a.png", "-o", tmp_path / "b.png", *options)
    assert status == (130 if error is KeyboardInterrupt else 1)
    assert len(err) == 1
    assert names(tmp_path) == ["a.png", "b.png"]
    assert (tmp_path / "b.png").read_text() == "precious"


def test_what_does_not_fit_is_refused_before_any_work(tmp_path, run):
    Image.new("L", (5000, 1)).save(tmp_path / "a.png")
    status, _, err = run(tmp_path / "a.png", "-o", tmp_path / "b.webp")
    assert (status, len(err)) == (1, 1)
    assert "fits into WEBP" in err[0]
    assert "20000 x 4" in err[0]
    with pytest.raises(ValueError, match="fits into JPEG"):
        encode.check_size(Path("b.jpg"), 40_000, 40_000)
    encode.check_size(Path("b.png"), 40_000, 40_000)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["a.png"], "required: -o"),
        (["a.png", "-o", "b.xyz"], "ending of .*Received: b.xyz"),
        (["a.png", "c.png", "-o", "b.png"], "folder for the results of 2"),
        (["a.png", "-o", "b.png", "--model", "none"], "invalid choice: 'none'"),
        (["a.png", "-o", "b.png", "--scale", "1"], "2 or more, not '1'"),
        (["a.png", "-o", "b.png", "--scale", "x"], "2 or more, not 'x'"),
        (["a.png", "-o", "b.png", "--tile", "0"], "1 or more, not '0'"),
        (["a.png", "-o", "b.png", "--scale", "3"], "scale 4 for srresnet_x4"),
        (["a.png", "-o", "b", "--scale", "3"], "scale 4 for srresnet_x4"),
        (["a.png", "-o", "b.png", "--max-pixels", "x"], "1 or more, not 'x'"),
        (["a.png", "-o", "-"], "path; .*not '-'"),
        (["a.png", "-o", ""], "path; .*not ''"),
        (["", "-o", "b"], "path; .*not ''"),
        (["a.png", "-o", ".png"], "name before the ending. Received: .png"),
        (["a.png", "-o", "taken/", *BICUBIC], "folder for results .*Received: taken"),
        ([".", "-o", ".", *BICUBIC], "that isn't enlarged. Received: ."),
        ([".", "in", "-o", "../here/in", *BICUBIC], "isn't enlarged. Received: in"),
    ],
)
def test_wrong_command_lines(tmp_path, monkeypatch, capsys, arguments, complaint):
    folder = tmp_path / "here"
    (folder / "in").mkdir(parents=True)
    (folder / "taken").touch()
    save(folder / "a.png", np.zeros((2, 2, 3), np.uint8))
    before = sorted(folder.rglob("*"))
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as stop:
        command.main(arguments)
    assert stop.value.code == 2
    assert re.search(complaint, capsys.readouterr().err)
    assert sorted(folder.rglob("*")) == before


def test_a_photograph_to_enlarge_is_never_replaced(tmp_path, pixels, run, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "x.png", 255 - pixels)
    save(tmp_path / "y.jpg", pixels)
    (tmp_path / "y.png").symlink_to("x.png")
    before = (tmp_path / "x.png").read_bytes()
    photographs = (f"../{tmp_path.name}/x.png", "y.jpg")
    status, _, err = run(*photographs, "-o", ".", "--overwrite")
    assert (status, len(err)) == (1, 2)
    assert all("is never replaced. Received: " in line for line in err)
    assert (tmp_path / "x.png").read_bytes() == before
    assert (tmp_path / "y.png").is_symlink()


def test_what_a_folder_leaves_out_is_counted(tmp_path, pixels, run):
    folder = tmp_path / "in"
    (folder / "more").mkdir(parents=True)
    for name in ("a.heic", "b.HEIC", "c.cr2", "plain", ".hidden", "more/d.jxl"):
        (folder / name).touch()
    status, out, err = run(folder, "-o", tmp_path / "none")
    what = "4 files left out: 2 .heic, 1 .cr2, 1 without an ending"
    inner = "1 folder left out: --recursive takes them"
    expected = f"{folder}: Expected photographs. Received: none ({what}; {inner})"
    assert (status, out, err) == (1, "", [expected])
    assert not (tmp_path / "none").exists()
    save(folder / "e.png", pixels)
    status, out, err = run(folder, "-o", tmp_path / "large")
    assert (status, err) == (0, [f"{folder}: {what}; {inner}"])
    assert names(tmp_path / "large") == ["e.png"]


def test_recursive_keeps_the_tree(tmp_path, pixels, run):
    folder, large = tmp_path / "in", tmp_path / "in" / "large"
    (folder / "b" / "c").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "link").symlink_to("b")
    for name in ("a.png", "b/a.png", "b/c/a.tif"):
        save(folder / name, pixels)
    (folder / "b" / "raw.nef").touch()
    note = f"{folder}: 1 file left out: 1 .nef; 1 folder left out: they are links"
    for _ in range(2):  # results aren't enlarged again
        status, _, err = run(folder, "-o", large, "--recursive", "--overwrite")
        assert (status, err) == (0, [note])
        found = [x for x in large.rglob("*.png") if x.is_file()]
        expected = [large / x for x in ("a.png", "b/a.png", "b/c/a.png")]
        assert sorted(found) == expected
    assert_is(large / "b" / "c" / "a.png", pixels)


def test_a_bad_folder_stops_no_other(tmp_path, pixels, run, monkeypatch):
    for name in ("empty", "locked"):
        (tmp_path / name).mkdir()
    save(tmp_path / "a.png", pixels)
    scan = os.scandir

    def refuse(path):
        if str(path).endswith("locked"):  # root may read everything
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    given = [tmp_path / name for name in ("empty", "locked", "a.png")]
    status, _, err = run(*given, "-o", tmp_path / "large")
    assert status == 1
    assert [line.split(":")[0] for line in err] == [str(x) for x in given[:2]]
    assert names(tmp_path / "large") == ["a.png"]


def test_a_slash_makes_a_folder(tmp_path, pixels, run):
    save(tmp_path / "a.png", pixels)
    assert run(tmp_path / "a.png", "-o", f"{tmp_path}/results.v2/")[0] == 0
    assert names(tmp_path / "results.v2") == ["a.png"]


def test_a_result_that_memory_cannot_hold_is_refused(tmp_path, run, monkeypatch):
    save(tmp_path / "a.png", np.zeros((1, 1, 3), np.uint8))
    options = ("-o", tmp_path / "b.tif", "--scale", 10**9)
    status, _, err = run(tmp_path / "a.png", *options)
    assert (status, len(err)) == (1, 1)
    assert re.search(r"fit into .* GB of memory.*Received: 1000000000 x 10", err[0])
    assert names(tmp_path) == ["a.png"]
    limit = tmp_path / "memory.max"
    limit.write_text("1000000\n")
    monkeypatch.setattr(runtime, "_CONTAINER", limit)
    assert run(tmp_path / "a.png", *options[:3], 300)[0] == 1
    limit.write_text("max\n")
    assert run(tmp_path / "a.png", *options[:3], 300)[0] == 0


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_meanwhile_is_kept(
    tmp_path, pixels, run, monkeypatch, links
):
    save(tmp_path / "a.png", pixels)
    target, write = tmp_path / "b.png", encode.write

    def slow(*arguments):
        write(*arguments)
        target.write_text("precious")

    def refuse(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    assert run(tmp_path / "a.png", "-o", target)[0] == 0
    assert_is(target, pixels)
    target.unlink()
    monkeypatch.setattr(encode, "write", slow)
    status, _, err = run(tmp_path / "a.png", "-o", target)
    assert (status, len(err)) == (1, 1)
    assert err[0].endswith(f"Expected a new file. Received: {target}")
    assert target.read_text() == "precious"
    assert names(tmp_path) == ["a.png", "b.png"]
    assert run(tmp_path / "a.png", "-o", target, "--overwrite")[0] == 0
    assert_is(target, pixels)


def with_keras(backend, home, *line):
    """Run a module in a process of its own with other settings of Keras."""
    return subprocess.run(
        [sys.executable, "-m", *map(str, line)],
        cwd=ROOT,
        env=os.environ | {"KERAS_BACKEND": backend, "KERAS_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(find_spec("jax") is not None, reason="JAX is installed")
@pytest.mark.parametrize("module", ["sr_utils", "sr_utils.training"])
def test_a_backend_that_is_not_installed_is_one_line(tmp_path, pixels, module):
    save(tmp_path / "a.png", pixels)
    upscale = (tmp_path / "a.png", "-o", tmp_path / "b")
    line = {"sr_utils": upscale, "sr_utils.training": ("srcnn_x3",)}[module]
    done = with_keras("jax", tmp_path / "home", module, *line)
    assert done.returncode == (2 if module == "sr_utils" else 1)
    assert len(done.stderr.splitlines()) == 1
    assert re.search("Expected Keras and its backend .*'jax'", done.stderr)
    assert not (tmp_path / "b").exists()


@pytest.mark.slow
def test_channels_first_is_one_line(tmp_path, pixels):
    save(tmp_path / "a.png", pixels)
    (tmp_path / "keras.json").write_text('{"image_data_format": "channels_first"}')
    upscale = ("sr_utils", tmp_path / "a.png", "-o", tmp_path / "b")
    done = with_keras("tensorflow", tmp_path, *upscale)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert re.search("channels_last.*Received: 'channels_first'", done.stderr)
    assert not (tmp_path / "b").exists()


def test_the_ensemble_is_the_mean_of_all_positions(tmp_path, pixels, run):
    save(tmp_path / "a.png", pixels)
    name = pretrained.names()[-1]
    line = [tmp_path / "a.png", "-o", tmp_path / "b.png", "--ensemble", "--tile", "16"]
    status, _, err = run(*line, model=name)
    assert (status, err) == (0, [])
    upscale = models.upscaler(models.load_checkpoint(name))
    expected = np.zeros((96, 144, 3))
    for turns in range(4):
        for flip in (np.asarray, np.flipud):
            low = np.rot90(flip(pixels), turns) / np.float32(255)
            expected += flip(np.rot90(upscale(low), -turns)) / 8
    result = images.to_uint8(photo_files.read(tmp_path / "b.png")).astype(int)
    assert np.abs(result - 255 * expected).max() <= 1
    once = images.to_uint8(upscale(pixels / np.float32(255)))
    assert np.abs(result - once).max() > 1


@pytest.mark.parametrize("native", [True, False])
def test_fast_is_bfloat16_where_the_processor_has_it(
    tmp_path, run, monkeypatch, native
):
    save(tmp_path / "a.png", images.to_uint8(datasets.held_out()["chelsea"][:96, :96]))
    flags = tmp_path / "cpuinfo"
    flags.write_text(f"flags : {'avx512_bf16' if native else 'avx2'}\n")
    monkeypatch.setattr(runtime, "_CPU_FLAGS", flags)
    results = []
    for options in ([], ["--fast"]):
        target = tmp_path / f"b{len(results)}.png"
        status, _, err = run(
            tmp_path / "a.png", "-o", target, *options, model="srresnet_x4"
        )
        assert (status, len(err)) == (0, len(options))
        results.append(np.asarray(Image.open(target)).astype(int))
    apart = np.abs(results[1] - results[0])
    assert apart.max() <= 3
    assert (apart.mean() < 0.2) if native else not apart.any()
    assert ("bfloat16" if native else "float32 only") in err[0]


@pytest.mark.parametrize("option", ["--ensemble", "--fast"])
def test_some_options_need_a_network(tmp_path, pixels, capsys, option):
    save(tmp_path / "a.png", pixels)
    line = [tmp_path / "a.png", "-o", tmp_path / "b.png", option]
    with pytest.raises(SystemExit):
        command.main([*map(str, line), "--model", "bicubic"])
    assert "Expected a network" in capsys.readouterr().err
    assert not (tmp_path / "b.png").exists()


def test_other_scales(tmp_path, pixels, run):
    save(tmp_path / "a.png", pixels)
    for scale in (2, 3, 5):
        target = tmp_path / f"{scale}.png"
        assert run(tmp_path / "a.png", "-o", target, "--scale", scale)[0] == 0
        assert photo_files.read(target).shape == (24 * scale, 36 * scale, 3)


def test_the_models_are_those_on_this_machine(tmp_path, monkeypatch, capsys):
    assert enlarge.names()[:-4] == pretrained.names()
    with pytest.raises(SystemExit):
        command.main(["--help"])
    words = capsys.readouterr().out.replace(",", " ").split()
    assert set(enlarge.names()) <= set(words)


def start(*arguments):
    """Run the command in a process of its own, as a user does."""
    line = [sys.executable, "-m", "sr_utils", *map(str, arguments)]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_user_sees_no_log_lines(tmp_path, pixels):
    save(tmp_path / "a.jpg", pixels)
    (tmp_path / "b.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:700])
    done = start(tmp_path, "-o", tmp_path / "large")
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == len(done.stderr.splitlines()) == 1
    assert names(tmp_path / "large") == ["a.png"]


def test_pip_installs_the_command(monkeypatch):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    module, name = project["project"]["scripts"]["sr-upscale"].split(":")
    monkeypatch.setattr(process, "prepare", lambda line: None)
    monkeypatch.setattr(command, "main", lambda: 7)
    assert getattr(import_module(module), name)() == 7


def peak(*arguments):
    """The most memory, in bytes, of the command in a process of its own.

    `resource.getrusage` would count what the process was forked from, pytest.
    """
    status = Path("/proc/self/status")
    if not status.is_file():
        pytest.skip("needs /proc")
    code = (
        "import sys; from sr_utils.cli import command; command.main(sys.argv[1:]);"
        f"print(open('{status}').read())"
    )
    line = [sys.executable, "-c", code, *map(str, arguments), "--model", "bicubic"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
    return int(re.search(r"VmHWM:\s*(\d+) kB", done.stdout)[1]) * 1024


def test_odd_files_take_little_memory(tmp_path, pixels):
    odd_files(tmp_path, pixels)
    broken_files(tmp_path, pixels)
    assert peak(tmp_path, "-o", tmp_path / "large") < 1 * GIB


@pytest.mark.parametrize(("ending", "limit"), [("png", 0.7), ("tif", 0.7), ("jpg", 2)])
@pytest.mark.slow
def test_large_results_are_never_held_as_floats(tmp_path, pixels, ending, limit):
    """Those of PNG and TIFF aren't even held as integers."""
    small, large = tmp_path / "small.png", tmp_path / "large.png"
    save(small, pixels)
    Image.fromarray(pixels).resize((1600, 1200)).save(large)
    least, most = (
        peak(path, "-o", tmp_path / f"{path.stem}.out.{ending}", "--tile", 32)
        for path in (small, large)
    )
    assert most - least < limit * 16 * 1600 * 1200 * 3


@pytest.mark.skipif(not which("make"), reason="needs make")
@pytest.mark.parametrize(("user", "passed"), [("0", True), ("1000", False)])
def test_make_lab_lets_root_in(tmp_path, user, passed):
    (tmp_path / "id").write_text(f"#!/bin/sh\necho {user}\n")
    (tmp_path / "id").chmod(0o755)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    line = ["make", "--dry-run", "--no-print-directory", "lab"]
    shown = subprocess.run(
        line, cwd=ROOT, env=os.environ | {"PATH": path}, capture_output=True, check=True
    ).stdout.splitlines()
    assert (b"jupyter lab --allow-root notebooks/" in shown[-1]) == passed
    assert any(b"refuses root" in line for line in shown) == passed
