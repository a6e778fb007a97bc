"""Lines of each format of observed traffic, in the shape that their programs write, and what they mean."""

import pytest
from bulkhead.core.flows.observation import NotAConnection, Observation, ObservedVerdict
from bulkhead.io.flows.flow_formats import FORMATS, format_of
from bulkhead.io.flows.record_parts import port_of, time_of
from conftest import ROOT

NFLOG = "IN=cni0 OUT=cni0 MAC=aa SRC=10.42.0.5 DST=10.42.0.6 LEN=60 TOS=00 PREC=0x00 TTL=63 ID={id} DF {rest}"
TCP = "PROTO=TCP SPT=57026 DPT=9999 SEQ=1 ACK=0 WINDOW=64240 SYN URGP=0 MARK=0x0"
UDP = "PROTO=UDP SPT=57026 DPT=53 LEN=40 MARK=0x0"
TUPLES = (
    "src=10.42.0.5 dst=10.43.0.9 sport=4 dport=80 [UNREPLIED] src=10.42.0.6 dst=10.42.0.5 sport=8080 dport=4 [ASSURED]"
)


def one(name: str, *lines: str) -> list[object]:
    """Return for each line ``(source, destination, protocol, port, verdict)``, the reason, or ``None``."""
    read = FORMATS[name].reader()
    found: list[object] = []
    for line in lines:
        reading = read(line)
        if isinstance(reading, Observation):
            key = reading.key
            found.append((key.source.address, key.destination.address, key.protocol, key.port, key.verdict.value))
        else:
            found.append(reading.reason if isinstance(reading, NotAConnection) else None)
    return found


@pytest.mark.parametrize("head", ["", "ipv4     2 ", "[1795654938.251138]\t    [NEW] ipv4     2 "])
def test_conntrack_names_the_pod_behind_the_service(head: str) -> None:
    line = f"{head}tcp      6 119 TIME_WAIT {TUPLES} mark=0 use=1"
    assert format_of(line) is FORMATS["conntrack"]
    assert one("conntrack", line) == [("10.42.0.5", "10.42.0.6", "TCP", 8080, "allowed")]


def test_conntrack_counts_a_connection_once_and_one_that_only_ends_too() -> None:
    events = [f"[1795654938.25]\t    [{each}] tcp      6 119 {TUPLES}" for each in ("NEW", "UPDATE", "DESTROY")]
    begun, changed, ended = one("conntrack", *events)
    assert isinstance(begun, tuple)
    assert changed == ended == "another event of a connection that was counted"
    assert one("conntrack", events[2]) == [begun]


def test_a_line_that_is_cut_is_unreadable() -> None:
    assert one("conntrack", f"tcp      6 119 TIME_WAIT {TUPLES}"[:70]) == [None]
    assert one("hubble", '{"flow":{"verdict":"FORW') == [None]


def test_an_nflog_record_with_a_prefix_is_no_proof_of_a_refusal() -> None:
    prefixed = "Nov 26 01:02:18 node1 DROP by policy shop/api " + NFLOG.format(id=7, rest=TCP)
    plain = "Nov 26 01:02:18 node1  " + NFLOG.format(id=7, rest=TCP)
    assert format_of(prefixed) is format_of(plain) is FORMATS["logemu"]
    ends = "10.42.0.5", "10.42.0.6", "TCP", 9999
    again = "another record of a packet that was counted"
    assert one("logemu", prefixed, prefixed, plain, plain) == [(*ends, "unknown"), again, (*ends, "denied"), again]
    assert one("logemu", plain, prefixed) == [(*ends, "denied"), again]
    udp = "Nov 26 01:02:18 node1  " + NFLOG.format(id=8, rest=UDP)
    assert one("logemu", udp) == [("10.42.0.5", "10.42.0.6", "UDP", 53, "denied")]


def test_ulogd_json() -> None:
    line = (
        '{"timestamp": "2026-11-26T01:02:18.1", "oob.prefix": "DROP by policy shop/api", "oob.family": 2, '
        '"oob.time.sec": 1795654938, "ip.protocol": 6, "ip.id": 7, "src_ip": "10.42.0.5", "dest_ip": "10.42.0.6", '
        '"src_port": 57026, "dest_port": 9999}'
    )
    assert format_of(line) is FORMATS["ulogd-json"]
    assert one("ulogd-json", line) == [("10.42.0.5", "10.42.0.6", "TCP", 9999, "unknown")]
    reading = FORMATS["ulogd-json"].reader()(line)
    assert isinstance(reading, Observation)
    assert reading.time == 1795654938


AGENT = "Src IP: 10.1.0.5 Src Port: 4000 Dest IP: 10.1.0.6 Dest Port: 80 Proto TCP Verdict DENY"
OTHERS = {
    "aws, the first shape": (
        "aws",
        '{"level":"info","ts":"2025-03-01T10:00:00.000Z","msg":"Flow Info:  ","Src IP":"10.1.0.5","Src Port":4000,'
        '"Dest IP":"10.1.0.6","Dest Port":80,"Proto":"TCP","Verdict":"DENY"}',
    ),
    "aws, the second shape": ("aws", f'{{"level":"info","ts":"2025-06-01T10:00:00.000Z","msg":"Flow Info: {AGENT}"}}'),
    "aws, with a tier": (
        "aws", f'{{"level":"info","msg":"Flow Info: {AGENT} Direction egress, Tier NETWORK_POLICY"}}',
    ),
    "aws, cloudwatch": (
        "aws", "Node: n;SIP: 10.1.0.5;SPORT: 4;DIP: 10.1.0.6;DPORT: 80;PROTOCOL: TCP;PolicyVerdict: DENY;Tier: DEFAULT",
    ),
    "gke": (
        "gke",
        '{"connection":{"src_ip":"10.1.0.5","dest_ip":"10.1.0.6","src_port":4000,"dest_port":80,"protocol":"tcp",'
        '"direction":"ingress"},"disposition":"deny","count":1,"src":{"instance":"x"}}',
    ),
    "ovn": (
        "ovn",
        '2026-11-20T10:00:00.123Z|00004|acl_log(ovn_pinctrl0)|INFO|name="NP:shop:Ingress", verdict=drop, '
        "severity=info, direction=to-lport: tcp,vlan_tci=0x0000,dl_src=0a:58,dl_dst=0a:59,nw_src=10.1.0.5,"
        "nw_dst=10.1.0.6,nw_tos=0,nw_ttl=64,tp_src=4000,tp_dst=80,tcp_flags=syn",
    ),
    "antrea": (
        "antrea",
        "2026/11/20 10:00:00.123456 IngressDefaultRule K8sNetworkPolicy <nil> Ingress Drop <nil> shop/web "
        "10.1.0.5 4000 10.1.0.6 80 TCP 60 <nil>",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "line"), OTHERS.values(), ids=OTHERS)
def test_one_denied_connection_in_other_formats(name: str, line: str) -> None:
    assert format_of(line) is FORMATS[name]
    assert one(name, line) == [("10.1.0.5", "10.1.0.6", "TCP", 80, "denied")]
    assert one(name, line[: len(line) // 3]) == [None]


def test_counts_pods_and_other_lines_of_other_formats() -> None:
    gke = (
        '{"jsonPayload":{"connection":{"src_ip":"10.1.0.5","dest_ip":"10.1.0.6","dest_port":53,"protocol":"udp"},'
        '"disposition":"allow","count":7,"src":{"pod_name":"a-1","pod_namespace":"shop","workload_name":"a",'
        '"workload_kind":"Deployment"}},"timestamp":"2026-11-20T10:00:00Z"}'
    )
    found = FORMATS["gke"].reader()(gke)
    assert isinstance(found, Observation)
    assert (found.times, found.time, found.key.verdict) == (7, 1795168800.0 - 0, ObservedVerdict.ALLOWED)
    assert found.key.source[:5] == ("", "shop", "a-1", "a", "Deployment")
    antrea = FORMATS["antrea"].reader()(OTHERS["antrea"][1] + " [3 packets in 1.011379442s]")
    assert isinstance(antrea, Observation)
    assert antrea.times == 3
    assert one("aws", '{"level":"info","msg":"Starting"}') == ["a line of the AWS agent that is no flow"]
    expired = OTHERS["aws, cloudwatch"][1].replace("DENY", "EXPIRED/DELETED")
    assert one("aws", expired) == ["an entry of the AWS agent that expired or was deleted"]
    passed = OTHERS["ovn"][1].replace("verdict=drop", "verdict=pass")
    assert one("ovn", passed) == ["a record of OVN that passes the decision on"]


HUBBLE = (
    '{{"verdict":"{verdict}","IP":{{"source":"10.0.0.1","destination":"10.0.0.2"}},"l4":{{{l4}}},"Type":"L3_L4"{more}}}'
)
PORTS = '"TCP":{"source_port":1,"destination_port":80}'
SYN = '"TCP":{"source_port":1,"destination_port":80,"flags":{"SYN":true}}'
SYN_ACK = '"TCP":{"source_port":80,"destination_port":1,"flags":{"SYN":true,"ACK":true}}'


@pytest.mark.parametrize(
    ("verdict", "l4", "more", "expected"),
    [
        ("FORWARDED", PORTS, ',"is_reply":false', "allowed"),
        ("FORWARDED", PORTS, ',"is_reply":true', "a reply"),
        ("FORWARDED", PORTS, ',"reply":true', "a reply"),
        ("FORWARDED", SYN, "", "allowed"),
        ("FORWARDED", SYN_ACK, "", "a reply"),
        ("FORWARDED", PORTS, "", "a record that does not say whether it is a reply"),
        ("FORWARDED", PORTS, ',"event_type":{"type":5}', "allowed"),
        ("AUDIT", SYN, "", "allowed"),
        ("DROPPED", PORTS, ',"drop_reason_desc":"POLICY_DENIED"', "denied"),
        ("DROPPED", PORTS, ',"drop_reason_desc":"POLICY_DENY"', "denied"),
        (
            "DROPPED", PORTS, ',"drop_reason_desc":"STALE_OR_UNROUTABLE_IP"',
            "a packet that was dropped for another reason than a policy, or for none that is named",
        ),
        ("TRACED", PORTS, "", "an event that is no packet of a connection"),
    ],
)  # fmt: skip
def test_hubble(verdict: str, l4: str, more: str, expected: str) -> None:
    line = HUBBLE.format(verdict=verdict, l4=l4, more=more)
    assert format_of(line) is FORMATS["hubble"]
    for shape in (line, f'{{"flow":{line},"node_name":"n","time":"2026-11-20T10:00:00Z"}}'):
        found = one("hubble", shape)[0]
        words = ("allowed", "denied")
        assert found == (("10.0.0.1", "10.0.0.2", "TCP", 80, expected) if expected in words else expected)


def test_hubble_reads_lines_that_differ_in_time_and_client_port_as_one_by_one() -> None:
    sample = (ROOT / "tests/flows/hubble.json").read_text().splitlines()
    changes = [
        ("10:00:00.123456789", "10:00:09"),
        ("40000", "40001"),
        ("5432", "80"),
        ("jellyfin", "web"),
        ("5432", "0x"),
    ]
    lines = [line.replace(*change) for line in sample for change in [*changes, ("x", "x")]]
    lines += [lines[0].replace('"2026-11-20T10:00:09Z"', '"2026-11-20T11:00:09Z"', 1), sample[0][:400]]
    remembering = FORMATS["hubble"].reader()
    together = [remembering(line) for line in [*lines, *lines]]
    assert together == [FORMATS["hubble"].reader()(line) for line in [*lines, *lines]]
    assert {each.time for each in together if isinstance(each, Observation)} >= {1795168809.0, 1795172409.0}


def test_hubble_counts_what_it_lost() -> None:
    read = FORMATS["hubble"].reader()
    assert read('{"lost_events":{"num_events_lost":"12"}}') == NotAConnection("events that Hubble lost", 12)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:01:00Z", 60), ("1970-01-01T02:01:00.5+02:00", 60.5), ("1970-01-01T00:00:00-00:01", 60),
        ("1970-01-01T00:01:00", None), ("60", 60), (1795654938123, 1795654938.123), ("soon", None),
        (float("nan"), None), (True, None), ("1970-13-01T00:00:00Z", None),
    ],
)  # fmt: skip
def test_times(text: object, seconds: float | None) -> None:
    assert time_of(text) == seconds


@pytest.mark.parametrize("bad", ["0", "65536", "-1", "x", "", "٣", True, None, "1" * 5000])
def test_no_port(bad: object) -> None:
    assert port_of(bad) is None


def test_verdicts_have_the_words_of_the_documents() -> None:
    assert {each.value for each in ObservedVerdict} == {"allowed", "denied", "unknown"}
