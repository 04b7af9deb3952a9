"""The search for an emoji: by name among the standard ones and a workspace's own, by its character, by `:name:`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain import emoji
from services.domain.emoji import (
    EVERY,
    LATER_WORDS,
    LONGEST_OFFERED,
    MOST_NAMES,
    EmojiTable,
    OwnEmoji,
    is_name,
    listed,
    name_of,
    search,
)

NOON, SOON = datetime(2026, 11, 24, 12, tzinfo=UTC), timedelta(seconds=15)


def own(**names: str) -> OwnEmoji:
    """A workspace's own: by name the one it is another name for, or ""."""
    return OwnEmoji({name.replace("__", "-"): target for name, target in names.items()})


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("🍕", ":pizza:"), (" 🍕 ", ":pizza:"), (":pizza:", ":pizza:"), ("pizza", ":pizza:"), ("PIZZA", ":pizza:"),
        (":pizz", ":pizza:"), ("piz", ":pizza:"), ("thumbs up", ":thumbsup:"), ("rainbow flag", ":rainbow-flag:"),
        ("rainbow_flag", ":rainbow-flag:"), ("face", ":face_exhaling:"), ("ﬁre", ":fire:"),
        # as characters: with and without the sign that asks for a picture, flags, keycaps, signs
        ("❤️", ":heart:"), ("❤", ":heart:"), ("🇬🇧", ":gb:"), ("🇦🇹", ":flag-at:"), ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", ":flag-england:"),
        ("1️⃣", ":one:"), ("©️", ":copyright:"),
        # several that are joined to one, and skin tones
        ("👩‍💻", ":female-technologist:"), ("🏳️‍🌈", ":rainbow-flag:"), ("👍🏽", ":+1::skin-tone-4:"),
        ("👩🏿‍💻", ":female-technologist::skin-tone-6:"), ("🫱🏻‍🫲🏿", ":handshake::skin-tone-2:"),
        ("👩🏻‍🤝‍👨🏿", ":man_and_woman_holding_hands::skin-tone-2:"), ("🍕🏽", ":pizza:"),
        (":wave::skin-tone-3:", ":wave::skin-tone-3:"), ("wave:skin-tone-3", ":wave::skin-tone-3:"),
        (":pizza::skin-tone-3:", ":pizza:"),
        # as a menu shows them
        ("🍕 pizza", ":pizza:"), ("👋 wave skin-tone-3", ":wave:"), ("🇦🇦 flag-at", ":flag-at:"),
    ],
)  # fmt: skip
def test_emoji_is_found_however_it_is_typed(text: str, first: str) -> None:
    assert search(text)[0] == first


@pytest.mark.parametrize("text", ["", " ", ":", "::", ": :", "___", "🇦🇦", "no such name", "\u202epizza", "a:b"])
def test_nothing_is_found_for_what_names_nothing(text: str) -> None:
    assert search(text) == []


def test_several_characters_are_all_found() -> None:
    assert search("🍕🍺") == [":pizza:", ":beer:"]
    assert search("🍕 beer") == [":pizza:", ":beer:", ":beers:"]
    assert search("🍕" * 500) == [":pizza:"]


def test_what_is_called_so_comes_before_what_begins_so_and_what_has_a_word_that_does() -> None:
    theirs = own(zulu="", zulus="", apple_zulu="", zoo__zulu__chart="", unzulu="", party_zulu2="")
    found = [":zulu:", ":zulus:", ":apple_zulu:", ":party_zulu2:", ":zoo-zulu-chart:"]
    assert (search("zulu", theirs), search("Zul", theirs)) == (found, found)


def test_standard_and_own_emoji_stand_together_by_name() -> None:
    found = search("pizz", own(pizzas="", pizz="", pizza__hawaii=""))
    assert found == [":pizz:", ":pizza:", ":pizza-hawaii:", ":pizzas:"]


def test_names_that_differ_in_their_signs_alone_are_both_found_the_typed_one_first() -> None:
    theirs = own(ship_it="", ship__it="")
    assert search("ship_it", theirs) == [":ship_it:", ":ship-it:"]
    assert search("ship-it", theirs) == [":ship-it:", ":ship_it:"]
    assert search("Ship it", theirs) == [":ship-it:", ":ship_it:"]


def test_with_both_colons_the_skin_tones_come_after_it() -> None:
    tones = [f":ok_hand::skin-tone-{tone}:" for tone in range(2, 7)]
    assert search(":ok_hand:") == [":ok_hand:", *tones]
    assert search("ok_hand") == [":ok_hand:"]
    assert search("👌🏽") == [tones[2], ":ok_hand:", *tones[:2], *tones[3:]]


def test_character_finds_the_own_names_for_it_too() -> None:
    assert search("🎉", own(party="tada", fiesta="party", other="")) == [":tada:", ":fiesta:", ":party:"]


def test_aliases_are_followed_to_depth_five_and_cycles_end() -> None:
    chain = {"a1": "a2", "a2": "a3", "a3": "a4", "a4": "a5", "a5": "a6", "a6": "a7", "a7": ""}
    theirs = OwnEmoji(
        chain | {"round1": "round2", "round2": "round1", "self1": "self1", "gone1": "nobody", "dup1": "+1"}
    )
    assert search("a1", theirs) == []
    assert search("a2", theirs) == [":a2:"]
    assert theirs.aliases("a7") == ["a2", "a3", "a4", "a5", "a6"]
    assert [search(name, theirs) for name in ("round1", "self1", "gone1", "dup1")] == [[], [], [], [":dup1:"]]


def test_unknown_name_is_given_as_it_is_unless_everything_is_known() -> None:
    assert search(":our_logo:") == [":our_logo:"]
    assert search("our_logo") == []
    assert search(":our_logo:", complete=True) == []
    assert search(":piz:") == [":piz:", ":pizza:"]
    assert search(":a<b:") == search(":" + "x" * 101 + ":") == []


def test_at_most_so_many_are_given_and_none_that_a_menu_cannot_take() -> None:
    long, longest = "quux_" + "x" * (LONGEST_OFFERED - 7), "quux_" + "x" * (LONGEST_OFFERED - 6)
    theirs = OwnEmoji({long: "", longest: ""} | {f"many_{number:03}": "" for number in range(200)})
    assert search("quux", theirs) == [f":{long}:"]
    assert search("many", theirs) == [f":many_{number:03}:" for number in range(100)]
    assert search("many", theirs, 2) == [":many_000:", ":many_001:"]


def test_name_of_many_words_is_found_by_the_first_of_them() -> None:
    theirs = own(**{"_".join(f"zq{number}" for number in range(12)): ""}, ends__zquit_="")
    found = [bool(search(f"zq{number}", theirs)) for number in (*range(2, 10), 10, 11)]
    assert found == [True] * (LATER_WORDS - 1) + [False] * (11 - LATER_WORDS)
    assert search("zquit", theirs) == [":ends-zquit_:"]


@given(st.text(max_size=30), st.dictionaries(st.text(max_size=12), st.sampled_from(["x", "alias:pizza", "alias:a"])))
def test_whatever_is_typed_gives_names_that_exist(text: str, theirs: dict[str, str]) -> None:
    names = listed(theirs)
    found = search(text, OwnEmoji(names), 20, complete=True)
    assert len(found) == len(set(found)) <= 20
    assert [one for one in found if name_of(one) not in names.keys() | emoji.standard_names().keys()] == []
    assert [
        name for name, target in names.items() if not target and search(f":{name}:", OwnEmoji(names))[0] != f":{name}:"
    ] == []


def test_search_among_thirty_thousand_looks_at_few_of_them() -> None:
    theirs = OwnEmoji({f"team{number:05}_face_{number % 7}": "" for number in range(MOST_NAMES)})
    assert len(theirs) == MOST_NAMES
    entries = theirs.index._whole
    seen: list[str] = []

    class Counting(list[tuple[str, str]]):
        def __getitem__(self, at):  # type: ignore[no-untyped-def, override]  # as bisect asks it
            seen.append("")
            return super().__getitem__(at)

    theirs.index._whole = Counting(entries)
    assert search("team29", theirs)[0] == ":team29000_face_6:"
    assert len(seen) < 200


@pytest.mark.parametrize(
    ("table", "complete"),
    [
        (EmojiTable("d", NOON, NOON + EVERY), True), (EmojiTable("d", NOON, NOON + EVERY, cut=True), False),
        (EmojiTable("d", NOON, NOON + SOON), False), (EmojiTable("d", NOON, NOON + EVERY + SOON), False),
        (EmojiTable("d", NOON, None), False), (EmojiTable("", None, NOON + EVERY), False), (EmojiTable(), False),
        (EmojiTable("d", NOON - EVERY, NOON), False),
    ],
)  # fmt: skip
def test_table_is_complete_for_a_day_unless_something_is_to_be_read_before(
    table: EmojiTable, *, complete: bool
) -> None:
    assert table.is_complete(NOON) is complete


# ── what Slack lists ────────────────────────────────────────────────────────────────────────────────


def test_list_is_read_with_its_aliases_and_without_what_is_no_name() -> None:
    found = listed(
        {
            "party": "https://emoji.example.com/party.png", "fiesta": "alias:party", "empty": "", "odd": "alias:",
            "a b": "x", "": "x", "x:y": "x", "<!channel>": "x", "x" * 101: "x", "nul\0": "x", "rtl\u202e": "x",
            "number": 5, 7: "x", "bad": "alias:<b>", "日本": "x", "`": "x",
        },
        ["pizza", "brand_new", "no good", 3, None],
    )  # fmt: skip
    assert found == {"party": "", "fiesta": "party", "empty": "", "odd": "", "日本": "", "brand_new": ""}


def test_of_too_many_the_first_by_name_are_kept() -> None:
    found = listed({f"e{number:06}": "x" for number in reversed(range(MOST_NAMES + 5))})
    assert (len(found), min(found), max(found)) == (MOST_NAMES, "e000000", f"e{MOST_NAMES - 1:06}")


@pytest.mark.parametrize(
    ("text", "name"),
    [(":pizza:", "pizza"), (":wave::skin-tone-2:", "wave"), ("pizza", ""), (":a:b:", ""), ("", ""), ("::", "")],
)
def test_name_is_what_stands_between_the_colons(text: str, name: str) -> None:
    assert name_of(text) == name


def test_only_texts_are_names() -> None:
    assert (is_name("x" * 100), is_name("x" * 101), is_name(None), is_name(""), is_name("a\u200bb")) == (
        True, False, False, False, False,
    )  # fmt: skip


def test_every_standard_name_finds_itself() -> None:
    names = emoji.standard_names()
    assert [name for name in names if search(f":{name}:")[0] != f":{name}:"] == []
    assert [sign for sign in names.values() if names[name_of(search(sign)[0])] != sign] == []
