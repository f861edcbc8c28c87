"""Formulas of the text cells as MathML, for pages and site."""

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


def mathml(formula, display):
    """A formula in LaTeX as MathML, which browsers draw without a script.

    Args:
        formula: LaTeX, without dollar signs.
        display: "inline" or "block".

    Raises:
        ValueError: If the formula holds a command that isn't known.
    """
    markup = convert(formula.strip(), display=display)
    if "<mi>\\" in markup:
        raise ValueError(f"Expected LaTeX that latex2mathml knows. Received: {formula}")
    return _BAR.sub('<mo stretchy="false" lspace="0" rspace="0">|</mo>', markup)


class _Renderer(IPythonRenderer):
    def inline_math(self, body):
        return mathml(body, "inline")

    def block_math(self, body):
        return mathml(body, "block")
