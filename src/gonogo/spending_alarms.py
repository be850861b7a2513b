"""What went wrong with spending, made fit for the door of alarms: whom it is about stays inside."""

from datetime import UTC, datetime

from gonogo.production.alarms import Alarm
from gonogo.spend.anomalies.alarms import Alarm as Anomaly
from gonogo.spend.reservations import SpendWarning
from gonogo_checkers.verdict import Severity


def key_of(anomaly: Anomaly) -> str:
    """Return the key of the episode that an anomaly is; the same over all its news."""
    return f"{anomaly.kind}/{anomaly.entity}/{anomaly.begins.isoformat()}"


def alarm_of_anomaly(anomaly: Anomaly) -> Alarm:
    """Return the alarm of an anomaly: its kind, since when, what it wastes and why."""
    what = anomaly.kind.replace("_", " ")
    per_hour = anomaly.waste_usd_per_hour
    return Alarm(
        key=key_of(anomaly),
        severity=anomaly.severity,
        title=f"{what} of one {anomaly.entity.scope}" if anomaly.entity.name else what,
        text=anomaly.cause,
        at=anomaly.raised,
        facts={
            "kind": anomaly.kind.value,
            "since": anomaly.begins.isoformat(),
            "n": str(anomaly.count),
            "exchanges": ", ".join(anomaly.exchanges),
            "waste_usd_per_hour": "" if per_hour is None else f"{per_hour:.4f}",
        },
    )


def alarm_of_warning(warning: SpendWarning, *, at: datetime | None = None) -> Alarm:
    """Return the alarm of a threshold of a limit that was passed.

    For the ledger's `on_warning`: `lambda warning: door.sound(alarm_of_warning(warning))`.

    Args:
        warning: As the ledger tells it.
        at: When it happened; None: now.
    """
    status = warning.status
    is_used_up = status.spent_usd + status.held_usd >= status.amount_usd
    return Alarm(
        key="/".join(
            str(part)
            for part in (
                "limit",
                status.limit,
                sorted(status.scope.items()),
                status.starts_at,
                warning.threshold_usd,
            )
        ),
        severity=Severity.HIGH if is_used_up and status.is_hard else Severity.MEDIUM,
        title=f"spending limit {status.limit}: {warning.threshold_usd} US dollars passed",
        text=str(warning),
        at=at or datetime.now(UTC),
        facts={
            "limit": status.limit,
            "spent_usd": str(status.spent_usd),
            "amount_usd": str(status.amount_usd),
            "threshold": str(warning.threshold_usd),
        },
    )
