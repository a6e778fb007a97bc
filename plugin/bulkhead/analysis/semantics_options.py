"""
What policies are read by: what the command line says, else what the profile does, else the specification.
"""

from dataclasses import dataclass

from bulkhead.analysis.analysis_input import enforcer_of
from bulkhead.core.engine.semantics import IpBlockMode, Semantics, enforced, mode_of
from bulkhead.core.language.resources import ClusterProfile, Enforcer
from bulkhead.core.language.scalars import InvalidValue


@dataclass(frozen=True)
class SemanticsOptions:
    """What the command line says, each ``None`` where it does not: *word* is ``api`` or ``enforcer``."""

    word: str | None = None
    enforcer: str | None = None
    mode: str | None = None


AS_EVER = SemanticsOptions()
"""The command line says nothing."""


def semantics_of(asked: SemanticsOptions, profile: ClusterProfile | None) -> Semantics:
    """
    Return what policies are read by.

    An enforcer that is named, by *asked* or by *profile*, is what counts, unless *asked* says ``api``.  A mode
    without more is a question about the specification, which leaves it open; an enforcer leaves nothing open.

    :raises Refused: where an enforcer is wanted and none is named, and where it reads an ``ipBlock`` otherwise.
    """
    enforcer = Enforcer(asked.enforcer) if asked.enforcer else enforcer_of(profile)
    word = asked.word or ("api" if enforcer is Enforcer.ANY or (asked.mode and not asked.enforcer) else "enforcer")
    mode = IpBlockMode(asked.mode) if asked.mode else mode_of(enforcer)
    if word == "api":
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
