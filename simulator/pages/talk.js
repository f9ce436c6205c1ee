/* Calls of the control API, and elements with text. */

/** Calls the simulator. Throws an Error with its words, or a TypeError where it does not answer. */
export async function call(method, url, body) {
  const response = await fetch(url, {
    method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

/** An element with this text, or an empty one. */
export function element(name, text) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  return made;
}
