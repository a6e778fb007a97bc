"""``bulkhead flows``: what it says about records, and that it leaves nothing out without a word."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Done, bulkhead

SAMPLES = ROOT / "tests/flows"
INVENTORY = ("--inventory", str(SAMPLES / "cluster.json"))


def flows(*arguments: str, stdin: str = "") -> Done:
    return bulkhead("flows", *arguments, cwd=ROOT, stdin=stdin)


def rows(done: Done) -> list[tuple[Any, ...]]:
    found = []
    for row in json.loads(done.stdout)["rows"]:
        ends = [
            f"{end['namespace']}/{end['workload']}" if end["kind"] == "workload" else end.get("address", "")
            for end in (row["from"], row["to"])
        ]
        found.append((*ends, row["port"], row["protocol"], row["count"], row["recorded"], row["verdict"]))
    return sorted(found)


def test_rows_of_the_neutral_format_have_the_verdict_of_the_overlays() -> None:
    done = flows(str(SAMPLES / "records.csv"), *INVENTORY, "--format", "json")
    assert done.status == 0, done.stderr
    # The customer's rules: Jellyfin reaches PostgreSQL and DNS; PostgreSQL reaches nothing outside; a node its pods.
    assert rows(done) == [
        ("192.168.20.11", "media/postgresql", 5432, "TCP", 1, "allowed", "allowed"),
        ("media/jellyfin", "kube-system/coredns-5d", 53, "UDP", 17, "allowed", "allowed"),
        ("media/jellyfin", "media/postgresql", 5432, "TCP", 1204, "allowed", "allowed"),
        ("media/postgresql", "203.0.113.9", 443, "TCP", 2, "denied", "denied"),
    ]
    first = json.loads(done.stdout)["rows"][0]
    assert (first["first"], first["last"]) == ("2026-11-20T08:00:00Z", "2026-11-21T08:30:00Z")
    assert "overlays/media/" in first["reason"]


@pytest.mark.parametrize(("sample", "expected"), [
    ("conntrack.txt", [
        ("media/jellyfin", "kube-system/coredns-5d", 53, "UDP", 1, "allowed", "allowed"),
        ("media/jellyfin", "media/postgresql", 5432, "TCP", 2, "allowed", "allowed"),
    ]),
    ("ulogd.log", [
        ("media/postgresql", "media/jellyfin", 8096, "TCP", 1, "unknown", "denied"),
        ("media/postgresql", "media/jellyfin", 9999, "TCP", 1, "denied", "denied"),
        ("media/postgresql", "media/jellyfin", 9999, "TCP", 1, "unknown", "denied"),
    ]),
    ("aws.log", [("media/postgresql", "203.0.113.9", 443, "TCP", 1, "denied", "denied")]),
    ("gke.json", [("media/postgresql", "203.0.113.9", 443, "TCP", 3, "denied", "denied")]),
    ("hubble.json", [
        ("media/jellyfin", "media/postgresql", 5432, "TCP", 1, "allowed", "allowed"),
        ("media/postgresql", "203.0.113.9", 123, "UDP", 1, "denied", "denied"),
    ]),
])  # fmt: skip
def test_each_sample(sample: str, expected: list[tuple[Any, ...]]) -> None:
    done = flows(str(SAMPLES / sample), *INVENTORY, "--format", "json")
    assert (done.status, rows(done)) == (0, expected)


def test_what_cannot_be_read_or_named_is_counted_with_an_example(tmp_path: Path) -> None:
    file = tmp_path / "mixed.log"
    lines = (SAMPLES / "conntrack.txt").read_text().splitlines()
    ends = "src=10.42.9.9 dst=10.42.0.6 sport=1 dport=5432", "src=10.42.0.6 dst=10.42.9.9 sport=5432 dport=1"
    other = f"tcp      6 9 ESTABLISHED {' '.join(ends)}"
    file.write_text("\n".join([*lines, (SAMPLES / "hubble.json").read_text().splitlines()[0], other, lines[0][:60]]))
    done = flows(str(file), *INVENTORY, "--format", "json")
    evidence = json.loads(done.stdout)["evidence"]
    assert done.status == 2
    assert {each["kind"]: each["count"] for each in evidence["read"]} == {"conntrack": 4, "hubble": 1}
    assert evidence["unreadable"] == [{"kind": str(file), "count": 1, "example": lines[0][:60]}]
    assert [(each["count"], each["example"]) for each in evidence["unresolved"]] == [(1, "10.42.9.9")]


def test_an_address_that_two_inventories_name_differently_is_not_guessed(tmp_path: Path) -> None:
    other = tmp_path / "later.json"
    other.write_text(
        (SAMPLES / "cluster.json")
        .read_text()
        .replace("10.42.0.5", "10.42.0.6x")
        .replace("10.42.0.6", "10.42.0.5")
        .replace("10.42.0.5x", "10.42.0.6")
    )
    done = flows(str(SAMPLES / "records.csv"), *INVENTORY, "--inventory", str(other), "--format", "json")
    reasons = {each["kind"] for each in json.loads(done.stdout)["evidence"]["unresolved"]}
    assert done.status == 2
    assert reasons == {"an address that pods of several workloads have in the inventories"}


def test_gzip_stdin_and_plain_files_give_one_answer(tmp_path: Path) -> None:
    text = (SAMPLES / "records.csv").read_text()
    packed = tmp_path / "records.csv.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    plain = rows(flows(str(SAMPLES / "records.csv"), *INVENTORY, "--format", "json"))
    assert rows(flows(str(packed), *INVENTORY, "--format", "json")) == plain
    assert rows(flows("-", *INVENTORY, "--format", "json", stdin=text)) == plain
    packed.write_bytes(gzip.compress(text.encode())[:-20])
    cut = flows(str(packed), *INVENTORY, "--format", "json")
    assert cut.status == 2
    assert json.loads(cut.stdout)["evidence"]["unreadable"]


@pytest.mark.parametrize("path", ["/dev/zero", "nowhere.csv"])
def test_what_is_no_file_is_refused(path: str) -> None:
    done = flows(path)
    assert (done.status, done.stdout) == (2, "")
    assert path in done.stderr


def test_names_of_records_do_not_act() -> None:
    hostile = 'source,destination,port,protocol\n"shop/\x1b[2J\u202e##[group]<b>",1.1.1.1,80,TCP\n\x1b[2J\u202e\n'
    for form in ("text", "markdown", "json"):
        said = flows("-", "--format", form, stdin=hostile).stdout
        assert not {"\x1b", "\u202e"} & set(said)
        assert "##[" not in said


def test_no_record_is_no_answer() -> None:
    done = flows("-", stdin="")
    assert done.status == 2
    assert "no connection was read" in done.stdout
