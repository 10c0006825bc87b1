/**
 * "Try with sample data": a network on this machine, an owner and a consumer with coins, and real readings of a machine
 * imported for the owner. Their phrases are made but not shown; the window offers to show them (`phraseUnseen`).
 */
import { createReadStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { writing } from '../../core/adapters/atomic-file.ts';
import type { ResponseOf } from '../ipc-contract.ts';
import { inspectionView } from '../views.ts';
import type { CallContext } from './call-routing.ts';
import type { Installation } from './installation.ts';
import { type Networks, scaled } from './networks.ts';
import { sampleFile, type UserPlaces } from './places.ts';
import type { Profiles } from './profiles.ts';
import type { Services } from './services.ts';

/** Rows of the sample that the owner gets: enough to look at, few enough to prove in a minute. */
const sampleRows = 2000;

/** What the sample asks of the rest of main. */
export interface SamplePorts {
  readonly services: Services;
  readonly installation: Installation;
  readonly networks: Networks;
  readonly profiles: Profiles;
  readonly places: UserPlaces;
}

/** `profile.trySample`. */
export async function trySample(ports: SamplePorts, context: CallContext): Promise<ResponseOf<'profile.trySample'>> {
  const { services, installation, networks, profiles, places } = ports;
  const network = await networks.create({ name: 'Sample network', proxies: 3, threshold: 2 }, scaled(context, 0, 0.5));
  const networkFile = await networks.networkFile(network);
  const person = { networkFile, ownNetwork: network, phrase: 'unseen', contact: 'sample' } as const;
  const consumer = await profiles.make({ ...person, name: 'Carl', realName: 'Carl', roles: ['consumer'] }, scaled(context, 0.5, 0.7));
  const owner = await profiles.make({ ...person, name: 'Ada', realName: 'Ada', roles: ['owner'] }, scaled(context, 0.7, 0.9));
  context.onProgress({ step: 'import', fraction: 0.9 });
  const path = await firstRows(places.sample);
  const data = await profiles.dataService();
  const { file: _, ...found } = await services.call<Record<string, unknown>>(data, 'file.inspect', { path, reading: {} }, context);
  // The file has no token here: nobody but this function names it.
  const inspected = inspectionView.omit({ file: true }).parse(found);
  await services.call(
    await profiles.startVault(owner),
    'dataset.import',
    {
      path,
      name: 'Machine temperature',
      columns: inspected.columns,
      reading: inspected.reading,
      keywords: ['machine', 'temperature'],
      pseudonymIndex: 0,
    },
    context,
  );
  context.onProgress({ step: 'import', fraction: 1 });
  installation.update({ activeProfile: owner });
  return { owner, consumer };
}

/** Writes the first rows of the sample, with its header, to a file of its own. @throws AppError `DISK_FULL`, `DISK_NOT_WRITABLE` */
async function firstRows(folder: string): Promise<string> {
  const lines: string[] = [];
  const input = createReadStream(sampleFile);
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    lines.push(line);
    if (lines.length > sampleRows) break;
  }
  input.destroy();
  const path = join(folder, 'machine-temperature.csv');
  await writing(path, async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(path, `${lines.join('\n')}\n`);
  });
  return path;
}
