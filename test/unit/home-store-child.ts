/** A process that saves a growing counter in a home and says so after each save: argv is the folder. */
import { HomeStore } from '../../core/adapters/home-store.ts';

const store = await HomeStore.open(process.argv[2] ?? '', { passphrase: 'a test passphrase' });
for (let count = 1; ; count++) {
  await store.write('counter', { count, padding: 'x'.repeat(10_000) });
  process.stdout.write(`${count}\n`);
}
