/** The activity as a table for a spreadsheet. */
import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { activityCsv } from '../../electron/services/activity-csv.ts';
import type { ActivityView } from '../../electron/views.ts';

const id = `0x${'ab'.repeat(32)}`;
const entry: ActivityView = {
  event: 'OfferMade',
  contract: 'sharingMarket',
  blockNumber: 7,
  atSeconds: 1_800_000_000,
  transactionHash: id,
  fields: { offerId: '1', words: '{"name":"=cmd|\' /C calc\'!A0"}' },
  offerId: '1',
  requestId: null,
  datasetId: id,
};
const network = { name: 'Harbour, "north"', chainId: 31337 };

test('every entry is a row, whatever its texts are', () => {
  const [row, ...others] = parse(activityCsv(network, [entry]), { columns: true }) as Record<string, string>[];
  expect(others).toEqual([]);
  expect(row).toEqual({
    time: '2027-01-15T08:00:00.000Z',
    network: network.name,
    chain: '31337',
    block: '7',
    contract: 'sharingMarket',
    event: 'OfferMade',
    transaction: id,
    offer: '1',
    requirement: '',
    dataset: id,
    fields: JSON.stringify(entry.fields),
  });
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '=HYPERLINK("http://example.org")'])(
  'a text that a spreadsheet would compute is a text: %j',
  (name) => {
    const [row] = parse(activityCsv({ ...network, name }, [entry]), { columns: true, ltrim: false }) as Record<string, string>[];
    expect(row?.network).toBe(`'${name}`);
  },
);
