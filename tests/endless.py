"""A build that does not end: kustomize is busy until it has no memory left."""

from pathlib import Path

_LEVELS = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
BOMB = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n" + "".join(
    f"  {line}\n" for line in ["a0: &a0 [x, x, x, x, x, x, x, x, x]", *_LEVELS]
)
"""YAML whose aliases stand for 9 ** 12 values."""

NO_MORE_MEMORY = "kustomize needs more memory than it may use"
"""
What a command says of it that is given little memory and no limit of time.

Only with little memory is it sure which limit it meets: with much, a slow machine meets the limit of time first, and
a machine that has less ends kustomize itself.
"""


ENDLESS_KUSTOMIZATION = "resources: [../../base, bomb.yaml]\nnamespace: {namespace}\ntransformers: [../../plugin]\n"
"""A kustomization, in a folder two levels below the root, that has the file ``bomb.yaml`` of this text."""


def endless_build(overlay: Path) -> None:
    """Let the build of *overlay* have no end."""
    (overlay / "bomb.yaml").write_text(BOMB)
    (overlay / "kustomization.yaml").write_text(ENDLESS_KUSTOMIZATION.format(namespace=overlay.name))
