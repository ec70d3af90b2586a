//! `kedge init` and `kedge config`: the configuration file.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use kedge_client::Secret;
use serde_json::{Value, json};

use crate::args::{Cli, Init};
use crate::config::{self, Defaults, File, Origin};
use crate::error::{CliError, Result};
use crate::output::Output;
use crate::session::{default_keypair, endpoint};
use crate::table::Table;

/// Writes the configuration file and shows its contents.
pub(crate) fn init(cli: &Cli, matches: &ArgMatches, defaults: &Defaults, options: &Init) -> Result<Output> {
    if let (Some(broken), false) = (&defaults.broken, options.force) {
        return Err(CliError::Usage(broken.clone()));
    }
    let before = if options.force { File::default() } else { defaults.file.clone() };
    let typed = |flag| defaults.origin(matches, flag, "", false) == Origin::Flag;
    let url = if options.force && !typed("url") && before.url.is_none() && defaults.file.url.is_some() {
        // A forgotten setting is not written again.
        Secret::from(crate::args::DEFAULT_URL)
    } else {
        cli.url.clone()
    };
    let keypair = cli.keypair.clone().unwrap_or_else(default_keypair);
    let mut file = File {
        url: Some(url),
        keypair: Some(absolute(&keypair)),
        account: options.account.or(before.account).or(Some(0)),
        market: options.market.clone().or_else(|| before.market.clone()),
    };
    let said_something = typed("url") || typed("keypair") || options.account.is_some() || options.market.is_some();
    let on_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if on_terminal && !said_something && !cli.json {
        file = ask(file)?;
    }
    if let Some(url) = &file.url {
        endpoint(url)?;
    }
    let unchanged = file == defaults.file && defaults.path.exists();
    if !unchanged {
        config::write(&defaults.path, &file)?;
    }
    let mut text = format!("{} {}\n", if unchanged { "unchanged:" } else { "wrote" }, defaults.path.display());
    let shown = [
        ("url", file.url.as_ref().map(shown)),
        ("keypair", file.keypair.as_ref().map(|path| path.display().to_string())),
        ("account", file.account.map(|id| id.to_string())),
        ("market", file.market.clone()),
    ];
    for (key, value) in &shown {
        text += &format!("{key:<10}{}\n", value.as_deref().unwrap_or("none"));
    }
    if !keypair.exists() {
        text += "There is no keypair there yet: `kedge keygen` makes one.\n";
    }
    let values: serde_json::Map<String, Value> =
        shown.into_iter().map(|(key, value)| (key.to_owned(), json!(value))).collect();
    Ok(Output::new(
        text,
        json!({ "file": defaults.path.display().to_string(), "written": !unchanged, "values": values }),
    ))
}

/// Asks for each value; an empty line keeps the present one.
fn ask(file: File) -> Result<File> {
    let mut lines = std::io::stdin().lock().lines();
    let mut one = |what: &str, now: String| -> Result<String> {
        eprint!("{what} [{now}]: ");
        let _ = std::io::stderr().flush();
        let line =
            lines.next().transpose().map_err(|error| CliError::Usage(format!("cannot read an answer: {error}")))?;
        Ok(line.unwrap_or_default().trim().to_owned())
    };
    let url = one("RPC endpoint, or devnet or mainnet-beta", file.url.as_ref().map(shown).unwrap_or_default())?;
    let keypair = one("Keypair file", file.keypair.as_ref().map(|at| at.display().to_string()).unwrap_or_default())?;
    let account = one("Sub-account that commands mean", file.account.unwrap_or(0).to_string())?;
    let market = one("Market that book and trades show", file.market.clone().unwrap_or_else(|| "none".into()))?;
    let kept = |answer: String| Some(answer).filter(|answer| !answer.is_empty());
    let account = kept(account).map(|text| text.parse().map_err(|_| CliError::Usage(format!("{text} is not an id"))));
    Ok(File {
        url: kept(url).map(|url| Secret::from(url.as_str())).or(file.url),
        keypair: kept(keypair).map(|path| absolute(Path::new(&path))).or(file.keypair),
        account: account.transpose()?.or(file.account),
        market: kept(market).filter(|market| market != "none").or(file.market),
    })
}

/// Shows every value with its origin.
pub(crate) fn show(cli: &Cli, matches: &ArgMatches, defaults: &Defaults, colour: bool) -> Output {
    let url = defaults.origin(matches, "url", "KEDGE_URL", defaults.file.url.is_some());
    let keypair = defaults.origin(matches, "keypair", "KEDGE_KEYPAIR", defaults.file.keypair.is_some());
    let account = defaults.account.clone().unwrap_or_else(|| ("0".into(), Origin::Default));
    let (market, market_from) = match &defaults.market {
        Some((market, origin)) => (Some(market.clone()), *origin),
        None => (None, Origin::Default),
    };
    let place = cli.keypair.clone().unwrap_or_else(default_keypair);
    let shown = shown(&cli.url);
    let rows = [
        ("url", Some(shown), url),
        ("keypair", Some(place.display().to_string()), keypair),
        ("account", Some(account.0), account.1),
        ("market", market, market_from),
    ];
    let mut table = Table::new(&["SETTING", "VALUE", "FROM"]);
    let mut values = serde_json::Map::new();
    for (key, value, origin) in rows {
        let from = origin.said();
        values.insert(key.into(), json!({ "value": value, "from": from }));
        table.row(vec![key.into(), value.unwrap_or_else(|| "none".into()).into(), from.into()]);
    }
    let exists = defaults.path.exists();
    let mut text = table.render(colour);
    let file = defaults.path.display();
    text += &if exists {
        crate::output::wrap("", &format!("The file is {file}"))
    } else {
        crate::output::wrap("", &format!("No file at {file}; `kedge init` writes one."))
    };
    if let Some(broken) = &defaults.broken {
        text += &crate::output::wrap("error: ", broken);
    }
    let json = json!({
        "file": defaults.path.display().to_string(),
        "exists": exists,
        "error": defaults.broken,
        "values": values,
    });
    Output::new(text, json)
}

/// An endpoint without what may be a key; empty for an invalid one, which may be all key.
fn shown(url: &Secret) -> String {
    endpoint(url).map_or_else(|_| "not an address".into(), |url| url.masked())
}

/// An absolute path, valid from every folder.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
