"""Limits on spending as `[tool.gonogo.spend]` sets them, and which of them hold for a call.

What has been spent is the ledger's.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from gonogo.setting_tables import decode_table, load_table
from gonogo.spend.periods import (
    Period,
    Window,
    calendar_window,
    parse_length,
    rolling_window,
)

Attribute: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$")]
Threshold: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=1)]
Seconds: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=86_400 * 31)]

MOST_USD: Final = Decimal(1_000_000_000)
"""Amounts up to here are whole numbers of micro-dollars that doubles, as Redis computes with, hold
exactly, even added up."""

_MICRO: Final = 1_000_000
_OTHER_SIGNS: Final = re.compile(r"[?\[]")
"""What `fnmatch` would read as a pattern, too."""


class Limit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """One limit on spending.

    Attributes:
        amount_usd: How much may be spent in the period, at least 0.
        period: `daily`, `weekly` (from Monday), `monthly`, or `rolling` with a length.
        length: Of a rolling period: `90m`, `24h`, `7d`, `4w`.
        per: Attributes each of whose values has the amount for itself: `["user"]`. Calls without
            the attribute share one amount among them. Empty: all calls share it.
        where: Calls that it holds for, by attribute: a value, several, or patterns with `*`. Empty:
            all.
        kind: `hard` refuses a call that may go beyond, `soft` warns of it.
        warn_at: Shares of the amount at which a warning is given, once a period; above 0, up to 1.
        time_zone: Whose days, weeks and months these are; None: the account's.
    """

    amount_usd: Decimal
    period: Period
    length: str | None = None
    per: tuple[Attribute, ...] = ()
    where: dict[Attribute, str | tuple[str, ...]] = {}
    kind: Literal["hard", "soft"] = "hard"
    warn_at: Threshold | tuple[Threshold, ...] = 0.8
    time_zone: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no amount, no length or no time zone.

        Raises:
            ValueError: If there is one.
        """
        if not (self.amount_usd.is_finite() and 0 <= self.amount_usd <= MOST_USD):
            raise ValueError(
                f"amount_usd: expected US dollars from 0 to {MOST_USD}, got {self.amount_usd}"
            )
        if (self.period is Period.ROLLING) != (self.length is not None):
            raise ValueError(
                f"length: expected with period 'rolling' and with no other, got {self.length!r}"
                f" with {self.period.value!r}"
            )
        if self.length is not None:
            parse_length(self.length)
        if self.time_zone is not None:
            demand_zone(self.time_zone)
        if len(set(self.per)) != len(self.per):
            raise ValueError(f"per: expected each attribute once, got {list(self.per)}")

    @property
    def is_hard(self) -> bool:
        """Whether it refuses calls."""
        return self.kind == "hard"

    @cached_property
    def amount(self) -> int:
        """The amount in micro-dollars; parts of one are cut off."""
        return int(self.amount_usd * _MICRO)

    @cached_property
    def thresholds(self) -> tuple[int, ...]:
        """Micro-dollars at which a warning is given, ascending; of a soft one its amount, too."""
        shares = (self.warn_at,) if isinstance(self.warn_at, float) else self.warn_at
        found = {-int(-self.amount_usd * Decimal(str(share)) * _MICRO // 1) for share in shares}
        if not self.is_hard:
            found.add(self.amount)
        return tuple(sorted(found))

    def holds_for(self, attributes: Mapping[str, str]) -> bool:
        """Say whether it holds for calls with these attributes."""
        return all(
            name in attributes and _matches(attributes[name], wanted)
            for name, wanted in self.where.items()
        )

    def scope_of(self, attributes: Mapping[str, str]) -> dict[str, str]:
        """Return the attributes that set apart whose amount it is; those not given are empty."""
        return {name: attributes.get(name, "") for name in self.per}

    def window_at(self, at: int, zone: str) -> Window:
        """Return the period that holds a moment.

        Args:
            at: Microseconds since 1970.
            zone: The account's time zone.
        """
        if self.length is not None:
            return rolling_window(parse_length(self.length))
        return calendar_window(self.period, ZoneInfo(self.time_zone or zone), at)


class SpendSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `[tool.gonogo.spend]` may say.

    Attributes:
        store: Where the ledger is kept: a path or `sqlite:///…`, `redis://…`, `rediss://…`,
            `redis+cluster://…`, `postgresql://…`; paths are relative to the settings' file.
        name: Of the ledger in a store that several share.
        time_zone: The account's, as the IANA names it.
        on_store_down: Whether calls under a hard limit are refused (`closed`) or let through
            unrecorded (`open`) while the store does not answer.
        store_timeout_seconds: After how long a store counts as down.
        hold_seconds: After how long a reservation that nobody settled ends.
        expired_holds: What of a reservation that ended so: `charge` counts its upper bound as
            spent, by estimate; `release` gives it back; `charge_sent` charges those whose call was
            about to be sent, and releases the rest. A late settlement counts either way.
        keep_seconds: How long a settled reservation is remembered, so that settling it again does
            nothing; at least as long as `hold_seconds`.
        limits: By name.
    """

    store: str = ".gonogo/ledger.db"
    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z_][a-z0-9_]{0,39}$")] = "gonogo"
    time_zone: str = "UTC"
    on_store_down: Literal["closed", "open"] = "closed"
    store_timeout_seconds: Annotated[float, msgspec.Meta(gt=0, le=60)] = 2.0
    hold_seconds: Seconds = 1800.0
    expired_holds: Literal["charge_sent", "release", "charge"] = "charge_sent"
    keep_seconds: Seconds = 7200.0
    limits: dict[str, Limit] = {}

    def __post_init__(self) -> None:
        """Refuse a time zone that there is not, and a memory shorter than a hold.

        Raises:
            ValueError: If so.
        """
        demand_zone(self.time_zone)
        if self.keep_seconds < self.hold_seconds:
            raise ValueError(
                f"keep_seconds: expected at least hold_seconds ({self.hold_seconds}), got"
                f" {self.keep_seconds}"
            )

    def limits_for(self, attributes: Mapping[str, str]) -> Iterator[tuple[str, Limit]]:
        """Yield the limits that hold for calls with these attributes, with their names."""
        for name, limit in self.limits.items():
            if limit.holds_for(attributes):
                yield name, limit

    @property
    def hold(self) -> timedelta:
        """How long a reservation lasts."""
        return timedelta(seconds=self.hold_seconds)

    @property
    def keep(self) -> timedelta:
        """How long a settled reservation is remembered."""
        return timedelta(seconds=self.keep_seconds)


def decode_spend_settings(table: Mapping[str, object], place: str) -> SpendSettings:
    """Decode the table `[tool.gonogo.spend]`.

    Raises:
        BadSettingsError: If a key is unknown or of a wrong type; names the place and the key.
    """
    return decode_table(table, SpendSettings, place=place, name="spend", parts={"$.limits": Limit})


def load_spend_settings(root: Path) -> SpendSettings:
    """Read the table of a project; without it there are no limits.

    Args:
        root: Folder of its pyproject.toml.

    Raises:
        BadSettingsError: If the file is not TOML, or a key is unknown or of a wrong type.
    """
    return decode_spend_settings(load_table(root, "spend"), str(root / "pyproject.toml"))


def demand_zone(name: str) -> None:
    """Refuse a time zone that there is not.

    Raises:
        ValueError: If so.
    """
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # unknown, no relative path, a folder
        raise ValueError(
            f"time_zone: {name!r} is not known here: expected an IANA name such as 'Europe/Berlin'"
        ) from error


def _matches(value: str, wanted: str | tuple[str, ...]) -> bool:
    """Say whether a value is one of those wanted, in which only `*` stands for others."""
    patterns = (wanted,) if isinstance(wanted, str) else wanted
    return any(fnmatchcase(value, _OTHER_SIGNS.sub(r"[\g<0>]", pattern)) for pattern in patterns)
