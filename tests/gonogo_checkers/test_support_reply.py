"""What the labelled cases of `support_reply` cannot show: spans, names, settings, hostile text."""

import time

import pytest

from gonogo_checkers.output import Output, ToolCall, Turn
from gonogo_checkers.support_reply import SupportReply, customer_names
from gonogo_checkers.verdict import Judged

QUESTION = "Hi, where is my order A-10442?\n\nThanks,\nAnna Berg"
REPLY = "Hello Anna, your order A-10442 will arrive by Friday. Anything else?"


def rules_of(output: Output, checker: SupportReply | None = None) -> list[str]:
    verdict = (checker or SupportReply()).check(output)
    assert isinstance(verdict, Judged)
    return [finding.rule for finding in verdict.findings]


def test_span_of_a_rude_phrase_leads_back_through_folding() -> None:
    response = f"{REPLY}\nThat’s  not OUR   problem."
    verdict = SupportReply().check(Output(response=response, prompt=QUESTION))
    assert isinstance(verdict, Judged)
    (finding,) = verdict.findings
    assert response[finding.start : finding.end] == "not OUR   problem"
    assert finding.line == 2


def test_weights_add_up_and_each_rule_counts_once() -> None:
    response = f"{REPLY} Calm down. It is your own fault. Per internal policy, no."
    verdict = SupportReply().check(Output(response=response, prompt=QUESTION))
    assert isinstance(verdict, Judged)
    assert {finding.rule for finding in verdict.findings} == {"SUP005", "SUP006"}
    assert verdict.score == pytest.approx(1 - 0.35 - 0.35)


def test_score_never_falls_below_nothing() -> None:
    response = "[Name] Calm down, idiot. Per internal policy. Not our problem."
    verdict = SupportReply().check(Output(response=response, prompt=QUESTION + " It is broken!"))
    assert isinstance(verdict, Judged)
    assert 0 <= verdict.score < 0.2


@pytest.mark.parametrize(
    ("message", "names"),
    [
        (QUESTION, {"anna", "berg"}),
        ("Wo ist es?\n\nViele Grüße\nJörg", {"jörg"}),
        ("Me llamo Ana y busco mi pedido.", {"ana"}),
        ("My name is Mia Li.", {"mia", "li"}),
        ("Where is it? Thanks", set()),
        ("Thanks, bye", set()),
    ],
)
def test_names_of_customers(message: str, names: set[str]) -> None:
    assert customer_names(Output(response="", prompt=message)) == names


def test_a_name_given_earlier_counts() -> None:
    turns = (Turn("user", "My name is Anna."), Turn("assistant", "Hello! What is it about?"))
    output = Output(response="Dear Peter, it will arrive.", prompt="My order.", turns=turns)
    assert rules_of(output) == ["SUP008"]


def test_the_wrong_name_is_masked() -> None:
    output = Output(response="Dear Peter, order A-10442 will come. Regards", prompt=QUESTION)
    verdict = SupportReply().check(output)
    assert isinstance(verdict, Judged)
    assert verdict.findings[0].evidence == "P…"


def test_courtesies_are_settings_and_not_asked_of_a_tool_call() -> None:
    response = "Order A-10442 will arrive by Friday."
    plain = Output(response=response, prompt=QUESTION)
    assert rules_of(plain) == ["SUP001", "SUP007"]
    assert rules_of(plain, SupportReply(ask_greeting=False, ask_closing=False)) == []
    calling = Output(response=response, prompt=QUESTION, tool_calls=(ToolCall("find", "{}"),))
    assert rules_of(calling) == []


def test_a_policy_told_to_customers_is_no_leak() -> None:
    policy = "Basic economy flights cannot be changed after they have been booked by anyone."
    output = Output(
        response=f"Hello! {policy} Your ticket is basic economy. Anything else?",
        prompt="Can I change my ticket?",
        system=f"You are an agent of an airline. {policy}",
    )
    assert rules_of(output) == []


@pytest.mark.parametrize(
    "piece",
    ["1", "a-", "1,", "you should have ", "Dear Anna ", "[a", "{{a ", "thank you ", "\ud800"],
)
def test_hostile_text_comes_back_soon(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    began = time.process_time()
    SupportReply().check(Output(response=text, prompt=text, system=text))
    assert time.process_time() - began < 4
