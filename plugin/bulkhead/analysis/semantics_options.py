"""
The semantics by which policies are read: from the command line, else from the profile, else the specification.
"""

from dataclasses import dataclass

from bulkhead.analysis.analysis_input import enforcer_of
from bulkhead.core.engine.semantics import IpBlockMode, Semantics, SemanticsName, enforced, mode_of
from bulkhead.core.language.resources import ClusterProfile, Enforcer
from bulkhead.core.language.scalars import InvalidValue


@dataclass(frozen=True)
class SemanticsOptions:
    """The options of the command line; each is ``None`` where it is not given."""

    name: SemanticsName | None = None
    enforcer: Enforcer | None = None
    mode: IpBlockMode | None = None


NO_OPTIONS = SemanticsOptions()
"""No option is given."""


def semantics_of(asked: SemanticsOptions, profile: ClusterProfile | None) -> Semantics:
    """
    Return the semantics by which policies are read.

    The enforcer that *asked* or *profile* names decides, unless *asked* says ``api``. A mode without an enforcer means
    the specification, which leaves the mode open.

    :raises InvalidValue: where an enforcer is wanted and none is named, or where it does not read an ``ipBlock`` by
        the mode of *asked*.
    """
    enforcer = asked.enforcer or enforcer_of(profile)
    is_api = enforcer is Enforcer.ANY or (asked.mode is not None and asked.enforcer is None)
    name = asked.name or (SemanticsName.API if is_api else SemanticsName.ENFORCER)
    mode = asked.mode or mode_of(enforcer)
    if name is SemanticsName.API:
        return Semantics(mode)
    if enforcer is Enforcer.ANY:
        raise InvalidValue("`--semantics enforcer` needs an enforcer, and none is named", _NAME_ONE)
    if mode is not mode_of(enforcer):
        raise InvalidValue(
            f"{enforcer.value} does not read an ipBlock as `--ipblock {mode.value}` says",
            "leave `--ipblock` out, or write `--semantics api`",
        )
    return enforced(enforcer)


_NAME_ONE = "write `--enforcer kube-router`, or `enforcer: kube-router` into the ClusterProfile"
