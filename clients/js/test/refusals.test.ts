// What would be another trade than the caller meant, or another account, is refused by name.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { address, createNoopSigner, lamports, type EncodedAccount } from '@solana/kit';

import * as client from '../src/index.js';

const somebody = address('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA');
const order = { market: 0, kind: client.OrderKind.Limit, side: client.Side.Short, size: 1n, price: 1n };

/** Places an order with fields as somebody without types may write them. */
const place = (fields: Record<string, unknown>) =>
    client.getPlaceOrdersInstruction({
        signer: createNoopSigner(somebody),
        market: somebody,
        subAccount: somebody,
        orders: [{ ...order, ...fields } as client.OrderParamsArgs],
    });

test('U4: text or an object for an enum is no order to buy at market', () => {
    for (const kind of ['limit', 'Limit', { limit: {} }, undefined, null, 8, 1n, 1.5, '1']) {
        assert.throws(
            () => place({ kind }),
            /^TypeError: orders: kind: .* is no variant: use the enum \(Market, Limit, /,
            String(kind),
        );
    }
    for (const side of ['short', { short: {} }, 2]) {
        assert.throws(() => place({ side }), /orders: side: .* is no variant: use the enum \(Long, Short\)/);
    }
    const data = place({}).data;
    assert.deepEqual([...data.slice(-4, -2)], [client.OrderKind.Limit, client.Side.Short]);
});

test('U6: numbers that are not exact, of another type or out of range are refused', () => {
    assert.throws(
        () => place({ size: 2 ** 53 }),
        /orders: size: 9007199254740992 is over 2\^53 and not exact: pass a bigint/,
    );
    assert.throws(() => place({ size: 1.5 }), /orders: size: 1.5 is no whole number/);
    assert.throws(() => place({ size: NaN }), /orders: size: NaN is no whole number/);
    assert.throws(() => place({ size: '1' }), /orders: size: "1" is no number/);
    assert.throws(() => place({ size: undefined }), /orders: size: undefined is no number/);
    assert.throws(() => place({ size: 2n ** 64n }), /orders: size: 18446744073709551616 is not between 0 and /);
    assert.throws(() => place({ market: 65_536 }), /orders: market: 65536 is not between 0 and 65535/);
    assert.throws(() => place({ flags: 'postOnly' }), /orders: flags: "postOnly" is no number/);
    assert.equal(place({ size: 2 ** 53 - 1 }).data.length, place({ size: 2n ** 64n - 1n }).data.length);
});

test('U6: names of more than 16 bytes are refused, not cut', () => {
    const create = (name: string) =>
        client.getCreateSubAccountInstruction({
            payer: createNoopSigner(somebody),
            authority: createNoopSigner(somebody),
            trader: somebody,
            subAccount: somebody,
            name,
            orders: 4,
        });
    assert.throws(() => create('seventeen letters'), /name: "seventeen letters" has 17 bytes, more than 16/);
    assert.throws(() => create('ärgerlicherweise'), /has 17 bytes/);
    assert.equal(create('sixteen letters!').data.length, create('').data.length);
});

test('U6: an account is read as what it is, or not at all', () => {
    const data = new Uint8Array(client.getTraderSize());
    data.set(client.TRADER_DISCRIMINATOR);
    data[8] = client.TRADER_VERSION;
    const account = (changes: Partial<EncodedAccount>): EncodedAccount => ({
        address: somebody,
        data,
        executable: false,
        lamports: lamports(1n),
        programAddress: client.KEDGE_PROGRAM_ADDRESS,
        space: BigInt(data.length),
        ...changes,
    });
    assert.equal(client.decodeTrader(account({})).data.version, 1);
    assert.throws(
        () => client.decodeMarket(account({})),
        /KedgeAccountError: Tokenkeg\w+: this is a Trader, not a Market/,
    );
    assert.throws(() => client.getMarketDecoder().decode(data), /this is a Trader, not a Market/);
    assert.throws(
        () => client.decodeTrader(account({ programAddress: somebody })),
        /belongs to Tokenkeg\w+, not to the exchange/,
    );
    assert.throws(
        () => client.decodeTrader(account({ data: data.slice(0, -1) })),
        /a Trader has 272 bytes, this has 271/,
    );
    assert.throws(
        () => client.decodeTrader(account({ data: new Uint8Array(248) })),
        /this is no account of the exchange/,
    );
    const newer = data.slice().fill(2, 8, 9);
    assert.throws(
        () => client.decodeTrader(account({ data: newer })),
        /this Trader has layout 2, this client reads 1: update/,
    );
    assert.throws(() => client.getSubAccountDecoder().decode(newer), /this is a Trader, not a SubAccount/);
});

test('U6: the rule behind a simulation, a status and a past transaction', () => {
    const expected = { code: 6000, instruction: 2, name: 'Overflow' };
    for (const custom of [6000, 6000n]) {
        const err = { InstructionError: [typeof custom === 'bigint' ? 2n : 2, { Custom: custom }] };
        for (const given of [err, { err, logs: [] }]) {
            const { message, ...found } = client.kedgeFailure(given)!;
            assert.deepEqual(found, expected);
            assert.match(message, /left its range/);
        }
    }
    for (const other of [
        null,
        undefined,
        { err: null },
        'AccountInUse',
        { InstructionError: [0, 'InvalidAccountData'] },
        { InstructionError: [0, { Custom: 1 }] },
        new Error('no'),
    ]) {
        assert.equal(client.kedgeFailure(other), undefined);
    }
});
