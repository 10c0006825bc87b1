/** `vouchsafe network members ...`: who orders the blocks of a network, and changing that. */
import { Command } from 'commander';
import type { LedgerEpoch } from '../ledger/system-transactions.ts';
import { type ListedValidator, listedValidatorSchema } from '../ledger/validators.ts';
import type { ValidatorChange } from '../services/network-operator.ts';
import { argumentInvalid, hexArgument, jsonFile, wholeNumber } from './arguments.ts';
import { print } from './output.ts';
import { asOperator } from './service-commands.ts';
import { lockOf } from './unlock.ts';

/** The command group. */
export function membersCommand(): Command {
  const members = new Command('members').description('who orders the blocks, and changing that');
  const command = (name: string, description: string): Command =>
    new Command(name)
      .description(description)
      .requiredOption('--home <folder>', 'folder of the network')
      .option('--passphrase-fd <number>', 'read the passphrase from this file descriptor');
  const change = async (options: { home: string; passphraseFd?: string }, what: ValidatorChange, done: string): Promise<void> =>
    asOperator({ networkHome: options.home, lock: await lockOf(options) }, async (operator) => {
      const epoch = await operator.changeValidators(what);
      print(`${done}; this is final: block ${epoch.startHeight} was the last of its epoch, and epoch ${epoch.number} has begun`);
    });
  members.addCommand(
    command('list', 'validators by group').action(async (options) =>
      asOperator({ networkHome: options.home, lock: await lockOf(options) }, async (operator) => printEpoch(await operator.validators())),
    ),
  );
  members.addCommand(
    command('add', 'take in a validator that `validator init` made; start it first, so that it has all blocks')
      .argument('<file>', 'its validator.json')
      .requiredOption('--group <number>', 'the group that it joins, from 1')
      .action(async (file, options) => {
        const validator = await listedIn(file);
        const group = wholeNumber(options.group, '--group') - 1;
        await change(options, { kind: 'add', group, validator }, `${validator.key} is a member of group ${group + 1}`);
      }),
  );
  members.addCommand(
    command('remove', 'let a validator go')
      .argument('<key>', 'its key')
      .action(async (text, options) => {
        const key = hexArgument(text, 32, 'the key of a validator');
        await change(options, { kind: 'remove', key }, `${key} is no member any more`);
      }),
  );
  members.addCommand(
    command('replace', 'put a validator in the place of another in one step; with its own key, only its connections change')
      .argument('<key>', 'the key of the one that goes')
      .argument('<file>', 'the validator.json of the one that comes')
      .action(async (text, file, options) => {
        const key = hexArgument(text, 32, 'the key of a validator');
        const by = await listedIn(file);
        await change(options, { kind: 'replace', key, by }, `${by.key} took the place of ${key}`);
      }),
  );
  return members;
}

async function listedIn(file: string): Promise<ListedValidator> {
  const parsed = listedValidatorSchema.safeParse(await jsonFile(file, 'what a new validator says of itself'));
  if (parsed.success) return parsed.data;
  throw argumentInvalid(`the file ${file} is not the validator.json that \`vouchsafe validator init\` wrote`);
}

function printEpoch({ number, startHeight, validators }: LedgerEpoch): void {
  print(`epoch ${number}, since block ${startHeight}`);
  for (const [group, listed] of validators.entries())
    for (const { key, host, port } of listed) print(`group ${group + 1}  ${key}  ${host} port ${port}`);
}
