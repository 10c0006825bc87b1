#!/usr/bin/env node
/**
 * Builds a .deb with Debian's own tools, for electron-builder, which would download fpm for it: takes the options that
 * electron-builder gives to fpm (CUSTOM_FPM_PATH names this file) and lets dpkg-deb do the work.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Options of fpm with a value; the others stand alone. */
const valued = new Set([
  ...['-s', '-t', '-d', '--deb-recommends', '--architecture', '--after-install', '--after-remove', '--description', '--version'],
  ...['--package', '--name', '--maintainer', '--vendor', '--url', '--category', '--deb-priority', '--license', '--iteration'],
  ...['--deb-compression', '--log'],
]);
const alone = new Set(['--force', '--debug']);

/** @returns {{options: Map<string, string[]>, files: {from: string, to: string}[]}} */
function readWords(words) {
  const options = new Map();
  const files = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index];
    if (alone.has(word)) continue;
    if (valued.has(word)) {
      options.set(word, [...(options.get(word) ?? []), words[++index]]);
    } else if (!word.startsWith('-') && word.includes('=')) {
      const split = word.lastIndexOf('=');
      files.push({ from: word.slice(0, split), to: word.slice(split + 1) });
    } else throw new Error(`fpm's option ${word} is not known here`);
  }
  return { options, files };
}

/** A description as control files want it: the first line, then indented ones, an empty one as a dot. */
function controlDescription(text) {
  const [synopsis, ...rest] = text.split('\n').map((line) => line.trim());
  return [synopsis, ...rest.map((line) => ` ${line || '.'}`)].join('\n');
}

function build({ options, files }) {
  const one = (name) => options.get(name)?.at(-1);
  if (one('-t') !== 'deb') throw new Error(`only a deb can be built here, not ${one('-t')}; leave that target out`);
  const work = mkdtempSync(path.join(os.tmpdir(), 'debian-package-'));
  try {
    const root = path.join(work, 'root');
    let kibibytes = 0;
    for (const { from, to } of files) {
      const target = path.join(root, to);
      mkdirSync(path.dirname(target), { recursive: true });
      if (from.endsWith('/')) cpSync(from, target, { recursive: true, verbatimSymlinks: true });
      else {
        copyFileSync(from, target);
        chmodSync(target, 0o644);
      }
    }
    kibibytes = Number(execFileSync('du', ['-sk', root], { encoding: 'utf8' }).split('\t')[0]);
    const control = {
      Package: one('--name'),
      Version: one('--version'),
      Architecture: one('--architecture'),
      Maintainer: one('--maintainer'),
      'Installed-Size': String(kibibytes),
      Depends: options.get('-d')?.join(', '),
      Recommends: options.get('--deb-recommends')?.join(', '),
      Section: one('--category') ?? 'utils',
      Priority: one('--deb-priority') ?? 'optional',
      Homepage: one('--url'),
      Description: controlDescription(one('--description') ?? ''),
    };
    const folder = path.join(root, 'DEBIAN');
    mkdirSync(folder);
    const lines = Object.entries(control).filter(([, value]) => value !== undefined);
    writeFileSync(path.join(folder, 'control'), `${lines.map(([name, value]) => `${name}: ${value}`).join('\n')}\n`);
    for (const [option, script] of [
      ['--after-install', 'postinst'],
      ['--after-remove', 'postrm'],
    ]) {
      const source = one(option);
      if (source === undefined) continue;
      copyFileSync(source, path.join(folder, script));
      chmodSync(path.join(folder, script), 0o755);
    }
    // Folders of the person who packages may be closed to others.
    execFileSync('chmod', ['-R', 'u+rwX,go+rX,go-w', root]);
    const output = one('--package');
    // Proving keys, the largest part, do not get smaller: better compression would only take minutes longer.
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '--build', root, output], { stdio: 'inherit' });
    if (statSync(output).size === 0) throw new Error(`${output} is empty`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

build(readWords(process.argv.slice(2)));
