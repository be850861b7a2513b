"""Reads answers of models from baselines."""

import hashlib
from collections.abc import Iterator
from decimal import Decimal
from typing import IO

import msgspec

from gonogo.baselines import SCHEMA, BaselineCase, BaselineHeader, decode_baseline_line
from gonogo.errors import Problem
from gonogo.json_lines import read_records
from gonogo.model_comparison.answers import CaseKey, LeftOut, ModelAnswers, Source
from gonogo.model_comparison.judged_answers import known_cost, known_latency, named
from gonogo.model_comparison.judges import Judges


def answers_in_baseline(
    stream: IO[bytes], name: str, judges: Judges
) -> Iterator[ModelAnswers | LeftOut | Problem]:
    """Yield what each case of a baseline came to, or the problem that stands in its place.

    Args:
        stream: Begins with the header.
        name: What the file is called in problems.
        judges: Those of the baselines before; grows.

    Raises:
        StaleBaselineError: If other checkers judged it than another file of its suite.
    """
    header: BaselineHeader | None = None
    for number, record in enumerate(read_records(stream, name, decode_baseline_line)):
        if isinstance(record, Problem):
            yield record
        elif isinstance(record, BaselineHeader):
            if number or record.schema != SCHEMA:
                yield Problem(name, f"is no baseline of schema {SCHEMA} with one header")
                return
            judges.demand_same(record.suite, record.checkers, name)
            header = record
        elif header is None:
            return  # its header is a problem that has been said
        else:
            yield _of_case(header, record)


def _of_case(header: BaselineHeader, case: BaselineCase) -> ModelAnswers | LeftOut:
    if not header.model:
        return LeftOut(frozenset())
    return ModelAnswers(
        model=named(header.model),
        case=CaseKey(case.domain, Source.SUITE, f"{header.suite}/{case.case}"),
        trials=max(1, len(case.words), *map(len, case.scores.values())),
        scores=case.scores,
        group=None if case.group is None else f"{header.suite}/{case.group}",
        digest=case.digest,
        passed=case.passed,
        severe=case.severe,
        costs_usd=tuple(
            cost
            for value in case.cost_usd
            if value is not None
            for cost in known_cost(Decimal(repr(value)))
        ),
        latencies_seconds=tuple(
            seconds for value in case.latency_seconds for seconds in known_latency(value)
        ),
        identity=hashlib.sha256(msgspec.json.encode(case)).hexdigest(),
    )
