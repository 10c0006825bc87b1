/** The catalogues of texts: both languages say the same things, and what the screens ask for is there. */
import { describe, expect, test } from 'vitest';
import { projectFiles, readProjectFile } from './project.ts';

const files = projectFiles();
const areas = files.flatMap((file) => /^renderer\/texts\/en\/([\w-]+)\.json$/.exec(file)?.[1] ?? []);
const catalogue = (language: string, area: string) =>
  JSON.parse(readProjectFile(`renderer/texts/${language}/${area}.json`)) as Record<string, unknown>;
const placeholders = (text: unknown) => [...String(text).matchAll(/\{\{\s*(\w+)/g)].map(([, name]) => name).toSorted();

describe('texts', () => {
  test('every area exists in both languages', () => {
    const german = files.flatMap((file) => /^renderer\/texts\/de\/([\w-]+)\.json$/.exec(file)?.[1] ?? []);
    expect(german).toEqual(areas);
  });

  test.each(areas)('%s has the same keys in both languages, flat, none empty', (area) => {
    const english = catalogue('en', area);
    const german = catalogue('de', area);
    expect(Object.keys(german).toSorted()).toEqual(Object.keys(english).toSorted());
    expect(Object.entries({ ...english, ...german }).filter(([, text]) => typeof text !== 'string' || text === '')).toEqual([]);
  });

  test.each(areas)('%s puts the same values into both languages', (area) => {
    const german = catalogue('de', area);
    const different = Object.entries(catalogue('en', area)).filter(
      ([key, text]) => placeholders(text).join() !== placeholders(german[key]).join(),
    );
    expect(different.map(([key]) => key)).toEqual([]);
  });

  test('every key that is written out in a screen is in the catalogue', () => {
    const missing = files
      .filter((file) => /^renderer\/.*\.tsx$/.test(file))
      .flatMap((file) => {
        const text = readProjectFile(file);
        const used = [...text.matchAll(/const (\w+) = useTexts\('([\w-]+)'\)/g)];
        const areaOf = new Map<string, Set<string>>();
        for (const [, name, area] of used) areaOf.set(name as string, (areaOf.get(name as string) ?? new Set()).add(area as string));
        return [...areaOf].flatMap(([name, among]) =>
          [...text.matchAll(new RegExp(`(?<![\\w.])${name}\\('([^']+)'`, 'g'))]
            .map(([, key]) => key as string)
            .filter((key) =>
              [...among].every(
                (area) => !Object.keys(catalogue('en', area)).some((own) => own === key || own.replace(/_(?:zero|one|other)$/, '') === key),
              ),
            )
            .map((key) => `${file}: ${key}`),
        );
      });
    expect(missing).toEqual([]);
  });
});
