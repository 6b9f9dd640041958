"""Figures that are worked out from others, and what the pages they are worked out from say.

Nobody's balance sheet holds the words "quick ratio": it holds the assets and liabilities the ratio
is made of. A question for such a figure also looks for the statements its parts stand in, by their
usual lines (standard definitions of financial statement analysis). Knows no search.
"""

from __future__ import annotations

import re

_ASSETS = (
    "Cash and cash equivalents, short-term investments, accounts receivable net, inventories, "
    "prepaid expenses, total current assets, total assets"
)
_LIABILITIES = (
    "Accounts payable, accrued liabilities, income taxes payable, total current liabilities, "
    "long-term debt, total liabilities"
)
_EQUITY = (
    "Common stock, capital in excess of par value, retained earnings, total shareholders' equity, "
    "total liabilities and shareholders' equity"
)
_INCOME = (
    "Revenues, cost of sales, gross profit, selling and administrative expense, operating income, "
    "interest expense, income before income taxes, income tax expense, net income"
)
_CASH = (
    "Cash provided by operations, additions to property, plant and equipment, repurchase of "
    "common stock, dividends paid, cash used by financing activities"
)
_PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        r"(?:current|quick|acid[- ]test|cash|liquidity)[ _-]ratio|working capital"
        r"|流动比率|速动比率|现金比率|营运资金",
        (_ASSETS, _LIABILITIES),
    ),
    (
        r"(?:inventory|receiv(?:e|ables?)|payables?|assets?)[ _-]turnover"
        r"|days (?:of |in )?(?:inventory|sales|payables?)|cash conversion"
        r"|(?:存货|应收账款|应付账款|总资产)周转|现金转换周期",
        (_INCOME, _ASSETS, _LIABILITIES),
    ),
    (r"return on (?:total )?assets|\broa\b|总资产收益率", (_INCOME, _ASSETS)),
    (
        r"return on (?:\w+ )?(?:equity|capital)|\bro(?:e|ce|ic)\b|净资产收益率",
        (_INCOME, _EQUITY),
    ),
    (
        r"debt[- ]to[- ](?:equity|assets?|capital)|(?:debt|gearing|leverage)[ _-]ratio|资产负债率",
        (_LIABILITIES, _EQUITY),
    ),
    (
        r"interest coverage|times interest earned|(?:gross|operating|net|ebitda?|profit)"
        r"(?: profit)? margin|effective tax rate|利息保障倍数|毛利率|净利率|有效税率",
        (_INCOME,),
    ),
    (
        r"payout ratio|retention ratio|free cash flow|cash flow ratio|股息支付率|自由现金流",
        (_CASH, _INCOME),
    ),
)
_RULES = tuple((re.compile(rule, re.IGNORECASE), parts) for rule, parts in _PARTS)


def parts_of_figures(question: str) -> tuple[str, ...]:
    """Return what to look for beside a question: lines of the statements that its figure is
    worked out from; nothing for any other question."""
    flat = " ".join(question.split())
    return next((parts for rule, parts in _RULES if rule.search(flat)), ())
