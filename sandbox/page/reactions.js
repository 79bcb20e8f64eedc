/** Emoji by Slack's names, the row of reactions under a message, and the few on offer. */
import { h } from "./dom.js";

const TABLE = `
pushpin 📌 fire 🔥 four_leaf_clover 🍀 wrench 🔧 memo 📝 pencil 📝 warning ⚠️ white_check_mark ✅ eyes 👀
rotating_light 🚨 x ❌ heavy_check_mark ✔️ bell 🔔 mega 📣 sos 🆘 construction 🚧 no_entry ⛔
red_circle 🔴 large_orange_circle 🟠 large_yellow_circle 🟡 large_green_circle 🟢 large_blue_circle 🔵
thumbsup 👍 +1 👍 thumbsdown 👎 -1 👎 clap 👏 raised_hands 🙌 pray 🙏 wave 👋 ok_hand 👌 muscle 💪 heart ❤️
smile 😄 slightly_smiling_face 🙂 thinking_face 🤔 sweat_smile 😅 sob 😭 joy 😂 tada 🎉 rocket 🚀 boom 💥
zap ⚡ bulb 💡 mag 🔍 hammer_and_wrench 🛠️ gear ⚙️ bug 🐛 fire_engine 🚒 lock 🔒 key 🔑 link 🔗 clipboard 📋
hourglass_flowing_sand ⏳ alarm_clock ⏰ chart_with_upwards_trend 📈 computer 💻 question ❓ exclamation ❗
information_source ℹ️ arrow_right ➡️ repeat 🔁 checkered_flag 🏁 100 💯 coffee ☕ label 🏷️ calendar 📆
`;
const words = TABLE.trim().split(/\s+/);
const BY_NAME = new Map(words.flatMap((name, at) => (at % 2 ? [] : [[name, words[at + 1]]])));

/** The emoji of an incident report, an alarm and "done". */
const CHOICES = [
  ...["pushpin", "fire", "four_leaf_clover", "wrench", "memo"],
  ...["warning", "white_check_mark"],
];

/** The character for a shortcode, or null. Skin tones (`+1::skin-tone-3`) are left out. */
export const emoji = (name) => BY_NAME.get(name.split("::")[0]) ?? null;

/** Replace `:name:` in plain text. */
export const withEmoji = (text) =>
  text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => emoji(name) ?? whole);

/** Add or remove one's reaction. */
function toggle(app, channel, message, name) {
  const mine = message.reactions?.find((r) => r.name === name)?.users.includes(app.ws.me.id);
  return app.act(mine ? "unreact" : "react", { channel, ts: message.ts, name });
}

/** The buttons under a message. */
export function reactionRow(app, channel, message) {
  const { me } = app.ws;
  const button = ({ name, users, count }) => {
    const names = users.map((id) => (id === me.id ? "you" : app.ws.userName(id))).join(", ");
    const props = {
      "aria-pressed": String(users.includes(me.id)),
      "aria-label": `${name}, ${count}`,
      title: `${names} reacted with :${name}:`,
      data: { reaction: name },
      onclick: () => toggle(app, channel, message, name),
    };
    return h("button.reaction", props, h("span.emoji", emoji(name) ?? `:${name}:`), String(count));
  };
  return h("div.reactions", { testid: "reactions" }, message.reactions.map(button));
}

/** One-press reactions for the toolbar. */
export const choices = (app, channel, message) =>
  CHOICES.map((name) => {
    const props = {
      title: `:${name}:`,
      "aria-label": `React with ${name}`,
      data: { react: name },
      onclick: () => toggle(app, channel, message, name),
    };
    return h("button.icon-button.emoji", props, emoji(name));
  });
