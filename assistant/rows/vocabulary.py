"""How people ask for figures of a table's rows: patterns only, English and Chinese side by side.

What is done with them is in ``asked``. See ``phrases`` for those of the planner.
"""

from __future__ import annotations

import re

from assistant.phrases import Operation, any_of

COUNTED = (
    r"(?:times|purchases|transactions|entries|rows|records|payments|visits|orders|lines|expenses"
    r"|bookings|readings|measurements|shifts)"
)
OPERATIONS: tuple[tuple[Operation, re.Pattern[str]], ...] = (
    (
        "count",
        any_of(
            rf"\bhow many (?:of )?(?:\w+ )?{COUNTED}\b|\bhow often\b",
            rf"\bnumber of (?:\w+ )?{COUNTED}\b",
            rf"\b(?:which|what|list|show)(?: me)?(?: all)?(?: my| the)? (?:\w+ )?{COUNTED}\b.*\d",
            "(?:多少|几)[次笔条行单套场趟]",
        ),
    ),
    ("average", any_of(r"\baverage\b|\bmean\b|\bon average\b", "平均")),
    (
        "max",
        any_of(
            r"(?<!at )\bmost\b(?! of)|\b(?:high|larg|bigg|great|long|hott|warm|dear|prici)est\b"
            r"|\b(?:furth|farth|heavi|tall|busi)est\b"
            r"|\bmax(?:imum)?\b",
            "最[多高大贵长热]|最为?昂贵",
        ),
    ),
    (
        "min",
        any_of(
            r"(?<!at )\bleast\b|\bfewest\b|\b(?:low|small|cheap|short|cold|cool)est\b"
            r"|\bmin(?:imum)?\b",
            "最[少低小短冷]|最便宜",
        ),
    ),
    (
        "sum",
        any_of(
            r"\b(?:total|sum|altogether|overall)\b|\bin all\b|\bhow (?:much|many|far|long)\b"
            r"|\badd up\b|\bspen[dt]\b|\b(?:pay|paid|cost)\b",
            "共|合计|总[共和计额]?|加起来|多少|花了|几个?小时",
        ),
    ),
)
BEYOND = any_of(
    r"%|\bper ?cent(?:age)?\b|\b(?:share|proportion|ratio|median|difference|trend|growth)\b",
    r"\b(?:second|third|fourth|fifth)[- ](?:most|highest|largest|lowest)\b",
    r"\b(?:top|last|first|next) (?:\d|two|three|few)|\bforecast\b",
    r"\b(?:two|three|four|five|ten|\d+) (?:most|(?:high|larg|bigg|cheap|low|small)est)\b",
    r"\b(?:more|less)\b(?! than [^a-z]{0,4}\d)|\bcompared?\b|\bversus\b|\bvs\b",
    r"\b(?:except|without|excluding|besides|not|other than|apart from)\b|n't\b|\bwhy\b",
    r"\b(?:increase|decrease|rise|fall|grow|change)[ds]?\b|\bat (?:least|most)\b",
    r"\b(?:price|cost) (?:per|of one|each)\b|\bper (?:unit|piece|kg|person|head)\b",
    "百分|比例|占比|占多少|中位|第[二三四五]|前[几两二三四五十\\d]|[相之]差|差额|增长|同比|环比|增加|减少了",
    "除了|以外|之外|不包括|不含|没有|比.{1,12}[多少高低]|为什么|单价",
)
"""Asks for what is not worked out here; a half-understood sum would be worse than none."""

MONEY = any_of(
    r"\b(?:spen[dt]|spending|pa(?:y|id)|cost(?:s|ed|ly)?|expens(?:e|es|ive)|cheap(?:est)?|price[ds]?"
    r"|br(?:ing|ought) in|fetch(?:ed)?|rais(?:e|ed)"
    r"|pric(?:iest|ey)|dear(?:est)?|bills?|purchases?|money|amounts?|bought|buy|earn(?:ed)?"
    r"|receive[ds]?|income|hand(?:ed)? over|charg(?:ed?|es|ing)"
    r"|sets? (?:me|us|you|him|her|them) back)\b",
    "花|钱|贵|便宜|消费|支出|开销|费用|金额|付|买|收入|元|销售额|采购额|总额|租金|房租|掏",
)
SPENDING = any_of(
    r"\b(?:spen[dt]|spending|pa(?:y|id)|cost(?:s|ed|ly)?|expens(?:e|es|ive)|cheap(?:est)?|purchases?"
    r"|bought|buy|dear(?:est)?|payments?|withdr[ae]w|(?:paid|went|go(?:es)?|take|took|money) out)\b"
    r"|\bleft (?:the|my|our) account\b",
    "花|贵|便宜|消费|支出|开销|费用|付|买",
)
OWN = any_of(
    r"\b(?:purchases?|expenses?|transactions?|payments|spending)\b|\b(?:i|we)\b.*\b(?:spen[dt]|pa(?:y|id))\b",
    "我.{0,12}花|花[得钱了]|消费|支出|开销|交易",
)
"""Speaks of what was spent as such, as lists of expenses do."""
EARNING = any_of(
    r"\b(?:br(?:ing|ought) in|fetch(?:ed)?|earn(?:ed)?|receive[ds]?|income|got paid|incoming"
    r"|(?:came|comes?|paid|money) in)\b",
    "收入|收到|进账",
)
ADDED = any_of(
    r"\bmost\b|\bleast\b|\bfewest\b|\btotal\b|\bsum\b|\boverall\b", "最[多少]|共|总|合计"
)
"""Of groups, wants their sums compared, not their single rows."""

ALTOGETHER = any_of(r"\b(?:total|sum|altogether|overall|in all|all of)\b", "共|合计|总|加起来")
"""Says that all is to be added up."""

AMOUNT_NAMES = any_of(
    r"\b(?:amount|price|total|cost|costs|sum|spent|paid|received|expense|expenses|fee|gross|net|debit|credit"
    r"|paid out|paid in|money out|money in|withdrawals?|deposits?|betrag|importe|montant|usd|eur"
    r"|gbp|cny|salary|rent|fare|sales|revenue|turnover)\b",
    "租金|房租|销售额|金额|价格|总价|费用|支出|收入|花费|应付|实付|合计|总额|借方|贷方|价税",
)
COIN = any_of(r"[€$£¥₹]|\b(?:eur|usd|gbp|cny|rmb|chf|sek|nok|dkk|jpy)\b", "元|日元|美元")
"""A currency in the name of a column."""
OUTGOING = any_of(
    r"\b(?:debit|out|withdrawals?|spent|expense|expenses|paid)\b(?! in)", "支出|借方|花费"
)
INCOMING = any_of(r"\b(?:credit|in|deposits?|income|received)\b", "收入|贷方|存入")
PLAIN_AMOUNT = any_of(
    r"^(?:the )?(?:amount|total|total amount|total price|sum)\b", "^(?:总?金额|总价|总额|合计)"
)
UNIT_PRICE = any_of(r"\b(?:unit price|price|unit cost|rate)\b", "单价|价格")
RATE = any_of(
    r"^(?:an?|per|each|every)\b|\b(?:per|rate|tariff)\b"
    r"|/ ?(?:person|head|night|day|hour|week|month|year|h|kg|m)\b",
    "^每|单价|/ ?(?:人|晚|天|日|小时|周|月|年|斤|公斤)",
)
"""A column of what one of something costs: its cells do not add up to anything."""
QUANTITY = any_of(
    r"\b(?:quantity|qty|count|stock|in stock|units|pieces|number|amount)\b", "数量|库存|件数|个数"
)
NOT_FIGURES = any_of(
    r"\b(?:id|no|nr|number|invoice|order|year|zip|code|phone|row|index|rank|page|account|balance|card|ref"
    r"|reference)\b|#",
    "序号|编号|学号|工号|房号|年份?$|电话|号码|邮编|余额|账号|卡号|单号",
)
"""Columns whose numbers are no figures to work with unless the question names them."""
TOTAL_ROW = any_of(
    r"^(?:grand |sub)?-?\s?totals?:?$|^sum:?$|^balance:?$",
    r"^total (?:income|expens(?:es?|iture)|costs?|revenues?|sales|receipts|payments|budget)$",
    "^(?:合计|总计|小计|总和|合?同?总价|总金?额)[:：]?$",
)
TOTAL_LINE = re.compile(
    r"^\W*(?:grand |sub)?-?\s?totals?\b.*\d|^\W*(?:合计|总计|总额|共计).*\d",
    re.IGNORECASE | re.MULTILINE,
)
"""A line of a document that gives a total itself, as a bill's last one does."""

ALIKE: tuple[re.Pattern[str], ...] = (
    any_of(
        r"^(?:shop|store|merchant|vendor|payee|supplier|company|seller|retailer|restaurant|where"
        r"|description|detail)s?$",  # a bank's statement has shops under "Description"
        "^(?:商店|商家|店铺?|商户|公司|收款方|对方|交易对方|供应商|超市|店名|摘要|交易说明)$",
    ),
    any_of(
        r"^(?:category|categorie|type|kind|group|class|department)s?$",
        "^(?:类别|分类|种类|类型|类目|科目|用途|部门|项)$",
    ),
    any_of(
        r"^(?:person|people|name|employee|worker|colleague|staff|member|who)s?$",
        "^(?:姓名|名字|员工|人员|人|谁|成员)$",
    ),
    any_of(
        r"^(?:item|product|article|good|description|thing)s?$",
        "^(?:商品|产品|物品|品名|名称|东西|物料)$",
    ),
    any_of(r"^(?:project|client|customer|task|job)s?$", "^(?:项目|客户|任务)$"),
    any_of(
        r"^(?:city|citie|place|location|site|room|sensor|station|warehouse)s?$",
        "^(?:城市|地点|房间|传感器|仓库|位置)$",
    ),
)
"""Names that people give one and the same column."""
FIGURES_ALIKE: tuple[re.Pattern[str], ...] = (
    any_of(r"\b(?:quantity|qty|stock|units|pieces)\b", "数量|库存|件数"),
    any_of(r"\b(?:temperatures?|temp|degrees)\b", "温度|气温"),
    any_of(r"\b(?:hours?|duration|hrs?|how long)\b", "小时|工时|时长"),
    any_of(r"\b(?:distance|km|kilomet(?:er|re)s?|miles|how far)\b", "距离|公里|里程"),
    any_of(r"\b(?:k ?wh|power|energy|electricity)\b", "电量|用电|度数"),
)
"""The same for columns of figures; they may stand anywhere in a column's name."""
TAXED: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (
        any_of(
            r"\b(?:including|includes?|incl?\.?|inclusive of|with|plus|after) (?:the )?"
            r"(?:vat|tax(?:es)?|gst)\b",
            "(?<!不)含税|税后|连税",
        ),
        any_of(r"\b(?:gross|incl|inc vat|with vat|total)\b", "(?<!不)含税|价税|税后"),
    ),
    (
        any_of(
            r"\b(?:excluding|excl?\.?|exclusive of|without|before|net of) (?:the )?"
            r"(?:vat|tax(?:es)?|gst)\b",
            "不含税|税前|未税",
        ),
        any_of(r"\b(?:net|excl|ex vat|before)\b", "不含税|税前|未税"),
    ),
)
"""Amounts with and without a tax, and the columns of them."""
SUPERLATIVES: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (
        any_of(r"\b(?:longest|shortest|how long)\b", "最[长短久]|多[长久]"),
        any_of(
            r"\b(?:hours?|minutes?|duration|time|length|pages?|distance|km|miles|days)\b",
            "小时|分钟|时长|长度|页数|距离|公里|天数",
        ),
    ),
    (
        any_of(r"\b(?:cheap|dear|pric(?:i|ey)|expensive)", "便宜|贵"),
        any_of(r"\b(?:price|cost|fare|rent|fee|amount|total)\b", "价|租金|费|金额|总额"),
    ),
    (
        any_of(r"\b(?:bigg|larg|small)est\b|\bhow (?:big|large)\b", "最[大小]|多大"),
        any_of(r"\b(?:area|size|m2|m²|sqm|square)\b", "面积|大小"),
    ),
    (
        any_of(r"\b(?:heavi|light)est\b", "最[重轻]"),
        any_of(r"\b(?:weight|kg|mass)\b", "重量|体重|公斤"),
    ),
)
"""What a superlative is said of: the question's word, and the columns it means."""
GROUPED = re.compile(
    r"\b(?P<way>which|what|per|by|each|every)\s+(?:of the\s+)?(?P<en>[a-z]+)\b|\b(?P<who>who)\b"
    r"|(?P<how>哪一?[个家种类位]?|每一?[个家种类位]?|按|各个?)(?P<zh>[\u3400-\u9fff]{0,6})|(?P<zhwho>谁)",
    re.IGNORECASE,
)
TIMES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("month", any_of("^months?$", "^月")),
    ("year", any_of("^years?$", "^年")),
    ("day", any_of("^(?:days?|dates?)$", "^[天日]")),
)
ROWISH = any_of(
    rf"^(?:{COUNTED}|purchase|transaction|entry|row|record|payment|expense|line|was|is|were|did|are"
    r"|do|does|has|had|my|the|i)$",
    "^[笔次条行项]",
)
"""What stands after "which" or "what" when single rows are meant."""
STOP = frozenset(
    re.findall(
        "[a-z]+",
        """
        a above according add all altogether am amount amounts an and any are as at average
        be been below biggest bill bills bought buy by can cheap cheapest coldest column
        come cost costed costing costs could csv data dear did do document does each earn
        earned long entries entry ever every exceeding excel expense expenses expensive
        far fewest figure file files find for from get give go gone got greatest had has
        have he her highest his hottest how i in is it its largest least less library list
        listed log logged longest lowest many max maximum me mean measured measurements min
        minimum money more most much my now number of often on one ones or our over overall
        paid pay payment payments per please price priciest purchase purchases readings
        receive received record recorded row rows say says she sheet shop shopped shortest
        show single smallest so spend spending spent spreadsheet stand statement sum table
        take tell than that the their there these they thing things this those time times to
        together took total transaction transactions tsv under up us use used value values years
        visit visited warmest was we went were what when where which who far will with
        work worked working would xlsx you your ran run wrote written walked drove sold ordered
        ate began billed booked borrowed brought called came charged climbed come comes cycled
        dearest delivered drank driven drunk eaten fell filled finish finished flew flown fill gave
        given go goes going gone grew happen happened into join joined leave leaves left lend lent
        live lived lives lost made makes out owe owed played put puts read reads rate rated rode
        score scored send sent sends slept started stayed still studied swam takes taken
        travelled uses watched weigh weighed won already account down off so
        euro euros pound pounds dollar dollars yuan yen franc francs kronor kroner krona kr eur usd
        gbp cny rmb cents pence bucks quid
        """,
    )
)
"""Words of asking, which choose no rows."""
STOP_ZH = re.compile(
    "(?:多少|几)[台包套本只瓶盒袋支双张件个份斤位名间辆场趟单]|销售总?额?|采购总?额?|成交|卖[出了掉]?|值班|排班|值了|排了|的?班$"
    "|打车|吃饭|每晚|房子|从|向|日元|美元|欧元|英镑|我们?|你|他们?|她|在|上|里|中|内|的|了|花费?|钱|多少|一共|总共|共计?|总和|总计|总额|合计|是|为|有|哪|个|家|笔|次|条|行"
    "|消费|支付|支出|开销|费用|金额|购买|买|用|最|贵|多|少|高|低|大|小|长|短|便宜|平均|每|按|各|几|请问?|吗|呢|表格?|文件|记录|账单"
    "|商店|商家|商户|店铺|公司|类别|分类|种类|类型|姓名|名字|员工|人员|成员|商品|产品|物品|名称|项目|客户|城市|地点"
    "|房间|仓库|数量|库存|件数|温度|气温|小时|工时|时长|读数|记录|数据|付|过|去|和|与|或|及|统计|加起来|分别|元|块|天|月|年|日|超过|大于|高于|多于|低于|小于|少于|不到|那|这|一|人|谁|所有"
    "|全部|根据|显示|什么|时候|时间|得|总|共|值|数|工作|商品|东西|项|份|都|要|吃|到|被|于|给|下|类|种|店"
)
