"""Measures `prompt_following`: what it reads in prompts (IFEval), what it judges (IFBench).

IFEval labels each prompt with the classes of its instructions and their arguments. An instruction
found that no label names counts as wrong, even where the prompt does hold it (the set leaves some
out), but for what a label implies: lower case or capitals imply English, the first word of a
paragraph implies their number, a word at least once is a word to include, and never is forbidden.

IFBench gives answers with verdicts of its reference verifiers. Only classes that are read here are
compared. The peer is to call every answer followed, or every answer broken, whichever is better.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from measurement import Row, share

from gonogo_checkers.instructions import format_instructions as form
from gonogo_checkers.instructions import length_instructions as length
from gonogo_checkers.instructions import wording_instructions as wording
from gonogo_checkers.instructions.instruction import Answer, Broken, Instruction, Kept, Unclear
from gonogo_checkers.instructions.known_instructions import find_instructions
from gonogo_checkers.reading.code_blocks import prose_of

_IFEVAL: dict[str, type] = {
    "punctuation:no_comma": wording.NoCommas,
    "length_constraints:number_words": length.WordCount,
    "length_constraints:number_sentences": length.SentenceCount,
    "length_constraints:number_paragraphs": length.ParagraphCount,
    "length_constraints:nth_paragraph_first_word": wording.ParagraphBegins,
    "detectable_format:number_highlighted_sections": length.HighlightCount,
    "detectable_format:number_bullet_lists": length.BulletCount,
    "detectable_format:multiple_sections": length.SectionCount,
    "detectable_format:title": form.HasTitle,
    "detectable_format:json_format": form.JsonOnly,
    "detectable_format:constrained_response": wording.OneOf,
    "detectable_content:number_placeholders": length.PlaceholderCount,
    "detectable_content:postscript": form.HasPostscript,
    "keywords:forbidden_words": wording.Avoids,
    "keywords:existence": wording.Includes,
    "keywords:frequency": wording.WordFrequency,
    "keywords:letter_frequency": wording.LetterFrequency,
    "startend:quotation": form.InQuotes,
    "startend:end_checker": wording.EndsWith,
    "change_case:english_lowercase": form.InCase,
    "change_case:english_capital": form.InCase,
    "change_case:capital_word_frequency": wording.CapitalWordCount,
    "combination:repeat_prompt": wording.RepeatsFirst,
    "combination:two_responses": form.TwoParts,
    "language:response_language": form.InLanguage,
}
_IFBENCH = {
    "count:unique_word_count": length.UniqueWordCount,
    "count:word_count_range": length.WordCount,
    "count:keywords_multiple": wording.WordFrequency,
    "count:numbers": length.NumeralCount,
    "words:repeats": wording.NoWordOften,
    "format:title_case": form.TitleCase,
    "format:no_whitespace": form.NoWhiteSpace,
    "format:newline": form.WordPerLine,
    "format:options": wording.OneOf,
    "sentence:keyword": wording.InSentence,
}
_IMPLIED: dict[type, type] = {
    wording.WordFrequency: wording.Includes,
    wording.Includes: wording.WordFrequency,
    wording.Avoids: wording.WordFrequency,
}


def measure(data: Path) -> list[Row]:
    """Return precision and recall of the parser, and agreement of the verdicts."""
    return [*_measure_parser(data / "ifeval"), *_measure_verdicts(data / "ifbench")]


def _measure_parser(folder: Path) -> list[Row]:
    hits = found_all = wanted_all = numbers_right = numbers_all = 0
    for line in (folder / "input_data.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found = [one.instruction for one in find_instructions(row["prompt"])]
        labels = list(zip(row["instruction_id_list"], row["kwargs"], strict=True))
        wanted = {_IFEVAL[name] for name, _ in labels}
        kinds = {type(one) for one in found}
        hits += len(wanted & kinds)
        wanted_all += len(wanted)
        found_all += len(kinds) - len(kinds & _implied_kinds(row, wanted))
        for name, arguments in labels:
            matching = [one for one in found if type(one) is _IFEVAL[name]]
            verdicts = list(_arguments_agree(arguments, matching))
            numbers_all += bool(verdicts)
            numbers_right += any(verdicts)
    return [
        share("ifeval classes: precision", hits, found_all, bar=0.9),
        share("ifeval classes: recall", hits, wanted_all, bar=0.85),
        share("ifeval arguments of those found: right", numbers_right, numbers_all),
    ]


def _implied_kinds(row: dict[str, list[str]], wanted: set[type]) -> set[type]:
    implied: set[type] = set()
    if any(name.startswith("change_case:english") for name in row["instruction_id_list"]):
        implied.add(form.InLanguage)
    if wording.ParagraphBegins in wanted:
        implied.add(length.ParagraphCount)
    implied |= {kind for kind, other in _IMPLIED.items() if other in wanted}
    return implied - wanted


def _arguments_agree(arguments: dict[str, object], found: list[Instruction]) -> Iterator[bool]:
    """Yield, for each instruction of the class, whether its arguments are the label's."""
    number = next(
        (
            v
            for k, v in arguments.items()
            if v is not None and (k.startswith("num_") or "frequency" in k)
        ),
        None,
    )
    relation = str(
        arguments.get("relation")
        or arguments.get("let_relation")
        or arguments.get("capital_relation")
        or ""
    )
    for one in found:
        amount = getattr(one, "amount", None)
        if amount is not None and isinstance(number, int):
            if relation == "less than":
                yield amount.most == number - 1
            else:
                yield amount.least == number
        elif isinstance(one, wording.Includes | wording.Avoids):
            words = arguments.get("keywords") or arguments.get("forbidden_words") or []
            yield {str(word).lower() for word in words} == {word.lower() for word in one.words}
        elif isinstance(one, form.InLanguage):
            yield one.code == arguments.get("language")
        elif isinstance(one, wording.EndsWith):
            yield one.phrase.strip(' ."') == str(arguments["end_phrase"]).strip(' ."')
        elif isinstance(one, wording.RepeatsFirst):
            yield str(arguments["prompt_to_repeat"]).strip()[:40] == one.text.strip()[:40]


def _measure_verdicts(folder: Path) -> list[Row]:
    agreeing = decided = covered = followed = 0
    broken_right = broken_all = 0
    for line in (folder / "strict.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        answer = Answer(row["response"], prose_of(row["response"]))
        found = [one.instruction for one in find_instructions(row["prompt"])]
        for name, label in zip(
            row["instruction_id_list"], row["follow_instruction_list"], strict=True
        ):
            if name not in _IFBENCH:
                continue
            covered += 1
            outcomes = [one.judge(answer) for one in found if type(one) is _IFBENCH[name]]
            if not outcomes or any(isinstance(one, Unclear) for one in outcomes):
                continue
            decided += 1
            followed += label
            kept = all(isinstance(one, Kept) for one in outcomes)
            agreeing += kept == label
            broken = any(isinstance(one, Broken) for one in outcomes)
            broken_all += broken
            broken_right += broken and not label
    peer = max(followed, decided - followed) / decided if decided else 0.0
    agreement = share(
        "ifbench covered classes: agreement with reference", agreeing, decided, bar=0.9
    )
    return [
        Row(
            what=agreement.what,
            value=agreement.value,
            low=agreement.low,
            high=agreement.high,
            n=agreement.n,
            bar=agreement.bar,
            peer="always the commoner verdict",
            peer_value=peer,
        ),
        share("ifbench covered classes: called broken, and is", broken_right, broken_all),
        share("ifbench covered classes: decided", decided, covered),
    ]
