"""The models that exist for the stand-in, as the Models API shows them."""

from collections.abc import Mapping, Sequence
from typing import Final

from standin.batches import page_of
from standin.failures import not_found
from standin.requests import JsonObject

_LINES: Final = ("haiku", "sonnet", "opus", "fable", "mythos")
_MAX_INPUT_TOKENS: Final = 200_000
_MAX_TOKENS: Final = 64_000


def models_page(models: Sequence[str], query: Mapping[str, str]) -> JsonObject:
    """Return a page of the models, in the order given."""
    return page_of([_model_json(model) for model in models], query)


def model_json(models: Sequence[str], model: str) -> JsonObject:
    """Return one model.

    Raises:
        ApiFailure: 404 if there is no such model.
    """
    if model not in models:
        raise not_found(f"model: {model[:80]}")
    return _model_json(model)


def _model_json(model: str) -> JsonObject:
    """Describe a model; limits and dates are the same for all and are invented."""
    return {
        "type": "model",
        "id": model,
        "display_name": model.replace("-", " ").title(),
        "created_at": "2026-01-01T00:00:00Z",
        "deprecated_at": None,
        "retires_at": None,
        "lifecycle": "active",
        "line": next((line for line in _LINES if line in model), None),
        "max_input_tokens": _MAX_INPUT_TOKENS,
        "max_tokens": _MAX_TOKENS,
        "capabilities": None,
    }
