"""Colours and shapes, as Streamlit configuration; ``style.css`` adds what that cannot say.

Text on its background has a contrast of at least 7:1, the primary colour at least 4.5:1.
"""

from __future__ import annotations

from typing import Any

_LIGHT = {
    "primaryColor": "#0f6e84",
    "backgroundColor": "#ffffff",
    "secondaryBackgroundColor": "#f2f6f7",
    "textColor": "#15222a",
    "linkColor": "#0f6e84",
    "borderColor": "#d8e1e4",
    "sidebar.backgroundColor": "#f5f8f9",
    "sidebar.secondaryBackgroundColor": "#e6eef0",
    "sidebar.borderColor": "#d8e1e4",
}
_DARK = {
    "primaryColor": "#3fb3cc",
    "backgroundColor": "#10191e",
    "secondaryBackgroundColor": "#1a262d",
    "textColor": "#e9f0f2",
    "linkColor": "#6cc9dd",
    "borderColor": "#2b3b43",
    "sidebar.backgroundColor": "#0c1418",
    "sidebar.secondaryBackgroundColor": "#1a262d",
    "sidebar.borderColor": "#2b3b43",
}

THEME: dict[str, Any] = {
    "theme.baseRadius": "10px",
    "theme.buttonRadius": "10px",
    "theme.baseFontSize": 16,
    "theme.showSidebarBorder": True,
    "theme.showWidgetBorder": True,
    "theme.headingFontWeights": [650, 650, 600],
    **{f"theme.light.{key}": value for key, value in _LIGHT.items()},
    **{f"theme.dark.{key}": value for key, value in _DARK.items()},
}
