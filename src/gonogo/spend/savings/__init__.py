"""What could be saved, by which measure, on what evidence; nothing is counted twice."""

from gonogo.spend.savings.estimating import SavingsEstimator, estimate_savings
from gonogo.spend.savings.evidence import NO_EVIDENCE, RoutingEvidence, load_evidence
from gonogo.spend.savings.results import Basis, Kind, Saving, SavingsReport
from gonogo.spend.savings.settings import SavingsSettings

__all__ = [
    "NO_EVIDENCE",
    "Basis",
    "Kind",
    "RoutingEvidence",
    "Saving",
    "SavingsEstimator",
    "SavingsReport",
    "SavingsSettings",
    "estimate_savings",
    "load_evidence",
]
