/** The emoji of everyday incident talk, by Slack's names; an unknown name stays as it was typed. */

const TABLE = `
pushpin 📌 fire 🔥 four_leaf_clover 🍀 wrench 🔧 memo 📝 eyes 👀 white_check_mark ✅ rotating_light 🚨
warning ⚠️ x ❌ heavy_check_mark ✔️ bell 🔔 no_bell 🔕 mega 📣 loudspeaker 📢 sos 🆘 construction 🚧
no_entry ⛔ no_entry_sign 🚫 octagonal_sign 🛑 red_circle 🔴 large_orange_circle 🟠 orange_circle 🟠
large_yellow_circle 🟡 yellow_circle 🟡 large_green_circle 🟢 green_circle 🟢 large_blue_circle 🔵
large_purple_circle 🟣 white_circle ⚪ black_circle ⚫ large_green_square 🟩 large_red_square 🟥
large_yellow_square 🟨 large_orange_square 🟧 white_large_square ⬜ black_large_square ⬛
thumbsup 👍 +1 👍 thumbsdown 👎 -1 👎 clap 👏 raised_hands 🙌 pray 🙏 wave 👋 ok_hand 👌 muscle 💪
point_up ☝️ point_right 👉 point_left 👈 point_down 👇 raised_hand ✋ handshake 🤝 fist ✊ v ✌️
crossed_fingers 🤞 smile 😄 smiley 😃 grin 😁 joy 😂 rolling_on_the_floor_laughing 🤣 blush 😊 wink 😉
slightly_smiling_face 🙂 upside_down_face 🙃 thinking_face 🤔 face_with_monocle 🧐 sweat_smile 😅
sweat 😓 sob 😭 cry 😢 disappointed 😞 worried 😟 grimacing 😬 neutral_face 😐 open_mouth 😮 scream 😱
exploding_head 🤯 sunglasses 😎 tired_face 😫 sleeping 😴 zzz 💤 rage 😡 skull 💀 robot_face 🤖
heart ❤️ blue_heart 💙 green_heart 💚 yellow_heart 💛 purple_heart 💜 broken_heart 💔 sparkles ✨ star ⭐
star2 🌟 tada 🎉 confetti_ball 🎊 balloon 🎈 trophy 🏆 medal 🎖️ rocket 🚀 boom 💥 zap ⚡ bulb 💡
mag 🔍 mag_right 🔎 microscope 🔬 telescope 🔭 hammer 🔨 hammer_and_wrench 🛠️ nut_and_bolt 🔩 gear ⚙️
toolbox 🧰 screwdriver 🪛 broom 🧹 bug 🐛 beetle 🐞 ambulance 🚑 hospital 🏥 pill 💊 syringe 💉
adhesive_bandage 🩹 fire_engine 🚒 fire_extinguisher 🧯 lifebuoy 🛟 ring_buoy 🛟 life_preserver 🛟 helmet_with_white_cross ⛑️
lock 🔒 unlock 🔓 key 🔑 shield 🛡️ link 🔗 paperclip 📎 clipboard 📋 page_facing_up 📄
page_with_curl 📃 scroll 📜 books 📚 book 📖 notebook 📓 bookmark 🔖 bookmark_tabs 📑 newspaper 📰
pencil 📝 pencil2 ✏️ pen 🖊️ card_index_dividers 🗂️ file_folder 📁 open_file_folder 📂 inbox_tray 📥
outbox_tray 📤 package 📦 envelope ✉️ email 📧 calendar 📆 date 📅 spiral_calendar_pad 🗓️
hourglass ⌛ hourglass_flowing_sand ⏳ alarm_clock ⏰ stopwatch ⏱️ timer_clock ⏲️ clock1 🕐 watch ⌚
chart_with_upwards_trend 📈 chart_with_downwards_trend 📉 bar_chart 📊 computer 💻 desktop_computer 🖥️
keyboard ⌨️ electric_plug 🔌 battery 🔋 satellite_antenna 📡 globe_with_meridians 🌐 earth_americas 🌎
cloud ☁️ sunny ☀️ rainbow 🌈 umbrella ☔ snowflake ❄️ ocean 🌊 seedling 🌱 herb 🌿 evergreen_tree 🌲
bear 🐻 whale 🐳 octopus 🐙 cat 🐱 dog 🐶 owl 🦉 bee 🐝 snail 🐌 turtle 🐢 unicorn_face 🦄
coffee ☕ tea 🍵 pizza 🍕 cake 🍰 cookie 🍪 apple 🍎 speech_balloon 💬 thought_balloon 💭
question ❓ exclamation ❗ grey_question ❔ bangbang ‼️ interrobang ⁉️ information_source ℹ️ heavy_plus_sign ➕
heavy_minus_sign ➖ arrow_right ➡️ arrow_left ⬅️ arrow_up ⬆️ arrow_down ⬇️ arrow_forward ▶️ fast_forward ⏩
double_vertical_bar ⏸️ arrows_counterclockwise 🔄 arrows_clockwise 🔃 repeat 🔁 twisted_rightwards_arrows 🔀
leftwards_arrow_with_hook ↩️ recycle ♻️ checkered_flag 🏁 triangular_flag_on_post 🚩 white_flag 🏳️
one 1️⃣ two 2️⃣ three 3️⃣ four 4️⃣ five 5️⃣ six 6️⃣ seven 7️⃣ eight 8️⃣ nine 9️⃣ keycap_ten 🔟 hash #️⃣ 100 💯
busts_in_silhouette 👥 bust_in_silhouette 👤 technologist 🧑‍💻 student 🧑‍🎓 teacher 🧑‍🏫
female-firefighter 👩‍🚒 male-firefighter 👨‍🚒 firefighter 🧑‍🚒 detective 🕵️ compass 🧭 world_map 🗺️ anchor ⚓
traffic_light 🚦 vertical_traffic_light 🚦 railway_track 🛤️ ghost 👻 crystal_ball 🔮 dart 🎯
label 🏷️ wastebasket 🗑️ floppy_disk 💾 cd 💿 camera 📷 movie_camera 🎥 studio_microphone 🎙️ phone ☎️ pager 📟
`;

const words = TABLE.trim().split(/\s+/);
const BY_NAME = new Map();
for (let at = 0; at < words.length; at += 2) BY_NAME.set(words[at], words[at + 1]);

/** The reactions an incident is written with; offered on every message. */
export const QUICK = [
  "pushpin",
  "fire",
  "four_leaf_clover",
  "wrench",
  "memo",
  "eyes",
  "white_check_mark",
];

/** The character for a shortcode, or null. Skin tones (`+1::skin-tone-3`) are left out. */
export const emoji = (name) => BY_NAME.get(name.split("::")[0]) ?? null;

/** Names that contain the query, those starting with it first. */
export function searchEmoji(query, limit = 200) {
  const names = [...BY_NAME.keys()].filter((name) => name.includes(query));
  names.sort((a, b) => Number(b.startsWith(query)) - Number(a.startsWith(query)));
  return names.slice(0, limit).map((name) => ({ name, character: BY_NAME.get(name) }));
}

/** Replace `:name:` in plain text. */
export const withEmoji = (text) =>
  text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => emoji(name) ?? whole);
