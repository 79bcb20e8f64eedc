/** Faults as rows: a button with its parameters, and a description. */
import { fill, h } from "./dom.js";

/** The line with a press's result; `say(answer)` fills it. */
export function outcome(testid) {
  const node = h("p.outcome", { role: "status", testid });
  const say = (answer, otherwise = "The sandbox does not answer.") => {
    fill(node, answer?.said ?? answer?.error ?? otherwise);
    node.classList.toggle("failed", answer !== undefined && !answer?.ok);
  };
  return { node, say };
}

/** One row; `press(values)` starts it, `data` marks its button. */
export function outageRow({ label, help, params, repairs }, data, press) {
  const inputs = params.map(({ name, label: what, choices }) => {
    const props = { name, "aria-label": `${label}: ${what}` };
    const option = (choice) => h("option", { value: choice }, choice);
    return choices.length
      ? h("select.input", props, choices.map(option))
      : h("input.input", { ...props, placeholder: what });
  });
  const onclick = async () => {
    button.disabled = true;
    await press(Object.fromEntries(inputs.map((input) => [input.name, input.value])));
    button.disabled = false;
  };
  const button = h(`button.button${repairs ? "" : ".breaks"}`, { data, onclick }, label);
  return h("div.outage", h("div.outage-go", inputs, button), h("p", help));
}
