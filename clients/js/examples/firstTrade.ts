import { readFileSync } from 'node:fs';

import {
    base,
    fetchBank,
    fetchMarket,
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
    address,
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

// An account with room for four orders, and 1,000 USDC in it.
const { mint } = (await fetchBank(rpc, bank)).data;
const [source] = (await rpc.getTokenAccountsByOwner(authority, { mint: address(mint) }, { encoding: 'base64' }).send())
    .value;
await send(
    getCreateTraderInstruction({ payer: wallet, authority: wallet, trader }),
    getCreateSubAccountInstruction({ payer: wallet, authority: wallet, trader, subAccount, name: 'main', orders: 4 }),
    getDepositInstruction({
        depositor: wallet,
        bank,
        subAccount,
        source: source!.pubkey,
        vault,
        amount: quote('1000'),
    }),
);

// Half a SOL at 1 % below the oracle: prices are multiples of the tick.
const { tick } = (await fetchMarket(rpc, market)).data;
const oracle = (await fetchPriceBoard(rpc, board)).data.markets[SOL]!.price.price;
const price = ((oracle * 99n) / 100n / tick) * tick;
const order = { market: SOL, kind: OrderKind.Limit, side: Side.Long, size: base('0.5'), price };
await send(getPlaceOrdersInstruction({ signer: wallet, market, subAccount, orders: [order] }));

const { orders } = (await fetchSubAccount(rpc, subAccount, { commitment: 'confirmed' })).data;
for (const { id, price } of orders.filter(({ status }) => status === OrderStatus.Open)) {
    console.log(`order ${id} at ${fromUnits(price, PRICE_DECIMALS)}`);
}

// What the exchange refuses, it names.
try {
    await send(
        getPlaceOrdersInstruction({ signer: wallet, market, subAccount, orders: [{ ...order, size: base('1000') }] }),
    );
} catch (error) {
    console.log(`refused: ${kedgeFailure(error)?.name}`);
}
