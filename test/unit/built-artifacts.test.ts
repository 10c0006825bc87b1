/** Artifacts of a package are used only when they are those of its manifest. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { artifactsOf, manifestName, packagedFolderName } from '../../core/adapters/built-artifacts.ts';

const text = 'the circuit';
const name = 'circuits/small/circuit.wasm';
const sha256 = `0x${createHash('sha256').update(text).digest('hex')}`;

describe('built artifacts', () => {
  let folder: string;
  const at = (...names: string[]) => join(folder, ...names);
  const write = (path: string, content: string) => {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
  };
  /** A package as it is laid out: the archive's files are a plain folder here. */
  const layOut = (files: object) => {
    write(at('app.asar', manifestName), JSON.stringify({ version: 1, files }));
    return artifactsOf(at('app.asar'));
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'artifacts-'));
    write(at(packagedFolderName, name), text);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('of a package are those beside its archive', async () => {
    const artifacts = layOut({ [name]: { sha256, bytes: text.length } });
    expect(artifacts.packaged).toBe(true);
    expect(artifacts.lists(name)).toBe(true);
    expect(new TextDecoder().decode(artifacts.read(name))).toBe(text);
    expect(await artifacts.file(name)).toEqual({ path: at(packagedFolderName, name), sha256, bytes: text.length });
  });

  test('are refused when their bytes are others, read or used as a file', async () => {
    const artifacts = layOut({ [name]: { sha256, bytes: text.length } });
    write(at(packagedFolderName, name), `${text}.`);
    expect(() => artifacts.read(name)).toThrow(expect.objectContaining({ code: 'RESOURCES_CHANGED' }));
    await expect(artifacts.file(name)).rejects.toMatchObject({ code: 'RESOURCES_CHANGED', data: { name } });
  });

  test('are refused when the manifest does not list them', () => {
    const artifacts = layOut({});
    expect(artifacts.lists(name)).toBe(false);
    expect(() => artifacts.read(name)).toThrow(expect.objectContaining({ code: 'RESOURCES_CHANGED' }));
  });

  test('say what is missing', async () => {
    const artifacts = layOut({ [name]: { sha256, bytes: text.length } });
    rmSync(at(packagedFolderName), { recursive: true });
    expect(() => artifacts.read(name)).toThrow(expect.objectContaining({ code: 'RESOURCES_MISSING' }));
    await expect(artifacts.file(name)).rejects.toMatchObject({ code: 'RESOURCES_MISSING' });
  });

  test('need a manifest in a package, and one that is well-formed', () => {
    mkdirSync(at('app.asar'));
    expect(() => artifactsOf(at('app.asar'))).toThrow('ENOENT');
    expect(() => layOut({ '../../outside': { sha256, bytes: 1 } })).toThrow();
    expect(() => layOut({ [name]: { sha256: 'none', bytes: 1 } })).toThrow();
  });

  test('of a checkout are what was built there', () => {
    write(at('build', name), text);
    const artifacts = artifactsOf(folder);
    expect(artifacts.packaged).toBe(false);
    expect(new TextDecoder().decode(artifacts.read(name))).toBe(text);
  });
});
