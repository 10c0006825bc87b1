/**
 * The story in a process of its own, for harnesses that kill it or listen to it: `story-process.ts <folder> <data>
 * [<owner's name> <consumer's name>]`, with the passphrase of all homes on file descriptor 3. Writes what happens as lines
 * of JSON: the story's own lines, then `ended`, or `failed` with the error's code. Exits with 0 only when the story was
 * told to its end.
 */
import { readPassphrase } from '../../core/adapters/passphrase-input.ts';
import { AppError } from '../../core/base/app-error.ts';
import { tellStory } from '../../core/cli/story.ts';

/** One line of the output. */
export type StoryLine =
  | { readonly kind: 'stage' | 'done' | 'progress' | 'checked'; readonly text: string }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly code: string; readonly text: string };

const say = (line: StoryLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const [folder, data, owner, consumer] = process.argv.slice(2);
if (folder === undefined || data === undefined) throw new Error('usage: story-process.ts <folder> <data> [<name> <name>]');
const names = owner !== undefined && consumer !== undefined ? { names: { owner, consumer } } : {};
const lock = { passphrase: await readPassphrase({ fd: 3 }) };
try {
  await tellStory(
    { folder, lock, data, between: ['0', '110'], keywords: ['temperature'], ...names },
    {
      stage: (number, title) => say({ kind: 'stage', text: `${number} ${title}` }),
      done: (text) => say({ kind: 'done', text }),
      progress: (text) => say({ kind: 'progress', text }),
      check(text, holds) {
        if (!holds)
          throw new AppError('STORY_CHECK_FAILED', { what: text, consequence: 'The story stopped here.', remedy: 'Tell it again.' });
        say({ kind: 'checked', text });
      },
    },
  );
  say({ kind: 'ended' });
} catch (error) {
  const known = error instanceof AppError;
  const text = known ? error.text.what : error instanceof Error ? (error.stack ?? error.message) : String(error);
  say({ kind: 'failed', code: known ? error.code : 'UNEXPECTED', text });
  process.exitCode = 1;
}
