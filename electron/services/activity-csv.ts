/** What happened, as a table for a spreadsheet. Pure. */
import type { ActivityView } from '../views.ts';

const columns = ['time', 'network', 'chain', 'block', 'contract', 'event', 'transaction', 'offer', 'requirement', 'dataset', 'fields'];

/** The table as CSV (RFC 4180), in the order of the entries. */
export function activityCsv(network: { readonly name: string; readonly chainId: number }, activity: readonly ActivityView[]): string {
  const rows = activity.map(({ atSeconds, blockNumber, contract, event, transactionHash, offerId, requestId, datasetId, fields }) => [
    new Date(atSeconds * 1000).toISOString(),
    network.name,
    String(network.chainId),
    String(blockNumber),
    contract,
    event,
    transactionHash,
    offerId ?? '',
    requestId ?? '',
    datasetId ?? '',
    JSON.stringify(fields),
  ]);
  return [columns, ...rows].map((row) => `${row.map(cellOf).join(',')}\r\n`).join('');
}

/** A cell. What others wrote must not be computed: a spreadsheet takes a text that begins like this for a formula, quoted or not. */
function cellOf(text: string): string {
  const inert = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
