"""Photographs as files: every kind is read as what it shows."""

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from sr_utils import photo_files
from sr_utils.photo_files import atomic, encode

ORIENTATION = 0x0112


@pytest.fixture
def pixels(rng):
    return rng.integers(0, 256, (6, 9, 3), dtype=np.uint8)


@pytest.fixture
def deep(rng):
    return rng.integers(0, 65536, (6, 9, 3), dtype=np.uint16)


def read_back(path, expected):
    """Read `path` and compare with `expected`, values of [0, 1]."""
    image = photo_files.read(path)
    assert image.dtype == np.float32
    assert image.shape == (*expected.shape[:2], 3)
    np.testing.assert_allclose(image, np.broadcast_to(expected, image.shape), atol=1e-6)


@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "webp"])
def test_8_bit_rgb(tmp_path, pixels, ending):
    options = {"lossless": True} if ending == "webp" else {}
    Image.fromarray(pixels).save(tmp_path / f"a.{ending}", **options)
    read_back(tmp_path / f"a.{ending}", pixels / 255)


def test_gray(tmp_path, pixels):
    Image.fromarray(pixels[..., 0]).save(tmp_path / "a.png")
    read_back(tmp_path / "a.png", pixels[..., :1] / 255)
    assert photo_files.read(tmp_path / "a.png", keep_gray=True).shape == (6, 9, 1)


def test_keep_gray_leaves_color_alone(tmp_path, pixels):
    Image.fromarray(pixels[..., :1].repeat(3, axis=-1)).save(tmp_path / "a.png")
    assert photo_files.read(tmp_path / "a.png", keep_gray=True).shape == (6, 9, 3)


def test_one_bit(tmp_path):
    checks = np.indices((4, 5)).sum(axis=0) % 2 == 0
    Image.fromarray(checks).save(tmp_path / "a.png")
    Image.fromarray(checks).save(tmp_path / "a.tif")
    read_back(tmp_path / "a.png", checks[..., None].astype(float))
    read_back(tmp_path / "a.tif", checks[..., None].astype(float))


def test_palette(tmp_path, pixels):
    image = Image.fromarray(pixels).quantize(8)
    image.save(tmp_path / "a.png")
    read_back(tmp_path / "a.png", np.asarray(image.convert("RGB")) / 255)


def test_transparent_palette_lies_over_white(tmp_path):
    image = Image.fromarray(np.array([[0, 1]], np.uint8), mode="P")
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.save(tmp_path / "a.png", transparency=0)
    read_back(tmp_path / "a.png", np.array([[[255, 255, 255], [40, 50, 60]]]) / 255)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_lies_over_white(tmp_path, pixels, mode):
    channels = pixels if mode == "RGBA" else pixels[..., :1]
    alpha = pixels[..., ::-1][..., :1]
    layers = np.concatenate([channels, alpha], axis=-1)
    Image.fromarray(layers, mode=mode).save(tmp_path / "a.png")
    opacity = alpha / 255
    read_back(tmp_path / "a.png", channels / 255 * opacity + 1 - opacity)


def test_cmyk(tmp_path):
    Image.new("CMYK", (8, 8), (255, 0, 0, 0)).save(tmp_path / "a.jpg", quality=100)
    read = photo_files.read(tmp_path / "a.jpg")
    np.testing.assert_allclose(read, np.broadcast_to([0, 1, 1], read.shape), atol=0.02)


# What a camera does to the upright picture before it stores it with this orientation.
CAMERA = {
    1: [],
    2: [Image.Transpose.FLIP_LEFT_RIGHT],
    3: [Image.Transpose.ROTATE_180],
    4: [Image.Transpose.FLIP_TOP_BOTTOM],
    5: [Image.Transpose.TRANSPOSE],
    6: [Image.Transpose.ROTATE_90],
    7: [Image.Transpose.TRANSVERSE],
    8: [Image.Transpose.ROTATE_270],
}


def photographed(path, upright, orientation):
    """Store 8-bit pixels as a camera held this way does; 16 bits in a TIFF."""
    stored = Image.fromarray(upright)
    for change in CAMERA[orientation]:
        stored = stored.transpose(change)
    if path.suffix == ".tif":
        deep = np.asarray(stored).astype(np.uint16) * 257
        tag = (ORIENTATION, "H", 1, orientation, True)
        tifffile.imwrite(path, deep, extratags=[tag])
    else:
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        stored.save(
            path, exif=exif, **({"quality": 100} if path.suffix == ".jpg" else {})
        )


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpg", "png", "tif"])
def test_exif_orientation(tmp_path, cornered, orientation, kind):
    path = tmp_path / f"a.{kind}"
    photographed(path, cornered, orientation)
    np.testing.assert_allclose(photo_files.read(path), cornered / 255, atol=0.05)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bit_png_keeps_16_bits(tmp_path, rng, channels):
    layers = rng.integers(0, 65536, (6, 9, channels), dtype=np.uint16)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(layers.squeeze()))
    color = layers[..., :3] if channels >= 3 else layers[..., :1]
    opacity = layers[..., -1:] / 65535 if channels in (2, 4) else 1
    read_back(tmp_path / "a.png", color / 65535 * opacity + 1 - opacity)


@pytest.mark.parametrize("compression", [None, "lzw", "zlib"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_16_bit_tiff_keeps_16_bits(tmp_path, deep, compression, planar):
    stored = deep if planar == "contig" else np.moveaxis(deep, -1, 0)
    tifffile.imwrite(
        tmp_path / "a.tif",
        stored,
        photometric="rgb",
        planarconfig=planar,
        compression=compression,
    )
    read_back(tmp_path / "a.tif", deep / 65535)


def test_16_bit_gray_tiff(tmp_path, deep):
    tifffile.imwrite(tmp_path / "a.tif", deep[..., 0])
    tifffile.imwrite(tmp_path / "b.tif", deep[..., 0], photometric="miniswhite")
    read_back(tmp_path / "a.tif", deep[..., :1] / 65535)
    read_back(tmp_path / "b.tif", 1 - deep[..., :1] / 65535)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_odd_depths_reach_white(tmp_path, bits):
    values = np.array([[0, 2**bits - 1]], np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", values, bitspersample=bits)
    read_back(tmp_path / "a.tif", np.array([[[0.0], [1.0]]]))


@pytest.mark.parametrize("kind", ["assocalpha", "unassalpha", "unspecified"])
@pytest.mark.parametrize("colors", [1, 3])
def test_deep_tiff_alpha(tmp_path, kind, colors):
    color, opacity = 0.25, 0.5
    stored = color * opacity if kind == "assocalpha" else color
    layers = np.full((4, 5, colors + 1), stored)
    layers[..., -1] = opacity
    tifffile.imwrite(
        tmp_path / "a.tif",
        np.round(layers * 65535).astype(np.uint16),
        photometric="rgb" if colors == 3 else "minisblack",
        planarconfig="contig",
        extrasamples=[kind],
    )
    expected = color if kind == "unspecified" else color * opacity + 1 - opacity
    read = photo_files.read(tmp_path / "a.tif")
    np.testing.assert_allclose(read, np.full((4, 5, 3), expected), atol=1e-4)


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("bigtiff", [True, False])
def test_all_kinds_of_tiff_headers(tmp_path, deep, byteorder, bigtiff):
    options = {"byteorder": byteorder, "bigtiff": bigtiff, "photometric": "rgb"}
    tifffile.imwrite(tmp_path / "a.tif", deep, **options)
    read_back(tmp_path / "a.tif", deep / 65535)


def test_a_preview_is_not_taken_for_the_photograph(tmp_path, pixels):
    tifffile.imwrite(tmp_path / "a.tif", pixels, subfiletype=1)
    with pytest.raises(ValueError, match="only a preview"):
        photo_files.read(tmp_path / "a.tif")


def test_one_transparent_color(tmp_path):
    colors = np.array([[[10, 20, 30], [40, 50, 60]]], np.uint8)
    Image.fromarray(colors).save(tmp_path / "a.png", transparency=(10, 20, 30))
    colors[0, 0] = 255
    read_back(tmp_path / "a.png", colors / 255)


def test_formats_that_would_lose_bits_are_refused(tmp_path, deep):
    header = b"P6 9 6 65535\n"
    (tmp_path / "a.ppm").write_bytes(header + deep.astype(">u2").tobytes())
    (tmp_path / "a.jp2").write_bytes(imagecodecs.jpeg2k_encode(deep))
    for path in tmp_path.iterdir():
        with pytest.raises(ValueError, match="Received: "):
            photo_files.read(path)


def test_missing_file(tmp_path):
    for path in (tmp_path / "none.png", tmp_path):
        with pytest.raises(FileNotFoundError, match=r"Received: "):
            photo_files.read(path)


def test_damaged_files(tmp_path, pixels, deep):
    large = Image.fromarray(pixels.repeat(20, axis=0).repeat(20, axis=1))
    large.save(tmp_path / "a.jpg")
    large.save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(imagecodecs.png_encode(deep))
    tifffile.imwrite(tmp_path / "a.tif", deep)
    for path in list(tmp_path.iterdir()):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (tmp_path / "text.png").write_text("not an image")
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "start.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    for path in tmp_path.iterdir():
        with pytest.raises(
            ValueError, match=f"undamaged JPEG.*Received: .*{path.name}"
        ):
            photo_files.read(path)


def test_neither_8_nor_16_bits(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 4), np.float32))
    with pytest.raises(ValueError, match="not float32"):
        photo_files.read(tmp_path / "a.tif")


def written(path, image, dtype=np.uint8):
    """Write an array as one band; return what lies in the folder."""
    with atomic.whole(path) as place:
        encode.write(place, image.shape, dtype, [image])
    return [entry.name for entry in path.parent.iterdir()]


@pytest.mark.parametrize("ending", ["png", "tif"])
@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 255), (np.uint16, 65535)])
@pytest.mark.parametrize("channels", [1, 3])
def test_written_files_come_back(tmp_path, rng, ending, dtype, top, channels):
    image = rng.integers(0, top + 1, (5, 7, channels), dtype=dtype)
    path = tmp_path / f"a.{ending}"
    assert written(path, image, dtype) == [path.name]
    read = photo_files.read(path, keep_gray=True)
    np.testing.assert_allclose(read, image / np.float32(top), atol=1e-7)


@pytest.mark.parametrize("ending", ["jpg", "webp"])
def test_lossy_formats_lose_little(tmp_path, ending):
    smooth = np.linspace(0, 255, 64)[:, None, None] * np.ones((1, 64, 3))
    path = tmp_path / f"a.{ending}"
    written(path, smooth.astype(np.uint8))
    assert np.abs(photo_files.read(path) - smooth / 255).max() < 0.02


@pytest.mark.parametrize(
    ("shape", "dtype", "signature"),
    [
        ((30_000, 40_000, 3), np.uint8, b"II*\0"),  # 3.6 GB
        ((40_000, 40_000, 3), np.uint8, b"II+\0"),  # 4.8 GB
        ((30_000, 40_000, 3), np.uint16, b"II+\0"),
        ((30_000, 40_000, 1), np.uint16, b"II*\0"),
    ],
)
def test_a_tiff_over_4_gib_is_a_bigtiff_from_the_start(
    tmp_path, shape, dtype, signature
):
    def bands():
        raise InterruptedError
        yield

    with pytest.raises(InterruptedError):
        encode.write(tmp_path / "a.tif", shape, dtype, bands())
    assert (tmp_path / "a.tif").read_bytes()[:4] == signature


def test_png_of_many_chunks(tmp_path, deep, monkeypatch):
    monkeypatch.setattr(encode, "_LARGEST_CHUNK", 50)
    encode.write(tmp_path / "a.png", deep.shape, np.uint16, [deep[:2], deep[2:]])
    assert (tmp_path / "a.png").read_bytes().count(b"\0\0\x32IDAT") > 5
    np.testing.assert_array_equal(
        imagecodecs.png_decode((tmp_path / "a.png").read_bytes()), deep
    )


@pytest.mark.parametrize("ending", [".jpg", ".webp", ".png", ".bmp", ".tif"])
def test_what_is_said_to_fit_can_be_written_and_read(tmp_path, ending):
    widest = {".jpg": 65_500, ".webp": 16_383, ".png": 1_000_000}.get(ending, 70_000)
    path, line = tmp_path / f"a{ending}", np.zeros((1, widest, 1), np.uint8)
    for image in (line, line.swapaxes(0, 1)):
        encode.check_size(path, *image.shape[:2])
        encode.write(path, image.shape, np.uint8, [image])
        assert photo_files.read(path, keep_gray=True).shape[:2] == image.shape[:2]
    if ending not in (".bmp", ".tif"):
        with pytest.raises(ValueError, match=f"Received: {widest + 1} x 1 pixels"):
            encode.check_size(path, 1, widest + 1)


def test_written_files_have_the_usual_rights(tmp_path):
    (tmp_path / "usual").touch()
    written(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8))
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_folder_is_no_place_for_a_file(tmp_path):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(ValueError, match=r"Received: .*folder.png"):
        atomic.write_whole(tmp_path / "folder.png", b"")
    assert [x.name for x in tmp_path.iterdir()] == ["folder.png"]


def test_an_interrupted_write_keeps_the_old_file(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt), atomic.whole(path) as place:
        place.write_bytes(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
