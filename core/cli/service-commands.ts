/** `vouchsafe validator|pkg|proxy`: one service each, without a display, until it is stopped; and the PKG operator's decisions. */
import { join } from 'node:path';
import { Command } from 'commander';
import type { DocumentLock } from '../crypto/sealed-document.ts';
import { type NetworkOperator, openNetworkOperator } from '../services/network-operator.ts';
import { type Running, readServiceDescription, startService } from '../services/service-home.ts';
import { createValidator } from '../services/validator-creation.ts';
import { entityRoles } from '../sharing/chain-reader.ts';
import { argumentInvalid, hexArgument, wholeNumber } from './arguments.ts';
import { networkOf } from './network-source.ts';
import { print, printError, printFields } from './output.ts';
import { lockOf } from './unlock.ts';

/** Runs the services of these homes in this process until it is told to stop (SIGINT, SIGTERM), who started it with a channel is gone, or one of them fails. */
export async function serveUntilStopped(homes: readonly string[], lock: DocumentLock): Promise<void> {
  const running: Running[] = [];
  const stopped = Promise.withResolvers<void>();
  const stop = () => stopped.resolve();
  process.once('SIGINT', stop).once('SIGTERM', stop).once('disconnect', stop);
  try {
    for (const home of homes) {
      const log = ({ event, data }: { event: string; data?: unknown }) =>
        print(`${new Date().toISOString()} ${event} ${JSON.stringify(data ?? {})}`);
      const service = await startService(home, lock, log, (error) => stopped.reject(error));
      running.push(service);
      print(`ready: ${service.name} at ${service.url}`);
    }
    await stopped.promise;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop).off('disconnect', stop);
    for (const service of running.reverse()) await service.stop();
  }
}

/** The services' commands. */
export function serviceCommands(): Command[] {
  const validator = new Command('validator')
    .description('run validators of the chain (blocks, contracts, JSON-RPC), or make one')
    .enablePositionalOptions()
    .option('--home <folders...>', "the validator's home; several run in one process, which share what they verified")
    .option('--passphrase-fd <number>', 'read the passphrase from this file descriptor')
    .action(async (options) => {
      if (options.home === undefined) throw argumentInvalid('--home names the home of the validator');
      await serveKind('validator', options.home, options);
    });
  validator
    .command('init')
    .description('make the home of a validator that is to join a network, and say what its operator needs to take it in')
    .requiredOption('--home <folder>', 'folder of the validator')
    .requiredOption('--network <path>', "the network's genesis document, or a folder or network file that it lies in or beside")
    .requiredOption('--port <number>', 'where the other validators reach it')
    .option('--host <name>', 'name or address under which they reach it', '127.0.0.1')
    .option('--listen-host <address>', 'address to listen on for them; that of --host unless given')
    .option('--rpc-port <number>', 'where clients on this machine reach it; 0 takes any that is free at each start', '0')
    .option('--passphrase-fd <number>', 'read the passphrase from this file descriptor')
    .action(async (options) => {
      const made = await createValidator({
        home: options.home,
        lock: await lockOf(options, 'Passphrase for the home of the validator: '),
        network: options.network,
        host: options.host,
        port: wholeNumber(options.port, '--port'),
        rpcPort: wholeNumber(options.rpcPort, '--rpc-port'),
        ...(options.listenHost === undefined ? {} : { listenHost: options.listenHost }),
      });
      printFields({ key: made.key, 'transport key': made.transportKey, listens: `${made.host} port ${made.port}` });
      print(`\nFor the operator of the network: ${join(options.home, 'validator.json')}`);
      print(`Run it with: vouchsafe validator --home ${options.home}`);
    });
  const proxy = new Command('proxy')
    .description('run a semi-trusted proxy: ciphertexts, shares, fragments')
    .requiredOption('--home <folder>', "the proxy's home")
    .option('--passphrase-fd <number>', 'read the passphrase from this file descriptor')
    .action(async (options) => serveKind('proxy', [options.home], options));
  const pkg = new Command('pkg')
    .description('run the private key generator, or decide applications')
    .enablePositionalOptions()
    .option('--home <folder>', "the PKG's home")
    .option('--passphrase-fd <number>', 'read the passphrase from this file descriptor')
    .action(async (options) => {
      if (options.home === undefined) throw argumentInvalid('--home names the home of the PKG');
      await serveKind('pkg', [options.home], options);
    });
  const operator = (name: string, description: string) =>
    pkg
      .command(name)
      .description(description)
      .requiredOption('--network-home <folder>', 'folder of the network, with the operator’s keys')
      .option('--passphrase-fd <number>', 'read the passphrase from this file descriptor');
  operator('list', 'who has applied, with real names').action(async (options) => {
    await asOperator({ ...options, lock: await lockOf(options) }, async (operator) => {
      const applications = await operator.applications();
      if (applications.length === 0) print('Nobody has applied yet.');
      for (const { applicationId, state, roles, name, contact, pseudonyms } of applications)
        print(`${applicationId}  ${state.padEnd(8)}  ${rolesText(roles)}  ${name} <${contact}>  ${pseudonyms} pseudonyms`);
    });
  });
  for (const outcome of ['approve', 'refuse', 'revoke'] as const)
    operator(outcome, `${outcome} an application`)
      .argument('<application>', 'id of the application')
      .option('--reason <text>', 'why, for the applicant', '')
      .action(async (text, options) => {
        const id = hexArgument(text, 16, 'the id of an application');
        await asOperator({ ...options, lock: await lockOf(options) }, async (operator) => {
          const { state } = await operator.decide(id, outcome, options.reason);
          print(`${id} is ${state}`);
        });
      });
  return [validator, pkg, proxy];
}

/** Which roles the bits name. */
export function rolesText(roles: number): string {
  const names = Object.entries(entityRoles).filter(([, bit]) => (roles & bit) !== 0);
  return names.map(([name]) => name).join('+') || 'no role';
}

async function serveKind(kind: Running['name'], homes: readonly string[], options: Parameters<typeof lockOf>[0]): Promise<void> {
  for (const home of homes) {
    const { service } = await readServiceDescription(home);
    if (service !== kind) throw argumentInvalid(`the folder ${home} is the home of a ${service}, not of a ${kind}`);
  }
  try {
    await serveUntilStopped(homes, await lockOf(options));
  } catch (error) {
    printError(error);
    process.exitCode = 1;
  }
}

/** Does `work` with the powers of the network's operator. */
export async function asOperator(
  options: { readonly networkHome: string; readonly lock: DocumentLock },
  work: (operator: NetworkOperator) => Promise<void>,
): Promise<void> {
  const { network } = await networkOf(options.networkHome);
  const operator = await openNetworkOperator(options.networkHome, network, options.lock);
  try {
    await work(operator);
  } finally {
    await operator.close();
  }
}
