/** Style that no lint rule checks: names of files, headers, nothing left for later, no test left out. */
import { describe, expect, test } from 'vitest';
import { projectFiles, readProjectFile } from './project.ts';

const files = projectFiles();
const withExtension = (...extensions: string[]) => files.filter((file) => extensions.some((extension) => file.endsWith(extension)));
const code = withExtension('.ts', '.tsx', '.mjs', '.sol', '.circom', '.grit');

/** Files in which `pattern` occurs, with the line. */
function linesMatching(pattern: RegExp, among: readonly string[]): string[] {
  return among.flatMap((file) =>
    readProjectFile(file)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  );
}

describe('names', () => {
  test('files are named in kebab-case, contracts after the contract', () => {
    const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test|\.config|\.t|\.d)?\.[a-z]+$/;
    const contract = /^[A-Z][A-Za-z0-9]*(?:\.t|\.s)?\.sol$/;
    const misnamed = code.filter((file) => {
      const name = file.slice(file.lastIndexOf('/') + 1);
      return !(name.endsWith('.sol') ? contract : kebab).test(name);
    });
    expect(misnamed).toEqual([]);
  });

  test('no file or folder is a drawer for odds and ends', () => {
    const drawer = /(?:^|[/.-])(?:utils?|helpers?|managers?|misc|common)(?=[/.-]|$)/i;
    expect(files.filter((file) => drawer.test(file))).toEqual([]);
  });
});

describe('text', () => {
  test('every file of code says at its top what it is', () => {
    const header = /^(?:#!.*\n)?(?:\/\*\*|\/\/)/;
    expect(withExtension('.ts', '.tsx', '.mjs').filter((file) => !header.test(readProjectFile(file)))).toEqual([]);
  });

  test('nothing is left for later', () => {
    expect(
      linesMatching(
        /\b(?:TO_?DO|FIX_?ME|X{3}|HA_?CK)\b(?!_)/,
        code.filter((file) => file !== 'test/tidy/source-style.test.ts'),
      ),
    ).toEqual([]);
  });

  test('no error is ignored without the reason beside it', () => {
    const silentCatch = /(?:catch\s*(?:\([^)]*\))?\s*\{\s*\}|\.catch\(\(\)\s*=>\s*(?:\{\s*\}|undefined|null)\))(?!.*\/\/ \w)/;
    expect(
      linesMatching(
        silentCatch,
        code.filter((file) => file !== 'test/tidy/source-style.test.ts'),
      ),
    ).toEqual([]);
  });
});

describe('tests', () => {
  const tests = withExtension('.test.ts');

  test('no test is skipped, left to do, or run alone', () => {
    expect(linesMatching(/\b(?:describe|it|test)(?:\.\w+)*\.(?:only|skip|skipIf|runIf|todo|fails)\b/, tests)).toEqual([]);
  });

  test('no test draws from an unseeded generator', () => {
    expect(
      linesMatching(
        /Math\.random\(/,
        tests.filter((file) => !file.startsWith('test/tidy/')),
      ),
    ).toEqual([]);
  });
});
