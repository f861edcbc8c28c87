"""Formulas of the text cells as MathML, which browsers draw without a script."""

from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath


class PageExporter(HTMLExporter):
    """nbconvert's HTML exporter, with `$…$` and `$$…$$` as MathML."""

    @pass_context
    def markdown2html(self, context, source):
        """Markdown to HTML."""
        return markdown2html(source)


def markdown2html(source):
    """Markdown to HTML, formulas to MathML; code keeps its dollar signs."""
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
    return formula
