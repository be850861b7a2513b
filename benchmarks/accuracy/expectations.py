"""Measures `expectations`: its schema part on the official JSON Schema test suite.

Every instance of the suite is written as the response, every schema as the case's `json_schema`.
Documents that schemas refer to by an address of their own (`refRemote`, and references to
`localhost:1234` or to another draft's meta-schema) are not fetched by design; they are counted
apart, as refused. Draft 7 schemas carry no `$schema` in the suite, so it is put in, as a case
would have it. The optional `format` tests run with `check_formats`.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from measurement import Row, share

from gonogo_checkers.expectations import ExpectationsMet
from gonogo_checkers.output import Expectations, Output
from gonogo_checkers.verdict import Judged

_DRAFTS = {
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
}


def measure(data: Path) -> list[Row]:
    """Return conformance per draft: share of instances judged as the suite says."""
    rows = []
    for draft in _DRAFTS:
        folder = data / "json_schema_test_suite" / "tests" / draft
        rows += _measure_files(
            f"{draft} required", draft, sorted(folder.glob("*.json")), formats=False
        )
        rows += _measure_files(
            f"{draft} optional", draft, sorted((folder / "optional").glob("*.json")), formats=False
        )
        rows += _measure_files(
            f"{draft} optional formats",
            draft,
            sorted((folder / "optional" / "format").glob("*.json")),
            formats=True,
        )
    return rows


def _measure_files(what: str, draft: str, files: list[Path], *, formats: bool) -> list[Row]:
    checker = ExpectationsMet(check_formats=formats)
    agreeing = judged = refused = 0
    for schema, instance, valid in _tests(files, draft):
        output = Output(response=json.dumps(instance), expect=Expectations(json_schema=schema))
        try:
            verdict = checker.check(output)
        except ValueError:
            refused += 1
            continue
        judged += 1
        agreeing += isinstance(verdict, Judged) and (verdict.score == 1.0) == valid
    bar = 0.99 if what.endswith("required") else None
    return [
        share(f"{what}: agreement", agreeing, judged, bar=bar),
        Row(what=f"{what}: refused (another document, or no schema)", value=refused, unit="count"),
    ]


def _tests(
    files: list[Path], draft: str
) -> Iterator[tuple[dict[str, object] | bool, object, bool]]:
    for file in files:
        for group in json.loads(file.read_text(encoding="utf-8")):
            schema = group["schema"]
            if isinstance(schema, dict) and "$schema" not in schema:
                schema = {"$schema": _DRAFTS[draft], **schema}
            for test in group["tests"]:
                yield schema, test["data"], test["valid"]
