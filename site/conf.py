"""Settings of Sphinx; `python -m tools.site` lays out what it reads."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "Super-resolution, step by step"
author = "The contributors of this course"
copyright = "The contributors; text and figures CC BY 4.0, code MIT"
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "comparison",
    "docstrings",
    "mathml",
]
exclude_patterns = ["README.md", "parts", "downloads", "notebooks/assignments/*.ipynb"]
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True  # a path of this machine is no default
napoleon_use_ivar = True
python_use_unqualified_type_names = True
add_module_names = False

html_theme = "sphinx_book_theme"
html_title = project
html_logo = html_favicon = "_static/mark.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("from-disk.js", {"priority": 900})]
html_copy_source = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {"text": project},
    "navbar_persistent": [],
    "show_navbar_depth": 1,
    "max_navbar_depth": 1,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "show_toc_level": 2,
}
