"""Namespaces are alike where the matrix stays the same when they change places; and lists end in one way."""

import random
from itertools import combinations

from bulkhead.core.engine.alike import alike
from bulkhead.report.layout.cut import Cut
from conftest import Tree


def swapped(cells: list[list[str]], one: int, other: int) -> list[list[str]]:
    order = list(range(len(cells)))
    order[one], order[other] = other, one
    return [[cells[row][column] for column in order] for row in order]


def test_groups_are_alike_exactly_where_they_can_change_places() -> None:
    draw = random.Random(7)
    for _ in range(500):
        size = draw.randint(1, 6)
        cells = [[draw.choice("xy") for _ in range(size)] for _ in range(size)]
        for number in range(1, size):  # make some alike
            if draw.random() < 0.5:
                for at in range(size):
                    cells[number][at], cells[at][number] = cells[0][at], cells[at][0]
                cells[number][number] = cells[0][0]
        apart = [draw.random() < 0.1 for _ in range(size)]
        rows = alike(cells, apart)
        assert sorted(number for row in rows for number in row) == list(range(size))
        row_of = {number: place for place, row in enumerate(rows) for number in row}
        for one, other in combinations(range(size), 2):
            same = swapped(cells, one, other) == cells and not apart[one] and not apart[other]
            assert (row_of[one] == row_of[other]) == same


def test_a_list_never_says_one_more_and_is_whole_on_demand() -> None:
    for most in range(1, 5):
        for size in range(10):
            items = [str(number) for number in range(size)]
            shown, more = Cut().first(items, most)
            assert (len(shown) + more, more == 1) == (size, False)
            assert Cut(whole=True).first(items, most) == (items, 0)
            assert ("more" in Cut().row(items, most)) == (more > 0)


def many(tree: Tree, number: int) -> None:
    """Write manifests of *number* namespaces that are alike, and one that reaches none of them."""
    documents = []
    for name in [*(f"team-{place}" for place in range(number)), "alone"]:
        documents.append(f"apiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: {name}}}\nspec: {{}}\n")
    documents.append(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: alone}\n"
        "spec: {podSelector: {}, policyTypes: [Egress]}\n"
    )
    tree.write("cluster.yaml", "---\n".join(documents))


def test_a_thousand_namespaces_fit_on_a_screen_and_are_whole_in_json(tree: Tree) -> None:
    many(tree, 1000)
    for form in ("text", "markdown"):
        done = tree.bulkhead("reach", "--manifests", "cluster.yaml", "--format", form)
        assert done.status == 0, done.stderr
        assert len(done.stdout.splitlines()) <= 24
        assert "and 994 more" in done.stdout
    assert "team-0 +999 is 1000 namespaces" in tree.bulkhead("reach", "--manifests", "cluster.yaml").stdout
    rows = tree.bulkhead("reach", "--manifests", "cluster.yaml", "--from", "team-1").stdout
    assert "more rows: --all" in rows
    done = tree.bulkhead("reach", "--manifests", "cluster.yaml", "--format", "json")
    assert all(f'"team-{place}"' in done.stdout for place in range(1000))


def test_all_gives_each_namespace_its_row(tree: Tree) -> None:
    many(tree, 40)
    assert "team-0 +39" in tree.bulkhead("reach", "--manifests", "cluster.yaml").stdout
    whole = tree.bulkhead("reach", "--manifests", "cluster.yaml", "--all").stdout
    assert "+39" not in whole
    assert all(f" team-{place} " in whole for place in range(40))
