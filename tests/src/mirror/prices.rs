//! What the oracle accounts say, on the board.

use kedge_interface::BOARD;
use kedge_model::board::{OraclePrice, PriceBoard, PriceSource, SourceKind};
use kedge_model::error::Result;
use kedge_model::quantity::Price;

use super::Mirror;
use crate::machine::Machine;

impl Mirror<'_> {
    pub(super) fn refresh(&mut self, markets: &[u8], banks: &[u8]) -> Result<()> {
        let mut board: Box<PriceBoard> = Box::new(self.pod(&BOARD));
        board.measure_slot_time(&self.clock)?;
        let slot_micros = board.slot_micros();
        let (machine, clock) = (self.machine, self.clock);
        for row in markets {
            let row = board.market_mut(u16::from(*row))?;
            let _ = row.refresh(&observe(machine, row.price.sources()), &clock, slot_micros)?;
        }
        for row in banks {
            let price = &mut board.bank_mut(u16::from(*row))?.price;
            let _ = price.refresh(&observe(machine, price.sources()), &clock, slot_micros)?;
        }
        self.put(&BOARD, &*board);
        Ok(())
    }
}

/// What the accounts that this crate writes say.
fn observe(machine: &Machine, sources: &[PriceSource]) -> Vec<OraclePrice> {
    let read = |source: &PriceSource| {
        assert_eq!(source.kind, SourceKind::PythPull as u8, "only Pyth's pull accounts are written here");
        let data = machine.data(&crate::oracle::address(&source.key));
        let number = |at: usize| u64::from_le_bytes(data[at..at + 8].try_into().expect("eight bytes"));
        OraclePrice {
            price: Price(number(73) / 100),
            confidence: Price(number(81).div_ceil(100)),
            publish_time: i64::try_from(number(93)).expect("a time of our age"),
            publish_slot: number(125),
        }
    };
    sources.iter().map(read).collect()
}
