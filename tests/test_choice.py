"""Which network `sr-upscale` takes, by what a file is."""

import numpy as np
import pytest
from PIL import Image

from sr_utils import datasets, degradations, images, models, photo_files, pretrained
from sr_utils.cli import choice, command
from sr_utils.photo_files import decode

CAT = datasets.held_out()["chelsea"][:128, :192]


def chosen(path, made=None):
    """The name that is chosen, and the clause on it."""
    made = [] if made is None else made
    found = choice.Choice(lambda name: made.append(name) or name)
    return found(path, decode.load(path))


def saved(path, image, **options):
    Image.fromarray(images.to_uint8(image)).save(path, **options)
    return path


@pytest.mark.parametrize("sigma", [2, 5, 20])
@pytest.mark.parametrize("top", [255, 65535])
def test_noise_is_measured_where_the_image_is_quiet(sigma, top):
    slope = np.linspace(0.3, 0.7, 256, dtype="float32")[:, None, None]
    image = np.broadcast_to(slope, (256, 192, 3)).copy()
    image[:, 96:] = CAT[:1, :96]  # texture in the other half
    noisy = degradations.gaussian_noise(image, sigma, 0)
    pixels = np.round(noisy * top).astype("uint8" if top == 255 else "uint16")
    found = choice.noise(pixels, top)
    assert 0.7 * sigma < found < 1.05 * sigma
    clean = np.round(image * top).astype(pixels.dtype)
    assert choice.noise(clean, top) < 0.8


def test_an_image_smaller_than_a_block_has_no_measured_noise(rng):
    for size in ((15, 99), (1, 1)):
        assert choice.noise(rng.integers(0, 255, (*size, 3), "uint8"), 255) == 0


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("a.png", {}, None),
        ("a.tif", {}, None),
        ("a.webp", {"lossless": True}, None),
        ("a.jpg", {"quality": 95}, "since JPEG is lossy"),
        ("a.webp", {"quality": 90}, "since WEBP is lossy"),
        ("a.avif", {"quality": 90}, "since AVIF is lossy"),
    ],
)
def test_a_lossy_file_gets_the_network_for_real_photographs(
    tmp_path, name, options, reason
):
    made = []
    found, clause = chosen(saved(tmp_path / name, CAT, **options), made)
    expected = choice.REAL if reason else choice.CLEAN
    assert (found, made[0]) == (expected, choice.CLEAN)
    assert len(made) == (2 if reason else 1)  # what isn't needed isn't loaded
    assert clause == f"by {found}, {reason or 'neither lossy nor noisy'}"


def test_so_does_a_noisy_one(tmp_path):
    noisy = degradations.gaussian_noise(CAT, 8, 0)
    found, clause = chosen(saved(tmp_path / "a.png", noisy))
    assert found == choice.REAL
    assert "since it is noisy" in clause


@pytest.mark.slow
def test_photographs_are_told_from_noisy_ones_and_textures_are_not():
    sets = {**datasets.training(), **datasets.held_out()}
    photographs = {
        x: images.to_rgb(y) for x, y in sets.items() if min(y.shape[:2]) > 64
    }

    def taken_as_noisy(sigma):
        return {
            name
            for name, image in photographs.items()
            if choice.noise(degradations.gaussian_noise(image, sigma, 0), 1) > 3.5
        }

    assert taken_as_noisy(0) == {"grass", "gravel"}
    assert taken_as_noisy(10) == set(photographs)


def test_the_command_says_what_it_took_and_model_overrides_it(tmp_path, capsys):
    path = saved(tmp_path / "a.jpg", CAT[:48, :64], quality=80)
    low = photo_files.read(path)
    for options, name in (
        ([], choice.REAL),
        (["--model", choice.CLEAN], choice.CLEAN),
    ):
        target = tmp_path / f"{name}.png"
        assert command.main([str(path), "-o", str(target), *options]) == 0
        line = capsys.readouterr().out
        assert ("by srresnet_x4_real, since JPEG is lossy" in line) is (not options)
        expected = models.upscaler(models.load_checkpoint(name))(low)
        apart = np.abs(photo_files.read(target) - images.quantize(expected))
        assert apart.max() < 1.5 / 255


def test_both_networks_are_shipped():
    assert {choice.CLEAN, choice.REAL} <= set(pretrained.names())
