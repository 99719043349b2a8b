"""Sphinx's settings. `nox -s docs` builds the site; tools/documentation.py writes the pages that it reads."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(ROOT))

import nbgrad  # noqa: E402

project = "nbgrad"
author = "the nbgrad developers"
version = release = nbgrad.__version__
project_copyright = author
extensions = ["myst_parser", "pages.mathml"]
source_suffix = {".md": "markdown"}
myst_enable_extensions = ["dollarmath", "deflist", "attrs_inline"]
myst_heading_anchors = 3
html_math_renderer = "mathml"
smartquotes = False                       # what is quoted is often code
html_theme = "furo"
html_title = f"nbgrad {version}"
html_static_path = ["_static"]
html_css_files = ["nbgrad.css"]
html_favicon = "_static/favicon.svg"
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#a33a00", "color-brand-content": "#a33a00",
                            "color-brand-visited": "#7a3b1d"},
    "dark_css_variables": {"color-brand-primary": "#ff9d66", "color-brand-content": "#ff9d66",
                           "color-brand-visited": "#d9a07f"},
}
pygments_style = "friendly"
pygments_dark_style = "github-dark"
toc_object_entries = False
add_module_names = False
