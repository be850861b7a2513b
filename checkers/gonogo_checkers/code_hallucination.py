"""Finds made-up packages, modules, attributes and arguments in the code of a response.

A model that does not know a library makes one up, and the name looks right: `import pandas_plus`,
`json.parse(text)`, `subprocess.run(cmd, capture=True)`. Whether such a name exists is a matter of
fact. Packages are looked up in an index of all names that were registered at PyPI on a given day;
members of the standard library in typeshed's stubs. Nothing is imported, run or fetched.

| rule | what it flags | for example |
|---|---|---|
| HAL001 | import of a module that no registered package brings | `import pandas_plus_pro` |
| HAL002 | installation of a package that is not registered | `pip install pandas-plus-pro` |
| HAL003 | little used package, a letter or two from a much used one | `pip install pandes` |
| HAL004 | module that Node.js does not have | `import fs from "node:filesystem"` |
| HAL010 | attribute or method that does not exist | `json.parse(text)`, `[].push(1)` |
| HAL011 | imported name that does not exist | `from os import makedir` |
| HAL012 | module that the standard library does not have | `import urllib.requests` |
| HAL013 | module or member that Python has no more | `time.clock()`, `import urllib2` |
| HAL020 | keyword argument that no version of a function takes | `json.dumps(x, pretty=True)` |
| HAL021 | too many positional arguments | `os.getcwd(".")` |

**Packages.** That a name is missing from the index is certain, but an application's own modules
are missing as well. So a module is left alone where the response or the given texts name it as a
file, import it or use it, and where its name is one that applications give their own (`utils`,
`my_project`). A missing name is *high* in severity and in confidence where the response also says
to install it, or where it is one letter from a popular package; *high* and *medium* where the
code alone has it; *medium* and *low* where the prompt speaks of it, where the import may fail
(`except ImportError`), where it is of several parts, or where `python-<name>` and the like exist;
*low* where it is made like an application's own (`bank_service`). Names get registered by others
once models have made them up, so that absence fades: HAL003 is the second signal that stays.

**Members.** A name stands for something of the standard library only where all that the snippet
ever binds to it says the same. Values are followed where their class is sure: literals, calls of a
class, functions that give one concrete class. What is set, mocked or asked for with `hasattr` in
the same snippet, guarded by `except ImportError` or `AttributeError`, or chosen by
`sys.version_info` is left alone. A name counts as there if any platform and any version of Python
from 3.10 to 3.15 has it, or if its module has it beyond its stub (`undocumented_members.tsv`).
Members that are gone are HAL013: *low* where a supported Python still has them, *medium* where none
has. Each fault is reported once, at its first place.

**What it needs.** The index (source: the list of names of the PyPI registry; its day is in every
message) and the tables in `data/`, all shipped; `checkers/build_package_index.py` renews the index
from a file of names. Stubs are parsed when first used: some 15 to 110 ms for a snippet, below a
millisecond afterwards; at most 96 modules are kept.

**Not looked at.** Members of packages from PyPI: their sources are not at hand, and importing them
runs code. Packages of npm and other registries. Private names. Names in blocks without a language.
Modules of the standard library that only a local file could mean (`test`, `parser`). At most
150,000 characters of code in a response, 100 findings.

References: Spracklen et al., *We Have a Package for You!* (USENIX Security 2025), on packages that
models make up; https://github.com/python/typeshed; PEP 503, normal form of package names.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from gonogo_checkers.output import Output
from gonogo_checkers.reading.code_blocks import CodeBlock, find_code_blocks, line_of
from gonogo_checkers.references.install_commands import (
    Requirement,
    find_requirements,
    is_placeholder,
)
from gonogo_checkers.references.local_modules import named_files
from gonogo_checkers.references.module_tables import find_removal
from gonogo_checkers.references.node_modules import NodeImport, find_node_imports
from gonogo_checkers.references.package_faults import (
    NameContext,
    NameFault,
    judge_module,
    judge_requirement,
    read_context,
)
from gonogo_checkers.references.python_code import (
    Import,
    PythonCode,
    first_blocks,
    read_block,
    span_of,
)
from gonogo_checkers.references.standard_library_faults import Fault, review
from gonogo_checkers.references.stub_modules import is_standard_package
from gonogo_checkers.verdict import (
    Confidence,
    Finding,
    Judged,
    NotApplicable,
    Severity,
    score_findings,
)

_MOST_FINDINGS: Final = 100
_MOST_IMPORTS: Final = 1_000
_PYTHON: Final = frozenset({"python"})
_JAVASCRIPT: Final = frozenset({"javascript", "typescript", "tsx"})


@dataclass(frozen=True, slots=True)
class CodeHallucination:
    """Flags names in code that do not exist; see the module for its rules.

    Attributes:
        own_modules: Modules and packages of the application that no registry knows.
        judge_packages: False leaves names of packages alone and judges members only.
    """

    id: ClassVar[str] = "code_hallucination"
    version: ClassVar[int] = 1

    own_modules: tuple[str, ...] = ()
    judge_packages: bool = True

    def check(self, output: Output) -> Judged | NotApplicable:
        """Look every imported, installed and used name up.

        Returns:
            The score of the findings, 1.0 where every name that was looked up exists; not
            applicable where there was none to look up.
        """
        blocks = find_code_blocks(output)
        codes = [read_block(block) for block in first_blocks(blocks, _PYTHON)]
        own = frozenset(self.own_modules) | named_files(output.response)
        findings: list[Finding] = []
        looked_at = 0
        for found, count in (
            self._review_packages(output, blocks, codes, own),
            _review_members(output, codes, own),
            _review_node(output, blocks),
        ):
            findings += found
            looked_at += count
        if not looked_at:
            return NotApplicable(_reason(blocks, codes))
        ordered = tuple(sorted(set(findings), key=_order)[:_MOST_FINDINGS])
        return Judged(score_findings(ordered), ordered)

    def _review_packages(
        self,
        output: Output,
        blocks: tuple[CodeBlock, ...],
        codes: list[PythonCode],
        own: frozenset[str],
    ) -> tuple[list[Finding], int]:
        if not self.judge_packages:
            return [], 0
        requirements = [
            requirement
            for requirement in find_requirements(output.response, blocks)
            if not is_placeholder(requirement.name)
        ]
        local = own.union(*(code.defined for code in codes))
        context = read_context(output, local, [requirement.name for requirement in requirements])
        imports = [found for code in codes for found in code.imports][:_MOST_IMPORTS]
        findings = list(_module_findings(output, imports, context))
        findings += _requirement_findings(output, requirements, context)
        return findings, len(imports) + len(requirements)


def _reason(blocks: Iterable[CodeBlock], codes: list[PythonCode]) -> str:
    if sum(block.language in _PYTHON for block in blocks) > len(codes):
        return "the code is too long to look at"
    return "no import, installation or use of the standard library in code"


def _module_findings(
    output: Output, imports: Iterable[Import], context: NameContext
) -> Iterator[Finding]:
    """Yield one finding for each module, at its first import."""
    seen: set[str] = set()
    for found in imports:
        first = found.use.first
        if first in seen or is_standard_package(first) or find_removal(first):
            continue
        seen.add(first)
        fault = judge_module(found.use, context)
        if fault is not None:
            yield _name_finding(output, fault, found.start, found.end)


def _requirement_findings(
    output: Output, requirements: Iterable[Requirement], context: NameContext
) -> Iterator[Finding]:
    seen: set[str] = set()
    for requirement in requirements:
        if requirement.name not in seen:
            seen.add(requirement.name)
            fault = judge_requirement(requirement.name, context)
            if fault is not None:
                yield _name_finding(output, fault, requirement.start, requirement.end)


def _name_finding(output: Output, fault: NameFault, start: int, end: int) -> Finding:
    return Finding(
        rule=fault.rule,
        severity=fault.severity,
        confidence=fault.confidence,
        message=fault.message,
        start=start,
        end=end,
        line=line_of(output.response, start),
        evidence=output.response[start : min(end, start + 80)],
    )


def _review_members(
    output: Output, codes: Iterable[PythonCode], own: frozenset[str]
) -> tuple[list[Finding], int]:
    """Return one finding for each thing that is wrong, at its first place."""
    findings: list[Finding] = []
    said: set[str] = set()
    looked_at = 0
    for code in codes:
        if code.snippet is None or code.names is None:
            continue
        reviewed = review(code.names, own)
        looked_at += reviewed.looked_at
        for fault in reviewed.faults:
            if fault.message not in said and len(said) < _MOST_FINDINGS:
                said.add(fault.message)
                findings.append(_member_finding(output, fault, *span_of(code.snippet, fault.place)))
    return findings, looked_at


def _member_finding(output: Output, fault: Fault, start: int, end: int) -> Finding:
    return Finding(
        rule=fault.rule,
        severity=fault.severity,
        confidence=fault.confidence,
        message=fault.message,
        start=start,
        end=end,
        line=line_of(output.response, start),
        evidence=fault.evidence,
    )


def _review_node(output: Output, blocks: Iterable[CodeBlock]) -> tuple[list[Finding], int]:
    findings: list[Finding] = []
    looked_at = 0
    for block in first_blocks(blocks, _JAVASCRIPT):
        for found in find_node_imports(block.text):
            looked_at += 1
            if not found.exists and len(findings) < _MOST_FINDINGS:
                findings.append(_node_finding(output, block, found))
    return findings, looked_at


def _node_finding(output: Output, block: CodeBlock, found: NodeImport) -> Finding:
    row = block.text.count("\n", 0, found.start)
    start = block.offset(row, found.start - (block.text.rfind("\n", 0, found.start) + 1))
    return Finding(
        rule="HAL004",
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        message=f"Node.js has no module `{found.name[:80]}`.",
        start=start,
        end=min(start + len(found.name), len(output.response)),
        line=line_of(output.response, start),
        evidence=found.name[:80],
    )


def _order(finding: Finding) -> tuple[int, str, int, str]:
    return finding.start or 0, finding.rule, finding.end or 0, finding.message
