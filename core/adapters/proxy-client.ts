/** A client of one proxy (docs/formats.md, "Proxy over HTTP"). What the proxy signs is checked against the key that the network file pins. */
import { AppError } from '../base/app-error.ts';
import { fromHex, type Hex, toHex } from '../base/bytes.ts';
import type { Clock, Random } from '../base/ports.ts';
import { english, type Sentence, say } from '../base/sentence.ts';
import {
  type DeletionReceipt,
  deletionReceiptSchema,
  isFragmentSignedBy,
  isReceiptSignedBy,
  type ProxyInfo,
  proxyInfoSchema,
  proxyMessagesVersion,
  type SignedFragment,
  signedFragmentSchema,
  storedGrantSchema,
  storedHeaderSchema,
  uploadIdOf,
} from '../sharing/proxy-messages.ts';
import type { RequestSigner } from './request-signature.ts';
import { downloadFile } from './resumable-download.ts';
import { uploadFile } from './resumable-upload.ts';
import { ServiceConnection } from './service-connection.ts';

export interface ProxyClientOptions {
  readonly url: string;
  /** Which proxy of the network, from 1; for messages. */
  readonly index: number;
  /** Ed25519 key that the network file pins. */
  readonly signingKey: Hex;
  /** The pseudonym that signs; without one only {@link ProxyClient.info} and {@link ProxyClient.downloadArtifact} work. */
  readonly signer?: RequestSigner;
  readonly clock: Clock;
  readonly random: Random;
  readonly timeoutMs?: number;
}

/** A file to fetch: `bytes` and `sha256` come from the chain or the network file. */
export interface FileRequest {
  readonly sha256: Hex;
  readonly bytes: number;
  readonly destination: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytesDone: number, bytesTotal: number) => void;
}

export class ProxyClient {
  readonly #connection: ServiceConnection;
  readonly #options: ProxyClientOptions;

  constructor(options: ProxyClientOptions) {
    const { url, index, clock, random, timeoutMs } = options;
    this.#options = options;
    this.#connection = new ServiceConnection({
      url,
      serviceName: say`proxy ${index}`,
      clock,
      random,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  async info(): Promise<ProxyInfo> {
    return this.#connection.requestJson({ method: 'GET', path: '/v1/info' }, proxyInfoSchema);
  }

  /**
   * Uploads a ciphertext, going on where an earlier try stopped; done at once if the proxy has it.
   * @throws AppError `PROXY_QUOTA_EXCEEDED`, `PROXY_STORAGE_FULL`, `PROXY_UPLOAD_DIGEST_MISMATCH`, `REQUEST_*`, `SERVICE_*`
   */
  async uploadCiphertext(file: {
    readonly path: string;
    readonly sha256: Hex;
    readonly bytes: number;
    readonly signal?: AbortSignal;
    readonly onProgress?: (bytesDone: number, bytesTotal: number) => void;
  }): Promise<void> {
    const signer = this.#signer();
    const { path, sha256, bytes, signal, onProgress } = file;
    try {
      await uploadFile(this.#connection, {
        file: path,
        sha256,
        bytes,
        uploadId: uploadIdOf(signer.keyId, sha256),
        signer,
        signal,
        onProgress,
      });
    } catch (error) {
      // An earlier try may have finished it, its answer lost; or another brought the same file. Now this owner holds it.
      if (error instanceof AppError && error.code === 'PROXY_CIPHERTEXT_EXISTS') return;
      throw error;
    }
    if (!(await this.hasCiphertext(sha256))) throw this.#connection.malformed(say`it took the whole file and does not have it`);
  }

  /** Whether the proxy has the ciphertext. */
  async hasCiphertext(sha256: Hex): Promise<boolean> {
    const answer = await this.#connection.exchange({ method: 'HEAD', path: ciphertextPath(sha256), signer: this.#signer() });
    if (answer.status === 200) return true;
    if (answer.status === 404) return false;
    // An answer to HEAD has no body; the GET says why it is refused.
    await this.#connection.request({
      method: 'GET',
      path: ciphertextPath(sha256),
      headers: { range: 'bytes=0-0' },
      signer: this.#signer(),
    });
    return true;
  }

  /** Downloads a ciphertext, going on where an earlier try stopped. @throws AppError `DOWNLOAD_HASH_MISMATCH`, `NOT_FOUND`, … */
  async downloadCiphertext(file: FileRequest): Promise<void> {
    await downloadFile(this.#connection, { ...file, path: ciphertextPath(file.sha256), signer: this.#signer() });
  }

  /** Downloads a proving key or circuit of the network. Needs no pseudonym. */
  async downloadArtifact(file: FileRequest): Promise<void> {
    await downloadFile(this.#connection, { ...file, path: `/v1/keys/${file.sha256.slice(2)}` });
  }

  /** Takes one's own ciphertext away. */
  async removeCiphertext(sha256: Hex): Promise<void> {
    await this.#connection.request({ method: 'DELETE', path: ciphertextPath(sha256), signer: this.#signer() });
  }

  /** Leaves an encoded header and source context under its hash. */
  async putHeader(headerHash: Hex, header: Uint8Array, context: Uint8Array): Promise<void> {
    await this.#connection.sendJson({
      method: 'PUT',
      path: `/v1/headers/${headerHash}`,
      value: { version: proxyMessagesVersion, header: toHex(header), context: toHex(context) },
      signer: this.#signer(),
    });
  }

  /** Encoded header and source context. The caller compares their hash with the chain: a proxy may lie. */
  async getHeader(headerHash: Hex): Promise<{ header: Uint8Array; context: Uint8Array }> {
    const stored = await this.#connection.requestJson(
      { method: 'GET', path: `/v1/headers/${headerHash}`, signer: this.#signer() },
      storedHeaderSchema,
    );
    return { header: fromHex(stored.header), context: fromHex(stored.context) };
  }

  /** Hands the proxy the grant, which is final on chain, and its share in a box (`proxyShareLabel`). */
  async putGrant(offerId: bigint, grant: Uint8Array, context: Uint8Array, shareBox: Uint8Array): Promise<void> {
    await this.#connection.sendJson({
      method: 'PUT',
      path: `/v1/grants/${offerId}`,
      value: { version: proxyMessagesVersion, grant: toHex(grant), context: toHex(context), shareBox: toHex(shareBox) },
      signer: this.#signer(),
    });
  }

  /** Encoded grant and grant context. The caller compares their hash with the chain. */
  async getGrant(offerId: bigint): Promise<{ grant: Uint8Array; context: Uint8Array }> {
    const stored = await this.#connection.requestJson(
      { method: 'GET', path: `/v1/grants/${offerId}`, signer: this.#signer() },
      storedGrantSchema,
    );
    return { grant: fromHex(stored.grant), context: fromHex(stored.context) };
  }

  /** This proxy's fragment, signed by it. The proof inside is checked by `open`. @throws AppError `PROXY_SIGNATURE_INVALID`, … */
  async fragment(offerId: bigint): Promise<SignedFragment> {
    const fragment = await this.#connection.requestJson(
      {
        method: 'POST',
        path: '/v1/fragments',
        value: { version: proxyMessagesVersion, offerId: offerId.toString() },
        signer: this.#signer(),
      },
      signedFragmentSchema,
    );
    if (!isFragmentSignedBy(this.#options.signingKey, fragment)) throw this.#unsigned(say`fragment`);
    return fragment;
  }

  /**
   * Has the share of a grant that is over deleted; gives the proxy's signed receipt, the same one every time. A
   * receipt for another grant than that of `grantHash` says nothing about this one.
   */
  async deleteGrant(offerId: bigint, grantHash: Hex): Promise<DeletionReceipt> {
    const receipt = await this.#connection.requestJson(
      { method: 'DELETE', path: `/v1/grants/${offerId}`, signer: this.#signer() },
      deletionReceiptSchema,
    );
    if (receipt.grantHash !== grantHash || !isReceiptSignedBy(this.#options.signingKey, receipt)) throw this.#unsigned(say`receipt`);
    return receipt;
  }

  #signer(): RequestSigner {
    const { signer, index } = this.#options;
    if (signer !== undefined) return signer;
    throw new AppError('PROXY_NEEDS_PSEUDONYM', {
      what: say`Proxy ${index} answers this to enrolled pseudonyms only, and none was chosen.`,
      consequence: 'Nothing was sent.',
      remedy: 'Choose the pseudonym that is to sign.',
    });
  }

  #unsigned(what: Sentence): AppError {
    return new AppError(
      'PROXY_SIGNATURE_INVALID',
      {
        what: say`The ${what} from ${this.#connection.serviceName} is for something else, or not signed by the key that the network file names for it.`,
        consequence: say`The ${what} was not used.`,
        remedy: 'Use the other proxies, and tell the operator of the network.',
      },
      { data: { service: english(this.#connection.serviceName) } },
    );
  }
}

function ciphertextPath(sha256: Hex): string {
  return `/v1/ciphertexts/${sha256.slice(2)}`;
}
