"""Finds names of persons by an installed spaCy model; only where it is asked for."""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Final

from gonogo_checkers.personal.personal_data import PersonalDatum
from gonogo_checkers.personal.personal_data_kinds import Kind
from gonogo_checkers.reading.code_blocks import prose_of
from gonogo_checkers.verdict import Confidence

if TYPE_CHECKING:
    from spacy.language import Language

_LOOKED_AT: Final = 20_000
_MODEL: Final = "en_core_web_"


def find_names(response: str) -> Iterator[PersonalDatum]:
    """Yield the names of persons, of two words or more, in the first 20,000 characters of prose.

    Raises:
        ModuleNotFoundError: If no model is installed.
    """
    for entity in _model()(prose_of(response[:_LOOKED_AT])).ents:
        if entity.label_ == "PERSON" and len(entity.text.split()) > 1 and entity.text[0].isupper():
            yield PersonalDatum(
                Kind.NAME,
                entity.start_char,
                entity.end_char,
                " ".join(entity.text.casefold().split()),
                Confidence.MEDIUM,
                is_plain=False,
            )


@cache
def _model() -> "Language":
    import spacy  # noqa: PLC0415 - heavy: seconds

    models = sorted(name for name in spacy.util.get_installed_models() if name.startswith(_MODEL))
    if not models:
        raise ModuleNotFoundError(
            "`names=True` needs a spaCy model, and no package `en_core_web_*` is installed: "
            "install the extra `ner`"
        )
    return spacy.load(models[-1], disable=["parser", "lemmatizer", "attribute_ruler", "tagger"])
