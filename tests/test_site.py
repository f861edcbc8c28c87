"""The built site in a browser: every page, figure and divider, from disk and served."""

import io
from urllib.parse import urlsplit

import nbformat
import numpy as np
import pytest
from PIL import Image

from sr_utils import scoreboard, widgets
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


def seen_at(place):
    """The pixels of a place on the page, after moving it onto whole pixels."""
    place.scroll_into_view_if_needed()
    top = place.bounding_box()["y"]
    place.evaluate("(x, by) => {x.style.marginTop = `${by}px`}", -top % 1)
    return pixels(place.screenshot())


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


def test_what_is_wrong_on_a_page_is_seen(tmp_path, open_page):
    page = '<img src="none.png" alt="x"><script>console.error("no"); none()</script>'
    (tmp_path / "page.html").write_text(f"<!doctype html>{page}")
    watched = open_page()
    watched.goto((tmp_path / "page.html").as_uri())
    text = "\n".join(watched.problems)
    assert "none.png: net::ERR_FILE_NOT_FOUND" in text
    assert "none is not defined" in text
    assert "no" in watched.problems


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_no_page_has_barriers(site, open_page, axe, width, scheme):
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    watched, found = open_page(width, scheme), {}
    chosen = names(site)
    if (width, scheme) != (DESKTOP, "dark"):  # the pages of modules are alike
        alike = {x for x in chosen if x.startswith("reference/")}
        chosen = [x for x in chosen if x not in alike or "scoreboard" in x]
    for name in chosen:
        page = watched.goto(f"{site.as_uri()}/{name}")
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        page.evaluate(axe)
        options = {"runOnly": tags, "resultTypes": ["violations"]}
        seen = page.evaluate("options => axe.run(options)", options)
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
    assert "image-alt" in {x["id"] for x in seen["violations"]}


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
    seen = seen_at(component)
    folder = site / "_static" / "comparisons"
    left, right = (
        pixels(folder / f"portrait-{method}.webp").repeat(2, 0).repeat(2, 1)
        for method in ("nearest", "srgan")
    )
    assert seen.shape == left.shape
    away = slice(200)  # rows far from the handle, which is in the middle
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
        figure = page.locator(".comparison").nth(number)
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


def test_the_divider_of_a_notebook_moves(open_page, axe):
    dark, bright = np.zeros((40, 60, 3)), np.ones((40, 60, 3))
    panels = {"dark": dark, "bright": bright}
    page = open_page(PHONE, touch=True).page
    page.set_content(widgets.divide(panels, alt="Dark and bright.", zoom=4).html())
    frame = page.locator(".sr-divider div")
    box = frame.bounding_box()
    assert (box["width"], box["height"]) == (240, 160)

    def edge():
        """Where the dark ends, in percent."""
        row = pixels(frame.screenshot())[10].mean(axis=-1)
        return 100 * np.mean(row < 128)

    assert edge() == pytest.approx(50, abs=2)
    page.mouse.move(box["x"] + 120, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 48, box["y"] + 80, steps=5)
    page.mouse.up()
    assert edge() == pytest.approx(20, abs=4)
    page.touchscreen.tap(box["x"] + 180, box["y"] + 80)
    assert edge() == pytest.approx(75, abs=4)
    before = edge()
    page.locator(".sr-divider input").focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    assert edge() == pytest.approx(before - 20, abs=2)
    page.evaluate(axe)
    tags = ["wcag2a", "wcag2aa"]
    seen = page.evaluate("tags => axe.run('.sr-divider', {runOnly: tags})", tags)
    assert not seen["violations"]


def views(figure):
    return figure.locator(".comparison-view")


def test_one_place_is_shown_in_all_methods(site, base, open_page):
    page = open_page().goto(f"{base}/compare.html")
    figure = page.locator(".comparison").nth(2)
    figure.locator(".comparison-whole").focus()
    for key, times in {"Left": 60, "Up": 60, "Right": 20, "Down": 25}.items():
        for _ in range(times):  # first into the corner
            page.keyboard.press(f"Arrow{key}")
    left, top, side = 4 * 20, 4 * 25, 38
    files = [*comparisons.METHODS, comparisons.ORIGINAL]
    assert views(figure).count() == len(files)
    for view, method in zip(views(figure).all(), files, strict=True):
        stored = method.lower().replace(", ", "-").replace(" ", "-")
        file = site / "_static" / "comparisons" / f"portrait-{stored}.webp"
        crop = pixels(file)[top : top + side, left : left + side]
        assert np.abs(seen_at(view) - crop.repeat(4, 0).repeat(4, 1)).max() <= 2, method


@pytest.mark.parametrize("touch", [False, True])
def test_the_frame_is_dragged(site, open_page, touch):
    page = open_page(PHONE, touch=touch).goto(f"{site.as_uri()}/compare.html")
    figure = page.locator(".comparison").first
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
    page.get_by_role("button", name="Color mode").click()
    page.get_by_role("button", name="Dark").click()
    page.wait_for_function("document.documentElement.dataset.theme == 'dark'")
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


def test_nothing_of_this_machine_is_published(site):
    root = str(notebooks.ROOT)
    texts = {name: (site / name).read_text("utf-8") for name in names(site)}
    assert not [name for name, text in texts.items() if root in text]


def test_the_build_is_quick(site):
    seconds = float(site.with_name("cpu_seconds").read_text())
    assert 1 < seconds < CPU_LIMIT
