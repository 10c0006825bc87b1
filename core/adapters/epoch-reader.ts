/** Asks a validator who orders the blocks of its network. */
import { makeError } from 'ethers';
import { z } from 'zod';
import { AppError } from '../base/app-error.ts';
import type { LedgerEpoch } from '../ledger/system-transactions.ts';
import { listedValidatorSchema } from '../ledger/validators.ts';
import type { Network } from '../sharing/network-file.ts';
import type { ChainProvider } from './ethers-provider.ts';
import { chainFailure } from './ethers-transaction-sender.ts';

const epochSchema: z.ZodType<LedgerEpoch> = z.object({
  number: z.int().min(0),
  startHeight: z.int().min(0),
  validators: z.array(z.array(listedValidatorSchema)),
});

/** The present epoch as one node says it is. @throws AppError `CHAIN_UNREACHABLE`, `CHAIN_WITHOUT_VALIDATORS` */
export async function askValidators(provider: ChainProvider, network: Network): Promise<LedgerEpoch> {
  if (network.chain.genesisHash === null)
    throw new AppError('CHAIN_WITHOUT_VALIDATORS', {
      what: 'This network uses a chain that was there before it, and has no validators of its own.',
      consequence: 'Nothing was asked and nothing was changed.',
      remedy: 'Whoever runs that chain decides who makes its blocks.',
    });
  try {
    const answer: unknown = await provider.send('vouchsafe_validators', []);
    const parsed = epochSchema.safeParse(answer);
    if (!parsed.success) throw makeError('vouchsafe_validators was answered with no list', 'BAD_DATA', { value: answer });
    return parsed.data;
  } catch (error) {
    throw chainFailure(error);
  }
}
