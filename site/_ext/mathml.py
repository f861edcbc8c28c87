"""Formulas as MathML, made at build time by docutils: no script, no other host."""

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

_LOGGER = logging.getLogger(__name__)


def inline(translator, node):
    """Write a formula within a line."""
    translator.body.append(_markup(node, as_block=False))
    raise nodes.SkipNode


def display(translator, node):
    """Write a formula on a line of its own, which may be wider than a phone."""
    formula = _markup(node, as_block=True)
    translator.body.append(f'<div class="formula" tabindex="0">{formula}</div>')
    raise nodes.SkipNode


def setup(app):
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    app.connect("config-inited", _choose)
    return {"parallel_read_safe": True}


def _choose(_, config):
    config.html_math_renderer = "mathml"


def _markup(node, as_block):
    try:
        return tex2mathml(node.astext(), as_block=as_block)
    except MathError as error:
        _LOGGER.warning("%s: %s", error, node.astext(), location=node)
        return ""
