/** `vouchsafe dataset|offer ...`: what an owner does, step by step. A command that is repeated goes on from where it stopped. */
import { Command } from 'commander';
import type { Hex } from '../base/bytes.ts';
import type { Schema } from '../dataset/schema.ts';
import type { DryRun } from '../proofs/dry-run.ts';
import {
  advanceDataset,
  advanceOffer,
  datasets,
  draftOffer,
  importDataset,
  inspectFile,
  offers,
  requirementNamed,
  tryRequirement,
} from '../services/owner.ts';
import type { Participant } from '../services/participant.ts';
import { trade } from '../services/trade.ts';
import { argumentInvalid, formatCoins, id32, offerIdArgument, wholeNumber } from './arguments.ts';
import { print, printFields } from './output.ts';
import { command, turnOf } from './turns.ts';
import { withParticipant } from './unlock.ts';

/** The owner's commands. */
export function ownerCommands(): Command[] {
  return [datasetCommand(), offerCommand()];
}

/** Adds the options of a command about a home. */
export function homeCommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .requiredOption('--home <folder>', 'your home')
    .option('--passphrase-fd <number>', 'read the passphrase from this file descriptor');
}

/** A dry run in words. */
export function printDryRun(result: DryRun): void {
  for (const { predicate, holds, asked, found, failingCount, failingRows } of result.predicates) {
    print(`  ${holds ? 'meets' : 'FAILS'}  ${predicate.kind.padEnd(11)}  asked: ${asked}; found: ${found}`);
    if (failingCount === 0) continue;
    const rows = failingRows.slice(0, 10).map(({ row, value }) => `row ${row} (${value === '' ? 'missing' : value})`);
    print(`         ${failingCount} rows fail: ${rows.join(', ')}${failingCount > rows.length ? ', ...' : ''}`);
  }
}

function datasetCommand(): Command {
  const dataset = new Command('dataset').description('import data, encrypt it, record it on chain');
  dataset
    .command('inspect')
    .description('what a file holds and how it would be imported; writes nothing')
    .argument('<file>', 'CSV file')
    .action(async (file) => {
      const { rows, schema, reading, obstacles, report } = await inspectFile(file);
      printFields({
        rows,
        delimiter: JSON.stringify(reading.delimiter),
        header: reading.header ? 'yes' : 'no',
        'decimal mark': reading.decimalMark,
      });
      for (const column of schema.columns) {
        if (column.type === 'text') {
          const obstacle = obstacles[column.source];
          const why = obstacle?.notTime ?? obstacle?.notNumber;
          print(
            `column ${column.source + 1} "${column.name}": text, travels in the file and is not promised${why ? ` (${JSON.stringify(why)})` : ''}`,
          );
          continue;
        }
        const facts = report.find((entry) => entry.column.source === column.source);
        print(`column ${column.source + 1} "${column.name}": ${column.type}, scale ${column.scale}, ${column.width} bits`);
        if (facts)
          print(
            `  from ${facts.minimum ?? '-'} to ${facts.maximum ?? '-'}, ${facts.missing} missing, ${facts.rounded} rounded (by at most ${facts.largestError})`,
          );
      }
    });
  homeCommand(dataset, 'import', 'import a CSV file; without --for it needs no network')
    .argument('<file>', 'CSV file')
    .option('--for <requirement>', 'take units, decimal places and widths from a requirement on the chain')
    .option('--unit <column=unit...>', 'unit of a column', [])
    .option('--scale <column=places...>', 'decimal places kept of a column', [])
    .option('--width <column=bits...>', 'width of a column: 16, 32 or 64', [])
    .option('--keyword <words...>', 'keywords that requirements may ask for', [])
    .option('--name <name>', 'what you call it; the file’s name unless given')
    .option('--pseudonym <index>', 'which pseudonym owns it', '0')
    .action((file, options) =>
      withParticipant(options, async (participant) => {
        const inspection = await inspectFile(file);
        const asked = options.for === undefined ? [] : await columnsAskedBy(participant, id32(options.for, 'requirement'));
        const schema = withChoices(inspection.schema, [
          ...asked,
          ...choices(options.unit, '--unit', (unit) => ({ unit })),
          ...choices(options.scale, '--scale', (places) => ({ scale: wholeNumber(places, '--scale') })),
          ...choices(options.width, '--width', (bits) => ({ width: widthOf(bits) })),
        ]);
        const work = await importDataset(participant, file, {
          schema,
          reading: inspection.reading,
          keywords: options.keyword,
          pseudonymIndex: wholeNumber(options.pseudonym, '--pseudonym'),
          ...(options.name ? { name: options.name } : {}),
        });
        print(`dataset ${work.datasetId}`);
        print(`It is imported. Publish it with: ${command(`dataset publish ${work.datasetId}`, options.home)}`);
      }),
    );
  homeCommand(dataset, 'publish', 'encrypt, upload and record a dataset, and fetch the key of its identity')
    .argument('<dataset>', 'id of the dataset')
    .action((datasetId, options) =>
      withParticipant(options, async (participant) => {
        const work = await advanceDataset(participant, id32(datasetId, 'dataset'), { onState: print });
        if (work.state !== 'ready') return;
        const block = work.recordedInBlock === null ? '' : ` in block ${work.recordedInBlock}`;
        print(`Encrypted, at the proxies, and recorded${block}; dataset root ${work.datasetRoot}`);
        print(`Which requirements are open: ${command('requirement open', options.home)}`);
      }),
    );
  homeCommand(dataset, 'list', 'your datasets and how far they are').action((options) =>
    withParticipant(options, async (participant) => {
      const all = await datasets(participant);
      if (all.length === 0) print(`No dataset yet. Import one with: ${command('dataset import FILE', options.home)}`);
      for (const { datasetId, state, name } of all) print(`${datasetId}  ${state.padEnd(9)}  ${name}`);
    }),
  );
  return dataset;
}

function offerCommand(): Command {
  const offer = new Command('offer').description('try a requirement, offer data for it, prove it, grant it');
  homeCommand(
    offer,
    'check',
    'dry run: which of a requirement’s predicates hold on your data, and which rows fail; nothing leaves this home',
  )
    .argument('<requirement>', 'id of the requirement')
    .argument('<dataset>', 'id of the dataset')
    .action((requestId, datasetId, options) =>
      withParticipant(options, async (participant) => {
        const result = await tryRequirement(participant, id32(requestId, 'requirement'), id32(datasetId, 'dataset'));
        printDryRun(result);
        if (!result.holds) process.exitCode = 1;
        print(result.holds ? 'The data meets the requirement.' : 'The data does not meet the requirement: no proof of it can be made.');
      }),
    );
  homeCommand(offer, 'make', 'offer a dataset for a requirement, prove it and have the contract verify it')
    .argument('<requirement>', 'id of the requirement')
    .argument('<dataset>', 'id of the dataset')
    .option('--short-windows', 'offer even if you have less than an hour to grant or to deliver')
    .action((requestId, datasetId, options) =>
      withParticipant(options, async (participant) => {
        const [request, dataset] = [id32(requestId, 'requirement'), id32(datasetId, 'dataset')];
        const result = await tryRequirement(participant, request, dataset);
        if (!result.holds) {
          printDryRun(result);
          print('The data does not meet the requirement; nothing was offered.');
          process.exitCode = 1;
          return;
        }
        const { offerId, bond } = await draftOffer(participant, request, dataset, { shortWindows: options.shortWindows === true });
        const { terms } = await requirementNamed(participant, request);
        print(`offer ${offerId}`);
        print(`If this is interrupted, go on with: ${command(`offer continue ${offerId}`, options.home)}`);
        print(
          `Your bond is ${formatCoins(BigInt(bond))} coins. It is lost if, once accepted, you do not grant within ${terms.grantWindow} seconds.`,
        );
        await goOn(participant, offerId, options.home);
      }),
    );
  homeCommand(offer, 'continue', 'go on with an offer: finish proofs, grant once it is accepted, see how it ended')
    .argument('<offer>', 'id of the offer')
    .action((offerId, options) => withParticipant(options, (participant) => goOn(participant, offerId, options.home)));
  homeCommand(offer, 'list', 'your offers and whose turn it is').action((options) =>
    withParticipant(options, async (participant) => {
      const all = await offers(participant);
      if (all.length === 0) print('No offer yet.');
      for (const { offerId, datasetId } of all) {
        const offer = await participant.market.marketOffer(BigInt(offerId));
        print(`${offerId}  ${offer?.state ?? 'not on the chain yet'}  dataset ${datasetId}`);
        print(`  ${turnOf(offer, offerId, 'owner', options.home)}`);
      }
    }),
  );
  const steps = {
    revoke: 'take back an offer, a promise, or further re-encryption',
    claim: 'collect the price after the consumer kept silent beyond its time',
    expire: 'take the bond back after the offer’s deadline',
    post: 'put the delivery on chain, when the consumer says that nothing arrived',
  } as const;
  for (const [step, description] of Object.entries(steps))
    homeCommand(offer, step, description)
      .argument('<offer>', 'id of the offer')
      .action((offerId, options) =>
        withParticipant(options, async (participant) => {
          const { blockNumber } = await trade(participant, step as keyof typeof steps, String(offerIdArgument(offerId)));
          print(`${step}: final in block ${blockNumber}`);
        }),
      );
  return offer;
}

async function goOn(participant: Participant, offerId: string, home: string): Promise<void> {
  const id = offerIdArgument(offerId);
  await advanceOffer(participant, offerId, {
    onState: (state) => print(state),
    onProgress: ({ step, done, total }) => print(`  ${step} ${done} of ${total}`),
  });
  print(turnOf(await participant.market.marketOffer(id), offerId, 'owner', home));
}

/** What is chosen for one number column of a file instead of what its cells suggest. */
type Choice = readonly [column: string, chosen: { readonly unit?: string; readonly scale?: number; readonly width?: 16 | 32 | 64 }];

function choices(pairs: readonly string[], option: string, chosen: (value: string) => Choice[1]): Choice[] {
  return pairs.map((pair) => {
    const at = pair.lastIndexOf('=');
    if (at < 1) throw argumentInvalid(`${option} takes COLUMN=VALUE, not "${pair}"`);
    return [pair.slice(0, at), chosen(pair.slice(at + 1))];
  });
}

function widthOf(text: string): 16 | 32 | 64 {
  const width = ([16, 32, 64] as const).find((candidate) => String(candidate) === text);
  if (width === undefined) throw argumentInvalid(`a width is 16, 32 or 64 bits, not "${text}"`);
  return width;
}

/** The number columns that a requirement on the chain asks for, in its author's words. */
async function columnsAskedBy(participant: Participant, requestId: Hex): Promise<Choice[]> {
  const { document } = await requirementNamed(participant, requestId);
  if (document === null) throw argumentInvalid(`the words of requirement ${requestId} do not say what its fields ask for`);
  const { columns, width } = document;
  return columns.flatMap((column): Choice[] =>
    column.type === 'number' ? [[column.name, { unit: column.unit, scale: column.scale, width }]] : [],
  );
}

function withChoices(schema: Schema, chosen: readonly Choice[]): Schema {
  const columns = [...schema.columns];
  for (const [name, choice] of chosen) {
    const at = columns.findIndex((column) => column.type === 'number' && column.name === name);
    const column = columns[at];
    if (column?.type !== 'number') throw argumentInvalid(`the file has no number column "${name}"`);
    columns[at] = { ...column, ...choice };
  }
  return { columns };
}
