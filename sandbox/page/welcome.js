/** The card of a first visit: what this is and what to try. */
import { h } from "./dom.js";
import { icon } from "./icons.js";

const SEEN = "mayday-sandbox-welcome-seen";

/** A patch item while the card is wanted, else none. */
export function welcomeItem(app) {
  if (localStorage.getItem(SEEN)) return [];
  return [{ key: "welcome", sig: JSON.stringify(app.ws.state.commands), make: () => card(app) }];
}

/** Bring the card back. */
export const recallWelcome = () => localStorage.removeItem(SEEN);

function card(app) {
  const dismiss = () => {
    localStorage.setItem(SEEN, "yes");
    app.render();
  };
  const type = (text) =>
    h(
      "button",
      {
        type: "button",
        class: "try",
        title: "Put this into the composer",
        onclick: () => document.querySelector(".channel-pane .composer")?.write(text),
      },
      text,
    );
  return h(
    "section",
    { class: "welcome", "aria-label": "What this is", data: { testid: "welcome" } },
    h("span", { class: "welcome-mark" }, icon("ring")),
    h(
      "div",
      { class: "welcome-words" },
      h("h2", {}, "Practise an incident, from the first alarm to the report"),
      h(
        "p",
        {},
        "This is a small Slack on your own computer, with a real JupyterHub beside it. " +
          "Nobody outside sees what you do, and everything can be broken and mended again.",
      ),
      h(
        "ol",
        {},
        h("li", {}, "Declare an incident: type ", type("/incident declare Users see errors"), "."),
        h(
          "li",
          {},
          "Break the hub with one of the buttons under ",
          h(
            "button",
            { type: "button", class: "link-button", onclick: () => app.togglePanel("hub", true) },
            "Hub & reports",
          ),
          "; talk about it and react with 📌 to what the report needs.",
        ),
        h(
          "li",
          {},
          "Mend it with ",
          type("/incident run"),
          ", then ",
          type("/incident resolve"),
          " and ",
          type("/incident close"),
          " to get the report.",
        ),
      ),
    ),
    h(
      "button",
      { type: "button", class: "icon-button", "aria-label": "Dismiss", onclick: dismiss },
      icon("close"),
    ),
  );
}
