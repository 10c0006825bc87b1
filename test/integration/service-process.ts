/**
 * A proxy or PKG in a process of its own, for tests that kill it: `service-process.ts <pkg|proxy> <folder> <port>`.
 * The chain is what `chain.json` in the folder says. Prints the service's URL as one line of JSON.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { homeDocuments } from '../../core/adapters/home-documents.ts';
import { HomeStore } from '../../core/adapters/home-store.ts';
import { systemClock } from '../../core/adapters/system-clock.ts';
import { systemRandom } from '../../core/adapters/system-random.ts';
import { fromHex, type Hex } from '../../core/base/bytes.ts';
import { createMclEngine } from '../../core/crypto/mcl-engine.ts';
import { decodePublicParameters } from '../../core/crypto/scheme-encodings.ts';
import { startPkg } from '../../core/services/pkg.ts';
import { openPkgAuthority } from '../../core/services/pkg-state.ts';
import { startProxy } from '../../core/services/proxy.ts';
import { MemoryChain, network } from '../unit/services/world.ts';

const [role, folder, port] = process.argv.slice(2);
if (folder === undefined || port === undefined) throw new Error('usage: service-process.ts <pkg|proxy> <folder> <port>');

const { owner, requestKey, operatorKey, parameters } = JSON.parse(readFileSync(join(folder, 'chain.json'), 'utf8')) as Record<string, Hex>;
if (!owner || !requestKey || !operatorKey || !parameters) throw new Error('chain.json is not complete');
const chain = new MemoryChain();
chain.entities.set(owner, { pseudonym: owner, requestKey, messageKey: requestKey, roles: 31, expiry: 1n << 40n, revoked: false });

const home = join(folder, role ?? '');
const lock = { key: new Uint8Array(32).fill(9) };
const store = (await HomeStore.exists(home)) ? await HomeStore.open(home, lock) : await HomeStore.create(home, lock);
const engine = await createMclEngine();
const common = {
  listen: { host: '127.0.0.1', port: Number(port) },
  home,
  documents: homeDocuments(store),
  engine,
  chain,
  network,
  clock: systemClock,
  random: systemRandom,
  log: () => undefined,
};
if (role === 'pkg') chain.parameters = (await openPkgAuthority(common.documents, engine, systemRandom)).parametersHash;
const service =
  role === 'pkg'
    ? await startPkg({ ...common, operatorKey })
    : await startProxy({ ...common, parameters: decodePublicParameters(engine, fromHex(parameters)) });
process.stdout.write(`${JSON.stringify({ url: service.url })}\n`);
