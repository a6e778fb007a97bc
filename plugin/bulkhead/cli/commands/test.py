"""``bulkhead test``: check the reachability tests that are kept in git."""

import itertools
import os
from collections.abc import Iterator

from bulkhead.analysis.analysis_input import AnalysisInput, as_known
from bulkhead.analysis.judged_addresses import check_judged
from bulkhead.cli.console import Console
from bulkhead.cli.inputs import BY_FOLDER, NO_ANSWER, by_folder, evidence_of, peers_of, tested_input, vocabulary_of
from bulkhead.cli.options import (
    ENDPOINTS_HELP,
    Options,
    Parser,
    all_option,
    analysis_options,
    describe,
    folder_options,
    format_option,
)
from bulkhead.cli.requested_ports import port_set_of
from bulkhead.core.diagnostics import Diagnostic
from bulkhead.core.engine.endpoint_space import MemberIndex
from bulkhead.core.engine.endpoint_terms import EndpointSelection, single_address
from bulkhead.core.engine.reachability import Reachability, is_at
from bulkhead.core.engine.replicas import treated_differently
from bulkhead.core.engine.solve import reach
from bulkhead.core.explanation.pair import ExplainedEndpoint, explain_pair, name_of, single_pods
from bulkhead.core.kubernetes.cluster import External
from bulkhead.core.language.reachability_test import EndName
from bulkhead.core.language.scalars import InvalidValue
from bulkhead.core.promises.check import Breach, Outcome, Promise, check_promise
from bulkhead.core.promises.possible import PossibleChecker, PossibleOutcome
from bulkhead.core.record import replaced
from bulkhead.core.sets import intervals, ports
from bulkhead.core.sets.addresses import WHOLE, spans_of, spell_address
from bulkhead.core.sets.port_spelling import short
from bulkhead.core.sets.ports import PortSet
from bulkhead.io.resources.reachability_tests import FOLDER, PromiseLocation, below, read
from bulkhead.report.explain.explained import in_one_line
from bulkhead.report.layout.cut import Cut
from bulkhead.report.names.caveats import caveats
from bulkhead.report.names.outside_names import Outside, unreal
from bulkhead.report.test.possible_breaches import BreachWriter
from bulkhead.report.test.test_formats import TEST_FORMATS, PromiseReport
from bulkhead.report.test.test_results import FAIL, KNOWN, OK, UNDECIDED, PromiseResult

_WORST = (FAIL, UNDECIDED, KNOWN, OK)
"""The results of a row, the worst first."""

_SHOWN = 3
"""Broken pairs of a row that are shown, and names of a list."""


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Check every row of the ReachabilityTests in DIR/tests/reachability (each .yaml or .yml file in it) against\n"
        "what the overlays below DIR allow. A row has `from`, `to`, `port` and `allowed`, or `from-only` (nothing\n"
        "else reaches it) or `to-only` (it reaches nothing else). `known: REASON` marks a row that fails on purpose;\n"
        "once it holds, the mark has to be removed. docs/how-to/test-reachability.md",
        ENDPOINTS_HELP
        + """
examples:
  bulkhead test
  bulkhead test --file extra.yaml
  bulkhead test --manifests dump.json            the same tests, of what runs in the cluster
  bulkhead test --format junit > reachability.xml

exit status: 0 every row holds or is known to fail; 1 a row fails; 2 the input has problems, or it could not be
decided whether a row holds
""",
    )
    folder_options(parser)
    analysis_options(parser)
    parser.add_argument("--file", action="append", metavar="F", help="read this file instead; may be repeated")
    format_option(parser, TEST_FORMATS)
    all_option(parser)


def run(options: Options, console: Console) -> int:
    """Print the result of every row; return 0 where all hold or are known to fail, 1 where one fails, 2 undecided."""
    chosen = below(options.dir) if options.file is None else options.file
    if not chosen:
        return console.error(
            f"there are no tests in {os.path.join(options.dir, FOLDER)}", "write one there, or name it with --file"
        )
    lines = rows_of(chosen, console)
    found = tested_input(options, console)
    style = console.style_of(options.all or options.format != "text")  # documents are never shortened
    answer = reach(found.cluster, found.semantics)
    made = promise_results(lines, found, answer, console, style.cut)
    own = by_folder(found, console)
    if own is not None:
        others = promise_results(lines, own, reach(own.cluster, own.semantics), console, style.cut)
        made = [_of_both(*each) for each in zip(made, others, strict=True)]
    report = PromiseReport(tuple(made), found.semantics, evidence_of(found, answer))
    console.write(TEST_FORMATS[options.format](report, style))
    words = {each.word for each in made}
    return 2 if UNDECIDED in words else int(FAIL in words)


def _of_both(root: PromiseResult, own: PromiseResult) -> PromiseResult:
    """Return the result of a row that has to hold for the root's build and for each folder by itself."""
    worse = root if _WORST.index(root.word) <= _WORST.index(own.word) else own
    if own.reasons == root.reasons:
        return worse
    more = tuple(f"{BY_FOLDER}: {each}" for each in own.reasons)
    return replaced(worse, reasons=(*(root.reasons if root.word != OK else ()), *more))


def rows_of(files: list[str], console: Console) -> list[PromiseLocation]:
    """
    Return the rows of the reachability tests in *files*.

    :raises CommandFailed: where they have problems, which are written.
    """
    rows = read(files)
    if rows.faults:
        console.refuse(rows.faults, NO_ANSWER)
    return rows.lines


def promise_results(
    lines: list[PromiseLocation], found: AnalysisInput, answer: Reachability, console: Console, cut: Cut
) -> list[PromiseResult]:
    """
    Return the result of each row of *lines* for *found*, whose reachability is *answer*.

    :raises CommandFailed: where a row names what is not there, or is about no pod; the problems are written.
    """
    promises = _promises(found, lines, console)
    return _Checking(found, answer, console, cut).verdicts(lines, promises)


def _promises(found: AnalysisInput, lines: list[PromiseLocation], console: Console) -> list[Promise]:
    """Return what each row promises; a name that names nothing, or what policies never see, is a fault on its line."""
    names = vocabulary_of(found)
    faults: list[Diagnostic] = []
    known: dict[str, EndpointSelection] = {}

    def chosen(line: PromiseLocation, key: str, words: tuple[EndName, ...] | None) -> tuple[EndpointSelection, ...]:
        for number, word in enumerate(words or ()):
            try:
                known[word] = known.get(word) or names.choose(word)
                check_judged(found, known[word], key == "to")
            except InvalidValue as refused:
                faults.append(refused.diagnostic.at(line.at((key, number))))
        return tuple(known[word] for word in words or () if word in known)

    promises = []
    for line in lines:
        row = line.row
        asked = _asked(line)
        if row.from_only is not None:
            ends = chosen(line, "from-only", row.from_only), chosen(line, "to", row.destination)
            promises.append(Promise(*ends, asked, False, "sources"))
        elif row.to_only is not None:
            ends = chosen(line, "from", row.source), chosen(line, "to-only", row.to_only)
            promises.append(Promise(*ends, asked, False, "destinations"))
        else:
            ends = chosen(line, "from", row.source), chosen(line, "to", row.destination)
            promises.append(Promise(*ends, asked, bool(row.allowed)))
    if faults:
        console.refuse(faults, NO_ANSWER)
    return promises


def _asked(line: PromiseLocation) -> PortSet:
    if line.row.ports is None:
        return ports.EVERY
    found = ports.NONE
    for port in line.row.ports:
        found = ports.union(found, port_set_of(port))
    return found


class _Checking:
    """Checks promises against one analysis input."""

    def __init__(self, found: AnalysisInput, answer: Reachability, console: Console, cut: Cut) -> None:
        self.console = console
        self.cut = cut
        self.answer = answer
        self.templates = found.loaded is not None
        self.outside = Outside(found, peers_of(found))
        self.found = found
        self.unreal = unreal(found.profile)
        self.alone = tuple(single_pods(layer, self.templates) for layer in self.answer.layers)
        self.apart = treated_differently((self.answer,))
        self.folder = console.folder
        self.possible = PossibleChecker(as_known(found), found.semantics, self.templates, self.unreal, self.answer)
        self.writer = BreachWriter(found, self.possible, self.outside, self.folder, cut)

    def verdicts(self, lines: list[PromiseLocation], promises: list[Promise]) -> list[PromiseResult]:
        faults = []
        made = []
        for line, promise in zip(lines, promises, strict=True):
            outcome = check_promise(self.answer, promise, self.alone, self.unreal)
            held = any(each.of_pods for each in (*promise.sources, *promise.destinations))
            if not outcome.pairs and not promise.others and not held:
                faults.append(Diagnostic(line.at(), "no policy applies to this row", "one end must be a pod"))
            made.append(self.verdict(line, promise, outcome))
        if faults:
            self.console.refuse(faults, NO_ANSWER)
        return made

    def verdict(self, line: PromiseLocation, promise: Promise, outcome: Outcome) -> PromiseResult:
        row = line.row
        possible = self.possible.check(promise, outcome.breaches)
        reasons = (*self.reasons(promise, outcome), *self.possible_reasons(promise, possible))
        word = FAIL if reasons else OK
        if not reasons and possible.hard:
            word, reasons = UNDECIDED, (self.writer.hard(possible.hard),)
        elif row.known is not None:
            word = KNOWN if reasons else FAIL
            reasons = (f"known: {row.known}", *reasons) if reasons else ("it holds now: take the mark `known` away",)
        at = line.at()
        notes = self.notes(promise) if word == OK else ()
        because = str(row.because or "")
        return PromiseResult(word, line.name, at.file, at.line, _said(line, self.cut), because, reasons, notes)

    def notes(self, promise: Promise) -> tuple[str, ...]:
        """Return what is open whatever *promise* says: by policies or not, to ends that it does not name as such."""
        if promise.others:
            return tuple(self.every_pod(promise.sources if promise.others == "sources" else promise.destinations))
        if promise.allowed:
            return ()
        ends = itertools.product(promise.sources, promise.destinations)
        return tuple(dict.fromkeys(note for pair in ends for note in caveats(self.found, *pair, promise.asked)))

    def every_pod(self, named: tuple[EndpointSelection, ...]) -> Iterator[str]:
        """Yield which of *named* are blocks that contain the address of every pod."""
        pods = spans_of(self.found.cluster.networks)
        for each in named:
            spans = intervals.union(each.addresses, each.of_pods)
            if spans and not intervals.subtract(pods or (WHOLE[4],), spans):
                yield f"`{each.text}` contains the addresses of all pods, so every pod is named"

    def reasons(self, promise: Promise, outcome: Outcome) -> Iterator[str]:
        """Yield why the promise is broken: the first pairs, each with what decides it."""
        widest = sorted(outcome.breaches, key=lambda each: -sum(last - first for first, last in each.ports.spans))
        shown, more = self.cut.first(widest, _SHOWN)
        for breach in shown:
            yield self.reason(promise, breach)
        if more:
            yield f"and {more} more, of {outcome.pairs} pairs (--all)"

    def possible_reasons(self, promise: Promise, outcome: PossibleOutcome) -> Iterator[str]:
        """Yield how the promise is broken for endpoints that could exist, those with the fewest conditions first."""
        ordered = sorted(outcome.breaches, key=lambda each: len(each.flows.values) + len(each.flows.spans))
        written = list(dict.fromkeys(self.writer.reason(each, promise) for each in ordered))
        shown, more = self.cut.first(written, _SHOWN)
        yield from shown
        if more:
            yield f"and {more} more kinds of pods that could exist (--all)"

    def reason(self, promise: Promise, breach: Breach) -> str:
        source = self.end(breach.layer, breach.source, promise.sources, promise.others == "sources")
        destination = self.end(breach.layer, breach.destination, promise.destinations, promise.others == "destinations")
        destination = self.at_node(source, destination, not promise.allowed)
        found = explain_pair(self.answer.layers[breach.layer], source, destination, breach.ports, self.answer.semantics)
        ends = " -> ".join(self.cut.row(end.names, _SHOWN) for end in (source, destination))
        return f"{ends}: {in_one_line(found, self.found, self.folder, self.cut)}"

    def at_node(self, source: ExplainedEndpoint, destination: ExplainedEndpoint, own: bool) -> ExplainedEndpoint:
        """Return *destination*, of its pods those that run at the address of *source*, or without *own* the others."""
        if source.is_several or not isinstance(source.first, External):
            return destination
        pods = [pod for pod in destination.pods if is_at(pod.node, source.first) is own]
        names = tuple(sorted(name_of(pod, self.apart) for pod in pods))
        return ExplainedEndpoint(destination.member, names, pods[0], True, tuple(pods)) if pods else destination

    def end(
        self, number: int, member: MemberIndex, named: tuple[EndpointSelection, ...], others: bool
    ) -> ExplainedEndpoint:
        """Return the end at *member* as it was named; with *others*, as what was not named there."""
        endpoint_class = self.answer.layers[number].space.classes[member]
        if not endpoint_class.pods:
            spans = endpoint_class.addresses.spans
            chosen = [] if others else [each for each in named if intervals.intersect(each.addresses, spans)]
            name = chosen[0].text if chosen else self.outside.name(spans)
            point = next(filter(None, map(single_address, chosen)), "")
            return ExplainedEndpoint(member, (name,), External(point or spell_address(spans[0][0])), not point)
        mentioned = {pod for each in named for pod in (*each.pods, *each.holders)}
        pods = [pod for pod in endpoint_class.pods if (pod in mentioned) is not others]
        pods = pods or list(endpoint_class.pods)
        names = tuple(sorted(name_of(pod, self.apart) for pod in pods))
        return ExplainedEndpoint(member, names, pods[0], not self.alone[number] >> member & 1, tuple(pods))


def _said(line: PromiseLocation, cut: Cut) -> str:
    """Return the row in one line."""
    row = line.row
    asked = "" if row.ports is None else f":{short(_asked(line))}"
    source, destination = _few(row.source, cut), _few(row.destination, cut)
    if row.from_only is not None:
        return f"{destination}{asked} only from {_few(row.from_only, cut)}"
    if row.to_only is not None:
        return f"{source} only to {_few(row.to_only, cut)}{asked}"
    return f"{source} -> {destination}{asked} {'allowed' if row.allowed else 'refused'}"


def _few(names: tuple[EndName, ...] | None, cut: Cut) -> str:
    return cut.row([str(name) for name in names or ()], _SHOWN)
