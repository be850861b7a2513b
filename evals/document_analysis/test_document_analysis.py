"""The suite document_analysis: each case of its dataset, replayed, held against its baseline."""

import pytest

from gonogo.cases import Case
from gonogo.harness import Gonogo


@pytest.mark.gonogo(suite="document_analysis")
@pytest.mark.budget(cost_usd=0.05, latency_seconds=60, ttft_seconds=5)
def test_document_analysis(gonogo: Gonogo, case: Case) -> None:
    gonogo.run(case)
