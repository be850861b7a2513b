"""The suite content_creation: every case of its dataset, replayed and held against its baseline."""

import pytest

from gonogo.cases import Case
from gonogo.harness import Gonogo


@pytest.mark.gonogo(suite="content_creation")
@pytest.mark.budget(cost_usd=0.05, latency_seconds=60, ttft_seconds=5)
def test_content_creation(gonogo: Gonogo, case: Case) -> None:
    gonogo.run(case)
