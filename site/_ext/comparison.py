"""The directive `comparison`: two methods on either side of a divider, with scores.

    ```{comparison} portrait
    :left: bicubic
    :right: SRGAN
    :zoom: 133 84
    ```

The photographs and methods are those of `_static/comparisons/comparisons.json`, which
`tools.site.comparisons` writes. The reader can choose other methods. With `:zoom:` one
place is shown in all of them, which begins that many pixels from left and top. Without
scripts, the pictures stand side by side.
"""

import json
from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive, directives

_FOLDER = Path("_static") / "comparisons"
_ZOOM = """
<div class="comparison-zoom">
<div class="comparison-whole" tabindex="0" role="group" data-left="{left}"
 data-top="{top}"
 aria-label="The whole photograph. Move the frame with the arrow keys or by dragging.">
<img class="dark-light" src="{source}" width="{width}" height="{height}"
 alt="{name}, the original">
<span class="comparison-frame"></span></div>
<div class="comparison-crops"></div>
</div>"""
_COMPARISON = """
<div class="comparison{kind}">
<figure style="max-width: {width}px">
<div class="comparison-methods">
{left_choice}
{right_choice}
</div>
<image-compare label-text="How much of the left picture is shown, in percent">
{left_image}
{right_image}
</image-compare>
<figcaption>{caption}</figcaption>
</figure>{zoom}
<script type="application/json">{data}</script>
</div>"""


class Comparison(Directive):
    """One photograph; options `left` and `right` name methods, `zoom` adds crops.

    `enlarged` shows each pixel as a square of that many.
    """

    required_arguments = 1
    has_content = True
    option_spec = {  # noqa: RUF012, as docutils has it
        "left": directives.unchanged_required,
        "right": directives.unchanged_required,
        "enlarged": directives.positive_int,
        "zoom": directives.positive_int_list,
    }

    def run(self):
        """The figure as raw HTML."""
        name, env = self.arguments[0], self.state.document.settings.env
        photographs = json.loads(
            (Path(env.srcdir) / _FOLDER / "comparisons.json").read_text("utf-8")
        )
        if name not in photographs:
            raise self.error(f"Expected one of {[*photographs]}. Received: {name!r}")
        photograph = photographs[name]
        for side in ("left", "right"):
            if self.options.get(side) not in photograph["methods"]:
                raise self.error(
                    f"Expected :{side}: as one of {[*photograph['methods']]}. "
                    f"Received: {self.options.get(side)!r}"
                )
        depth = env.docname.count("/")
        markup = comparison(name, photograph, self.options, "../" * depth, self.content)
        return [nodes.raw("", markup, format="html")]


def comparison(name, photograph, options, root, caption):
    """The HTML of a comparison.

    Args:
        name: Of the photograph.
        photograph: Its entry in `comparisons.json`.
        options: As in the directive.
        root: Path from the page to the site's folder, empty or ending in "/".
        caption: Lines of text.
    """
    base = f"{root}{_FOLDER.as_posix()}/"
    methods = {
        method: {**entry, "file": base + entry["file"]}
        for method, entry in photograph["methods"].items()
    }
    size = {"width": photograph["width"], "height": photograph["height"]}
    left, right = options["left"], options["right"]
    return _COMPARISON.format(
        kind=" comparison-enlarged" if "enlarged" in options else "",
        width=size["width"] * options.get("enlarged", 1),
        left_choice=_choice("left", left, methods),
        right_choice=_choice("right", right, methods),
        left_image=_image(1, name, left, methods, size),
        right_image=_image(2, name, right, methods, size),
        zoom=_zoom(name, methods["original"]["file"], size, options.get("zoom")),
        caption=escape(" ".join(caption)),
        data=json.dumps({"name": name, "methods": methods, **size}),
    )


def add_scripts(app, _page, _template, context, _doctree):
    """Load the component on pages that have a comparison, and only there."""
    if '<div class="comparison' in context.get("body", ""):
        app.add_js_file("image-compare.js", loading_method="defer")
        app.add_js_file("comparison.js", loading_method="defer")


def setup(app):
    """Register the directive and what its pages need."""
    app.add_directive("comparison", Comparison)
    app.connect("html-page-context", add_scripts)
    return {"parallel_read_safe": True}


def _choice(side, chosen, methods):
    """A menu of methods and the score of the chosen one."""
    options = "".join(
        f"<option{' selected' if method == chosen else ''}>{escape(method)}</option>"
        for method in methods
    )
    score = escape(methods[chosen]["score"])
    return (
        f'<p class="comparison-{side}"><select aria-label="Method on the {side}" '
        f'autocomplete="off">{options}</select> '
        f'<output class="comparison-score">{score}</output></p>'
    )


def _zoom(name, source, size, place):
    if not place:
        return ""
    left, top = place
    return _ZOOM.format(name=name, source=source, left=left, top=top, **size)


def _image(slot, name, method, methods, size):
    file, score = methods[method]["file"], methods[method]["score"]
    alt = escape(f"{name}, {method}: {score}", quote=True)
    return (
        f'<img class="dark-light" slot="image-{slot}" src="{file}" alt="{alt}" '
        f'width="{size["width"]}" height="{size["height"]}">'
    )
