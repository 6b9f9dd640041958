"""Prompts that ask for the names in a text and for what each of them names."""

from __future__ import annotations

from assistant.i18n import Language
from assistant.prompts.turns import DATA_RULE, Turn

_NAMES = {
    "en": (
        "List the names in the text, each as it stands there: people, organisations, places and "
        "dates. Write one line for each kind; leave a line empty if there are none."
    ),
    "zh": ("列出文中的名称，照原文写：人物、机构、地点、日期。每类一行，没有就留空。"),
}
_NAMES_LISTED = {
    "en": (
        (
            "On 5 June 1998 Clara Boyd of Tern Shipping flew from Oslo to the island of Fogo.",
            "People: Clara Boyd\nOrganisations: Tern Shipping\nPlaces: Oslo; Fogo\n"
            "Dates: 5 June 1998",
        ),
        (
            "The storm passed over the valley, and nobody was hurt.",
            "People:\nOrganisations:\nPlaces:\nDates:",
        ),
        (
            "Last winter the Red Kite Choir sang in Porto and Braga; Ivo Lund and Mei Tan led it "
            "until May 2011.",
            "People: Ivo Lund; Mei Tan\nOrganisations: Red Kite Choir\nPlaces: Porto; Braga\n"
            "Dates: May 2011",
        ),
    ),
    "zh": (
        (
            "1998年6月5日，燕鸥航运公司的林克拉从奥斯陆飞往福戈岛。",
            "人物：林克拉\n机构：燕鸥航运公司\n地点：奥斯陆；福戈岛\n日期：1998年6月5日",
        ),
        ("暴风雨经过山谷，没有人受伤。", "人物：\n机构：\n地点：\n日期："),
        (
            "去年冬天，红鸢合唱团在波尔图演出，由陈梅和伊沃指挥，直到2011年5月。",
            "人物：陈梅；伊沃\n机构：红鸢合唱团\n地点：波尔图\n日期：2011年5月",
        ),
    ),
}


def names(text: str, language: Language) -> list[Turn]:
    """Ask for the names of a text, a line a kind."""
    turns = [Turn("system", f"{_NAMES[language]} {DATA_RULE[language]}")]
    for said, listed in _NAMES_LISTED[language]:
        turns += [Turn("user", f"<<<\n{said}\n>>>"), Turn("assistant", listed)]
    turns.append(Turn("user", f"<<<\n{text}\n>>>"))
    return turns


_KIND = {
    "en": "Say what kind of name it is: person, organisation, place or thing.",
    "zh": "判断名称的类别：人物、机构、地点或其他。",
}
KINDS = {
    "en": ("person", "organisation", "place", "thing"),
    "zh": ("人物", "机构", "地点", "其他"),
}
_KIND_ASKED = {"en": "Text: {text}\nName: {name}", "zh": "文章：{text}\n名称：{name}"}
_KIND_TOLD = {
    "en": (
        (
            _NAMES_LISTED["en"][0][0],
            (("Clara Boyd", 0), ("Tern Shipping", 1), ("Fogo", 2), ("Oslo", 2)),
        ),
        (
            "The Red Kite Choir sang Silent Night in Porto, led by Ivo Lund.",
            (("Red Kite Choir", 1), ("Silent Night", 3), ("Porto", 2), ("Ivo Lund", 0)),
        ),
    ),
    "zh": (
        (
            _NAMES_LISTED["zh"][0][0],
            (("林克拉", 0), ("燕鸥航运公司", 1), ("福戈岛", 2)),
        ),
        (
            "红鸢合唱团在波尔图演唱了《平安夜》，由陈梅指挥。",
            (("红鸢合唱团", 1), ("平安夜", 3), ("波尔图", 2), ("陈梅", 0)),
        ),
    ),
}


def kind_of_name(name: str, text: str, language: Language) -> list[Turn]:
    """Ask what a name in a text names (scored over KINDS, not generated)."""
    ask = _KIND_ASKED[language]
    turns = [Turn("system", _KIND[language])]
    for said, told in _KIND_TOLD[language]:
        for known, kind in told:
            turns.append(Turn("user", ask.format(text=said, name=known)))
            turns.append(Turn("assistant", KINDS[language][kind]))
    turns.append(Turn("user", ask.format(text=text, name=name)))
    return turns
