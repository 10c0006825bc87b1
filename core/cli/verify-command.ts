/** `vouchsafe verify`: shows why a block is final, with nothing but the genesis document. */
import { Command } from 'commander';
import { z } from 'zod';
import { ChainProvider } from '../adapters/ethers-provider.ts';
import { chainFailure } from '../adapters/ethers-transaction-sender.ts';
import { readGenesisFile } from '../adapters/genesis-file.ts';
import { certifiedBlockSchema } from '../adapters/validator-client.ts';
import { fromHex } from '../base/bytes.ts';
import { type CertifiedBytes, committeesOf, verifyBlock } from '../services/block-verification.ts';
import { argumentInvalid, wholeNumber } from './arguments.ts';
import { formatSeconds, print, printFields } from './output.ts';

const epochSchema = z.object({ startHeight: z.int().min(1) }).nullable();

/** The command. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('check the certificate of a block with nothing but the genesis document')
    .requiredOption('--block <height>', 'which block')
    .requiredOption('--genesis <file>', "the network's genesis.json")
    .requiredOption('--node <url>', 'a validator to ask for it, which need not be trusted')
    .action(async (options) => {
      const height = wholeNumber(options.block, '--block');
      if (height < 1) throw argumentInvalid('--block takes a height from 1: the genesis block follows from its document');
      if (!URL.canParse(options.node)) throw argumentInvalid(`"${options.node}" is not an address such as http://127.0.0.1:17604`);
      const document = await readGenesisFile(options.genesis);
      const provider = new ChainProvider([options.node], document.chainId);
      try {
        const certified = await certifiedBlock(provider, height);
        if (certified === null) throw argumentInvalid(`there is no final block ${height} yet`);
        const committees = committeesOf(document, await lastBlocks(provider, height));
        const { hash, block, signers } = verifyBlock(document, height, certified, committees);
        const { header, transactions } = block;
        printFields({
          block: `${height}  ${hash}`,
          final: `yes: a quorum of ${signers.length} of ${committees[block.header.epoch]?.groups} groups signed it`,
          parent: header.parentHash,
          time: formatSeconds(BigInt(header.timestampSeconds)),
          'epoch, view': `${header.epoch}, ${header.view}`,
          transactions: transactions.length,
          'state root': header.stateRoot,
        });
        for (const { group, keys } of signers) print(`group ${group + 1}: ${keys.join(', ')}`);
      } catch (error) {
        throw chainFailure(error);
      } finally {
        provider.destroy();
      }
    });
}

async function certifiedBlock(provider: ChainProvider, height: number): Promise<CertifiedBytes | null> {
  const answer = certifiedBlockSchema.parse(await provider.send('vouchsafe_certifiedBlock', [height]));
  if (answer === null) return null;
  const { kind, votes } = answer.certificate;
  return { block: fromHex(answer.block), certificate: { kind, votes: fromHex(votes) } };
}

/** The last blocks of the epochs before the one that a height is in, as far as the node tells. */
async function lastBlocks(provider: ChainProvider, height: number): Promise<CertifiedBytes[]> {
  const blocks: CertifiedBytes[] = [];
  let reached = 0;
  for (let epoch = 1; ; epoch++) {
    const begun = epochSchema.parse(await provider.send('vouchsafe_validators', [epoch]));
    // Epochs begin one after the other: a node that says otherwise is asked no further, and what it gave is checked.
    if (begun === null || begun.startHeight <= reached || begun.startHeight >= height) return blocks;
    const last = await certifiedBlock(provider, begun.startHeight);
    if (last === null) return blocks;
    reached = begun.startHeight;
    blocks.push(last);
  }
}
