"""Usage anomalies: what of the spending went wrong, who, since when, what it wastes, and why."""

from gonogo.spend.anomalies.alarms import TOTAL, Alarm, Entity, Kind, News, Scope
from gonogo.spend.anomalies.pasts import SurpriseSettings
from gonogo.spend.anomalies.resuming import ResumedWatch, resumed_watch
from gonogo.spend.anomalies.settings import WatchSettings
from gonogo.spend.anomalies.spikes import Surprise, SurpriseMeter
from gonogo.spend.anomalies.watching import Watcher

__all__ = [
    "TOTAL",
    "Alarm",
    "Entity",
    "Kind",
    "News",
    "ResumedWatch",
    "Scope",
    "Surprise",
    "SurpriseMeter",
    "SurpriseSettings",
    "WatchSettings",
    "Watcher",
    "resumed_watch",
]
