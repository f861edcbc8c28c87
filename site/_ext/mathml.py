"""Formulas as MathML, made at build time: no script, no other host."""

from docutils import nodes
from sphinx.util import logging

from tools.formulas import mathml

_LOGGER = logging.getLogger(__name__)


def inline(translator, node):
    """Write a formula within a line."""
    translator.body.append(_markup(node, "inline"))
    raise nodes.SkipNode


def display(translator, node):
    """Write a formula on a line of its own, which may be wider than a phone."""
    formula = _markup(node, "block")
    translator.body.append(f'<div class="formula" tabindex="0">{formula}</div>')
    raise nodes.SkipNode


def setup(app):
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    app.connect("config-inited", _choose)
    return {"parallel_read_safe": True}


def _choose(_, config):
    config.html_math_renderer = "mathml"


def _markup(node, display):
    try:
        return mathml(node.astext(), display)
    except ValueError as error:
        _LOGGER.warning("%s", error, location=node)
        return ""
