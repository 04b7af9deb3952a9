"""The words that titles of calendar entries are read by, in the app's languages: data, and nothing else.

Phrases stand between bars. Case, accents, hyphens and ß do not matter (`services.domain.titles` folds them), ä may be
ae.
"""

from __future__ import annotations

ABSENT = """
    ooo | o.o.o | ooto | out of office | out of the office | out sick | off sick | sick | on sick leave | off work |
    not working | absent | on vacation | on holiday | on holidays | on leave | on annual leave | on paid leave |
    on parental leave | on maternity leave | on paternity leave | on medical leave | on family leave | on pto |
    on sabbatical | on a sabbatical | on bereavement leave | on unpaid leave | on special leave | on mat leave |
    on pat leave | on jury duty

    | krank | krankgeschrieben | krank geschrieben | krankgemeldet | krank gemeldet | arbeitsunfähig | abwesend |
    nicht im büro |
    nicht da | außer haus | im urlaub | in urlaub | in den ferien | in elternzeit | im mutterschutz |
    im krankenstand | im sabbatical | in karenz | im sonderurlaub | freigestellt

    | absent | absente | absent du bureau | absente du bureau | pas au bureau | hors bureau | hors du bureau |
    malade | en vacances | en congé |
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
    exam day | furlough | mat leave | pat leave | comp off | lieu day | toil day | volunteering time off

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
    väterzeit | mutterschutz | mutterschutzfrist | fza | fza-tag | gleitzeittag | pflegefreistellung | pflegezeit |
    familienpflegezeit | pflegetag | sabbatjahr |
    auszeit | wehrdienst | zivildienst | militärdienst

    | vacances | vacances d'été | vacances d'hiver | vacances de noël | vacances de pâques |
    congé | congés | congé payé | congés payés | congé annuel | congés annuels | congé maladie | congé de maladie |
    congé parental | congé parental d'éducation | congé maternité | congé de maternité | congé paternité |
    congé de paternité | congé de naissance | congé naissance | congé d'adoption | congé sans solde |
    congés sans solde | congé non payé | congé sabbatique | congé formation | congé de formation |
    congé individuel de formation | congé d'ancienneté | congés d'ancienneté | congé spécial | congé exceptionnel |
    congés exceptionnels | congé pour événement familial | congé événement familial | congé de deuil | congé deuil |
    congé mariage | congé de mariage | congé déménagement | congé enfant malade | congé de proche aidant |
    congé proche aidant | congé supplémentaire | congé bonifié | congé compensatoire | congé d'été | congés d'été |
    congés de noël | demi-journée de congé | jour de congé | jours de congé | journée de congé | jour off |
    journée off | demi-journée rtt | demi-journée de rtt | rtt | jour rtt |
    jour de rtt | jrtt | repos compensateur | repos compensatoire | jour de repos | jour de récupération |
    récupération rtt | récupération d'heures | maladie | arrêt maladie | arrêt de travail | arrêt pour maladie |
    accident du travail | accident de travail | enfant malade | sans solde | événement familial | absence |
    absence autorisée | absence justifiée | absence exceptionnelle | absence maladie |
    absence pour maladie | absence rémunérée | absence non rémunérée | absence payée | absence non payée |
    absence enfant malade | mi-temps thérapeutique | année sabbatique

    | vacaciones | vacaciones pagadas | vacaciones anuales | vacaciones de verano | vacaciones de navidad |
    vacaciones de semana santa | día de vacaciones | días de vacaciones | medio día de vacaciones | baja |
    baja médica | baja laboral | baja por enfermedad | baja por maternidad | baja por paternidad | baja maternal |
    baja paternal | baja por accidente | baja por accidente laboral | incapacidad temporal | incapacidad laboral |
    incapacidad | reposo médico | enfermedad | enfermedad común | enfermedad familiar | hijo enfermo | hija enferma |
    ausencia | ausencia justificada | ausencia autorizada | ausencia por enfermedad |
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

    | 休暇 | 有給 | 有休 | 年休 | 有給休暇 | 年次休暇 | 年次有給休暇 | 計画年休 | 計画有休 | 計画有給 | 特休 |
    gw休暇 | ゴールデンウィーク休暇 | 積立休暇 | 無給休暇 |
    夏季休暇 | 夏期休暇 | 夏季休業 | 冬季休業 | 冬季休暇 | 冬期休暇 | 年末年始休暇 | 特別休暇 | 慶弔休暇 | 慶弔 |
    忌引 | 忌引き |
    忌引休暇 | 忌引き休暇 | 結婚休暇 | 病気休暇 | 傷病休暇 | 私傷病休暇 | 病休 | 病欠 | 病気欠勤 | 欠勤 | 体調不良 |
    体調不良のため休み | 介護休暇 | 介護休業 | 看護休暇 | 子の看護休暇 | 子の看護等休暇 | 育児休業 | 育児休暇 |
    育休 | 産前休業 | 産後休業 | 産前産後休業 | 産前休暇 | 産後休暇 | 産前産後休暇 | 出産休暇 | 産休 | 生理休暇 |
    裁判員休暇 |
    ボランティア休暇 | リフレッシュ休暇 | バースデー休暇 | 誕生日休暇 | アニバーサリー休暇 | 永年勤続休暇 |
    代替休暇 | 代休 | 振替休暇 | 振休 | 公休 | 公休日 | 時間休 | 時間有給 | 時間単位有給 | 時間単位年休 | 半休 |
    半日休暇 | 半日有給 | 全休 | 全日休暇 | 午前休 | 午後休 | 午前半休 | 午後半休 | 午前休暇 | 午後休暇 | 午後休み |
    午前休み | 夏休 | 看護休 | 介護休 | 慶弔休 | 誕生日休 | 振替休 | am休 | pm休 | am半休 | pm半休 | 夏休み |
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

MISTAKEN = """
    baja california | baja california sur | baja mexico | baja méxico | baja norte | roman holiday |
    absence of | absence de | ausencia de
"""
"""What begins like an absence and is none."""

FOCUS = """
    focus | focus time | focus block | focus session | focus day | focus hour | focus hours | focusing |
    focused work | focus work | deep work | deep focus | heads down | heads down time | no meetings | no meeting |
    no meeting time | no meeting block | deep work block | deep work time | maker time | quiet time | dnd |
    do not disturb | no interruptions | concentration | concentration time

    | fokus | fokus zeit | fokuszeit | fokusblock | fokustag | fokusarbeit | konzentration | konzentrationszeit |
    konzentriertes arbeiten | stillarbeit | ungestört | bitte nicht stören | nicht stören | keine meetings |
    keine termine

    | temps de concentration | bloc de concentration | temps calme | plage de concentration | travail en profondeur |
    travail profond | ne pas déranger |
    pas de réunion | pas de réunions | sans réunion

    | enfoque | tiempo de enfoque | tiempo de foco | bloque de concentración | concentración |
    tiempo de concentración | trabajo profundo | no molestar |
    sin reuniones

    | 集中 | 集中作業 | 集中時間 | 集中タイム | 作業集中 | フォーカス | フォーカスタイム | フォーカス時間 | もくもく |
    もくもく作業 |
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
    matin | après-midi | aujourd'hui | ab heute | morgen | ab morgen | demain | mañana | tomorrow | medio día |
    media jornada | todo el día | hoy
"""
"""What may stand before an absence: "Half day vacation"."""

COPULAS = """
    is | will | be | s | ist | est | es | esta | has | hat |
    tiene | jr | mr | mrs | ms | dr | herr | frau | mme | señor | señora |
    の | は | が
"""
"""What may stand between a name and an absence, and how people are addressed."""

SELVES = """
    i'm | i am | bin | ich bin | habe | ich habe | je suis | j'ai | estoy | 私は | 僕は
"""
"""How people speak of themselves: "Bin im Urlaub"."""

REASONS = "のため | のための | につき | により"
"""What Japanese puts behind the reason of an absence: 帰省のため休暇."""

HONORIFICS = "さん | 様 | さま | 氏 | 君 | くん | ちゃん"

NAME_PARTICLES = (
    "van | von | de | der | den | da | di | del | della | la | le | bin | al | el | ter | zu | dos | do | y"
)
"""Small words within names."""
