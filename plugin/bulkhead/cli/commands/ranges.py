"""``bulkhead ranges``: refresh the pinned ranges of providers, or say which ones are too old."""

import os
import time
from collections.abc import Sequence

from bulkhead.analysis.ranges_update import ACCEPTABLE, Filter, Suspicious, change, check_change, new_ranges
from bulkhead.cli.console import HERE, Console, UsageError
from bulkhead.cli.options import Options, Parser, describe, folder_option
from bulkhead.core.diagnostics import DiagnosticError, nearest
from bulkhead.core.expansion.provider_peers import INSTEAD, UNPUBLISHED, UNPUBLISHED_SERVICES
from bulkhead.core.language.provider_ranges import ProviderRanges, RangesSpec
from bulkhead.core.language.scalars import Date, Name
from bulkhead.core.lint.checks.provider_ranges import DAYS, age
from bulkhead.io.files import Unreadable, text_of, write_files
from bulkhead.io.ranges.documents import PublishedRanges, Reader, at_paths, plain_list
from bulkhead.io.ranges.fetch import fetched, is_url, shown_source
from bulkhead.io.ranges.pinned_files import (
    KUSTOMIZATION,
    is_written_here,
    kustomization_text,
    pinned_names,
    pinned_ranges,
    pinned_text,
)
from bulkhead.io.ranges.providers import ADDRESS_CHANGES, PROVIDERS
from bulkhead.report.layout.text import count

FOLDER = "base/ranges"


class RangesError(DiagnosticError):
    """Ranges cannot be updated or checked."""


def options(parser: Parser) -> None:
    """Declare the options."""
    describe(
        parser,
        "update: fetch what providers publish and write base/ranges/PROVIDER.yaml, which a build reads instead of the\n"
        "network. A document that shrinks or grows suddenly, or has blocks that are private, reserved or overlap, is\n"
        "refused, and the pinned file stays. check: say which pinned ranges are older than allowed.\n"
        f"providers: {', '.join(PROVIDERS)}; any other name with --from.",
        "examples:\n"
        "  bulkhead ranges update github --service git --service api\n"
        "  bulkhead ranges update aws --service S3 --region eu-west-1\n"
        "  bulkhead ranges update azure --from ServiceTags_Public_20261123.json --service AzureMonitor\n"
        "  bulkhead ranges update oracle --from https://docs.oracle.com/iaas/tools/public_ip_ranges.json \\\n"
        "    --path 'regions[].cidrs[].cidr'\n"
        "  bulkhead ranges update            every pinned provider again\n"
        "  bulkhead ranges check --max-age 14\n\n"
        "exit status: 0 success; 1 ranges are too old, or a document is refused; 2 a file or an address is unusable",
    )
    parser.add_argument("action", choices=("update", "check"), metavar="ACTION", help="update or check")
    parser.add_argument("providers", nargs="*", metavar="PROVIDER", help="the provider (default: every pinned one)")
    folder_option(parser, "the root of the tree (default: .)")
    parser.add_argument("--folder", default=FOLDER, metavar="FOLDER", help=f"the pinned files (default: {FOLDER})")
    parser.add_argument("--from", dest="source", metavar="FILE|URL", help="the document, instead of the known address")
    parser.add_argument("--service", action="append", metavar="NAME", help="keep this service; may be repeated "
                        "(default: those kept before, else all)")  # fmt: skip
    parser.add_argument("--region", action="append", metavar="NAME", help="keep this region; may be repeated")
    parser.add_argument("--path", action="append", metavar="JSON-PATH", help="where the blocks are in the JSON of "
                        "another provider, like `prefixes[].ipv4Prefix`; may be repeated")  # fmt: skip
    parser.add_argument("--accept", action="append", choices=ACCEPTABLE, default=[], metavar="WHAT",
                        help=f"take a document that is refused for this: {', '.join(ACCEPTABLE)}")  # fmt: skip
    parser.add_argument("--max-age", type=int, default=DAYS, metavar="DAYS", help=f"for check (default: {DAYS})")
    parser.add_argument("--today", metavar="DATE", help="the day of the fetch, or of the check (default: today, UTC)")


def run(options: Options, console: Console) -> int:
    """Update or check the pinned ranges; return 1 where one is refused or too old."""
    today = Date.parse(options.today or time.strftime("%Y-%m-%d", time.gmtime()))
    folder = os.path.normpath(os.path.join("" if options.dir == HERE else options.dir, options.folder))
    names = [str(Name.parse(name)) for name in dict.fromkeys(options.providers)]
    pinned = [name.removesuffix(".yaml") for name in pinned_names(folder)]
    if options.action == "check":
        return _check(folder, names or pinned, options.max_age, today, console)
    if not names and not pinned:
        raise RangesError(f"no ranges are pinned in {folder}", "name a provider: `bulkhead ranges update github`")
    one_only = [f"--{key}" for key in ("service", "region", "path") if getattr(options, key)]
    one_only += ["--from"] * bool(options.source)
    if len(names) != 1 and one_only:
        raise UsageError(f"{one_only[0]} is for one provider: name it")
    status = 0
    for name in names or pinned:
        try:
            _update(folder, name, options, today, console)
        except DiagnosticError as refused:
            console.file_error(os.path.join(folder, f"{name}.yaml"), refused.message, refused.hint)
            console.status_line(f"{name}: nothing was changed")
            status = max(status, 1 if isinstance(refused, Suspicious) else 2)
    return status


def _update(folder: str, name: str, options: Options, today: Date, console: Console) -> None:
    """Write the ranges of *name* again; the file stays where that is refused."""
    file = os.path.join(folder, f"{name}.yaml")
    old = pinned_ranges(file) if os.path.lexists(file) else None
    source, read, paths = _document(name, options.source, options.path, old)
    before = (old.keep_services, old.keep_regions) if old is not None else (None, None)
    keep = Filter(_kept(options.service, before[0]), _kept(options.region, before[1]))
    for word in keep.services or ():
        if word.upper() in UNPUBLISHED_SERVICES.get(name, ()):
            message = f"`{name}` does not publish the ranges of `{word}` apart from others"
            raise RangesError(message, "`--service AMAZON --region …` contains it and every other service there")
    content = fetched(source)
    found, published = new_ranges(name, content, read, shown_source(source), today, keep, paths, options.accept)
    if old is not None and before == (found.spec.keep_services, found.spec.keep_regions):
        check_change(old, found.spec, options.accept)
    listing = _with_listing(folder, name)
    write_files({file: pinned_text(found), **listing})
    _report(name, old, found, published, file, console)
    if not listing and not _is_listed(folder, name):
        console.status_line(f"list {name}.yaml in {os.path.join(folder, KUSTOMIZATION)}")


def _kept(asked: Sequence[str] | None, before: Sequence[str] | None) -> tuple[str, ...] | None:
    found = asked if asked is not None else before
    return None if found is None else tuple(sorted({str(each) for each in found}))


def _document(
    name: str, asked: str | None, paths: Sequence[str] | None, old: RangesSpec | None
) -> tuple[str, Reader, Sequence[str]]:
    """Return where the document of *name* is, what reads it, and the paths in it."""
    known = PROVIDERS.get(name)
    paths = paths or (old.paths if old is not None and old.paths else ())
    if known is not None and paths:
        raise RangesError(f"`{name}` is a provider whose document is known: it has no --path", "choose another name")
    if known is None and name in UNPUBLISHED:
        raise RangesError(f"there are no ranges of `{name}`: {UNPUBLISHED[name]}", INSTEAD)
    source = asked or (known.source if known else "")
    if not source and old is not None and is_url(old.source):
        source = str(old.source)
    if not source and known is not None:
        raise RangesError(f"the document of `{name}` has no address that lasts", ADDRESS_CHANGES[name])
    if not source:
        near = nearest(name, list(PROVIDERS))
        hint = f"did you mean `{near}`?" if near else f"name its document with --from; known: {', '.join(PROVIDERS)}"
        raise RangesError(f"no provider `{name}` is known", hint)
    return source, known.read if known else at_paths(paths) if paths else plain_list, paths


def _with_listing(folder: str, name: str) -> dict[str, str]:
    """Return the kustomization of *folder* with *name*, where it is to be written: a person's own one stays."""
    path = os.path.join(folder, KUSTOMIZATION)
    text = text_of(path) if os.path.lexists(path) else ""
    if text and not is_written_here(text):
        return {}
    wanted = kustomization_text(sorted({*pinned_names(folder), f"{name}.yaml"}))
    return {} if text == wanted else {path: wanted}


def _is_listed(folder: str, name: str) -> bool:
    try:
        return f"{name}.yaml" in text_of(os.path.join(folder, KUSTOMIZATION))
    except Unreadable:
        return False


def _report(
    name: str, old: RangesSpec | None, found: ProviderRanges, published: PublishedRanges, file: str, console: Console
) -> None:
    title = PROVIDERS[name].title if name in PROVIDERS else name
    said = str(change(old, found.spec)) if old is not None else f"{count(int(found.spec.count), 'block')} pinned"
    console.write(f"{title}: {said} ({file})\n")
    if published.left_out:
        console.status_line(f"{name}: not read as ranges: {', '.join(published.left_out)}")


def _check(folder: str, names: Sequence[str], most: int, today: Date, console: Console) -> int:
    """Write the age of the ranges *names*; return 1 where one has more than *most* days, 2 where there are none."""
    if not names:
        raise RangesError(f"no ranges are pinned in {folder}", "pin some: `bulkhead ranges update github`")
    late = 0
    for name in names:
        days = age(pinned_ranges(os.path.join(folder, f"{name}.yaml")).fetched, today)
        late += days > most
        console.write(f"{name}: {days} day{'s' * (days != 1)} old{f', more than {most}' if days > most else ''}\n")
    if late:
        console.status_line(f"{count(late, 'provider')} out of date: run `bulkhead ranges update`")
    return int(late > 0)
