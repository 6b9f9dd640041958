"""Files of another relative, or of another kind of insurance, than the question's."""

from __future__ import annotations

import pytest

from assistant.another import is_of_another

POLICY = "Home contents insurance. Not covered: motor vehicles. Ends 30 September 2025."


@pytest.mark.parametrize(
    ("question", "name", "text", "another"),
    [
        ("爸爸的空腹血糖是多少？", "妈妈体检报告.pdf", "空腹血糖 6.4", True),
        ("妈妈的空腹血糖是多少？", "妈妈体检报告.pdf", "空腹血糖 6.4", False),
        ("What is dad's blood sugar?", "mum_check-up.pdf", "Blood sugar 6.4", True),
        ("What is dad's blood sugar?", "check-up.pdf", "Blood sugar 6.4", False),
        ("When does my car insurance run out?", "policy.pdf", POLICY, True),
        ("When does my home insurance run out?", "policy.pdf", POLICY, False),
        ("When does my car insurance run out?", "motor_policy.pdf", "Ends 3 May.", False),
        ("How much was the gas bill?", "bill.png", "Electricity, 871 kWh, £120", True),
        ("How much was the last bill?", "bill.png", "Electricity, 871 kWh, £120", False),
    ],
)
def test_what_a_file_is_of(question: str, name: str, text: str, another: bool) -> None:
    assert is_of_another(question, name, lambda: text) is another
