"""Reads configured prices from a TOML file of their own, named by the setting `prices_file`.

```toml
[prices."*"]                         # every model without an entry of its own
discount = 0.10

[[prices."claude-mythos-5"]]         # several, each for its time
input_mtok = 10
output_mtok = 50
until = 2026-06-30

[[prices."claude-mythos-5"]]
from = 2026-07-01
input_mtok = 8
output_mtok = 40
```
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from gonogo.errors import BadInputError, Problem
from gonogo.pricing.configured_prices import ConfiguredPrice, Prices, overlaps_of

_MOST_BYTES: Final = 8 * 1024 * 1024


def load_price_file(path: Path) -> Prices:
    """Read a file of prices.

    Raises:
        BadInputError: If it cannot be read, is not TOML, or an entry is none; all problems at once.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise BadInputError([Problem(str(path), "is longer than 8 MB: no file of prices")])
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInputError([Problem(str(path), f"cannot be read: {error}")]) from error
    return decode_prices(document, str(path))


def combine_prices(configured: Prices, from_file: Prices, place: str) -> Prices:
    """Put the prices of a project's settings and of its file together.

    Args:
        configured: Of `[tool.gonogo.prices]`.
        from_file: Of the file that `prices_file` names.
        place: Where the settings stand, for errors.

    Raises:
        BadInputError: If a model stands in both, or two prices of one hold on the same day.
    """
    both = sorted(set(configured) & set(from_file))
    problems = [
        Problem(f'{place} [tool.gonogo.prices."{model}"]', "stands in prices_file, too: keep one")
        for model in both
    ]
    for model, problem in overlaps_of(configured):
        problems.append(Problem(f'{place} [tool.gonogo.prices."{model}"]', problem))
    if problems:
        raise BadInputError(problems)
    return {**from_file, **configured}


def decode_prices(document: Mapping[str, object], place: str) -> Prices:
    """Decode the tables of a file of prices.

    Raises:
        BadInputError: If anything in it is no price; all problems at once.
    """
    tables = document.get("prices")
    others = sorted(set(document) - {"prices"})
    problems = [Problem(place, f"unknown key {key!r}: expected only `prices`") for key in others]
    prices: dict[str, tuple[ConfiguredPrice, ...]] = {}
    if not isinstance(tables, dict):
        problems.append(Problem(place, 'has no table `prices`: expected [prices."<model>"]'))
        raise BadInputError(problems)
    for model, entries in tables.items():
        several = entries if isinstance(entries, list) else [entries]
        decoded = [_decode(entry, f'{place} [prices."{model}"]') for entry in several]
        problems.extend(entry for entry in decoded if isinstance(entry, Problem))
        prices[model] = tuple(entry for entry in decoded if not isinstance(entry, Problem))
    problems.extend(_overlaps(prices, place))
    if problems:
        raise BadInputError(problems)
    return prices


def _decode(entry: object, place: str) -> ConfiguredPrice | Problem:
    try:
        return msgspec.convert(entry, ConfiguredPrice)
    except msgspec.ValidationError as error:
        known = ", ".join(ConfiguredPrice.__struct_encode_fields__)
        hint = f"; there are: {known}" if "unknown field" in str(error) else ""
        return Problem(place, f"{error}{hint}")


def _overlaps(prices: Prices, place: str) -> Iterator[Problem]:
    for model, problem in overlaps_of(prices):
        yield Problem(f'{place} [prices."{model}"]', problem)
