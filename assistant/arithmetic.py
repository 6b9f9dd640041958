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

from assistant import phrases
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


_NUMBER = r"(?P<{}>\d[\d,]{{0,30}}(?:\.\d{{1,30}})?)"
_ALONE = r"(?<![\d.+*/^-])(?<![+*/^-]\s)"  # no operation before it: of which number is it said?
_PERCENT = r"\s*(?:[%％]|per ?cent)(?!\s*(?:of\b|的))"
_SPOKEN = (
    (
        rf"{_NUMBER.format('a')}\s*(?:%|％|per ?cent)\s*(?:on top of|more than|added to)\s*"
        rf"{_NUMBER.format('b')}",
        r"\g<b>*(1+\g<a>/100)",
    ),
    (
        rf"{_NUMBER.format('a')}\s*(?:%|％|per ?cent)\s*(?:off|less than|discount on)\s*"
        rf"{_NUMBER.format('b')}",
        r"\g<b>*(1-\g<a>/100)",
    ),
    (
        rf"{_ALONE}{_NUMBER.format('b')}\s*(?:plus|\+|加上?)\s*{_NUMBER.format('a')}{_PERCENT}",
        r"\g<b>*(1+\g<a>/100)",
    ),
    (
        rf"{_ALONE}{_NUMBER.format('b')}\s*(?:minus|-|减去?)\s*{_NUMBER.format('a')}{_PERCENT}",
        r"\g<b>*(1-\g<a>/100)",
    ),
    (rf"{_NUMBER.format('a')}\s*(?:元|块)?打\s*(?P<b>\d)(?P<c>\d?)\s*折", r"\g<a>*0.\g<b>\g<c>"),
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
    (r"(?<=[\d)])\s*(?:plus|再?加上?)\s*(?=[\d(])", "+"),
    (r"(?<=[\d)])\s*(?:minus|再?减去?)\s*(?=[\d(])", "-"),
    (r"(?<=[\d)])\s*(?:times|multiplied by|再?乘以?)\s*(?=[\d(])", "*"),
    (r"(?<=[\d)])\s*(?:divided by|再?除以)\s*(?=[\d(])", "/"),
)


def in_signs(text: str) -> str:
    """Return a text with spoken arithmetic in signs: ``12 % of 50`` is ``12/100*50``."""
    if re.search("[加减乘除折]|次方|等于", text):
        text = _CHINESE.sub(lambda found: _chinese_number(found.group()), text)
    for spoken, signs in _SPOKEN:
        text = re.sub(spoken, signs, text, flags=re.IGNORECASE)
    return text


def asked(text: str) -> str:
    """Return the expression that a question wants worked out; empty when it wants something else.

    Of long texts none: rows of dashes would be looked through with the square of their length.
    """
    found = phrases.ARITHMETIC.match(in_signs(text)) if len(text) <= _LONGEST else None
    expression = found["expression"] if found else ""
    return expression if re.search(r"[+\-*/x×÷^%]", expression[1:-1]) else ""


_LONGEST = 400
_CHINESE = re.compile("[〇零一二两三四五六七八九十百千万亿]+(?:点[〇零一二三四五六七八九]+)?")
_DIGITS = dict(zip("〇零一二两三四五六七八九", "001223456789", strict=True))
_UNITS = {"十": 10, "百": 100, "千": 1000}


def _chinese_number(written: str) -> str:
    """Return a number in Chinese signs in figures: 三百六十五 is 365, 七五 is 75."""
    whole, _, part = written.partition("点")
    tail = "." + "".join(_DIGITS[sign] for sign in part) if part else ""
    if all(sign in _DIGITS for sign in whole):
        return "".join(_DIGITS[sign] for sign in whole) + tail
    total = section = digit = 0
    for sign in whole:
        if sign in _DIGITS:
            digit = int(_DIGITS[sign])
        elif sign in _UNITS:
            section, digit = section + (digit or 1) * _UNITS[sign], 0
        else:  # ten thousands and hundred millions close what stands before them
            total, section = (total + section + digit) * (10**4 if sign == "万" else 10**8), 0
            digit = 0
    return str(total + section + digit) + tail


def plain_number(value: Decimal) -> str:
    """Return a number without needless zeros or exponents, at most 10 decimals."""
    rounded = round(value, 10)
    written = f"{rounded:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written
