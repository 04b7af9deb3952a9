"""Lines of leave calendars as HR systems and people write them, and whose leave they are: data, shown in docs/leave.md.

Each line stands among the members of `TEAM`, those it names besides, and names that an admin has tied.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from services.domain.leave_lines import MatchResult

UNKNOWN, TWO, NOT_LEAVE = MatchResult.UNKNOWN, MatchResult.TWO, MatchResult.NOT_LEAVE

TEAM = (
    "Ann Lee", "Bob Ray", "Jörg Müller", "Łukasz Żak", "Anne-Marie O’Brien", "Jan van der Berg", "María García López",
    "Claire Dupont", "Max Mustermann", "Petr Ivanoff", "Søren Kjær", "Teresa May", "Robert Smith", "Carlos Alberto",
    "田中 太郎", "佐藤花子", "アン・リー",
)  # fmt: skip
"""Members by their names, each of which is their user id in the tests too."""


@dataclass(frozen=True)
class Row:
    """A line, and whose it is: a member's name, or why it is nobody's.

    `besides` are members besides `TEAM` (a name may stand twice), `aliases` a member's further names, `ties` what an
    admin has tied, `types` what the workspace added to the list.
    """

    title: str
    expected: str | MatchResult
    categories: tuple[str, ...] = ()
    besides: tuple[str, ...] = ()
    aliases: dict[str, str] = field(default_factory=dict)
    ties: dict[str, str] = field(default_factory=dict)
    types: tuple[str, ...] = ()
    why: str = ""


ROWS: dict[str, list[Row]] = {
    "Personio": [
        Row("[Vacation] Ann Lee", "Ann Lee"),
        Row("[Bezahlter Urlaub] Max Mustermann", "Max Mustermann"),
        Row("[Krankheit mit Attest] Jörg Müller", "Jörg Müller"),
        Row("[Unbezahlter Urlaub] Müller, Jörg", "Jörg Müller"),
        Row("[Elternzeit] Claire Dupont", "Claire Dupont"),
        Row("[Überstundenausgleich] Max Mustermann", "Max Mustermann"),
        Row("[Paid vacation] Max Mustermann (half day)", "Max Mustermann"),
        Row("[Homeoffice] Max Mustermann", NOT_LEAVE, why="working elsewhere is not on the list"),
        Row("[Home Office] Max Mustermann", "Max Mustermann", types=("Home office",)),
        Row("[Business trip] Ann Lee", NOT_LEAVE, why="not on the list"),
        Row("[Sonderurlaub] Erika Musterfrau", UNKNOWN, why="no member is called so"),
        Row("Abwesend: Max Mustermann", "Max Mustermann", why="the aggregated calendar hides the type"),
    ],
    "BambooHR": [
        Row("Petr Ivanoff (Paid Vacation - 9 days)", "Petr Ivanoff", ("Who's Out",)),
        Row("Ann Lee (Sick - 0.5 days)", "Ann Lee", ("Who's Out",)),
        Row("Ann Lee (Vacation - 4 hours)", "Ann Lee", ("Who's Out",)),
        Row("Claire Dupont (FMLA - 12 weeks)", "Claire Dupont", ("Who's Out",)),
        Row("Ann Lee (COVID-19 - 2 days)", "Ann Lee", ("Who's Out",)),
        Row("Ann Lee (3 yrs)", NOT_LEAVE, why="an anniversary"),
        Row("Ann Lee (1 yr)", NOT_LEAVE, ("Anniversaries",), why="an anniversary"),
        Row("Ann Lee - Birthday", NOT_LEAVE, ("Birthdays",), why="a birthday"),
        Row("Ann Lee - Jul 3", NOT_LEAVE, why="a date is no type; it may be a birthday"),
        Row("Ann Lee", NOT_LEAVE, ("Birthdays",), why="the category says what it is"),
        Row("Company Holiday - New Year", NOT_LEAVE, ("Company Holidays",), why="a company holiday"),
        Row("Company Holiday - Independence Day", NOT_LEAVE, why="a company holiday"),
        Row("Company Holiday - Ann Lee", NOT_LEAVE, why="a company holiday, whoever is named"),
        Row("Ann Lee", NOT_LEAVE, ("Company Holidays",), why="the category says what it is"),
        Row("Petrov Ivanoff (Paid Vacation - 9 days)", UNKNOWN, why="almost a name is none"),
    ],
    "PayFit": [
        Row("Absence - Claire Dupont", "Claire Dupont"),
        Row("Absence - DUPONT Claire", "Claire Dupont"),
        Row("Absence - Claire DUPONT", "Claire Dupont"),
        Row("Absence - Anne Marie O'Brien", "Anne-Marie O’Brien"),
        Row("Absence - Claire Dupont-Moreau", UNKNOWN, why="a longer name"),
        Row("Absence - Claire", UNKNOWN, why="one word is not enough"),
    ],
    "TimeOff.Management": [
        Row("Busy", NOT_LEAVE),
        Row("Holiday", UNKNOWN, why="whose?"),
        Row("Ann Lee: Holiday", "Ann Lee"),
        Row("Ann Lee: Sick Leave", "Ann Lee"),
        Row("Ann Lee: Busy", NOT_LEAVE, why="not on the list"),
    ],
    "Vacation Tracker": [
        Row("[Holidays] Good Friday", NOT_LEAVE, why="a holiday"),
        Row("[Holidays] Good Friday", NOT_LEAVE, besides=("Good Friday",), why="a holiday, all the same"),
        Row("[Holidays] Noël", NOT_LEAVE, why="a holiday"),
        Row("[PTO] Ann Lee", "Ann Lee"),
        Row("Ann Lee - PTO (Approved)", "Ann Lee"),
        Row("Ann Lee - PTO (Pending)", UNKNOWN, why="not approved yet"),
        Row("Ann Lee - PTO (AM)", "Ann Lee"),
        Row("Ann Lee | Paid Time Off | 3 days", "Ann Lee"),
    ],
    "HiBob": [
        Row("Ann Lee - Holiday", "Ann Lee"),
        Row("Ann Lee is on holiday", "Ann Lee"),
        Row("Ann Lee is out of office", "Ann Lee"),
        Row("Ann Lee's birthday", NOT_LEAVE, why="a birthday"),
        Row("🎉 Ann Lee - Work anniversary", NOT_LEAVE, why="an anniversary"),
        Row("Out of office", UNKNOWN, why="names were taken off"),
    ],
    "absence.io": [
        Row("Müller, Jörg - Urlaub", "Jörg Müller"),
        Row("Jörg Müller: Krank (genehmigt)", "Jörg Müller"),
        Row("Jörg Müller: Urlaub (Hochzeit meiner Schwester)", UNKNOWN, why="a comment: take the employees' feed"),
        Row("Krankheit | Mustermann, Max", "Max Mustermann"),
    ],
    "Timetastic, Leavetrack, Breathe": [
        Row("Ann Lee - Annual leave", "Ann Lee"),
        Row("Ann Lee - Annual Leave (1/2 day)", "Ann Lee"),
        Row("Ann Lee off", "Ann Lee"),
        Row("Ann Lee away (Sick leave)", UNKNOWN, why="of two types none may touch the name"),
        Row("Ann Lee (Holiday, 5 days)", "Ann Lee"),
        Row("Bank Holiday: Spring bank holiday", NOT_LEAVE, why="a public holiday"),
        Row("Ann Lee - Bank Holiday", NOT_LEAVE, why="a public holiday"),
        Row("Bob Ray: TOIL 3.5 hours", "Bob Ray"),
        Row("Bob Ray Volunteer day", "Bob Ray"),
    ],
    "Kenjo, Factorial, Sesame": [
        Row("María García López - Vacaciones", "María García López"),
        Row("Vacaciones: Maria Garcia Lopez", "María García López"),
        Row("García López, María (Baja por enfermedad)", "María García López"),
        Row("Asuntos propios – María García López – 1 día", "María García López"),
        Row("María García López (Permiso retribuido) aprobado", "María García López"),
        Row("María García - Vacaciones", UNKNOWN, why="another name than the member's"),
        Row("María López García - Vacaciones", UNKNOWN, why="somebody else, in Spain"),
        Row("García, María López - Vacaciones", UNKNOWN, why="the same"),
        Row("María García López cumpleaños", NOT_LEAVE, why="a birthday"),
        Row("Festivo: Todos los Santos", NOT_LEAVE, why="a holiday"),
        Row("Vacaciones de María García López", UNKNOWN, why="“de” is no type and may belong to a name"),
        Row("Carlos Alberto Reyes (Vacaciones)", UNKNOWN, why="Reyes is a surname, not only a date"),
        Row("Reyes, Carlos Alberto - Vacaciones", UNKNOWN, why="the same"),
    ],
    "French": [
        Row("Claire Dupont - Congés payés", "Claire Dupont"),
        Row("Congé maladie : Claire Dupont", "Claire Dupont"),
        Row("DUPONT Claire (RTT) 1 jour", "Claire Dupont"),
        Row("Claire Dupont – congé du 3 au 7 août", "Claire Dupont"),
        Row("Claire Dupont (demi-journée)", "Claire Dupont"),
        Row("Claire Dupont - Télétravail", NOT_LEAVE, why="not on the list"),
        Row("Anniversaire de Claire Dupont", NOT_LEAVE, why="a birthday"),
        Row("Jour férié : Toussaint", NOT_LEAVE, why="a holiday"),
        Row("Congés d'Ann Lee", UNKNOWN, why="d’Ann may be a name"),
        Row("Mme Claire Dupont, arrêt maladie", "Claire Dupont"),
    ],
    "German": [
        Row("Urlaub Jörg Müller", "Jörg Müller"),
        Row("Joerg Mueller: Urlaub", "Jörg Müller", why="ö is oe"),
        Row("Jorg Muller: Urlaub", "Jörg Müller", why="ö is o"),
        Row("JÖRG MÜLLER – KRANK", "Jörg Müller"),
        Row("Jo\u0308rg Mu\u0308ller (Urlaub)", "Jörg Müller", why="accents as characters of their own"),
        Row("Dr. Jörg Müller - Fortbildung", NOT_LEAVE, why="not on the list"),
        Row("Dr. Jörg Müller - Bildungsurlaub", "Jörg Müller"),
        Row("Jörg Müller Urlaub 24.12.–2.1.2027", "Jörg Müller"),
        Row("Jörg Müller, 0,5 Tage Urlaub", "Jörg Müller"),
        Row("Jörg Müller krank bis Freitag", "Jörg Müller"),
        Row("Urlaub Müller", UNKNOWN, why="one word is not enough"),
        Row("Geburtstag Jörg Müller", NOT_LEAVE, why="a birthday"),
        Row("Jörg Müller – 10 Jahre", NOT_LEAVE, why="an anniversary"),
        Row("Feiertag: Tag der Deutschen Einheit", NOT_LEAVE, why="a holiday"),
        Row("Kein Urlaub: Jörg Müller", UNKNOWN, why="“kein” is no type"),
        Row("Berg, Jan van der - Urlaub", "Jan van der Berg"),
        Row("van der Berg, Jan (Urlaub)", "Jan van der Berg"),
        Row("Jan Berg - Urlaub", UNKNOWN, why="another name than the member's"),
    ],
    "Polish, Danish": [
        Row("Łukasz Żak - urlop wypoczynkowy", "Łukasz Żak"),
        Row("Lukasz Zak: L4", "Łukasz Żak", why="ł is l"),
        Row("ŻAK ŁUKASZ (urlop na żądanie)", "Łukasz Żak"),
        Row("Łukasz Żak urodziny", NOT_LEAVE, why="a birthday"),
        Row("Soren Kjaer - ferie", "Søren Kjær", why="ø is o, æ is ae"),
        Row("Soeren Kjær (ferie)", "Søren Kjær", why="ø is oe"),
    ],
    "Japanese": [
        Row("田中太郎 有給休暇", "田中 太郎"),
        Row("【休暇】田中 太郎", "田中 太郎"),
        Row("田中太郎（午前休）", "田中 太郎"),
        Row("田中 太郎さん 夏季休暇", "田中 太郎"),
        Row("田中太郎さんの休暇", "田中 太郎"),
        Row("太郎 田中：有給", "田中 太郎"),
        Row("有給：佐藤花子", "佐藤花子", why="four letters are a whole name as it stands"),
        Row("佐藤花子 5月3日 有休", "佐藤花子"),
        Row("田中 有給", UNKNOWN, why="a surname alone"),
        Row("長谷川 有給", UNKNOWN, besides=("長谷川",), why="three letters may be a surname alone"),
        Row("田中太郎丸 有給", UNKNOWN, why="a longer name"),
        Row("田中太郎 誕生日", NOT_LEAVE, why="a birthday"),
        Row("田中太郎 出張", NOT_LEAVE, why="not on the list"),
        Row("文化の日", NOT_LEAVE, why="a holiday"),
        Row("アン・リー 休暇", "アン・リー"),
    ],
    "Names within names": [
        Row("Mary Ann Lee on vacation", "Mary Ann Lee", besides=("Mary Ann Lee",), why="the longer name"),
        Row("Mary Ann Lee on vacation", UNKNOWN, why="“Mary” is left over"),
        Row("Ann Lee-Meyer (vacation)", UNKNOWN, why="a double name"),
        Row("Ann Lee Jr. (vacation)", UNKNOWN, why="her son"),
        Row("Ann Lee 2 (vacation)", UNKNOWN, why="the second of that name"),
        Row("Ann Q. Lee: vacation", UNKNOWN, why="an initial more than the member's name"),
        Row("John Q. Smith: vacation", "John Q. Smith", besides=("John Q. Smith", "John Smith")),
        Row("John Smith: vacation", "John Smith", besides=("John Q. Smith", "John Smith")),
        Row("J. Smith: vacation", UNKNOWN, besides=("J. Smith", "John Smith"), why="an initial is no word"),
        Row("John Quincy Smith: vacation", UNKNOWN, besides=("John Smith",), why="a middle name the member has not"),
        Row("Smith, John Quincy: vacation", "John Quincy Smith", besides=("John Quincy Smith",)),
        Row("Anne-Marie: vacation", UNKNOWN, aliases={"Anne-Marie O’Brien": "Anne-Marie"}, why="one word"),
        Row("van der Berg: vacation", UNKNOWN, aliases={"Jan van der Berg": "van der Berg"}, why="one word"),
        Row("Jane van Berg: vacation", UNKNOWN, besides=("Jane Berg",), why="another name than the member's"),
        Row("[Vacation] Teresa May", "Teresa May", why="set apart, May is no month"),
        Row("Vacation Teresa May", UNKNOWN, why="May may be a month"),
        Row("Ann Lee [OOO until 5 May]: vacation", "Ann Lee"),
        Row("Annie Lee – PTO", "Ann Lee", aliases={"Ann Lee": "Annie Lee 🌴 (she/her)"}, why="a name on her profile"),
    ],
    "Surnames that are types, one word that looks like two": [
        Row("Anna Lena Frei", UNKNOWN, besides=("Anna Lena",), why="Frei is a surname"),
        Row("Anna Lena frei", "Anna Lena", besides=("Anna Lena",)),
        Row("Anna Lena: Frei", "Anna Lena", besides=("Anna Lena",)),
        Row("Holiday, Billie Jean", UNKNOWN, besides=("Billie Jean",), why="Holiday is a surname"),
        Row("Ann-Lee: vacation", UNKNOWN, why="a first name"),
        Row("ann.lee: vacation", UNKNOWN, why="a login"),
        Row("Ann Lee-Urlaub", UNKNOWN, why="one word"),
        Row("Vacation Sick: Ann Lee", UNKNOWN, why="two types that run into each other"),
        Row("Ann Lee & vacation", UNKNOWN, why="Ann Lee and who?"),
        Row("Li Bin – PTO", "Li Bin", besides=("Li Bin",), why="a particle at the end is none"),
    ],
    "Other scripts": [
        Row("김 민수 – PTO", "김 민수", besides=("김 민수",)),
        Row("王 伟 – 休暇", "王 伟", besides=("王 伟",)),
        Row("ИВАНОВ Дмитрий – PTO", "Дмитрий Иванов", besides=("Дмитрий Иванов",)),
        Row("अमित शाह – PTO", "अमित शाह", besides=("अमित शाह",)),
        Row("Nguyen Van An – PTO", "Nguyễn Văn An", besides=("Nguyễn Văn An",)),
        Row("Αnn Lee – PTO", UNKNOWN, why="a Greek Α"),
    ],
    "Two people": [
        Row("Ann Lee – vacation", TWO, besides=("Ann Lee",), why="two of that name"),
        Row("Lee, Ann – vacation", TWO, besides=("Lee Ann",), why="names in either order"),
        Row("Jörg Müller – Urlaub", TWO, besides=("Joerg Mueller",), why="written alike"),
        Row("Ann Lee & Bob Ray on vacation", TWO),
        Row("Ann Lee, Bob Ray: PTO", TWO),
        Row("Ann Lee (stand-in: Bob Ray) – vacation", TWO),
        Row("Ann Lee / Bob Ray 1:1", TWO, why="no leave at all, but two people"),
        Row("Ann Lee – vacation", "Ann Lee", besides=("Ann Lee Smith", "Lee Smith Ann"), why="others are called more"),
    ],
    "Tied by an admin": [
        Row("Bob Smith – vacation", "Robert Smith", ties={"Bob Smith": "Robert Smith"}),
        Row("Smith, Bob (Sick)", "Robert Smith", ties={"Bob Smith": "Robert Smith"}),
        Row("Bobby – vacation", "Robert Smith", ties={"Bobby": "Robert Smith"}, why="a tied name may be one word"),
        Row("Bobby Brown – vacation", UNKNOWN, ties={"Bobby": "Robert Smith"}, why="“Brown” is left over"),
        Row("Bob Smith – vacation", UNKNOWN, why="nobody has tied it"),
        Row("Bob Smith – vacation", TWO, besides=("Bob Smith",), ties={"Bob Smith": "Robert Smith"}, why="a newcomer"),
        Row("Bob Smith – vacation", UNKNOWN, ties={"Bob Smith": "Somebody who left"}, why="the member is gone"),
        Row("Bob Smith – birthday", NOT_LEAVE, ties={"Bob Smith": "Robert Smith"}, why="a birthday"),
    ],
    "Written by hand": [
        Row("Ann Lee OOO", "Ann Lee"),
        Row("OOO - Ann Lee - sick", "Ann Lee"),
        Row("🌴 Ann Lee 🌴", "Ann Lee", why="nothing is left"),
        Row("Ann Lee", "Ann Lee", why="nothing is left"),
        Row("Ann Lee on leave until Friday", "Ann Lee"),
        Row("Ann Lee vacation 3 May - 5 May", "Ann Lee"),
        Row("Ann Lee's vacation", "Ann Lee"),
        Row("ann lee – vacation", "Ann Lee"),
        Row("Ａｎｎ Ｌｅｅ – vacation", "Ann Lee", why="wide letters"),
        Row("Ann Lee vacation?", UNKNOWN, why="it asks"),
        Row("Canceled: Ann Lee – vacation", UNKNOWN, why="“canceled” is no type"),
        Row("Ann Lee (PM) – vacation", UNKNOWN, why="a product manager?"),
        Row("Ann Lee – vacation in Spain", UNKNOWN, why="“in Spain” is no type"),
        Row("Ann Lee: Birthday leave", "Ann Lee", why="a type of the list"),
        Row("Ann Lee: sales training", NOT_LEAVE, why="not on the list"),
        Row("Plan Ann Lee's vacation", UNKNOWN, why="“plan” is no type"),
        Row("Vacation policy review with Ann Lee", UNKNOWN, why="a meeting"),
        Row(":palm_tree: Ann Lee", "Ann Lee"),
        Row("🏠 Ann Lee", NOT_LEAVE, why="at home is not away"),
        Row(":house: Ann Lee", NOT_LEAVE, why="the same"),
        Row("🎂 Ann Lee", NOT_LEAVE, why="a birthday"),
        Row(":tada: Ann Lee", NOT_LEAVE, why="something to celebrate"),
        Row("❌ Ann Lee – vacation", UNKNOWN, why="crossed out"),
        Row("Ann Lee (morning) – vacation", "Ann Lee"),
        Row("Ann Lee morning – vacation", UNKNOWN, why="what touches a name may be a part of it"),
        Row("Ann Lee 3 May – vacation", "Ann Lee"),
        Row("Ann Lee May 3 – vacation", UNKNOWN, why="May may be a surname"),
        Row("Ann Lee until 3 May – vacation", "Ann Lee"),
        Row("Ann Lee Till 3 May – vacation", UNKNOWN, why="Till may be a surname"),
        Row("Ann Lee 2026 – vacation", "Ann Lee"),
        Row("Ann Lee – vacation Friday", "Ann Lee"),
        Row("Ann Lee – vacation – Friday", UNKNOWN, why="Friday may be a surname"),
        Row("Ann Lee – sick-Friday", UNKNOWN, why="one word"),
        Row("Ann Lee – PTO 101", UNKNOWN, why="a course"),
        Row("Ann Lee (3 days)", "Ann Lee", why="a length in days is left"),
        Row("Ann Lee (3 months)", NOT_LEAVE, why="an anniversary"),
        Row("Ann Lee 30 min", NOT_LEAVE, why="a meeting"),
        Row("Ann Lee – leave request", UNKNOWN, why="“request” is no type"),
        Row("Ann Lee back from vacation", UNKNOWN, why="“back” is no type"),
        Row("Team lunch", NOT_LEAVE),
        Row("Billie Holiday", UNKNOWN, besides=("Billie Holiday",), why="her name has a type in it: tie it"),
        Row("Fiona Smithson", UNKNOWN, why="a name, and nobody's"),
    ],
}  # fmt: skip


def shown() -> str:
    """The table as docs/leave.md shows it."""
    lines = []
    for product, rows in ROWS.items():
        lines += [f"### {product}", "", "| line | whose | because |", "|---|---|---|"]
        lines += [f"| {_line(row)} | {_whose(row)} | {_because(row)} |" for row in rows]
        lines.append("")
    return "\n".join(lines)


def _line(row: Row) -> str:
    title = row.title.replace("|", "\\|")
    categories = "".join(f" (category {category})" for category in row.categories)
    return f"`{title}`{categories}"


def _whose(row: Row) -> str:
    nobody = {UNKNOWN: "nobody's", TWO: "fits two", NOT_LEAVE: "not leave"}
    return nobody[row.expected] if isinstance(row.expected, MatchResult) else f"**{row.expected}**"


def _because(row: Row) -> str:
    besides = ", ".join(row.besides)
    said = [
        f"with {besides} in the workspace" if besides else "",
        *(f"{name} is also called {alias}" for name, alias in row.aliases.items()),
        *(f"“{name}” is tied to {user}" for name, user in row.ties.items()),
        *(f"“{name}” was added to the types" for name in row.types),
        row.why,
    ]
    return "; ".join(filter(None, said))
