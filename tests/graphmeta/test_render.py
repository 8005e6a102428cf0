"""Drawings: what they show at each level, whose edges they name, and names that mean harm."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmeta import (
    CollectionMetadata,
    Edge,
    Endpoint,
    GraphMetadata,
    GraphSnapshot,
    InputStreamMetadata,
    OutputStreamMetadata,
    SnapshotSession,
    TopicMetadata,
    UnitMetadata,
    render,
)

EPOCH, ANNA, BERT = UUID(int=1), UUID(int=0xAAAA << 112), UUID(int=0xBBBB << 112)
FORMATS = ("text", "mermaid", "dot")


def graph(*edges, metadata=None, **sessions):
    ids = {"anna": ANNA, "bert": BERT}
    people = {ids[name]: SnapshotSession(name, "local", 0.0, tuple(sorted(held))) for name, held in sessions.items()}
    if metadata is not None:
        people[ANNA] = SnapshotSession("anna", "local", 0.0, tuple(sorted(edges)), metadata=metadata)
        edges = ()
    return GraphSnapshot(EPOCH, 1, tuple(sorted(edges)), people)


def lines(snapshot, *arguments, **options):
    return render(snapshot, *arguments, **options).splitlines()


def unit(address, inputs=(), outputs=()):
    name = address.rpartition("/")[2]
    return UnitMetadata(
        address,
        name,
        f"demo:{name.title()}",
        input_streams={each: InputStreamMetadata(each, f"{address}/{each}", "float") for each in inputs},
        output_streams={each: OutputStreamMetadata(each, f"{address}/{each}", "bytes") for each in outputs},
    )


def system():
    """A source, a collection of two units behind pass-through topics, and a sink."""
    units = (
        unit("SYS/SRC", outputs=["OUT"]),
        unit("SYS/PROC/GAIN", ["IN"], ["OUT"]),
        unit("SYS/PROC/FFT", ["IN"]),
        unit("SYS/SINK", ["IN"]),
    )
    topics = {name: TopicMetadata(name, f"SYS/PROC/{name}", "float") for name in ("IN", "OUT")}
    collections = (
        CollectionMetadata("SYS", "SYS", "demo:System", children=("SYS/SRC", "SYS/PROC", "SYS/SINK")),
        CollectionMetadata("SYS/PROC", "PROC", "demo:Proc", children=("SYS/PROC/GAIN", "SYS/PROC/FFT"), topics=topics),
    )
    metadata = GraphMetadata(
        "SYS", {each.address: each for each in units}, {each.address: each for each in collections}
    )
    return graph(
        Edge("SYS/SRC/OUT", "SYS/PROC/IN"),
        Edge("SYS/PROC/IN", "SYS/PROC/GAIN/IN"),
        Edge("SYS/PROC/IN", "SYS/PROC/FFT/IN"),
        Edge("SYS/PROC/GAIN/OUT", "SYS/PROC/OUT"),
        Edge("SYS/PROC/OUT", "SYS/SINK/IN"),
        metadata=metadata,
    )


# -- what is shown -------------------------------------------------------------------------------------------


def test_the_tree_shows_components_ports_and_where_their_messages_go():
    assert render(system()) == (
        "SYS  collection demo:System\n"
        "├─ PROC  collection demo:Proc\n"
        "│  ├─ FFT  unit demo:Fft\n"
        "│  │  └─ IN  float\n"
        "│  ├─ GAIN  unit demo:Gain\n"
        "│  │  ├─ IN  float\n"
        "│  │  └─ OUT  bytes\n"
        "│  │     └→ SYS/PROC/OUT\n"
        "│  ├─ IN  float\n"
        "│  │  ├→ SYS/PROC/FFT/IN\n"
        "│  │  └→ SYS/PROC/GAIN/IN\n"
        "│  └─ OUT  float\n"
        "│     └→ SYS/SINK/IN\n"
        "├─ SINK  unit demo:Sink\n"
        "│  └─ IN  float\n"
        "└─ SRC  unit demo:Src\n"
        "   └─ OUT  bytes\n"
        "      └→ SYS/PROC/IN\n"
    )


def test_without_metadata_topics_are_grouped_by_their_paths():
    assert lines(graph(Edge("A/B/OUT", "A/C"), Edge("A/C", "D"))) == [
        "A",
        "├─ B",
        "│  └─ OUT",
        "│     └→ A/C",
        "└─ C",
        "   └→ D",
        "D",
    ]


def test_a_path_can_be_a_topic_and_hold_others():
    assert lines(graph(Edge("A", "A/B"))) == ["A", "├→ A/B", "└─ B"]
    assert 'n0["A"]' in render(graph(Edge("A", "A/B")), "mermaid")


def test_an_empty_graph_says_so():
    assert render(GraphSnapshot(EPOCH, 0)) == "(an empty graph)\n"
    assert render(GraphSnapshot(EPOCH, 0), "mermaid") == "flowchart LR\n"
    assert render(GraphSnapshot(EPOCH, 0), "dot") == "digraph trellis {\n  rankdir=LR; node [shape=box];\n}\n"


def test_mermaid_nests_subgraphs():
    assert render(graph(Edge("A/OUT", "B/C/IN")), "mermaid") == (
        "flowchart LR\n"
        '  subgraph g0["A"]\n'
        '    n0["OUT"]\n'
        "  end\n"
        '  subgraph g1["B"]\n'
        '    subgraph g2["C"]\n'
        '      n1["IN"]\n'
        "    end\n"
        "  end\n"
        "  n0 --> n1\n"
    )


def test_dot_nests_clusters():
    assert render(graph(Edge("A/OUT", "B/C/IN")), "dot") == (
        "digraph trellis {\n"
        "  rankdir=LR; node [shape=box];\n"
        '  subgraph cluster0 { label="A";\n'
        '    n0 [label="OUT"];\n'
        "  }\n"
        '  subgraph cluster1 { label="B";\n'
        '    subgraph cluster2 { label="C";\n'
        '      n1 [label="IN"];\n'
        "    }\n"
        "  }\n"
        "  n0 -> n1;\n"
        "}\n"
    )


def test_an_unknown_format_is_refused():
    with pytest.raises(ValueError, match="no format 'svg'; there are text, mermaid, dot"):
        render(graph(), "svg")


# -- collapsing ----------------------------------------------------------------------------------------------


def test_one_level_draws_components_and_joins_the_topics_that_pass_on():
    assert lines(system(), collapse=1) == [
        "SYS  collection demo:System",
        "├─ PROC  collection demo:Proc",
        "│  ├─ FFT  unit demo:Fft",
        "│  └─ GAIN  unit demo:Gain",
        "│     └→ SYS/SINK",
        "├─ SINK  unit demo:Sink",
        "└─ SRC  unit demo:Src",
        "   ├→ SYS/PROC/FFT",
        "   └→ SYS/PROC/GAIN",
    ]


def test_two_levels_close_the_innermost_collections_and_keep_the_units_beside_them():
    assert lines(system(), collapse=2) == [
        "SYS  collection demo:System",
        "├─ PROC  collection demo:Proc",
        "│  └→ SYS/SINK",
        "├─ SINK  unit demo:Sink",
        "└─ SRC  unit demo:Src",
        "   └→ SYS/PROC",
    ]


@pytest.mark.parametrize("levels", [3, 99])
def test_enough_levels_leave_the_root_alone(levels):
    assert lines(system(), collapse=levels) == ["SYS  collection demo:System"]


def test_a_chain_of_topics_that_pass_on_is_one_link_with_the_owners_of_all():
    snapshot = graph(anna=[Edge("A/OUT", "X")], bert=[Edge("X", "Y"), Edge("Y", "B/IN")])
    assert lines(snapshot, collapse=1, owners=True)[:3] == ["A", "└→ B  [anna, bert]", "B"]


def test_topics_that_pass_many_on_to_many_are_joined_while_that_is_readable():
    few = [Edge(f"A{number}/OUT", "HUB") for number in range(8)] + [Edge("HUB", f"B{number}/IN") for number in range(8)]
    drawn = render(graph(*few), collapse=1)
    assert "HUB" not in drawn
    assert drawn.count("→") == 64
    many = render(graph(*few, Edge("A8/OUT", "HUB")), collapse=1)
    assert "HUB" in many
    assert many.count("→") == 17


def test_a_units_own_port_is_never_joined():
    metadata = GraphMetadata("U", {"U": unit("U", outputs=["OUT"])})
    snapshot = graph(Edge("A/OUT", "U/OUT"), Edge("U/OUT", "B/IN"), metadata=metadata)
    assert lines(snapshot, collapse=1) == ["A", "└→ U", "B", "U  unit demo:U", "└→ B"]


def test_a_circle_which_no_live_graph_has_is_drawn_all_the_same():
    circle = graph(Edge("A", "B"), Edge("B", "A"), Edge("C", "C"))
    assert render(circle).count("→") == 3
    assert "→" not in render(circle, collapse=1)


# -- owners --------------------------------------------------------------------------------------------------


def test_owners_and_sessions_are_named_when_asked_for():
    port = Endpoint(0, "A", "publisher", "float")
    anna = SnapshotSession("anna", "local", 0.0, (Edge("A", "B"),), {"s": (Edge("A", "B"),)}, (port,))
    bert = SnapshotSession("bert", "10.0.0.7:99", 0.0, (Edge("A", "B"), Edge("A", "C")))
    snapshot = GraphSnapshot(EPOCH, 1, (Edge("A", "B"),), {ANNA: anna, BERT: bert})
    assert lines(snapshot, owners=True) == [
        "A",
        "├→ B  [anna, bert, persistent]",
        "└→ C  [bert]",
        "B",
        "C",
        "",
        "Sessions",
        "  anna  local  1 edge, 0 components, 1 endpoint",
        "  bert  10.0.0.7:99  2 edges, 0 components, 0 endpoints",
    ]
    assert '  n0 -->|"anna#44; bert#44; persistent"| n1' in lines(snapshot, "mermaid", owners=True)
    assert '  n0 -> n2 [label="bert"];' in lines(snapshot, "dot", owners=True)
    assert not any("anna" in render(snapshot, each) for each in FORMATS)


@pytest.mark.parametrize("name", ["twin", "persistent", ""])
def test_names_that_could_be_confused_are_told_apart(name):
    people = {who: SnapshotSession(name, "local", 0.0, (Edge("A", "B"),)) for who in (ANNA, BERT)}
    drawn = lines(GraphSnapshot(EPOCH, 1, (Edge("A", "B"),), people), owners=True)
    shown = [f"{name} (aaaa0000)".strip(), f"{name} (bbbb0000)".strip(), "persistent"]
    assert drawn[1] == f"└→ B  [{', '.join(sorted(shown))}]"


# -- names that mean harm ------------------------------------------------------------------------------------

NASTY = [
    "end",
    "subgraph",
    "graph",
    "digraph",
    "style a:b #c; d",
    "classDef x:y#z;",
    "click n0 href",
    'a"b',
    'a\\"b',
    "a\\",
    "\\N\\G\\l",
    "a]b[c",
    "a}b{c",
    "a)b(c",
    "a|b|c",
    "-->",
    "%% comment",
    "%%{init: {}}%%",
    "// comment",
    "/* comment",
    "#quot;",
    "&quot;&amp;&#38;",
    "<b>bold</b>",
    "<script>alert(1)<",
    "`*markdown*`",
    "1. list",
    "- list",
    "a;b",
    "a:::b",
    "a@{b: c}",
    "ﬂ°lt¶ß",
    "two  spaces",
    " leading",
    "line\nfeed",
    "carriage\rreturn",
    "tab\tulator",
    "\x1b[2J\x1b]0;title\x07",
    "bell\x07 delete\x7f c1\x9b",
    "\u202egnorw",
    "\u2028separator\u2029",
    "zero\u200bwidth\ufeff",
    "no\u00a0break",
    "änderung 测试 🙂 é",
    "\U000e0041tag",
    "$(reboot) `reboot`",
]


def nasty_graph():
    """Every nasty name as a topic, as a group and as a session."""
    edges = [Edge(name.replace("/", "|"), f"{name.replace('/', '|')}/{name.replace('/', '|')}") for name in NASTY]
    people = {
        UUID(int=n): SnapshotSession(name, name, 0.0, (edge,))
        for n, (name, edge) in enumerate(zip(NASTY, edges, strict=True))
    }
    return GraphSnapshot(EPOCH, 1, (), people)


def shown(name):
    """What a name must look like, whatever the format."""
    escapes = {each: each.encode("unicode_escape").decode() for each in name if not each.isprintable() or each == "\\"}
    return "".join(escapes.get(each, each) for each in name)


MERMAID_LABEL = r'"((?:[^\W]|[ /]|[^\x00-\x7f]|#\d+;)*)"'
MERMAID_LINES = re.compile(
    rf"flowchart LR|\s+subgraph g\d+\[{MERMAID_LABEL}\]|\s+n\d+\[{MERMAID_LABEL}\]|\s+end"
    rf"|  n\d+ -->(?:\|{MERMAID_LABEL}\|)? n\d+"
)
DOT_LABEL = r'label="((?:[^"\\]|\\.)*)"'
DOT_LINES = re.compile(
    rf"digraph trellis \{{|  rankdir=LR; node \[shape=box\];|\s*\}}"
    rf"|\s+subgraph cluster\d+ \{{ {DOT_LABEL};|\s+n\d+ \[{DOT_LABEL}\];|  n\d+ -> n\d+(?: \[{DOT_LABEL}\])?;"
)


def labels(drawn, grammar):
    """Check every line against the grammar and return all labels."""
    matches = [grammar.fullmatch(line) for line in drawn.splitlines()]
    assert None not in matches, drawn.splitlines()[matches.index(None)]
    return {group for match in matches for group in match.groups() if group is not None}


def read_mermaid(label):
    return re.sub(r"#(\d+);", lambda match: chr(int(match[1])), label)


def read_dot(label):
    return re.sub(r"\\(.)", r"\1", label).replace("&amp;", "&")


names_of_nasty = {shown(name.replace("/", "|")) for name in NASTY} | {shown(name) for name in NASTY}


def test_nasty_names_are_read_back_from_mermaid_as_they_are_shown():
    found = labels(render(nasty_graph(), "mermaid", owners=True), MERMAID_LINES)
    assert {read_mermaid(label) for label in found} == names_of_nasty


def test_nasty_names_are_read_back_from_dot_as_they_are_shown():
    found = labels(render(nasty_graph(), "dot", owners=True), DOT_LINES)
    assert {read_dot(label) for label in found} == names_of_nasty


@given(st.from_type(GraphSnapshot), st.sampled_from(FORMATS), st.integers(0, 4), st.booleans())
def test_nothing_but_printable_characters_is_ever_drawn(snapshot, drawing, levels, owners):
    drawn = render(snapshot, drawing, collapse=levels, owners=owners)
    assert drawn.endswith("\n")
    assert all(line.isprintable() for line in drawn.split("\n"))
    if drawing != "text":
        labels(drawn, MERMAID_LINES if drawing == "mermaid" else DOT_LINES)


@given(st.from_type(GraphSnapshot))
def test_every_edge_is_drawn_once_in_every_format(snapshot):
    arrows = {"mermaid": r"^  n\d+ -->", "dot": r"^  n\d+ ->"}
    for drawing, arrow in arrows.items():
        assert len(re.findall(arrow, render(snapshot, drawing), re.MULTILINE)) == len(snapshot.edge_owners)


def test_a_very_deep_path_is_drawn():
    deep = "/".join("a" * 500)
    for drawing in FORMATS:
        for levels in (0, 1, 250):
            assert render(graph(Edge(deep, "B")), drawing, collapse=levels)


# -- Graphviz ------------------------------------------------------------------------------------------------

needs_graphviz = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz's dot is not installed")


def graphviz(drawn, form):
    """Have Graphviz lay the drawing out; it must not even warn."""
    done = subprocess.run(["dot", f"-T{form}"], input=drawn, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@needs_graphviz
def test_graphviz_draws_nasty_names_as_they_are_shown():
    image = ElementTree.fromstring(graphviz(render(nasty_graph(), "dot", owners=True), "svg"))
    texts = {"".join(each.itertext()).replace("\u00a0", " ") for each in image.iter("{http://www.w3.org/2000/svg}text")}
    assert texts == {name.replace("\u00a0", " ") for name in names_of_nasty}


@needs_graphviz
@pytest.mark.parametrize("levels", [0, 1, 2, 3])
def test_graphviz_takes_every_level(levels):
    graphviz(render(system(), "dot", collapse=levels, owners=True), "svg")


@needs_graphviz
@settings(max_examples=20)
@given(st.from_type(GraphSnapshot), st.integers(0, 2))
def test_graphviz_takes_whatever_can_be_drawn(snapshot, levels):
    graphviz(render(snapshot, "dot", collapse=levels, owners=True), "dot")
