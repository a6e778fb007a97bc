"""`bulkhead ranges`: documents of the published shapes, from a server of this machine, and what is refused."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from bulkhead.io.ranges import fetch
from conftest import PYTHON, ROOT, TOOLS, Done, Tree, bulkhead, git, run

from ranges.server import AUTHORITY, HERE, serving

TODAY = ("--today", "2026-11-27")
GITHUB = {
    "verifiable_password_authentication": False,
    "ssh_keys": ["ssh-ed25519 AAAA"],
    "domains": {"website": ["*.github.com"]},
    "api": ["192.30.252.0/22", "140.82.112.0/20", "2606:50c0::/32"],
    "git": ["140.82.112.0/20", "20.1.2.4/32", "20.1.2.5/32", "192.30.252.0/22"],
    "actions": [f"4.{i}.0.0/16" for i in range(20, 60)],
}
AWS = {
    "syncToken": "1764201600",
    "createDate": "2026-11-27-00-00-00",
    "prefixes": [
        {"ip_prefix": "3.5.68.0/23", "region": "eu-west-1", "service": "S3", "network_border_group": "eu-west-1"},
        {"ip_prefix": "3.5.64.0/22", "region": "eu-west-1", "service": "S3", "network_border_group": "eu-west-1"},
        {"ip_prefix": "3.5.64.0/22", "region": "eu-west-1", "service": "S3", "network_border_group": "eu-west-1-x"},
        {"ip_prefix": "3.5.64.0/22", "region": "eu-west-1", "service": "AMAZON", "network_border_group": "eu-west-1"},
        {"ip_prefix": "52.216.0.0/15", "region": "us-east-1", "service": "S3", "network_border_group": "us-east-1"},
    ],
    "ipv6_prefixes": [
        {"ipv6_prefix": "2a05:d07a::/32", "region": "eu-west-1", "service": "S3", "network_border_group": "eu-west-1"}
    ],
}
AZURE = {
    "changeNumber": 411,
    "cloud": "Public",
    "values": [
        {"name": "Storage", "properties": {"region": "", "addressPrefixes": ["20.38.96.0/23", "20.60.0.0/24"]}},
        {"name": "Storage.WestEurope", "properties": {"region": "westeurope", "addressPrefixes": ["20.60.0.0/24"]}},
    ],
}
GOOGLE = {
    "syncToken": "1764201600000",
    "creationTime": "2026-11-27T00:00:00",
    "prefixes": [
        {"ipv4Prefix": "34.1.208.0/20", "service": "Google Cloud", "scope": "africa-south1"},
        {"ipv6Prefix": "2600:1900:8000::/44", "service": "Google Cloud", "scope": "africa-south1"},
    ],
}
CLOUDFLARE = {
    "result": {"ipv4_cidrs": ["173.245.48.0/20"], "ipv6_cidrs": ["2400:cb00::/32"], "etag": "38f7"},
    "success": True,
}
FASTLY = {"addresses": ["23.235.32.0/20"], "ipv6_addresses": ["2a04:4e40::/32"]}
ORACLE = {
    "last_updated_timestamp": "2026-11-20T00:00:00",
    "regions": [
        {"region": "eu-frankfurt-1", "cidrs": [{"cidr": "130.61.0.0/16", "tags": ["OCI"]}]},
        {"region": "us-ashburn-1", "cidrs": [{"cidr": "129.213.0.0/17", "tags": ["OCI"]}, {"tags": []}]},
    ],
}
TELEGRAM = "91.108.4.0/22\n91.108.8.0/22\n2001:b28:f23d::/48\n"

Ranges = Callable[..., Done]


@pytest.fixture
def ranges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ranges:
    """The command in a folder of its own, which trusts the server of this machine."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str, trusted: Path = AUTHORITY) -> Done:
        today = TODAY if words[0] == "update" else ()
        return bulkhead("ranges", *words, *today, cwd=tmp_path, env={"SSL_CERT_FILE": str(trusted)})

    return call


def written(document: Any, name: str = "document.json") -> str:
    Path(name).write_text(document if isinstance(document, str) else json.dumps(document))
    return name


def pinned(name: str) -> Any:
    return yaml.safe_load(Path(f"base/ranges/{name}.yaml").read_text())["spec"]


def sets(name: str) -> dict[tuple[str, str], list[str]]:
    return {(each.get("service", ""), each.get("region", "")): each["blocks"] for each in pinned(name)["sets"]}


def test_a_document_from_a_server_is_pinned_with_its_source_checksum_and_day(ranges: Ranges) -> None:
    content = json.dumps(GITHUB).encode()
    with serving({"/meta": content, "/moved": "/meta"}) as server:
        done = ranges("update", "github", "--from", f"{server}/moved", "--service", "git", "--service", "api")
    assert done == Done(0, "GitHub: 6 blocks pinned (base/ranges/github.yaml)\n", "")
    found = pinned("github")
    assert (found["source"], found["sha256"]) == (f"{server}/moved", hashlib.sha256(content).hexdigest())
    assert (found["fetched"], found["count"], found["keepServices"]) == ("2026-11-27", 6, ["api", "git"])
    assert sets("github") == {
        ("api", ""): ["140.82.112.0/20", "192.30.252.0/22", "2606:50c0::/32"],
        ("git", ""): ["20.1.2.4/31", "140.82.112.0/20", "192.30.252.0/22"],
    }
    assert yaml.safe_load(Path("base/ranges/kustomization.yaml").read_text()) == {"resources": ["github.yaml"]}


@pytest.mark.parametrize(
    ("provider", "document", "options", "expected", "version"),
    [
        (
            "aws", AWS, ("--service", "S3", "--region", "eu-west-1"),
            {("S3", "eu-west-1"): ["3.5.64.0/22", "3.5.68.0/23", "2a05:d07a::/32"]}, "1764201600",
        ),
        (
            "azure", AZURE, (),
            {("Storage", ""): ["20.38.96.0/23", "20.60.0.0/24"], ("Storage", "westeurope"): ["20.60.0.0/24"]}, "411",
        ),
        (
            "google-cloud", GOOGLE, (),
            {("Google Cloud", "africa-south1"): ["34.1.208.0/20", "2600:1900:8000::/44"]}, "1764201600000",
        ),
        ("cloudflare", CLOUDFLARE, (), {("", ""): ["173.245.48.0/20", "2400:cb00::/32"]}, "38f7"),
        ("cloudflare", "173.245.48.0/20\n", (), {("", ""): ["173.245.48.0/20"]}, None),
        ("fastly", FASTLY, (), {("", ""): ["23.235.32.0/20", "2a04:4e40::/32"]}, None),
        ("telegram", TELEGRAM, (), {("", ""): ["91.108.4.0/22", "91.108.8.0/22", "2001:b28:f23d::/48"]}, None),
        (
            "oracle", ORACLE, ("--path", "regions[].cidrs[].cidr"),
            {("", ""): ["129.213.0.0/17", "130.61.0.0/16"]}, None,
        ),
        ("own", "# ours\n20.1.2.3, office\n20.1.2.2/32\n", (), {("", ""): ["20.1.2.2/31"]}, None),
        (
            "anthropic", (HERE / "anthropic.md").read_text(), (),
            {
                ("inbound", ""): ["160.79.104.0/23", "2607:6bc0::/48"],
                ("outbound", ""): ["160.79.104.0/21"],
            },
            None,
        ),
    ],
)  # fmt: skip
def test_the_published_shapes_are_read(
    ranges: Ranges,
    provider: str,
    document: Any,
    options: tuple[str, ...],
    expected: dict[tuple[str, str], list[str]],
    version: str | None,
) -> None:
    done = ranges("update", provider, "--from", written(document), *options)
    assert done.status == 0, done.stderr
    assert (sets(provider), pinned(provider).get("version")) == (expected, version)


def test_an_update_keeps_the_services_and_says_what_changed(ranges: Ranges) -> None:
    ranges("update", "github", "--from", written(GITHUB), "--service", "git")
    newer = {**GITHUB, "git": ["140.82.112.0/20", "20.1.2.8/32", "192.30.252.0/22", "20.3.0.0/32"]}
    done = ranges("update", "github", "--from", written(newer))
    assert done.stdout == "GitHub: 2 blocks added, 1 removed (base/ranges/github.yaml)\n"
    assert list(sets("github")) == [("git", "")]
    again = ranges("update", "github", "--from", written(newer))
    assert again.stdout == "GitHub: no block changed (base/ranges/github.yaml)\n"


def test_an_update_of_another_provider_reads_its_address_and_paths_again(ranges: Ranges) -> None:
    pages: dict[str, bytes | str | int] = {"/oracle": json.dumps(ORACLE).encode()}
    with serving(pages) as server:
        ranges("update", "oracle", "--from", f"{server}/oracle", "--path", "regions[].cidrs[].cidr")
        newer = json.dumps(ORACLE).replace("129.213.0.0/17", "129.213.0.0/16")
        pages["/oracle"] = newer.encode()
        assert ranges("update").stdout == "oracle: 1 block added, 1 removed (base/ranges/oracle.yaml)\n"


OVERLAPPING = {**GITHUB, "git": [*GITHUB["git"], "140.82.120.0/24"]}  # type: ignore[misc]
GROWN = {**GITHUB, "git": [*GITHUB["git"], *(f"20.1.{i}.0/32" for i in range(40))]}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("document", "message", "accept"),
    [
        ({**GITHUB, "git": ["20.1.2.4/32"]}, "the ranges of `git` shrink from 5,122 to 1 IPv4 addresses", "shrink"),
        ({key: GITHUB[key] for key in ("git", "actions")}, "the document has no service `api`", ""),
        (GROWN, "the ranges of `git` grow from 3 to 43 blocks", "growth"),
        ({**GITHUB, "api": ["140.0.0.0/7", "2606:50c0::/32"]}, "`api` grow from 5,120 to 33,554,432", "growth"),
        (OVERLAPPING, "`140.82.120.0/24` and `140.82.112.0/20` overlap", "overlap"),
        ({**GITHUB, "git": ["0.0.0.0/0"]}, "`0.0.0.0/0` is not public: it contains `0.0.0.0/8`", ""),
        ({**GITHUB, "git": ["::/0"]}, "`::/0` is not public: it contains `::/3`", ""),
        ({**GITHUB, "git": ["10.1.0.0/16"]}, "`10.1.0.0/16` is not public", ""),
        ({**GITHUB, "git": ["203.0.113.0/24"]}, "`203.0.113.0/24` is not public", ""),
        ({**GITHUB, "git": ["fd00::/8"]}, "`fd00::/8` is not public", ""),
        ({**GITHUB, "git": ["140.82.112.1/20"]}, "`git` has `140.82.112.1/20`, which is no CIDR", ""),
        ({**GITHUB, "git": [None]}, "`git` has `None`, which is no CIDR", ""),
        ("<html>rate limited</html>", "the document is not JSON", ""),
        ("[]", "the document is not a map", ""),
    ],
)  # fmt: skip
def test_a_suspicious_document_is_refused_and_the_pinned_file_stays(
    ranges: Ranges, document: Any, message: str, accept: str
) -> None:
    assert ranges("update", "github", "--from", written(GITHUB), "--service", "git", "--service", "api").status == 0
    before = Path("base/ranges/github.yaml").read_bytes()
    done = ranges("update", "github", "--from", written(document))
    assert done.status in (1, 2)
    assert "base/ranges/github.yaml: error: " in done.stderr and message in done.stderr
    assert "github: nothing was changed" in done.stderr
    assert Path("base/ranges/github.yaml").read_bytes() == before
    if accept:
        accepted = {"growth": ("growth", "shrink"), "shrink": ("shrink",), "overlap": ("overlap",)}[accept]
        words = [word for each in accepted for word in ("--accept", each)]
        assert ranges("update", "github", "--from", "document.json", *words).status == 0
        assert Path("base/ranges/github.yaml").read_bytes() != before


def test_a_service_that_is_gone_is_refused(ranges: Ranges) -> None:
    ranges("update", "github", "--from", written(GITHUB))
    done = ranges("update", "github", "--from", written({**GITHUB, "git": []}))
    assert (done.status, done.stderr.splitlines()[0]) == (
        1,
        "base/ranges/github.yaml: error: the document no longer has ranges of `git`",
    )


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/missing", "the server answers 404"),
        ("/limited", "the server answers 403"),
        ("/to-http", "the server redirects to `http://localhost/meta`, which is not HTTPS"),
        ("/circle", "the server answers 302"),
        ("/large", "has more than 0 MiB"),
        ("/cut-off", "bytes"),
    ],
)
def test_what_a_server_does_wrong_is_an_error_and_writes_nothing(
    ranges: Ranges, monkeypatch: pytest.MonkeyPatch, path: str, message: str
) -> None:
    monkeypatch.setattr(fetch, "LARGEST", 300_000)
    pages: dict[str, bytes | str | int] = {
        "/limited": 403,
        "/to-http": "http://localhost/meta",
        "/circle": "/circle",
        "/large": b"20.1.2.3/32\n" * 50_000,
        "/cut-off": b"20.1.2.3/32\n",
    }
    with serving(pages) as server:
        done = ranges("update", "own", "--from", server + path)
    assert done.status == 2 and message in done.stderr and "Traceback" not in done.stderr
    assert not Path("base").exists()


def test_a_certificate_that_nobody_trusts_is_refused(ranges: Ranges) -> None:
    with serving({"/list": b"20.1.2.3/32\n"}) as server:
        done = ranges("update", "own", "--from", f"{server}/list", trusted=Path("/dev/null"))
    assert done.status == 2 and "CERTIFICATE_VERIFY_FAILED" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("update", "own", "--from", "http://localhost/list"), "is not an HTTPS address"),
        (("update", "own", "--from", "file:///etc/hosts"), "is not an HTTPS address"),
        (("update", "own", "--from", "missing.txt"), "cannot be read"),
        (("update", "slack"), "there are no ranges of `slack`: Slack publishes host names only"),
        (("update", "docker-hub"), "Docker Hub publishes host names only"),
        (("update", "letsencrypt"), "does not publish the addresses of its validators"),
        (("update", "aws", "--service", "SES"), "`aws` does not publish the ranges of `SES` apart from others"),
        (("update", "azure"), "the document of `azure` has no address that lasts"),
        (("update", "gihtub"), "hint: did you mean `github`?"),
        (("update", "Not A Name"), "name `Not A Name` is not valid"),
        (("update",), "no ranges are pinned in base/ranges"),
        (("update", "aws", "github", "--service", "S3"), "--service is for one provider"),
        (("check",), "no ranges are pinned in base/ranges"),
        (("check", "--today", "yesterday"), "`yesterday` is not a date"),
    ],
)
def test_what_cannot_be_asked_says_what_to_do(ranges: Ranges, words: tuple[str, ...], message: str) -> None:
    done = ranges(*words)
    assert done.status == 2 and message in done.stderr and done.stdout == ""
    assert not Path("base").exists()


def test_check_says_which_are_too_old(ranges: Ranges) -> None:
    ranges("update", "own", "--from", written("20.1.2.3/32\n"))
    assert ranges("check", "--today", "2026-12-27") == Done(0, "own: 30 days old\n", "")
    late = ranges("check", "--today", "2026-12-28")
    assert (late.status, late.stdout) == (1, "own: 31 days old, more than 30\n")
    assert ranges("check", "--today", "2027-03-01", "--max-age", "94").status == 0
    assert ranges("check", "--today", "2027-03-02", "--max-age", "94").status == 1


def test_a_kustomization_that_a_person_wrote_stays(ranges: Ranges) -> None:
    Path("base/ranges").mkdir(parents=True)
    Path("base/ranges/kustomization.yaml").write_text("resources: []\n")
    done = ranges("update", "own", "--from", written("20.1.2.3/32\n"))
    assert Path("base/ranges/kustomization.yaml").read_text() == "resources: []\n"
    assert done.stderr == "bulkhead: list own.yaml in base/ranges/kustomization.yaml\n"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("count: 1", "count: 2", "own.yaml:11:10: `count` is 2, and the sets have 1"),
        ("20.1.2.3/32", "10.0.0.0/8", "`10.0.0.0/8` is not public"),
        ("name: own", "name: other", "has the ranges of `other`"),
        ("kind: ProviderRanges", "kind: ClusterProfile", "is not one ProviderRanges"),
    ],
)
def test_a_file_that_was_edited_is_refused(ranges: Ranges, old: str, new: str, message: str) -> None:
    ranges("update", "own", "--from", written("20.1.2.3/32\n"))
    file = Path("base/ranges/own.yaml")
    file.write_text(file.read_text().replace(old, new))
    done = ranges("check")
    assert done.status == 2 and message in done.stderr


def test_the_scheduled_job_commits_the_ranges_and_says_what_they_open(tree: Tree) -> None:
    pages: dict[str, bytes | str | int] = {"/list": b"20.1.2.3\n20.1.2.5\n"}
    tree.overlay("shop", "  egress: {external-https: null, own: {to: {ranges: own}, ports: 443}}\n")
    listed = "resources: [../../base, ../../base/ranges]\nnamespace: shop\npatches: [{path: rules.yaml}]\n"
    tree.write("overlays/shop/kustomization.yaml", listed + "transformers: [../../plugin]\n")
    tree.write("kustomization.yaml", "resources: [overlays/shop]\n")
    for name in ("github", "anthropic"):
        (tree.path / f"base/ranges/{name}.yaml").unlink()
    with serving(pages) as server:
        env = {"SSL_CERT_FILE": str(AUTHORITY), "PATH": f"{PYTHON.parent}:{TOOLS}:/usr/local/bin:/usr/bin:/bin"}
        words = ("ranges", "update", "own", "--from", f"{server}/list", *TODAY)
        assert bulkhead(*words, cwd=tree.path, env=env).status == 0
        git(tree.path, "init", "-q", "-b", "main")
        git(tree.path, "config", "user.name", "x")
        git(tree.path, "config", "user.email", "x@example.org")
        (tree.path / ".gitignore").write_text(".venv\n__pycache__\n")
        git(tree.path, "add", "--all")
        git(tree.path, "commit", "-q", "-m", "old")
        pages["/list"] = b"20.1.2.3\n20.1.2.7\n"
        done = run(ROOT / "deploy/ci/ranges", ".", "new", cwd=tree.path, env=env)
        assert done.status == 0, done.stderr
        assert "    own: 1 block added, 1 removed (base/ranges/own.yaml)\n" in done.stdout
        assert "OPENS" in done.stdout and "20.1.2.7/32" in done.stdout
        assert git(tree.path, "diff", "--name-only", "main", "new") == "base/ranges/own.yaml"
        pages["/list"] = b"10.0.0.1\n"
        refused = run(ROOT / "deploy/ci/ranges", ".", "newer", cwd=tree.path, env=env)
        assert (refused.status, refused.stdout) == (1, "") and "is not public" in refused.stderr
