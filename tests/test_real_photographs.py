"""The checkpoints for real photographs: what they win on bad images, as README says."""

import os
from functools import cache

import numpy as np
import pytest
from test_project import read

from sr_utils import datasets, degradations, images, metrics, models, tiling, vgg
from sr_utils.perceptual import CalibratedFeatures

LAYERS = ["block3_conv1", "block2_conv2"]
SEEDS = 4
DAMAGED = ["blur", "noise", "JPEG", "mixture"]
slow = pytest.mark.slow
needs_vgg = pytest.mark.skipif(
    not os.environ.get(vgg.WEIGHTS_VARIABLE), reason="needs ImageNet weights"
)


def originals():
    return [datasets.pair(x, 4)[0] for x in datasets.held_out().values()]


@cache
def results(name, condition):
    """What a method makes of each photograph under a condition, with each seed."""
    degrade = degradations.CONDITIONS[condition]
    if name == "bicubic":
        upscale = tiling.interpolation(name, 4)
    else:
        upscale = models.upscaler(models.load_checkpoint(name), compiled=True)
    lows = [degrade(x, 4, seed) for seed in range(SEEDS) for x in originals()]
    return [images.quantize(upscale(low)) for low in lows]


def psnr(name, condition):
    pairs = zip(originals() * SEEDS, results(name, condition), strict=True)
    return float(np.mean([metrics.psnr(x, y, shave=4) for x, y in pairs]))


@cache
def features():
    return CalibratedFeatures(LAYERS, "imagenet", datasets.training())


@cache
def frechet(name, condition):
    """Fréchet distances in both layers, with the first seed."""
    inside = slice(4, -4)
    seen = [
        zip(*[features()(x[inside, inside]) for x in group], strict=True)
        for group in (originals(), results(name, condition)[: len(originals())])
    ]
    return [
        metrics.frechet_distance(np.concatenate(x), np.concatenate(y))
        for x, y in zip(*seen, strict=True)
    ]


@slow
@pytest.mark.parametrize("condition", DAMAGED)
def test_the_network_for_real_photographs_is_closer(condition):
    found = psnr("srresnet_x4_real", condition)
    for other in ("bicubic", "srresnet_x4"):
        assert found >= psnr(other, condition) + 0.3


@slow
def test_on_clean_images_it_pays():
    lost = psnr("srresnet_x4", "clean") - psnr("srresnet_x4_real", "clean")
    assert 0.1 < lost < 0.6


@slow
@needs_vgg
@pytest.mark.parametrize("condition", DAMAGED)
def test_the_srgan_for_real_photographs_is_more_like_them(condition):
    found = frechet("srgan_x4_real", condition)
    for other in ("bicubic", "srresnet_x4_real", "srgan_x4"):
        assert np.less(found, frechet(other, condition)).all(), other


def readme_row(condition):
    rows = [line for line in read("README.md").splitlines() if "|" in line]
    (row,) = [x for x in rows if x.startswith(f"| {condition} |")]
    return [x.strip() for x in row.strip("|").split("|")][1:]


@slow
@needs_vgg
@pytest.mark.parametrize("condition", degradations.CONDITIONS)
def test_the_readme_says_what_is_measured(condition):
    decibels = ["bicubic", "srresnet_x4", "srresnet_x4_real"]
    distances = ["bicubic", "srresnet_x4_real", "srgan_x4", "srgan_x4_real"]
    expected = [f"{psnr(name, condition):.2f}" for name in decibels]
    for name in distances:
        deep, early = frechet(name, condition)
        expected.append(f"{deep:.1f} / {early:.1f}")
    assert readme_row(condition) == expected
