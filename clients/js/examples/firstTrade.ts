import { readFileSync } from 'node:fs';

import {
    base,
    fetchBank,
    fetchMarket,
    fetchMaybeSubAccount,
    fetchMaybeTrader,
    fetchPriceBoard,
    fetchSubAccount,
    findBankPda,
    findBoardPda,
    findMarketPda,
    findSubAccountPda,
    findTraderPda,
    findVaultPda,
    fromUnits,
    getCreateSubAccountInstruction,
    getCreateTraderInstruction,
    getDepositInstruction,
    getPlaceOrdersInstruction,
    kedgeFailure,
    OrderKind,
    OrderStatus,
    PRICE_DECIMALS,
    quote,
    Side,
} from '@kedge-exchange/client';
import {
    appendTransactionMessageInstructions,
    assertIsTransactionWithBlockhashLifetime,
    createKeyPairSignerFromBytes,
    createSolanaRpc,
    createSolanaRpcSubscriptions,
    createTransactionMessage,
    pipe,
    sendAndConfirmTransactionFactory,
    setTransactionMessageFeePayerSigner,
    setTransactionMessageLifetimeUsingBlockhash,
    signTransactionMessageWithSigners,
    type Instruction,
} from '@solana/kit';

const [url = 'http://127.0.0.1:8899', ws = 'ws://127.0.0.1:8900', walletFile = 'target/demo/wallet.json'] =
    process.argv.slice(2);
const rpc = createSolanaRpc(url);
const sendAndConfirm = sendAndConfirmTransactionFactory({ rpc, rpcSubscriptions: createSolanaRpcSubscriptions(ws) });
const wallet = await createKeyPairSignerFromBytes(Uint8Array.from(JSON.parse(readFileSync(walletFile, 'utf8'))));
const authority = wallet.address;

async function send(...instructions: Instruction[]) {
    const { value: lifetime } = await rpc.getLatestBlockhash().send();
    const message = pipe(
        createTransactionMessage({ version: 0 }),
        (m) => setTransactionMessageFeePayerSigner(wallet, m),
        (m) => setTransactionMessageLifetimeUsingBlockhash(lifetime, m),
        (m) => appendTransactionMessageInstructions(instructions, m),
    );
    const transaction = await signTransactionMessageWithSigners(message);
    assertIsTransactionWithBlockhashLifetime(transaction);
    await sendAndConfirm(transaction, { commitment: 'confirmed' });
}

// Where things are: all addresses are derived.
const [SOL, USDC] = [0, 0];
const [trader] = await findTraderPda({ authority });
const [subAccount] = await findSubAccountPda({ authority, id: 0 });
const [bank] = await findBankPda({ index: USDC });
const [vault] = await findVaultPda({ index: USDC });
const [market] = await findMarketPda({ index: SOL });
const [board] = await findBoardPda();

// An account with room for four orders, and 1,000 USDC in it. What is there already, is not made again.
const confirmed = { commitment: 'confirmed' } as const;
const missing: Instruction[] = [];
if (!(await fetchMaybeTrader(rpc, trader, confirmed)).exists) {
    missing.push(getCreateTraderInstruction({ payer: wallet, authority: wallet, trader }));
}
const account = await fetchMaybeSubAccount(rpc, subAccount, confirmed);
if (!account.exists) {
    const open = { payer: wallet, authority: wallet, trader, subAccount, name: 'main', orders: 4 };
    missing.push(getCreateSubAccountInstruction(open));
}
if (!account.exists || account.data.totalDeposits === 0n) {
    const { mint } = (await fetchBank(rpc, bank)).data;
    const [source] = (await rpc.getTokenAccountsByOwner(authority, { mint }, { encoding: 'base64' }).send()).value;
    const amount = quote('1000');
    const from = { depositor: wallet, bank, subAccount, source: source!.pubkey, vault, amount };
    missing.push(getDepositInstruction(from));
}
if (missing.length > 0) await send(...missing);

// Half a SOL at 1 % below the oracle: prices are multiples of the tick.
const { tick } = (await fetchMarket(rpc, market)).data;
const oracle = (await fetchPriceBoard(rpc, board)).data.markets[SOL]!.price.price;
const price = ((oracle * 99n) / 100n / tick) * tick;
const order = { market: SOL, kind: OrderKind.Limit, side: Side.Long, size: base('0.5'), price, clientId: 1n };
const open = async () =>
    (await fetchSubAccount(rpc, subAccount, confirmed)).data.orders.filter(({ status }) => status === OrderStatus.Open);
if (!(await open()).some(({ clientId }) => clientId === order.clientId)) {
    await send(getPlaceOrdersInstruction({ signer: wallet, market, subAccount, orders: [order] }));
}
for (const { id, price } of await open()) {
    console.log(`order ${id} at ${fromUnits(price, PRICE_DECIMALS)}`);
}

// What the exchange refuses, it names: here a price that is no multiple of the tick.
try {
    const orders = [{ ...order, clientId: 2n, price: price + 1n }];
    await send(getPlaceOrdersInstruction({ signer: wallet, market, subAccount, orders }));
} catch (error) {
    console.log(`refused: ${kedgeFailure(error)?.name}`);
}
