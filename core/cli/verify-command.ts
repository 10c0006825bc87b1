/** `vouchsafe verify`: shows why a block is final, with nothing but the genesis document. */
import { Command } from 'commander';
import { ChainProvider } from '../adapters/ethers-provider.ts';
import { chainFailure } from '../adapters/ethers-transaction-sender.ts';
import { readGenesisFile } from '../adapters/genesis-file.ts';
import { certifiedBlockSchema, certifiedBytes, epochSchema } from '../adapters/validator-client.ts';
import { type BlockSource, committeesOf, lastBlocksBefore, verifyBlock } from '../services/block-verification.ts';
import { argumentInvalid, wholeNumber } from './arguments.ts';
import { formatSeconds, print, printFields } from './output.ts';

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
      const source = sourceAt(provider);
      try {
        const certified = await source.certifiedBlock(height);
        if (certified === null) throw argumentInvalid(`there is no final block ${height} yet`);
        const committees = committeesOf(document, await lastBlocksBefore(source, height));
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

function sourceAt(provider: ChainProvider): BlockSource {
  return {
    async certifiedBlock(height) {
      const answer = certifiedBlockSchema.parse(await provider.send('vouchsafe_certifiedBlock', [height]));
      return answer === null ? null : certifiedBytes(answer);
    },
    async epochStart(epoch) {
      return epochSchema.parse(await provider.send('vouchsafe_validators', [epoch]))?.startHeight ?? null;
    },
  };
}
