"""Checks of the labels of namespaces that the rules of ``deploy/admission`` go by."""

from collections.abc import Iterator

from bulkhead.core.language.resources import API_GROUP
from bulkhead.core.language.scalars import Date, InvalidValue
from bulkhead.core.lint.context import FieldReference, Kind, LintContext
from bulkhead.core.lint.finding import Check, CheckResult, Severity

SEGMENTATION = f"{API_GROUP}/segmentation"
"""The label of a namespace that says whether it is protected."""

BREAK_GLASS = f"{API_GROUP}/break-glass-until"
"""The label of a namespace with the last day on which everybody may write its policies."""

PROTECTED, UNPROTECTED = "protected", "unprotected"


def _at(namespace: str, label: str) -> FieldReference:
    return FieldReference(Kind.CLUSTER, namespace, ("metadata", "labels", label))


def _break_glass(scene: LintContext) -> Iterator[CheckResult]:
    for each in scene.cluster.namespaces:
        until = dict(each.labels).get(BREAK_GLASS)
        if until is not None:
            yield CheckResult(_at(each.name, BREAK_GLASS), *_said(until, scene.today), (each.name,))


def _said(until: str, today: str) -> tuple[str, str]:
    """Return what a break-glass label with this value means today, and what to do."""
    try:
        over = Date.parse(until) < today
    except InvalidValue:
        return f"the break-glass label `{until}` is no date, so it opens nothing", "remove the label"
    if over:
        return f"the break-glass label opens nothing since {until}", "remove the label, and what was added under it"
    return (
        f"everybody who may write NetworkPolicies may do so here until {until}",
        "put what is needed into the overlay, and remove the label",
    )


BROKEN_GLASS = Check(
    "break-glass",
    Severity.WARNING,
    "A namespace whose policies are not kept from others",
    f"The label `{BREAK_GLASS}` lifts the rules of `deploy/admission` for a namespace until the end of a day (UTC). "
    "What was written under it stays when the day is over.",
    "kind: Namespace\nmetadata:\n  name: shop\n  labels:\n"
    f"    {SEGMENTATION}: {PROTECTED}\n    {BREAK_GLASS}: 2026-03-31",
    "Write what is needed into the overlay, delete policies that nobody needs, and remove the label.",
    _break_glass,
)


def _mislabelled(scene: LintContext) -> Iterator[CheckResult]:
    labels = {each.name: dict(each.labels).get(SEGMENTATION) for each in scene.cluster.namespaces}
    if not any(value is not None for value in labels.values()):
        return  # the rules of deploy/admission are not used
    for each in scene.namespaces:
        wanted = PROTECTED if each.spec.unprotected is None else UNPROTECTED
        if each.namespace in scene.listed and labels.get(each.namespace) != wanted:
            yield CheckResult(
                FieldReference(Kind.CLUSTER, each.namespace),
                f"the overlay says that the namespace is {wanted}, and its label does not",
                f"`kubectl label namespace {each.namespace} {SEGMENTATION}={wanted} --overwrite`",
                (each.namespace,),
            )


MISLABELLED = Check(
    "segmentation-label",
    Severity.WARNING,
    "A namespace whose label contradicts its overlay",
    f"The rules of `deploy/admission` protect the namespaces with the label `{SEGMENTATION}: {PROTECTED}`. A "
    "namespace without it is not protected from people who write NetworkPolicies past the delivery. The check does "
    "nothing where no namespace has the label.",
    "# overlays/shop has rules\nkind: Namespace\nmetadata: {name: shop}",
    "Label the namespace as its overlay says. A namespace without overlay is reported by `unlisted-namespace`.",
    _mislabelled,
)

CHECKS = (BROKEN_GLASS, MISLABELLED)
