"""Measures what `code_hallucination` makes of real and invented names.

Names of packages come from a public set of prompts with misspelt and invented libraries; members
and keyword arguments of the standard library from the Python that runs this (`__all__` and
`inspect`) and from edits of them; false alarms from code of models that compiles. Every finding on
that code is printed, to be looked at.
"""

import importlib
import inspect
import json
import random
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Final

from measurement import Row, share

from gonogo_checkers.code_hallucination import CodeHallucination
from gonogo_checkers.output import Output
from gonogo_checkers.references.package_index import is_registered
from gonogo_checkers.references.standard_library import Found, Module, find_member
from gonogo_checkers.verdict import Finding, Judged, NotApplicable, Severity

_REAL_MEMBERS: Final = 727
_INVENTED_MEMBERS: Final = 722
_SEED: Final = 20_261_124
_MODULES: Final = """
    os os.path sys json re datetime time math random string collections itertools functools
    subprocess pathlib shutil tempfile logging threading multiprocessing socket ssl hashlib hmac
    secrets base64 struct csv sqlite3 pickle copy io glob fnmatch argparse configparser
    urllib.parse urllib.request http.client http.server email.mime.text xml.etree.ElementTree html
    unittest unittest.mock typing types enum dataclasses contextlib asyncio concurrent.futures
    queue heapq bisect decimal fractions statistics operator inspect ast traceback warnings weakref
    gc platform signal select getpass uuid zipfile tarfile gzip bz2 lzma zlib textwrap difflib
    calendar locale gettext codecs unicodedata smtplib imaplib ftplib ipaddress mimetypes shlex
    pprint reprlib array numbers cmath turtle ctypes timeit pdb dis tokenize keyword importlib
    importlib.util pkgutil builtins abc atexit errno stat fileinput filecmp linecache mmap tomllib
    zoneinfo graphlib
    """.split()  # noqa: SIM905 - a list of single words reads better as text


def measure(data: Path) -> list[Row]:
    """Return the figures.

    Args:
        data: Folder of the public sets.
    """
    return [
        *_packages(data),
        *_members(),
        *_keywords(),
        *_third_party_members(data),
        *_real_code(data),
        *_renamed_in_real_code(data),
        *_speed(),
    ]


def _findings(code: str, *, language: str = "python", prompt: str = "") -> tuple[Finding, ...]:
    output = Output(response=f"```{language}\n{code}\n```\n", prompt=prompt)
    verdict = CodeHallucination().check(output)
    return verdict.findings if isinstance(verdict, Judged) else ()


def _lines(path: Path) -> Iterator[dict[str, object]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _peered(row: Row, peer: str, value: float) -> Row:
    return Row(
        what=row.what,
        value=row.value,
        low=row.low,
        high=row.high,
        n=row.n,
        bar=row.bar,
        at_most=row.at_most,
        peer=peer,
        peer_value=value,
    )


def _packages(data: Path) -> Iterator[Row]:
    kinds: dict[str, set[str]] = {}
    for row in _lines(data / "lib_hallu_bench" / "library_names.jsonl"):
        named = re.search(r"using the (\S+) library", str(row["prompt"]))
        if row["category"] == "specify" and named and named[1].isidentifier():
            kinds.setdefault(str(row["type"]), set()).add(named[1])
    for kind, names in sorted(kinds.items()):
        flagged = strongly = absent = 0
        for name in names:
            found = _findings(f"import {name}\n\nprint({name}.run())")
            flagged += bool(found)
            strongly += any(one.severity is Severity.HIGH for one in found)
            absent += not is_registered(name)
        row = share(f"lib_hallu_bench {kind}: flagged", flagged, len(names), bar=0.95)
        yield _peered(row, "absent from the index", absent / len(names))
        yield share(f"lib_hallu_bench {kind}: flagged as high", strongly, len(names))
    yield from _real_modules(data)


def _real_modules(data: Path) -> Iterator[Row]:
    """Measure on modules that are real: installed ones, libraries of the sets, GPT's imports."""
    modules = set(packages_distributions())
    modules |= {str(row["library"]) for row in _lines(data / "lhb_api_members" / "samples.jsonl")}
    for row in _lines(data / "sallm" / "llm_outputs.jsonl"):
        if row["compilable"] and str(row["model"]).startswith("gpt"):
            modules |= set(re.findall(r"^(?:import|from) ([A-Za-z]\w*)", str(row["code"]), re.M))
    modules = {name for name in modules if re.fullmatch(r"[A-Za-z]\w*", name)}
    modules -= sys.stdlib_module_names
    flagged = sorted(name for name in modules if _findings(f"import {name}"))
    absent = sum(not is_registered(name) for name in modules)
    print("  flagged among real modules:", flagged)
    row = share(
        "modules that are real: flagged", len(flagged), len(modules), bar=0.03, at_most=True
    )
    yield _peered(row, "absent from the index", absent / len(modules))


def _public_members() -> list[tuple[str, str]]:
    members = []
    for path in _MODULES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = importlib.import_module(path)
            named = getattr(module, "__all__", None)
            own = (
                name
                for name, value in vars(module).items()
                if getattr(value, "__module__", None) == path
            )
        names = sorted(name for name in named or own if not name.startswith("_"))
        members += [(path, name) for name in names]
    return members


def _edited(name: str, rng: random.Random) -> str:
    at = rng.randrange(len(name))
    letter = rng.choice("abcdefghijklmnopqrstuvwxyz")
    edits = (
        name[:at] + letter + name[at + 1 :],
        name[:at] + name[at + 1 :],
        name[:at] + name[at] + name[at:],
        name + rng.choice(("s", "_all", "_from", "_safe", "_async", "Ex")),
    )
    return rng.choice(edits)


def _members() -> Iterator[Row]:
    rng = random.Random(_SEED)  # noqa: S311 - a fixed sample, no secret
    members = _public_members()
    real = rng.sample(members, min(_REAL_MEMBERS, len(members)))
    invented: list[tuple[str, str]] = []
    while len(invented) < _INVENTED_MEMBERS:
        path, name = rng.choice(members)
        word = _edited(name, rng)
        module = importlib.import_module(path)
        if word.isidentifier() and not word.startswith("_") and not hasattr(module, word):
            invented.append((path, word))
    flagged = [member for member in real if "HAL010" in _rules_of_member(*member)]
    gone = [member for member in real if "HAL013" in _rules_of_member(*member)]
    print("  real members flagged:", flagged)
    print("  said to be gone from a later Python:", gone)
    yield share("stdlib members of this Python: said to be gone", len(gone), len(real))
    row = share(
        "stdlib members that are there: flagged", len(flagged), len(real), bar=2 / 727, at_most=True
    )
    yield _peered(row, "not in the module's own stub", _share_of(real, _absent_from_stub))
    missed = [member for member in invented if not _rules_of_member(*member)]
    print("  invented members missed:", missed)
    row = share(
        "stdlib members that are not: flagged", len(invented) - len(missed), len(invented), bar=1.0
    )
    yield _peered(row, "not in the module's own stub", _share_of(invented, _absent_from_stub))


def _share_of(members: list[tuple[str, str]], holds: Callable[[str, str], bool]) -> float:
    return sum(holds(*member) for member in members) / len(members)


def _rules_of_member(path: str, name: str) -> set[str]:
    found = _findings(f"import {path}\n{path}.{name}")
    return {one.rule for one in found} & {"HAL010", "HAL013"}


def _absent_from_stub(path: str, name: str) -> bool:
    return name not in _stub_names(path)


@cache
def _stub_names(path: str) -> frozenset[str]:
    from typeshed_client import get_search_context, get_stub_names  # noqa: PLC0415 - the peer only

    context = get_search_context(search_path=[], version=(3, 14), platform="linux")
    return frozenset(get_stub_names(path, search_context=context) or ())


def _keywords() -> Iterator[Row]:
    rng = random.Random(_SEED)  # noqa: S311 - a fixed sample, no secret
    real, invented = [], []
    for path, name in _public_members():
        value = getattr(importlib.import_module(path), name)
        try:
            parameters = inspect.signature(value).parameters.values() if callable(value) else ()
        except (TypeError, ValueError):
            continue
        if any(one.kind is one.VAR_KEYWORD for one in parameters):
            continue
        for one in parameters:
            if one.kind in {one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY} and one.name[0] != "_":
                real.append((path, name, one.name))
                invented.append((path, name, one.name + rng.choice(("s", "_mode", "_x"))))
    for what, arguments, bar, at_most in (
        ("there", rng.sample(real, 400), 0.01, True),
        ("not", rng.sample(invented, 400), 0.8, False),
    ):
        flagged = [one for one in arguments if _keyword_is_flagged(*one)]
        if what == "there":
            print("  real keywords flagged:", flagged)
        verb = "are there" if what == "there" else "are not"
        yield share(
            f"stdlib keyword arguments that {verb}: flagged",
            len(flagged),
            len(arguments),
            bar=bar,
            at_most=at_most,
        )


def _keyword_is_flagged(path: str, name: str, keyword: str) -> bool:
    code = f"import {path}\n{path}.{name}({keyword}=None)"
    return any(one.rule in {"HAL020", "HAL013"} and "=" in one.evidence for one in _findings(code))


def _third_party_members(data: Path) -> Iterator[Row]:
    rows = list(_lines(data / "lhb_api_members" / "samples.jsonl"))
    flagged = 0
    for row in rows:
        path = str(row["member"])
        found = _findings(f"import {path.partition('.')[0]}\nx = {path}")
        flagged += any(one.rule.startswith("HAL01") for one in found)
    yield share("lhb_api_members (all third-party): members judged", flagged, len(rows))


def _real_code(data: Path) -> Iterator[Row]:
    seen: set[str] = set()
    counted: dict[str, list[bool]] = {}
    for row in _lines(data / "sallm" / "llm_outputs.jsonl"):
        code = str(row["code"])
        if row["compilable"] and code not in seen:
            seen.add(code)
            family = "GPT" if str(row["model"]).startswith("gpt") else "others"
            counted.setdefault(family, []).append(_shown(f"sallm {family}", _findings(code)))
    for family, flags in sorted(counted.items()):
        row = share(f"sallm compilable, {family}: flagged", sum(flags), len(flags))
        yield row
    programs = [row for row in _lines(data / "mbxp" / "programs.jsonl") if row["lang"] == "python"]
    flags = [
        _shown("mbxp", _findings(f"{row['prompt']}{row['solution']}\n{row['test']}"))
        for row in programs
    ]
    yield share("mbxp programs: flagged", sum(flags), len(flags), bar=0.0, at_most=True)


def _shown(what: str, found: tuple[Finding, ...]) -> bool:
    for one in found:
        print(f"  {what}: {one.rule} {one.severity}/{one.confidence} {one.message}")
    return bool(found)


def _renamed_in_real_code(data: Path) -> Iterator[Row]:
    """Rename one use of a module's member in real code, and see whether it is noticed."""
    rng = random.Random(_SEED)  # noqa: S311 - a fixed sample, no secret
    hits = tried = 0
    seen: set[str] = set()
    for row in _lines(data / "sallm" / "llm_outputs.jsonl"):
        code = str(row["code"])
        if not row["compilable"] or row["model"] != "gpt-4" or code in seen:
            continue
        seen.add(code)
        imported = set(re.findall(r"^import (\w+)$", code, re.M)) & set(_MODULES)
        # Doctests and strings hold code too: only uses that are called in a statement count.
        uses = [
            match
            for name in sorted(imported)
            for match in re.finditer(rf"^ *(?:return |\w+ = |if )?{name}\.([a-z]\w*)\(", code, re.M)
            if isinstance(find_member(Module(name), match[1]), Found)
        ]
        if uses:
            tried += 1
            end = rng.choice(uses).end(1)
            changed = code[:end] + "_safely" + code[end:]
            hits += any(one.rule == "HAL010" for one in _findings(changed))
    yield share("sallm GPT-4, one member renamed: noticed", hits, tried, bar=0.97)


def _speed() -> Iterator[Row]:
    names = ["requests", "zzmadeupqx", "scikit-learn", "numpy", "zz-made-up-qx"] * 2_000
    yield Row(what="look-up of a package", value=_micros(is_registered, names), unit="µs")
    members = ["getcwd", "nosuch", "makedirs", "environ", "nosuch2"] * 2_000
    module = Module("os")
    yield Row(
        what="look-up of a member, stub at hand",
        value=_micros(lambda name: find_member(module, name), members),
        unit="µs",
    )
    code = "import json\nimport os\n\nprint(json.dumps(os.listdir('.'), indent=2))"
    yield Row(
        what="a short snippet, stubs at hand",
        value=_micros(_findings, [code] * 300),
        unit="µs",
    )
    output = Output(response="no code here")
    assert isinstance(CodeHallucination().check(output), NotApplicable)  # noqa: S101 - the measurement would mean nothing


def _micros(function: Callable[[str], object], arguments: list[str]) -> float:
    function(arguments[0])
    started = time.perf_counter()
    for argument in arguments:
        function(argument)
    return (time.perf_counter() - started) / len(arguments) * 1e6
