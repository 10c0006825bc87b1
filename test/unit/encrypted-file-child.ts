/** A process that encrypts half of a file and then waits to be killed: argv is the output path. */
import { randomBytes } from 'node:crypto';
import { encryptToFile } from '../../core/adapters/encrypted-file.ts';

const plaintextBytes = 8 << 20;
const outputPath = process.argv[2] ?? '';

async function* halfASource(): AsyncGenerator<Uint8Array> {
  for (let block = 0; block < 4; block++) yield new Uint8Array(1 << 20);
  process.stdout.write('half\n');
  setInterval(() => undefined, 1000); // keeps the process alive while nothing comes
  await new Promise(() => undefined);
}

await encryptToFile({
  source: halfASource(),
  outputPath,
  encapsulatedKey: new Uint8Array(randomBytes(32)),
  label: { context: new Uint8Array(8), plaintextBytes, chunkBytes: 65_536 },
});
