"""The words that titles of calendar entries are read by, in the app's languages: data, and nothing else.

Phrases stand between bars. Case, accents, hyphens and ß do not matter (`services.titles` folds them), ä may be ae.
"""

from __future__ import annotations

ABSENT = """
    ooo | o.o.o | ooto | out of office | out of the office | out sick | off sick | sick | on sick leave | off work |
    not working | absent | on vacation | on holiday | on holidays | on leave | on annual leave | on paid leave |
    on parental leave | on maternity leave | on paternity leave | on medical leave | on family leave | on pto |
    on sabbatical | on a sabbatical | on bereavement leave | on unpaid leave | on special leave

    | krank | krankgeschrieben | krank geschrieben | krankgemeldet | arbeitsunfähig | abwesend | nicht im büro |
    nicht da | außer haus | im urlaub | in urlaub | in den ferien | in elternzeit | im mutterschutz |
    im krankenstand | im sabbatical | in karenz | im sonderurlaub | freigestellt

    | absent | absente | absent du bureau | absente du bureau | hors du bureau | malade | en vacances | en congé |
    en congés | en congés payés | en rtt | en arrêt | en arrêt maladie | en arrêt de travail | en congé maladie |
    en congé parental | en congé maternité | en congé paternité | en congé de maternité | en congé de paternité |
    en congé sans solde | en repos

    | ausente | enfermo | enferma | de vacaciones | de baja | de baja médica | de baja por enfermedad |
    de baja por maternidad | de baja por paternidad | de baja maternal | de baja paternal | de permiso |
    de licencia | de excedencia | fuera de la oficina | fuera de oficina

    | 不在 | 休暇中 | 休職中 | 育休中 | 産休中
"""
"""Said of somebody: "Ann OOO", "Anna krank"."""

LEAVE = """
    vacation | vacations | vacation leave | paid vacation | unpaid vacation | vacation time | summer vacation |
    winter vacation | spring vacation | autumn vacation | fall vacation | christmas vacation | easter vacation |
    family vacation | holiday | holidays | paid holiday | unpaid holiday | annual holiday | summer holiday |
    summer holidays | winter holiday | winter holidays | christmas holiday | christmas holidays | easter holiday |
    easter holidays | holiday leave | floating holiday | pto | upto | uto | vto | paid time off | unpaid time off |
    personal time off | flexible time off | flex time off | volunteer time off | compensatory time off | time off |
    time off in lieu | toil | day off | days off | day off in lieu | day in lieu | half day off | morning off |
    afternoon off | week off | afk all day | rest day | rostered day off | duvet day | mental health day |
    wellness day | wellbeing day | well-being day | recharge day | personal day | personal days | floating day |
    comp day | comp time | compensation day | compensatory day | volunteer day | volunteering day | moving day |
    sickness | sickness absence | sick time | sick absence | sick child | child sick | illness | injury leave |
    absence | leave of absence | authorised absence | authorized absence | paid absence | unpaid absence |
    excused absence | medical absence | loa | lwop | fmla | annual leave | paid leave | unpaid leave |
    special leave | special paid leave | paid special leave | paid annual leave | paid sick leave |
    unpaid sick leave | sick leave | sickness leave | medical leave | hospital leave | personal leave |
    compassionate leave | bereavement leave | bereavement | funeral leave | family leave | family care leave |
    carer's leave | carers leave | carer leave | caregiver leave | dependants leave | dependents leave |
    parental leave | shared parental leave | maternity leave | maternity | paternity leave | paternity |
    adoption leave | partner leave | birth leave | childcare leave | child care leave | nursing leave |
    pregnancy leave | study leave | exam leave | educational leave | education leave | training leave | sabbatical |
    sabbatical leave | career break | gardening leave | garden leave | jury duty | jury leave | jury service |
    military leave | reservist leave | marriage leave | wedding leave | moving leave | relocation leave |
    volunteer leave | volunteering leave | compensatory leave | comp leave | compensation leave | lieu leave |
    long service leave | casual leave | earned leave | privilege leave | privileged leave | religious leave |
    emergency leave | wellness leave | birthday leave | menstrual leave | quarantine leave | statutory leave |
    additional leave | extra leave | extended leave | leave without pay | leave with pay | half day leave |
    half day's leave | full day leave | leave day | leave days | flexi leave | flex leave | flex day | study day |
    exam day | furlough

    | urlaub | jahresurlaub | erholungsurlaub | tarifurlaub | sonderurlaub | zusatzurlaub | resturlaub |
    bildungsurlaub | bildungszeit | betriebsurlaub | betriebsferien | sommerurlaub | winterurlaub | herbsturlaub |
    weihnachtsurlaub | osterurlaub | pfingsturlaub | familienurlaub | skiurlaub | kurzurlaub | strandurlaub |
    zwangsurlaub | brückentagsurlaub | hochzeitsurlaub | umzugsurlaub | umzugstag | trauerurlaub | pflegeurlaub |
    mutterschaftsurlaub | vaterschaftsurlaub | erziehungsurlaub | elternurlaub | vaterschaftsfreistellung |
    studienurlaub | prüfungsurlaub | bezahlter urlaub | unbezahlter urlaub | gesetzlicher urlaub |
    halber urlaubstag | halber tag urlaub | ein tag urlaub | urlaubstag | urlaubstage | urlaubswoche |
    bezahlte freistellung | unbezahlte freistellung | freistellung | dienstbefreiung | dienstfrei | arbeitsfrei |
    freier tag | freie tage | tag frei | freizeitausgleich | zeitausgleich | überstundenabbau |
    überstundenausgleich | überstundenfrei | überstunden abbauen | ausgleichstag | gleittag | gleitzeittag |
    gleitzeitausgleich | stundenabbau | za-tag | brückentag | fenstertag | ferien | sommerferien | winterferien |
    herbstferien | osterferien | pfingstferien | weihnachtsferien | krankheit | krankmeldung | krankenstand |
    krankentag | krankheitstag | krank mit attest | krank ohne attest | krank mit au | krank ohne au |
    krankheit mit attest | krankheit ohne attest | kind krank | krankes kind | kinderkrank | kindkrank |
    kinderkrankentag | kinderkrankheit | kinderkrankengeld | arbeitsunfähigkeit | reha | rehabilitation | kur |
    abwesenheit | ganztägig abwesend | ganztags abwesend | bezahlte abwesenheit | unbezahlte abwesenheit |
    genehmigte abwesenheit | elternzeit | elternkarenz | bildungskarenz | pflegekarenz | karenz | papamonat |
    väterzeit | mutterschutz | pflegefreistellung | pflegezeit | familienpflegezeit | pflegetag | sabbatjahr |
    auszeit | wehrdienst | zivildienst | militärdienst

    | vacances | vacances d'été | vacances d'hiver | vacances de noël | vacances de pâques | vacances scolaires |
    congé | congés | congé payé | congés payés | congé annuel | congés annuels | congé maladie | congé de maladie |
    congé parental | congé parental d'éducation | congé maternité | congé de maternité | congé paternité |
    congé de paternité | congé de naissance | congé naissance | congé d'adoption | congé sans solde |
    congés sans solde | congé non payé | congé sabbatique | congé formation | congé de formation |
    congé individuel de formation | congé d'ancienneté | congés d'ancienneté | congé spécial | congé exceptionnel |
    congés exceptionnels | congé pour événement familial | congé événement familial | congé de deuil | congé deuil |
    congé mariage | congé de mariage | congé déménagement | congé enfant malade | congé de proche aidant |
    congé proche aidant | congé supplémentaire | congé bonifié | congé compensatoire | congé d'été | congés d'été |
    congés de noël | demi-journée de congé | jour de congé | jours de congé | jour off | rtt | jour rtt |
    jour de rtt | jrtt | repos compensateur | repos compensatoire | jour de repos | jour de récupération |
    récupération rtt | récupération d'heures | maladie | arrêt maladie | arrêt de travail | arrêt pour maladie |
    accident du travail | accident de travail | enfant malade | sans solde | événement familial | absence |
    absences | absence autorisée | absence justifiée | absence exceptionnelle | absence maladie |
    absence pour maladie | absence rémunérée | absence non rémunérée | absence payée | absence non payée |
    absence enfant malade | mi-temps thérapeutique | année sabbatique

    | vacaciones | vacaciones pagadas | vacaciones anuales | vacaciones de verano | vacaciones de navidad |
    vacaciones de semana santa | día de vacaciones | días de vacaciones | medio día de vacaciones | baja |
    baja médica | baja laboral | baja por enfermedad | baja por maternidad | baja por paternidad | baja maternal |
    baja paternal | baja por accidente | baja por accidente laboral | incapacidad temporal | incapacidad laboral |
    incapacidad | reposo médico | enfermedad | enfermedad común | enfermedad familiar | hijo enfermo | hija enferma |
    ausencia | ausencias | ausencia justificada | ausencia autorizada | ausencia por enfermedad |
    ausencia retribuida | ausencia no retribuida | permiso retribuido | permiso no retribuido | permiso remunerado |
    permiso no remunerado | permiso sin sueldo | permiso con sueldo | permiso parental | permiso de maternidad |
    permiso por maternidad | permiso de paternidad | permiso por paternidad | permiso de nacimiento |
    permiso por nacimiento | permiso de lactancia | permiso por matrimonio | permiso de matrimonio |
    permiso por mudanza | permiso por fallecimiento | permiso por hospitalización | permiso médico |
    permiso personal | permiso especial | permiso por asuntos propios | permiso de estudios | permiso por examen |
    lactancia | licencia médica | licencia por enfermedad | licencia de maternidad | licencia por maternidad |
    licencia de paternidad | licencia por paternidad | licencia sin sueldo | licencia sin goce de sueldo |
    licencia con goce de sueldo | licencia no remunerada | licencia remunerada | licencia especial |
    licencia parental | excedencia | excedencia voluntaria | asuntos propios | asuntos personales |
    día de asuntos propios | días de asuntos propios | día personal | días personales | día libre | días libres |
    libre disposición | día de libre disposición | libranza | día compensatorio | descanso compensatorio |
    día de descanso | compensación horaria | año sabático | sabático

    | 休暇 | 有給 | 有休 | 年休 | 有給休暇 | 年次休暇 | 年次有給休暇 | 計画年休 | 計画有休 | 積立休暇 | 無給休暇 |
    夏季休暇 | 夏期休暇 | 冬季休暇 | 冬期休暇 | 年末年始休暇 | 特別休暇 | 慶弔休暇 | 慶弔 | 忌引 | 忌引き |
    忌引休暇 | 忌引き休暇 | 結婚休暇 | 病気休暇 | 傷病休暇 | 私傷病休暇 | 病休 | 病欠 | 欠勤 | 体調不良 |
    体調不良のため休み | 介護休暇 | 介護休業 | 看護休暇 | 子の看護休暇 | 子の看護等休暇 | 育児休業 | 育児休暇 |
    育休 | 産前産後休業 | 産前休暇 | 産後休暇 | 産前産後休暇 | 出産休暇 | 産休 | 生理休暇 | 裁判員休暇 |
    ボランティア休暇 | リフレッシュ休暇 | バースデー休暇 | 誕生日休暇 | アニバーサリー休暇 | 永年勤続休暇 |
    代替休暇 | 代休 | 振替休暇 | 振休 | 公休 | 公休日 | 時間休 | 時間有給 | 時間単位有給 | 時間単位年休 | 半休 |
    半日休暇 | 半日有給 | 全休 | 全日休暇 | 午前休 | 午後休 | 午前半休 | 午後半休 | 午前休暇 | 午後休暇 | 夏休み |
    冬休み | 春休み | 秋休み | 正月休み | お盆休み | 盆休み | 連休 | お休み | 休み | 休業 | 休職 | サバティカル休暇
"""
"""Names of absences and types of leave, as people and HR systems write them."""

PUBLIC_HOLIDAYS = """
    bank holiday | public holiday | national holiday | company holiday | legal holiday | feiertag |
    gesetzlicher feiertag | jour férié | férié | jour chômé | día festivo | festivo | feriado | día feriado |
    振替休日
"""
"""Days that nobody works on. In a calendar of public holidays they are a calendar's, not a person's."""

PUBLIC_CALENDARS = """
    holidays in | holidays and observances | public holidays | bank holidays | national holidays | federal holidays |
    us holidays | uk holidays | japanese holidays | german holidays | austrian holidays | swiss holidays |
    french holidays | belgian holidays | spanish holidays | mexican holidays | british holidays | irish holidays |
    american holidays | canadian holidays | australian holidays | indian holidays | italian holidays |
    dutch holidays | jewish holidays | christian holidays | muslim holidays | japan holidays | germany holidays |
    france holidays | spain holidays | austria holidays | switzerland holidays | united states holidays |
    united kingdom holidays | feiertage | jours fériés | festivos | feriados | 祝日 | 国民の休日
"""
"""What calendars of public holidays call themselves."""

FOCUS = """
    focus | focus time | focus block | focus session | focus day | focus hour | focus hours | focusing |
    focused work | focus work | deep work | deep focus | heads down | heads down time | no meetings | no meeting |
    no meeting time | do not disturb | no interruptions | concentration | concentration time

    | fokus | fokuszeit | fokusblock | fokustag | fokusarbeit | konzentration | konzentrationszeit |
    konzentriertes arbeiten | stillarbeit | ungestört | bitte nicht stören | nicht stören | keine meetings |
    keine termine

    | temps de concentration | plage de concentration | travail en profondeur | travail profond | ne pas déranger |
    pas de réunion | pas de réunions | sans réunion

    | enfoque | tiempo de enfoque | concentración | tiempo de concentración | trabajo profundo | no molestar |
    sin reuniones

    | 集中 | 集中作業 | 集中時間 | 集中タイム | 作業集中 | フォーカス | フォーカスタイム | もくもく | もくもく作業 |
    会議禁止 | ミーティング禁止 | 作業時間
"""

TIME = """
    today | tonight | tomorrow | monday | tuesday | wednesday | thursday | friday | saturday | sunday | mon | tue |
    tues | wed | thu | thur | thurs | fri | sat | sun | mondays | tuesdays | wednesdays | thursdays | fridays |
    january | february | march | april | may | june | july | august | september | october | november | december |
    jan | feb | mar | apr | jun | jul | aug | sep | sept | oct | nov | dec | day | days | hour | hours | hrs | hr |
    minute | minutes | mins | min | week | weeks | wk | wks | months | years | weekend | morning | mornings |
    afternoon | afternoons | evening | evenings | noon | midday | midnight | eod | eow | eom | cob | christmas |
    xmas | easter | thanksgiving | spring | summer | autumn | winter | am | pm | cw | utc | gmt | cet | cest | est |
    edt | cst | cdt | mst | mdt | pst | pdt | bst | jst

    | heute | morgen | übermorgen | montag | dienstag | mittwoch | donnerstag | freitag | samstag | sonnabend |
    sonntag | montags | dienstags | mittwochs | donnerstags | freitags | mo | di | mi | do | fr | sa | so | januar |
    jänner | februar | märz | mai | juni | juli | august | september | oktober | dezember | okt | dez | tag | tage |
    tagen | stunde | stunden | std | minuten | woche | wochen | kw | monat | monate | monaten | jahr | jahre |
    jahres | wochenende | früh | vormittag | vormittags | mittag | mittags | nachmittag | nachmittags | abend |
    abends | mitternacht | uhr | ganztags | ganztägig | halbtags | halbtägig | weihnachten | ostern | pfingsten |
    silvester | neujahr | frühling | frühjahr | sommer | herbst | feierabend | jahreswechsel | jahresende

    | hui | demain | lundi | mardi | mercredi | jeudi | vendredi | samedi | dimanche | janvier | février |
    mars | avril | mai | juin | juillet | août | septembre | octobre | novembre | décembre | janv | févr | juil |
    jour | jours | journée | journées | heure | heures | semaine | semaines | sem | mois | an | ans | année | matin |
    matins | matinée | midi | soir | soirée | minuit | noël | pâques | toussaint | pentecôte | printemps | été |
    automne | hiver | ordre

    | hoy | mañana | lunes | martes | miércoles | jueves | viernes | sábado | domingo | enero | febrero | marzo |
    abril | mayo | junio | julio | agosto | septiembre | setiembre | octubre | noviembre | diciembre | ene | abr |
    ago | dic | día | días | hora | horas | semana | semanas | mes | meses | año | años | tarde | tardes | noche |
    mediodía | medianoche | navidad | nochebuena | nochevieja | reyes | pascua | primavera | verano | otoño |
    invierno | aviso

    | 本日 | 今日 | 明日 | 明後日 | 今週 | 来週 | 再来週 | 今月 | 来月 | 今年 | 来年 | 終日 | 全日 | 半日 | 一日 |
    一日中 | 午前 | 午前中 | 午後 | 夕方 | 夜 | 朝 | 正午 | 月曜 | 火曜 | 水曜 | 木曜 | 金曜 | 土曜 | 日曜 | 月曜日 |
    火曜日 | 水曜日 | 木曜日 | 金曜日 | 土曜日 | 日曜日 | 月 | 火 | 水 | 木 | 金 | 土 | 日 | 末 | 週末 | 月末 |
    年末 | 年末年始 | 年始 | 正月 | お盆 | 盆 | ゴールデンウィーク | 連休中 | 夏 | 冬 | 春 | 秋 | 初旬 | 上旬 |
    中旬 | 下旬 | 数日 | 当面
"""
"""Words of time, of length and of parts of the day."""

AFTER_NUMBERS = """
    st | nd | rd | th | h | d | w | m | x | er | ème | eme | e | re | ª | º | t | j | s | hs | tg | wo | sm | o |
    clock | year | month | 年 | 月 | 日 | 時 | 分 | 週 | 時間 | 日間 | 週間 | か月 | ヶ月 | ヵ月 | 時半
"""
"""What is only of time where a number stands before it: 1st, 3d, 14h."""

LINKS = """
    until | till | til | through | thru | to | from | since | for | on | at | by | before | after | between | and |
    or | in | of | the | a | an | this | next | last | coming | all | whole | full | entire | half | rest | most |
    part | end | start | beginning | mid | early | late | about | around | approx | ca | only | incl | including |
    inclusive | excl | via | near | over | during | per | starting | ending | back | return | returning | returns |
    one | two | three | four | five | six | seven | eight | nine | ten | twelve | couple | few | several | further |
    bis | q | every | each

    | ab | von | vom | zum | zur | zu | seit | für | um | über | während | nach | vor | zwischen | und | oder |
    inkl | einschl | einschließlich | inklusive | der | die | das | dem | den | des | im | am | ins | an | auf |
    bei | mit | nächste | nächsten | nächster | nächstes | diese | diesen | dieser | dieses | kommende | kommenden |
    ganze | ganzen | ganzer | ganzes | gesamte | gesamten | ein | eine | einen | einem | einer | zwei | drei | vier |
    fünf | sechs | sieben | acht | neun | zehn | zwölf | ca | nur | auch | voraussichtlich | zurück | wieder | da |
    halb | halber | halbe | halben | demi | demie

    | jusqu' | jusqu | aujourd' | jusque | au | aux | du | de | d' | à | dès | depuis | pour | pendant | durant |
    entre | et | ou | le | la | les | l' | un | une | des | ce | cet | cette | ces | prochain | prochaine | prochains |
    prochaines | toute | tout | inclus | incluse | compris | y | après | avant | environ | vers | dans | sur | chez |
    en | deux | trois | quatre | cinq | sept | huit | neuf | dix | quelques | retour | reste

    | に | で | の | は | を | が | も | と

    | hasta | desde | del | al | el | los | las | por | durante | con | entre | e | o | unos | unas | próximo |
    próxima | próximos | esta | este | estos | toda | todo | todos | inclusive | incluido | dos | tres | cuatro |
    cinco | seis | siete | ocho | nueve | diez | vuelvo | vuelta | regreso | antes | después | medio | media |
    resto | partir | dentro
"""
"""Words that lead to a time or a place and say nothing by themselves."""

AFTER_TIME = """
    まで | 迄 | から | より | 頃 | ごろ | のみ | だけ | 以降 | 以後 | 前半 | 後半 | 中 | einschließlich | einschl |
    inkl | inklusive | inclus | incluse | compris | inclusive | incl | included | incluido | da | wieder | zurück |
    only | back | retour
"""
"""What ends a time: 8/15まで, "bis Montag einschließlich"."""

AFTER_ABSENCE = """
    ます | 中 | のため | の為 | ため | です | します | 致します | いたします | しています | をいただきます |
    いただきます | を頂きます | 頂きます | を取得します | 取得 | 取得中 | を取ります | とします | となります |
    になります | させていただきます | をとります
"""
"""How Japanese ends a sentence that says an absence."""

HALVES = """
    half day | half-day | half a day | full day | all day | whole day | morning | afternoon | am | pm | today |
    halber tag | halbtags | ganztags | ganztägig | heute | vormittags | nachmittags | demi-journée | journée |
    matin | après-midi | aujourd'hui | medio día | media jornada | todo el día | hoy
"""
"""What may stand before an absence: "Half day vacation"."""

COPULAS = """
    is | will | be | s | ist | est | es | esta | has | hat |
    tiene | jr | mr | mrs | ms | dr | herr | frau | mme | señor | señora |
    の | は | が
"""
"""What may stand between a name and an absence, and how people are addressed."""

HONORIFICS = "さん | 様 | さま | 氏 | 君 | くん | ちゃん"

NOT_NAMES = """
    team | teams | everyone | everybody | all | company | companywide | office | staff | group | department | dept |
    project | client | clients | customer | customers | vendor | partner | partners | candidate | intern | interns |
    kids | kid | child | children | school | daycare | kindergarten | mom | mum | dad | wife | husband | family |
    nanny | dog | cat | hr | it | legal | finance | sales | marketing | engineering | support | ops | security |
    payroll | management | manager | board | meeting | meetings | call | calls | sync | standup | stand | retro |
    review | reviews | planning | plan | plans | planner | prep | prepare | preparation | handover | hand | handoff |
    cover | coverage | policy | policies | process | training | workshop | webinar | demo | setup | set | up |
    session | seminar | conference | interview | onboarding | offboarding | lunch | dinner | breakfast | coffee |
    party | event | events | celebration | announcement | agenda | topic | topics | subject | discussion | discuss |
    talk | chat | update | updates | status | report | reports | reporting | request | requests | approval |
    approve | approved | pending | submit | enter | book | booking | log | track | tracker | tracking | schedule |
    calendar | reminder | remind | todo | task | tasks | deadline | due | check | checkin | checkout | confirm |
    confirmed | ask | decide | finalize | finalise | organize | organise | arrange | cancel | cancelled | canceled |
    declined | tentative | maybe | possible | possibly | hold | placeholder | tbc | tbd | tba | draft | fyi | info |
    note | notes | re | fw | fwd | aw | wg | urgent | important | private | busy | blocked | free | block | no |
    not | non | without | never | new | old | first | last | final | next | previous | post | pre | before | after |
    back | return | returning | catch | catchup | followup | follow | kickoff | kick | launch | release | sprint |
    budget | forecast | quarterly | monthly | weekly | daily | annual | yearly | global | internal | external |
    corporate | public | bank | national | federal | religious | summer | winter | spring | autumn | fall |
    christmas | easter | long | short | extended | paid | unpaid | doctor | dentist | appointment | visit | trip |
    travel | flight | drive | hotel | train | airport | payment | invoice | form | forms | email | message |
    responder | reply | auto | autoreply | system | tool | app | software | feature | bug | ticket | issue | test |
    tests | testing | beta | alpha | version | admin | owner | lead | leads | leader | design | product | data |
    research | survey | feedback | question | questions | rules | rule | guideline | guidelines | law | contract |
    balance | days | day | hours | time | week | weekend | month | year | hello | hi | welcome | good | bye |
    goodbye | happy | sad | my | your | our | their | his | her | its | me | you | we | they | us | who | what |
    when | where | why | how | can | could | should | would | will | must | may | need | needs | want | wants |
    take | takes | taking | get | getting | give | make | making | let | go | going | come | coming | work |
    working | feeling | feel | calling | be | being | been | was | were | is | are | do | does | did | done | have |
    has | had | use | using | add | adding | remove | delete | move | change | changes | start | starting | end |
    ending | about | during | while | if | because | for | from | with | to | by | at | of | on | in | and | or |
    but | the | this | that | these | those | some | any | more | most | less | only | just | also | than | then |
    now | today | tomorrow | yesterday | tonight | soon | later | early | late | please | thanks | thank | sorry |
    video | article | blog | chapter | case | cases | study | studies | cell | risk | camp | music | song | movie |
    film | game | golf | ski | beach | cruise | road | island | inn | home | homes | house | rental | rentals |
    city | gift | gifts | card | cards | shopping | decoration | photos | bonus | pay | sale | season | special |
    sick | vacation | holiday | leave | pto | ooo | absence | off | out | away | tour | spa | booked | open | closed

    | besprechung | termin | sitzung | treffen | jour | fixe | gespräch | telefonat | planung | urlaubsplanung |
    plan | vorbereitung | vorbereiten | nachbereitung | übergabe | vertretung | abstimmung | klärung | thema |
    themen | betreff | erinnerung | aufgabe | aufgaben | info | hinweis | antrag | anträge | antragstellung |
    freigabe | genehmigung | genehmigt | abgelehnt | abgesagt | einreichen | eintragen | beantragen | buchen |
    projekt | kunde | kunden | kundin | firma | büro | abteilung | alle | mitarbeiter | mitarbeiterin | kollege |
    kollegin | chef | personal | personalabteilung | betriebsrat | vertrieb | einkauf | schule | kita | kind |
    kinder | mama | papa | oma | opa | mutter | vater | familie | hund | katze | arzt | zahnarzt | tierarzt |
    handwerker | regelung | richtlinie | konzept | schulung | seminar | vortrag | feier | fest | essen |
    mittagessen | rückkehr | zurück | kein | keine | keinen | nicht | ohne | mein | meine | meinen | dein | unser |
    unsere | unseren | ihr | sein | ich | du | wir | sie | man | wer | was | wann | wo | warum | wie | ist | sind |
    war | hat | haben | kann | muss | soll | wird | werden | machen | gehen | kommen | neuer | neue | neues | alter |
    erster | erste | letzter | letzte | nach | vor | während | wegen | für | mit | und | oder | aber | der | die |
    das | ein | eine | noch | schon | bald | vielleicht | eventuell | evtl | vorläufig | anfrage | frage | fragen |
    rest | langer | kurzer | besuch | reise | urlaub | krank | abwesend | ferien | frei | offen | geschlossen |
    fällt | aus | privat

    | réunion | réunions | point | rendez | vous | rdv | atelier | entretien | appel | planification | planning |
    préparation | préparer | organisation | sujet | objet | rappel | tâche | demande | demandes | validation |
    valider | validé | refusé | annulé | annulée | poser | politique | projet | client | cliente | clients | équipe |
    tous | toutes | société | entreprise | bureau | service | rh | école | enfant | enfants | maman | papa |
    famille | chien | chat | médecin | dentiste | formation | fête | déjeuner | dîner | retour | pas | non | sans |
    mon | ma | mes | ton | notre | nos | votre | vos | leur | son | sa | ses | je | tu | il | elle | nous | ils |
    elles | qui | que | quoi | quand | où | pourquoi | comment | est | sont | sera | avant | après | pendant | pour |
    avec | et | ou | le | la | les | un | une | des | du | de | nouveau | nouvelle | dernier | dernière | premier |
    première | gestion | solde | question | questions | peut | être | privé | occupé | congé | vacances | absence |
    visite | voyage | suivi

    | reunión | reuniones | cita | llamada | entrevista | taller | planificación | planificar | preparación |
    preparar | organización | tema | asunto | recordatorio | tarea | solicitud | solicitudes | solicitar |
    aprobación | aprobar | aprobado | rechazado | cancelado | cancelada | política | proyecto | cliente | clienta |
    clientes | equipo | todos | todas | empresa | oficina | departamento | rrhh | colegio | escuela | niño | niña |
    niños | mamá | papá | familia | perro | gato | médico | dentista | formación | fiesta | comida | cena | regreso |
    vuelta | no | sin | mi | mis | tu | tus | su | sus | nuestro | nuestra | yo | él | ella | nosotros | ellos |
    quién | qué | cuándo | dónde | cómo | es | está | son | antes | después | durante | para | por | con | y | o |
    el | la | los | las | un | una | nuevo | nueva | último | última | primer | primero | primera | gestión | saldo |
    pregunta | preguntas | quizás | privado | ocupado | vacaciones | baja | ausencia | visita | viaje | seguimiento |
    revisión | dar | darse

    | 会議 | 打合せ | 打ち合わせ | 打合わせ | 定例 | 面談 | 面接 | 相談 | 確認 | 申請 | 承認 | 承認済み | 調整 |
    予定 | 計画 | 準備 | 引継ぎ | 引き継ぎ | 連絡 | 報告 | 共有 | 説明 | 説明会 | 研修 | 勉強会 | 制度 | 規定 |
    規程 | 管理 | 取得 | 案件 | 顧客 | お客様 | 取引先 | 部署 | 全員 | 全社 | 会社 | 本社 | 工場 | 店舗 | 学校 |
    保育園 | 子供 | 子ども | 家族 | 人事 | 総務 | 営業 | 開発 | 件 | リマインド | メモ | 仮 | 未定 | 中止 |
    キャンセル | 私用 | 復帰 | 明け | 前 | 後 | レビュー | ミーティング | チーム | プロジェクト | 梅雨 | 臨時 |
    長期 | 短期 | 昼
"""
"""Ordinary words of titles: with one of these in it, what stands before an absence is no person's name."""

GIVEN_NAMES = """
    adam adrian ahmed aidan akira alan alba albert alberto alejandra alejandro alex alexander alexandra alexandre
    alexis alfred ali alice alicia alina alison amanda amelie amy ana andre andrea andreas andres andrew andy angela
    anita anja ann anna anne annette annie anthony antje antoine anton antonio arnaud arthur astrid audrey axel
    barbara beate ben benjamin bernard bernd bettina bill bob boris brian brigitte bruno camille carl carla carlos
    carmen carol carolina caroline catherine cecile celine charles charlie chloe chris christian christiane
    christina christine christoph christophe christopher claire clara claude claudia claus clemence cristina daisuke
    daniel daniela dave david denis diana diego dieter dirk dominik dominique eduardo edward elena elisa elisabeth
    elizabeth ella emil emilie emily emma enrique eric erik erika ernst esther ethan eva fabian fatima felix
    fernando florian francis francisco francois frank franz fred frederic gabriel gabriela gary georg george gerd
    gerhard gilles gonzalo grace greg guillaume gunter hanna hannah hannes hans harald harry haruka heather heike
    heinz helen helena helene helga helmut henrik henry herbert hiroshi holger hugo ian ignacio ingo ingrid irene
    isabel isabelle ivan jack jacob jacques jakob james jan jane jasmin jason javier jay jean jeff jennifer jenny
    jens jeremy jerome jessica jesus jim jo joachim joan joanna joao joe joel johan johanna johannes john johnny jon
    jonas jonathan jordi jorg jorge jose josef joseph juan juana judith julia julian julie julien jurgen justin
    karen karin karl karsten kate katharina katherine kathrin kathy katja katrin kazuki keiko ken kenji kerstin
    kevin kim klaus kristin kurt laetitia lars laura laurent lea lena leo leon leonie lisa louis louise lucas lucia
    lucie luis luisa lukas luke madeleine manfred manuel manuela marc marcel marco marcos margaret margit maria
    marie marina mario marion mark marko markus marlene marta martha martin martina mary mateo mathias mathieu matt
    matthew matthias maurice max maxime melanie mercedes michael michaela michel michelle miguel mike milena mohamed
    mohammed monica monika moritz muhammad nadine nancy naomi natalia natalie nathalie nick nicolas nicole niels
    nils nina noah nora norbert olaf oliver olivia olivier omar oscar otto pablo pamela pascal patricia patrick paul
    paula pauline pedro peter petra philip philipp philippe pierre pilar priya rachel rafael rainer ralf ramon
    raquel raul rebecca regina renate rene ricardo richard rob robert roberto robin rodrigo roger roland rolf romain
    ron rosa rudolf ruth ryan sabine sabrina sakura sally sam samantha samuel sandra sara sarah satoshi scott sean
    sebastian sebastien sergio sharon silke silvia simon simone sofia sonia sonja sophia sophie stefan stefanie
    steffen stephan stephane stephanie stephen steve steven sue susan susanne sven sylvia sylvie takashi takeshi
    tanja taro ted teresa thierry thomas thorsten tim timo tina tobias todd tom tomas toni tony torsten udo ulrich
    ulrike ursula ute uwe valerie vanessa vera veronica veronique vicente victor viktor vincent virginie walter wei
    wendy werner wilhelm will william wolfgang xavier yannick yasmin yoko yuki yuko yumi yves zoe
"""
"""Names that people are known to have, folded: where nothing else tells a name from a word."""

NAME_PARTICLES = (
    "van | von | de | der | den | da | di | del | della | la | le | bin | al | el | ter | zu | dos | do | y"
)
"""Small words within names."""
