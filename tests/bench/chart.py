"""
The Helm chart against a trivial one that prints as many plain policies in a loop: CPU of ``helm template``.

Every other namespace has two rules of its own, so nine policies each on average. The trivial chart's loop prints nine
policies of the same text, with nothing but the namespace put in. Both in one run, interleaved, medians.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.bench import ROOT, interleaved, row

SIZES = (14, 100, 1000, 2000)
NINE = 9


def values(count: int) -> dict[str, object]:
    """Return the values of *count* namespaces."""
    special = [
        {
            "special": {"to": {"cidr": f"192.0.2.{number % 250}/32"}, "ports": 1024 + number, "why": "Its own"},
            "special-two": {"to": "internet", "ports": [587, "53/UDP"]},
        }
        for number in range(count)
    ]
    return {
        "profile": {
            "enforcer": "kube-router",
            "networks": {"pods": "10.42.0.0/16", "services": "10.43.0.0/16"},
            "peers": {
                "traefik": {"namespace": "kube-system", "pods": {"app.kubernetes.io/name": "traefik"}},
                "prometheus": {"namespace": "monitoring", "pods": {"app.kubernetes.io/name": "prometheus"}},
                "pod-network": {"network": "pods"},
                "kube-dns": [{"namespace": "kube-system"}, {"network": "services"}],
                "internet": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]},
            },
        },
        "standard": {
            "ingress": {
                "traefik": {"from": "traefik", "why": "Traefik ingress"},
                "prometheus": {"from": "prometheus", "why": "Prometheus metrics scrape"},
                "dashboard": {"from": "prometheus", "why": "Health checks"},
                "intra-namespace": {"from": "pod-network", "why": "Intra-namespace pod traffic"},
            },
            "egress": {
                "intra-namespace": {"to": "pod-network", "why": "Intra-namespace pod traffic"},
                "dns": {"to": "kube-dns", "ports": ["53/UDP", 53], "why": "DNS resolution"},
                "external-https": {"to": "internet", "ports": 443, "why": "External HTTPS"},
            },
        },
        "namespaces": {f"ns-{number:04}": {"egress": special[number]} if number % 2 else {} for number in range(count)},
    }


def loop(folder: Path) -> Path:
    """Make the trivial chart: a loop over names around nine policies that the real chart printed."""
    (folder / "values.json").write_text(json.dumps(values(2)))
    command = ["helm", "template", "r", str(ROOT / "charts" / "netpol"), "-f", str(folder / "values.json")]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    parts = [part for part in text.split("---\n") if 'namespace: "ns-0001"' in part][:NINE]
    assert len(parts) == NINE
    policies = "".join(f"---\n{part.partition(chr(10))[2].strip()}\n" for part in parts)
    chart = folder / "loop"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: loop, version: 0.1.0}\n")
    body = policies.replace('"ns-0001"', "{{ $name | quote }}")
    (chart / "templates" / "policies.yaml").write_text(
        f"{{{{- range $name := .Values.names }}}}\n{body}{{{{- end }}}}\n"
    )
    return chart


def main() -> None:
    """Print the rows."""
    took: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        trivial = loop(folder)
        row("what", "measured", "wanted")
        print(f"|{'-' * 54}|{'-' * 18}|{'-' * 16}|")
        for count in SIZES:
            (folder / "values.json").write_text(json.dumps(values(count)))
            (folder / "names.json").write_text(json.dumps({"names": [f"ns-{number:04}" for number in range(count)]}))
            found = interleaved(
                {
                    "chart": [
                        "helm",
                        "template",
                        "r",
                        str(ROOT / "charts" / "netpol"),
                        "-f",
                        str(folder / "values.json"),
                    ],
                    "loop": ["helm", "template", "r", str(trivial), "-f", str(folder / "names.json")],
                },
                runs=5 if "--quick" in sys.argv else 11,
            )
            took[count] = found["chart"]
            row(f"helm template, {count} namespaces, {count * NINE} policies, CPU", f"{found['chart']:.0f} ms")
            row("  a trivial loop of as many", f"{found['loop']:.0f} ms")
            row("  the chart against the loop", f"{found['chart'] / found['loop']:.2f}", "at most 3")
    row("twice 1,000 namespaces", f"{took[2000] / took[1000]:.2f}", "at most 2.3")


if __name__ == "__main__":
    main()
