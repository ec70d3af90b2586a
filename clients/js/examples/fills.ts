// What a transaction filled: node fills.js URL SIGNATURE

import { FillSource, Side, transactionEvents } from '@kedge-exchange/client';
import { createSolanaRpc, signature } from '@solana/kit';

const [url = 'http://127.0.0.1:8899', id = ''] = process.argv.slice(2);
const rpc = createSolanaRpc(url);
const options = { commitment: 'confirmed', encoding: 'base64', maxSupportedTransactionVersion: 0 } as const;
const landed = await rpc.getTransaction(signature(id), options).send();
if (!landed) throw new Error(`${url} does not know this transaction`);
for (const { header, events } of transactionEvents(landed)) {
    for (const event of events) {
        if (event.__kind !== 'Fill') continue;
        const { taker, side, size, quote, source } = event.record;
        const fill = [taker.authority, Side[side], size, quote, FillSource[source]];
        console.log([header.market, header.seq, ...fill].join(' '));
    }
}
