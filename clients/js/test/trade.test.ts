// A wallet's whole path with this client alone, on the embedded chain: account, deposit, a resting order, a trade, what
// is refused, cancelling, withdrawal.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
    base,
    fetchMarket,
    fetchPriceBoard,
    fetchSubAccount,
    FillSource,
    findBankPda,
    findBoardPda,
    findMarketPda,
    findOracles,
    findSubAccountPda,
    findTraderPda,
    findVaultPda,
    getCancelOrderInstruction,
    getCreateSubAccountInstruction,
    getCreateTraderInstruction,
    getDepositInstruction,
    getFreshPricesInstruction,
    getPlaceAndTakeInstruction,
    getPlaceOrdersInstruction,
    getWithdrawInstruction,
    kedgeFailure,
    ORDER_FLAG_IMMEDIATE_OR_CANCEL,
    ORDER_FLAG_POST_ONLY,
    OrderKind,
    OrderStatus,
    quote,
    Side,
    type EventBatch,
    type KedgeEvent,
    type OrderParamsArgs,
} from '../src/index.js';
import { startExchange } from './exchange.js';
import { fills } from './fills.js';

const SOL = 0;
const USDC = 0;

let exchange: Awaited<ReturnType<typeof startExchange>>;
before(async () => (exchange = await startExchange(28_910)), { timeout: 60_000 });
after(() => exchange?.stop());

/** The first record of a kind. */
function record<K extends KedgeEvent['__kind']>(batches: EventBatch[], kind: K) {
    const events = batches.flatMap(({ events }) => events);
    const found = events.find(
        (event): event is Extract<KedgeEvent, { __kind: K; record: unknown }> => event.__kind === kind,
    );
    assert(found, `no ${kind} among ${events.map(({ __kind }) => __kind)}`);
    return found.record as Extract<KedgeEvent, { __kind: K; record: unknown }>['record'];
}

test('a wallet trades', { timeout: 90_000 }, async () => {
    const { rpc, signer, send, sent, served, oracles, tokens } = exchange;
    const authority = signer.address;
    const [[trader], [subAccount], [bank], [vault], [market], [board]] = await Promise.all([
        findTraderPda({ authority }),
        findSubAccountPda({ authority, id: 0 }),
        findBankPda({ index: USDC }),
        findVaultPda({ index: USDC }),
        findMarketPda({ index: SOL }),
        findBoardPda(),
    ]);
    const account = async () => (await fetchSubAccount(rpc, subAccount, { commitment: 'confirmed' })).data;
    const balance = async () => (await account()).balances.find(({ used, bank }) => used && bank === USDC)?.amount;
    const position = async () => (await account()).positions.find(({ status, market }) => status && market === SOL);
    const inWallet = async () =>
        BigInt((await rpc.getTokenAccountBalance(tokens, { commitment: 'confirmed' }).send()).value.amount);

    // Account and deposit.
    const before = await inWallet();
    await send(
        getCreateTraderInstruction({ payer: signer, authority: signer, trader }),
        getCreateSubAccountInstruction({
            payer: signer,
            authority: signer,
            trader,
            subAccount,
            name: 'main',
            orders: 4,
        }),
        getDepositInstruction({ depositor: signer, bank, subAccount, source: tokens, vault, amount: quote('5000') }),
    );
    const fresh = await account();
    assert.deepEqual([fresh.name, fresh.authority, fresh.orders.length], ['main', authority, 4]);
    assert.equal(await balance(), quote('5000'));
    assert.equal(await inWallet(), before - quote('5000'));

    // A resting order, 3 % below the oracle.
    const { tick } = (await fetchMarket(rpc, market)).data;
    const prices = (await fetchPriceBoard(rpc, board)).data;
    const oracle = prices.markets[SOL]!.price.price;
    assert.deepEqual(await findOracles(prices.markets[SOL]!.price), [oracles[SOL]]);
    const near = (percent: bigint) => ((oracle * (100n + percent)) / 100n / tick) * tick;
    const bid: OrderParamsArgs = {
        market: SOL,
        kind: OrderKind.Limit,
        side: Side.Long,
        size: base('1.5'),
        price: near(-3n),
        flags: ORDER_FLAG_POST_ONLY,
        clientId: 7,
    };
    const place = (...orders: OrderParamsArgs[]) =>
        send(getPlaceOrdersInstruction({ signer, market, subAccount, orders }));
    const placed = record(await place(bid), 'OrderPlaced');
    const resting = (await account()).orders.find(({ status }) => status === OrderStatus.Open);
    assert.deepEqual(resting, placed.order);
    assert.deepEqual(
        [resting?.price, resting?.size, resting?.clientId, resting?.side],
        [bid.price, bid.size, 7n, Side.Long],
    );

    // A trade at once, against the vAMM, which fills only at a price of the same slot: the price goes in with the order,
    // and where the oracle has published none yet, the wallet tries again.
    const take = async (side: Side, limit: bigint, size: bigint) => {
        for (let tries = 0; ; tries += 1) {
            try {
                return await send(
                    await getFreshPricesInstruction(prices, { markets: [SOL], banks: [USDC] }),
                    getPlaceAndTakeInstruction({
                        signer,
                        market,
                        subAccount,
                        order: {
                            market: SOL,
                            kind: OrderKind.Limit,
                            side,
                            size,
                            price: limit,
                            flags: ORDER_FLAG_IMMEDIATE_OR_CANCEL,
                        },
                        minFill: size,
                        makers: [],
                    }),
                );
            } catch (error) {
                if (tries === 20 || kedgeFailure(error)?.name !== 'FillTooSmall') throw error;
            }
        }
    };
    const filled = await take(Side.Long, near(2n), base('2'));
    const fill = record(filled, 'Fill');
    const { seq } = filled.find(({ events }) => events.some(({ __kind }) => __kind === 'Fill'))!.header;
    assert.deepEqual([fill.size, fill.side, fill.source], [base('2'), Side.Long, FillSource.Amm]);
    assert.equal(fill.taker.authority, authority);
    const line = [SOL, seq, authority, 'Long', fill.size, fill.quote, 'Amm'].join(' ');
    assert.deepEqual(await fills(served.rpc, sent.at(-1)!), [line], 'the example of the guide');
    assert.equal((await position())?.base, base('2'));
    assert((await position())!.quote <= -fill.quote, 'the position owes what was paid');

    // What is refused has the rule's name and changes nothing.
    const state = await account();
    const refused = async (act: Promise<unknown>) =>
        kedgeFailure(
            await act.then(
                () => undefined,
                (error: unknown) => error,
            ),
        );
    const beyond = await refused(place({ ...bid, clientId: 8, size: base('1000') }));
    assert.equal(beyond?.name, 'InsufficientMargin');
    const unknown = await refused(send(getCancelOrderInstruction({ signer, subAccount, id: 4_000_000 })));
    assert.deepEqual([unknown?.name, unknown?.instruction], ['OrderNotFound', 0]);
    assert.match(unknown?.message ?? '', /No open order has this id/);
    assert.deepEqual(await account(), state);

    // Cancelling, closing, withdrawing.
    const cancelled = record(
        await send(getCancelOrderInstruction({ signer, subAccount, id: placed.order.id })),
        'OrderCancelled',
    );
    assert.equal(cancelled.clientId, 7n);
    assert.equal((await account()).openOrders, 0);
    await take(Side.Short, near(-2n), base('2'));
    assert.equal((await position())?.base ?? 0n, 0n);
    const withdraw = getWithdrawInstruction({
        authority: signer,
        bank,
        subAccount,
        destination: tokens,
        vault,
        amount: quote('1000'),
    });
    assert.equal(record(await send(withdraw), 'Withdraw').amount, quote('1000'));
    assert.equal(await inWallet(), before - quote('4000'));
});
