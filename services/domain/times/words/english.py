"""English, which is understood in every language."""

from __future__ import annotations

from collections.abc import Mapping

ENGLISH: Mapping[str, str] = {
    "month 1": "january|jan?", "month 2": "february|feb", "month 3": "march?|mar?", "month 4": "april?|apr",
    "month 5": "may?", "month 6": "june?|jun?", "month 7": "july|jul", "month 8": "august?|aug",
    "month 9": "september|sept?|sep?", "month 10": "october|oct?", "month 11": "november|nov",
    "month 12": "december|dec", "weekday 0": "monday|mon?", "weekday 1": "tuesday|tues|tue",
    "weekday 2": "wednesday|weds|wed?", "weekday 3": "thursday|thurs|thur|thu", "weekday 4": "friday|fri",
    "weekday 5": "saturday|sat?", "weekday 6": "sunday|sun?", "day 0": "today", "day 1": "tomorrow|tmrw|tmr",
    "day 2": "the day after tomorrow|day after tomorrow",
    "now": "from now on|from now|as of now|starting now|right now|now?",
    "week 0": "this week|the week|the rest of the week|rest of the week|the whole week|all week|whole week|"
              "the end of the week|end of the week|end of week|eow",
    "week 1": "next week|the next week|the coming week|coming week",
    "week 2": "the week after next|week after next", "weekend 0": "the weekend|this weekend|weekend?",
    "weekend 1": "next weekend",
    "relmonth 0": "this month|the month|the rest of the month|rest of the month|the end of the month|"
                  "end of the month|end of month|month end|eom|all month",
    "relmonth 1": "next month",
    "rest": "the rest of the day|rest of the day|rest of day|rest of today|the rest of today|for the day|all day|"
            "all day long|the whole day|whole day|end of the day|end of day|the end of the day|eod|"
            "the end of today|end of today",
    "part morning": "this morning|in the morning|the morning|morning?",
    "part afternoon": "this afternoon|in the afternoon|the afternoon|afternoon?",
    "part evening": "this evening|in the evening|the evening|tonight|evening?|night?|at night",
    "clock 12": "noon|midday|lunchtime", "clock 24": "midnight", "ampm am": "am?|a.m.|in the morning",
    "ampm pm": "pm?|p.m.|in the afternoon|in the evening|at night|tonight", "oclock": "o'clock|oclock|ish",
    "unit m1": "minutes?|minute?|mins?|min?|m?", "unit m60": "hours?|hour?|hrs?|hr?|h?", "unit d1": "days?|day?|d?",
    "unit d7": "weeks?|week?|wks?|wk?|w?", "unit d14": "fortnight|fortnights", "unit o1": "months?|month?",
    "unit o12": "years?|year?", "spell 30": "half an hour|half hour|half-hour|half of an hour",
    "spell 15": "quarter of an hour|quarter hour|quarter-hour",
    "spell 45": "three quarters of an hour|three-quarters of an hour|three quarter hour",
    "spell 60": "for the next hour|over the next hour|the next hour|next hour", "plus 30": "and a half",
    "plus 15": "and a quarter", "past 30": "half past|half-past",
    "past 15": "quarter past|a quarter past|quarter after|a quarter after",
    "past -15": "quarter to|a quarter to|quarter of|quarter before", "past": "past?", "article": "an|a|another",
    "number 2": "a couple of|couple of|two", "number 12": "twelve|a dozen", "number 0": "zero", "number 1": "one",
    "number 3": "three", "number 4": "four", "number 5": "five", "number 6": "six", "number 7": "seven",
    "number 8": "eight", "number 9": "nine", "number 10": "ten", "number 11": "eleven", "number 13": "thirteen",
    "number 14": "fourteen", "number 15": "fifteen", "number 16": "sixteen", "number 17": "seventeen",
    "number 18": "eighteen", "number 19": "nineteen", "number 20": "twenty", "number 30": "thirty",
    "number 40": "forty", "number 50": "fifty", "number 60": "sixty", "number 70": "seventy", "number 80": "eighty",
    "number 90": "ninety", "compound": "{tens}-{ones}|{tens} {ones}|{tens}{ones}", "fraction 0.5": "half a|half an",
    "fraction 0.25": "a quarter of a|quarter of a", "ordinal 1": "first?", "ordinal 3": "third?",
    "ordinal 5": "fifth?", "ordinal 10": "tenth?",
    "for": "for|all|the whole|whole|over|during|throughout|all of|for all of|the whole of",
    "for length": "for the next|the next|next|over the next|up to|for up to|for about|for around|another|"
                  "for another|for the coming|of",
    "until": "until|untill|till|til|'til|up to|up until", "until whole": "through|thru",
    "including": "and including|including|inclusive|incl.", "before": "before|by",
    "from": "from|starting on|starting at|starting from|starting|as of|as from|beginning",
    "after": "after|later than", "between": "between", "to": "to|through|thru|until|untill|till|til|up to",
    "at": "at about|at around|at|@|about|around|approx|approximately", "on": "on the|on|the", "in": "in|within",
    "later": "from now|later", "next": "next", "coming": "this coming|this|coming", "and": "and", "or": "or|and/or",
    "of": "of", "end": "the end of|end of|late on",
    "back": "be right back|right back|back|brb|returning|return|returns|back again|available again|back at work|"
            "online again|"
            "back online|back in the office|back in office|back at my desk|in the office again",
    "odd": "except for|except|excluding|every|each|since|last|ago|not until|not before|not|without|sometime|some time|"
           "utc|gmt|cet|cest|edt|pst|pdt|cst|cdt|est|bst|jst|aest|mez|mesz|local time",
    "vague": "few|a few|several|some|many|couple",
    "unread": "yesterday|last week|last month|last year|last night|next year|this year|seconds?|second?|secs?|"
              "sec?|business days|business day|working days|working day|workdays|work days|weekdays|mondays|"
              "tuesdays|wednesdays|thursdays|fridays|saturdays|sundays|weekends|mornings?|afternoons?|evenings?|"
              "nights?|early next week|late next week|early this week|late this week|later this week|"
              "later next week|early next month|late next month|half a day|half the day|half day|half-day|quarter?|"
              "half?|daily|weekly?|monthly?",
    "join": "with", "off": "off|stop|back", "name": "after hours|man friday|it's friday|"
            "day off|days off|sick day|half time|minutes of|second half|"
            "back to back|back-to-back|one on one|"
            "one-on-one|black friday|good friday|casual friday|freaky friday|cyber monday|taco tuesday|super tuesday|"
            "palm sunday|easter sunday|easter monday|ash wednesday|happy friday|sunday times",
}  # fmt: skip
