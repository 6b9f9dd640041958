"""What is not told of people in a photo: who they are by their looks, and what is private to them.

A model that is asked will name a face or guess a faith; it cannot know. Such questions get what the
picture shows instead. Text in a picture is read as always: a name badge or a report may say it.
"""

from __future__ import annotations

import re

_PERSON = (
    r"(?:(?:wo)?m[ae]n|persons?|people|girls?|boys?|lady|ladies|guys?|child(?:ren)?|kids?|bab(?:y|ies)"
    r"|couple|celebrit(?:y|ies)|he|she|they|him|her|them|someone|anyone|everyone)"
)
_WHO = re.compile(
    rf"\bwho(?:'s|’s| is| are| was| were)? (?:this|that|these|those|(?:in|on) (?:the|this|that)\b"
    rf"|(?:the |this |that |these |those )?(?:\w+ ){{0,2}}{_PERSON}\b)"
    rf"|\bnames? of (?:the |this |that |these |those )?(?:\w+ )?{_PERSON}\b"
    r"|\bwhat(?:'s|’s| is| are) (?:his|her|their) names?\b"
    rf"|\b(?:identify|recogni[sz]e|name) (?:the |this |that |these |those )?(?:\w+ )?{_PERSON}\b"
    r"|\bwhose (?:face|eyes?|hands?|portrait|photo of)\b"
    r"|(?:这个?|那个?|这位|那位|图|照片|里|中|上)面?的?[^，。？]{0,4}(?:人|男|女|孩|他|她|位)[^，。？]{0,4}"
    r"(?:是谁|叫什么|姓什么|名字|姓名)|[他她](?:们)?(?:是谁|叫什么|的名字)|有谁|这是谁",
    re.IGNORECASE,
)
_TRAIT = re.compile(
    r"\b(?:religio\w*|faith|believes? in|gay|straight|lesbian|homosexual|bisexual|heterosexual"
    r"|sexual\w*|transgender|votes?|voted|politic\w*|party .{0,20}\b(?:vote|support|belong)\w*"
    r"|criminals?|illegal\w*|immigrants?|ethnic\w*|(?:his|her|their) race"
    r"|race (?:is|are) (?:he|she|they)"
    r"|nationality|illness\w*|ill|diseases?|sick"
    r"|diagnos\w*|pregnant|hiv|disab\w*|mentally|autis\w*|iq|intelligen\w*|salary|income|earns?"
    r"|rich|poor)\b"
    r"|宗教|信仰|信什么教|性取向|同性恋|异性恋|政治|投票|哪个?党|罪犯|犯罪|民族|种族|国籍|什么病|疾病|生病|患病|怀孕"
    r"|残疾|智商|收入|有钱|穷",
    re.IGNORECASE,
)
_OF_SOMEONE = re.compile(rf"\b{_PERSON}\b|\b(?:his|their)\b|人|男|女|孩|他|她|位", re.IGNORECASE)


def asks_who(question: str) -> bool:
    """Whether a question about a picture asks who somebody in it is."""
    return bool(_WHO.search(question))


def asks_private(question: str) -> bool:
    """Whether a question about a picture asks for a trait that looks do not tell."""
    return bool(_TRAIT.search(question) and _OF_SOMEONE.search(question))
