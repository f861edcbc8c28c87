"""Docstrings hold examples between ``` as in Markdown; Sphinx wants them indented."""

_FENCE = "```"


def indent_fences(_app, _what, _name, _object, _options, lines):
    """Turn fenced code into a literal block, in place."""
    inside, result = False, []
    for line in lines:
        if line.strip() == _FENCE:
            inside = not inside
            result += ["::", ""] if inside else [""]
        else:
            result.append(f"    {line}" if inside else line)
    lines[:] = result


def setup(app):
    """Run after napoleon, which leaves examples as they are."""
    app.connect("autodoc-process-docstring", indent_fences, priority=900)
    return {"parallel_read_safe": True}
