"""Each of these faults must turn the suite red: what no test would miss is not guarded.

Planting them all takes half an hour, so it is done on demand (``TRELLIS_CAMPAIGN=full``); every run checks that the
lines they change are still there.
"""

import os
from pathlib import Path

import dag_faults
import floor_faults
import flow_faults
import graph_faults
import pytest
import transport_faults
from planting import files_of, is_noticed

TABLES = {
    "dag": dag_faults.FAULTS,
    "transport": transport_faults.FAULTS,
    "floor": floor_faults.FAULTS,
    "flow": flow_faults.FAULTS,
    "graph": graph_faults.FAULTS,
}
FAULTS = [
    pytest.param(fault, id=f"{room}: {name}") for room, faults in TABLES.items() for name, fault in faults.items()
]


@pytest.mark.parametrize("fault", FAULTS)
def test_the_line_that_a_fault_changes_is_there(fault) -> None:
    assert fault.source().count(fault.old) == 1
    assert all(files_of(words) for words in fault.tests.split())


@pytest.mark.skipif(os.environ.get("TRELLIS_CAMPAIGN") != "full", reason="takes long: TRELLIS_CAMPAIGN=full")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_turns_the_suite_red(fault, tmp_path: Path) -> None:
    assert is_noticed(fault, tmp_path)
