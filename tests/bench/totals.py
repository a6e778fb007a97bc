"""
The engine alone, as a process: manifests in, the number of rectangles out.

``python totals.py reach PATH`` and ``python totals.py diff BEFORE AFTER``.
"""

import gc
import sys

from bulkhead.core.diff.compare import compare_clusters
from bulkhead.core.diff.possible_changes import possible_changes
from bulkhead.core.engine.semantics import API
from bulkhead.core.engine.solve import reach
from bulkhead.io.manifests.manifest_files import Known, load

gc.disable()  # as the command line does: nothing that is read is ever dropped
known: Known = {}
clusters = []
for path in sys.argv[2:]:
    loaded = load(path, known)
    assert not loaded.faults, loaded.faults
    clusters.append(loaded.cluster)
if sys.argv[1] == "reach":
    answer = reach(clusters[0])
    print(sum(len(row.parts) for layer in answer.layers for row in layer.rows), "rectangles")
else:
    before, after = clusters
    given = len(compare_clusters(before, after).changes)
    print(f"{given} changes, {len(possible_changes(before, after, (API, API)))} for pods that could exist")
