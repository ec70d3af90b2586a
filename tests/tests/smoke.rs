//! Every instruction once, on the happy path.

use kedge_model::order::Side;
use kedge_tests::World;
use kedge_tests::market::*;
use kedge_tests::orders::*;

#[test]
fn smoke() {
    let mut w = World::start();
    let a = w.rich(100_000);
    let b = w.rich(100_000);
    let k = w.rich(1_000);
    println!("{:#?}", w.meter);
    let id = w.place(a, limit(SOL, Side::Long, 10 * ONE, 149 * DOLLAR)).unwrap();
    println!("{:#?}", w.meter);
    w.cancel(a, id).unwrap();
    let m = w.place(b, limit(SOL, Side::Short, 10 * ONE, 149_500_000)).unwrap();
    w.take(a, limit(SOL, Side::Long, 5 * ONE, 150 * DOLLAR), &[b]).unwrap();
    println!("{:#?}", w.meter);
    w.tick();
    w.take(a, limit(SOL, Side::Long, 5 * ONE, 151 * DOLLAR), &[]).unwrap();
    w.cancel(b, m).unwrap();
    let id = w.place(a, market(SOL, Side::Long, 10 * ONE, 0)).unwrap();
    w.run(w.making(b, a, id, ONE, DOLLAR)).unwrap();
    w.pass_slots(5);
    w.tick();
    w.fill(k, a, id, &[]).unwrap();
    w.withdraw(a, USDC, 1000 * DOLLAR).unwrap();
    w.move_price(SOL, 153 * DOLLAR);
    w.update_amm(SOL).unwrap();
    w.settle(b, SOL).unwrap();
    w.settle(a, SOL).unwrap();
    w.sweep(SOL).unwrap();
    w.pass_ms(3_600_000);
    w.tick();
    w.update_funding(SOL).unwrap();
    let t = w.create_sub_account(a.authority, 1, 0).unwrap();
    w.transfer(a, t, USDC, DOLLAR).unwrap();
    // liquidation
    let d = w.user();
    w.deposit(d, USDC, 1_600 * DOLLAR).unwrap();
    let order = ioc(SOL, Side::Long, 100 * ONE, 155 * DOLLAR);
    let r = w.take(d, order, &[]);
    println!("{r:?}");
    w.move_price(SOL, 146 * DOLLAR);
    let r = w.liquidate(k, d, SOL, u64::MAX);
    println!("{:?}", r);
    w.move_price(SOL, 139 * DOLLAR);
    let r = w.liquidate(a, d, SOL, u64::MAX);
    println!("{:?}", r);
    for _ in 0..40 {
        let r = w.liquidate(a, d, SOL, u64::MAX);
        println!("{:?}", r.map(|d| d.compute));
    }
    println!("{:?}", w.position(d, SOL));
    let r = w.settle(d, SOL);
    println!("{:?}", r.map(|d| d.compute));
    let r = w.bankrupt(d, SOL);
    println!("{:?}", r.map(|d| d.compute));
    for (name, range) in &w.meter {
        println!("{name:<22} {range:?}");
    }
}
