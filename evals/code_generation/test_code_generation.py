"""The suite code_generation: every case of its dataset, replayed and held against its baseline."""

import pytest

from gonogo.cases import Case
from gonogo.harness import Gonogo


@pytest.mark.gonogo(suite="code_generation")
@pytest.mark.budget(cost_usd=0.05, latency_seconds=60, ttft_seconds=5)
def test_code_generation(gonogo: Gonogo, case: Case) -> None:
    gonogo.run(case)
