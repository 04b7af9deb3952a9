"""Emoji typed as characters → the names Slack knows them by. Pure data and one reading function.

Slack's own clients turn a typed emoji into `:name:` before they send it; this is for those that do not.
Names: the short names of iamcal/emoji-data, which Slack uses.
"""

from __future__ import annotations

import re

_NAMES = (
    "🍕 pizza|🍔 hamburger|🍟 fries|🌭 hotdog|🥪 sandwich|🌮 taco|🌯 burrito|🥗 green_salad|🍣 sushi|🍱 bento|"
    "🍜 ramen|🍝 spaghetti|🍛 curry|🍚 rice|🍙 rice_ball|🥟 dumpling|🥐 croissant|🥖 baguette_bread|🍞 bread|"
    "🥨 pretzel|🧀 cheese|🍳 fried_egg|🥞 pancakes|🍰 cake|🎂 birthday|🍪 cookie|🍩 doughnut|🍫 chocolate_bar|"
    "🍦 icecream|🍎 apple|🍌 banana|🍓 strawberry|🍉 watermelon|🥑 avocado|🥕 carrot|☕ coffee|🍵 tea|"
    "🧋 bubble_tea|🥛 glass_of_milk|🍺 beer|🍻 beers|🍷 wine_glass|🥂 clinking_glasses|🍸 cocktail|"
    "🍹 tropical_drink|🥤 cup_with_straw|🍽 knife_fork_plate|🍴 fork_and_knife|🌴 palm_tree|"
    "🏖 beach_with_umbrella|🏝 desert_island|⛱ umbrella_on_ground|☀ sunny|🌞 sun_with_face|🌧 rain_cloud|"
    "⛈ thunder_cloud_and_rain|❄ snowflake|☃ snowman|⛄ snowman_without_snow|🌈 rainbow|🌊 ocean|🔥 fire|"
    "⛷ skier|🏂 snowboarder|🎿 ski|🏔 snow_capped_mountain|⛰ mountain|🏕 camping|⛺ tent|✈ airplane|"
    "🛫 airplane_departure|🛬 airplane_arriving|🚆 train2|🚄 bullettrain_side|🚂 steam_locomotive|🚌 bus|"
    "🚗 car|🚕 taxi|🚲 bike|🛵 motor_scooter|⛵ boat|🚀 rocket|🧳 luggage|🗺 world_map|🏠 house|"
    "🏡 house_with_garden|🏢 office|🏥 hospital|🏫 school|🎄 christmas_tree|🎅 santa|🎃 jack_o_lantern|"
    "🎉 tada|🎊 confetti_ball|🎁 gift|🎈 balloon|🎓 mortar_board|💻 computer|🖥 desktop_computer|⌨ keyboard|"
    "📱 iphone|📞 telephone_receiver|☎ phone|🎧 headphones|🎤 microphone|📷 camera|📹 video_camera|"
    "🎥 movie_camera|📅 date|📆 calendar|🗓 spiral_calendar_pad|⏰ alarm_clock|⏳ hourglass_flowing_sand|"
    "⌛ hourglass|⏱ stopwatch|🕐 clock1|📚 books|📖 book|📝 memo|✏ pencil2|🖊 lower_left_ballpoint_pen|"
    "📈 chart_with_upwards_trend|📊 bar_chart|📦 package|🔒 lock|🔑 key|🔧 wrench|🔨 hammer|"
    "🛠 hammer_and_wrench|⚙ gear|🧪 test_tube|🔬 microscope|🐛 bug|🐞 ladybug|🐶 dog|🐕 dog2|🐱 cat|🐈 cat2|"
    "🐻 bear|🐼 panda_face|🦊 fox_face|🐧 penguin|🦉 owl|🦄 unicorn_face|🐝 bee|🦋 butterfly|"
    "🌸 cherry_blossom|🌻 sunflower|🌹 rose|🌱 seedling|🌲 evergreen_tree|🍀 four_leaf_clover|😀 grinning|"
    "😃 smiley|😄 smile|😁 grin|😆 laughing|😅 sweat_smile|😂 joy|🤣 rolling_on_the_floor_laughing|"
    "🙂 slightly_smiling_face|😉 wink|😊 blush|😍 heart_eyes|😎 sunglasses|🤓 nerd_face|🤔 thinking_face|"
    "😐 neutral_face|🙄 face_with_rolling_eyes|😴 sleeping|😪 sleepy|🥱 yawning_face|😷 mask|"
    "🤒 face_with_thermometer|🤕 face_with_head_bandage|🤢 nauseated_face|🤧 sneezing_face|🥵 hot_face|"
    "🥶 cold_face|🥳 partying_face|😭 sob|😢 cry|😡 rage|🤯 exploding_head|😇 innocent|🤖 robot_face|👻 ghost|"
    "💩 hankey|👋 wave|👍 +1|👎 -1|👏 clap|🙌 raised_hands|🙏 pray|💪 muscle|🤝 handshake|👀 eyes|🧠 brain|"
    "🤞 crossed_fingers|✌ v|👌 ok_hand|✋ hand|🤙 call_me_hand|🫶 heart_hands|👶 baby|🍼 baby_bottle|"
    "🤱 breast-feeding|🤰 pregnant_woman|❤ heart|🧡 orange_heart|💛 yellow_heart|💚 green_heart|💙 blue_heart|"
    "💜 purple_heart|🖤 black_heart|💔 broken_heart|⭐ star|🌟 star2|✨ sparkles|⚡ zap|💤 zzz|"
    "💬 speech_balloon|💭 thought_balloon|💡 bulb|🔴 red_circle|🟠 large_orange_circle|🟡 large_yellow_circle|"
    "🟢 large_green_circle|🔵 large_blue_circle|⚪ white_circle|⚫ black_circle|⛔ no_entry|🚫 no_entry_sign|"
    "🔕 no_bell|🔔 bell|🔇 mute|🤫 shushing_face|✅ white_check_mark|✔ heavy_check_mark|❌ x|❓ question|"
    "❗ exclamation|⚠ warning|🚧 construction|👷 construction_worker|🚨 rotating_light|🆘 sos|🎯 dart|"
    "🏆 trophy|⚽ soccer|🏀 basketball|🎾 tennis|🏓 table_tennis_paddle_and_ball|🏐 volleyball|🏈 football|"
    "⛳ golf|🏃 runner|🚶 walking|🏋 weight_lifter|🧘 person_in_lotus_position|🚴 bicyclist|🏊 swimmer|"
    "🧗 person_climbing|💃 dancer|🎮 video_game|🎲 game_die|♟ chess_pawn|🎨 art|🎵 musical_note|🎶 notes|"
    "🎸 guitar|🎹 musical_keyboard|🎬 clapper|🎭 performing_arts|💉 syringe|💊 pill|🦷 tooth|👓 eyeglasses|"
    "🛌 sleeping_accommodation|🛏 bed|🚿 shower|🧹 broom|🧺 basket|🛒 shopping_trolley|💰 moneybag|👔 necktie|"
    "👨\u200d💻 male-technologist|👩\u200d💻 female-technologist|🧑\u200d💻 technologist|"
    "🏳\u200d🌈 rainbow-flag|👨\u200d👩\u200d👧 man-woman-girl|🌙 crescent_moon|🌍 earth_africa|"
    "🌎 earth_americas|🌏 earth_asia"
)
_VARIATION = "\ufe0f"
_TONES = {chr(0x1F3FB + index): f":skin-tone-{index + 2}:" for index in range(5)}
_FLAG_A = 0x1F1E6

_BY_CHARACTER: dict[str, str] = dict(entry.split(" ", 1) for entry in _NAMES.split("|"))
_PICTURE = r"[\u00a9\u00ae\u203c-\u3299\U0001F000-\U0001FAFF]"
_CLUSTER = re.compile(
    r"[\U0001F1E6-\U0001F1FF]{2}"
    rf"|{_PICTURE}[\ufe0f\U0001F3FB-\U0001F3FF]*(?:\u200d{_PICTURE}[\ufe0f\U0001F3FB-\U0001F3FF]*)*"
)


def leading(text: str) -> tuple[str, int] | None:
    """The Slack name of the emoji character that `text` begins with, as `:name:`, and its length in `text`."""
    found = _CLUSTER.match(text)
    if found is None:
        return None
    cluster = found[0]
    if all(_FLAG_A <= ord(character) < _FLAG_A + 26 for character in cluster):
        country = "".join(chr(ord(character) - _FLAG_A + ord("a")) for character in cluster)
        return f":flag-{country}:", found.end()
    tone = next((_TONES[character] for character in cluster if character in _TONES), "")
    bare = "".join(character for character in cluster if character != _VARIATION and character not in _TONES)
    name = _BY_CHARACTER.get(bare)
    return None if name is None else (f":{name}:{tone}", found.end())


def trailing(text: str) -> tuple[str, int] | None:
    """The same for the emoji character at the end of `text`, and where it begins."""
    for found in _CLUSTER.finditer(text):
        if found.end() == len(text) and (read := leading(found[0])):
            return read[0], found.start()
    return None
