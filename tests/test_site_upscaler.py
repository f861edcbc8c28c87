"""The page that enlarges a photograph, in a real browser."""

import base64
import functools
import io
import shutil
from fractions import Fraction
from importlib.util import find_spec

import numpy as np
import pytest
from conftest import Server, Watched
from PIL import Image

from sr_utils import datasets, models, tiling
from sr_utils.images import to_uint8
from sr_utils.photo_files import decode
from sr_utils.resize import resize, weight_matrix
from tools.site import packages
from tools.site_models import build, networks, scripts

pytestmark = pytest.mark.slow
WAIT = 300_000  # milliseconds: enough on any machine
TIMES = "\N{MULTIPLICATION SIGN}"
FOUR_TILES = (170, 172)  # height and width: more than a window of 128 + 2 * 20
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The page on its own."""
    folder = tmp_path_factory.mktemp("page")
    for name in ("onnx", "tf2onnx"):
        if not find_spec(name):
            pytest.skip("needs the packages of site/requirements.txt")
    try:
        build.build(folder)
    except packages.PackagesError as error:
        pytest.skip(str(error))
    build.build_page(folder)
    return folder


@pytest.fixture(scope="module")
def served(folder):
    """The address of a server of the page."""
    with Server(folder) as server:
        yield server.home


class Reader:
    """Who reads the page, in a context of a browser."""

    def __init__(self, browser, folder, address=None, script=None, **options):
        self.home = address or folder.as_uri()
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(WAIT)
        self.watched = Watched(self.context.new_page())
        self.page = self.watched.page
        if script:
            self.page.add_init_script(script)
        self.watched.goto(f"{self.home}/index.html")

    def find(self, name):
        return self.page.locator(f"#upscale-{name}")

    def text(self, name):
        return self.find(name).inner_text()

    def give(self, name, data):
        """Choose a file."""
        mime = "application/octet-stream"  # the page must look for itself
        file = {"name": name, "mimeType": mime, "buffer": data}
        self.find("file").set_input_files(file)

    def choose(self, name, data):
        """Choose a file that the page takes."""
        self.give(name, data)
        self.find("chosen").wait_for()

    def networks(self, *names):
        for box in self.find("networks").locator("input").all():
            box.set_checked(box.get_attribute("value") in names)

    def enlarge(self, *names):
        """Enlarge with bicubic and these networks, and wait for the results."""
        self.networks(*names)
        self.find("go").click()
        self.find("downloads").wait_for()

    def download(self, label):
        """What a button gives: the name of the file, and its pixels."""
        with self.page.expect_download() as started:
            self.find("downloads").get_by_role("button", name=label, exact=True).click()
        download = started.value
        return download.suggested_filename, pixels(Image.open(download.path()))

    def canvas(self, name):
        """The pixels of a canvas of the page, (height, width, 3)."""
        address = self.find(name).evaluate("canvas => canvas.toDataURL()")
        data = base64.b64decode(address.partition(",")[2])
        return pixels(Image.open(io.BytesIO(data)))

    def close(self):
        self.context.close()


@pytest.fixture
def reader(browser, folder):
    """A reader with the page from disk, who saw no error and no other host."""
    reader = Reader(browser, folder)
    yield reader
    assert_clean(reader)
    reader.close()


def assert_clean(reader):
    assert reader.watched.problems == []
    known = (f"{reader.home}/", "blob:", "data:")
    assert [x for x in reader.watched.addresses if not x.startswith(known)] == []


def pixels(image):
    return np.asarray(image.convert("RGB")).astype(int)


def png(image, **options):
    """The bytes of a file with an array or a picture of Pillow."""
    file = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(file, **{"format": "PNG"} | options)
    return file.getvalue()


def cat(height, width):
    """A piece of a photograph, uint8."""
    image = datasets.held_out()["chelsea"]
    return to_uint8(image[100 : 100 + height, 100 : 100 + width])


def expected(name, image):
    """What `sr_utils` makes of 8 bits with a network or a kernel, as integers."""
    if name == "bicubic":
        upscale = tiling.interpolation(name, 4)
    else:
        upscale = models.upscaler(models.load_checkpoint(name))
    return to_uint8(upscale(image / np.float32(255))).astype(int)


@functools.cache
def of_four_tiles(network):
    return expected(network, cat(*FOUR_TILES))


def assert_same(found, image):
    assert found.shape == image.shape
    assert np.abs(found - image).max() <= 1


def label(name):
    return networks.described(name)["label"]


# Photographs


@pytest.mark.parametrize("place", ["disk", "server"])
def test_a_photograph_becomes_what_sr_utils_makes(browser, folder, served, place):
    reader = Reader(browser, folder, served if place == "server" else None)
    reader.choose("a cat.png", png(cat(*FOUR_TILES)))
    assert f"a cat.png has 172 {TIMES} 170 pixels" in reader.text("status")
    reader.enlarge(*networks.names())
    name, found = reader.download("Bicubic")
    assert name == "a cat-bicubic.png"
    assert_same(found, expected("bicubic", cat(*FOUR_TILES)))
    for network in networks.names():
        name, found = reader.download(label(network))
        assert name == f"a cat-{network}.png"
        assert_same(found, of_four_tiles(network))
    assert_clean(reader)
    reader.close()


def test_with_less_overlap_there_would_be_seams():
    """The image of the test above shows them, so that test can fail."""
    image = cat(*FOUR_TILES) / np.float32(255)
    network = models.load_checkpoint("srgan_x4")
    seams = to_uint8(tiling.tiled(network, image, 82, overlap=4))
    assert np.abs(seams - of_four_tiles("srgan_x4")).max() > 1


@pytest.mark.parametrize("shape", [(1, 1), (3, 50)])
def test_the_smallest_photographs(reader, rng, shape):
    image = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    reader.choose("tiny.png", png(image))
    reader.enlarge("srgan_x4")
    assert_same(reader.download("Bicubic")[1], expected("bicubic", image))
    assert_same(reader.download("SRGAN")[1], expected("srgan_x4", image))


def test_a_jpeg_is_upright(reader):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    data = png(Image.fromarray(cat(40, 60)), format="JPEG", quality=95, exif=exif)
    reader.choose("phone.jpg", data)
    upright = np.rot90(pixels(Image.open(io.BytesIO(data))), -1)
    assert upright.shape == (60, 40, 3)
    assert_same(reader.canvas("preview"), upright)


def test_gray_stays_gray(reader):
    image = cat(30, 40)[..., 1]
    reader.choose("gray.png", png(image))
    reader.enlarge("srgan_x4")
    _, found = reader.download("SRGAN")
    assert (found == found[..., :1]).all()
    assert_same(found[..., :1], expected("srgan_x4", image[..., None]))


def test_transparent_parts_lie_over_white(reader, tmp_path):
    alpha = np.linspace(0, 255, 40, dtype=np.uint8) * np.ones((30, 1), np.uint8)
    image = np.concatenate([cat(30, 40), alpha[..., None].astype(np.uint8)], axis=-1)
    (tmp_path / "glass.png").write_bytes(png(image))
    reader.choose("glass.png", png(image))
    over_white = 255 * decode.decode(tmp_path / "glass.png")
    assert np.abs(reader.canvas("preview") - over_white).max() <= 1.5


def test_an_example_by_keyboard_alone(reader):
    for wanted in ("A woman in an orange space suit", "Enlarge four times"):
        press_until(reader.page, wanted)
        reader.page.keyboard.press("Enter")
        reader.find("chosen").wait_for()
    reader.find("downloads").wait_for()
    _, found = reader.download("Bicubic")
    _, low = datasets.pair(datasets.held_out()["astronaut"], 4)
    assert_same(found, expected("bicubic", to_uint8(low)))


def press_until(page, wanted):
    """Press Tab until something with this name has the focus."""
    focused = "[document.activeElement.innerText, document.activeElement.innerHTML]"
    for _ in range(30):
        page.keyboard.press("Tab")
        if any(wanted in (text or "") for text in page.evaluate(focused)):
            return
    raise AssertionError(f"{wanted!r} can't be reached with Tab")


def test_a_file_can_be_dropped(reader):
    data = list(png(cat(20, 30)))
    transfer = reader.page.evaluate_handle(
        """data => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(data)], "dropped.png"));
          return transfer;
        }""",
        data,
    )
    reader.find("drop").dispatch_event("drop", {"dataTransfer": transfer})
    reader.find("chosen").wait_for()
    assert_same(reader.canvas("preview"), cat(20, 30))


# What goes wrong


def test_a_text_file_gets_a_sentence(reader):
    reader.give("notes.jpg", b"These are notes.\n")
    reader.page.wait_for_function("document.querySelector('[role=alert]').innerText")
    said = reader.text("problem")
    assert said.startswith("“notes.jpg” isn't a picture that this browser can read.")
    assert reader.find("chosen").is_hidden()
    reader.choose("good.png", png(cat(8, 8)))  # and the page goes on
    assert reader.text("problem") == ""


def test_of_a_picture_that_is_too_large_a_part_is_taken(reader):
    image = np.tile(cat(64, 64), (17, 16, 1))  # 1088 x 1024
    reader.give("large.png", png(image))
    parts = reader.find("parts").get_by_role("button")
    parts.first.wait_for()
    said = reader.text("problem")
    assert f"1024 {TIMES} 1088 pixels. The page enlarges up to 1,048,576" in said
    assert reader.find("chosen").is_hidden()
    parts.last.click()  # all of it, first made 3 times smaller
    reader.find("chosen").wait_for()
    small = resize(image / np.float64(255), Fraction(1, 3))
    assert_same(reader.canvas("preview"), to_uint8(small).astype(int))
    reader.give("large.png", png(image))
    parts.first.click()  # the middle
    reader.find("chosen").wait_for()
    assert_same(reader.canvas("preview"), image[288:800, 256:768].astype(int))


def test_of_a_long_strip_a_part_is_taken(reader):
    image = np.tile(cat(4, 100), (1, 50, 1))  # 5000 pixels along a side
    reader.give("strip.png", png(image))
    parts = reader.find("parts").get_by_role("button")
    parts.last.click()  # all of it, first made 2 times smaller
    reader.find("chosen").wait_for()
    assert reader.canvas("preview").shape == (2, 2500, 3)


def test_a_picture_of_the_largest_size_is_taken_whole(reader):
    reader.choose("just.png", png(np.zeros((1024, 1024, 3), np.uint8)))
    said = reader.text("status")
    assert f"1024 {TIMES} 1024 pixels and will have 4096 {TIMES} 4096" in said


def test_cancel_ends_the_work(reader):
    reader.choose("long.png", png(np.tile(cat(64, 64), (12, 12, 1))))
    reader.networks("srgan_x4")
    reader.find("go").click()
    reader.page.wait_for_function(
        "/SRGAN: [1-9]/.test(document.getElementById('upscale-step').innerText)"
    )
    assert reader.page.workers
    assert reader.page.evaluate("document.activeElement.id") == "upscale-cancel"
    assert reader.find("file").is_disabled()
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_function(
        "document.getElementById('upscale-status').innerText === 'Cancelled.'"
    )
    wait_until(reader.page, lambda: not reader.page.workers)
    assert reader.find("results").is_hidden()
    image = cat(20, 30)
    reader.choose("short.png", png(image))
    reader.enlarge("srgan_x4")
    assert_same(reader.download("SRGAN")[1], expected("srgan_x4", image))


def wait_until(page, condition):
    """Wait for what the page itself can't know."""
    for _ in range(1200):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it didn't happen within a minute")


def test_without_webassembly_bicubic_remains(browser, folder):
    reader = Reader(browser, folder, script="delete globalThis.WebAssembly")
    assert "it has no WebAssembly" in reader.text("problem")
    image = cat(20, 30)
    reader.choose("cat.png", png(image))
    assert "it has no WebAssembly" in reader.text("about")
    reader.find("go").click()
    assert_same(reader.download("Bicubic")[1], expected("bicubic", image))
    assert_clean(reader)
    reader.close()


def test_noise_instead_of_pixels_gets_a_sentence(browser, folder):
    reader = Reader(
        browser,
        folder,
        script="""
          const read = CanvasRenderingContext2D.prototype.getImageData;
          CanvasRenderingContext2D.prototype.getImageData = function (...rectangle) {
            const image = read.apply(this, rectangle);
            return new ImageData(image.data.map(() => 7), image.width, image.height);
          };""",
    )
    reader.give("cat.png", png(cat(8, 8)))
    reader.page.wait_for_function("document.querySelector('[role=alert]').innerText")
    assert "protection against fingerprinting" in reader.text("problem")
    reader.close()


def test_a_network_that_cannot_be_loaded_gets_a_sentence(browser, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    (tmp_path / "copy" / "srgan_x4.js").unlink()
    reader = Reader(browser, tmp_path / "copy")
    reader.choose("cat.png", png(cat(8, 8)))
    reader.networks("srgan_x4")
    reader.find("go").click()
    reader.page.wait_for_function("document.querySelector('[role=alert]').innerText")
    assert "“srgan_x4” couldn't be loaded." in reader.text("problem")
    assert reader.find("go").is_enabled()
    reader.close()


# WebGPU


def test_the_processor_stands_in_for_a_graphics_card_that_fails(browser, folder):
    pretended = "navigator.gpu.requestAdapter = async () => ({ info: {} })"
    reader = Reader(browser, folder, script=pretended)
    assert reader.find("device").input_value() == "webgpu"
    image = cat(12, 16)
    reader.choose("cat.png", png(image))
    reader.enlarge("srgan_x4")
    assert "the processor does" in reader.text("problem")
    assert reader.find("device").input_value() == "wasm"
    assert_same(reader.download("SRGAN")[1], expected("srgan_x4", image))
    reader.close()


def test_webgpu_gives_the_same_pixels(launch, folder):
    browser = launch("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")
    reader = Reader(browser, folder)
    if not reader.page.evaluate("navigator.gpu?.requestAdapter().then(Boolean)"):
        pytest.skip("this Chromium has no WebGPU")
    image = cat(12, 16)
    reader.choose("cat.png", png(image))
    reader.find("devices").wait_for()
    assert reader.find("device").input_value() == "wasm"  # it is only emulated
    reader.find("device").select_option("webgpu")
    reader.enlarge("srgan_x4")
    assert_same(reader.download("SRGAN")[1], expected("srgan_x4", image))
    assert reader.text("problem") == ""
    assert_clean(reader)
    browser.close()


# Comparing


@pytest.fixture
def compared(reader):
    """A reader who sees bicubic and SRGAN, 320 x 240."""
    reader.choose("cat.png", png(cat(60, 80)))
    reader.enlarge("srgan_x4")
    return reader


def exposure(reader):
    """How much of the left picture is shown, percent."""
    style = "getComputedStyle(document.querySelector('image-compare'))"
    return float(
        reader.page.evaluate(f"{style}.getPropertyValue('--exposure')").strip(" %")
    )


def wait_for_exposure(reader, low, high):
    reader.page.wait_for_function(
        """([low, high]) => {
          const style = getComputedStyle(document.querySelector("image-compare"));
          const value = parseFloat(style.getPropertyValue("--exposure"));
          return low <= value && value <= high;
        }""",
        arg=[low, high],
    )


def test_the_divider_has_both_results(compared):
    for side, name in (("left", "Bicubic"), ("right", "SRGAN")):
        assert compared.find(side).input_value() == name
        assert (compared.canvas(f"view-{side}") == compared.download(name)[1]).all()
        spoken = compared.find(f"view-{side}").get_attribute("aria-label")
        assert spoken == f"Enlarged with {name}"
    compared.find("left").select_option("SRGAN")
    left, right = compared.canvas("view-left"), compared.canvas("view-right")
    assert (left == right).all()


def test_the_divider_moves_by_mouse_and_keys(compared):
    box = compared.page.locator("image-compare").bounding_box()
    middle = box["y"] + box["height"] / 2
    compared.page.mouse.move(box["x"] + box["width"] / 2, middle)
    compared.page.mouse.down()
    compared.page.mouse.move(box["x"] + box["width"] / 4, middle, steps=4)
    compared.page.mouse.up()
    wait_for_exposure(compared, 22, 28)
    before = exposure(compared)
    compared.page.keyboard.press("ArrowRight")
    wait_for_exposure(compared, before + 1, before + 1)


def test_zoom_shows_the_part_that_the_reader_moves_to(compared):
    _, whole = compared.download("SRGAN")
    assert compared.find("moves").is_hidden()
    compared.page.set_viewport_size({"width": 640, "height": 480})
    compared.find("zoom").select_option("4")
    compared.find("moves").wait_for()
    for end in ("Home", "End"):
        for direction in ("across", "down"):
            compared.find(direction).press(end)
        view = compared.canvas("view-right")
        rows, columns = (np.array(view.shape[:2]) + 3) // 4
        part = whole[:rows, :columns] if end == "Home" else whole[-rows:, -columns:]
        enlarged = part.repeat(4, axis=0).repeat(4, axis=1)
        height, width = view.shape[:2]
        assert (view == enlarged[:height, :width]).all()


# Everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 390])
def test_the_page_is_accessible(browser, folder, scheme, width):
    size = {"width": width, "height": 800}
    touch = width == 390
    reader = Reader(
        browser, folder, viewport=size, color_scheme=scheme, has_touch=touch
    )
    reader.give("notes.jpg", b"no picture")
    reader.page.wait_for_function("document.querySelector('[role=alert]').innerText")
    assert violations(reader) == []
    reader.choose("cat.png", png(cat(60, 100)))
    reader.enlarge("srgan_x4")
    assert violations(reader) == []
    assert reader.page.evaluate("document.documentElement.scrollWidth") <= width
    if touch:
        assert reader.find("camera").is_visible()
        box = reader.page.locator("image-compare").bounding_box()
        reader.page.touchscreen.tap(box["x"] + 0.75 * box["width"], box["y"] + 20)
        wait_for_exposure(reader, 70, 80)
    assert_clean(reader)
    reader.close()


def violations(reader):
    """What axe-core finds: rules, and where they are broken."""
    axe = packages.install() / "axe-core" / "axe.min.js"
    reader.page.evaluate(axe.read_text(encoding="utf-8"))
    found = reader.page.evaluate(
        "rules => axe.run({ runOnly: rules, preload: false })", RULES
    )
    return [
        (x["id"], [node["html"] for node in x["nodes"]]) for x in found["violations"]
    ]


# The same arithmetic


def answer(browser, tmp_path, text):
    """What a module gives that may import those of the page."""
    shutil.copytree(build.SOURCES, tmp_path / "modules", dirs_exist_ok=True)
    (tmp_path / "modules" / "probe.js").write_text(text, encoding="utf-8")
    page = browser.new_page()
    page.evaluate(scripts.joined("probe", tmp_path / "modules"))
    found = page.evaluate("globalThis.answer")
    page.close()
    return found


def test_spans_are_those_of_tiling(browser, tmp_path):
    cases = [
        (size, tile, overlap)
        for size in (1, 2, 7, 40, 41, 100, 233)
        for tile in (1, 8, 64)
        for overlap in (0, 2, 20)
    ]
    found = answer(
        browser,
        tmp_path,
        'import { spans } from "./tiles.js";\n'
        f"globalThis.answer = {cases_in_js(cases)}.map((x) => spans(...x));\n",
    )
    for case, spans in zip(cases, found, strict=True):
        assert [
            tiling.Span(
                slice(x["start"], x["start"] + x["width"]), slice(x["first"], x["last"])
            )
            for x in spans
        ] == tiling.spans(*case)


def test_tiles_of_an_image_are_nearly_the_same(browser, tmp_path):
    cases = [(size, 128, 20) for size in range(1, 600, 7)]
    found = answer(
        browser,
        tmp_path,
        'import { evenTile } from "./tiles.js";\n'
        f"globalThis.answer = {cases_in_js(cases)}.map((x) => evenTile(...x));\n",
    )
    for (size, most, overlap), tile in zip(cases, found, strict=True):
        assert 1 <= tile <= most
        count = len(tiling.spans(size, most, overlap))
        assert len(tiling.spans(size, tile, overlap)) == count
        assert tile == 1 or len(tiling.spans(size, tile - 1, overlap)) > count


def test_mixtures_are_the_weight_matrix(browser, tmp_path):
    cases = [(size, *x) for size in (1, 2, 3, 9, 50) for x in ((4, 1), (1, 3), (2, 5))]
    found = answer(
        browser,
        tmp_path,
        'import { mixtures } from "./resize.js";\n'
        f"globalThis.answer = {cases_in_js(cases)}.map((x) => mixtures(...x));\n",
    )
    for (size, up, down), rows in zip(cases, found, strict=True):
        matrix = weight_matrix(size, Fraction(up, down)).toarray()
        ours = np.zeros_like(matrix)
        for row, taps in enumerate(rows):
            for index, weight in taps:
                ours[row, index] += weight
        np.testing.assert_allclose(ours, matrix, atol=1e-12)


def cases_in_js(cases):
    return str([list(case) for case in cases])
