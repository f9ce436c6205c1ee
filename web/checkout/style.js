/** The look of <mpesa-checkout>. A page changes it through the --mpesa-* variables; see docs/frontend.md. */

export const STYLE = `
:host {
  --accent: var(--mpesa-accent, #0b7a3e);
  --accent-ink: var(--mpesa-accent-ink, #fff);
  --accent-soft: var(--mpesa-accent-soft, #e5f3ea);
  --ink: var(--mpesa-ink, #14251c);
  --muted: var(--mpesa-muted, #53645b);
  --line: var(--mpesa-line, #d5ded9);
  --surface: var(--mpesa-surface, #fff);
  --field: var(--mpesa-field, #fbfdfc);
  --bad: var(--mpesa-bad, #a8321f);
  --bad-soft: var(--mpesa-bad-soft, #fbecea);
  --warn: var(--mpesa-warn, #7a5200);
  --warn-soft: var(--mpesa-warn-soft, #fdf3dc);
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
*, *::before, *::after { box-sizing: border-box; }
.card {
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: var(--radius);
  padding: clamp(1.15rem, 6cqi, 1.9rem);
}
h2, p, dl, dd, ol { margin: 0; }
h2 { font-size: 1.4rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.012em; text-wrap: balance; }
h2:focus { outline: none; }
.bill {
  display: flex; flex-wrap: wrap; justify-content: space-between; align-items: end; gap: .25rem 1rem;
  padding-bottom: 1.15rem; margin-bottom: 1.25rem; border-bottom: 1px solid var(--line);
}
.bill .what { flex: 1 1 9rem; min-width: 0; overflow-wrap: anywhere; font-weight: 550; line-height: 1.35; }
.bill .sum { text-align: end; margin-inline-start: auto; }
.small { font-size: .875rem; color: var(--muted); }
.sum strong { display: block; font-size: 1.65rem; line-height: 1.1; font-weight: 680; letter-spacing: -0.02em; white-space: nowrap; }
.sum, .count, dd { font-variant-numeric: tabular-nums; }
form, .view { display: grid; gap: 1rem; }
label { font-weight: 600; display: block; margin-bottom: .35rem; }
input {
  font: inherit; font-size: 1.2rem; letter-spacing: .02em; font-variant-numeric: tabular-nums;
  width: 100%; min-height: 3.25rem; padding: .5rem .9rem;
  color: inherit; background: var(--field);
  border: 1.5px solid var(--muted); border-radius: calc(var(--radius) * .65);
}
input[aria-invalid="true"] { border-color: var(--bad); background: var(--bad-soft); }
.hint { margin-top: .4rem; }
.error { color: var(--bad); font-weight: 550; }
button, a.button {
  font: inherit; font-weight: 650; font-size: 1.08rem; text-align: center; text-decoration: none;
  display: block; width: 100%; min-height: 3.25rem; padding: .75rem 1rem; cursor: pointer;
  color: var(--accent-ink); background: var(--accent);
  border: 1.5px solid var(--accent); border-radius: calc(var(--radius) * .65);
  transition: filter .15s;
}
button:hover, a.button:hover { filter: brightness(.92); }
button.plain { color: var(--ink); background: transparent; border-color: var(--line); font-weight: 600; }
button.plain:hover { background: var(--accent-soft); filter: none; }
button:disabled { cursor: default; filter: none; color: var(--muted); background: transparent; border-color: var(--line); }
:is(input, button, a):focus-visible { outline: 3px solid color-mix(in srgb, var(--accent) 55%, white); outline-offset: 2px; }
.trust { display: flex; gap: .6rem; align-items: start; }
.trust svg { flex: none; width: 1.1rem; height: 1.1rem; margin-top: .12rem; }
.view { justify-items: start; }
.view > button, .view > a.button, .view > dl, .view > .note, .view > .buttons { width: 100%; }
.buttons { display: grid; gap: .65rem; }
.phone { font-variant-numeric: tabular-nums; font-size: 1rem; margin-top: .2rem; }
.lead { color: var(--muted); text-wrap: pretty; }
.note { padding: .75rem .9rem; border-radius: calc(var(--radius) * .6); background: var(--accent-soft); font-size: .925rem; }
.note.warn { background: var(--warn-soft); color: var(--warn); }
.dial { position: relative; width: 5.5rem; height: 5.5rem; }
.dial svg { width: 100%; height: 100%; display: block; }
.dial .track { stroke: var(--accent-soft); }
.dial .left { stroke: var(--accent); transition: stroke-dashoffset 1s linear; transform: rotate(-90deg); transform-origin: 50% 50%; }
.dial .count { position: absolute; inset: 0; display: grid; place-items: center; font-size: 1.35rem; font-weight: 650; }
.dial.turning .left { animation: turn 1.1s linear infinite; }
.mark { width: 3.5rem; height: 3.5rem; border-radius: 50%; display: grid; place-items: center; color: var(--accent-ink); background: var(--accent); }
.mark svg { display: block; width: 1.9rem; height: 1.9rem; }
.mark span { display: block; }
.mark.good svg path { stroke-dasharray: 30; animation: draw .45s .1s ease-out backwards; }
.mark.bad { background: var(--bad-soft); color: var(--bad); }
.mark.warn { background: var(--warn-soft); color: var(--warn); }
.mark.info { background: var(--accent-soft); color: var(--accent); }
dl { border-top: 1px solid var(--line); }
dl div { display: flex; justify-content: space-between; gap: 1rem; padding: .6rem 0; border-bottom: 1px solid var(--line); }
dt { color: var(--muted); }
dd { font-weight: 600; text-align: end; overflow-wrap: anywhere; }
dd.receipt { font-family: ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", "DejaVu Sans Mono", monospace; letter-spacing: .04em; }
.silent { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@keyframes turn { to { transform: rotate(270deg); } }
@keyframes draw { from { stroke-dashoffset: 30; } to { stroke-dashoffset: 0; } }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
`;
