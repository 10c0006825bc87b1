/** `vouchsafe requirement|purchase ...`: what a consumer (CSP) does, step by step. A command that is repeated goes on from where it stopped. */
import { Command } from 'commander';
import type { Hex } from '../base/bytes.ts';
import { parseRequirementDocument, type RequirementDocument } from '../proofs/requirement-document.ts';
import { advancePurchase, draft, offersFor, publish, purchases, requirements, saveReceivedFile } from '../services/consumer.ts';
import type { Participant } from '../services/participant.ts';
import { addEscrow, reclaimEscrow, trade } from '../services/trade.ts';
import type { PurchaseWork } from '../sharing/purchase-workflow.ts';
import { argumentInvalid, formatCoins, id32, jsonFile, offerIdArgument, parseCoins, wholeNumber } from './arguments.ts';
import { formatSeconds, print } from './output.ts';
import { homeCommand } from './owner-commands.ts';
import { ownPseudonym } from './person-commands.ts';
import { command, turnOf } from './turns.ts';
import { withParticipant } from './unlock.ts';

const DAY_SECONDS = 24 * 3600;

/** The consumer's commands. */
export function consumerCommands(): Command[] {
  return [requirementCommand(), purchaseCommand()];
}

/** Options that describe a requirement for one column. */
export interface RequirementOptions {
  readonly file?: string;
  readonly column?: string;
  readonly unit: string;
  readonly scale: string;
  readonly width: string;
  readonly between?: readonly string[];
  readonly mean?: readonly string[];
  readonly minRows: string;
  readonly keyword: readonly string[];
  readonly timeFrom?: string;
  readonly timeTo?: string;
  readonly minDays: string;
}

/** The requirement that the options describe, or that a file holds. */
export async function requirementOf(options: RequirementOptions): Promise<RequirementDocument> {
  if (options.file !== undefined) return parseRequirementDocument(await jsonFile(options.file, 'a requirement'));
  const { column, between, mean, timeFrom, timeTo } = options;
  if (column === undefined || between?.length !== 2)
    throw argumentInvalid('a requirement names --column NAME and --between LOW HIGH, or --file');
  if (mean !== undefined && mean.length !== 2) throw argumentInvalid('--mean takes two numbers');
  if ((timeFrom === undefined) !== (timeTo === undefined)) throw argumentInvalid('--time-from and --time-to go together');
  return parseRequirementDocument({
    version: 1,
    width: wholeNumber(options.width, '--width'),
    columns: [
      {
        type: 'number',
        name: column,
        unit: options.unit,
        scale: wholeNumber(options.scale, '--scale'),
        between,
        ...(mean ? { mean } : {}),
      },
    ],
    minRows: wholeNumber(options.minRows, '--min-rows'),
    ...(timeFrom
      ? { time: { from: timeFrom, to: timeTo, minSpanMs: wholeNumber(options.minDays, '--min-days') * DAY_SECONDS * 1000 } }
      : {}),
    keywords: options.keyword,
  });
}

function requirementCommand(): Command {
  const requirement = new Command('requirement').description(
    'say what data you need, prove that it can be met, and put the price in escrow',
  );
  homeCommand(requirement, 'publish', 'publish a requirement with its proof and escrow')
    .option('--file <file>', 'a requirement as JSON (docs/formats.md), for up to four columns')
    .option('--column <name>', 'name of the column')
    .option('--unit <unit>', 'its unit', '')
    .option('--scale <places>', 'its decimal places', '0')
    .option('--width <bits>', 'width of its values: 16, 32 or 64', '32')
    .option('--between <bounds...>', 'every value lies between these two, such as -1 3.5')
    .option('--mean <bounds...>', 'the mean lies between these two')
    .option('--min-rows <number>', 'at least so many rows', '1')
    .option('--time-from <time>', 'no row before this time (ISO 8601)')
    .option('--time-to <time>', 'no row after this time')
    .option('--min-days <number>', 'at least so many days from the first row to the last', '0')
    .option('--keyword <words...>', 'keywords that the data must carry', [])
    .requiredOption('--price <coins>', 'what one offer is paid')
    .option('--offers <number>', 'how many offers the escrow covers', '1')
    .option('--bond <coins>', 'what each side puts in against misbehaviour', '0.01')
    .option('--days <number>', 'days until the deadline', '7')
    .option('--grant-hours <number>', 'hours that the owner has to grant', '24')
    .option('--deliver-hours <number>', 'hours that the owner has to deliver', '24')
    .option('--confirm-hours <number>', 'hours that you have to confirm', '72')
    .option('--pseudonym <index>', 'which pseudonym publishes', '0')
    .action((options) =>
      withParticipant(options, async (participant) => {
        const document = await requirementOf(options);
        const pseudonym = ownPseudonym(participant, options.pseudonym);
        const price = parseCoins(options.price);
        const now = Number(await participant.market.timeSeconds());
        const hours = (kind: 'grant' | 'deliver' | 'confirm') => wholeNumber(options[`${kind}Hours`], `--${kind}-hours`) * 3600;
        const terms = {
          price: price.toString(),
          bond: parseCoins(options.bond).toString(),
          deadline: now + wholeNumber(options.days, '--days') * DAY_SECONDS,
          grantWindow: hours('grant'),
          deliverWindow: hours('deliver'),
          confirmWindow: hours('confirm'),
        };
        const escrow = price * BigInt(wholeNumber(options.offers, '--offers'));
        const { requestId } = await draft(participant, document, terms, escrow, pseudonym);
        print(`requirement ${requestId}`);
        print(`If this is interrupted, go on with: ${command(`requirement continue ${requestId}`, options.home)}`);
        await goOnPublishing(participant, requestId, options.home);
      }),
    );
  homeCommand(requirement, 'continue', 'go on with a publication that was interrupted')
    .argument('<requirement>', 'id of the requirement')
    .action((requestId, options) =>
      withParticipant(options, (participant) => goOnPublishing(participant, id32(requestId, 'requirement'), options.home)),
    );
  homeCommand(requirement, 'list', 'your requirements').action((options) =>
    withParticipant(options, async (participant) => {
      const all = await requirements(participant);
      if (all.length === 0)
        print(
          `No requirement yet. Publish one with: ${command('requirement publish --column NAME --between LOW HIGH --price COINS', options.home)}`,
        );
      for (const { requestId, state, document } of all) print(`${requestId}  ${state.padEnd(9)}  ${sentence(document)}`);
    }),
  );
  homeCommand(requirement, 'open', 'all open requirements on the chain, for owners').action((options) =>
    withParticipant(options, async ({ market }) => {
      const now = await market.timeSeconds();
      let shown = 0;
      for (const requestId of await market.requirementIds()) {
        const found = await market.requirement(requestId);
        if (found === null || found.state !== 'open' || found.terms.deadline < now) continue;
        const { document, terms } = found;
        print(`${requestId}  ${formatCoins(terms.price)} coins, until ${formatSeconds(terms.deadline)}`);
        print(document === null ? '  Its words do not say what it asks: leave it alone.' : `  ${sentence(document)}`);
        print(
          found.escrow < terms.price
            ? '  Its escrow is used up: an offer made now cannot be accepted.'
            : `  Import data for it with: ${command(`dataset import FILE --for ${requestId}`, options.home)}`,
        );
        shown++;
      }
      if (shown === 0) print('No requirement is open.');
    }),
  );
  homeCommand(requirement, 'offers', 'the offers made for a requirement')
    .argument('<requirement>', 'id of the requirement')
    .action((requestId, options) =>
      withParticipant(options, async (participant) => {
        const found = await offersFor(participant, id32(requestId, 'requirement'));
        if (found.length === 0) print('No offer yet: waiting for owners.');
        for (const offer of found) {
          print(`${offer.offerId}  ${offer.state}, ${offer.provedRows} rows proved by ${offer.owner}`);
          print(`  ${turnOf(offer, String(offer.offerId), 'consumer', options.home)}`);
        }
      }),
    );
  homeCommand(requirement, 'fund', 'add to the escrow, so that more offers can be accepted; each time it is run it pays again')
    .argument('<requirement>', 'id of the requirement')
    .argument('<coins>', 'how many, such as 5')
    .action((requestId, coins, options) =>
      withParticipant(options, async (participant) => {
        const { blockNumber } = await addEscrow(participant, id32(requestId, 'requirement'), parseCoins(coins));
        print(`${coins} coins added to the escrow, final in block ${blockNumber}`);
      }),
    );
  homeCommand(requirement, 'reclaim', 'take back the unused escrow after the deadline')
    .argument('<requirement>', 'id of the requirement')
    .action((requestId, options) =>
      withParticipant(options, async (participant) => {
        const { blockNumber } = await reclaimEscrow(participant, id32(requestId, 'requirement'));
        print(`reclaim: final in block ${blockNumber}`);
      }),
    );
  return requirement;
}

function purchaseCommand(): Command {
  const purchase = new Command('purchase').description('buy a verified offer, receive the data, check it, pay');
  const step = (name: string, description: string, decided: { accept: boolean; confirm: boolean }) =>
    homeCommand(purchase, name, description)
      .argument('<offer>', 'id of the offer')
      .action((offerId, options) => withParticipant(options, (participant) => goOn(participant, offerId, decided, options.home)));
  step('fetch', 'download and check the ciphertext and get the key of the receiving identity; nothing is paid', {
    accept: false,
    confirm: false,
  });
  step('accept', 'fetch, then lock the price for this offer', { accept: true, confirm: false });
  step('receive', 'collect fragments of an accepted offer, open, decrypt and check against the chain', { accept: false, confirm: false });
  step('confirm', 'receive, then release the price to the owner', { accept: false, confirm: true });
  homeCommand(purchase, 'save', 'copy the received original file')
    .argument('<offer>', 'id of the offer')
    .argument('<file>', 'where to')
    .action((offerId, file, options) =>
      withParticipant(options, async (participant) => {
        const { sha256, bytes, name } = await saveReceivedFile(participant, String(offerIdArgument(offerId)), file);
        print(`${name}: ${bytes} bytes, SHA-256 ${sha256.slice(2)}, saved as ${file}`);
      }),
    );
  homeCommand(purchase, 'list', 'your purchases and whose turn it is').action((options) =>
    withParticipant(options, async (participant) => {
      const all = await purchases(participant);
      if (all.length === 0) print(`No purchase yet. See the offers with: ${command('requirement offers REQUIREMENT', options.home)}`);
      for (const work of all) {
        print(`${work.offerId}  ${work.state}  dataset ${work.datasetId}`);
        print(`  ${await nextStep(participant, work, options.home)}`);
      }
    }),
  );
  const steps = {
    acknowledge: 'say that what you need has arrived, before you have checked it',
    notDelivered: 'say that nothing arrived; puts in the bond and asks the owner to post on chain',
    refund: 'take the price back after the owner missed its time',
  } as const;
  for (const [name, description] of Object.entries(steps))
    homeCommand(
      purchase,
      name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      description,
    )
      .argument('<offer>', 'id of the offer')
      .action((offerId, options) =>
        withParticipant(options, async (participant) => {
          const { blockNumber } = await trade(participant, name as keyof typeof steps, String(offerIdArgument(offerId)));
          print(`${name}: final in block ${blockNumber}`);
        }),
      );
  return purchase;
}

async function goOnPublishing(participant: Participant, requestId: Hex, home: string): Promise<void> {
  const work = await publish(participant, requestId, { onState: print });
  if (work.state !== 'published') return;
  print(
    `Open since block ${work.publishedInBlock}. The owners' turn; look for offers with: ${command(`requirement offers ${requestId}`, home)}`,
  );
}

async function goOn(
  participant: Participant,
  offerId: string,
  decided: { accept: boolean; confirm: boolean },
  home: string,
): Promise<void> {
  const work = await advancePurchase(participant, offerIdArgument(offerId), decided, { onState: print });
  if ('faultyProxies' in work)
    for (const index of work.faultyProxies) print(`Proxy ${index} gave something wrong; it was not used. Tell the network's operator.`);
  print(await nextStep(participant, work, home));
}

/** What the buyer does next, or who is waited for. */
async function nextStep({ market }: Participant, work: PurchaseWork, home: string): Promise<string> {
  const { offerId } = work;
  const offer = await market.marketOffer(BigInt(offerId));
  const turn = turnOf(offer, offerId, 'consumer', home);
  switch (work.state) {
    case 'keyed':
      return `Ciphertext, header and key are here and checked; nothing is paid. ${turn}`;
    case 'received':
      return `Received and checked against the chain. Your turn: ${command(`purchase confirm ${offerId}`, home)}`;
    case 'ended':
      return `The trade is over: ${work.outcome}. Copy the file with: ${command(`purchase save ${offerId} FILE`, home)}`;
    default:
      return turn;
  }
}

/** A requirement as a sentence. */
export function sentence(document: RequirementDocument): string {
  const columns = document.columns.map((column) =>
    column.type === 'number'
      ? `every ${column.name}${column.unit ? ` (${column.unit})` : ''}, to ${column.scale} decimal places, between ${column.between[0]} and ${column.between[1]}${column.mean ? ` with a mean between ${column.mean[0]} and ${column.mean[1]}` : ''}`
      : `every ${column.name} is ${column.equals}`,
  );
  const keywords = document.keywords.length > 0 ? `, about ${document.keywords.join(', ')}` : '';
  const time = document.time ? `, from ${document.time.from} to ${document.time.to}` : '';
  return `${columns.join(' and ')}, at least ${document.minRows} ${document.minRows === 1 ? 'row' : 'rows'}${time}${keywords}`;
}
