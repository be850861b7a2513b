"""What a failed test says: of an output that was not scored, or too low, and of a regression."""

from gonogo.comparison import CaseComparison
from gonogo.plain_text import one_line
from gonogo.scorecards import Scorecard


def describe_unscored(card: Scorecard) -> str:
    """Say why an output has no score that counts: checkers broke, or had nothing to judge."""
    if not card.broken:
        return f"{card.id}: no checker of domain {card.domain!r} had anything to judge"
    broken = "; ".join(f"{checker_id}: {error}" for checker_id, error in card.broken.items())
    return f"{card.id}: checkers broke: {broken}"


def describe_card(card: Scorecard, threshold: float, missed: tuple[str, ...]) -> str:
    """Say what a scorecard lacks: its scores from the lowest, each with its findings."""
    total = "no weighted score" if card.score is None else f"score {card.score:.2f}"
    what = f"; {', '.join(missed)} must hold in full" if missed else ""
    lines = [f"{total}, domain {card.domain} demands {threshold:.2f}{what}"]
    for checker_id, score in sorted(card.scores.items(), key=lambda pair: pair[1]):
        lines.append(f"  {checker_id:<20} {score:.2f}")
        lines += [
            f"    {finding.rule} {finding.severity}: {one_line(finding.message)}"
            for finder, finding in card.findings
            if finder == checker_id
        ]
    return "\n".join(lines)


def describe_regression(comparison: CaseComparison, suite: str) -> str:
    """Say by what a case answers worse than the accepted baseline, and what to do."""
    lines = [f"case {comparison.case_id} answers worse than the baseline of {suite}"]
    for change in comparison.regressions:
        after = "gone" if change.after is None else f"{change.after:.2f}"
        why = f": {change.why}" if change.why else ""
        lines.append(
            f"  {change.name}: {change.before:.2f} -> {after} ({change.difference:+.2f}){why}"
        )
    for severe in comparison.other_severe:
        finding = severe.finding
        line = "" if finding.line is None else f", line {finding.line} of the response"
        lines.append(
            f"  new {finding.severity} finding {severe.checker_id} {finding.rule}{line}:"
            f" {one_line(finding.message)}"
        )
    lines.append(
        "  if this is what you want: pytest evals --gonogo-update-baselines --gonogo-reason '…'"
    )
    return "\n".join(lines)
