"""What Sphinx should take otherwise than it is written in the package.

Examples stand between ``` as in Markdown, and fields of tuples have docstrings that
Python made up.
"""

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


def skip_made_up(_app, _what, _name, member, skip, _options):
    """Leave out fields of which only their number is told."""
    told = getattr(member, "__doc__", None) or ""
    return True if told.startswith("Alias for field number") else skip


def setup(app):
    """Run after napoleon, which leaves examples as they are."""
    app.connect("autodoc-skip-member", skip_made_up)
    app.connect("autodoc-process-docstring", indent_fences, priority=900)
    return {"parallel_read_safe": True}
