"""No document ends an update with anything but pinned ranges or a message, and what is pinned is public and exact."""

import json
from contextlib import suppress
from ipaddress import ip_network
from typing import Any

from bulkhead.analysis.ranges_update import Filter, change, check_change, new_ranges
from bulkhead.core.diagnostics import DiagnosticError
from bulkhead.core.sets.public_blocks import mistakes
from bulkhead.io.ranges.documents import Reader, at_paths, plain_list
from bulkhead.io.ranges.pinned_files import pinned_text
from bulkhead.io.ranges.providers import PROVIDERS
from bulkhead.io.resources.decode import decode
from bulkhead.io.yaml.nodes import documents
from hypothesis import given
from hypothesis import strategies as st

CIDRS = (
    "20.1.2.0/24",
    "20.1.2.0/25",
    "20.1.3.0/24",
    "140.82.112.0/20",
    "2606:50c0::/32",
    "2606:50c0:1::/48",
    "20.9.9.9",
)
WORDS = (
    *CIDRS,
    "10.0.0.0/8",
    "0.0.0.0/0",
    "::/0",
    "20.1.2.3/24",
    "x",
    "",
    "S3",
    "eu-west-1",
    'Google "Cloud"\\',
    "é\n",
)
KEYS = (
    "prefixes", "ipv6_prefixes", "ip_prefix", "ipv6_prefix", "ipv4Prefix", "ipv6Prefix", "service", "region", "scope",
    "syncToken", "values", "properties", "addressPrefixes", "name", "changeNumber", "result", "success", "ipv4_cidrs",
    "ipv6_cidrs", "addresses", "ipv6_addresses", "git", "api",
)  # fmt: skip
scalars = st.sampled_from((*WORDS, *CIDRS, *CIDRS)) | st.none() | st.booleans() | st.integers(-2, 2)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)
blocks = st.sampled_from(CIDRS)
tags = st.fixed_dictionaries(
    {
        "name": st.sampled_from(("Storage", "Storage.WestEurope")),
        "properties": st.fixed_dictionaries(
            {"region": st.sampled_from(("", "westeurope")), "addressPrefixes": st.lists(blocks, max_size=3)}
        ),
    }
)
rows = st.fixed_dictionaries(
    {"ip_prefix": blocks, "service": st.sampled_from(("S3", "EC2")), "region": st.sampled_from(("a", "b"))}
)
proper = st.one_of(
    st.dictionaries(st.sampled_from(("git", "api")), st.lists(blocks, max_size=4)),
    st.fixed_dictionaries({"syncToken": st.just("1"), "prefixes": st.lists(rows), "ipv6_prefixes": st.just([])}),
    st.fixed_dictionaries({"values": st.lists(tags, max_size=3)}),
    st.fixed_dictionaries({"addresses": st.lists(blocks), "ipv6_addresses": st.lists(blocks, max_size=1)}),
)
texts = st.one_of(
    (values | proper).map(json.dumps), st.lists(st.sampled_from(WORDS)).map("\n".join), st.text(max_size=40)
)
readers = st.sampled_from(
    (*(each.read for each in PROVIDERS.values()), plain_list, at_paths(["prefixes[].ip_prefix", "result.ipv4_cidrs[]"]))
)
TODAY = "2026-11-27"


@given(texts, texts, readers)
def test_a_document_is_pinned_or_refused(old: str, new: str, read: Reader) -> None:
    found = []
    for text in (old, new):
        try:
            made, published = new_ranges("own", text.encode(), read, "https://example.org/", TODAY, Filter())
        except DiagnosticError:
            continue
        for each in made.spec.sets:
            networks = [ip_network(str(block)) for block in each.blocks]
            assert not list(mistakes(map(str, networks)))
            said = {
                ip_network(block.cidr)
                for block in published.blocks
                if (block.service or None, block.region or None) == (each.service, each.region)
            }
            for block in said:
                assert any(block.version == one.version and block.subnet_of(one) for one in networks)  # type: ignore[arg-type]
            assert sum(one.num_addresses for one in networks) == sum(one.num_addresses for one in said)
        (document,) = documents(pinned_text(made))
        assert isinstance(document.value, dict)
        assert decode(document.value) == (made, ())
        found.append(made.spec)
    if len(found) == 2:
        assert not change(found[0], found[0]).added and not change(found[1], found[1]).removed
        with suppress(DiagnosticError):
            check_change(found[0], found[1], ())
