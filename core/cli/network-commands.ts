/** `vouchsafe network ...`: make a network, run its services, fund accounts, look into its file. */
import { join } from 'node:path';
import { Command } from 'commander';
import { ChainProvider } from '../adapters/ethers-provider.ts';
import { recordedMisbehaviour } from '../adapters/misbehaviour-client.ts';
import { textFile } from '../adapters/text-file.ts';
import { english, say } from '../base/sentence.ts';
import { createNetwork, networkShape } from '../services/network-creation.ts';
import { networkFolders } from '../services/network-folders.ts';
import { readNetworkFile } from '../sharing/network-file.ts';
import { addressArgument, argumentInvalid, parseCoins, wholeNumber } from './arguments.ts';
import { membersCommand } from './member-commands.ts';
import { chainIdOf } from './network-source.ts';
import { formatSeconds, print, printFields } from './output.ts';
import { asOperator, serveUntilStopped } from './service-commands.ts';
import { lockOf } from './unlock.ts';

const DEFAULT_CHAIN_ID = 76401;
const DEFAULT_FIRST_PORT = 17600;

/** The command group. */
export function networkCommand(): Command {
  const network = new Command('network').description('make and run a network');
  network
    .command('create')
    .description('make keys, chain, contracts, proving keys and the signed network file')
    .requiredOption('--home <folder>', 'folder of the network')
    .option('--name <name>', 'what the network is called', 'Development network')
    .option('--chain <url>', 'use an existing EVM chain over JSON-RPC instead of a chain of our own')
    .option('--chain-id <number>', 'id of the chain of our own', String(DEFAULT_CHAIN_ID))
    .option('--confirmations <number>', 'blocks on top until a transaction counts as final, on an existing chain', '0')
    .option('--groups <number>', 'groups of validators of a chain of our own, at least 4', '4')
    .option('--members <number>', 'validators in each group, at least 3', '3')
    .option('--proxies <number>', 'how many proxies', '3')
    .option('--threshold <number>', 'how many of them must answer', '2')
    .option('--templates <names...>', 'which forms of requirement have keys', ['range-1x32'])
    .option(
      '--first-port <number>',
      'PKG, proxies and validators listen on this port and the next ones; 0 takes free ones',
      String(DEFAULT_FIRST_PORT),
    )
    .option('--passphrase-fd <number>', 'read the passphrase from this file descriptor')
    .action(async (options) => {
      const created = await createNetwork({
        home: options.home,
        lock: await lockOf(options, 'Passphrase for the homes of the network: '),
        name: options.name,
        chainId: options.chain === undefined ? wholeNumber(options.chainId, '--chain-id') : await chainIdOf(options.chain),
        groups: new Array<number>(wholeNumber(options.groups, '--groups')).fill(wholeNumber(options.members, '--members')),
        proxies: wholeNumber(options.proxies, '--proxies'),
        threshold: wholeNumber(options.threshold, '--threshold'),
        templates: options.templates,
        firstPort: wholeNumber(options.firstPort, '--first-port'),
        ...(options.chain
          ? { externalChain: { rpcUrl: options.chain, confirmations: wholeNumber(options.confirmations, '--confirmations') } }
          : {}),
        onStep: (step) => print(`made: ${english(step)}`),
      });
      print(`\nThe network "${created.name}" is ready. Its file, for all who join: ${join(options.home, 'network.json')}`);
      print(`Run its services with: vouchsafe network start --home ${options.home}`);
    });
  network
    .command('start')
    .description("run the network's services (chain, PKG, proxies) until stopped")
    .requiredOption('--home <folder>', 'folder of the network')
    .option('--passphrase-fd <number>', 'read the passphrase from this file descriptor')
    .action(async (options) => {
      const folders = networkFolders(options.home, await networkShape(options.home));
      await serveUntilStopped([...folders.validators.flat(), folders.pkg, ...folders.proxies], await lockOf(options));
    });
  network
    .command('fund')
    .description('send coins of the treasury to an account')
    .argument('<account>', 'address')
    .argument('<coins>', 'how many, such as 100')
    .requiredOption('--home <folder>', 'folder of the network')
    .option('--passphrase-fd <number>', 'read the passphrase from this file descriptor')
    .action(async (account, coins, options) => {
      const address = addressArgument(account);
      const wei = parseCoins(coins);
      await asOperator({ networkHome: options.home, lock: await lockOf(options) }, (operator) => operator.fund(address, wei));
      print(`sent ${coins} coins to ${address}`);
    });
  network.addCommand(membersCommand());
  network
    .command('misbehaviour')
    .description('which validators are proven to have broken the rules, as the chain has recorded it')
    .option('--home <folder>', 'folder of the network')
    .option('--network <file>', 'the network file')
    .action(async (options) => {
      if ((options.home === undefined) === (options.network === undefined))
        throw argumentInvalid('either --home or --network names the network');
      const file = options.network ?? join(options.home, 'network.json');
      const { chain } = readNetworkFile(await textFile(file, say`the network file`)).network;
      const provider = new ChainProvider(chain.rpcUrls, chain.chainId);
      try {
        const records = await recordedMisbehaviour(provider);
        if (records.length === 0) print('Nothing was recorded.');
        for (const { accused, kind, epoch, height, view, recordedAt } of records)
          print(`${accused}  ${kind.padEnd(13)}  epoch ${epoch}, height ${height}, view ${view}  ${formatSeconds(recordedAt)}`);
      } finally {
        provider.destroy();
      }
    });
  network
    .command('show')
    .description('check a network file and say what it names')
    .argument('<file>', 'network file')
    .action(async (file) => {
      const { network: content, signer } = readNetworkFile(await textFile(file, say`the network file`));
      printFields({
        name: content.name,
        kind: content.development ? 'DEVELOPMENT: proving keys by one party' : 'proving keys by a ceremony',
        signer,
        chain: `${content.chain.chainId} at ${content.chain.rpcUrls.join(', ')}`,
        genesis: content.chain.genesisHash ?? 'an existing chain',
        market: content.contracts.sharingMarket,
        PKG: content.pkg.url,
        proxies: `${content.threshold} of ${content.proxies.length}: ${content.proxies.map(({ url }) => url).join(', ')}`,
        templates: content.templates.join(', '),
      });
    });
  return network;
}
