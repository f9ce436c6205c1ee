/** What a visitor downloads: client and element stay small, alone, typed, and readable by day and by night. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { COLOURS, STYLE } from '../../web/checkout/style.js';
import { TEXTS } from '../../web/checkout/texts.js';
import * as client from '../../web/mpesa-client.js';

const CLIENT_BYTES_MAX = 7_000;
const ELEMENT_BYTES_MAX = 20_000;
const WEB = new URL('../../web/', import.meta.url);
const file = (name) => readFileSync(new URL(name, WEB), 'utf8');
const gzipped = (name) => gzipSync(file(name), { level: 9 }).length;
const IMPORT = /\bfrom\s*'([^']+)'|\bimport\s*\(?\s*['"`]([^'"`]+)/g;

/** A file of web/ and every file that it loads, each once. */
function loadedBy(name, found = new Set([name])) {
  for (const [, one, other] of file(name).matchAll(IMPORT)) {
    assert.match(one ?? other, /^\.\.?\//, `${name} loads a package: ${one ?? other}`);
    const next = new URL(one ?? other, new URL(name, WEB)).pathname.slice(WEB.pathname.length);
    if (!found.has(next)) loadedBy(next, found.add(next));
  }
  return [...found];
}

test('the client, as it is, is under 7 KB gzipped', () => {
  assert.ok(gzipped('mpesa-client.js') < CLIENT_BYTES_MAX, `${gzipped('mpesa-client.js')} bytes`);
});

test('the element, as it is, with all it loads, is under 20 KB gzipped', () => {
  const loaded = loadedBy('mpesa-checkout.js');
  assert.ok(loaded.includes('mpesa-client.js') && loaded.length >= 5, loaded.join(' '));
  const bytes = loaded.reduce((sum, each) => sum + gzipped(each), 0);
  assert.ok(bytes < ELEMENT_BYTES_MAX, `${bytes} bytes: ${loaded.map((each) => `${each} ${gzipped(each)}`).join(', ')}`);
});

test('the client imports nothing and names no runtime dependency', () => {
  assert.deepEqual(loadedBy('mpesa-client.js'), ['mpesa-client.js']);
  const manifest = JSON.parse(file('package.json'));
  assert.equal(manifest.dependencies ?? manifest.peerDependencies, undefined);
});

test('the package has the version of the project, and the guide names its file', () => {
  const [, version] = /^version = "(.+)"$/m.exec(file('../pyproject.toml'));
  assert.equal(JSON.parse(file('package.json')).version, version);
  assert.deepEqual(file('../docs/frontend.md').match(/hakika-checkout-[\d.]+\.tgz/g), [`hakika-checkout-${version}.tgz`]);
});

test('every export has a type, and every typed export exists', () => {
  const typed = [...file('mpesa-client.d.ts').matchAll(/^export (?:const|function|class) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(typed.sort(), Object.keys(client).sort());
});

test('the types compile, and hold a program that uses them to what they promise', () => {
  const here = fileURLToPath(new URL('.', import.meta.url));
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'], { cwd: here, stdio: 'pipe' });
});

// --- colours: WCAG's contrast of each pair that is used, by day and by night

const TEXT_PAIRS = [
  ['ink', 'surface'], ['ink', 'field'], ['ink', 'accent-soft'], ['muted', 'surface'], ['muted', 'accent-soft'],
  ['accent-ink', 'accent'], ['bad', 'surface'], ['ink', 'bad-soft'], ['warn', 'warn-soft'],
];
// The focus ring, the border of a field, the dial and the marks.
const SHAPE_PAIRS = [
  ['ink', 'surface'], ['muted', 'surface'], ['bad', 'surface'], ['accent', 'surface'], ['accent', 'accent-soft'], ['bad', 'bad-soft'],
];

function luminance(colour) {
  const hex = colour.length === 4 ? [...colour.slice(1)].map((digit) => digit + digit).join('') : colour.slice(1);
  const [red, green, blue] = hex.match(/../g).map((each) => {
    const part = parseInt(each, 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

for (const [night, name] of ['day', 'night'].entries()) {
  test(`text has a contrast of 4.5, and what shows the focus and the state 3, by ${name}`, () => {
    const weak = (pairs, least) =>
      pairs.map(([one, other]) => [one, other, contrast(COLOURS[one][night], COLOURS[other][night])]).filter(([, , found]) => found < least);
    assert.deepEqual(weak(TEXT_PAIRS, 4.5), []);
    assert.deepEqual(weak(SHAPE_PAIRS, 3), []);
    assert.match(STYLE, /:focus-visible \{ outline: 3px solid var\(--ink\)/); // the first of those pairs
  });
}

// --- words

test('both languages have every sentence, fill in the same facts, and spell M-PESA alike', () => {
  const facts = (text) => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const [name, english] of Object.entries(TEXTS.en)) {
    const swahili = TEXTS.sw[name];
    if (name === 'codes') continue;
    assert.deepEqual(facts(swahili ?? ''), facts(english), name);
    assert.doesNotMatch(english + swahili, /M-Pesa|namba\b/, name);
  }
  assert.deepEqual(Object.keys(TEXTS.sw).sort(), Object.keys(TEXTS.en).sort());
});
