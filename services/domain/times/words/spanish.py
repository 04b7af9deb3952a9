"""Spanish."""

from __future__ import annotations

from collections.abc import Mapping

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
