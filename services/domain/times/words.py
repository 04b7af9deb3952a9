"""The words about time that people type, per language, as data.

A line is `"kind value": "alternatives"`, the kinds being those of `lexicon.Sense`; words are written as people write
them. `?` behind a word: it speaks of time only beside a number or another word of time ("may", "hours"); `!`: only
where a number, a dash, a full stop or the end follows ("Mo", "sun"). English is understood in every language.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.domain.times.values import DayKind

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


GERMAN: Mapping[str, str] = {
    "month 1": "januar|jänner|jan?", "month 2": "februar|feber|feb", "month 3": "märz|maerz|mrz",
    "month 4": "april?|apr", "month 5": "mai?", "month 6": "juni|jun?", "month 7": "juli|jul",
    "month 8": "august?|aug", "month 9": "september|sept?|sep?", "month 10": "oktober|okt",
    "month 11": "november|nov", "month 12": "dezember|dez", "weekday 0": "montag|mo!|mon!",
    "weekday 1": "dienstag|di!", "weekday 2": "mittwoch|mi!", "weekday 3": "donnerstag|do!",
    "weekday 4": "freitag|fr!", "weekday 5": "samstag|sonnabend|sa!", "weekday 6": "sonntag|so!", "day 0": "heute",
    "day 1": "morgen", "day 2": "übermorgen|uebermorgen", "now": "ab sofort|sofort?|jetzt?",
    "week 0": "diese woche|dieser woche|ende der woche|zum ende der woche|rest der woche|den rest der woche|"
              "die ganze woche|ganze woche",
    "week 1": "nächste woche|nächster woche|naechste woche|naechster woche|der nächsten woche|kommende woche|"
              "kommender woche|nächsten woche|die nächste woche|die kommende woche",
    "week 2": "übernächste woche|uebernaechste woche|übernächster woche",
    "weekend 0": "wochenende?|das wochenende|dieses wochenende|übers wochenende|am wochenende|zum wochenende",
    "weekend 1": "nächstes wochenende|nächsten wochenende|kommendes wochenende",
    "relmonth 0": "diesen monat|dieses monats|diesem monat|ende des monats|monatsende|den rest des monats|"
                  "rest des monats|den ganzen monat",
    "relmonth 1": "nächsten monat|nächster monat|naechsten monat|nächsten monats|naechsten monats|kommenden monat|"
                  "nächstem monat|kommenden monats",
    "rest": "ganzer tag|den rest des tages|rest des tages|den ganzen tag|ganzen tag|der ganze tag|ganztägig|"
            "ende des tages|feierabend|zum feierabend|zum ende des tages",
    "part morning": "morgen|heute vormittag|heute früh|heute morgen|vormittag?|vormittags|früh?|am vormittag|"
            "in der früh|"
                    "am morgen|den vormittag|der vormittag",
    "part afternoon": "heute nachmittag|nachmittag?|nachmittags|am nachmittag|den nachmittag",
    "part evening": "heute abend|abend?|abends|am abend|den abend|heute nacht|nacht?|in der nacht|nachts",
    "clock 12": "mittag|mittags|heute mittag|zum mittag|12 uhr mittags", "lunch": "mittag|feierabend",
    "clock 24": "mitternacht", "ampm am": "morgens|früh|vormittags|am morgen|am vormittag|in der früh",
    "ampm pm": "nachmittags|abends|am nachmittag|am abend", "oclock": "uhr|h?",
    "unit m1": "minuten?|minute?|min?|min.", "unit m60": "stunden?|stunde?|std?|std.|h?",
    "unit d1": "tagen?|tage?|tag?", "unit d7": "wochen?|woche?", "unit o1": "monate?|monat?|monaten?",
    "unit o12": "jahr?|jahre?|jahren?", "spell 60": "die nächste stunde|für die nächste stunde|nächste stunde",
    "spell 30": "halbe stunde|halben stunde|halbes stündchen|halbstunde",
    "spell 15": "viertelstunde|viertel stunde",
    "spell 45": "dreiviertelstunde|dreiviertel stunde|drei viertelstunden|drei viertel stunden",
    "fraction 1.5": "anderthalb|eineinhalb|einundeinhalb|ein einhalb", "fraction 2.5": "zweieinhalb|zwei einhalb",
    "fraction 3.5": "dreieinhalb", "fraction 4.5": "viereinhalb", "fraction 0.5": "halben|halbe|halbes",
    "past 15": "viertel nach", "past -15": "viertel vor|dreiviertel|drei viertel", "past -30": "halb",
    "past -45": "viertel",
    "past": "nach", "before": "vor|vor dem|bis vor", "article": "einen|einer|einem|eine|ein", "number 1": "eins",
    "number 2": "zwei|zwo", "number 0": "null", "number 3": "drei", "number 4": "vier", "number 5": "fünf|fuenf",
    "number 6": "sechs", "number 7": "sieben", "number 8": "acht", "number 9": "neun", "number 10": "zehn",
    "number 11": "elf", "number 12": "zwölf|zwoelf", "number 13": "dreizehn", "number 14": "vierzehn",
    "number 15": "fünfzehn|fuenfzehn", "number 16": "sechzehn", "number 17": "siebzehn", "number 18": "achtzehn",
    "number 19": "neunzehn", "number 20": "zwanzig", "number 30": "dreißig", "number 40": "vierzig",
    "number 50": "fünfzig|fuenfzig", "number 60": "sechzig", "number 70": "siebzig", "number 80": "achtzig",
    "number 90": "neunzig", "compound": "{ones}und{tens}", "compound one": "ein", "ordinal 1": "ersten?",
    "ordinal 2": "zweiten?", "ordinal 3": "dritten?", "ordinal 4": "vierten?", "ordinal 5": "fünften?",
    "for": "für|fuer|während|über|für den|für die",
    "for length": "die nächsten|für die nächsten|in den nächsten|nächsten|naechsten|für etwa|für ca.|noch|"
                  "für weitere|von",
    "until": "bis zum|bis um|bis gegen|bis in|bis zur|bis am|bis", "until date": "bis zum|bis am",
    "including": "einschließlich|einschliesslich|inklusive|inkl.|einschl.|und mit",
    "from": "von|vom|ab|ab dem|beginnend am|beginnend", "from date": "vom|ab dem", "after": "nach|nach dem",
    "between": "zwischen|zwischen dem", "to": "bis zum|bis um|bis", "to date": "bis zum",
    "at": "um|gegen|ca.|ca|circa|etwa|ungefähr", "on": "am|den|dem|der|zum", "in": "in", "suffix_until": "lang",
    "later": "später",
    "next": "nächsten|naechsten|nächster|nächste|nächstem",
    "coming": "diesen|dieser|diesem|kommenden|den kommenden|kommender|kommendem", "and": "und",
    "or": "oder|bzw.|bzw", "of": "der|des", "end": "ende|zum ende|ende des|ende der",
    "back": "zurück|wieder da|wieder hier|wieder zurück|wieder im büro|bin zurück|wieder erreichbar",
    "odd": "anfang|mitte|kurz vor|kurz nach|irgendwann|außer|ausser|jeden|jede|jedes|jeweils|seit|letzten|letzte|"
            "nicht vor|nicht|ohne",
    "vague": "paar|ein paar|einige|mehrere|viele|wenige",
    "unread": "gestern|vorgestern|letzte woche|letzten monat|nächstes jahr|dieses jahr|sekunden?|sekunde?|"
              "arbeitstage|arbeitstag|arbeitstagen|werktage|werktagen|werktag|montags|dienstags|mittwochs|"
              "donnerstags|freitags|samstags|sonntags|halben tag|halber tag|halbtags|viertel?|täglich|wöchentlich|"
              "wochentags|werktags",
    "join": "mit", "off": "aus|ende|zurück", "name": "tag der|guten morgen|guten abend|guten tag|halb so",
}  # fmt: skip


FRENCH: Mapping[str, str] = {
    "month 1": "janvier|janv|jan?", "month 2": "février|fevr|fév", "month 3": "mars?", "month 4": "avril?|avr",
    "month 5": "mai?", "month 6": "juin", "month 7": "juillet|juil", "month 8": "août|aout",
    "month 9": "septembre|sept?", "month 10": "octobre|oct?", "month 11": "novembre|nov",
    "month 12": "décembre|déc", "weekday 0": "lundi|lun!", "weekday 1": "mardi|mar!", "weekday 2": "mercredi|mer!",
    "weekday 3": "jeudi|jeu!", "weekday 4": "vendredi|ven!", "weekday 5": "samedi|sam!",
    "weekday 6": "dimanche|dim!", "day 0": "aujourd'hui|aujourdhui", "day 1": "demain",
    "day 2": "après-demain|apres demain|après demain",
    "now": "maintenant?|dès maintenant|à partir de maintenant|tout de suite",
    "week 0": "cette semaine|la fin de la semaine|fin de la semaine|fin de semaine|le reste de la semaine|"
              "reste de la semaine|toute la semaine|la semaine",
    "week 1": "la semaine prochaine|semaine prochaine|la semaine qui vient",
    "week 2": "la semaine d'après|la semaine suivante",
    "weekend 0": "le week-end|week-end?|ce week-end|le weekend|weekend?|ce weekend",
    "weekend 1": "le week-end prochain|week-end prochain|weekend prochain|le weekend prochain",
    "relmonth 0": "ce mois|ce mois-ci|la fin du mois|fin du mois|le reste du mois|tout le mois",
    "relmonth 1": "le mois prochain|mois prochain|du mois prochain",
    "rest": "le reste de la journée|reste de la journée|toute la journée|la fin de la journée|fin de la journée|"
            "fin de journée|pour la journée",
    "part morning": "ce matin|le matin|dans la matinée|la matinée|matin?|matinée?",
    "part afternoon": "cet après-midi|cette après-midi|l'après-midi|dans l'après-midi|après-midi?|cet aprem|"
                      "aprem?|aprèm?",
    "part evening": "ce soir|le soir|la soirée|dans la soirée|soir?|soirée?|cette nuit|la nuit|nuit?",
    "clock 12": "midi|ce midi", "clock 24": "minuit", "ampm am": "du matin",
    "ampm pm": "de l'après-midi|du soir|de l'aprem", "oclock": "heures?|heure?|h?",
    "unit m1": "minutes?|minute?|min?|mn?", "unit m60": "heures?|heure?|h?",
    "unit d1": "jours?|jour?|j?|journées?|journée?", "unit d7": "semaines?|semaine?", "unit o1": "mois?",
    "unit o12": "ans?|an?|année?|années?", "spell 60": "la prochaine heure|pour la prochaine heure|"
            "pendant la prochaine heure|prochaine heure",
    "spell 30": "demi-heure|demi heure|demie heure|demie-heure",
    "spell 15": "quart d'heure|quart-d'heure", "spell 45": "trois quarts d'heure|trois-quarts d'heure",
    "fraction 0.5": "demi-|demi", "plus 30": "et demie|et demi", "plus 15": "et quart|et un quart",
    "plus -15": "moins le quart|moins quart|moins un quart", "minus": "moins", "article": "une|un",
    "number 1": "une|un", "number 2": "deux", "number 3": "trois", "number 4": "quatre", "number 5": "cinq",
    "number 6": "six", "number 7": "sept", "number 8": "huit", "number 9": "neuf", "number 10": "dix",
    "number 11": "onze", "number 12": "douze", "number 13": "treize", "number 14": "quatorze",
    "number 15": "quinze", "number 16": "seize", "number 17": "dix-sept|dix sept", "number 18": "dix-huit|dix huit",
    "number 19": "dix-neuf|dix neuf", "number 20": "vingt", "number 30": "trente", "number 40": "quarante",
    "number 50": "cinquante", "number 60": "soixante", "number 70": "soixante-dix",
    "number 80": "quatre-vingts|quatre-vingt", "number 90": "quatre-vingt-dix",
    "number 21": "vingt et un|vingt-et-un|vingt et une", "number 31": "trente et un|trente-et-un",
    "number 0": "zéro", "compound": "{tens}-{ones}|{tens} {ones}", "ordinal 1": "premier?",
    "for": "pour|pendant|durant|tout|toute|pour le|pour la",
    "for length": "les prochaines|les prochains|pour les prochains|pour les prochaines|pendant environ|encore|les|"
                  "de|d'",
    "until": "jusqu'à ce|jusqu'au|jusqu'à la|jusqu'à|jusqu'en|jusqu'aux|jusque|d'ici à|d'ici",
    "until date": "jusqu'au|d'ici au|d'ici le", "including": "inclus|inclue|compris|y compris|et y compris",
    "before": "avant|avant le|avant la|d'ici",
    "from": "à partir du|à partir de|de|du|dès|dès le|à compter du|à compter de|depuis le|d'",
    "from date": "du|à partir du|dès le|à compter du", "after": "après|après le", "between": "entre|entre le",
    "to": "jusqu'au|jusqu'à|au|à|et jusqu'à|jusque", "to date": "jusqu'au|au",
    "at": "à|vers|aux environs de|environ|aux alentours de", "on": "le|la|au|l'", "in": "dans|d'ici",
    "later": "plus tard", "next": "prochaines|prochains|prochain|prochaine",
    "coming": "ce|prochain|prochaine|qui vient|suivant", "and": "et", "or": "ou", "of": "de la|du|de|d'",
    "end": "la fin de|fin de|fin|la fin du|fin du",
    "back": "de retour|retour prévu|de retour au bureau|retour|je reviens|reviens|je suis de retour|serai de retour|"
            "rentre",
    "odd": "début|mi-|courant|sauf|excepté|hormis|chaque|tous les|toutes les|depuis|dernier|dernière|pas avant|pas|"
            "sans|il y a",
    "vague": "quelques|plusieurs|certains|quelque",
    "unread": "en huit|en quinze|hier|avant-hier|la semaine dernière|semaine dernière|le mois dernier|"
              "l'année prochaine|secondes?|seconde?|jours ouvrés|jours ouvrables|jour ouvré|jours ouvres|lundis|"
              "mardis|mercredis|jeudis|vendredis|samedis|dimanches|demi-journée|demi journée|demie journée|"
              "quinzaine|moitié de la journée|quart?|demie?",
    "join": "avec|chez", "off": "fin|arrêter|de retour",
    "name": "jour férié|jour de congé|jours de congé|plat du jour|bonne nuit",
}  # fmt: skip


SPANISH: Mapping[str, str] = {
    "month 1": "enero|ene", "month 2": "febrero|feb", "month 3": "marzo|mar!", "month 4": "abril|abr",
    "month 5": "mayo|may!", "month 6": "junio|jun?", "month 7": "julio|jul", "month 8": "agosto|ago!",
    "month 9": "septiembre|setiembre|sept?|sep?", "month 10": "octubre|oct?", "month 11": "noviembre|nov",
    "month 12": "diciembre|dic", "weekday 0": "lunes|lun!", "weekday 1": "martes|mar!",
    "weekday 2": "miércoles|mié!", "weekday 3": "jueves|jue!", "weekday 4": "viernes|vie!",
    "weekday 5": "sábado|sáb!", "weekday 6": "domingo|dom!", "day 0": "hoy", "day 1": "mañana",
    "day 2": "pasado mañana", "now": "ahora mismo|ahora?|desde ya",
    "week 0": "esta semana|el fin de la semana|fin de la semana|final de la semana|el final de la semana|"
              "el resto de la semana|resto de la semana|toda la semana|la semana",
    "week 1": "la próxima semana|próxima semana|la semana que viene|semana que viene|la semana próxima|"
              "semana próxima",
    "week 2": "la semana siguiente",
    "weekend 0": "el fin de semana|fin de semana?|este fin de semana|el finde|finde?|este finde",
    "weekend 1": "el próximo fin de semana|próximo fin de semana|el fin de semana que viene",
    "relmonth 0": "este mes|el fin de mes|fin de mes|final de mes|finales de mes|el resto del mes|todo el mes",
    "relmonth 1": "el próximo mes|próximo mes|el mes que viene|mes que viene|del mes que viene|del próximo mes",
    "rest": "el resto del día|resto del día|todo el día|el final del día|final del día|fin del día|el fin del día|"
            "por el día",
    "part morning": "esta mañana|por la mañana|en la mañana|mañana temprano",
    "part afternoon": "esta tarde|por la tarde|tarde?|en la tarde|la tarde",
    "part evening": "esta noche|por la noche|noche?|en la noche|la noche",
    "clock 12": "mediodía|el mediodía|al mediodía|a mediodía|del mediodía|al medio día|a medio día|mediodia",
    "clock 24": "medianoche|la medianoche|a medianoche|media noche",
    "ampm am": "de la mañana|de la madrugada", "ampm pm": "de la tarde|de la noche|del mediodía",
    "oclock": "horas?|hrs?|hs?|h?|en punto", "unit m1": "minutos?|minuto?|min?",
    "unit m60": "horas?|hora?|hs?|hrs?|h?", "unit d1": "días?|día?", "unit d7": "semanas?|semana?",
    "unit o1": "meses?|mes?", "unit o12": "años?|año?", "spell 60": "la próxima hora|durante la próxima hora|"
            "próxima hora", "spell 30": "media hora|hora media", "spell 15": "cuarto de hora",
    "spell 45": "tres cuartos de hora", "fraction 0.5": "media|medio", "plus 30": "y media|y medio",
    "plus 15": "y cuarto|y un cuarto", "plus -15": "menos cuarto|menos un cuarto", "minus": "menos",
    "article": "una|un", "number 1": "una|uno|un", "number 2": "dos|un par de|par de", "number 3": "tres",
    "number 4": "cuatro", "number 5": "cinco", "number 6": "seis", "number 7": "siete", "number 8": "ocho",
    "number 9": "nueve", "number 10": "diez", "number 11": "once", "number 12": "doce", "number 13": "trece",
    "number 14": "catorce", "number 15": "quince", "number 16": "dieciséis", "number 17": "diecisiete",
    "number 18": "dieciocho", "number 19": "diecinueve", "number 20": "veinte", "number 30": "treinta",
    "number 40": "cuarenta", "number 50": "cincuenta", "number 60": "sesenta", "number 70": "setenta",
    "number 80": "ochenta", "number 90": "noventa", "number 21": "veintiuno|veintiún|veintiuna",
    "number 22": "veintidós", "number 23": "veintitrés", "number 24": "veinticuatro", "number 25": "veinticinco",
    "number 26": "veintiséis", "number 27": "veintisiete", "number 28": "veintiocho", "number 29": "veintinueve",
    "number 0": "cero", "compound": "{tens} y {ones}", "ordinal 1": "primero?",
    "for": "por|durante|para|todo|toda|para el|para la",
    "for length": "los próximos|las próximas|durante los próximos|durante las próximas|por los próximos|unos|unas|"
                  "durante unos|durante unas|de",
    "until": "hasta", "until date": "hasta el",
    "including": "inclusive|incluido|incluida|ambos inclusive|incluyendo", "before": "antes de|antes del",
    "from": "desde|de|a partir de|de la", "from date": "del|desde el|a partir del",
    "after": "después de|después del|tras", "between": "entre", "to": "hasta|a las|a la|a",
    "to date": "al|hasta el",
    "at": "a las|a la|las|la|sobre las|hacia las|a eso de las|alrededor de las|alrededor de la|aproximadamente",
    "on": "el|al", "in": "en|dentro de", "later": "más tarde|después",
    "next": "próximos|próximas|próximo|próxima", "coming": "este|próximo|el próximo|que viene|próxima",
    "and": "y|e", "or": "o|u", "of": "de la|del|de",
    "end": "el fin de|fin de|el final de|final de|el final del|final del|fin del|finales de",
    "back": "de vuelta|de vuelta en la oficina|vuelvo|regreso|de regreso|estoy de vuelta|estaré de vuelta|regresaré|"
            "volveré",
    "odd": "a principios de|principios de|a mediados de|mediados de|comienzos de|excepto|salvo|menos el|cada|"
            "todos los|todas las|desde hace|pasado|pasada|no antes de|no|sin|hace",
    "vague": "algunos|algunas|varios|varias|pocos|pocas|unos|unas",
    "unread": "los lunes|los martes|los miércoles|los jueves|los viernes|sábados|domingos|ayer|anteayer|"
            "la semana pasada|semana pasada|el mes pasado|el próximo año|segundos?|segundo?|"
              "días hábiles|días laborables|día hábil|medio día|media jornada|medio día de|quincena|cuarto?|"
              "media?|mañanas?|tardes?|noches?",
    "join": "con", "off": "fin|parar|de vuelta",
    "name": "día libre|días libres|día festivo|menú del día|buenas noches|buenas tardes|hora feliz",
}  # fmt: skip


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


LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "en": ENGLISH, "de": GERMAN, "fr": FRENCH, "es": SPANISH, "ja": JAPANESE
}  # fmt: skip

_DAYS = frozenset({DayKind.WEEKDAY, DayKind.WEEKDAY_OF_WEEK, DayKind.DATE, DayKind.DAY_OF_MONTH})

INCLUDED: Mapping[str, frozenset[DayKind]] = {
    "en": frozenset(), "de": _DAYS, "fr": _DAYS, "es": _DAYS, "ja": _DAYS | {DayKind.OFFSET}
}  # fmt: skip
"""The days that "until" includes: "bis Freitag" holds Friday, "until Friday" ends when Friday begins."""
