/* The scenarios that a phone can be given, as the server knows them. */

const GROUPS = [
  ["The push's answer", /^push_/], ["The callback", /^callback_/], ["The query", /^query_/],
  ["The C2B confirmation", /^twin_/], ["Reversal, payout and status", /^(ack|outcome|queue|status|customer|reversed|settled)_/],
  ["The result", /^result_/], ["The person", /./],
];

/** Fills the list of scenarios, grouped, and the list of known numbers. */
export async function listScenarios(scenarios, numbers) {
  const known = await (await fetch("/_simulator/scenarios")).json();
  for (const each of known.phones) numbers.append(new Option(each.says, each.phone_number));
  const groups = new Map(GROUPS.map(([label]) => [label, Object.assign(document.createElement("optgroup"), { label })]));
  for (const [name, each] of Object.entries(known.scenarios)) {
    const [label] = GROUPS.find(([, begin]) => begin.test(name));
    const option = new Option(name === "normal" ? "wait for me" : name.replaceAll("_", " "), name);
    option.dataset.says = each.says;
    groups.get(label).append(option);
  }
  const ordered = [...groups.values()];
  scenarios.replaceChildren(ordered.at(-1), ...ordered.slice(0, -1));
}
