"""The values in which detections answer."""

from bulkhead.core.record import record


@record
class Fact:
    """*what* has which *values*, and the *source* that says so; a guess is what the source only makes probable."""

    what: str
    values: tuple[str, ...]
    source: str
    is_guess: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {', '.join(self.values)} ({'guessed: ' if self.is_guess else ''}{self.source})"


@record
class Missing:
    """Nothing says it, and *why*; empty where a cluster need not have it."""

    why: str


@record
class Selected:
    """Pods with *labels* in *namespace*, which are *what*, under the *name* of a peer."""

    what: str
    name: str
    namespace: str
    labels: tuple[tuple[str, str], ...]
    source: str
    on_host_network: bool = False

    def __str__(self) -> str:
        return f"pods `{','.join(f'{key}={value}' for key, value in self.labels)}` of `{self.namespace}`"
