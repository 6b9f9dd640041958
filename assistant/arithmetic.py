"""Arithmetic, exactly: an expression as written by a person, worked out with decimals.

Parsed to a tree of which only numbers and the six operations are accepted, so that nothing is
ever evaluated. Powers are bounded.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from decimal import Decimal, DivisionByZero, InvalidOperation

from assistant.errors import ToolFailed

_BINARY: dict[type[ast.operator], Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


def calculate(expression: str) -> Decimal:
    """Return the exact value of an arithmetic expression: + - * / % ** ( ) and decimals.

    Raises:
        ToolFailed: it is no arithmetic, divides by zero, or is unreasonably large.
    """
    plain = expression.translate(str.maketrans("×÷−（），xX^", "*/-(),**^"))
    plain = plain.replace("^", "**").replace(",", "").replace("=", "").strip()
    try:
        tree = ast.parse(plain, mode="eval")
        return _value(tree.body, 0)
    except (SyntaxError, ValueError, InvalidOperation, DivisionByZero, OverflowError) as error:
        detail = "division by zero" if isinstance(error, DivisionByZero) else f"“{expression}”"
        raise ToolFailed(tool="calculate", detail=detail) from error


def _value(node: ast.expr, depth: int) -> Decimal:
    if depth > 50:
        raise ValueError("too deep")
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return Decimal(str(node.value))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = _value(node.operand, depth + 1)
        return -inner if isinstance(node.op, ast.USub) else inner
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        left, right = _value(node.left, depth + 1), _value(node.right, depth + 1)
        if isinstance(node.op, ast.Pow) and (abs(right) > 64 or abs(left) > 10**9):
            raise ValueError("too large")
        return _BINARY[type(node.op)](left, right)
    raise ValueError("no arithmetic")


_NUMBER = r"(?P<{}>\d[\d,]*(?:\.\d+)?)"
_SPOKEN = (
    (
        rf"{_NUMBER.format('a')}\s*(?:%|％|per ?cent)\s*of\s*{_NUMBER.format('b')}",
        r"\g<a>/100*\g<b>",
    ),
    (rf"{_NUMBER.format('b')}\s*的\s*{_NUMBER.format('a')}\s*[%％]", r"\g<a>/100*\g<b>"),
    (rf"百分之\s*{_NUMBER.format('a')}", r"\g<a>/100"),
    (r"(?<=[\d)])\s*(?:(?:raised )?to the power(?: of)?)\s*(?=[\d(])", "^"),
    (rf"(?<=[\d)])\s*的\s*{_NUMBER.format('a')}\s*次方", r"^\g<a>"),
    (r"(?<=[\d)])\s*(?:squared|的平方)", "^2"),
    (r"(?<=[\d)])\s*(?:cubed|的立方)", "^3"),
    (r"(?<=[\d)])\s*(?:plus|加上?)\s*(?=[\d(])", "+"),
    (r"(?<=[\d)])\s*(?:minus|减去?)\s*(?=[\d(])", "-"),
    (r"(?<=[\d)])\s*(?:times|multiplied by|乘以?)\s*(?=[\d(])", "*"),
    (r"(?<=[\d)])\s*(?:divided by|除以)\s*(?=[\d(])", "/"),
)


def in_signs(text: str) -> str:
    """Return a text with spoken arithmetic in signs: ``12 % of 50`` is ``12/100*50``."""
    for spoken, signs in _SPOKEN:
        text = re.sub(spoken, signs, text, flags=re.IGNORECASE)
    return text


def plain_number(value: Decimal) -> str:
    """Return a number without needless zeros or exponents, at most 10 decimals."""
    rounded = round(value, 10)
    written = f"{rounded:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written
