"""Which rules of an overlay a person means by a name, and the edits that remove rules."""

from collections.abc import Iterable

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.editing.overlay_edit import OverlayEdit
from bulkhead.analysis.rule_sources import rule_name
from bulkhead.core.diagnostics import DiagnosticError, Path, nearest
from bulkhead.core.kubernetes.networkpolicy import Direction
from bulkhead.core.language.resources import rules_of
from bulkhead.core.language.scalars import Date, quoted
from bulkhead.core.record import record


class NoRule(DiagnosticError):
    """There is no rule of that name, or there are several."""


@record
class NamedRule:
    """The rule at *path* of the SegmentedNamespace of *namespace*; *until* is its last day, empty where it has none."""

    namespace: str
    path: Path
    until: str = ""

    @property
    def name(self) -> str:
        """The name for people: ``media: jellyfin.nas-nfs``."""
        return f"{self.namespace}: {rule_name(self.path)}"

    @property
    def direction(self) -> str:
        """Which direction it is of."""
        return str(self.path[-2])


def rules_in(found: AnalysisInput, namespace: str) -> list[NamedRule]:
    """
    Return the rules of *namespace*, those of the base included.

    :raises NoRule: where no overlay is the one of *namespace*.
    """
    if namespace not in found.rules.namespaces:
        near = nearest(namespace, sorted(found.rules.namespaces))
        hint = f"did you mean `{near}`?" if near else "`bulkhead reach` lists the namespaces"
        raise NoRule(f"there is no overlay of a namespace {quoted(namespace)}", hint)
    spec = found.rules.namespaces[namespace].spec
    return [NamedRule(namespace, path, str(rule.until or "")) for path, rule in rules_of(spec)]


def named_rule(found: AnalysisInput, where: str, name: str, direction: Direction | None) -> NamedRule:
    """
    Return the rule *name* of *where*, a namespace or ``namespace/workload``.

    :raises NoRule: where there is none, or there are several.
    """
    namespace, _, workload = where.partition("/")
    rules = rules_in(found, namespace)
    if workload:
        rules = [each for each in rules if each.path[1:3] == ("workloads", workload)]
    elif "." in name:
        workload, _, name = name.partition(".")
        rules = [each for each in rules if each.path[1:3] == ("workloads", workload)]
    mine = [each for each in rules if str(each.path[-1]) == name]
    chosen = [each for each in mine if direction is None or each.direction == direction.value]
    if not chosen:
        near = nearest(name, sorted({str(each.path[-1]) for each in rules}))
        hint = f"did you mean `{near}`?" if near else _listed(rules)
        raise NoRule(f"there is no rule {quoted(name)} in {quoted(where)}", hint)
    if len(chosen) > 1:
        places = ", ".join(f"`{_spelled(each)}`" for each in chosen)
        raise NoRule(f"{len(chosen)} rules are called {quoted(name)}", f"name one: {places}")
    return chosen[0]


def _listed(rules: list[NamedRule]) -> str:
    names = sorted({rule_name(each.path) for each in rules})
    return f"there are {', '.join(f'`{each}`' for each in names[:12])}" if names else "it has no rules"


def _spelled(rule: NamedRule) -> str:
    return f"{rule.namespace} {rule_name(rule.path)} --direction {rule.direction}"


def expired_rules(found: AnalysisInput, today: Date) -> list[NamedRule]:
    """Return the rules whose last day is before *today*."""
    every = (rule for namespace in sorted(found.rules.namespaces) for rule in rules_in(found, namespace))
    return [rule for rule in every if rule.until and Date.parse(rule.until) < today]


def without(found: AnalysisInput, rules: Iterable[NamedRule]) -> dict[str, str]:
    """
    Return the texts of the files without *rules*, by path.

    :raises NotEditable: where a file cannot be edited so.
    """
    texts: dict[str, str] = {}
    for rule in rules:
        edit = OverlayEdit(found, rule.namespace, texts)
        texts.update(edit.written(edit.removal(rule.path)))
    return texts
