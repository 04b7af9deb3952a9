"""The words that tell a person's name in a title from what is none: data, and nothing else. Phrases as in `words`."""

from __future__ import annotations

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

NOT_NAMES = """
    team | teams | everyone | everybody | all | company | companywide | office | staff | group | department | dept |
    project | client | clients | customer | customers | vendor | partner | partners | candidate | intern | interns |
    kids | kid | child | children | school | daycare | kindergarten | mom | mum | dad | wife | husband | family |
    nanny | dog | cat | hr | it | legal | finance | sales | marketing | engineering | support | ops | security |
    payroll | management | manager | board | meeting | meetings | call | calls | sync | standup | stand | retro |
    review | reviews | planning | plan | plans | planner | prep | prepare | preparation | handover | hand | handoff |
    cover | covers | covering | coverage | backup | contact | reachable | call | ask | policy | policies | process |
    training | workshop | webinar | demo | setup | set | up |
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
