"""Mermaid's own parser reads our flowcharts as we mean them.

It needs Node and two npm packages:
``npm install --prefix DIRECTORY mermaid jsdom``, then ``TRELLIS_MERMAID=DIRECTORY``.
"""

import json
import os
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from graphmeta import render

PACKAGES = Path(os.environ.get("TRELLIS_MERMAID", "nowhere"))

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed"),
    pytest.mark.skipif(
        not (PACKAGES / "node_modules" / "mermaid").is_dir(),
        reason="TRELLIS_MERMAID names no directory with the npm packages mermaid and jsdom",
    ),
]

SAMPLES = runpy.run_path(str(Path(__file__).with_name("test_render.py")))

SCRIPT = """
import { JSDOM } from "jsdom";
const dom = new JSDOM("<!DOCTYPE html><body></body>");
globalThis.window = dom.window;
globalThis.document = dom.window.document;
const mermaid = (await import("mermaid")).default;
mermaid.initialize({});
let text = "";
for await (const chunk of process.stdin) text += chunk;
const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
console.log(JSON.stringify({
    nodes: [...db.getVertices().values()].map((node) => [node.id, node.text]),
    links: db.getEdges().map((link) => [link.start, link.end, link.text]),
    groups: db.getSubGraphs().map((group) => [group.id, group.title, group.nodes]),
}));
"""


def parsed(drawn):
    command = ["node", "--input-type=module", "-e", SCRIPT]
    done = subprocess.run(command, input=drawn, cwd=PACKAGES, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def plain(label):
    """Undo the marks that Mermaid puts in the place of entities until it draws."""
    return re.sub("ﬂ°°([0-9]+)¶ß", lambda match: chr(int(match[1])), label)


def test_a_system_is_read_with_its_groups_nodes_and_links():
    found = parsed(render(SAMPLES["system"](), "mermaid", collapse=1, owners=True))
    assert found == {
        "nodes": [["n0", "FFT"], ["n1", "GAIN"], ["n2", "SINK"], ["n3", "SRC"]],
        "links": [["n1", "n2", "anna"], ["n3", "n0", "anna"], ["n3", "n1", "anna"]],
        "groups": [["g1", "PROC", ["n0", "n1"]], ["g0", "SYS", ["g1", "n2", "n3"]]],
    }


def test_nasty_names_are_read_as_they_are_shown():
    found = parsed(render(SAMPLES["nasty_graph"](), "mermaid", owners=True))
    names = {name.strip() for name in SAMPLES["names_of_nasty"]}  # Mermaid strips labels.
    labels = [text for _, text in found["nodes"]] + [text for _, _, text in found["links"]]
    assert {plain(label).strip() for label in labels} == names
    titles = {plain(title).strip() for _, title, _ in found["groups"]}
    assert titles == {SAMPLES["shown"](name.replace("/", "|")).strip() for name in SAMPLES["NASTY"]}


@pytest.mark.parametrize("levels", [0, 2, 3])
def test_every_level_is_read(levels):
    drawn = render(SAMPLES["system"](), "mermaid", collapse=levels)
    assert len(parsed(drawn)["links"]) == drawn.count("-->")
