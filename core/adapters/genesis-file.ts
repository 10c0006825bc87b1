/** The genesis document as a file. */

import { say } from '../base/sentence.ts';
import { type GenesisDocument, parseGenesisDocument } from '../ledger/genesis.ts';
import { textFile } from './text-file.ts';

/** Reads and checks a genesis document. @throws AppError `FILE_NOT_READABLE`, `GENESIS_INVALID`, `GENESIS_VERSION` */
export async function readGenesisFile(path: string): Promise<GenesisDocument> {
  return parseGenesisDocument(jsonOf(await textFile(path, say`the beginning of the chain`)));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema refuses it with its own words
  }
}
