"""An API server: kube-apiserver on its etcd, and kubectl."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conftest import TOOLS, Done, run
from engines.network import answers, free_port
from engines.servers import Server, start, wait_until

POLICIES = "/apis/networking.k8s.io/v1/networkpolicies"
SENTINEL = "sentinel"

Object = dict[str, Any]
SERVER_ADDS = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")

CONFIGURATION = """\
apiVersion: v1
kind: Config
current-context: tests
clusters: [{{name: tests, cluster: {{server: "https://127.0.0.1:{port}", insecure-skip-tls-verify: true}}}}]
users: [{{name: tests, user: {{token: {token}}}}}]
contexts: [{{name: tests, context: {{cluster: tests, user: tests, namespace: {namespace}}}}}]
"""


@dataclass(frozen=True)
class Cluster:
    """An API server in which nothing reconciles: what is there is what was applied."""

    folder: Path
    port: int

    @property
    def configuration(self) -> Path:
        """The kubeconfig of an administrator."""
        return self.folder / "kubeconfig"

    def kubectl(self, *arguments: str | Path, stdin: str = "") -> Done:
        """Run kubectl against it."""
        env = {
            "KUBECONFIG": str(self.configuration),
            "KUBECTL_APPLYSET": "true",
            "KUBECACHEDIR": f"{self.folder}/cache",
        }
        return run("kubectl", *arguments, stdin=stdin, env=env)

    def asked(self, *arguments: str | Path, stdin: str = "") -> str:
        """Run kubectl, which has to succeed; return what it prints."""
        done = self.kubectl(*arguments, stdin=stdin)
        assert done.status == 0, done.stderr
        return done.stdout

    def get(self, *arguments: str) -> list[Object]:
        """Return the objects that ``kubectl get`` finds."""
        items: list[Object] = json.loads(self.asked("get", *arguments, "-o", "json"))["items"]
        return items

    def make_namespaces(self, names: Sequence[str]) -> None:
        """Make the namespaces that are not there yet."""
        documents = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names]
        self.asked("apply", "-f", "-", stdin="\n---\n".join(json.dumps(document) for document in documents))

    def policies(self, namespace: str) -> dict[str, Object]:
        """Return the policies of a namespace by name, without those that only wait for a garbage collector."""
        items = self.get("networkpolicies", "-n", namespace)
        return {item["metadata"]["name"]: item for item in items if "deletionTimestamp" not in item["metadata"]}

    def versions(self, namespace: str) -> dict[str, str]:
        """Return which revision of each policy a namespace has: equal answers mean that nothing was written between."""
        return {
            name: f"{policy['metadata']['uid']} {policy['metadata']['resourceVersion']}"
            for name, policy in self.policies(namespace).items()
        }

    def forget(self) -> None:
        """Remove all policies, and the ApplySets that list them."""
        self.asked("delete", "networkpolicies", "--all-namespaces", "--all", "--wait=false")
        for left in self.get("networkpolicies", "--all-namespaces"):
            place = ("networkpolicy", "-n", left["metadata"]["namespace"], left["metadata"]["name"])
            self.asked("patch", *place, "--type=merge", "-p", '{"metadata": {"finalizers": null}}')
        self.asked("delete", "secrets", "--all-namespaces", "-l", "applyset.kubernetes.io/id", "--wait=false")

    def deliver(self, namespace: str, text: str) -> Done:
        """Apply what a render printed, and prune what it no longer has."""
        return self.kubectl(*delivery(namespace), "-f", "-", stdin=text)


def delivery(namespace: str) -> tuple[str, ...]:
    """Return the kubectl command that applies and prunes a namespace as a set."""
    return ("apply", "--server-side", "-n", namespace, "--prune", f"--applyset=bulkhead-{namespace}")


@contextmanager
def started(apiserver: Path, folder: Path) -> Iterator[Cluster]:
    """Run an etcd and an API server until the block is left."""
    cluster = Cluster(folder, free_port())
    etcd = _start_etcd(folder)
    try:
        server = _start_apiserver(apiserver, cluster, etcd[1])
        try:
            server.wait_until(lambda: cluster.kubectl("get", "--raw", "/readyz").status == 0, "API server is ready")
            server.wait_until(
                lambda: cluster.kubectl("get", "namespace", "default").status == 0, "a namespace is there"
            )
            yield cluster
        finally:
            server.stop()
    finally:
        etcd[0].stop()


def _start_etcd(folder: Path) -> tuple[Server, str]:
    url, peers = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    options: dict[str, str | int | Path] = {
        "data-dir": folder / "etcd",
        "unsafe-no-fsync": "true",
        "log-level": "error",
        "listen-client-urls": url,
        "advertise-client-urls": url,
        "listen-peer-urls": peers,
        "initial-advertise-peer-urls": peers,
        "initial-cluster": f"default={peers}",
    }
    server = start(["etcd"], folder / "etcd.log", options=options)
    server.wait_until(lambda: answers(int(url.rpartition(":")[2])), "etcd listens")
    return server, url


def _start_apiserver(program: Path, cluster: Cluster, etcd: str) -> Server:
    key, tokens, token = cluster.folder / "key.pem", cluster.folder / "tokens.csv", "administrator"
    made = run("openssl", "genrsa", "-out", key, "2048")
    assert made.status == 0, made.stderr
    tokens.write_text(f"{token},admin,1,system:masters\n")
    cluster.configuration.write_text(CONFIGURATION.format(port=cluster.port, token=token, namespace="default"))
    options: dict[str, str | int | Path] = {
        "etcd-servers": etcd,
        "bind-address": "127.0.0.1",
        "advertise-address": "127.0.0.1",
        "secure-port": cluster.port,
        "cert-dir": cluster.folder / "certificates",
        "token-auth-file": tokens,
        "authorization-mode": "RBAC",
        "service-account-key-file": key,
        "service-account-signing-key-file": key,
        "service-account-issuer": "https://tests",
        "service-cluster-ip-range": "10.43.0.0/16",
        "endpoint-reconciler-type": "none",
    }
    return start([program], cluster.folder / "apiserver.log", options=options)


@dataclass(frozen=True)
class Watch:
    """A client that receives every change to a policy, as long as it watches."""

    cluster: Cluster
    log: Path

    def events(self) -> list[tuple[str, str]]:
        """Return what happened so far, in order: ADDED, MODIFIED or DELETED, and ``namespace/name``."""
        found = []
        for line in self.log.read_text().splitlines():
            event = json.loads(line)
            metadata = event["object"]["metadata"]
            found.append((event["type"], f"{metadata['namespace']}/{metadata['name']}"))
        return found

    def catch_up(self) -> list[tuple[str, str]]:
        """Make a change that is seen last, wait for it, and return all that happened before."""
        policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": {"podSelector": {}}}
        policy["metadata"] = {"name": SENTINEL, "namespace": "default"}
        self.cluster.asked("create", "-f", "-", stdin=json.dumps(policy))
        last = ("ADDED", f"default/{SENTINEL}")
        wait_until(lambda: last in self.events(), "the watch has seen the last change")
        self.cluster.asked("delete", "networkpolicy", "-n", "default", SENTINEL)
        events = self.events()
        return events[: events.index(last)]


@contextmanager
def watching(cluster: Cluster, log: Path) -> Iterator[Watch]:
    """Watch all policies from now on."""
    now = json.loads(cluster.asked("get", "--raw", POLICIES))["metadata"]["resourceVersion"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [TOOLS / "kubectl", "get", "--raw", f"{POLICIES}?watch=1&resourceVersion={now}"],
            env={"KUBECONFIG": str(cluster.configuration), "PATH": "/usr/bin:/bin"},
            stdout=out,
        )
    try:
        yield Watch(cluster, log)
    finally:
        process.kill()
        process.wait()


def as_written(policy: Object) -> Object:
    """Return a policy without what the server keeps about it."""
    metadata = {key: value for key, value in policy["metadata"].items() if key not in SERVER_ADDS}
    return {**policy, "metadata": metadata}
