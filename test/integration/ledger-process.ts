/** A validator in a process of its own, for tests that kill it: `ledger-process.ts <folder> <port>`. Prints its URL as one line of JSON. */
import { start } from '../../core/services/validator.ts';
import { alone } from '../local-proposer.ts';
import { testGenesis } from './ledger-network.ts';

const [folder, port] = process.argv.slice(2);
if (folder === undefined || port === undefined) throw new Error('usage: ledger-process.ts <folder> <port>');
const validator = await start({
  folder,
  genesis: testGenesis(),
  port: Number(port),
  order: alone,
  log: (line) => process.stderr.write(`${line}\n`),
  onFailure: () => process.exit(1),
});
process.stdout.write(`${JSON.stringify({ rpcUrl: validator.rpcUrl })}\n`);
process.on('SIGTERM', () => void validator.stop().then(() => process.exit(0)));
