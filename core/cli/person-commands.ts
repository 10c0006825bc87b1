/** `vouchsafe join|identity|activity`: a person's home, its enrolment, and what happened in its trades. */

import { Command } from 'commander';
import { readPassphrase } from '../adapters/passphrase-input.ts';
import { textFile } from '../adapters/text-file.ts';
import { say } from '../base/sentence.ts';
import { createParticipant, type Participant } from '../services/participant.ts';
import { entityRoles } from '../sharing/chain-reader.ts';
import { applicationRequestSchema, pkgMessagesVersion } from '../sharing/pkg-messages.ts';
import { addressArgument, argumentInvalid, formatCoins, offerIdArgument, wholeNumber } from './arguments.ts';
import { print, printFields } from './output.ts';
import { rolesText } from './service-commands.ts';
import { command as commandLine, turnOf } from './turns.ts';
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
      const applicant = applicantOf(options);
      const networkFile = await textFile(options.network, say`the network file`);
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
        await apply(participant, applicant, options.home);
      } finally {
        await participant.close();
      }
    });
  const identity = new Command('identity').description('your application and your pseudonyms');
  const home = (command: Command) =>
    command
      .requiredOption('--home <folder>', 'your home')
      .option('--passphrase-fd <number>', 'read the passphrase from this file descriptor');
  home(identity.command('apply').description('apply at the PKG, when joining could not'))
    .requiredOption('--name <name>', "your real name: only the PKG's operator sees it")
    .option('--contact <text>', 'how the operator reaches you', 'none given')
    .option('--roles <names...>', 'owner, consumer', [...roleNames])
    .action((options) => {
      const applicant = applicantOf(options);
      return withParticipant(options, (participant) => apply(participant, applicant, options.home));
    });
  home(identity.command('phrase').description('show the 24 words that restore everything that is yours')).action((options) =>
    withParticipant(options, async ({ phrase }) => print(phrase)),
  );
  home(identity.command('show').description('application, pseudonyms and their coins')).action((options) =>
    withParticipant(options, async (participant) => {
      const { applicationId, state, roles, reason } = await participant.application();
      printFields({ application: applicationId, state, roles: rolesText(roles), ...(reason ? { reason } : {}) });
      if (state === 'approved' && participant.pseudonyms.length === 0)
        print(`No pseudonym yet: ${commandLine('identity enrol', options.home)}`);
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
        print('Trading needs coins: have the operator send some to the pseudonym that trades (vouchsafe network fund).');
      }),
    );
  home(identity.command('withdraw').description('pay out what the market holds for a pseudonym, to any address'))
    .requiredOption('--to <address>', 'where the coins go')
    .option('--pseudonym <index>', 'whose coins', '0')
    .action((options) =>
      withParticipant(options, async (participant) => {
        const to = addressArgument(options.to);
        const { account } = participant.keysOf(ownPseudonym(participant, options.pseudonym));
        const credit = await participant.market.credit(account.address);
        if (credit === 0n) {
          print(`The market holds nothing for ${account.address}.`);
          return;
        }
        const { blockNumber } = await participant.withdraw(account, to);
        print(`${formatCoins(credit)} coins paid to ${to}, final in block ${blockNumber}`);
      }),
    );
  const activity = home(new Command('activity').description('everything the chain holds about an offer, in order'))
    .argument('<offer>', 'id of the offer')
    .action((offerId, options) =>
      withParticipant(options, async ({ market, pseudonyms }) => {
        const offer = await market.marketOffer(offerIdArgument(offerId));
        if (offer === null) throw argumentInvalid(`there is no offer ${offerId} on the chain`);
        for (const { event, blockNumber, transactionHash } of await market.timeline(offer))
          print(`block ${String(blockNumber).padStart(6)}  ${event.padEnd(22)}  ${transactionHash}`);
        const side = pseudonyms.some(({ address }) => address === offer.owner) ? 'owner' : 'consumer';
        print(`now: ${offer.state}`);
        if ([offer.owner, offer.consumer].some((party) => pseudonyms.some(({ address }) => address === party)))
          print(turnOf(offer, offerId, side, options.home));
      }),
    );
  return [join, identity, activity];
}

type Applicant = Parameters<Participant['apply']>[0];

/** Who applies, refused before a home is made if the PKG would not take it. */
function applicantOf(options: { readonly name: string; readonly contact: string; readonly roles: readonly string[] }): Applicant {
  const { name, contact } = options;
  const applicant = { name, contact, roles: rolesOf(options.roles) };
  const parsed = applicationRequestSchema.safeParse({ version: pkgMessagesVersion, ...applicant });
  const place = parsed.error?.issues[0]?.path[0];
  if (place !== undefined) throw argumentInvalid(`--${String(place)} takes one line of visible characters, not too long and not empty`);
  return applicant;
}

async function apply(participant: Participant, applicant: Applicant, home: string): Promise<void> {
  const { applicationId, state } = await participant.apply(applicant);
  print(`application ${applicationId} is ${state}`);
  print(`When the operator has approved it: ${commandLine('identity enrol', home)}`);
}

/** Index of an enrolled pseudonym of the home. */
export function ownPseudonym({ pseudonyms }: Participant, text: string): number {
  const index = wholeNumber(text, '--pseudonym');
  if (pseudonyms.some((pseudonym) => pseudonym.index === index)) return index;
  throw argumentInvalid(
    pseudonyms.length === 0
      ? 'this home has no enrolled pseudonym yet; see: vouchsafe identity enrol'
      : `this home has no pseudonym ${index}, only 0 to ${pseudonyms.length - 1}`,
  );
}

function rolesOf(names: readonly string[]): number {
  const unknown = names.find((name) => !roleNames.some((role) => role === name));
  if (unknown !== undefined) throw argumentInvalid(`"${unknown}" is not a role of a person; there are ${roleNames.join(' and ')}`);
  return names.reduce((roles, name) => roles | entityRoles[name as (typeof roleNames)[number]], 0);
}

async function readPhrase(fd: string | undefined): Promise<string> {
  return readPassphrase(fd === undefined ? { prompt: 'Your 24 words: ' } : { fd: wholeNumber(fd, '--phrase-fd') });
}
