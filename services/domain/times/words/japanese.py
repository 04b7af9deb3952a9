"""Japanese, which writes no spaces: まで, から and their like stand behind the time."""

from __future__ import annotations

from collections.abc import Mapping

_MONTHS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")

JAPANESE: Mapping[str, str] = {
    **{f"month {month}": f"{month}月|{name}月" for month, name in enumerate(_MONTHS, 1)},
    **{f"weekday {number}": f"{day}曜日|{day}曜|({day})" for number, day in enumerate("月火水木金土日")},
    "day 0": "今日|きょう|本日|当日", "day 1": "明日|あした|あす", "day 2": "明後日|あさって",
    "now": "今から|いまから|ただいまから|今?", "week 0": "今週中|今週いっぱい|今週",
    "week 1": "来週中|来週いっぱい|来週|翌週", "week 2": "再来週", "weekend 0": "今週末|週末|この週末",
    "weekend 1": "来週末", "relmonth 0": "今月中|今月いっぱい|今月末|月末|今月",
    "relmonth 1": "来月いっぱい|来月中|来月|翌月",
    "rest": "今日中|今日いっぱい|本日中|終日|一日中|今日一日|丸一日|まる一日", "part morning": "今朝|午前中|午前|朝?",
    "part afternoon": "午後", "part evening": "夕方|今夜|今晩|夜?|晩?", "clock 12": "正午|お昼|昼?",
    "lunch": "お昼|昼",
    "clock 24": "深夜0時|真夜中", "ampm am": "午前|朝|早朝", "ampm pm": "午後|夜|夕方|今夜|今晩|晩",
    "oclock": "時|時頃|時ごろ|時ころ|頃|ごろ|ころ",
    "minute": "分|分頃|分ごろ", "daymark": "日?", "unit m1": "分間|分|分ほど|分くらい|分ぐらい|分だけ|分間ほど|"
            "分間だけ",
    "unit m60": "時間|時間ほど|時間くらい|時間ぐらい|時間だけ", "unit d1": "日間", "unit d7": "週間",
    "unit o1": "か月間|か月|ヶ月間|ヶ月|カ月間|カ月|ヵ月|箇月", "unit o12": "年間", "spell 30": "半時間|30分",
    "plus 30": "半", "kanji": "〇一二三四五六七八九十", "number 2": "二", "to": "から|より|~",
    "topic": "は", "at": "の|に|は", "for length": "あと", "in": "あと", "of": "の", "and": "と|および|及び|、及び|や",
    "or": "か|または|もしくは", "later": "後|後に|ご", "suffix_until": "までに|まで|迄",
    "suffix_from": "から|以降|より|からの",
    "suffix_before": "前まで|の前まで|より前|前に|前",
    "suffix_back": "に戻ります|に戻る|に戻り|で戻ります|で戻る|で戻り|戻ります|戻り|に帰ります|に復帰|復帰|"
            "から戻ります",
    "including": "を含む|含む|(含む)", "coming": "今週の|次の|今度の|この",
    "odd": "以来|前半|後半|上旬|中旬|下旬|初め|初旬|過ぎ|すぎ|隔週|以外|を除く|毎週|毎日|毎月|除く|ずつ",
    "off": "オフ|終了|解除|戻りました",
    "vague": "数", "unread": "昨日|一昨日|先週|先月|去年|来年|今年|営業日|半日|秒間|秒|泊?|令和|平成",
    "name": "休日|祝日|日本|曜日|今度|今後|半期|半分|分析|時代|時短|日報|月報|日程|分科会|時期|同時|臨時|自分|部分|"
            "気分|以前|前回|24時間営業|午前様|名前|前田|朝会|朝礼|夜勤|昼食|昼休み|お昼休み|昼寝|夜間",
}  # fmt: skip
