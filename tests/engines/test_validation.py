"""What Kubernetes' own validation says of policies, pods, namespaces and workloads, and what this project says."""

import json
import random
from collections.abc import Callable

import pytest
from engines.built import engine
from validation import mutations, objects, verdicts

MUTATIONS = 12_000
ALPHABET = "0123456789abefoxyEnN+-._:~"


@pytest.mark.parametrize("mutated", [mutations.mutated, objects.mutated], ids=["policies", "other objects"])
@pytest.mark.parametrize("seed", range(4))
def test_mutated_objects_are_judged_as_by_the_api_server(mutated: Callable[[random.Random], str], seed: int) -> None:
    numbers = random.Random(seed)
    texts = [mutated(numbers) for _ in range(MUTATIONS // 4)]
    found = verdicts.judged(engine("validation"), texts)
    refused = sum(map(verdicts.is_refused, found))
    assert refused > len(texts) / 2 and len(texts) - refused > len(texts) / 20
    assert not verdicts.disagreements(zip(texts, found, strict=True))


def test_random_scalars_are_what_kubectl_takes_them_for() -> None:
    numbers = random.Random(0)
    scalars = ["".join(numbers.choice(ALPHABET) for _ in range(numbers.randint(1, 6))) for _ in range(6_000)]
    rows = verdicts.readings(engine("validation"), scalars)
    wrong = [row for row in rows if not verdicts.reads_alike(row)]
    assert not wrong


def test_the_records_are_what_the_api_server_says() -> None:
    program = engine("validation")
    assert json.loads(verdicts.POLICIES.read_text()) == verdicts.policies(program)
    assert json.loads(verdicts.OBJECTS.read_text()) == verdicts.others(program)
    recorded = json.loads(verdicts.READINGS.read_text())
    assert recorded == verdicts.readings(program, [row["scalar"] for row in recorded])


def test_a_stored_policy_is_read_as_older_servers_took_it() -> None:
    """The CIDRs that servers before 1.36 took are in clusters, and those servers cut the host bits off."""
    metadata = "{name: web, namespace: shop, uid: '1'}"
    texts = [
        mutations.text_of(
            {
                **mutations.policy(),
                "metadata": mutations.Plain(metadata),
                "spec": mutations.Plain(f"{{podSelector: {{}}, egress: [{{to: [{{ipBlock: {{cidr: {cidr!r}}}}}]}}]}}"),
            }
        )
        for cidr in mutations.CIDRS
    ]
    for text, verdict in zip(texts, verdicts.judged(engine("validation"), texts, "-cidrs"), strict=True):
        found, problems = verdicts.read(text)
        if verdicts.is_refused(verdict):
            assert problems, text
        elif "ffff:" not in text:  # IPv4 in IPv6: enforcers read it differently
            assert found, (text, problems)
