"""Titles that are an absence, and many more that only name one: five languages, as people and HR systems write them."""

from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.titles import Whose, absence, is_focus, is_public_calendar
from services.domain.titles.spelling import words_in
from services.domain.titles.vocabulary import vocabulary
from tests.support.costs import dearer

ANN = ("Ann Lee",)

ABSENT = [
    "Vacation @ home", "Urlaub am Meer", "Malade aujourd'hui", "休みます", "Urlaub – wieder da ab 3.1.",
    "OOO 3-7 August",
    "Vacation in the Alps", "Holidays in France & Italy", "Krank (bis Mittwoch)", "Absent de 14h à 16h30",
    "Vacances aux États-Unis", "Out of office - returning Monday", "Urlaub (1/2 Tag)", "休暇 12月24日〜1月2日",
    "不在 14時〜16時",
    # English
    "Vacation", "vacation", "Vacations", "On vacation", "🌴 Vacation", "Vacation 🌴", "🌴🌴 VACATION!!!",
    ":palm_tree: PTO",
    "OOO", "O.O.O.", "ooto", "OOO today", "OOO until Friday", "OOO – back Monday", "OOO, back on 3 Jan", "OOO all day",
    "OOO rest of the week", "OOO 2pm–4pm", "OOO 2-4pm", "OOO from 14:30", "OOO until 3:45pm", "OOO EOD", "OOO (pm)",
    "OOO 12/24 through 1/2", "OOO 24 and 31 Dec", "OOO @ 3pm", "ＯＯＯ", "[OOO]", "__OOO__", "OOO | sick",
    "Out of Office", "out-of-office", "Out_of_office until further notice", "Out of office: 9 to 11",
    "Out of office (sick)", "On leave (half day)", "On leave from tomorrow", "Sick", "Sick today", "sick day",
    "Sick at home", "Off sick until Wednesday", "PTO", "PTO 24–27 Dec", "PTO (8 hours)", "PTO 0.5 days", "PTO - 3 days",
    "PTO 2026-12-24 to 2027-01-02", "PTO Monday & Tuesday", "PTO this afternoon", "Paid time off for two weeks",
    "Holiday", "Holiday in Spain", "Holidays in the Canary Islands", "Holiday: Lisbon", "Vacation in Nice",
    "Vacation in the mountains", "Vacation at the beach", "Vacation (New York)", "Christmas holidays", "Summer holiday",
    "Vacation over Christmas", "Vacation day 2 of 5", "Vacation 1/3", "Half day vacation", "Half-day PTO",
    "Annual leave", "Annual Leave - 9 days", "paid leave", "Unpaid leave", "Special leave", "Sick Leave",
    "Medical leave",
    "Parental leave until 31 March", "Maternity leave", "Paternity Leave", "Carer's leave", "Carers leave",
    "Bereavement leave", "Compassionate leave", "Study leave (afternoon)", "Jury duty", "Time off in lieu", "TOIL",
    "Comp time", "Floating holiday", "Personal day", "Mental health day", "Volunteer day", "Leave of absence",
    "Leave without pay", "Day off", "Days off", "Sabbatical", "Absence", "Absent", "Absence – vacation",
    "Gardening leave",
    # German
    "Urlaub", "URLAUB!", "Im Urlaub", "Urlaub bis 3.1.", "Urlaub bis einschließlich 3.1.", "Urlaub ab 24.12. mittags",
    "Urlaub 24.12.–2.1.2027", "Urlaub KW 30", "Urlaub (ganztägig)", "Urlaub vormittags", "Urlaub 2 Tage",
    "Urlaub für zwei Wochen", "Urlaub in Italien", "Urlaub an der Ostsee", "Urlaub in den Bergen", "Urlaub über Ostern",
    "Halber Tag Urlaub", "Halber Urlaubstag", "Urlaubstag", "Erholungsurlaub", "Jahresurlaub", "Resturlaub",
    "Sonderurlaub", "Unbezahlter Urlaub", "Bildungsurlaub", "Bezahlte Freistellung", "Krank", "krank bis auf Weiteres",
    "Krankgeschrieben bis Freitag", "Krankenstand", "Krankmeldung", "Krank mit Attest", "Kind krank", "Abwesend",
    "Ganztägig abwesend", "Abwesenheit 14 Uhr bis 16 Uhr", "Nicht im Büro", "Nicht im Bu\u0308ro", "nicht im buero",
    "AUSSER HAUS", "Elternzeit", "Mutterschutz", "Zeitausgleich", "Überstundenabbau", "UEBERSTUNDENABBAU",
    "Gleittag", "Brückentag", "Feiertag", "Karenz", "Pflegefreistellung", "Betriebsferien", "Weihnachtsferien",
    # French
    "Congés", "Conge\u0301s", "conges", "En congé", "En congés jusqu'à lundi", "En congés jusqu’à lundi matin",
    "Congés du 3 au 7 août", "Congé vendredi après-midi", "Congé (demi-journée)", "Congés payés", "Congé sans solde",
    "Congé maternité", "Congé de paternité", "Congé parental à partir de mars", "Vacances", "Vacances de Noël",
    "Vacances à la montagne", "Vacances en Bretagne", "Vacances à La Réunion", "RTT", "RTT le 24/12", "Jour de RTT",
    "Maladie", "Arrêt maladie", "Arrêt de travail", "Malade", "Enfant malade", "Absent", "Absente cet après-midi",
    "Absence", "Absence autorisée", "Repos compensateur", "Jour férié", "Hors du bureau", "Événement familial",
    # Spanish
    "Vacaciones", "De vacaciones", "Vacaciones hasta el 3 de enero", "Vacaciones en la playa", "Vacaciones en Galicia",
    "Vacaciones del 1 al 15 de agosto", "Baja", "De baja", "Baja médica", "Baja por enfermedad hasta el lunes",
    "Permiso retribuido", "Permiso sin sueldo", "Permiso de paternidad", "Licencia médica", "Excedencia",
    "Asuntos propios", "Día libre", "dia libre", "Día de asuntos propios", "Ausente por la mañana", "Ausencia",
    "Fuera de la oficina", "Fuera de la oficina hasta las 15:30", "Enfermo", "Incapacidad temporal", "Festivo",
    # Japanese
    "休暇", "休暇中", "休暇です", "休暇のため不在", "休暇（午後）", "休暇 8/10～8/15", "休暇 8月10日〜15日",
    "休暇（沖縄）",
    "夏休み 8/10-8/15", "夏季休暇", "夏季休暇のため", "有給", "有給休暇", "有休 午前", "年次有給休暇", "年休", "代休",
    "公休", "振休",
    "振替休日", "特別休暇", "慶弔休暇", "忌引", "病欠", "病気休暇", "欠勤", "育休", "産休", "育児休業", "介護休暇",
    "リフレッシュ休暇",
    "半休", "午前休", "午後半休", "全休", "時間休", "不在", "お休み", "本日お休みします", "明日から休暇",
    "8/10〜8/15 休暇", "明日OOO",
    # how long, for short, of oneself, and why
    "3 days PTO", "8 hours PTO", "half day PTO", "2 Tage Urlaub", "0,5 Tage Urlaub", "1/2 Tag Urlaub", "1/2 RTT",
    "2 jours RTT", "1 jour de congé", "3 días de vacaciones", "Mat leave",
    "Comp off", "I'm OOO", "I'm sick", "Ich bin krank", "Bin im Urlaub", "Je suis en congé", "Estoy de baja",
    "私は休みです", "Krank gemeldet", "Ab heute Urlaub", "Mutterschutzfrist", "FZA", "Hors bureau", "Pas au bureau",
    "Journée off", "帰省のため休暇", "海外旅行のため休暇", "通院のため午前休", "夏季休業", "産後休業", "病気欠勤",
    "特休", "計画有給", "GW休暇", "AM休", "午後休み", "夏休", "看護休",
]  # fmt: skip

ORDINARY = [
    "Sick pay discussion", "Vacation days balance", "PTO accrual", "Holiday shopping", "Holiday pay", "OOO doc",
    "Absent friends dinner", "Maternity ward tour", "Urlaubsgeld Abrechnung", "Reha-Antrag", "Kur GmbH Angebot",
    "Congés payés : calcul", "Absences : bilan", "Maladie de Lyme conférence", "Bajas y altas", "Licencia de software",
    "Baja California viaje", "有給消化率レビュー", "休暇中の引き継ぎ", "夏休みイベント", "不在時の対応", "忌引規定",
    "", " ", "🌴", "Sync", "Offsite", "Office move", "Woooo", "oooo", "Ptolemy", "homesick", "Leave",
    "Leave for airport",
    "Vacationers", "Vacationers' meetup", "Holidaymaker survey", "Holiday?", "out of officers", "Sickle cell review",
    "PTO policy review", "PTO Policy", "PTO policy", "PTO 101", "PTO tracker", "PTO handover", "PTO in Workday",
    "PTO for",
    "Holiday party planning", "Holiday party", "Holiday lunch", "Holiday calendar", "Holiday schedule review",
    "Holiday cottage viewing", "Holiday Inn breakfast", "Vacation planning", "Vacation policy",
    "Vacation rental viewing",
    "Vacation photos", "Vacation in review", "Vacation – final review", "Vacation until", "Vacation Jordan",
    "Discuss sick leave policy", "Sick leave reporting", "Sick note upload", "Sick customer call", "Sick of meetings",
    "Sick building syndrome", "Prepare vacation handover", "Back from vacation sync", "Return from leave: 1:1",
    "Before vacation", "Monday after vacation", "Last day before PTO", "No vacation", "Not sick", "My holiday",
    "Team holiday", "Company holiday party", "Everyone off sick", "Kids sick", "Customer on vacation",
    "Absence management demo", "Absence report May", "Absence of evidence seminar", "Out of office message setup",
    "Out of office setup", "OOO coverage sync", "OOO: dentist", "OOO: focus", "Time off request training",
    "Time off policy Q&A", "Parental leave Q&A", "Maternity cover interview", "Sabbatical info session",
    "Jury duty orientation for staff", "On leave process", "Reminder: OOO", "Tentative: vacation", "HR: vacation",
    "Canceled: Vacation", "1:1 vacation", "Bank holiday trading forecast", "Vacation " + "very " * 90,
    "Urlaubsplanung", "Urlaubsplanung 2027", "Urlaub planen", "Urlaub Planung", "Urlaubsantrag besprechen",
    "Urlaubsübergabe", "Urlaubsvertretung klären", "Übergabe vor Urlaub", "Rückkehr aus Urlaub", "Nach dem Urlaub",
    "Kein Urlaub", "Thema: Urlaub", "Besprechung – Urlaub", "Abgesagt: Urlaub", "Team Urlaub", "Krankenkasse",
    "Krankmeldung einreichen", "Elternzeit Beratung", "Ferienhaus buchen", "Ferienhausprojekt",
    "Abwesenheitsnotiz einrichten", "Abwesenheit Regelung", "Sonderurlaub Richtlinie", "Feiertag Planung",
    "Krank? Was tun", "Betriebsferien Abstimmung",
    "Réunion congés", "Congés : planification", "Planning des congés", "Congés validation", "Politique de congés",
    "Préparation congé maternité", "Congé paternité : point RH", "Vacances scolaires réunion", "Avant les congés",
    "Maladie professionnelle formation", "Absence chronique étude", "RTT réunion", "Retour de vacances",
    "Pas de congés", "Arrêt de bus", "Absentees",
    "Planificación de vacaciones", "Vacaciones: política", "Reunión vacaciones", "Baja de cliente",
    "Baja tensión taller", "Bajas del servicio", "Permiso retribuido consulta", "Política de ausencias",
    "Vuelta de vacaciones", "Sin vacaciones", "Enfermedad rara seminario", "Día libre propuesta", "¿Vacaciones",
    "休暇申請レビュー", "休暇の件", "休暇制度説明会", "有給取得率会議", "有給申請", "夏休み前の打合せ", "休み明け定例",
    "休み時間",
    "昼休み", "お昼休み", "休憩", "不在票", "不在者投票", "休業補償相談", "休暇管理システム", "代休申請",
    "年休計画会議",
    "公休調整会議", "半休申請確認", "欠勤連絡", "育休復帰面談", "休暇まで", "休暇から", "休暇から復帰", "休暇予定確認",
    "会議：休暇",
    "人事 休暇", "祝日", "休日出勤",
    # false friends, lists and papers, and who covers
    "Baja California", "Baja Norte", "Baja California trip planning", "Vacances scolaires",
    "Vacances scolaires zone B", "Ausencias del mes", "Absences mars", "Colonie de vacances",
    "Calendario de vacaciones", "Cuadrante de vacaciones", "Parte de baja", "Solicitud de baja", "Carta de permiso",
    "Calendrier de congés", "Relevé de congés", "Formulaire de congé", "Attestation de congé", "OOO (Bob covers)",
    "OOO - contact Bob", "Vacation (Bob covering)", "Sick beats playlist", "Holiday Inn call", "PTO balance review",
    "PTO bake sale", "Vacation Bible School", "Holiday freeze", "OOO handoff", "Annual leave policy training",
    "Urlaubsrückstellung", "Urlaubssperre", "congés payés: point RH", "Permiso de conducir", "Licencia de obra",
    "Puente aéreo", "休日診療", "有給インターン", "休眠顧客", "振替輸送", "祝日対応", "3 days notice", "1:1 vacation",
]  # fmt: skip


def test_titles_that_are_an_absence() -> None:
    assert [title for title in ABSENT if absence(title, ANN) is not Whose.OWN] == []


def test_titles_that_only_name_an_absence_or_nothing_of_it() -> None:
    assert [title for title in ORDINARY if absence(title, ANN) is not Whose.NOBODYS] == []


def _written_otherwise(title: str) -> list[str]:
    spaced = "  ".join(title.split(" "))
    return [
        title.upper(), title.lower(), f"🎉 {spaced}\t❤️", f"\u200d{title}\ufe0f", f" :palm_tree: {title}",
        unicodedata.normalize("NFD", title),
    ]  # fmt: skip


def test_case_space_and_emoji_change_no_answer() -> None:
    others = {title: _written_otherwise(title) for title in ABSENT + ORDINARY}
    assert [
        other for title, same in others.items() for other in same if absence(other, ANN) is not absence(title, ANN)
    ] == []


OF_ANN = [
    "Ann – vacation", "Ann - vacation", "Ann — Vacation", "Ann: vacation", "Ann | vacation", "Ann, vacation", "Ann/PTO",
    "[Ann] Vacation", "[Ann Lee] Vacation", "(Ann) OOO", "【Ann】OOO", "<Ann> OOO", "Ann Lee: vacation",
    "Lee, Ann: vacation",
    "Lee, Ann – PTO until Friday", "LEE Ann: vacation", "Ann Lee (Paid Vacation - 9 days)", "Ann L.: OOO",
    "A. Lee: OOO",
    "ann lee ooo", "Ann OOO", "Ann is on vacation", "Ann's vacation", "Ann’s PTO", "Ann Lee abwesend", "Ann hat Urlaub",
    "Vacation (Ann)", "Vacation - Ann Lee", "[Vacation] Ann Lee", "Absence - Ann Lee", "OOO Ann", "Urlaub von Ann",
    "Congés d'Ann", "Vacaciones de Ann", "🌴 Ann – vacation in Spain", "Ann Lee García: PTO", "Ann: half day vacation",
    "Ann 休暇", "OOO - Ann - until Monday",
]  # fmt: skip


@pytest.mark.parametrize("title", OF_ANN)
def test_own_name_is_taken_off_and_another_reader_is_not_meant(title: str) -> None:
    assert absence(title, ANN) is Whose.OWN
    assert absence(title, ("Bob Roe", "bob")) is not Whose.OWN
    assert absence(title) is not Whose.OWN


@pytest.mark.parametrize(
    "title",
    [
        "Ann – vacation", "Ann: vacation", "[Ann Lee] Vacation", "Lee, Ann: vacation",
        "Ann Lee (Paid Vacation - 9 days)",
        "Ann's vacation", "Ann is on vacation", "Ann OOO", "ann ooo", "Ann Other abwesend", "Max Mustermann Urlaub",
        "[Max Mustermann] Urlaub", "[Urlaub] Max Mustermann", "Mustermann, Max – Urlaub", "Marie Dupont : congés",
        "Juan: vacaciones", "José está de vacaciones", "Ann Smith – vacation", "Petr Ivanoff (Paid Vacation - 9 days)",
        "田中さん休暇", "田中：休暇", "山田太郎 有給休暇", "Absence - Ann Other", "Vacation (Ann)", "J. Smith: PTO",
    ],
)  # fmt: skip
def test_name_in_front_that_is_somebody_elses(title: str) -> None:
    assert absence(title, ("Bob Roe",)) is Whose.ANOTHERS


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Jörg Müller", "Joerg Mueller: Urlaub"), ("Joerg Mueller", "[Müller, Jörg] Urlaub"), ("Łukasz Nowak",
        "Lukasz: PTO"),
        ("山田 太郎", "山田太郎 有給休暇"), ("山田 太郎", "山田さん休暇"), ("山田 太郎", "休暇（山田）"), ("太郎 山田",
        "山田太郎：休暇"),
        ("Ana García López", "Ana García: vacaciones"), ("Anne-Marie Petit", "Anne Marie – congés"), ("O'Brien",
        "O’Brien: OOO"),
        ("Anna Sommer", "Anna Sommer: Urlaub"), ("Jan Novak", "Jan: vacation"), ("ann.lee", "Ann Lee – OOO"),
        ("Tom Day", "Day, Tom: OOO"), ("Søren Holm", "Soren Holm OOO"),
    ],
)  # fmt: skip
def test_names_in_every_spelling(name: str, title: str) -> None:
    assert absence(title, (name,)) is Whose.OWN


@pytest.mark.parametrize("name", ["", " ", "Party Planner", "Policy", "?", "1", "A", "Review Call", "x" * 5000])
def test_a_persons_odd_name_makes_no_title_an_absence(name: str) -> None:
    assert [title for title in ORDINARY if absence(title, (name,)) is Whose.OWN] == []


FOCUSED = [
    "Focus", "focus-time", "🎧 Focus time", "Focus time: quarterly plan", "Focus – report", "Focus (no calls)",
    "Deep work",
    "Deep Work until noon", "Focus 9-11", "Heads down", "Do not disturb", "Fokuszeit", "Fokuszeit: Angebot",
    "Konzentration", "Bitte nicht stören", "Temps de concentration", "Ne pas déranger", "Tiempo de enfoque",
    "Concentración", "集中", "集中タイム：資料作成", "集中作業 午前", "Ann: focus time", "No-meeting Friday",
    "No-meeting block", "Deep work block", "Fokus-Zeit", "Tiempo de foco", "Bloc de concentration", "フォーカス時間",
]  # fmt: skip
NOT_FOCUSED = [
    "", "Sync", "Focus group", "Focus group: onboarding", "Focus Groups", "Focus on customers workshop", "Autofocus",
    "Hocus pocus",
    "Focused questions", "Concentration of measure seminar", "Concentration risk review", "Deep work training",
    "Do not disturb policy", "Fokusgruppe", "Konzentration Messung", "Groupe de concentration",
    "Concentración parcelaria",
    "集中講義", "集中豪雨対策会議", "フォーカスグループ", "Team focus", "Focus?", "Focus time review: plan",
    "Focus (the magazine) interview",
]  # fmt: skip


def test_focus_follows_the_same_law() -> None:
    assert [title for title in FOCUSED if not is_focus(title, ANN)] == []
    assert [title for title in NOT_FOCUSED if is_focus(title, ANN)] == []


def test_calendars_of_public_holidays_by_their_names() -> None:
    named = ["Holidays in Spain", "日本の祝日", "Feiertage in Deutschland", "Jours fériés en France", "UK Holidays",
             "Días festivos en España", "Public holidays (Japan)"]  # fmt: skip
    assert [name for name in named if not is_public_calendar(name)] == []
    assert not any(map(is_public_calendar, ("", "Ann", "My holidays", "Holidays", "休暇", "Urlaub", "Team absences")))


_PHRASES = sorted({" ".join(phrase) for phrases in vocabulary().absences.values() for phrase in phrases})
_OF_TIME_OR_PLACE = (
    vocabulary().time
    | vocabulary().after_absence
    | vocabulary().links
    | {word for places in vocabulary().places.values() for place in places for word in place}
)
_WORDS = st.text(st.characters(categories=("Ll", "Lu", "Lo"), max_codepoint=0x9FFF), min_size=3, max_size=12)


@given(phrase=st.sampled_from(_PHRASES), word=_WORDS, sign=st.sampled_from((" ", ": ", " – ", " (", ", ")))
def test_absence_followed_by_any_other_word_is_none(phrase: str, word: str, sign: str) -> None:
    said = set(words_in(word))
    known = said <= _OF_TIME_OR_PLACE or any(word.casefold().startswith(first) for first in vocabulary().absences)
    joined = words_in(f"{phrase}{sign}{word}")
    if known or any(
        joined[: len(other)] == other for others in vocabulary().absences.values() for other in others if len(other) > 1
    ):
        return
    if any("\u3005" <= letter <= "\u9fff" for letter in word):
        return  # without gaps, another word may begin with one of time
    assert absence(f"{phrase}{sign}{word}", ANN) is not Whose.OWN


_TAILS = st.sampled_from(
    ("", " until Friday", " in Spain", " (half day)", " 3 days", " 24–27 Dec", ": bis 3.1.", " – jusqu'à lundi",
     " hasta el viernes", "（午後）", " 8/10-8/15", " 2pm-4pm", " – Ann", " KW 30")
)  # fmt: skip


@given(
    phrase=st.sampled_from(_PHRASES),
    tail=_TAILS,
    front=st.sampled_from(("", "🌴 ", "Ann – ", "[Ann Lee] ", "Ann Lee: ", "Lee, Ann: ", ":palm_tree: ", "  ", "*")),
)
def test_every_absence_may_be_followed_by_when_and_where(phrase: str, tail: str, front: str) -> None:
    assert absence(f"{front}{phrase}{tail}", ANN) is Whose.OWN
    assert absence(f"{front}{phrase}{tail}".upper(), ANN) is Whose.OWN


@given(st.text(max_size=1000))
def test_any_text_is_answered(title: str) -> None:
    assert absence(title, ANN) in Whose
    assert is_focus(title) in {True, False}


_WEEKS = itertools.count()  # what was judged once is known


def _judged(title: str) -> None:
    for text in (title, "vacation " + title, title + " vacation", title * 100):
        absence(text, ANN)
        is_focus("focus " + text, ANN)


@pytest.mark.parametrize(
    "piece",
    ["sick ", "of ", "1 ", "o.", "休暇", "休", "until ", "Ann ", "[", "-", "🌴", "on leave of absence ", "the the ",
    "a'", "\u0301",
     "1/", "congé de ", "部", " "],
)  # fmt: skip
def test_a_long_title_takes_no_longer_than_a_hundred_ordinary_ones(piece: str) -> None:
    title = (piece * 1000)[:1000]
    weeks = [(f"Planning of week {next(_WEEKS)} with the whole team, then lunch " * 20)[:1000] for _ in range(30)]

    assert dearer(lambda: _judged(title), than=lambda: [_judged(ordinary) for ordinary in weeks]) < 4
