"""Laws of the house that a reader of its source can hold: nothing waits by a parameter, nothing queues without bound.

And no bare async generator suspends inside a scope: closed by the garbage collector, in whichever task that is, it
would leave the scope there.
"""

import ast
from collections.abc import Iterator

import pytest
from test_import_rules import modules

Function = ast.FunctionDef | ast.AsyncFunctionDef
HOOKS = {"before_io_wait", "after_io_wait"}
"""Of trio's instruments, which name their parameters themselves."""
QUEUES = {"Queue", "LifoQueue", "PriorityQueue"}


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def patient(tree: ast.AST) -> Iterator[str]:
    """The functions that take a timeout: whoever wants one has a cancel scope."""
    for function in functions(tree):
        arguments = function.args
        names = {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
        if "timeout" in names and function.name not in HOOKS:
            yield function.name


def unbounded(tree: ast.AST) -> Iterator[str]:
    """The queues that are made without a bound, or with an infinite one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2].partition("[")[0]
            bounds = [ast.unparse(each) for each in (*node.args, *(keyword.value for keyword in node.keywords))]
            if name == "open_memory_channel" and any("inf" in bound for bound in bounds):
                yield ast.unparse(node)
            if name in QUEUES and not bounds:
                yield ast.unparse(node)


def straying(tree: ast.AST) -> Iterator[str]:
    """The async generators that yield inside a ``with``, and are no context managers."""
    for function in functions(tree):
        managed = any("contextmanager" in ast.unparse(decorator) for decorator in function.decorator_list)
        if isinstance(function, ast.AsyncFunctionDef) and not managed and yields_inside(function, within=False):
            yield function.name


def yields_inside(node: ast.AST, *, within: bool) -> bool:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.Lambda):
            continue
        if isinstance(child, ast.Yield) and within:
            return True
        if yields_inside(child, within=within or isinstance(child, ast.With | ast.AsyncWith)):
            return True
    return False


LAWS = {
    "no parameter is a timeout": patient,
    "no queue is without a bound": unbounded,
    "no bare async generator yields inside a scope": straying,
}


@pytest.mark.parametrize("law", LAWS)
def test_the_house_keeps_the_law(law: str) -> None:
    assert [(name, found) for name, tree in modules() for found in LAWS[law](tree)] == []


BREACHES = {
    "no parameter is a timeout": ["async def ask(question, *, timeout=5): ...", "def wait(timeout): ..."],
    "no queue is without a bound": [
        "trio.open_memory_channel(math.inf)",
        "open_memory_channel[int](float('inf'))",
        "queue.Queue()",
    ],
    "no bare async generator yields inside a scope": [
        "async def ticks():\n with trio.CancelScope():\n  yield 1",
        "async def ticks():\n async with trio.open_nursery() as nursery:\n  for n in range(3):\n   yield n",
    ],
}


@pytest.mark.parametrize(("law", "source"), [(law, source) for law, sources in BREACHES.items() for source in sources])
def test_a_breach_of_the_law_would_be_seen(law: str, source: str) -> None:
    assert list(LAWS[law](ast.parse(source)))


def test_a_context_manager_may_yield_inside_a_scope() -> None:
    source = "@asynccontextmanager\nasync def open_it():\n async with trio.open_nursery() as nursery:\n  yield nursery"
    assert not list(straying(ast.parse(source)))
