"""How Sphinx builds the docs as a site: `make site`."""

from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent.parent

project = "Bulkhead"
author = "the authors of Bulkhead"
root_doc = "README"
extensions = ["myst_parser", "sphinxcontrib.mermaid"]
myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]
suppress_warnings = ["misc.highlighting_failure"]  # examples have placeholders

html_theme = "furo"  # fonts of the system: nothing is fetched when a page is read
html_title = "Bulkhead"
html_static_path = [str(_ROOT / ".tools/site/mermaid/dist")]
html_extra_path = [str(_ROOT / "build/site-source/extra")]
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
mermaid_use_local = "mermaid.esm.min.mjs"
mermaid_fullscreen = False
mermaid_height = "auto"
