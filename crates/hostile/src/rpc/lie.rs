//! The lies, with the most that each may cost.

use std::fmt::Write as _;

/// A lie of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is described by its cost")]
pub enum Lie {
    ForeignSignature,
    RefusesTransactions,
    KeepsTransactions,
    NullStatuses,
    LagsBehind,
    FalseFailure,
    FalseSuccess,
    RunawayHeight,
    EndlessBlockhash,
    SetBack,
    StandsStill,
    RunawaySlot,
    RefusesAll,
    Silent,
    SlowDrip,
    Endless,
    GzipBomb,
    ManyValues,
    LongMessage,
    Redirects,
    WrongPrices,
    WrongAccounts,
    PackedAccounts,
    WrongDecimals,
    SwappedNames,
    EmptyLists,
    BadTransaction,
}

/// The most that a lie may cost a client or keeper that relies on the endpoint. Tests hold them to these figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The endpoint's behaviour.
    pub what: &'static str,
    /// Most transactions that a keeper signs about one subject in ten seconds, with this endpoint alone.
    pub signed_alone: usize,
    /// The same with an honest endpoint beside it.
    pub signed_beside: usize,
    /// Seconds within which a keeper with this endpoint alone reports that it is not ready; `None` when it works on.
    pub red_s: Option<u64>,
    /// Further costs.
    pub rest: &'static str,
}

/// Most memory in megabytes of command line or keeper with default limits, for any answer.
pub const MEMORY_MB: u64 = 320;

impl Lie {
    /// All lies.
    pub const ALL: [Self; 27] = [
        Self::ForeignSignature,
        Self::RefusesTransactions,
        Self::KeepsTransactions,
        Self::NullStatuses,
        Self::LagsBehind,
        Self::FalseFailure,
        Self::FalseSuccess,
        Self::RunawayHeight,
        Self::EndlessBlockhash,
        Self::SetBack,
        Self::StandsStill,
        Self::RunawaySlot,
        Self::RefusesAll,
        Self::Silent,
        Self::SlowDrip,
        Self::Endless,
        Self::GzipBomb,
        Self::ManyValues,
        Self::LongMessage,
        Self::Redirects,
        Self::WrongPrices,
        Self::WrongAccounts,
        Self::PackedAccounts,
        Self::WrongDecimals,
        Self::SwappedNames,
        Self::EmptyLists,
        Self::BadTransaction,
    ];

    /// The most that the lie may cost.
    #[must_use]
    pub fn cost(self) -> Cost {
        let silent = |what, rest| Cost { what, signed_alone: 1, signed_beside: 1, red_s: Some(15), rest };
        let once = |what, rest| Cost { red_s: None, ..silent(what, rest) };
        match self {
            Self::ForeignSignature => once(
                "`sendTransaction` names another signature",
                "the endpoint rests; alone, the subject waits for a status",
            ),
            Self::RefusesTransactions => {
                once("`sendTransaction` is refused", "alone, the subject waits until the blockhash expires")
            }
            Self::KeepsTransactions => once(
                "`sendTransaction` says yes and passes nothing on",
                "alone, the subject waits until the blockhash expires",
            ),
            Self::NullStatuses => once(
                "no transaction has a status",
                "the subject waits until the history, or the end of its blockhash, says what became of it",
            ),
            Self::LagsBehind => once(
                "statuses and history are those of a node that lags by 200 slots",
                "alone, the subject waits for a node that has seen the end of its blockhash",
            ),
            Self::FalseFailure => Cost {
                signed_alone: 3,
                ..once(
                    "every transaction has failed",
                    "alone, the subject is signed anew after 4, 8, 16 ... slots, each within the ceiling of a day",
                )
            },
            Self::FalseSuccess => Cost {
                signed_alone: 26,
                ..once(
                    "every transaction has landed",
                    "alone, the subject is signed anew once a slot, within the ceiling of a day",
                )
            },
            Self::RunawayHeight => Cost {
                red_s: Some(5),
                ..once("`getBlockHeight` is u64::MAX", "nothing: a height that cannot be is not believed")
            },
            Self::EndlessBlockhash => Cost {
                red_s: Some(5),
                ..once(
                    "`lastValidBlockHeight` is u64::MAX",
                    "alone, nothing is signed once the last good blockhash is 30 s old",
                )
            },
            Self::SetBack => Cost {
                red_s: Some(10),
                ..once(
                    "blockhash and height of 4,000 blocks ago",
                    "for 5 s the last good blockhash is used, then the old one",
                )
            },
            Self::StandsStill => Cost {
                red_s: Some(15),
                ..once(
                    "slot, height and blockhash stand still",
                    "alone, nothing is signed once the blockhash is 30 s old",
                )
            },
            Self::RunawaySlot => silent("every slot is u64::MAX", "the endpoint rests; no other is sent away"),
            Self::RefusesAll => silent(
                "every question is refused",
                "a second endpoint is asked, and this one rests when that one answers",
            ),
            Self::Silent => {
                silent("it takes requests and never answers", "`timeout_ms` for each question, then it rests")
            }
            Self::SlowDrip => {
                silent("a byte of the answer every second", "`timeout_ms` for each question, then it rests")
            }
            Self::Endless => silent("an answer without an end", "the bytes of the limit, then it rests"),
            Self::GzipBomb => {
                silent("four megabytes that unpack to four gigabytes", "the bytes of the limit, then it rests")
            }
            Self::ManyValues => {
                silent("millions of empty lists or small objects", "the bytes of the limit, then it rests")
            }
            Self::LongMessage => silent("an error with a message of four megabytes", "500 characters of it"),
            Self::Redirects => silent("every question is redirected", "nothing: no redirection is followed"),
            Self::WrongPrices => once(
                "oracle accounts with twice the price",
                "beside another endpoint own trades stop; services are judged by the program",
            ),
            Self::WrongAccounts => silent("every account holds another's data", "nothing is decided"),
            Self::PackedAccounts => {
                silent("accounts are packed, a gigabyte in forty kilobytes", "nothing is decided, and nothing unpacked")
            }
            Self::WrongDecimals => {
                once("the quote bank has nine decimals", "the command line refuses: board and mint say six")
            }
            Self::SwappedNames => once(
                "two markets have the same name",
                "the command line refuses; other names in the place of the true ones are believed",
            ),
            Self::EmptyLists => {
                once("`getProgramAccounts` finds nothing", "no account is served; the auditor's sums do not fit")
            }
            Self::BadTransaction => once("a past transaction is not one", "one line of `kedge history`"),
        }
    }
}

/// The table of all lies, as it stands in docs/keepers/endpoints.md.
#[must_use]
pub fn table() -> String {
    let mut table = String::from(
        "| lie | what the endpoint does | signed, alone | signed, beside an honest one | not ready within | what else is lost |\n|---|---|---|---|---|---|\n",
    );
    for lie in Lie::ALL {
        let Cost { what, signed_alone, signed_beside, red_s, rest } = lie.cost();
        let red = red_s.map_or_else(|| "-".into(), |seconds| format!("{seconds} s"));
        let _ = writeln!(table, "| `{lie:?}` | {what} | {signed_alone} | {signed_beside} | {red} | {rest} |");
    }
    table
}
