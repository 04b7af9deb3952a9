"""The words that lines of leave calendars are read by, beside those of `titles.words`: data, and nothing else.

Phrases stand between bars. Case and accents do not matter, ä may be ae.
"""

from __future__ import annotations

MORE_TYPES = """
    off | out | away | leave | time away | time off request | annual vacation | vacation day | vacation days |
    holiday day | holiday entitlement | sick day | sick days | sick pay | sickday | sickleave | dependent care leave |
    paid parental leave | unpaid parental leave | paid maternity leave | paid paternity leave | paid family leave |
    unpaid absence | paid day off | unpaid day off | day in lieu | in lieu | toil leave | flexi day | flexi time off |
    flextime | flexitime | rest days | recovery day | volunteer time | bereavement day | emergency time off |
    family emergency | hospitalisation | hospitalization | covid | covid leave | covid-19 | isolation | quarantine |
    vaccination leave | stat leave | statutory sick leave | long term sick | long-term sick | long term sick leave |
    long term illness | long term leave | work injury | occupational accident | public service leave | civic duty |
    voting leave | military service | military duty | reserve duty | moving day leave | religious holiday |
    cultural leave | ceremonial leave | domestic violence leave | fertility leave | pregnancy loss leave |
    miscarriage leave | menopause leave | gender transition leave

    | frei | urlaub genehmigt | tagesurlaub | urlaub halbtags | halbtagsurlaub | halber tag frei |
    überstundenausgleich frei | gleitzeitabbau | zeitkontoabbau | abbau überstunden | stundenausgleich |
    mehrarbeitsausgleich | sonderurlaub bezahlt | sonderurlaub unbezahlt | unbezahlt frei | krank ohne bescheinigung |
    krank mit bescheinigung | krankheit ohne attest | krankheitsbedingt abwesend | krankheitsbedingte abwesenheit |
    langzeitkrank | langzeiterkrankung | arbeitsunfall | wiedereingliederung | kindkrankentag | kind-krank-tag |
    kinderkrankengeldtag | erkrankung des kindes | betreuung krankes kind | elternzeit unbezahlt |
    mutterschaftsurlaub | beschäftigungsverbot | freiwilligentag | quarantäne | bildungsfreistellung |
    sabbatical unbezahlt

    | congé ordinaire | congé légal | congés légaux | congé extra-légal | congés extra-légaux | congés trimestriels |
    congé fractionnement | jour de fractionnement | jours de fractionnement | congés fractionnement |
    congé de fractionnement | congé pathologique | congé pathologique prénatal | congé menstruel | congé grossesse |
    congé solidarité | congé de solidarité familiale | congé création d'entreprise | congé mobilité |
    congé de reclassement | congé paternité et accueil de l'enfant | congé de paternité et d'accueil de l'enfant |
    maternité | paternité | récup | récupération | récupérations | repos | cp | maladie professionnelle |
    maladie non professionnelle | maladie enfant | absence injustifiée | journée enfant malade | jour de carence

    | licencia anual | vacación | compensatorio | ausencia médica | ausencia personal | ausencia no justificada |
    fallecimiento de familiar | nacimiento y cuidado del menor | nacimiento y cuidado de menor | maternidad |
    hospitalización de familiar | accidente laboral | día de mudanza | día de cumpleaños libre |
    días de libre disposición | moscosos | baja de maternidad | baja de paternidad

    | 休 | 全日休 | 全日有給 | 全日有休 | 全日年休 | 半有給 | 半有休 | 午前有給 | 午後有給 | 午前有休 | 午後有休 |
    午前年休 | 午後年休 | 有給休暇取得 | 有休取得 | 有給取得 | 代替休日 | 通院のため休み | 子供の看護休暇 |
    子ども看護休暇 | 産後パパ育休 | 出生時育児休業 | ワクチン休暇 | 罹災休暇 | 災害休暇 | 引越休暇 | ファミリー休暇 |
    メモリアル休暇 | 記念日休暇 | 傷病休職 | 私傷病休職 | 介護休職 | 特別有給休暇 | 特別有給 | 無給 | 慶弔特別休暇

    | urlop | na urlopie | urlop wypoczynkowy | urlop na żądanie | urlop bezpłatny | urlop okolicznościowy |
    urlop macierzyński | urlop rodzicielski | urlop ojcowski | urlop tacierzyński | urlop wychowawczy |
    urlop szkoleniowy | urlop opiekuńczy | urlop zdrowotny | urlop dodatkowy | urlop płatny | zwolnienie |
    zwolnienie lekarskie | na zwolnieniu | na zwolnieniu lekarskim | l4 | chorobowe | choroba | chory | chora |
    opieka nad dzieckiem | dzień wolny | dni wolne | wolne | nieobecny | nieobecna | nieobecność |
    nieobecność usprawiedliwiona | odbiór nadgodzin

    | verlof | vakantie | ziek | ziekte | ziekteverlof | ouderschapsverlof | zwangerschapsverlof | zorgverlof | adv |
    bijzonder verlof | onbetaald verlof | afwezig | vrij | met vakantie | op vakantie | met verlof | ziekmelding |
    atv | tijd voor tijd | geboorteverlof | vrije dag

    | ferie | in ferie | malattia | permesso | permessi | permesso retribuito | permesso non retribuito | congedo |
    congedo parentale | congedo di maternità | congedo di paternità | maternità | paternità | assente | assenza |
    aspettativa | infortunio | permesso 104 | ex festività

    | férias | em férias | de férias | licença | licença médica | licença maternidade | licença-maternidade |
    licença paternidade | licença-paternidade | licença parental | atestado | atestado médico | folga | folgas |
    baixa | baixa médica | doente | ausência | licença sem vencimento | ausência justificada

    | semesterledighet | föräldraledig | föräldraledighet | vab | sjuk | sjukfrånvaro | ledig | ledighet |
    tjänstledig | ferier | feriefridag | barsel | syg | sygdom | barns første sygedag | syk | sykdom | sykemelding |
    egenmelding | permisjon | foreldrepermisjon | avspasering | vuosiloma | sairas | sairausloma | vanhempainvapaa
"""
"""Types of leave that HR systems write besides the absences of titles. Not among them: working elsewhere."""

COMPANY = """
    company shutdown | company holiday | company holidays | company wide holiday | company-wide holiday |
    company day off | office closed | office closure | office holiday | company closed | company closure |
    public holiday | public holidays | bank holiday | bank holidays | national holiday | national holidays |
    legal holiday | legal holidays | statutory holiday | statutory holidays | federal holiday | federal holidays |
    state holiday | regional holiday | local holiday | feiertag | feiertage | gesetzlicher feiertag |
    gesetzliche feiertage | halber feiertag | firmenfeiertag | jour férié | jours fériés | férié | jour ferie |
    jours feries | fermeture annuelle | fermeture de l'entreprise | fermeture du bureau | día festivo |
    días festivos | festivo | festivos | feriado | feriados | festivo nacional | festivo local | festivo autonómico |
    cierre de oficina | 祝日 | 国民の祝日 | 国民の休日 | 全社休業 | 会社休日 | 一斉休業 | 一斉休暇 |
    dzień wolny od pracy | święto | święta | święto państwowe | święto narodowe | feestdag | feestdagen | festività |
    festività nazionale | chiusura aziendale | giorno festivo
"""
"""Days that nobody works on: never a person's leave, whoever is named beside them."""

BIRTHDAYS = """
    birthday | birthdays | b-day | bday | happy birthday | birthdate | date of birth | anniversary | anniversaries |
    work anniversary | workiversary | service anniversary | company anniversary | years of service | year of service |
    work birthday | name day | geburtstag | geburtstage | hat geburtstag | jubiläum | jubiläen | dienstjubiläum |
    firmenjubiläum | arbeitsjubiläum | betriebsjubiläum | jahrestag | namenstag | betriebszugehörigkeit |
    anniversaire | anniversaires | joyeux anniversaire | ancienneté | cumpleaños | feliz cumpleaños | aniversario |
    aniversarios | onomástica | 誕生日 | お誕生日 | 生誕 | バースデー | 周年 | 周年記念 | 記念日 | 入社記念日 | 勤続 |
    創立記念日 | urodziny | rocznica | rocznica pracy | jubileusz | imieniny | verjaardag | jubileum | compleanno |
    anniversario | aniversário | aniversário de empresa | syntymäpäivä | födelsedag | fødselsdag | new hire |
    first day | last day | erster arbeitstag | letzter arbeitstag | probation | end of probation | probezeitende |
    ende der probezeit
"""
"""What HR systems publish of people besides their leave."""

SHUTDOWNS = "betriebsurlaub | betriebsferien | betriebsruhe | zwangsurlaub | shutdown"
"""Leave of everybody at once, where nobody is named."""

HOLIDAY_NAMES = """
    new year | new year's day | new year's eve | new years day | new years eve | epiphany | good friday |
    maundy thursday | easter | easter sunday | easter monday | ascension day | ascension | whit sunday | whit monday |
    pentecost | labour day | labor day | may day | early may bank holiday | spring bank holiday |
    summer bank holiday | memorial day | juneteenth | independence day | thanksgiving | thanksgiving day | halloween |
    day after thanksgiving | veterans day | columbus day | indigenous peoples' day | presidents' day |
    presidents day | martin luther king day | martin luther king jr. day | mlk day | canada day | victoria day |
    boxing day | st. stephen's day | st. patrick's day | st patricks day | st. andrew's day | anzac day |
    australia day | waitangi day | king's birthday | queen's birthday | christmas | christmas eve | christmas day |
    all saints' day | all saints day | corpus christi | assumption day | assumption | immaculate conception | diwali |
    holi | eid | eid al-fitr | eid al-adha | yom kippur | rosh hashanah | lunar new year | chinese new year

    | neujahr | heilige drei könige | rosenmontag | faschingsdienstag | gründonnerstag | karfreitag | ostersonntag |
    ostermontag | ostern | tag der arbeit | maifeiertag | christi himmelfahrt | pfingsten | pfingstsonntag |
    pfingstmontag | fronleichnam | mariä himmelfahrt | tag der deutschen einheit | reformationstag | allerheiligen |
    buß- und bettag | heiligabend | heilig abend | weihnachten | erster weihnachtstag | zweiter weihnachtstag |
    1. weihnachtstag | 2. weihnachtstag | stephanstag | silvester | nationalfeiertag | bundesfeier | mariä empfängnis

    | jour de l'an | nouvel an | épiphanie | vendredi saint | pâques | lundi de pâques | fête du travail |
    victoire 1945 | victoire de 1945 | jeudi de l'ascension | pentecôte | lundi de pentecôte | fête nationale |
    assomption | toussaint | armistice | armistice 1918 | noël

    | año nuevo | epifanía | día de reyes | reyes magos | jueves santo | viernes santo | lunes de pascua |
    día del trabajo | día del trabajador | fiesta del trabajo | asunción | asunción de la virgen | fiesta nacional |
    fiesta nacional de españa | día de la hispanidad | todos los santos | día de la constitución |
    inmaculada concepción | navidad | nochebuena | nochevieja

    | 元日 | 元旦 | 成人の日 | 建国記念の日 | 建国記念日 | 天皇誕生日 | 春分の日 | 昭和の日 | 憲法記念日 |
    みどりの日 | こどもの日 | 海の日 | 山の日 | 敬老の日 | 秋分の日 | スポーツの日 | 文化の日 | 勤労感謝の日 |
    大晦日 | 振替休日

    | nowy rok | trzech króli | wielkanoc | poniedziałek wielkanocny | święto pracy | boże ciało |
    wszystkich świętych | boże narodzenie | wigilia | święto niepodległości
"""
"""Holidays by their names: a line that is one of them is nobody's leave, and no unknown person's."""

MONTHS_AND_DAYS = """
    january | february | march | april | may | june | july | august | september | october | november | december |
    monday | tuesday | wednesday | thursday | friday | saturday | sunday | januar | jänner | februar | märz | mai |
    juni | juli | oktober | dezember | montag | dienstag | mittwoch | donnerstag | freitag | samstag | sonnabend |
    sonntag | janvier | février | mars | avril | juin | juillet | août | septembre | octobre | novembre | décembre |
    lundi | mardi | mercredi | jeudi | vendredi | samedi | dimanche | enero | febrero | marzo | abril | mayo | junio |
    julio | agosto | septiembre | setiembre | octubre | noviembre | diciembre | lunes | martes | miércoles | jueves |
    viernes | sábado | domingo | styczeń | stycznia | luty | lutego | marzec | marca | kwiecień | kwietnia | maj |
    maja | czerwiec | czerwca | lipiec | lipca | sierpień | sierpnia | wrzesień | września | październik |
    października | listopad | listopada | grudzień | grudnia | poniedziałek | wtorek | środa | czwartek | piątek |
    sobota | niedziela | today | tomorrow | heute | morgen | aujourd'hui | demain | hoy | mañana | summer | winter |
    spring | autumn | sommer | herbst | frühling | verano | invierno | été | hiver | noël | navidad | reyes | pascua |
    easter | christmas | weihnachten | ostern | 月曜日 | 火曜日 | 水曜日 | 木曜日 | 金曜日 | 土曜日 | 日曜日 | 本日 |
    今日 | 明日
"""
"""Words of dates. Each of them may be somebody's name ("Teresa May", "Ana Reyes"): see `leave_types`."""

SHORT_MONTHS_AND_DAYS = """
    jan | feb | mar | apr | jun | jul | aug | sep | sept | oct | nov | dec | mon | tue | tues | wed | thu | thur |
    thurs | fri | sat | sun | okt | dez | mo | di | mi | do | fr | sa | so | janv | févr | avr | juil | déc | lun |
    jeu | ven | dim | ene | abr | ago | dic | sty | lut | kwi | maj | cze | lip | sie | wrz | paź | lis | gru
"""
"""The same, short: only beside a number."""

DAYS = """
    d | day | days | workday | workdays | working days | business days | t | tg | tag | tage | tagen | arbeitstag |
    arbeitstage | arbeitstagen | werktag | werktage | j | jour | jours | jours ouvrés | jours ouvrables | jour ouvré |
    jour ouvrable | journée | journées | día | días | días laborables | días hábiles | día laborable | día hábil |
    日 | 日間 | 日分 | dzień | dni | dnia | dag | dagen | giorno | giorni | dia | dias
"""
"""Units of a length in days."""

WEEKS = """
    w | wk | wks | week | weeks | month | months | woche | wochen | monat | monate | monaten | semaine | semaines |
    sem | mois | semana | semanas | mes | meses | 週 | 週間 | か月 | ヶ月 | tydzień | tygodnie | tygodni | miesiąc |
    miesiące | miesięcy
"""
"""Units of longer ones: without a type "3 months" is an anniversary."""

HOURS = """
    h | hr | hrs | hour | hours | std | stunde | stunden | heure | heures |
    hora | horas | 時間 | godzina | godziny | godzin | godz | uur | ore | ora
"""
"""Units of a length in hours."""

MINUTES = "m | min | mins | minute | minutes | minuten | minutos | 分 | minuty | minut | minuti"

YEARS = """
    y | yr | yrs | year | years | yo | jahr | jahre | jahren | an | ans | année | années | año | años | 周年 | rok |
    lata | lat | jaar | anno | anni | ano | anos
"""
"""Units of anniversaries."""

HALVES = """
    half day | half-day | half a day | halfday | half days | halber tag | halben tag | halbtags | halbtägig |
    halbtag | demi-journée | demi journée | demie journée | medio día | media jornada | 半日 | pół dnia | halve dag |
    mezza giornata | meio dia
"""
"""Half a day, whichever."""

FULL = """
    full day | full-day | all day | all-day | whole day | full days | allday | ganztägig | ganztags | ganzer tag |
    ganze tage | journée entière | journée complète | toute la journée | todo el día | día completo |
    jornada completa | 終日 | 全日 | 一日 | cały dzień | tutta la giornata
"""
"""Whole days."""

FORENOON = """
    am | a.m. | morning | mornings | forenoon | first half | 1st half | in the morning | this morning | vormittag |
    vormittags | am vormittag | erste hälfte | erste tageshälfte | matin | matinée | le matin | première moitié |
    por la mañana | media mañana | primera mitad | 午前 | 午前中 | 午前のみ | 前半 | rano | przed południem | am休 |
    am半休 | 午前休 | 午前半休 | 午前休暇 | 午前休み | 午前有給 | 午前有休 | 午前年休 | morning off | matin off |
    ochtend | mattina
"""
"""The first half of a day."""

AFTERNOON = """
    pm | p.m. | afternoon | afternoons | second half | 2nd half | in the afternoon | this afternoon | nachmittag |
    nachmittags | am nachmittag | zweite hälfte | zweite tageshälfte | après-midi | après midi | aprem |
    l'après-midi | deuxième moitié | seconde moitié | tarde | por la tarde | segunda mitad | 午後 | 午後のみ | 後半 |
    po południu | pm休 | pm半休 | 午後休 | 午後半休 | 午後休暇 | 午後休み | 午後有給 | 午後有休 | 午後年休 |
    afternoon off | middag | pomeriggio
"""
"""The second half of a day."""

AGREED = """
    approved | confirmed | accepted | auto-approved | genehmigt | bestätigt | freigegeben | approuvé | approuvée |
    approuvés | approuvées | validé | validée | validés | validées | accepté | acceptée | confirmé | confirmée |
    aprobado | aprobada | aprobados | aprobadas | aceptado | confirmado | confirmada | 承認済 | 承認済み | 承認 |
    確定 | zatwierdzony | zatwierdzone | zatwierdzono | zaakceptowany | zaakceptowane | goedgekeurd | approvato |
    approvata | aprovado | aprovada | 取得 | 取得中 | です | のため | paid | unpaid | bezahlt | unbezahlt | payé |
    payée | remunerado
"""
"""What says of a type that it is so: no other sign of where a request stands is passed over."""

LINKS = """
    until | till | til | through | thru | since | bis | ab | vom | seit | jusqu'au | jusque | hasta | desde | from |
    to | on | and | starting | am | zum | und | du | au | le | et | del | al | el | y | von | od | do | i
"""
"""What leads from one number of a date to the next."""

SAFE_LINKS = "until | till | til | through | thru | since | bis | seit | jusqu'au | jusque | hasta | desde | starting"
"""Those that lead to a weekday too, and are no part of a name."""

AFTER_NUMBERS = "st | nd | rd | th | er | ème | uhr | h | am | pm | 年 | 月 | 日 | 時 | 分 | から | まで | 迄 | o'clock"
"""What is a part of a date or a time where a number stands before it."""

ADDRESSED_AS = "dr | prof | professor | mr | mrs | ms | mx | herr | frau | mme | mlle | sr | sra | srta"
"""How people are addressed, in front of their names."""

SAID_BEHIND = "さん | さま | 様 | ちゃん | くん | 氏"
"""The same behind them."""

COPULAS = "is | ist | est | esta | está | jest"
"""What may stand between a name and a type: "Ann Lee is on leave"."""

NAME_PARTICLES = """
    van | von | vom | de | der | den | da | di | del | della | dela | la | las | los | le | les | du | des | bin |
    ibn | al | el | ter | ten | te | zu | zum | zur | dos | das | do | y | e | i | af | av | st | saint | san |
    santa | mac | mc | abu | und | and | op | het | in | t | d | o | l
"""
"""Small words within names, in front of a larger one: they tell nobody from anybody."""

NAME_SUFFIXES = "jr | sr | ii | iii | iv | md | phd | msc | mba | esq"
"""What stands behind a name and is none."""

ADDRESSED = frozenset(ADDRESSED_AS.replace(" ", "").split("|"))
PARTICLES = frozenset("".join(NAME_PARTICLES.split()).split("|"))
SUFFIXES = frozenset(NAME_SUFFIXES.replace(" ", "").split("|"))
HONORIFICS = frozenset(SAID_BEHIND.replace(" ", "").split("|"))

LEAVE_SIGNS = frozenset("🌴🏖🏝⛱🤒🤕🤧😷🤢🏥⛷🎿🏂🏕🧳🛌💤🌞☀")
"""Emoji that may stand beside a name alone. 🏠 is no leave, and ✈ may be a business trip."""

BIRTHDAY_SIGNS = "🎂🎉🥳🎁🎈🍰🎊🧁🏆🏅🎖🍾🥂"
CROSSED_OUT = "❌✗✘🚫❎"

LEAVE_CODES = """
    palm_tree | beach_with_umbrella | desert_island | umbrella_on_ground | face_with_thermometer |
    face_with_head_bandage | sneezing_face | mask | nauseated_face | hospital | skier | ski | snowboarder | camping |
    luggage | sleeping_accommodation | zzz | sun_with_face | sunny
"""
BIRTHDAY_CODES = """
    birthday | cake | tada | partying_face | gift | balloon | confetti_ball | cupcake | trophy | sports_medal |
    medal | champagne | clinking_glasses
"""
"""The same emoji as shortcodes."""

MAYBE_SURNAMES = "frei | ledig | holiday | kur | baja | conge | sick | loa | choroba | baixa | permesso"
"""Types that people are called too: with a capital they have to be set apart from a name ("Anna Lena Frei")."""

LEAVE_SHORTCODES = frozenset("".join(LEAVE_CODES.split()).split("|"))
BIRTHDAY_SHORTCODES = frozenset("".join(BIRTHDAY_CODES.split()).split("|"))
SURNAMES_TOO = frozenset(MAYBE_SURNAMES.replace(" ", "").split("|"))
