"""French."""

from __future__ import annotations

from collections.abc import Mapping

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
