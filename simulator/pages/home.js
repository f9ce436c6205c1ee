/* The start page: the base URL, the test numbers and the scenarios, as the server knows them. */

const at = (id) => document.getElementById(id);

function row(cells) {
  const line = document.createElement("tr");
  for (const [className, content] of cells) {
    const cell = document.createElement("td");
    cell.className = className;
    cell.append(content);
    line.append(cell);
  }
  return line;
}

function code(text) {
  return Object.assign(document.createElement("code"), { textContent: text });
}

function phoneLink(number) {
  return Object.assign(document.createElement("a"), { href: `/phone?number=${number}`, textContent: number });
}

at("base").textContent = location.origin;
const known = await (await fetch("/_simulator/scenarios")).json();
at("numbers").replaceChildren(...known.phones.map((each) =>
  row([["number", phoneLink(each.phone_number)], ["", each.says], ["", code(each.scenario)]])));
at("scenarios").replaceChildren(...Object.entries(known.scenarios).map(([name, each]) =>
  row([["", code(name)], ["", each.says]])));
