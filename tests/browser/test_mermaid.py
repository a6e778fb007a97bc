"""
Mermaid itself draws every picture that is written for it, and shows names of strangers as text.

`make site` fetches mermaid. Without it a test is skipped with a message, and fails in CI.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from bulkhead.core.diff.grades import Grade
from bulkhead.report.diff.diff_markdown import diff_markdown
from bulkhead.report.diff.diff_rows import DiffRow, DiffSummary
from bulkhead.report.picture.mermaid import mermaid
from bulkhead.report.picture.picture import Arrow, ArrowKind, Box, Column, Picture
from conftest import ROOT, bulkhead
from playwright.sync_api import Browser, Route

DIST = ROOT / ".tools/site/mermaid/dist"
PAGE = """\
<!doctype html><title>pictures</title>
<script type="module">
  import mermaid from "./mermaid.esm.min.mjs"
  mermaid.initialize({startOnLoad: false, securityLevel: "strict"})
  let number = 0
  window.draw = async text => {
    const {svg} = await mermaid.render(`picture${number++}`, text)
    const parsed = document.createElement("div")
    parsed.innerHTML = svg
    document.body.append(parsed)
    const texts = [...parsed.querySelectorAll(".nodeLabel, .edgeLabel, .cluster-label")].map(each => each.textContent)
    const strange = [...parsed.querySelectorAll("script, img, a, iframe, input, object, link, b, i, em, strong")]
      .map(each => each.outerHTML)
    const nodes = parsed.querySelectorAll(".node").length
    const edges = parsed.querySelectorAll(".flowchart-link").length
    parsed.remove()
    return {texts, strange, nodes, edges}
  }
  window.ready = true
</script>
"""

Drawn = dict[str, Any]
Drawing = Callable[[str], Drawn]


@pytest.fixture(scope="module")
def draw(browser: Browser) -> Iterator[Drawing]:
    """Draws a text with mermaid, and fails where it tells of an error or asks for anything else."""
    if not DIST.is_dir():
        pytest.skip("mermaid is not here: run `make site`")
    context = browser.new_context()
    page = context.new_page()
    problems: list[str] = []

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix("http://pictures.test/")
        file = DIST / name
        if not route.request.url.startswith("http://pictures.test/"):
            problems.append(route.request.url)
            route.abort()
        elif name == "":
            route.fulfill(body=PAGE, content_type="text/html")
        elif file.is_file():
            route.fulfill(body=file.read_bytes(), content_type="text/javascript")
        else:
            route.fulfill(status=404)

    page.route("**/*", answer)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: problems.append(dialog.message))
    page.goto("http://pictures.test/")
    page.wait_for_function("window.ready")

    def drawn(text: str) -> Drawn:
        found: Drawn = page.evaluate("text => window.draw(text)", text)
        assert (found["strange"], problems) == ([], [])
        return found

    yield drawn
    context.close()


def pictures(markdown: str) -> list[str]:
    """Return the blocks of Mermaid in *markdown*, as a forge finds them."""
    return re.findall(r"(?ms)^```mermaid\n(.*?)^```$", markdown)


def shown(text: str) -> str:
    """Return *text* as it can be compared: without invisible characters and differences of space."""
    return re.sub(r"[\s\u200b]+", "", text)


def test_text_that_is_no_picture_is_refused(draw: Drawing) -> None:
    """So the tests below can fail."""
    with pytest.raises(Exception, match="Parse error"):
        draw('flowchart LR\n  n0["a"] ==> [')


@pytest.mark.parametrize(
    "namespace", ["", *sorted(path.name for path in (ROOT / "overlays").iterdir() if path.is_dir())]
)
def test_reference_cluster_is_drawn(draw: Drawing, namespace: str) -> None:
    asked = ("--namespace", namespace) if namespace else ()
    done = bulkhead("draw", *asked, "--format", "mermaid", cwd=ROOT)
    assert done.status == 0, done.stderr
    boxes = re.findall(r'(?m)^ +n\d+\["', done.stdout)
    arrows = re.findall(r"(?m)^  n\d+ \S+ ?.* ?n\d+$", done.stdout)
    found = draw(done.stdout)
    assert (found["nodes"], found["edges"]) == (len(boxes), len(arrows))


EVIL = [
    "end",
    "graph TD; A-->B",
    "subgraph x",
    "%%{init: {'securityLevel': 'loose'}}%%",
    'a"] --> b["c',
    "click n0 href 'javascript:alert(1)'",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt; &#60;b&#62; #60;b#62;",
    "`**bold** _it_`",
    "$$\\frac{1}{2}$$",
    "a|b|c",
    "line\n  n0 --> n9",
    "```\n# heading",
    "\u202etxt.exe",
    "o-- x-- ==> -.->",
    "fa:fa-car fab:fa-github",
    "@{ shape: circle }",
    "https://evil.example www.evil.example",
    "style n0 fill:#fff",
    "名前空間",
    "1. list",
    "- list",
    "#quot;",
]


@pytest.mark.parametrize("evil", EVIL)
def test_names_of_strangers_are_text_in_the_picture_of_a_change(draw: Drawing, evil: str) -> None:
    row = DiffRow(
        True, (Grade.INTERNET,), evil, f"to {evil}", "port 1", ("nothing",), ("port 1",), (), condition=f"if {evil}"
    )
    closed = replace(row, opens=False, sources="b")
    (text,) = pictures(diff_markdown(DiffSummary("v", ("a", "b"), (), (row, closed))))
    found = draw(text)
    assert (found["nodes"], found["edges"]) == (3, 2)
    visible = shown(evil.replace("\n", "\ufffd").replace("\u202e", "\ufffd"))
    assert visible in map(shown, found["texts"]), found["texts"]


@pytest.mark.parametrize("evil", EVIL)
def test_names_of_strangers_are_text_in_a_drawing(draw: Drawing, evil: str) -> None:
    boxes = (Box(Column.LEFT, (evil, evil)), Box(Column.MIDDLE, (evil,), is_open=True), Box(Column.RIGHT, (evil,)))
    arrows = tuple(Arrow(0, target, kind, (evil,), 2) for target in (1, 2) for kind in ArrowKind)
    for walled in (True, False):
        found = draw(mermaid(Picture(evil, evil, boxes, arrows, walled, (evil,))))
        assert (found["nodes"], found["edges"]) == (3, len(arrows))
