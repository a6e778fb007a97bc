"""What was read of overlays before: a thousand overlays share one base, and two sides of a comparison most overlays."""

from collections.abc import Sequence

from bulkhead.analysis.overlays.overlay import Overlay
from bulkhead.core.expansion.expand import Expanded
from bulkhead.core.language.resources import ClusterProfile
from bulkhead.io.kustomize.read_files import ParsedTexts
from bulkhead.io.resources.decode import Decodable, Decoded
from bulkhead.io.yaml.resource_stream import Resource


class KnownOverlays:
    """
    What was read before, in this tree or in another one that is compared with it.

    *resources* are known by their text without the namespace, *overlays* by the texts of their resources. *texts*,
    *parts* and *expanded* are what is known of files, of maps in them, and of rules. None of it depends on the tree.
    """

    def __init__(self) -> None:
        self.texts = ParsedTexts()
        self.overlays: dict[tuple[str, ...], Overlay] = {}
        self.resources: dict[str, Decodable] = {}
        self.profiles: dict[tuple[int, ...], ClusterProfile] = {}  # with ranges, by identities of what is in resources
        self.parts: Decoded = {}
        self.expanded = Expanded()

    def overlay(self, found: Sequence[Resource]) -> Overlay:
        """
        Return the overlay of the resources *found*, the same one for the same resources.

        :raises InvalidYaml: as :meth:`Resource.value`.
        """
        texts = tuple(each.identity for each in found)
        if texts not in self.overlays:
            self.overlays[texts] = Overlay(found, self)
        return self.overlays[texts]
