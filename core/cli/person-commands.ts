/** `vouchsafe join|identity|activity`: a person's home, its enrolment, and what happened in its trades. */
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { readPassphrase } from '../adapters/passphrase-input.ts';
import { createParticipant } from '../services/participant.ts';
import { entityRoles } from '../sharing/chain-reader.ts';
import { wholeNumber } from './network-commands.ts';
import { argumentInvalid, formatCoins, print, printFields } from './output.ts';
import { rolesText } from './service-commands.ts';
import { lockOf, withParticipant } from './unlock.ts';

const roleNames = ['owner', 'consumer'] as const;

/** The commands of a person. */
export function personCommands(): Command[] {
  const join = new Command('join')
    .description('join a network with nothing but its file: makes a home, a phrase of 24 words, and applies at the PKG')
    .requiredOption('--home <folder>', 'folder for the new home')
    .requiredOption('--network <file>', 'the network file')
    .requiredOption('--name <name>', "your real name: only the PKG's operator sees it")
    .option('--contact <text>', 'how the operator reaches you', 'none given')
    .option('--roles <names...>', 'owner, consumer', [...roleNames])
    .option('--restore', 'ask for an existing phrase instead of making one')
    .option('--phrase-fd <number>', 'read the existing phrase from this file descriptor')
    .option('--passphrase-fd <number>', 'read the passphrase from this file descriptor')
    .action(async (options) => {
      const roles = rolesOf(options.roles);
      const networkFile = await readFile(options.network, 'utf8');
      const restored = options.restore || options.phraseFd !== undefined;
      const lock = await lockOf(options, 'New passphrase for this home: ');
      const phrase = restored ? await readPhrase(options.phraseFd) : undefined;
      const { participant, phrase: words } = await createParticipant({
        home: options.home,
        lock,
        networkFile,
        ...(phrase === undefined ? {} : { phrase }),
      });
      try {
        if (!restored) print(`Write these 24 words down and keep them secret. They restore everything that is yours:\n\n  ${words}\n`);
        const { applicationId, state } = await participant.apply({ name: options.name, contact: options.contact, roles });
        print(`application ${applicationId} is ${state}`);
        print('When the operator has approved it: vouchsafe identity enrol --home ...');
      } finally {
        await participant.close();
      }
    });
  const identity = new Command('identity').description('your application and your pseudonyms');
  const home = (command: Command) =>
    command
      .requiredOption('--home <folder>', 'your home')
      .option('--passphrase-fd <number>', 'read the passphrase from this file descriptor');
  home(identity.command('show').description('application, pseudonyms and their coins')).action((options) =>
    withParticipant(options, async (participant) => {
      const { applicationId, state, roles, reason } = await participant.application();
      printFields({ application: applicationId, state, roles: rolesText(roles), ...(reason ? { reason } : {}) });
      for (const { index, address } of participant.pseudonyms) {
        const [balance, credit] = [await participant.market.balance(address), await participant.market.credit(address)];
        print(`pseudonym ${index}  ${address}  ${formatCoins(balance)} coins, ${formatCoins(credit)} to withdraw`);
      }
    }),
  );
  home(identity.command('enrol').description('have fresh pseudonyms enrolled by the PKG and recorded on chain'))
    .option('--count <number>', 'how many', '4')
    .action((options) =>
      withParticipant(options, async (participant) => {
        await participant.enrol(wholeNumber(options.count, '--count'));
        for (const { index, address } of participant.pseudonyms) print(`pseudonym ${index}  ${address}`);
      }),
    );
  home(identity.command('withdraw').description('pay out what the market holds for a pseudonym, to any address'))
    .requiredOption('--to <address>', 'where the coins go')
    .option('--pseudonym <index>', 'whose coins', '0')
    .action((options) =>
      withParticipant(options, async (participant) => {
        const { account } = participant.keysOf(wholeNumber(options.pseudonym, '--pseudonym'));
        const credit = await participant.market.credit(account.address);
        const { blockNumber } = await participant.withdraw(account, options.to);
        print(`${formatCoins(credit)} coins paid to ${options.to}, final in block ${blockNumber}`);
      }),
    );
  const activity = home(new Command('activity').description('everything the chain holds about an offer, in order'))
    .argument('<offer>', 'id of the offer')
    .action((offerId, options) =>
      withParticipant(options, async ({ market }) => {
        const offer = await market.marketOffer(BigInt(offerId));
        if (offer === null) throw argumentInvalid(`there is no offer ${offerId} on the chain`);
        for (const { event, blockNumber, transactionHash } of await market.timeline(offer))
          print(`block ${String(blockNumber).padStart(6)}  ${event.padEnd(22)}  ${transactionHash}`);
        print(`now: ${offer.state}`);
      }),
    );
  return [join, identity, activity];
}

function rolesOf(names: readonly string[]): number {
  const unknown = names.find((name) => !roleNames.some((role) => role === name));
  if (unknown !== undefined) throw argumentInvalid(`"${unknown}" is not a role of a person; there are ${roleNames.join(' and ')}`);
  return names.reduce((roles, name) => roles | entityRoles[name as (typeof roleNames)[number]], 0);
}

async function readPhrase(fd: string | undefined): Promise<string> {
  return readPassphrase(fd === undefined ? { prompt: 'Your 24 words: ' } : { fd: wholeNumber(fd, '--phrase-fd') });
}
