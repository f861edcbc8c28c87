"""The built site in a browser: every page, figure and divider, from disk and served."""

import io
from urllib.parse import urlsplit

import nbformat
import numpy as np
import pytest
from PIL import Image

from sr_utils import scoreboard
from tools import notebooks
from tools.site import comparisons, links

pytestmark = pytest.mark.slow
LESSONS = sorted(path.stem for path in notebooks.NOTEBOOKS.glob("*.ipynb"))
DESKTOP, PHONE = 1280, 390
PAGE_LIMIT, SITE_LIMIT = 6e6, 40e6
CPU_LIMIT = 60  # seconds; an idle machine with two cores takes less by the clock
DISCRIMINATOR = "#search-results a[href*='04_srgan']"
LOADED = """[...document.images].map(
    x => [x.currentSrc, x.complete && x.naturalWidth > 0, x.getAttribute('alt')])"""
BYTES = """[...performance.getEntriesByType('navigation'),
    ...performance.getEntriesByType('resource')].map(x => x.decodedBodySize)"""


@pytest.fixture(params=["disk", "server"])
def base(request, site):
    """The address of the site."""
    if request.param == "disk":
        return site.as_uri()
    return request.getfixturevalue("site_server")


@pytest.fixture(scope="session")
def axe(node_modules):
    """The source of axe-core, from npm."""
    return (node_modules / "axe-core" / "axe.min.js").read_text("utf-8")


@pytest.fixture
def divider(node_modules):
    """The component of npm: `divider(page)` is the first on a page."""

    def first(page):
        component = page.locator("image-compare").first
        component.scroll_into_view_if_needed()
        return component

    return first


def names(site):
    return [path.relative_to(site).as_posix() for path in links.html_pages(site)]


def pixels(picture):
    """A file or a screenshot as (height, width, 3) of 8 bits."""
    data = io.BytesIO(picture) if isinstance(picture, bytes) else picture
    return np.asarray(Image.open(data).convert("RGB")).astype(int)


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_every_page_is_whole_and_asks_nobody_else(site, base, open_page, width):
    own, found = urlsplit(base), {}
    watched = open_page(width)
    for name in names(site):
        watched.problems.clear(), watched.addresses.clear()
        page = watched.goto(f"{base}/{name}")
        strangers = [
            address
            for address in map(urlsplit, watched.addresses)
            if address.scheme not in (own.scheme, "data", "blob")
            or (own.netloc != address.netloc and address.scheme == own.scheme)
        ]
        images = page.evaluate(LOADED)
        scrolled = page.evaluate("document.documentElement.scrollWidth")
        found[name] = [
            *watched.problems,
            *strangers,
            *(x for x in images if not x[1] or x[2] is None),
            *([f"{scrolled} pixels wide"] if scrolled > width else []),
        ]
    assert len(found) > 20
    assert not {name: wrong for name, wrong in found.items() if wrong}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_no_page_has_barriers(site, open_page, axe, width, scheme):
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    watched, found = open_page(width, scheme), {}
    for name in names(site):
        page = watched.goto(f"{site.as_uri()}/{name}")
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        page.evaluate(axe)
        seen = page.evaluate("tags => axe.run({runOnly: tags})", tags)
        found[name] = [
            (x["id"], [node["target"] for node in x["nodes"]][:3])
            for x in seen["violations"]
        ]
    assert not {name: wrong for name, wrong in found.items() if wrong}


def test_barriers_are_seen(site, open_page, axe):
    page = open_page().goto(f"{site.as_uri()}/index.html")
    page.evaluate("document.querySelector('.comparison img').removeAttribute('alt')")
    page.evaluate(axe)
    seen = page.evaluate("axe.run({runOnly: ['wcag2a']})")
    assert [x["id"] for x in seen["violations"]] == ["image-alt"]


@pytest.mark.parametrize("name", LESSONS)
def test_every_figure_is_there_with_its_alt_text(site, open_page, name):
    path = notebooks.NOTEBOOKS / f"{name}.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    expected = [
        output.metadata["image/png"]["alt"]
        for output in outputs
        if "image/png" in output.get("data", {})
    ]
    page = open_page().goto(f"{site.as_uri()}/notebooks/{name}.html")
    shown = page.locator(".cell_output img")
    alts = shown.evaluate_all("images => images.map(x => x.alt)")
    assert expected
    assert alts == expected


def shares(page):
    """How much of the left picture each divider shows, in percent."""
    return page.locator("image-compare").evaluate_all(
        "all => all.map(x => getComputedStyle(x).getPropertyValue('--exposure'))"
    )


def settle(page):
    """The component moves with the next frame."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => done()))")


def test_the_divider_follows_the_mouse(base, open_page, divider):
    page = open_page().goto(f"{base}/index.html")
    box = divider(page).bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.25 * box["width"], middle, steps=5)
    page.mouse.up()
    settle(page)
    assert float(shares(page)[0].strip("%")) == pytest.approx(25, abs=3)


def test_each_side_shows_its_method(site, open_page, divider):
    page = open_page().goto(f"{site.as_uri()}/index.html")
    component = divider(page)
    seen = pixels(component.screenshot())
    folder = site / "_static" / "comparisons"
    left, right = (
        pixels(folder / f"portrait-{method}.webp").repeat(2, 0).repeat(2, 1)
        for method in ("nearest", "srgan")
    )
    assert abs(len(seen) - 512) <= 1  # the screenshot may hold half a row more
    away = np.r_[0:200]  # from the handle, which is in the middle
    assert np.abs(seen[away, 4:250] - left[away, 4:250]).max() <= 2
    assert np.abs(seen[away, 262:508] - right[away, 262:508]).max() <= 2
    assert np.abs(left - right).max() > 50


def test_the_divider_follows_a_finger(base, open_page, divider):
    page = open_page(PHONE, touch=True).goto(f"{base}/compare.html")
    box = divider(page).bounding_box()
    middle = box["y"] + box["height"] / 2
    page.touchscreen.tap(box["x"] + 0.75 * box["width"], middle)
    settle(page)
    assert float(shares(page)[0].strip("%")) == pytest.approx(75, abs=4)
    drag(page, (box["x"] + 0.75 * box["width"], middle), (-0.5 * box["width"], 0))
    settle(page)
    assert float(shares(page)[0].strip("%")) == pytest.approx(25, abs=4)


def drag(page, start, by):
    """Put a finger on the page, move it, lift it."""
    session = page.context.new_cdp_session(page)
    for step in range(6):
        x, y = (place + step / 5 * far for place, far in zip(start, by, strict=True))
        kind = "touchMove" if step else "touchStart"
        session.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": x, "y": y}]},
        )
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_the_divider_follows_the_arrow_keys(base, open_page, divider):
    page = open_page().goto(f"{base}/index.html")
    divider(page)
    page.locator(".comparison-right select").first.focus()
    page.keyboard.press("Tab")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    settle(page)
    assert shares(page)[0] == "60%"
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    settle(page)
    assert shares(page)[0] == "40%"


def test_the_scores_are_those_of_the_pictures_shown(site, open_page):
    """Every method on either side, its score computed again from the two files."""
    page = open_page().goto(f"{site.as_uri()}/compare.html")
    folder = site / "_static" / "comparisons"
    for number, name in enumerate(("chelsea", "coffee", "portrait")):
        figure = page.locator("figure.comparison").nth(number)
        original = pixels(folder / f"{name}-original.webp") / 255
        for side, slot in (("left", 1), ("right", 2)):
            part = figure.locator(f".comparison-{side}")
            seen = set()
            for method in comparisons.METHODS:
                part.locator("select").select_option(method)
                image = figure.locator(f'[slot="image-{slot}"]')
                file = folder / image.evaluate("x => x.src.split('/').pop()")
                score = scoreboard.compare(original, pixels(file) / 255, 4)
                assert part.locator("output").text_content() == str(score)
                assert image.get_attribute("alt") == f"{name}, {method}: {score}"
                seen.add(file)
            assert len(seen) == len(comparisons.METHODS)


def views(figure):
    return figure.locator(".comparison-view")


def test_one_place_is_shown_in_all_methods(site, base, open_page):
    page = open_page().goto(f"{base}/compare.html")
    figure = page.locator("figure.comparison").nth(2)
    whole = figure.locator(".comparison-whole")
    whole.focus()
    for key in ("ArrowLeft", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    top, left = (256 - 40) // 2 - 8, (256 - 40) // 2 - 4
    files = [*comparisons.METHODS, comparisons.ORIGINAL]
    assert views(figure).count() == len(files)
    for view, method in zip(views(figure).all(), files, strict=True):
        stored = method.lower().replace(", ", "-").replace(" ", "-")
        file = site / "_static" / "comparisons" / f"portrait-{stored}.webp"
        crop = pixels(file)[top : top + 40, left : left + 40]
        seen = pixels(view.screenshot())
        assert np.abs(seen - crop.repeat(4, 0).repeat(4, 1)).max() <= 2, method


@pytest.mark.parametrize("touch", [False, True])
def test_the_frame_is_dragged(site, open_page, touch):
    page = open_page(PHONE, touch=touch).goto(f"{site.as_uri()}/compare.html")
    figure = page.locator("figure.comparison").first
    whole = figure.locator(".comparison-whole")
    whole.scroll_into_view_if_needed()
    box = whole.bounding_box()
    start = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    if touch:
        drag(page, start, (-box["width"], -box["height"]))
    else:
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(box["x"], box["y"], steps=5)
        page.mouse.up()
    places = views(figure).evaluate_all(
        "all => all.map(x => x.style.backgroundPosition)"
    )
    assert {place.replace("-0px", "0px") for place in places} == {"0px 0px"}


def test_search_finds_a_word_in_its_lesson(base, open_page):
    watched = open_page()
    page = watched.goto(f"{base}/search.html?q=discriminator")
    page.locator(DISCRIMINATOR).first.wait_for()
    assert "SRGAN" in page.locator(DISCRIMINATOR).first.text_content()
    assert not watched.problems


def test_the_reader_can_choose_the_dark(site, open_page):
    page = open_page().goto(f"{site.as_uri()}/index.html")
    color = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(color)
    for _ in range(3):  # light, dark, as the system has it
        page.locator(".theme-switch-button:visible").first.click()
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    assert page.evaluate(color) != before


def test_code_can_be_copied(site_server, open_page):
    page = open_page().goto(f"{site_server}/notebooks/01_interpolation.html")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".cell_input button.copybtn").first.click(force=True)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("try:\n    import sr_utils")


def test_lessons_lead_from_one_to_the_next(site, open_page):
    page = open_page().goto(f"{site.as_uri()}/index.html")
    for name in LESSONS:
        page.locator("a.right-next").click()
        assert page.url.endswith(f"/notebooks/{name}.html")
        link = page.locator(".lesson-links a").first.get_attribute("href")
        stored = (site / "notebooks" / link).resolve().read_bytes()
        assert stored == (notebooks.NOTEBOOKS / f"{name}.ipynb").read_bytes()


def test_the_site_is_small(site, site_server, open_page):
    sizes = [
        path.stat().st_size
        for path in site.rglob("*")
        if path.is_file() and "upscale" not in path.parts
    ]
    assert 5e6 < sum(sizes) < SITE_LIMIT
    watched = open_page()
    for name in names(site):
        loaded = sum(watched.goto(f"{site_server}/{name}").evaluate(BYTES))
        assert 1e5 < loaded < PAGE_LIMIT, name


def test_the_build_is_quick(site):
    seconds = float(site.with_name("cpu_seconds").read_text())
    assert 1 < seconds < CPU_LIMIT
