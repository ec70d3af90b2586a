//! `kedge trades --follow` against the real program on a local chain: each trade once, in order, while it happens, through
//! connections that break, until Ctrl-C.

mod person;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kedge_testbed::fixture::Fixture;
use person::{Person, Run};
use serde_json::Value;

/// Longest wait for a trade that must come: the machine may be busy.
const SOON: Duration = Duration::from_secs(60);
/// Less than the time between two listings: an entry that comes sooner after its trade was named by the stream.
const LIVE: Duration = Duration::from_secs(5);

/// A command that runs beside the test, with its output line by line.
struct Beside {
    line: String,
    child: Child,
    lines: Receiver<String>,
}

impl Beside {
    fn start(person: &Person, line: &str, form: &'static str) -> Self {
        let mut command = person.command(line, form);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command starts");
        let out = BufReader::new(child.stdout.take().expect("its output"));
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines() {
                let Ok(line) = line else { return };
                let _ = tell.send(line);
            }
        });
        Self { line: line.into(), child, lines }
    }

    /// The next trade, in time.
    fn trade(&self) -> Value {
        let line = self.lines.recv_timeout(SOON).unwrap_or_else(|_| panic!("kedge {}: nothing came", self.line));
        let run = Run { line: self.line.clone(), code: 0, out: line, err: String::new() };
        run.value()
    }

    /// Sends Ctrl-C; returns the exit code and the rest of both outputs.
    fn interrupt(mut self) -> (Option<i32>, Vec<String>, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill").success());
        let code = self.child.wait().expect("it ends").code();
        let mut err = String::new();
        self.child.stderr.take().expect("its errors").read_to_string(&mut err).expect("text");
        (code, self.lines.iter().collect(), err)
    }
}

/// A buyer, and a maker that sells enough for all.
fn traders(fixture: &Fixture) -> (Person, Person) {
    let [me, maker] = [("me", 20_000), ("maker", 1_000_000)].map(|(name, dollars)| {
        let person = Person::new(fixture, fixture.wallet(name, dollars).0);
        person.text("create");
        person.text(&format!("deposit {}", dollars / 2));
        person
    });
    maker.text("place SOL-PERP sell 100 --limit 180.20 --post-only");
    (me, maker)
}

fn buys(me: &Person, size: &str) {
    let told = me.text(&format!("place SOL-PERP buy {size} --limit 180.20 --ioc"));
    assert!(told.contains(&format!("bought {size} of {size} SOL-PERP")), "{told}");
}

/// The size of a trade, once it is certain that it is one of ours.
fn size(trade: &Value) -> &str {
    let kind = (&trade["market"], &trade["side"], &trade["price"], &trade["from"]);
    assert_eq!(kind, (&"SOL-PERP".into(), &"buy".into(), &"180.20".into(), &"book".into()), "{trade}");
    trade["size"].as_str().expect("a size")
}

fn seq(trade: &Value) -> u64 {
    trade["seq"].as_str().and_then(|seq| seq.parse().ok()).unwrap_or_else(|| panic!("no number: {trade}"))
}

#[test]
fn trades_are_told_once_in_order_and_as_they_happen() {
    let fixture = Fixture::start();
    let (me, maker) = traders(&fixture);
    for size in ["1", "1.1"] {
        buys(&me, size);
    }
    let follow = Beside::start(&me, "trades SOL-PERP --follow --limit 1", "json");
    let mut told = vec![follow.trade()];
    assert_eq!(size(&told[0]), "1.1", "the latest before it began");

    // A placed and cancelled order is no trade; each trade comes alone, without waiting for a listing.
    let mut quickest = SOON;
    for bought in ["1.2", "1.3", "1.4"] {
        maker.text("place SOL-PERP sell 1 --limit 200 --post-only");
        buys(&me, bought);
        let done = Instant::now();
        told.push(follow.trade());
        quickest = quickest.min(done.elapsed());
        assert_eq!(size(told.last().unwrap()), bought);
    }
    assert!(quickest < LIVE, "the quickest came {quickest:?} after its trade");
    assert!(told.windows(2).all(|pair| seq(&pair[0]) < seq(&pair[1])), "{told:?}");
    let (code, more, said) = follow.interrupt();
    assert_eq!((code, more, said.as_str()), (Some(0), vec![], ""));

    // The same as the list has it, which ends by itself.
    let listed = me.json("trades SOL-PERP --limit 4");
    let listed: Vec<&Value> = listed["trades"].as_array().unwrap().iter().rev().collect();
    assert_eq!(listed, told.iter().collect::<Vec<_>>());
    let run = me.run("trades SOL-PERP --follow --count 3", "text");
    run.fits();
    let rows: Vec<Vec<&str>> = run.out.lines().map(|line| line.split_whitespace().collect()).collect();
    let sizes: Vec<&str> = rows.iter().skip(1).map(|row| row[3]).collect();
    assert_eq!((run.code, rows[0][2], &sizes[..]), (0, "SIDE", &["1", "1.1", "1.2"][..]), "{}", run.out);
    assert!(me.fails("trades SOL-PERP --limit 0", 2).contains("goes with --follow"));
    assert!(me.fails("trades DOGE-PERP --follow", 5).contains("listed: SOL-PERP"));
}

#[test]
fn what_happens_to_the_own_account_is_told_as_it_happens() {
    let fixture = Fixture::start();
    let (me, maker) = traders(&fixture);
    buys(&me, "1");
    let all = Beside::start(&maker, "history --follow --limit 1", "json");
    let fills = Beside::start(&maker, "history --fills --follow --limit 0", "json");
    let kinds = |told: &Value| -> Vec<String> {
        let entries = told["entries"].as_array().expect("entries");
        entries.iter().map(|entry| entry["kind"].as_str().expect("a kind").to_owned()).collect()
    };
    assert_eq!(kinds(&all.trade()), ["fill"], "as maker, before it began");

    // A foreign order fills, an own one is placed and removed: the history shows all of it, the fills only the fill.
    buys(&me, "1.1");
    let (one, other) = (all.trade(), fills.trade());
    assert_eq!((kinds(&one), &one["signature"]), (vec!["fill".to_owned()], &other["signature"]));
    let entry = &other["entries"][0];
    assert_eq!(
        (&entry["side"], &entry["size"], &entry["role"]),
        (&"sell".into(), &"1.1".into(), &"maker".into()),
        "{other}"
    );
    maker.text("place SOL-PERP sell 1 --limit 200 --post-only");
    assert_eq!(kinds(&all.trade()), ["order_placed"]);
    maker.text("withdraw 5");
    assert_eq!(kinds(&all.trade()), ["withdraw"]);
    for follow in [all, fills] {
        let (code, more, said) = follow.interrupt();
        assert_eq!((code, more, said.as_str()), (Some(0), vec![], ""));
    }
    let run = maker.run("history --follow --count 2 --limit 2", "text");
    run.fits();
    assert!(
        run.code == 0 && run.words().contains("placed order") && run.words().contains("paid out 5.00"),
        "{}",
        run.out
    );
}

/// The endpoint of a fixture through which all connections go, and can be cut.
struct Road {
    url: String,
    open: Arc<Mutex<Vec<TcpStream>>>,
    streams: Arc<AtomicUsize>,
}

impl Road {
    /// On two ports side by side, as clients expect the requests and the stream.
    fn to(fixture: &Fixture) -> Self {
        let far = [fixture.localnet.rpc_url(), fixture.localnet.ws_url()]
            .map(|url| url.split("://").nth(1).expect("an address").trim_end_matches('/').to_owned());
        let pair = (20_300..60_000).step_by(7).find_map(|port| {
            let near = TcpListener::bind(("127.0.0.1", port)).ok()?;
            Some((port, [near, TcpListener::bind(("127.0.0.1", port + 1)).ok()?]))
        });
        let (port, listeners) = pair.expect("two free ports");
        let (open, streams) = (Arc::<Mutex<Vec<TcpStream>>>::default(), Arc::<AtomicUsize>::default());
        for (place, (listener, far)) in listeners.into_iter().zip(far).enumerate() {
            let (open, streams) = (Arc::clone(&open), Arc::clone(&streams));
            std::thread::spawn(move || {
                for near in listener.incoming().flatten() {
                    let Ok(there) = TcpStream::connect(&far) else { continue };
                    if place == 1 {
                        streams.fetch_add(1, Ordering::Relaxed);
                        open.lock().unwrap().push(near.try_clone().unwrap());
                    }
                    pass(near.try_clone().unwrap(), there.try_clone().unwrap());
                    pass(there, near);
                }
            });
        }
        Self { url: format!("http://127.0.0.1:{port}"), open, streams }
    }

    /// Ends the streams that stand.
    fn cut(&self) {
        self.open.lock().unwrap().drain(..).for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        let mut part = [0; 16 << 10];
        while let Ok(read @ 1..) = from.read(&mut part) {
            if to.write_all(&part[..read]).is_err() {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    });
}

#[test]
fn a_stream_that_breaks_off_leaves_no_trade_out_and_tells_none_twice() {
    let fixture = Fixture::start();
    let (me, _maker) = traders(&fixture);
    let road = Road::to(&fixture);
    buys(&me, "0.9");
    let follow =
        Beside::start(&Person { url: road.url.clone(), ..me.like() }, "trades SOL-PERP --follow --limit 0", "json");
    let sizes = ["1", "1.1", "1.2", "1.3", "1.4", "1.5"];
    let mut told = Vec::new();
    let end = Instant::now() + SOON;
    while road.streams.load(Ordering::Relaxed) == 0 {
        assert!(Instant::now() < end, "no stream");
        std::thread::sleep(Duration::from_millis(20));
    }
    for (bought, place) in sizes.iter().zip(0..) {
        buys(&me, bought);
        // Each second one is traded while the stream is away.
        told.push(follow.trade());
        if place % 2 == 0 {
            road.cut();
        }
    }
    assert_eq!(told.iter().map(size).collect::<Vec<_>>(), sizes);
    let connected = road.streams.load(Ordering::Relaxed);
    assert!(connected > 1, "the stream was made anew: {connected}");
    let (code, more, said) = follow.interrupt();
    assert_eq!((code, more), (Some(0), vec![]));
    let notes = said.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    assert!(
        notes.into_iter().any(|line| line["note"].as_str().is_some_and(|note| note.contains("broke off"))),
        "{said}"
    );
}
