/** Each colour: by day, by night. */
export const COLOURS = {
  accent: ['#0b7a3e', '#4fc98a'],
  'accent-ink': ['#fff', '#06210f'],
  'accent-soft': ['#e0f0e6', '#153424'],
  ink: ['#14251c', '#e8efea'],
  muted: ['#4f6057', '#a3b3aa'],
  line: ['#d3ddd7', '#2b3a32'],
  surface: ['#fff', '#161f1a'],
  field: ['#fbfdfc', '#0e1512'],
  bad: ['#a8321f', '#ff9b87'],
  'bad-soft': ['#fbecea', '#3a1d17'],
  warn: ['#7a5200', '#f0c36a'],
  'warn-soft': ['#fdf3dc', '#33280f'],
};
const colours = (night) =>
  Object.entries(COLOURS).map(([name, both]) => `--${name}: var(--mpesa-${name}, ${both[night]});`).join(' ');

export const STYLE = `
:host { ${colours(0)} color-scheme: light; }
@media (prefers-color-scheme: dark) { :host(:not([theme="light"])) { ${colours(1)} color-scheme: dark; } }
:host([theme="dark"]) { ${colours(1)} color-scheme: dark; }
:host {
  --radius: var(--mpesa-radius, 16px);
  display: block;
  container-type: inline-size;
  max-width: 30rem;
  color: var(--ink);
  font-family: var(--mpesa-font, inherit);
  font-size: 1rem;
  line-height: 1.5;
  text-align: start;
}
:host([hidden]) { display: none; }
* { box-sizing: border-box; }
.card {
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: var(--radius);
  padding: clamp(1.15rem, 6cqi, 1.9rem);
}
h2, h3, p, dl, dd { margin: 0; }
h2 { font-size: 1.4rem; line-height: 1.2; font-weight: 600; }
h2:focus { outline: none; }
.bill {
  display: flex; flex-wrap: wrap; justify-content: space-between; align-items: end; gap: .25rem 1rem;
  padding-bottom: 1.15rem; margin-bottom: 1.25rem; border-bottom: 1px solid var(--line);
}
.bill .what { flex: 1 1 9rem; min-width: 0; overflow-wrap: anywhere; font-weight: 600; }
.bill .sum { text-align: end; margin-inline-start: auto; }
.small { font-size: .875rem; color: var(--muted); }
.sum strong { display: block; font-size: 1.65rem; line-height: 1.1; font-weight: 700; white-space: nowrap; }
.sum, .count, dd, input, .small { font-variant-numeric: tabular-nums; }
form, .view, .by-hand { display: grid; gap: 1rem; }
form > div { width: 100%; }
label { font-weight: 600; display: block; margin-bottom: .35rem; }
input {
  font: inherit; font-size: 1.2rem;
  width: 100%; min-height: 3.25rem; padding: .5rem .9rem;
  color: inherit; background: var(--field);
  border: 1.5px solid var(--muted); border-radius: calc(var(--radius) * .65);
}
input[aria-invalid="true"] { border-color: var(--bad); background: var(--bad-soft); }
.hint { margin-top: .4rem; }
.error { color: var(--bad); font-weight: 600; }
button, a.button {
  font: inherit; font-weight: 600; font-size: 1.08rem; text-align: center; text-decoration: none;
  display: block; width: 100%; min-height: 3.25rem; padding: .75rem 1rem; cursor: pointer;
  color: var(--accent-ink); background: var(--accent);
  border: 1.5px solid var(--accent); border-radius: calc(var(--radius) * .65);
}
button:hover, a.button:hover { filter: brightness(.92); }
button.plain { color: var(--ink); background: transparent; border-color: var(--line); }
button.plain:hover { background: var(--accent-soft); filter: none; }
button.copy { width: auto; min-height: 2rem; padding: .2rem .7rem; font-size: .875rem; border-color: var(--muted); }
button:disabled { cursor: default; filter: none; color: var(--muted); background: var(--accent-soft); border-color: transparent; }
:is(input, button, a):focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
.view { justify-items: start; }
.view > button, .view > a.button, .view > dl, .view > .note, .view > .buttons { width: 100%; }
.buttons { display: grid; gap: .65rem; }
.two { grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); }
.view .small { margin-top: .2rem; }
.lead { color: var(--muted); }
.note { padding: .75rem .9rem; border-radius: calc(var(--radius) * .6); background: var(--accent-soft); font-size: .925rem; }
.note.warn { background: var(--warn-soft); color: var(--warn); }
.dial { position: relative; width: 5.5rem; height: 5.5rem; }
.dial svg { display: block; }
.dial .track { stroke: var(--accent-soft); }
.dial .left { stroke: var(--accent); transition: stroke-dashoffset 1s linear; transform: rotate(-90deg); transform-origin: 50% 50%; }
.dial .count { position: absolute; inset: 0; display: grid; place-items: center; font-size: 1.35rem; font-weight: 600; }
.dial.turning .left { animation: turn 1.1s linear infinite; }
.mark { width: 3.5rem; height: 3.5rem; border-radius: 50%; display: grid; place-items: center; color: var(--accent-ink); background: var(--accent); }
.mark svg { width: 1.9rem; height: 1.9rem; }
.mark.bad { background: var(--bad-soft); color: var(--bad); }
.mark.warn { background: var(--warn-soft); color: var(--warn); }
.mark.info { background: var(--accent-soft); color: var(--accent); }
dl { border-top: 1px solid var(--line); }
dl div { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; padding: .6rem 0; border-bottom: 1px solid var(--line); }
dt { flex: none; color: var(--muted); }
dd { font-weight: 600; text-align: end; overflow-wrap: anywhere; }
h3 { font-size: 1rem; }
.by-hand dd { display: flex; flex-wrap: wrap; justify-content: end; align-items: baseline; gap: .3rem .75rem; }
.by-hand :is(dt, .small) { color: inherit; }
.code { font-family: ui-monospace, monospace; letter-spacing: .04em; }
@media (forced-colors: active) {
  .mark, .note { border: 1px solid; }
  .dial .left { stroke: Highlight; }
  .dial .track { stroke: GrayText; }
  input[aria-invalid="true"] { border-style: dashed; }
}
.silent { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@keyframes turn { to { transform: rotate(270deg); } }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
`;
