//! File, environment and flags become one configuration.

use anyhow::{Context, Result, bail, ensure};
use kedge_client::shown::unquoted;
use serde::Deserialize;
use toml::{Table, Value};

use super::{Config, JobName};
use crate::config::args::Args;

/// Variables that begin with this set a key.
const PREFIX: &str = "KEDGE_KEEPER__";
/// Variables that begin with this alone were meant to.
const ALMOST: &str = "KEDGE_KEEPER_";

/// The configuration that a command line, its file and an environment amount to.
///
/// # Errors
/// A file that cannot be read, an unknown key, a value of the wrong kind or outside its range: each with its name.
pub fn load(args: &Args, environment: impl Iterator<Item = (String, String)>) -> Result<Config> {
    let mut table = match &args.config {
        None => Table::new(),
        Some(path) => {
            let shown = path.display();
            let text = std::fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?;
            // Read once as it is, so that an error names its line.
            let parsed: Table = toml::from_str(&text).map_err(|error| {
                let place = placed(&shown.to_string(), &text, &error);
                anyhow::anyhow!("{place}: {}", unquoted(error.message()))
            })?;
            let read: std::result::Result<Config, _> = toml::from_str(&text);
            read.map_err(|error| {
                let place = placed(&shown.to_string(), &text, &error);
                anyhow::anyhow!("{place}: {}", wrong(&parsed, &error))
            })?;
            parsed
        }
    };
    let mut unknown = None;
    for (name, value) in environment.filter(|(name, _)| name.starts_with(ALMOST)) {
        if !name.starts_with(PREFIX) {
            unknown = unknown.or(suspicious(&name));
            continue;
        }
        let path: Vec<String> = name[PREFIX.len()..].split("__").map(str::to_lowercase).collect();
        set(&mut table, &path, &value).with_context(|| name.clone())?;
        // Each on its own, so that an error names its variable.
        Config::deserialize(Value::Table(table.clone()))
            .map_err(|error| anyhow::anyhow!("{name}: {}", plain(&error)))?;
    }
    if let Some(name) = unknown {
        bail!("{name}: no setting; names are {PREFIX}SECTION__KEY, with two underscores, such as {PREFIX}RPC__URL");
    }
    flags(args, &mut table)?;
    let config = Config::deserialize(Value::Table(table.clone())).map_err(|error| match &args.jobs {
        // File and environment were read before: of the flags only this one can be wrong here.
        Some(_) => anyhow::anyhow!("--jobs: {}", plain(&error)),
        None => anyhow::anyhow!("{}", wrong(&table, &error)),
    })?;
    validate(&config)?;
    Ok(config)
}

/// Where in the file an error is. The line's text is left out, since it may hold a secret.
fn placed(path: &str, text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map(|span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
    line.map_or_else(|| path.to_owned(), |line| format!("{path}, line {line}"))
}

/// What is wrong with a table, behind the name of the setting where that can be told.
fn wrong(table: &Table, error: &toml::de::Error) -> String {
    match setting(table, error.message()) {
        Some(name) => format!("{name}: {}", plain(error)),
        None => plain(error),
    }
}

/// The setting, such as `keeper.tick_ms`, that alone is refused with this message.
fn setting(table: &Table, message: &str) -> Option<String> {
    let (mut path, mut here) = (Vec::<&str>::new(), table);
    let is_refused = |path: &[&str], key: &str, value: &Value| {
        let one = Table::from_iter([(key.to_owned(), value.clone())]);
        let nest = |inner, outer: &&str| Table::from_iter([((*outer).to_owned(), Value::Table(inner))]);
        let whole = path.iter().rev().fold(one, nest);
        Config::deserialize(Value::Table(whole)).is_err_and(|error| error.message() == message)
    };
    while let Some((key, value)) = here.iter().find(|(key, value)| is_refused(&path, key, value)) {
        path.push(key);
        let Value::Table(inner) = value else { break };
        here = inner;
    }
    // A name that no setting could have may be a key in the wrong place.
    let is_name = |key: &&str| key.len() <= 24 && key.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '-'));
    (!path.is_empty() && path.iter().all(is_name)).then(|| path.join("."))
}

/// A parser's message in words that are not its own, without the text that it quotes.
fn plain(error: &toml::de::Error) -> String {
    let whole = ["u64", "u32", "u16", "u8", "usize", "i64", "i32"];
    let said = whole.iter().fold(unquoted(error.message()), |said, kind| {
        said.replace(&format!("expected {kind}"), "expected a whole number")
    });
    said.replace("expected f64", "expected a number").replace("expected a boolean", "expected true or false")
}

/// A variable that is none of ours and looks as if it should be. Kubernetes tells every container of a service called
/// `kedge-keeper` by such names.
fn suspicious(name: &str) -> Option<String> {
    let rest = name.strip_prefix(ALMOST)?;
    let kubernetes = rest.starts_with("SERVICE_") || rest == "PORT" || rest.starts_with("PORT_");
    (!kubernetes).then(|| name.to_owned())
}

/// Sets a key. The text is read as TOML where it is TOML (numbers, lists, booleans), else as a string; the jobs may be
/// separated by commas.
fn set(table: &mut Table, path: &[String], text: &str) -> Result<()> {
    let (section, key, inner) = match path {
        [section, key] => (section, key, None),
        [section, inner, key] => (section, key, Some(inner)),
        _ => bail!("names must be {PREFIX}SECTION__KEY"),
    };
    let value = if (section.as_str(), key.as_str()) == ("keeper", "jobs") && !text.trim_start().starts_with('[') {
        list(text.split(','))
    } else {
        let line: std::result::Result<Table, _> = toml::from_str(&format!("value = {text}"));
        let read = line.ok().and_then(|mut line| line.remove("value"));
        read.unwrap_or_else(|| Value::String(text.to_owned()))
    };
    let Some(inner) = inner else { return put(table, section, key, value) };
    let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    let Value::Table(section) = section else { bail!("is not a section") };
    put(section, inner, key, value)
}

fn flags(args: &Args, table: &mut Table) -> Result<()> {
    let text = |text: &str| Value::String(text.to_owned());
    if let Some(url) = &args.rpc {
        put(table, "rpc", "url", text(url.expose()))?;
        // A WebSocket endpoint of the file belongs to the file's endpoint.
        if let Some(Value::Table(rpc)) = table.get_mut("rpc") {
            rpc.remove("ws");
        }
    }
    if let Some(url) = &args.ws {
        put(table, "rpc", "ws", text(url.expose()))?;
    }
    if let Some(path) = &args.keypair {
        put(table, "wallet", "keypair", text(&path.to_string_lossy()))?;
    }
    if let Some(jobs) = &args.jobs {
        put(table, "keeper", "jobs", list(jobs.iter().map(String::as_str)))?;
    }
    if args.dry_run {
        put(table, "keeper", "dry_run", Value::Boolean(true))?;
    }
    if let Some(format) = args.log_format {
        put(table, "log", "format", text(format.name()))?;
    }
    Ok(())
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> Value {
    Value::Array(
        names.map(|name| Value::String(name.trim().to_owned())).filter(|name| name.as_str() != Some("")).collect(),
    )
}

fn put(table: &mut Table, section: &str, key: &str, value: Value) -> Result<()> {
    let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    let Value::Table(section) = section else { bail!("is not a section") };
    section.insert(key.to_owned(), value);
    Ok(())
}

fn validate(config: &Config) -> Result<()> {
    let Config { keeper, wallet, .. } = config;
    ensure!(!keeper.jobs.is_empty(), "keeper.jobs names no job");
    for (index, job) in keeper.jobs.iter().enumerate() {
        ensure!(!keeper.jobs[..index].contains(job), "keeper.jobs names {} twice", job.name());
        let needs = job.needs_account() && config.account.is_none();
        ensure!(!needs, "job {} trades for an account of its own: set [account] id", job.name());
    }
    ensure!((10..=60_000).contains(&keeper.tick_ms), "keeper.tick_ms must lie between 10 and 60000");
    ensure!(
        (keeper.tick_ms..=60_000).contains(&keeper.poll_ms),
        "keeper.poll_ms must lie between keeper.tick_ms and 60000"
    );
    ensure!((1..=256).contains(&keeper.at_once), "keeper.at_once must lie between 1 and 256");
    ensure!((1..=256).contains(&keeper.per_tick), "keeper.per_tick must lie between 1 and 256");
    config.rpc.validate()?;
    config.source.validate()?;
    config.jito.validate()?;
    config.shard.validate()?;
    config.lease.validate()?;
    config.send.validate()?;
    ensure!(config.ws_url().begins(&["ws://", "wss://"]), "rpc.ws must begin with ws:// or wss://");
    config.oracle.publish.validate()?;
    config.auditor.validate()?;
    config.maker.validate()?;
    positive("wallet.min_balance_sol", wallet.min_balance_sol)?;
    positive("settler.min_pnl", config.settler.min_pnl)?;
    positive("settler.min_flat", config.settler.min_flat)?;
    positive("tiers.min_volume", config.tiers.min_volume)?;
    positive("settler.min_fees", config.settler.min_fees)?;
    positive("liquidator.max_value", config.liquidator.max_value)?;
    positive("liquidator.max_total", config.liquidator.max_total)?;
    positive("liquidator.unwind_value", config.liquidator.unwind_value)?;
    for market in &config.jit.markets {
        positive("jit.markets.max_size", market.max_size)?;
        positive("jit.markets.max_position", market.max_position)?;
    }
    for market in &config.quoter.markets {
        positive("quoter.markets.size", market.size)?;
        positive("quoter.markets.max_position", market.max_position)?;
    }
    let idle = |job, markets: bool| keeper.jobs.contains(&job) && markets;
    ensure!(!idle(JobName::Maker, config.maker.markets.is_empty()), "job maker needs [[maker.markets]]");
    ensure!(!idle(JobName::Jit, config.jit.markets.is_empty()), "job jit needs [[jit.markets]]");
    ensure!(!idle(JobName::Quoter, config.quoter.markets.is_empty()), "job quoter needs [[quoter.markets]]");
    one_maker_a_market(config)
}

/// Makers keep their position within a limit of their own, and all trade for the one account: two in a market would keep
/// within the sum.
fn one_maker_a_market(config: &Config) -> Result<()> {
    let mut made: Vec<(u16, JobName)> = Vec::new();
    for (job, market) in config.made() {
        if let Some((_, other)) = made.iter().find(|(known, _)| *known == market) {
            bail!(
                "market {market} is made by {} and by {}, each up to its own max_position: job maker rests and joins \
                 within one limit",
                other.name(),
                job.name()
            );
        }
        made.push((market, job));
    }
    Ok(())
}

/// Amounts in coins, dollars and SOL: up to a billion, so that they fit the exchange's units.
pub(super) fn positive(name: &str, value: f64) -> Result<()> {
    ensure!((0.0..=1e9).contains(&value), "{name} must lie between 0 and 1000000000");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use clap::Parser;

    use super::*;

    fn args(more: &[&str]) -> Args {
        Args::parse_from(["kedge-keeper", "check"].iter().chain(more))
    }

    fn file(name: &str, text: &str) -> String {
        // Tests run side by side.
        static FILES: AtomicUsize = AtomicUsize::new(0);
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("kedge-keeper-{name}-{}-{number}.toml", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn environment(pairs: &[(&str, &str)]) -> impl Iterator<Item = (String, String)> {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        pairs.into_iter()
    }

    fn refusal(text: &str, variables: &[(&str, &str)]) -> String {
        let path = file("refused", text);
        let said = format!("{:#}", load(&args(&["--config", &path]), environment(variables)).unwrap_err());
        std::fs::remove_file(path).unwrap();
        said
    }

    #[test]
    fn the_later_wins() {
        let path = file("order", "[rpc]\nurl = \"http://file:1\"\nws = \"ws://file:2\"\n[keeper]\njobs = [\"amm\"]\n");
        let set =
            [("KEDGE_KEEPER__RPC__URL", "http://environment:1"), ("KEDGE_KEEPER__KEEPER__JOBS", "oracle, filler")];
        let config = load(&args(&["--config", &path]), environment(&set)).unwrap();
        assert_eq!((config.rpc.url.expose(), config.ws_url().expose()), ("http://environment:1", "ws://file:2"));
        assert_eq!(config.keeper.jobs, [JobName::Oracle, JobName::Filler]);
        let flags = args(&["--config", &path, "--rpc", "http://flag:5", "--jobs", "funding", "--dry-run"]);
        let config = load(&flags, environment(&set)).unwrap();
        assert_eq!((config.rpc.url.expose(), config.ws_url().expose()), ("http://flag:5", "ws://flag:6"));
        assert_eq!((&config.keeper.jobs[..], config.keeper.dry_run), (&[JobName::Funding][..], true));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_is_wrong_is_named() {
        let said = refusal("[rpc]\nurl = \"http://a\"\ncolour = 1\n", &[]);
        assert!(said.contains("line 3: rpc.colour: unknown field `colour`"), "{said}");
        let said = refusal("[keeper]\njobs = [\"oracel\"]\n", &[]);
        assert!(said.contains("unknown variant `oracel`") && said.contains("`oracle`"), "{said}");
        let said = refusal("", &[("KEDGE_KEEPER__RPC__ULR", "http://a")]);
        assert!(said.contains("KEDGE_KEEPER__RPC__ULR") && said.contains("unknown field `ulr`"), "{said}");
        let said = refusal("", &[("KEDGE_KEEPER__KEEPER__TICK_MS", "1")]);
        assert!(said.contains("keeper.tick_ms must lie between"), "{said}");
        let said = refusal("[keeper]\njobs = [\"liquidator\"]\n", &[]);
        assert!(said.contains("set [account] id"), "{said}");
    }

    #[test]
    fn a_wrong_value_names_its_setting_or_flag_and_what_is_expected() {
        for (text, wanted) in [
            (
                "[keeper]\ntick_ms = \"soon\"\n",
                "line 2: keeper.tick_ms: invalid type: a string, expected a whole number",
            ),
            (
                "[keeper]\ntick_ms = -1\n",
                "line 2: keeper.tick_ms: invalid value: integer `-1`, expected a whole number",
            ),
            ("[keeper]\ndry_run = 1\n", "line 2: keeper.dry_run: invalid type: integer `1`, expected true or false"),
            ("[keeper]\njobs = [\"oracel\"]\n", "keeper.jobs: unknown variant `oracel`, expected one of `oracle`"),
            ("[oracle.publish]\nsource = \"hermess\"\n", "line 2: oracle.publish.source: unknown variant `hermess`"),
            ("[source]\nkind = \"pol\"\n", "line 2: source.kind: unknown variant `pol`"),
            (
                "[wallet]\nmin_balance_sol = \"x\"\n",
                "wallet.min_balance_sol: invalid type: a string, expected a number",
            ),
        ] {
            let said = refusal(text, &[]);
            assert!(said.contains(wanted), "{said}");
        }
        let said = refusal("", &[("KEDGE_KEEPER__KEEPER__TICK_MS", "soon")]);
        assert!(
            said.starts_with("KEDGE_KEEPER__KEEPER__TICK_MS: ") && said.contains("expected a whole number"),
            "{said}"
        );
        let said = format!("{:#}", load(&args(&["--jobs", "oracle,oracel"]), environment(&[])).unwrap_err());
        assert!(said.starts_with("--jobs: unknown variant `oracel`, expected one of `oracle`"), "{said}");
    }

    #[test]
    fn an_endpoint_is_not_quoted() {
        let said = refusal("[rpc]\nurl = \"https://a/s3cret\" x\n", &[]);
        assert!(said.contains("line 2") && !said.contains("s3cret"), "{said}");
        let path = file("debug", "[rpc]\nurl = \"https://a/s3cret\"\n");
        let config = load(&args(&["--config", &path]), environment(&[])).unwrap();
        std::fs::remove_file(path).unwrap();
        assert!(!format!("{config:?}").contains("s3cret"));
    }

    #[test]
    fn a_key_in_the_wrong_place_is_not_quoted() {
        for variable in ["RPC__BACKUPS", "KEEPER__TICK_MS", "KEEPER__DRY_RUN", "SOURCE__KIND", "MAKER__MARKETS"] {
            for key in ["https://host.invalid/?api-key=s3cret", "s3\"cret s3cret"] {
                let said = refusal("", &[(&format!("KEDGE_KEEPER__{variable}"), key)]);
                assert!(said.contains(variable) && !said.contains("s3cret"), "{said}");
            }
        }
        let said = refusal("[rpc]\nbackups = \"https://host.invalid/s3cret\"\n", &[]);
        assert!(said.contains("line 2") && said.contains("expected a sequence") && !said.contains("s3cret"), "{said}");
        let said = refusal("[rpc]\nurl = 5\n", &[]);
        assert!(said.contains("line 2") && said.contains("a text in quotation marks"), "{said}");
    }

    #[test]
    fn one_underscore_too_few_is_noticed() {
        for name in ["KEDGE_KEEPER_RPC_URL", "KEDGE_KEEPER_RPC__URL", "KEDGE_KEEPER_"] {
            let said = refusal("", &[("KEDGE_KEEPER__RPC__URL", "http://a"), (name, "http://b/s3cret")]);
            assert!(
                said.starts_with(&format!("{name}: no setting")) && said.contains("KEDGE_KEEPER__RPC__URL"),
                "{said}"
            );
            assert!(!said.contains("s3cret"));
        }
        // What Kubernetes sets for a service of this name, and what is not for us at all.
        let set =
            [("KEDGE_KEEPER_SERVICE_HOST", "10.0.0.1"), ("KEDGE_KEEPER_PORT_9464_TCP", "x"), ("KEDGE_KEEPERS", "x")];
        assert!(load(&args(&[]), environment(&set)).is_ok());
    }

    #[test]
    fn a_market_has_one_maker() {
        let market = |job: &str, more: &str, market: u16| {
            format!("[[{job}.markets]]\nmarket = {market}\nmax_position = 1.0\n{more}\n")
        };
        let (jit, quoter) = (market("jit", "max_size = 1.0", 1), market("quoter", "size = 1.0", 1));
        let head = "[account]\nid = 0\n[keeper]\njobs = [\"jit\", \"quoter\"]\n";
        let said = refusal(&format!("{head}{jit}{quoter}"), &[]);
        assert!(said.contains("market 1 is made by jit and by quoter"), "{said}");
        let path = file("two-markets", &format!("{head}{jit}{}", market("quoter", "size = 1.0", 2)));
        assert!(load(&args(&["--config", &path]), environment(&[])).is_ok());
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn the_example_lists_every_job() {
        let said = refusal("[keeper]\njobs = [\"x\"]\n", &[]);
        let all: Vec<&str> = said.split('`').skip(3).step_by(2).collect();
        let text = include_str!("../../../../keepers/config/example.toml");
        let listed = text.split_once("# oracle, ").unwrap().1.split_once(':').unwrap().0;
        let listed: Vec<&str> = listed.split([',', ' ', '\n', '#']).filter(|word| !word.is_empty()).collect();
        assert!(all.len() >= 15, "{said}");
        for job in &all[1..] {
            assert!(listed.contains(job), "{job} is not in the example's list: {listed:?}");
        }
    }

    #[test]
    fn the_example_is_the_default() {
        let text = include_str!("../../../../keepers/config/example.toml");
        let example: Config = toml::from_str(text).unwrap();
        assert_eq!(format!("{example:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn a_configuration_that_is_written_is_the_one_that_is_read() {
        let text = include_str!("../../../../keepers/config/example.toml");
        let mut config: Config = toml::from_str(text).unwrap();
        config.rpc.url = "https://rpc.example.com/s3cret".into();
        config.rpc.backups = vec!["https://b.example/s3cret".into()];
        config.account = Some(super::super::Account { id: 3, authority: Some(solana_pubkey::Pubkey::new_unique()) });
        config.oracle.accounts =
            vec![super::super::publish::PriceAccount { id: [0xab; 32], account: solana_pubkey::Pubkey::new_unique() }];
        let written = config.to_toml().unwrap();
        let read: Config = toml::from_str(&written).unwrap();
        assert_eq!(read.to_toml().unwrap(), written);
        assert_eq!((&read.rpc.url, &read.rpc.backups), (&config.rpc.url, &config.rpc.backups));
        assert_eq!(read.account.unwrap().authority, config.account.unwrap().authority);
        assert_eq!(read.oracle.accounts[0].account, config.oracle.accounts[0].account);
        let whole: Config = toml::from_str(&Config::default().to_toml().unwrap()).unwrap();
        assert_eq!(format!("{whole:?}"), format!("{:?}", Config::default()));
    }
}
