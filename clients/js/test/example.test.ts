// The example of the README, as it stands there.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startExchange } from './exchange.js';

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

test('the first trade of the README', { timeout: 90_000 }, async () => {
    assert(readFileSync(file('README.md'), 'utf8').includes(readFileSync(file('examples/firstTrade.ts'), 'utf8')));
    const exchange = await startExchange(28_920);
    try {
        const wallet = join(exchange.folder, 'wallet.json');
        const { rpc, ws } = exchange.served;
        const run = spawnSync(process.execPath, [file('dist/examples/firstTrade.js'), rpc, ws, wallet], {
            encoding: 'utf8',
        });
        assert.equal(run.status, 0, run.stderr);
        assert.match(run.stdout, /^order \d+ at \d+(\.\d+)?\nrefused: InsufficientMargin\n$/);
    } finally {
        await exchange.stop();
    }
});
