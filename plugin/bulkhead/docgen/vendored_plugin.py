"""The plugin as it is copied into a tree of somebody else: pinned, with checksums and the schemas for editors."""

from bulkhead.docgen.json_schema import KINDS, schema
from bulkhead.io.shipped_files import VERSION_FILE, plugin_files, version_file

PLUGIN = "plugin"
"""The folder of the plugin in a tree."""

PROGRAM = f"{PLUGIN}/expand"
"""The program that a build runs; it must be executable."""

SCHEMAS = "schemas"


def vendored_plugin() -> dict[str, str]:
    """Return the text of each file of the folder `plugin` by its path from it, the file of versions among them."""
    files = plugin_files() | {f"{SCHEMAS}/{kind}.schema.json": schema(kind) for kind in KINDS}
    return files | {VERSION_FILE: version_file(files)}
