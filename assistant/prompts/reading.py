"""Prompts that ask for words of a text: spans, yes or no, answers from evidence, drafts."""

from __future__ import annotations

from assistant.i18n import Language
from assistant.prompts.turns import DATA_RULE, QUESTION, Turn

_EXTRACT = {
    "en": (
        "You extract answers. Copy the answer to the question from the text, word for word. "
        "Give only the name, number, date or phrase asked for."
    ),
    "zh": (
        "你是阅读理解助手。从文章中逐字抄出问题的答案，只写所问的名称、数字、日期或短语，"
        "不要重复问题，不要写完整句子。"
    ),
}
# Different texts, different kinds of question: one text with many questions teaches less. Measured
# on 80 questions each: three examples are best in English (0.48 exact), six in Chinese.
EXAMPLES = {
    "en": (
        (
            "The regatta was won by Ada Moss, who sailed 3,837 miles alone, a club record.",
            "How many miles did Ada Moss sail?",
            "3,837",
        ),
        (
            "Because the old bridge was washed away in the spring flood of 1887, the council "
            "hired the engineer Tom Reyes to build a stone one.",
            "Why did the council have a new bridge built?",
            "the old bridge was washed away",
        ),
        (
            "The treaty, signed in Lisbon, was ratified well after the war, by most of the "
            "northern states.",
            "Which states ratified the treaty?",
            "most of the northern states",
        ),
    ),
    "zh": (
        (
            "帆船赛由艾达·莫斯夺冠，她独自航行了3,837英里，创下俱乐部纪录。",
            "艾达·莫斯航行了多少英里？",
            "3,837",
        ),
        (
            "由于老桥在1887年春天的洪水中被冲走，市议会聘请工程师汤姆·雷耶斯修建了一座石桥。",
            "市议会为什么要修建新桥？",
            "老桥在1887年春天的洪水中被冲走",
        ),
        (
            "该条约在里斯本签署，战后很久才由大多数北方州批准。",
            "哪些州批准了该条约？",
            "大多数北方州",
        ),
        (
            "1920年，化学家维拉·霍姆与助手彼得·诺德在奥斯陆发明了一种耐寒玻璃，"
            "后来由北方玻璃厂生产。",
            "谁与维拉·霍姆一起发明了耐寒玻璃？",
            "彼得·诺德",
        ),
        (
            "这座灯塔高34米，由花岗岩建成，而旧灯塔只有木结构。",
            "新灯塔用什么材料建成？",
            "花岗岩",
        ),
        (
            "代表团先访问了智利，随后前往秘鲁，最后到达厄瓜多尔。",
            "代表团访问智利之后去了哪个国家？",
            "秘鲁",
        ),
    ),
}


_READ = {
    "en": "{text}\n\nQuestion: {question}",
    "zh": "文章：{text}\n\n根据文章回答（只写答案中的词语）：{question}",
}


def reader(question: str, evidence: str, language: Language) -> list[Turn]:
    """Ask a small model for the exact words of the evidence that answer a question."""
    turns = [Turn("system", _EXTRACT[language])]
    for text, asked, answer in EXAMPLES[language]:
        turns += [
            Turn("user", _READ[language].format(text=text, question=asked)),
            Turn("assistant", answer),
        ]
    turns.append(Turn("user", _READ[language].format(text=evidence, question=question)))
    return turns


NOT_FOUND = "NOT FOUND"
_SPAN = (
    f"Copy the shortest answer from the text, word for word, or write {NOT_FOUND}. "
    f"从文中逐字抄出最短的答案；文中没有就写 {NOT_FOUND}。"
)
_SPAN_ASKED = {"en": "{text}\n\nQuestion: {question}", "zh": "{text}\n\n问题：{question}"}


def span(question: str, text: str, language: Language) -> list[Turn]:
    """Ask for a span of a text, in the one form that a trained reader knows.

    Nothing before the text depends on the question, not even its language, so an engine that keeps
    its prefix reads a text once for all questions.
    """
    asked = _SPAN_ASKED[language].format(question=question, text=text)
    return [Turn("system", _SPAN), Turn("user", asked)]


_COMPOSE = {
    "en": (
        "You answer questions about the user's own files. Use only the numbered evidence. Put the "
        "number of the evidence in brackets after each statement, like [1]. Be brief. If the "
        "evidence does not hold the answer, say only: NOT FOUND."
    ),
    "zh": (
        "你根据用户自己的文件回答问题。只使用带编号的资料，每句话后用方括号注明资料编号，如 [1]。"
        "回答要简短。如果资料中没有答案，只回答：NOT FOUND。"
    ),
}
_SEEING = {
    "en": "Pictures are attached; look at them. They are numbered like the evidence.",
    "zh": "附有图片，请仔细看。图片的编号与资料一致。",
}


def compose(question: str, evidence: str, language: Language, pictures: bool = False) -> list[Turn]:
    """Ask for an answer in sentences with evidence numbers, or NOT FOUND."""
    rules = f"{_COMPOSE[language]} {DATA_RULE[language]}"
    if pictures:
        rules += " " + _SEEING[language]
    return [
        Turn("system", rules),
        Turn("user", f"{evidence}\n\n{QUESTION[language]}{question}"),
    ]


_YES_NO = {
    "en": "Answer the question from the text with yes or no.",
    "zh": "根据文章回答问题，只回答“是”或“否”。",
}
YES_NO = {"en": ("yes", "no"), "zh": ("是", "否")}


def yes_no(question: str, text: str, language: Language) -> list[Turn]:
    """Ask for yes or no (scored over YES_NO, not generated)."""
    asked = _READ[language].format(text=text, question=question)
    return [Turn("system", _YES_NO[language]), Turn("user", asked)]


_DRAFT = {
    "en": (
        "You write exam questions about a text. Write one question that the text answers, and "
        "its answer copied word for word from the text: a name, number, date or short phrase."
    ),
    "zh": (
        "你根据文章出题。写一个文章能回答的问题，再从文章中逐字抄出答案（名称、数字、日期或短语）。"
    ),
}
_DRAFTED = {
    "en": "Question: {question}\nAnswer: {answer}",
    "zh": "问题：{question}\n答案：{answer}",
}


def drafter(body: str, language: Language) -> list[Turn]:
    """Ask for one question about a text with its answer, in two marked lines."""
    turns = [Turn("system", f"{_DRAFT[language]} {DATA_RULE[language]}")]
    for said, question, answer in EXAMPLES[language][:2]:
        turns += [
            Turn("user", f"<<<\n{said}\n>>>"),
            Turn("assistant", _DRAFTED[language].format(question=question, answer=answer)),
        ]
    turns.append(Turn("user", f"<<<\n{body}\n>>>"))
    return turns
