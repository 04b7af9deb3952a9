"""Every sentence in every language, with the same facts; dates and times as people write them."""

from __future__ import annotations

import string
from datetime import UTC, datetime, time, timedelta

import pytest
from babel.messages.pofile import read_po

from services.domain.model import STATUS_TEXT_LIMIT
from services.platform import locale
from tests.support.messages import ROOT, all_messages

OTHERS = [code for code in locale.LANGUAGES if code != "en"]
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def facts(message: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(message) if name is not None)


@pytest.mark.parametrize("code", OTHERS)
def test_catalogue_has_every_sentence_that_the_code_says_and_no_other(code: str) -> None:
    assert set(locale.catalogue(code)) == all_messages()


@pytest.mark.parametrize("code", OTHERS)
def test_translations_have_the_facts_and_the_commands_of_their_original(code: str) -> None:
    for message, translation in locale.catalogue(code).items():
        assert facts(translation) == facts(message), message
        assert translation.strip() == translation
        for command in ("/quo help", "/quo why", "/quo resume", "/ooo off", "ENCRYPTION_KEYS", "https://", ".ics"):
            assert (command in translation) == (command in message), message


@pytest.mark.parametrize("code", OTHERS)
def test_catalogue_file_is_wellformed_and_nothing_in_it_is_unsure(code: str) -> None:
    with (ROOT / "services" / "platform" / "locale" / f"{code}.po").open("rb") as file:
        found = read_po(file, locale=code, abort_invalid=True)
    assert [message.id for message in found if message.fuzzy] == []
    assert len(list(found.obsolete)) == 0


def test_collector_finds_what_is_said_in_code_in_errors_and_in_reasons() -> None:
    assert {"Undo", "That time has already passed. Choose a later one.", "Nothing is on.", "Monday"} <= all_messages()


@pytest.mark.parametrize(
    ("slack", "language"),
    [("de-DE", "de"), ("de-AT", "de"), ("fr-CA", "fr"), ("es-LA", "es"), ("ja-JP", "ja"), ("en-US", "en"),
     ("pt-BR", "en"), ("", "en"), ("zz", "en"), ("de_DE", "de")],
)  # fmt: skip
def test_language_follows_the_slack_locale_and_is_english_otherwise(slack: str, language: str) -> None:
    assert locale.language(slack) == language
    assert locale.say(slack, "Undo") == {"de": "Rückgängig", "fr": "Annuler", "es": "Deshacer", "ja": "元に戻す"}.get(
        language, "Undo"
    )


@pytest.mark.parametrize(
    ("slack", "first"), [("en-US", True), ("en-GB", False), ("de-DE", False), ("ja-JP", True), ("pt-BR", False)]
)
def test_order_of_day_and_month_follows_the_locale(slack: str, first: bool) -> None:
    assert locale.month_first(slack) is first


@pytest.mark.parametrize(
    ("slack", "today", "tomorrow", "later", "midnight", "tonight"),
    [
        ("en-GB", "15:00", "tomorrow, 15:00", "Fri 27 Nov, 15:00", "the end of Thu 26 Nov", "the end of today"),
        ("en-US", "3:00 PM", "tomorrow, 3:00 PM", "Fri, Nov 27, 3:00 PM", "the end of Thu, Nov 26", "the end of today"),
        ("de-DE", "15:00 Uhr", "morgen, 15:00 Uhr", "Fr., 27. Nov., 15:00 Uhr", "Do., 26. Nov., 24:00 Uhr",
         "heute, 24:00 Uhr"),
        ("fr-FR", "15:00", "demain à 15:00", "15:00 le ven. 27 nov.", "la fin du jeu. 26 nov.",
         "la fin de la journée"),
        ("es-ES", "las 15:00", "mañana a las 15:00", "el vie, 27 nov a las 15:00", "el final del jue, 26 nov",
         "el final del día"),
        ("ja-JP", "15:00", "明日の15:00", "11月27日(金)の15:00", "11月26日(木)の終わり", "今日の終わり"),
    ],
)  # fmt: skip
def test_ends_are_written_as_people_say_them(
    slack: str, *, today: str, tomorrow: str, later: str, midnight: str, tonight: str
) -> None:
    l10n = locale.Localizer(slack, "Europe/Berlin")
    ends = [(24, 14), (25, 14), (27, 14), (26, 23), (24, 23)]
    written = [l10n.until(datetime(2026, 11, day, hour, tzinfo=UTC), NOW) for day, hour in ends]
    assert written == [today, tomorrow, later, midnight, tonight]


def test_status_that_says_its_end_itself_is_known_by_it_and_one_that_says_another_is_not() -> None:
    l10n = locale.Localizer("de-DE", "Europe/Berlin")
    afternoon, midnight = datetime(2026, 11, 24, 14, tzinfo=UTC), datetime(2026, 12, 2, 23, tzinfo=UTC)
    assert l10n.tells("Im Termin bis 15:00", afternoon, NOW)
    assert l10n.tells("Abwesend, zurück am 3. Dezember", midnight, NOW)
    assert not l10n.tells("Abwesend, zurück am 3. Dezember", midnight + timedelta(hours=9), NOW)
    assert not l10n.tells("Abwesend, zurück am 13. Dezember", midnight, NOW)
    assert not l10n.tells("In a meeting", afternoon, NOW)


def test_day_of_another_year_has_its_year() -> None:
    l10n = locale.Localizer("en-GB", "UTC")
    assert l10n.day(datetime(2027, 1, 2, tzinfo=UTC).date(), NOW.date()) == "Sat, 2 Jan 2027"
    assert l10n.stamp(datetime(2026, 11, 23, 8, tzinfo=UTC), NOW) == "Mon 23 Nov, 08:00"


@pytest.mark.parametrize(
    ("slack", "day"),
    [("en-GB", "Out of office until 4 May"), ("en-US", "Out of office until May 4"),
     ("de-DE", "Abwesend, zurück am 4. Mai"), ("fr-FR", "En congé, de retour le 4 mai"),
     ("es-ES", "Fuera de la oficina, vuelvo el 4 de mayo"), ("ja-JP", "不在（5月4日に戻ります）")],
)  # fmt: skip
def test_default_absence_says_the_day_back(slack: str, day: str) -> None:
    default_texts = locale.default_texts(slack)
    back = default_texts.format_day(datetime(2026, 5, 4, tzinfo=UTC).date())
    assert default_texts.out_of_office_until_day.format(until=back) == day


@pytest.mark.parametrize("code", locale.LANGUAGES)
def test_default_texts_are_translated_and_fit_a_status(code: str) -> None:
    default_texts = locale.default_texts(code)
    english = locale.default_texts("en")
    for name in ("meeting", "focus", "out_of_office", "home", "office", "elsewhere"):
        text = getattr(default_texts, name)
        assert 0 < len(text) <= STATUS_TEXT_LIMIT
        assert (text == getattr(english, name)) is (code == "en")
    assert "{until}" in default_texts.out_of_office_until_time
    assert "{until}" in default_texts.out_of_office_until_day
    assert "{location}" in default_texts.elsewhere_at
    assert default_texts.format_time(time(15, 0)) in {"15:00", "3:00 PM"}


@pytest.mark.parametrize(
    ("slack", "written"), [("de-!!", "de"), ("es-LA", "es"), ("pt-BR", "en_GB"), ("fr-CA", "fr_CA")]
)
def test_conventions_of_a_locale_nobody_knows_are_those_of_its_language(slack: str, written: str) -> None:
    assert str(locale.conventions(slack)) == written


def test_abbreviated_month_at_the_end_of_a_sentence_has_one_full_stop() -> None:
    message = "You are out of office {when}."
    assert locale.say("fr-FR", message, when="le 27 nov.").endswith("27 nov.")
    assert not locale.say("fr-FR", message, when="le 27 nov.").endswith("..")
