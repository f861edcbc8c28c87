"""Formulas of the text cells as MathML, which browsers draw without a script."""

import re

from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

_BAR = re.compile("<mo[^>]*>&#x0007C;</mo>")  # spaced as "divides", not as "absolute"


def markdown2html(source):
    """Markdown to HTML, with `$…$` and `$$…$$` as MathML; code keeps its dollar signs.

    Raises:
        ValueError: If a formula holds a command that isn't known.
    """
    return MarkdownWithMath(renderer=_Renderer(escape=False)).render(source)


class _Renderer(IPythonRenderer):
    def inline_math(self, body):
        return _mathml(body, "inline")

    def block_math(self, body):
        return _mathml(body, "block")


def _mathml(body, display):
    formula = convert(body.strip(), display=display)
    if "<mi>\\" in formula:
        raise ValueError(f"Expected LaTeX that latex2mathml knows. Received: {body}")
    return _BAR.sub('<mo stretchy="false" lspace="0" rspace="0">|</mo>', formula)
