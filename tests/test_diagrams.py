"""Diagrams say what the code does, and published costs are those of the networks."""

import re

import keras
import numpy as np
import pytest
from keras import layers, ops
from matplotlib.colors import same_color
from matplotlib.patches import FancyBboxPatch

from sr_utils import architecture, diagrams, models, published, vgg
from sr_utils.layers import Bicubic, Luma


def texts(picture):
    """What is written in the axes of a picture, with its place."""
    return [(x.get_text(), x.get_position()) for x in picture.figure.axes[0].texts]


def boxes(picture):
    patches = picture.figure.axes[0].patches
    return [patch for patch in patches if isinstance(patch, FancyBboxPatch)]


def test_the_pixel_shuffle_is_drawn_as_keras_does_it():
    drawn = texts(diagrams.pixel_shuffle(alt="Channels become pixels."))
    cells = [(text, x, y) for text, (x, y) in drawn if re.fullmatch("[A-D][0-3]", text)]
    right = sorted((x for x in cells if x[1] > 5.5), key=lambda x: (-x[2], x[1]))
    names = np.array([f"{pixel}{channel}" for pixel in "ABCD" for channel in range(4)])
    numbers = np.arange(16, dtype="float32").reshape(1, 2, 2, 4)
    order = ops.convert_to_numpy(ops.depth_to_space(numbers, 2)).ravel().astype(int)
    assert [text for text, *_ in right] == names[order].tolist()
    assert sorted(text for text, x, _ in cells if x < 5) == names.tolist()


def test_a_step_that_enlarges_has_another_color_and_a_higher_box():
    rows = {"one": [("a", 1), ("b", 4)], "other": [("c", 2), ("d", 2), ("e", 4)]}
    drawn = boxes(diagrams.networks(rows, alt="Two networks."))
    orange = [same_color(x.get_facecolor(), diagrams._ENLARGES) for x in drawn]
    assert orange == [False, True, True, False, True]
    heights = [round(x.get_height(), 3) for x in drawn]
    assert heights[0] < heights[2] == heights[3] < heights[1] == heights[4]


def test_a_skip_passes_all_layers():
    picture = diagrams.skip(["a", "b", "c"], alt="A skip.")
    assert [x[0] for x in texts(picture) if x[0] in "abc+"] == ["a", "b", "c", "+"]
    assert len(boxes(picture)) == 3


def test_a_classifier_has_the_layers_of_vgg19_and_those_in_use_are_dark():
    blocks = {"block1": (2, 64), "block2": (2, 128), "block3": (4, 256)}
    blocks |= {"block4": (4, 512), "block5": (4, 512)}
    used = ["block2_conv2", "block3_conv1"]
    drawn = boxes(diagrams.classifier(blocks, used, alt="VGG19."))
    dark = [same_color(x.get_facecolor(), diagrams._IN_USE) for x in drawn]
    assert [vgg.LAYERS[i] for i, is_dark in enumerate(dark) if is_dark] == used
    assert len(drawn) == len(vgg.LAYERS)
    heights = [x.get_height() for x in drawn]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) == len(blocks)


def test_methods_lie_at_their_year_and_score():
    methods = {
        "old": published.Method(2010, None, None, "kind"),
        "new": published.Method(2020, 31.5, 8_032),
        "large": published.Method(2021, 32.5, 3_140_784),
    }
    drawn = diagrams.timeline(methods, {"low": 28.0}, y_label="dB", alt="Three.")
    ax = drawn.figure.axes[0]
    dots = [x.get_xydata()[0].tolist() for x in ax.lines if x.get_marker() == "o"]
    assert dots[1:] == [[2020, 31.5], [2021, 32.5]]
    assert dots[0][0] == 2010
    assert dots[0][1] < 28
    told = [text for text, _ in texts(drawn)]
    assert {"old: kind", "new: 8.0 k", "large: 3,141 k"} <= set(told)


def cost(model):
    return architecture.cost(model).multiplications


def convolutions(x, width, filters, count):
    for _ in range(count):
        x = layers.Conv2D(filters, width, padding="same")(x)
    return x


def vdsr():
    low = keras.Input((None, None, 3))
    large = Bicubic(4)(low)
    x = convolutions(Luma()(large), 3, 64, 19)
    return keras.Model(low, large + layers.Conv2D(1, 3, padding="same")(x))


def residual_network(width, filters, blocks):
    low = keras.Input((None, None, 3))
    x = convolutions(low, width, filters, 1)
    x = convolutions(x, 3, filters, 2 * blocks + 1)
    for _ in range(2):
        x = ops.depth_to_space(convolutions(x, 3, 4 * filters, 1), 2)
    return keras.Model(low, convolutions(x, width, 3, 1))


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("SRCNN", lambda: models.srcnn(4)),
        ("ESPCN", lambda: models.espcn(4)),
        ("VDSR", vdsr),
        ("SRResNet", lambda: residual_network(9, 64, 16)),
        ("EDSR", lambda: residual_network(3, 256, 32)),
    ],
)
def test_published_costs_are_those_of_the_networks(name, build):
    assert published.METHODS[name].cost == cost(build())
    assert published.METHODS[name].cost != cost(models.srresnet(4, 1, 8))


def test_larger_networks_scored_higher_in_their_papers():
    scores = [x.set5 for x in published.METHODS.values() if x.set5]
    assert min(scores) > published.BICUBIC
    assert published.METHODS["SRCNN"].set5 < published.METHODS["larger SRCNN"].set5
    assert published.METHODS["SRCNN"].cost < published.METHODS["larger SRCNN"].cost
