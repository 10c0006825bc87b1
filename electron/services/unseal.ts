/**
 * Seals and opens the sealing key under a passphrase, in a process that lives for one of these: Argon2id takes half a
 * second, which main's event loop does not have, and the passphrase ends with the process.
 */
import { z } from 'zod';
import { systemSealing } from '../../core/adapters/argon2id.ts';
import { fromHex, toHex } from '../../core/base/bytes.ts';
import { openDocument, requireAcceptablePassphrase, sealDocument } from '../../core/crypto/sealed-document.ts';
import { hexOfLength } from '../../core/sharing/enrolment.ts';
import { runService } from './service-process.ts';

const documentName = 'sealing-key';
const documentSchema = z.strictObject({ version: z.literal(1), key: hexOfLength(32) });

const sealRequest = z.strictObject({ passphrase: z.string(), key: z.instanceof(Uint8Array) });
const openRequest = z.strictObject({ passphrase: z.string(), sealed: z.instanceof(Uint8Array) });

runService(async () => ({
  handlers: {
    seal: async (value: unknown) => {
      const { passphrase, key } = sealRequest.parse(value);
      requireAcceptablePassphrase(passphrase);
      return sealDocument(systemSealing, documentName, { passphrase }, { version: 1, key: toHex(key) });
    },
    open: async (value: unknown) => {
      const { passphrase, sealed } = openRequest.parse(value);
      return fromHex(documentSchema.parse(await openDocument(systemSealing, documentName, { passphrase }, sealed)).key);
    },
  },
  stop: async () => undefined,
}));
