"""``bulkhead draw``: draw a namespace, or the cluster, as SVG, Mermaid or in the language of Graphviz."""

import os

from bulkhead.analysis.analysis_input import AnalysisInput
from bulkhead.analysis.judged_endpoints import judged
from bulkhead.cli.console import Console, UsageError
from bulkhead.cli.inputs import analysis_input, no_garbage_collection, note_by_folder, peers_of
from bulkhead.cli.options import Options, Parser, analysis_options, describe, folder_options
from bulkhead.cli.output_paths import check_output
from bulkhead.core.diagnostics import nearest
from bulkhead.core.engine.solve import reach
from bulkhead.core.language.scalars import InvalidValue, quoted
from bulkhead.io.files import Unwritable, write_file
from bulkhead.io.graphviz import svg_of
from bulkhead.report.names.evidence import not_read_text
from bulkhead.report.names.outside_names import Outside
from bulkhead.report.picture.cluster_picture import TooLarge, cluster_picture
from bulkhead.report.picture.namespace_picture import namespace_picture
from bulkhead.report.picture.picture import Picture
from bulkhead.report.picture.picture_formats import PICTURE_FORMATS, SVG
from bulkhead.report.picture.svg import finished_svg


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "Draw a namespace: its pods in the middle, who may come in on the left, where they may go on the right, and\n"
        "what is denied by default. Of several namespaces: the cluster, with those that are alike in one box.\n"
        "An SVG needs Graphviz on PATH; mermaid and dot need nothing. docs/how-to/draw.md",
        """\
examples:
  bulkhead draw overlays/media -o media.svg              one namespace
  bulkhead draw --namespace media --format mermaid       the same, from the whole cluster
  bulkhead draw -o cluster.svg                           the cluster

exit status: 0 it was drawn; 2 the input has problems, or it cannot be drawn
""",
    )
    folder_options(parser)
    analysis_options(parser)
    parser.add_argument("--namespace", "-n", metavar="NAME", help="draw this namespace (default: the only one, else "
                        "the cluster)")  # fmt: skip
    parser.add_argument("--format", choices=list(PICTURE_FORMATS), default=SVG, metavar="FORMAT",
                        help=f"{', '.join(PICTURE_FORMATS)} (default: {SVG})")  # fmt: skip
    parser.add_argument("-o", "--output", metavar="FILE", help="write to this file (default: stdout)")


def run(options: Options, console: Console) -> int:
    """Write the picture; return 0."""
    with no_garbage_collection():
        found = analysis_input(options, console)
        note_by_folder(found, console)
        picture = _picture(found, options.namespace)
        try:
            _check_output(options, found)
            text = PICTURE_FORMATS[options.format](picture)
            if options.format == SVG:
                text = finished_svg(svg_of(text))
            if options.output is None:
                console.write_exact(text)
            else:
                write_file(options.output, text)
        except Unwritable as error:
            return console.file_error(options.output, error.message, error.hint)
    left_out = not_read_text(found.evidence)
    if left_out:
        console.status_line(f"not in the picture: {left_out}")
    return 0


def _picture(found: AnalysisInput, wanted: str | None) -> Picture:
    """
    Return the picture of the namespace *wanted*, of the only one, or of the cluster.

    :raises InvalidValue: where there is no such namespace, or the cluster is too large.
    """
    names = sorted({*_known(found)})
    if wanted is not None and wanted not in names:
        near = nearest(wanted, names)
        hint = f"did you mean `{near}`?" if near else f"there are {', '.join(names[:20])}"
        raise InvalidValue(f"there is no namespace {quoted(wanted)}", hint)
    chosen = wanted or (names[0] if len(names) == 1 else None)
    if chosen is not None:
        return namespace_picture(found, chosen)
    seen = judged(found, None)
    answer = reach(seen.cluster, seen.semantics)
    drawn = cluster_picture(answer, Outside(seen, peers_of(seen)), seen.loaded is not None)
    if isinstance(drawn, TooLarge):
        message = f"the cluster has {drawn.number} namespaces and networks, of which too few are alike for a picture"
        raise InvalidValue(message, "draw one with --namespace NAME, or write `bulkhead report -o report.html`")
    return drawn


def _known(found: AnalysisInput) -> list[str]:
    """Return the namespaces that can be drawn: of overlays those that an overlay is about."""
    if found.loaded is not None:
        policies = {each.namespace for each in found.cluster.policies}
        return [*found.rules.namespaces, *found.unprotected, *policies]
    cluster = found.cluster
    named = {each.namespace for each in cluster.policies} | {each.namespace for each in cluster.pods}
    named |= {each.name for each in cluster.namespaces}
    return [each for each in named if each]


def _check_output(options: Options, found: AnalysisInput) -> None:
    """
    Check that the picture does not take the place of what it is about.

    :raises Unwritable: where it would.
    """
    if options.output is None:
        return
    if os.path.isdir(options.output) or options.output.endswith("/"):
        raise UsageError("-o needs the name of a file, as `media.svg`")
    if found.loaded is not None:
        check_output(options.output, found.loaded)
    elif os.path.realpath(options.output) in map(os.path.realpath, found.rules.places.files):
        raise Unwritable("the picture is about this file", "name another file, as `media.svg`")
