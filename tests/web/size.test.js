/** What a visitor downloads: the client stays small, alone, and typed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { transformSync } from 'esbuild';
import * as client from '../../web/mpesa-client.js';

const BYTES_MAX = 6 * 1024;
const file = (name) => readFileSync(new URL(`../../web/${name}`, import.meta.url), 'utf8');

test('the client is at most 6 KB minified and gzipped', (t) => {
  const { code } = transformSync(file('mpesa-client.js'), { minify: true, format: 'esm' });
  const bytes = gzipSync(code, { level: 9 }).length;
  t.diagnostic(`mpesa-client.js: ${bytes} bytes minified and gzipped, at most ${BYTES_MAX}`);
  assert.ok(bytes <= BYTES_MAX, `${bytes} bytes`);
});

test('the client imports nothing and names no runtime dependency', () => {
  assert.doesNotMatch(file('mpesa-client.js'), /^\s*import\b|\bimport\s*\(|\brequire\s*\(/m);
  const manifest = JSON.parse(file('package.json'));
  assert.equal(manifest.dependencies ?? manifest.peerDependencies, undefined);
});

test('every export has a type, and every typed export exists', () => {
  const typed = [...file('mpesa-client.d.ts').matchAll(/^export (?:const|function|class) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(typed.sort(), Object.keys(client).sort());
});

test('the types compile, and hold a program that uses them to what they promise', () => {
  const here = fileURLToPath(new URL('.', import.meta.url));
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'], { cwd: here, stdio: 'pipe' });
});
