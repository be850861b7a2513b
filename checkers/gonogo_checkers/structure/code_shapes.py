"""Names of the nodes, language by language, that say how code is built."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class CodeShape:
    """What the nodes of a language are called in its tree-sitter grammar.

    Attributes:
        functions: Definitions of functions, methods and closures.
        branches: Each adds one to the cyclomatic complexity.
        nesting: Each puts what is inside one level deeper.
        loops: Statements that repeat.
        operators: Operators that join conditions; each adds one to the complexity.
        jumps: Statements that nothing in the same block is reached after.
        blocks: Sequences of statements.
        receivers: First parameters that nobody passes.
    """

    functions: frozenset[str]
    branches: frozenset[str]
    nesting: frozenset[str]
    loops: frozenset[str]
    operators: frozenset[str] = frozenset({"&&", "||"})
    jumps: frozenset[str] = frozenset()
    blocks: frozenset[str] = frozenset()
    receivers: frozenset[str] = frozenset()


_C_LOOPS: Final = frozenset({"for_statement", "while_statement", "do_statement"})
_C_JUMPS: Final = frozenset(
    {"return_statement", "break_statement", "continue_statement", "throw_statement"}
)


def _c_like(
    functions: set[str], *, loops: frozenset[str] = _C_LOOPS, cases: set[str], ternary: str
) -> CodeShape:
    return CodeShape(
        functions=frozenset(functions),
        branches=frozenset({"if_statement", "catch_clause", ternary, *cases, *loops}),
        nesting=frozenset({"if_statement", "try_statement", "switch_statement", *loops}),
        loops=loops,
        jumps=_C_JUMPS,
        blocks=frozenset({"block", "compound_statement", "statement_block", "statement_list"}),
    )


_JAVASCRIPT: Final = CodeShape(
    functions=frozenset(
        {
            "function_declaration",
            "function_expression",
            "generator_function_declaration",
            "method_definition",
            "arrow_function",
        }
    ),
    branches=frozenset(
        {"if_statement", "catch_clause", "ternary_expression", "switch_case", "for_in_statement"}
    )
    | _C_LOOPS,
    nesting=frozenset({"if_statement", "try_statement", "switch_statement", "for_in_statement"})
    | _C_LOOPS,
    loops=_C_LOOPS | {"for_in_statement"},
    operators=frozenset({"&&", "||", "??"}),
    jumps=_C_JUMPS,
    blocks=frozenset({"statement_block"}),
)

SHAPES: Final = {
    "python": CodeShape(
        functions=frozenset({"function_definition"}),
        branches=frozenset(
            {
                "if_statement",
                "elif_clause",
                "for_statement",
                "while_statement",
                "except_clause",
                "case_clause",
                "conditional_expression",
                "for_in_clause",
                "if_clause",
            }
        ),
        nesting=frozenset(
            {
                "if_statement",
                "for_statement",
                "while_statement",
                "try_statement",
                "match_statement",
                "with_statement",
            }
        ),
        loops=frozenset({"for_statement", "while_statement"}),
        operators=frozenset({"and", "or"}),
        jumps=frozenset(
            {"return_statement", "raise_statement", "break_statement", "continue_statement"}
        ),
        blocks=frozenset({"block"}),
        receivers=frozenset({"self", "cls"}),
    ),
    "javascript": _JAVASCRIPT,
    "typescript": _JAVASCRIPT,
    "tsx": _JAVASCRIPT,
    "java": _c_like(
        {"method_declaration", "constructor_declaration", "lambda_expression"},
        loops=_C_LOOPS | {"enhanced_for_statement"},
        cases={"switch_label"},
        ternary="ternary_expression",
    ),
    "csharp": _c_like(
        {
            "method_declaration",
            "constructor_declaration",
            "local_function_statement",
            "lambda_expression",
        },
        loops=_C_LOOPS | {"foreach_statement"},
        cases={"switch_section", "switch_expression_arm"},
        ternary="conditional_expression",
    ),
    "php": _c_like(
        {"function_definition", "method_declaration", "anonymous_function", "arrow_function"},
        loops=_C_LOOPS | {"foreach_statement"},
        cases={"case_statement", "else_if_clause"},
        ternary="conditional_expression",
    ),
    "c": _c_like(
        {"function_definition"}, cases={"case_statement"}, ternary="conditional_expression"
    ),
    "cpp": _c_like(
        {"function_definition", "lambda_expression"},
        loops=_C_LOOPS | {"for_range_loop"},
        cases={"case_statement"},
        ternary="conditional_expression",
    ),
    "go": CodeShape(
        functions=frozenset({"function_declaration", "method_declaration", "func_literal"}),
        branches=frozenset(
            {
                "if_statement",
                "for_statement",
                "expression_case",
                "type_case",
                "communication_case",
            }
        ),
        nesting=frozenset(
            {
                "if_statement",
                "for_statement",
                "expression_switch_statement",
                "type_switch_statement",
                "select_statement",
            }
        ),
        loops=frozenset({"for_statement"}),
        jumps=frozenset({"return_statement", "break_statement", "continue_statement"}),
        blocks=frozenset({"statement_list"}),
    ),
    "rust": CodeShape(
        functions=frozenset({"function_item", "closure_expression"}),
        branches=frozenset(
            {"if_expression", "for_expression", "while_expression", "loop_expression", "match_arm"}
        ),
        nesting=frozenset(
            {
                "if_expression",
                "for_expression",
                "while_expression",
                "loop_expression",
                "match_expression",
            }
        ),
        loops=frozenset({"for_expression", "while_expression", "loop_expression"}),
        receivers=frozenset({"self", "&self", "&mut self", "mut self"}),
    ),
    "ruby": CodeShape(
        functions=frozenset({"method", "singleton_method", "lambda"}),
        branches=frozenset(
            {"if", "elsif", "unless", "while", "until", "for", "rescue", "when", "conditional"}
        ),
        nesting=frozenset({"if", "unless", "while", "until", "for", "case", "begin"}),
        loops=frozenset({"while", "until", "for"}),
        operators=frozenset({"&&", "||", "and", "or"}),
    ),
}
"""By the canonical name of the language."""
