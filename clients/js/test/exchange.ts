// An exchange on the embedded chain, and a wallet on it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import {
    address,
    appendTransactionMessageInstructions,
    assertIsTransactionWithBlockhashLifetime,
    createKeyPairSignerFromBytes,
    createSolanaRpc,
    createSolanaRpcSubscriptions,
    createTransactionMessage,
    getSignatureFromTransaction,
    pipe,
    sendAndConfirmTransactionFactory,
    setTransactionMessageFeePayerSigner,
    setTransactionMessageLifetimeUsingBlockhash,
    signTransactionMessageWithSigners,
    type Address,
    type Instruction,
    type Signature,
} from '@solana/kit';

import { transactionEvents, type EventBatch } from '../src/index.js';

type Served = {
    rpc: string;
    ws: string;
    tokens: string;
    wallet: number[];
    markets: { name: string; oracle: string }[];
};

/** Starts an exchange with keepers, makers and prices on a port or, if that is taken, another; `stop` ends it. */
export async function startExchange(port: number) {
    const demo = process.env['KEDGE_DEMO'];
    assert(demo, 'KEDGE_DEMO names no program: run `make test`, or `cargo xtask client --test`');
    const out = mkdtempSync(join(tmpdir(), 'kedge-client-'));
    // At five market seconds a second every slot has a newer price, without which the vAMM does not fill at once.
    const market = ['--speed', '5', '--minutes', '50', '--data', 'none'];
    const child = spawn(demo, ['--serve', ...market, '--rpc-port', String(port), '--out', out], {
        cwd: fileURLToPath(new URL('../../../../', import.meta.url)),
        stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (text) => (said += text));
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);

    const first = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
    assert(!first.done, `the exchange did not start:\n${said}`);
    const served = JSON.parse(first.value) as Served;
    const stop = async () => {
        kill();
        await ended;
        rmSync(out, { recursive: true });
    };
    return { ...(await wallet(served)), served, folder: out, stop };
}

async function wallet(served: Served) {
    const rpc = createSolanaRpc(served.rpc);
    const rpcSubscriptions = createSolanaRpcSubscriptions(served.ws);
    const sendAndConfirm = sendAndConfirmTransactionFactory({ rpc, rpcSubscriptions });
    const signer = await createKeyPairSignerFromBytes(Uint8Array.from(served.wallet));

    const sent: Signature[] = [];
    /** Sends instructions in one transaction, whose signature is the last of `sent`, and returns what the exchange recorded. */
    async function send(...instructions: Instruction[]): Promise<EventBatch[]> {
        const { value: lifetime } = await rpc.getLatestBlockhash().send();
        const message = pipe(
            createTransactionMessage({ version: 0 }),
            (m) => setTransactionMessageFeePayerSigner(signer, m),
            (m) => setTransactionMessageLifetimeUsingBlockhash(lifetime, m),
            (m) => appendTransactionMessageInstructions(instructions, m),
        );
        const transaction = await signTransactionMessageWithSigners(message);
        assertIsTransactionWithBlockhashLifetime(transaction);
        await sendAndConfirm(transaction, { commitment: 'confirmed' });
        const signature = getSignatureFromTransaction(transaction);
        sent.push(signature);
        const landed = await rpc
            .getTransaction(signature, { commitment: 'confirmed', encoding: 'json', maxSupportedTransactionVersion: 0 })
            .send();
        assert(landed, 'the chain forgot a confirmed transaction');
        return transactionEvents(landed);
    }

    const oracles: Address[] = served.markets.map(({ oracle }) => address(oracle));
    return { rpc, signer, send, sent, oracles, tokens: address(served.tokens) };
}
