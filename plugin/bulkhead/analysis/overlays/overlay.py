"""What one overlay renders: its resources go in, its policies and all that is wrong come out."""

from collections.abc import Iterable

from bulkhead.core.diagnostics import Diagnostic, in_resource
from bulkhead.core.expansion.expand import Expansion, expand
from bulkhead.core.kubernetes.networkpolicy import NetworkPolicy, is_networkpolicy
from bulkhead.core.language.provider_ranges import ProviderRanges
from bulkhead.core.language.resources import ClusterProfile, SegmentedNamespace
from bulkhead.core.language.scalars import InvalidValue, Name
from bulkhead.core.record import FrozenMap
from bulkhead.io.resources.decode import RANGES_KIND, Decodable, decode, is_ours
from bulkhead.io.yaml.resource_stream import Resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bulkhead.analysis.overlays.known_overlays import KnownOverlays


class Overlay:
    """
    One overlay's resources, read and expanded.

    *kept* are the resources that are not this project's, in their order; *profile* is ``None``
    unless there is exactly one.  *policies*, and where each was written (*origins*), are empty where
    there are *problems*.
    """

    def __init__(self, found: Iterable[Resource], known: "KnownOverlays | None" = None) -> None:
        everything = list(found)
        ours = [each for each in everything if is_ours(each.head)]
        self.kept = [each for each in everything if not is_ours(each.head)]
        self.namespaces: list[SegmentedNamespace] = []
        profiles: list[ClusterProfile] = []
        ranges: list[ProviderRanges] = []
        problems: list[Diagnostic] = []
        for each in ours:
            made, wrong = _decoded(each, known)
            problems += wrong
            if isinstance(made, ClusterProfile):
                profiles.append(made)
            elif isinstance(made, ProviderRanges):
                ranges.append(made)
            elif made is not None:
                self.namespaces.append(made)
        problems += _count(ours)
        self.profile = _with_ranges(profiles[0], ranges, known) if len(profiles) == 1 else None
        # Expand what can be expanded even if there are problems, so that one run reports all of them.
        result = (
            expand(self.profile, self.namespaces, known.expanded if known else None)
            if self.profile
            else Expansion((), ())
        )
        problems += [*result.problems, *_clashes(self.kept, result.policies)]
        self.problems = tuple(problems)
        self.policies = () if problems else result.policies
        self.origins = () if problems else result.origins


def _decoded(resource: Resource, known: "KnownOverlays | None") -> tuple[Decodable | None, tuple[Diagnostic, ...]]:
    if known is None:
        return decode(resource.value())
    namespace = resource.head.get("namespace")
    text = resource.text_without_namespace
    seen = known.resources.get(text)
    if isinstance(seen, SegmentedNamespace) and isinstance(namespace, str):
        try:
            return SegmentedNamespace(Name.parse(namespace), seen.spec), ()
        except InvalidValue:
            seen = None  # decoded again for the message
    if isinstance(seen, (ClusterProfile, ProviderRanges)):
        return seen, ()
    made, problems = decode(resource.value(), known.parts)
    if made is not None:
        known.resources[text] = made
    return made, problems


def _with_ranges(
    profile: ClusterProfile, ranges: list[ProviderRanges], known: "KnownOverlays | None"
) -> ClusterProfile:
    """Return *profile* with the *ranges* that it has in this overlay, the same object for the same ones."""
    if not ranges:
        return profile
    key = tuple(map(id, (profile, *ranges)))
    if known is not None and key in known.profiles:
        return known.profiles[key]
    found = ClusterProfile(profile.name, profile.spec, FrozenMap({each.name: each.spec for each in ranges}))
    if known is not None:
        known.profiles[key] = found
    return found


def _count(ours: list[Resource]) -> list[Diagnostic]:
    """Refuse anything but one ClusterProfile, at least one SegmentedNamespace, and one ProviderRanges a provider."""
    profiles = [each.head for each in ours if each.head.get("kind") == "ClusterProfile"]
    namespaces = [each.head for each in ours if each.head.get("kind") == "SegmentedNamespace"]
    providers = [str(each.head.get("name")) for each in ours if each.head.get("kind") == RANGES_KIND]
    found = [
        Diagnostic(in_resource("input"), f"there are two {RANGES_KIND} `{name}`", "keep one of them")
        for name in sorted({name for name in providers if providers.count(name) > 1})
    ]
    if not namespaces:
        hint = "add `../../base` to `resources`; a removed SegmentedNamespace would remove every policy"
        found.append(Diagnostic(in_resource("input"), "there is no SegmentedNamespace to expand", hint))
    if not profiles:
        found.append(Diagnostic(in_resource("input"), "there is no ClusterProfile", "add `../../base` to `resources`"))
    if len(profiles) > 1:
        names = ", ".join(f"`{head.get('name')}`" for head in profiles)
        found.append(
            Diagnostic(in_resource("input"), f"there are {len(profiles)} ClusterProfiles: {names}", "keep one of them")
        )
    return found


def _clashes(kept: Iterable[Resource], policies: Iterable[NetworkPolicy]) -> list[Diagnostic]:
    taken = {
        (each.head.get("namespace"), each.head.get("name"))
        for each in kept
        if is_networkpolicy(each.head.get("apiVersion"), each.head.get("kind"))
    }
    return [
        Diagnostic(
            in_resource(f"namespace {policy.namespace}"),
            f"a NetworkPolicy `{policy.name}` is among the resources already",
            "rename it or the rule",
        )
        for policy in policies
        if (policy.namespace, policy.name) in taken
    ]
