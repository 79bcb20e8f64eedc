/** The first-visit card: an introduction and things to try. */
import { h, item } from "./dom.js";
import { icon } from "./icons.js";
import { iconButton } from "./parts.js";

const SEEN = "mayday-sandbox-welcome-seen";

/** A patch item in the first channel until dismissed; other channels have none. */
export const welcomeItem = (app) =>
  app.place.channel !== app.ws.firstChannel?.id || localStorage.getItem(SEEN)
    ? []
    : [item("welcome", 0, () => card(app))];

function card(app) {
  const dismiss = () => {
    localStorage.setItem(SEEN, "yes");
    app.render();
  };
  const write = (text) => document.querySelector(".channel-pane .composer")?.write(text);
  const type = (text) => h("button.try", { onclick: () => write(text) }, text);
  const openHub = () => app.togglePanel("hub", true);
  return h(
    "section.welcome",
    { "aria-label": "What this is", testid: "welcome" },
    icon("ring"),
    h(
      "div",
      h("h2", "Practise an incident, from the first alarm to the report"),
      h(
        "p",
        "This is a small Slack on your own computer, with a real JupyterHub beside it. " +
          "Nobody outside sees what you do, and everything can be broken and repaired.",
      ),
      h(
        "ol",
        h("li", "Declare an incident: type ", type("/incident declare Users see errors")),
        h(
          "li",
          "Break the hub with one of the buttons under ",
          h("button.link-button", { onclick: openHub }, "Hub & reports"),
          "; talk about it and react with 📌 to what the report needs.",
        ),
        h(
          "li",
          ...["Repair it with ", type("/incident run"), ", then "],
          ...[type("/incident resolve"), " and ", type("/incident close"), " to get the report."],
        ),
      ),
    ),
    iconButton("close", "Dismiss", dismiss),
  );
}
