"""German."""

from __future__ import annotations

from collections.abc import Mapping

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
