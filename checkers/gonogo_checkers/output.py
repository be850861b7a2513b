"""What a checker judges: a response, with what was asked, given and expected."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    JsonValue: TypeAlias = (
        bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"] | None
    )
else:
    JsonValue = Any  # msgspec reads annotations when run, and knows no recursive ones


class Expectations(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be checked of an answer; every field that is given must hold.

    Attributes:
        contains: Texts that the response must contain; case and white space do not count.
        excludes: Texts that it must not contain; likewise.
        matches: Regular expressions that must be found somewhere in it.
        json_schema: A JSON Schema that the response, or the JSON in it, must satisfy.
        equals: The whole response, but for surrounding white space.
        facts: Facts that must be stated, each as the list of its accepted wordings.
        max_words: The longest allowed response, in words.
        refusal: True where the model should refuse, False where it must not.
    """

    contains: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()
    json_schema: dict[str, JsonValue] | bool | None = None
    equals: str | None = None
    facts: tuple[tuple[str, ...], ...] = ()
    max_words: int | None = None
    refusal: bool | None = None

    def __post_init__(self) -> None:
        """Refuse what can never be checked.

        Raises:
            ValueError: If a pattern is no regular expression, or `max_words` is negative.
        """
        if self.max_words is not None and self.max_words < 0:
            raise ValueError(f"expect.max_words: expected at least 0, got {self.max_words}")
        if self.matches:
            import regex  # type: ignore[import-untyped]  # noqa: PLC0415 - only where patterns are

            for number, pattern in enumerate(self.matches):
                try:
                    regex.compile(pattern)
                except regex.error as error:
                    raise ValueError(f"expect.matches[{number}]: {pattern!r}: {error}") from error


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of a conversation, as text."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the response asks to call; `input_json` is its canonical JSON."""

    name: str
    input_json: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a checker judges.

    Attributes:
        response: The text of the response; findings' spans are offsets into it. May be empty.
        tool_calls: Tools that the response calls, in order.
        prompt: The text of the last message of the user.
        system: The system prompt.
        turns: The conversation before `prompt`, oldest first.
        context: Texts that the answer must be true to: documents and results of tools.
        expect: What can be checked of the answer.
        language: Natural or programming language that the case names, as written there.
        stop_reason: As the API gives it; None where it is not known.
        baseline_words: Length in words of the accepted response of the same case; None where
            there is none.
    """

    response: str
    tool_calls: tuple[ToolCall, ...] = ()
    prompt: str = ""
    system: str = ""
    turns: tuple[Turn, ...] = ()
    context: tuple[str, ...] = ()
    expect: Expectations = field(default_factory=Expectations)
    language: str | None = None
    stop_reason: str | None = None
    baseline_words: int | None = None

    def given_texts(self) -> Iterator[str]:
        """Yield every text that the model was given: system, turns, prompt, context."""
        if self.system:
            yield self.system
        for turn in self.turns:
            yield turn.text
        if self.prompt:
            yield self.prompt
        yield from self.context
