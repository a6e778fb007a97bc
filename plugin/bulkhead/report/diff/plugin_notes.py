"""Notes about plugins that are not the bulkhead that runs here."""

from collections.abc import Iterable, Iterator

from bulkhead.analysis.changes.build_files import OtherPlugin
from bulkhead.report.layout.cut import SHORT
from bulkhead.report.layout.text import count


def plugin_notes(found: Iterable[OtherPlugin]) -> Iterator[str]:
    """Yield a note for each plugin of *found*, with the first files that differ."""
    for each in found:
        message = f"the plugin in {each.plugin} is not the bulkhead that runs here ({count(len(each.files), 'file')})"
        yield f"{message}: {SHORT.row(each.files, 3)}"
