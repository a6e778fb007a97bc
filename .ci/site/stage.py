"""
Put the pages of this repository where the generator of the site reads them, under the same names.

Usage: stage.py FOLDER. Pages go to FOLDER/pages, what is copied into the site as it is to FOLDER/extra. A folder that a
page links to gets an index, which lists its pages.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PATTERNS = ("*.md", "docs/*.md", "docs/*/*.md", "charts/*/README.md")
FOLDERS = {"docs/how-to": "How-to", "docs/reference": "Reference", "docs/decisions": "Decisions"}
CONTENTS = "\n```{toctree}\n:hidden:\n\n%s\n```\n"
REPORT = """\
# The example as a report

The reference cluster as `bulkhead report` shows it:
<a href="report.html">open the report</a>. It is one file, which asks nothing of any server.
[How to make one](docs/how-to/report.md).
"""
LINK = re.compile(r"(\]\()([^)\s#]+)((?:#[^)\s]*)?\))")


def tracked() -> list[Path]:
    """Return the pages that git tracks, without those that tests have."""
    listed = subprocess.run(["git", "ls-files", "-z", *PATTERNS], cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted({Path(name) for name in listed.stdout.split("\0") if name and not name.startswith("tests/")})


def stage(page: Path, pages: Path) -> None:
    """Copy *page* and the files that it links to; a link to a folder leads to the index of the folder."""

    def led(found: re.Match[str]) -> str:
        before, target, after = found.groups()
        path = (ROOT / page).parent / target
        if re.match(r"[a-z]+:", target) or not path.exists():
            return found[0]
        if path.is_dir():
            return f"{before}{target.rstrip('/')}/index.md{after}"
        copy = pages / path.resolve().relative_to(ROOT)
        if copy.suffix != ".md" and not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
        return found[0]

    (pages / page).parent.mkdir(parents=True, exist_ok=True)
    (pages / page).write_text(LINK.sub(led, (ROOT / page).read_text(encoding="utf-8")), encoding="utf-8")


def main(folder: Path) -> None:
    """Write the pages, their indexes, and the contents of the site below the first page."""
    shutil.rmtree(folder, ignore_errors=True)
    pages = folder / "pages"
    (folder / "extra").mkdir(parents=True)
    found = tracked()
    for page in found:
        stage(page, pages)
    for name, title in FOLDERS.items():
        listed = [page for page in found if page.parent == Path(name)]
        links = "\n".join(page.stem for page in listed)
        (pages / name / "index.md").write_text(f"# {title}\n\n```{{toctree}}\n:maxdepth: 1\n\n{links}\n```\n")
    (pages / "report-of-the-example.md").write_text(REPORT)
    own = [str(page.with_suffix("")) for page in found if str(page.parent) not in FOLDERS and page.name != "README.md"]
    own.sort(key=lambda name: "/" not in name)
    contents = ["report-of-the-example", *(f"{name}/index" for name in FOLDERS), *own]
    charts = [str(page.with_suffix("")) for page in found if page.name == "README.md" and page.parent != Path(".")]
    with (pages / "README.md").open("a", encoding="utf-8") as first:
        first.write(CONTENTS % "\n".join([*contents, *charts]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
