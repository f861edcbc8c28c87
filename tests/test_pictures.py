"""Pictures: pixel-exact, stable, with alt text, and controls with a static stand-in."""

import base64
import io
import re

import ipywidgets
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from sr_utils import images, pictures, plots, widgets
from sr_utils.resize import KERNELS, weight_matrix


@pytest.fixture
def photo(rng):
    return rng.random((20, 30, 3), dtype=np.float32)


def shown(picture):
    return np.asarray(Image.open(io.BytesIO(picture.png())).convert("RGB"))


def test_every_pixel_is_shown_as_a_square(photo):
    page = shown(pictures.gallery({"photo": photo}, zoom=5, alt="A photo."))
    expected = images.to_uint8(photo).repeat(10, axis=0).repeat(10, axis=1)
    top = 2 * pictures._TITLE
    np.testing.assert_array_equal(page[top : top + 200, :300], expected)


def test_crops_are_those_of_the_region(photo):
    region = (4, 7, 8, 10)
    page = shown(pictures.compare({"photo": photo}, region, zoom=3, alt="A crop."))
    expected = images.to_uint8(photo[4:12, 7:17]).repeat(6, axis=0).repeat(6, axis=1)
    top = 2 * pictures._TITLE
    np.testing.assert_array_equal(page[top : top + 48, -60:], expected)


def test_jupyter_gets_the_image_with_its_alt_text(photo):
    picture = pictures.gallery({"photo": photo}, zoom=4, alt="A photo.")
    data, metadata = picture._repr_mimebundle_()
    assert data["text/plain"] == repr(picture) == "A photo."
    assert metadata["image/png"] == {"alt": "A photo.", "width": 120}
    image = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert image.width == 2 * 120


def test_the_same_picture_is_the_same_file(photo):
    files = [pictures.gallery({"photo": photo}, alt="A photo.").png() for _ in range(2)]
    assert files[0] == files[1]


def test_the_region_is_marked_in_the_original(photo):
    panels = {"other": 1 - photo, "original": photo}
    figure = pictures.compare(panels, (4, 6, 8, 10), zoom=3, alt="Crops.").figure
    whole = next(ax for ax in figure.axes if ax.patches)
    drawn = whole.images[0].get_array()
    shrink = drawn.shape[1] / 30
    assert whole.patches[0].get_bbox().bounds == pytest.approx(
        (6 * shrink, 4 * shrink, 10 * shrink, 8 * shrink)
    )
    assert np.abs(drawn.mean(axis=(0, 1)) - photo.mean(axis=(0, 1))).max() < 0.01


@pytest.mark.parametrize("columns", [1, 2, 3, 9])
def test_columns(photo, columns):
    panels = {name: photo for name in "abc"}
    width = pictures.gallery(panels, zoom=4, columns=columns, alt="Three.").width
    shown_columns = min(columns, 3)
    assert width == 120 * shown_columns + pictures._GAP * (shown_columns - 1)


def test_nothing_to_show():
    for columns in (None, 2):
        with pytest.raises(ValueError, match="Received: "):
            pictures.gallery({}, columns=columns, alt="Nothing.")


def test_titles_are_plain_text(photo):
    assert pictures.gallery({r"$\frac": photo}, zoom=4, alt="A photo.").png()


def test_alt_text_is_escaped_in_html(photo):
    page = pictures.gallery({"photo": photo}, alt='"Quoted" & <tagged>').html()
    assert 'alt="&quot;Quoted&quot; &amp; &lt;tagged&gt;"' in page


@pytest.mark.parametrize("alt", ["", " ", None])
def test_alt_text_is_required(photo, alt):
    with pytest.raises(ValueError, match="Expected `alt`"):
        pictures.gallery({"photo": photo}, alt=alt)


@pytest.mark.parametrize("zoom", [0, 2.5, -1])
def test_zoom_is_a_whole_number(photo, zoom):
    with pytest.raises(ValueError, match=f"Received: {zoom}"):
        pictures.gallery({"photo": photo}, zoom=zoom, alt="A photo.")


OUTSIDE = [(0, 0, 21, 5), (-1, 0, 5, 5), (0, 28, 5, 5), (0, 0, 0, 5)]


@pytest.mark.parametrize("region", OUTSIDE)
def test_regions_outside_are_refused(photo, region):
    with pytest.raises(ValueError, match=r"Received: "):
        pictures.compare({"photo": photo}, region, alt="A photo.")


def test_compared_images_have_one_size(photo):
    with pytest.raises(
        ValueError, match=r"one size. Received: \[\(19, 30\), \(20, 30\)\]"
    ):
        pictures.compare({"a": photo, "b": photo[1:]}, (0, 0, 5, 5), alt="Two.")


PLANE = {
    "worse": (28, 40),
    "closer": (30, 30),
    "like a photograph": (29, 10),
    "worse than both": (28.9, 31),
    "beside it": (28.95, 30),
}


def test_the_plane_draws_the_border_and_keeps_labels_apart():
    path = ("row", [(29, 10), (29.8, 12), (30, 30)])
    drawn = plots.plane(PLANE, y_label="distance", alt="A plane.", path=path)
    shown(drawn)
    ax = drawn.figure.axes[0]
    border = next(x for x in ax.lines if x.get_label().startswith("border"))
    assert border.get_xydata().tolist() == [[30, 30], [29.8, 12], [29, 10]]
    labels = [x for x in ax.texts if x.get_text() in PLANE]
    boxes = [x.get_window_extent() for x in labels]
    assert len(boxes) == len(PLANE)
    for i, box in enumerate(boxes):
        assert not any(other.overlaps(box) for other in boxes[:i])
        assert ax.bbox.x0 < box.x0 < box.x1 < ax.bbox.x1


def test_a_plane_without_room_for_a_label_is_refused():
    crowd = {f"method {i}": (28, 40) for i in range(20)}
    with pytest.raises(ValueError, match=r"room for each label. Received: 'method "):
        plots.plane(crowd, y_label="distance", alt="A crowd.")


def test_graphs(photo):
    line = (np.arange(5), np.arange(5) ** 2)
    graphs = [
        plots.kernels(KERNELS, alt="Kernels."),
        plots.matrices({"bicubic": weight_matrix(8, 2).toarray()}, alt="A matrix."),
        plots.curves({"loss": line}, x_label="step", y_label="loss", alt="A curve."),
        plots.spectra({"photo": photo, "flat": 0 * photo}, scale=4, alt="Spectra."),
        plots.plane({"bicubic": (28, 40)}, y_label="distance", alt="A plane."),
    ]
    for graph in graphs:
        assert isinstance(graph.figure, Figure)
        assert shown(graph).std() > 0
    name, kernel = next(iter(KERNELS.items()))
    drawn = graphs[0].figure.axes[0]
    assert drawn.get_title() == name
    np.testing.assert_array_equal(
        drawn.lines[0].get_ydata(), kernel(drawn.lines[0].get_xdata())
    )
    np.testing.assert_array_equal(
        graphs[1].figure.axes[0].images[0].get_array(), weight_matrix(8, 2).toarray()
    )
    cut = plots.curves(
        {"loss": line}, x_label="step", y_label="loss", bottom=4, alt="A curve."
    )
    assert cut.figure.axes[0].get_ylim()[0] == 4
    axes = graphs[2].figure.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "loss")
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), line[1])
    assert graphs[3].figure.axes[0].lines[2].get_xdata()[0] == 0.5 / 4
    (point,) = [x for x in graphs[4].figure.axes[0].lines if x.get_marker() == "o"]
    assert (point.get_xdata()[0], point.get_ydata()[0]) == (28, 40)


def test_matrices_share_one_scale_of_colors():
    large, small = np.eye(4), np.eye(4) / 4
    figure = plots.matrices({"large": large, "small": small}, alt="Two.").figure
    first, second, bar = figure.axes
    assert first.images[0].get_clim() == second.images[0].get_clim() == (-1, 1)
    assert bar.get_ylabel() == "weight"


def test_an_inset_shows_a_part_of_the_curves():
    line = (np.arange(20), np.arange(20) ** 2)
    options = {"x_label": "pixel", "y_label": "value", "alt": "A curve."}
    inset = ((0.1, 0.5, 0.3, 0.4), (4, 6), (16, 36))
    figure = plots.curves({"x": line}, inset=inset, **options).figure
    (ax,) = figure.axes
    (part,) = ax.child_axes
    assert (part.get_xlim(), part.get_ylim()) == ((4, 6), (16, 36))
    np.testing.assert_array_equal(part.lines[0].get_ydata(), line[1])
    assert all(tick == round(tick) for tick in ax.get_xticks())


def test_a_row_keeps_every_pixel(photo):
    parts = [
        pictures.gallery({"a": photo}, zoom=4, alt="One."),
        plots.curves({"b": ([0, 1], [0, 1])}, x_label="x", y_label="y", alt="Two."),
    ]
    page = shown(pictures.row(*parts, alt="Both."))
    first, second = map(shown, parts)
    np.testing.assert_array_equal(page[: len(first), : first.shape[1]], first)
    np.testing.assert_array_equal(page[: len(second), -second.shape[1] :], second)
    assert (page[len(first) :, : first.shape[1]] == 255).all()


def test_rates_have_an_axis_of_bits_in_each_panel():
    line = (np.geomspace(0.1, 10, 5), np.arange(1, 6))
    panels = {x: ("dB", x == "b", {"JPEG": line, "WebP": line}) for x in "abc"}
    figure = plots.rates(panels, alt="Three panels.", dashed=["WebP"]).figure
    drawn = [ax for ax in figure.axes if ax.lines]
    assert [ax.get_title() for ax in drawn] == ["a", "b", "c"]
    assert [ax.get_yscale() for ax in drawn] == ["linear", "log", "linear"]
    assert {ax.get_xscale() for ax in drawn} == {"log"}
    np.testing.assert_array_equal(drawn[2].lines[1].get_xydata().T, line)
    assert [x.get_linestyle() for x in drawn[0].lines] == ["-", "--"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["JPEG", "WebP"]
    assert shown(plots.rates(panels, alt="Three panels.")).std() > 0


def test_controls_move_the_picture():
    def draw(level, size):
        return pictures.gallery({"x": np.full((size, size, 3), level)}, alt=f"{level}")

    explorer = widgets.explore(draw, level=[0.5, 1.0], size=range(4, 12, 4))
    data, metadata = explorer._repr_mimebundle_()
    assert repr(explorer) == data["text/plain"] == metadata["image/png"]["alt"] == "0.5"
    assert "application/vnd.jupyter.widget-view+json" in data
    bar, page = explorer.controls().children
    menu, slider = bar.children
    assert tuple(slider.options) == (4, 8)
    menu.value, slider.value = 1.0, 8
    assert page.value == draw(1.0, 8).html()


def test_a_slider_starts_where_it_is_told():
    def draw(weight):
        return pictures.gallery({"x": np.full((4, 4, 3), weight)}, alt=f"{weight}")

    weights = (0.0, 0.25, 0.5)
    explorer = widgets.explore(draw, start={"weight": 0.25}, weight=weights)
    assert repr(explorer) == "0.25"
    bar, page = explorer.controls().children
    (slider,) = bar.children
    assert isinstance(slider, ipywidgets.SelectionSlider)
    assert (slider.value, tuple(slider.options)) == (0.25, weights)
    assert page.value == draw(0.25).html()


@pytest.mark.parametrize("start", [{"weight": 2}, {"other": 0.0}])
def test_a_start_that_is_no_choice_is_refused(start):
    with pytest.raises(ValueError, match="Received: "):
        widgets.explore(print, start=start, weight=(0.0, 1.0))


def divided(photo):
    panels = {"<left>": photo, "right": 1 - photo}
    captions = {"right": "28.4 dB\n& more"}
    return widgets.divide(panels, alt='A "photo".', zoom=3, captions=captions)


def test_a_divider_is_a_picture_and_a_page_of_its_own(photo):
    data, metadata = divided(photo)._repr_mimebundle_()
    assert set(data) == {"image/png", "text/html", "text/plain"}
    assert data["text/plain"] == metadata["image/png"]["alt"] == 'A "photo".'
    page = data["text/html"]
    addresses = re.findall(r'src="([^"]*)"', page)
    assert all(x.startswith("data:image/png;base64,") for x in addresses)
    assert "http" not in page and "<script" not in page
    files = [io.BytesIO(base64.b64decode(x.split(",")[1])) for x in addresses]
    for file, image in zip(files, (photo, 1 - photo), strict=True):
        np.testing.assert_array_equal(Image.open(file), images.to_uint8(image))
    assert "<b>&lt;left&gt;</b>" in page
    assert "<b>right</b><br>28.4 dB<br>&amp; more" in page
    assert 'alt="A &quot;photo&quot;."' in page


def test_a_divider_has_two_images_of_one_size(photo):
    for panels in (
        {"a": photo},
        {x: photo for x in "abc"},
        {"a": photo, "b": photo[1:]},
    ):
        with pytest.raises(ValueError, match=r"Expected two images.*Received: \["):
            widgets.divide(panels, alt="Images.")
