"""How people ask: the patterns by which the planner tells intents, fields and follow-ups apart.

Patterns only, English and Chinese side by side. What is done with them is in ``planner``.
"""

from __future__ import annotations

import re
from typing import Literal

from retrieval.values import Modality

Field = Literal["total", "date", "company", "address", "phone", "email", "number", "tax"]
Operation = Literal["sum", "average", "max", "min", "count"]


def any_of(*parts: str) -> re.Pattern[str]:
    """Return the pattern that any of the parts is found by."""
    return re.compile("|".join(parts), re.IGNORECASE)


THING = (
    r"(?:photo|picture|image|file|document|receipt|invoice|recording|voice note|audio|note|memo"
    r"|page|pdf|spreadsheet|e-?mail|letter|form|contract|slide|presentation|report|paper|bill)"
)
THINGS = THING.replace("|page", "") + "s"
THING_ZH = (
    r"(?:照片|图片|相片|文件|文档|收据|发票|录音|语音|备忘录|笔记|表格|合同|邮件|报告|账单|小票)"
)

# --- intents ---------------------------------------------------------------------------------

CHAT = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks?(?: you)?(?: so much| a lot)?"
    r"|thx|bye|goodbye|ok(?:ay)?|great|how are you(?: doing)?(?: today)?|who are you"
    r"|what(?:'s| is) your name|what can you do(?: for me)?|help"
    r"|你好|您好|嗨|早上好|下午好|晚上好|谢谢你?|多谢|再见|你是谁|你叫什么(?:名字)?|你能做什么"
    r"|你会什么|帮助)(?:[ ,，]+(?:there|sightline|everyone))?\W*$",
    re.IGNORECASE,
)
ARITHMETIC = re.compile(
    r"^\W*(?:what(?:'s| is)|calculate|compute|how much is|work out|计算|算一?下|请问)?\s*"
    r"(?P<expression>[\d(.-][\d\s.,+\-*/x×÷^%()（）=]*[\d)%）])"
    r"\s*(?:=|等于(?:多少|几)?|是多少)?\W*$",
    re.IGNORECASE,
)
"""What may be worked out, if there is a sign between its figures: see ``arithmetic.asked``."""
PLEASE = r"^\W*(?:please |can you |could you |would you )?"
COMPARE = any_of(
    rf"{PLEASE}compare\b|\bcomparison (?:of|between)\b",
    r"\bdifferences? between\b.*\b(?:files?|documents?|photos?|receipts?"
    r"|pictures?|images?|invoices?|\w+\.\w{3,4})\b",
    r"对比|比较.*(?:和|与|跟)|(?:照片|图片|文件|文档|收据|发票).*(?:有什么(?:不同|区别)|区别是)",
)
DIFFER = any_of(
    r"\bdiffer(?:s|ent|ences?)?\b|\bchanged (?:between|from)\b",
    "不同|区别|差别|差异|差在哪|不一样",
)
"""Compares, when two files are named."""
EXTRACT = any_of(
    r"\bextract\b|\bas json\b|\bin json\b|\ball (?:the )?fields\b|\bkey[- ]value",
    "提取|抽取|所有字段",
)
COUNT = any_of(
    rf"\bhow many (?:of (?:my|the) )?(?:\w+ ){{0,2}}?{THINGS}\b",
    r"\bcount (?:my|the|all|how many)\b",
    rf"\bnumber of (?:\w+ ){{0,2}}?{THINGS}\b(?! in| on)",
    rf"(?:多少|几)(?:张|份|个|段|封|条)[^，。？]{{0,8}}{THING_ZH}|有多少[^，。？]{{0,4}}{THING_ZH}"
    rf"|{THING_ZH}有(?:多少|几)",
)
LIST = any_of(
    r"\b(?:list|show(?: me)?|find(?: me)?|give me|which of|which) "
    rf"(?:all )?(?:of )?(?:my |the |our )?"
    rf"(?:\w+ ){{0,2}}?{THINGS}\b",
    r"\bwhat (?:files|documents|photos|recordings) do (?:i|we) have",
    rf"(?:列出|显示|找出|哪些|给我看)[^，。？]{{0,12}}{THING_ZH}|{THING_ZH}(?:都)?有哪些",
)
MONEY_ALL = any_of(
    r"\bhow much (?:did|have|do) (?:i|we) (?:spen[dt]|pa(?:y|id))",
    r"\b(?:total|sum|average|mean|highest|lowest|largest|smallest|biggest|most expensive|cheapest)"
    r"\b.*\b(?:of|from|across|over|on|among|in) (?:all |my |the |these |those |our )*(?:\w+ )?"
    r"(?:receipts|invoices|bills|expenses|purchases)\b",
    r"\bwhich (?:month|year|day|receipt|invoice|bill|shop|store|company)\b.*\b(?:spen[dt]|paid|pay"
    r"|highest|lowest|largest|smallest|biggest|cheapest|most expensive)\b",
    r"\badd up\b|\bwhich of (?:my|the|these|those|our) (?:receipts|invoices|bills)\b",
    r"\bwhat (?:did|have|do) (?:i|we) (?:spen[dt]\b|pa(?:y|id) in (?:total|all)\b)",
    r"\b(?:my|our) (?:\w+ )?(?:spending|expenses|expenditure)\b(?! (?:report|policy|form))",
    r"\b(?:most expensive|cheapest|highest|lowest|largest|smallest|biggest) "
    r"(?:receipt|invoice|bill|purchase|expense)\b",
    r"\bhow many (?:of )?(?:my |the |these )?(?:receipts|invoices|bills)\b.*\b(?:over|above|under"
    r"|below|more than|less than|exceed)\b.*\d",
    r"(?:多少|几)[张份个](?:收据|发票|小票|账单).*(?:超过|大于|高于|低于|小于|少于|不到).*\d",
    r"(?:超过|大于|高于|低于|小于|少于|不到)\s*\d.*(?:收据|发票|小票|账单).*(?:多少|几)[张份个]",
    "我[^，。？]{0,12}花了多少|每(?:个?月|年|家).{0,6}花",
    "一共花|总共花|共花了|花了多少钱|花(?:的)?钱?最[多少]|合计.*(?:收据|发票|小票)",
    "(?:收据|发票|小票|账单).*(?:总和|总计|合计|平均|最高|最低|最多|最少|加起来)",
)
GENERAL = any_of(
    r"^\W*(?:please |can you |could you )?(?:write|compose|draft|tell) (?:me |us )?(?:a|an|some)\b",
    r"^\W*(?:please |can you |could you )?(?:explain|define|brainstorm|suggest|recommend)\b",
    r"^\W*how (?:do|can|should) (?:i|you|we) (?:write|make|cook|learn|code|program)\b",
    r"\b(?:python|javascript|sql) (?:function|code|script|query)\b",
    "^\\W*(?:请|帮我)?(?:写|作|编|讲)(?:一|个|首|篇|段)|^\\W*(?:请)?(?:解释|推荐|建议)",
)
PERSONAL = any_of(
    rf"\b(?:my|our|mine|i|me|we)\b|\b(?:the|this|that|these|those|which|in|on) (?:\w+ ){{0,2}}?"
    rf"{THING}s?\b",
    rf"我的?|我们|[这那](?:张|份|个|段|封)|{THING_ZH}|资料",
)
PICTURE = any_of(
    r"\b(?:this|that|the|attached|these|both|in) (?:\w+ )?"
    r"(?:photo|picture|image|pic|screenshot)s?\b",
    r"\bwhat (?:do you see|is this|is that|are these)\b|\bdescribe\b",
    "(?:这|那|图|照片)(?:张|里|中|上|幅)|图片|照片|看到什么|这是什么",
)
ONE_PICTURE = re.compile(
    r"^\W*(?:(?:in |on )?(?:which|what)|(?:please )?(?:find|show)(?: me)?(?: the| a| my)?)(?: one)?"
    r"(?: of (?:my|the|these|our))? (?:photo|picture|image|pic) "
    r"(?:shows?|has|have|contains?|depicts?|is of|is|of|with|where|in which|there is)\s+(?P<en>.+)$"
    r"|^\W*(?:请)?(?:找出|找到|显示)?(?:哪|那)?(?:一)?张(?:照片|图片|相片)(?:里面?|中|上)?"
    r"(?:显示了?|拍了|拍的是|是|有)?(?P<zh>.+)$",
    re.IGNORECASE,
)
"""Asks for the one picture that shows something; the groups hold what it shows."""
ANY_PICTURE = re.compile(
    r"^\W*(?:do (?:i|we) have|(?:is|are) there)(?: an?| any| some| one)? "
    r"(?:photos?|pictures?|images?|pics?) (?:of|with|showing|that shows?)\s+(?P<en>.+)$"
    r"|^\W*(?:请问)?(?:我|我们|这里|库里|资料库里)?(?:有没有|是否有|有)(?:一?张|任何)?"
    r"(?P<zh>[^，。？?什哪谁几多]{1,12})的(?:照片|图片|相片)(?:吗)?\W*$",
    re.IGNORECASE,
)
"""Asks whether there is a picture that shows something; groups as above."""
FACES = any_of(
    r"\bfaces?\b.*\b(?:in|on|are there|does)\b",
    r"\b(?:find|detect|count|locate|mark|show)\b.*\bfaces\b",
    r"\bhow many (?:people|persons|men|women|children|kids|boys|girls)\b(?!.*\b(?:photos|pictures"
    r"|images)\b)",
    "(?:几|多少)(?:个人|张脸|张人脸|个人脸|人)|人脸|(?:找|数|检测)[^，。？]{0,6}脸",
)
"""Asks for the faces or the people in a picture (which must be spoken of, named or given)."""
CHART = any_of(
    r"\b(?:bar |line |pie |column )?(?:charts?|graphs?|diagrams?|histograms?)\b",
    "图表|柱状图|柱形图|条形图|折线图|曲线图|饼图|统计图|图中(?:的)?数据",
)
"""Speaks of a chart."""
DOCUMENT = any_of(
    r"\b(?:receipt|invoice|bill|order|form|contract|quotation|quote|statement|ticket|letter|memo"
    r"|certificate|voucher|slip)s?\b",
    "收据|发票|小票|账单|订单|表格|合同|报价单|票据|信|备忘录",
)

# --- details ---------------------------------------------------------------------------------

_ENDINGS = (
    "jpe?g|png|webp|gif|tiff?|bmp|heic|pdf|docx?|pptx?|xlsx?|csv|tsv|html?|md|txt|eml|wav|mp3|m4a|flac"
    "|ogg|webm"
)
NAME = re.compile(
    r"(?:\([\w\-]+\))?(?<![\w&+-])[\w\-&+](?:[\w\-()\[\]&+.]{0,200}[\w)\]])?"
    rf"\.(?:{_ENDINGS})\b",
    re.IGNORECASE | re.ASCII,
)
"""A file's name; a bracket that opens before it is no part of it: ``(see lease.pdf)``. It begins
where a word does and has a bound, or a pasted text without blanks would take minutes."""
ENDING = re.compile(rf"\.(?:{_ENDINGS})(?![A-Za-z0-9])", re.IGNORECASE)
"""The ending of a file's name, in the midst of Chinese too."""
NAME_RUN = re.compile(r"[\w（）()·&+-]+$")
"""What may be a file's name, up to its ending; searched in a bounded stretch."""
BEFORE_NAME = re.compile(
    "^(?:请问?|帮忙|帮我?|麻烦|把|将|给我|让我|看一?看|看一?下|总结|概括|归纳|翻译|打开|读一?读|读一?下|描述|说说|讲讲"
    "|提取|列出|比较|对比|对照|一下|根据|按照|关于|文件|图片|照片|录音|这[个份张段]|那[个份张段]|我的|和|与|跟|及|在|从|里|的)+"
)
"""Words that run into a Chinese file name from before it."""
NAME_QUOTED = re.compile(r"[\"“'‘《「]([^\"”'’》」]+\.\w{2,5})[\"”'’》」]")
QUOTED = re.compile(
    r"\"([^\"]{1,160})\"|“([^”]{1,160})”|「([^」]{1,160})」|‘([^’]{1,160})’|《([^》]{1,160})》"
)
SUBJECT = re.compile(r"^[^:：]{3,80}[:：]\s*(?P<text>.{2,})$", re.DOTALL)
PAGE = re.compile(
    r"\bpage (\d{1,4})\b|第\s*(\d{1,4})\s*页|\b(first|second|third|fourth|fifth) page\b"
    r"|第([一二三四五])页",
    re.IGNORECASE,
)

RUNG = (
    r"\bwhat (?:number|no\.?) (?:do|should|can|must|shall) (?:i|we|you) (?:ring|call|dial)\b"
    r"|\b(?:number|no\.?) (?:for|of) (?:the|our|my|a|his|her|their) (?:\w+ )?(?:plumber|builder"
    r"|electrician|painter|gardener|cleaner|decorator|roofer|carpenter|joiner|doctor|dentist|vet"
    r"|optician|locksmith|mechanic|accountant|solicitor|landlord|landlady|caretaker|driver|teacher"
    r"|nurse|physio|midwife|babysitter|nanny|hairdresser|surgery|clinic|school|nursery|garage)\b"
)
"""Speaks of a telephone number without the word: what is rung, or the number for a plumber."""
FIELDS: tuple[tuple[Field, re.Pattern[str]], ...] = (
    ("email", any_of(r"\be-?mail\b", "邮箱|电子邮件地址")),
    (
        "phone",
        any_of(
            r"\b(?:tele)?phone\b(?! (?:calls?|to|about|for)\b)"
            r"(?<!to phone)(?<!i phone)(?<!we phone)|\btel\b|\bmobile number\b|\bfax\b",
            RUNG,
            "(?<!打)(?<!打个)(?<!打了)电话|手机号|传真",
        ),
    ),
    ("address", any_of(r"\baddress\b", "地址")),
    ("tax", any_of(r"\b(?:tax|gst|vat)(?: amount)?\b", "税额|税金|增值税")),
    (
        "number",
        any_of(
            r"\b(?:invoice|receipt|order|bill|document|reference|account) (?:no\b|number|id\b|#)",
            "发票号|单号|编号|订单号",
        ),
    ),
    (
        "total",
        any_of(
            r"\b(?:grand |final |overall )?totals?\b|\bamount (?:due|paid|payable)\b",
            r"\bhow much (?:was|is|did|does)\b|\bcosts?\b",
            "总额|总计|合计|总金额|多少钱|金额",
        ),
    ),
    (
        "company",
        any_of(
            r"\b(?:which|what|name of the|the) (?:company|store|shop|vendor|merchant|seller"
            r"|business|supplier|retailer|issuer)\b",
            r"\bwho (?:issued|sold|sent)\b|\bcompany(?: name)?\b",
            "公司|商店|商家|店名|供应商|哪家",
        ),
    ),
    (
        "date",
        any_of(
            r"\bdated?\b|\bwhen (?:was|is|did)\b|\b(?:what|which) day\b|\bissued on\b",
            "日期|哪一?天|何时|什么时候|几号(?![桌楼线房门车库柜窗店位])",
        ),
    ),
)
MODALITIES: tuple[tuple[Modality, re.Pattern[str]], ...] = (
    ("image", any_of(r"\b(?:photo|picture|image|pic|screenshot)s?\b", "照片|图片|相片")),
    (
        "audio",
        any_of(r"\b(?:recordings?|voice (?:note|memo|message)s?|audio|podcast)\b", "录音|语音"),
    ),
    ("text", any_of(r"\btext files?\b", "文本文件")),
)
OPERATIONS: tuple[tuple[Operation, re.Pattern[str]], ...] = (
    (
        "count",
        any_of(
            r"\bhow many (?:of )?(?:my |the |our )?(?:receipts|invoices|bills)\b"
            r"|^\W*(?:list|show)\b",
            "[多几]少?[张份个](?:收据|发票|小票|账单)",
            "(?:收据|发票|小票|账单).*[多几]少?[张份个]|列出",
        ),
    ),
    ("average", any_of(r"\baverage\b|\bmean\b", "平均")),
    (
        "max",
        any_of(
            r"\b(?:most|highest|largest|biggest|priciest|dearest|costliest)\b",
            "最多|最高|最大|最贵",
        ),
    ),
    ("min", any_of(r"\b(?:least|lowest|smallest|cheapest)\b", "最少|最低|最小|最便宜")),
    (
        "sum",
        any_of(
            r"\btotal\b|\bsum\b|\bhow much\b|\baltogether\b|\bin all\b|\badd up\b",
            "共|合计|总|加起来",
        ),
    ),
)
GROUPS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "month",
        any_of(
            r"\b(?:which|what|each|per|by|every) month\b|\bmonthly\b", "哪个?月|几月|每个?月|按月"
        ),
    ),
    ("year", any_of(r"\b(?:which|what|each|per|by|every) year\b|\byearly\b", "哪一?年|每年|按年")),
    (
        "company",
        any_of(
            r"\b(?:which|what|each|per|by|every) (?:company|shop|store|vendor)\b"
            r"|\bwhere (?:did|do|have) (?:i|we)\b.*\b(?:spen[dt]|money)\b",
            "[哪每]家|按(?:公司|商店)",
        ),
    ),
)
SHOWN = any_of(
    r"\b(?:photo(?:graph)?|picture|image|pic|screenshot|snap(?:shot)?)s?\b",
    r"\bshots?\b(?= (?:of|with))",
    "照片|图片|相片|图(?![书表])|合影|[那哪找]张(?!收据|发票|小票|账单)",
)
"""Speaks of pictures, in whatever word."""
TWO = any_of(r"\b(?:two|both|either|old and (?:the )?new)\b", "两|新旧")
TO_CHINESE = any_of(
    r"\b(?:in(?:to)?|to) (?:simplified )?chinese\b|mandarin", "(?:成|为|到)(?:简体)?中文"
)
TO_ENGLISH = any_of(r"\b(?:in(?:to)?|to) english\b", "(?:成|为|到)英[文语]")

FOLLOW = any_of(
    r"\b(?:it|its|they|them|their|those|these|he|she|his|her|him|the same|the one"
    r"|the other|the (?:first|second|third|last) one|that one|this one)\b",
    r"\b(?:that|this) (?:file|document|photo|picture|image|receipt|invoice|page|recording|one)\b",
    r"^\W*(?:and|but|so|also|then|what about|how about|what else|why|how so|really"
    r"|are you sure)\b",
    "[它他她]们?|^[这那]|[这那](?:张|份|个|段|封|是)|该文|呢[？?]?$|^(?:那么?|还有|为什么)",
)
NAMED_WITHIN = re.compile(
    r"\b(?:the|an?|our|my|your|each|every)\s+(?P<thing>[^?.;]*?\w)\s*,?\s+"
    r"(?:while|before|after|when|once|until|till|if|unless|because|since|and|or|than|that|which)\b"
    r"[^?.;]*?\b(?P<pronoun>it|its|they|them|their)\b",
    re.IGNORECASE,
)
"""A thing, and in a later clause of the same sentence a pronoun that may stand for it."""
COURTESY = re.compile(
    r"^\W*(?:please|can you|could you|would you|tell me|show me|find me|find|do you know)\s+", re.I
)
BILLS = any_of(r"\b(?:receipt|invoice|bill|expense|purchase)s?\b", "收据|发票|小票|账单")
BOUND = re.compile(
    r"\b(?:(?P<over>over|above|exceed(?:s|ing)?|(?:more|greater|longer|higher|larger|bigger|further"
    r"|farther|heavier) than)|under|below|(?:less|cheaper|shorter|lower|smaller|lighter) than)"
    r"\s*(?P<en>[^\d\s]{0,3}\s?\d[\d,]*(?:\.\d+)?)"
    r"|(?:(?P<zh_over>超过|大于|高于|多于)|低于|小于|少于|不到)\s*(?P<zh>\d[\d,]*(?:\.\d+)?)",
    re.IGNORECASE,
)
"""Amounts above or below a bound; the groups hold the bound and which side is meant."""
# What is left of a request for files when this is taken away is what they show or say.
NO_TOPIC = any_of(
    r"\b(?:how many|how|at|number of|list|show|find|give|count|which|what|all|of|my|the|our|me"
    r"|do|does"
    r"|did|i|we|you|have|has|are|is|there|in|on|with|about|any|a|an|that|contain(?:s|ing)?"
    r"|show(?:s|ing)?|from|for|please|can|library|mention(?:s|ing)?|say(?:s|ing)?|files?"
    r"|text(?= files?)"
    r"|documents?|summari[sz]e|summary|much|spen[dt]|paid|pay|total|sum|average|highest|lowest"
    r"|largest|smallest|biggest|most|least|expensive|cheapest|month|year|day|company|shop|store"
    r"|tak(?:e|en|ing)|took|amount|altogether|together|it|they|each|per|every|across|over|up|add|was|were"
    r"|photos?|pictures?|images?|recordings?|pages?|spent|spending|cost|break|broken|down|by"
    r"|monthly|yearly)\b",
    rf"花销|开销|分别|文本(?=文件)|{THING_ZH}|列出|显示|找出|哪些|哪个?月|哪家|有多少|多少钱?|几[张份个段封]|有|我的?|我们|给",
    "所有|全部|的|里|中|一共|总共|共|花了?|总结|概括|最多|最少|最高|最低|合计|总计|总额|平均",
    "加起来|每家店?|每个?月|每年|钱|元|拍摄?|了|吗|呢|张|份|个|和|在|关于|是",
)
