"""How the pages are built."""

from leanlung import __version__

project = "leanlung"
author = "The leanlung authors"
release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "leanlung"
exclude_patterns = ["_build"]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_default_options = {"members": True, "show-inheritance": False}
napoleon_use_ivar = True
nitpicky = False
default_role = "code"
suppress_warnings = ["myst.xref_missing"]
