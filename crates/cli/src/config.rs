//! The configuration file: defaults below flags and environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Command, CommandFactory, parser::ValueSource};
use kedge_client::Secret;
use kedge_client::shown::unquoted;
use serde::Deserialize;

use crate::args::Cli;
use crate::error::{CliError, Result};
use crate::private;

/// Environment variable with the path of the file.
const PLACE: &str = "KEDGE_CONFIG";
/// Environment variable with the id of the default sub-account.
pub(crate) const ACCOUNT: &str = "KEDGE_ACCOUNT";
/// Environment variable with the default market.
pub(crate) const MARKET: &str = "KEDGE_MARKET";

/// Contents of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct File {
    /// URL of the RPC endpoint.
    pub url: Option<Secret>,
    /// Path of the keypair file.
    pub keypair: Option<PathBuf>,
    /// Id of the default sub-account.
    pub account: Option<u16>,
    /// Name of the default market.
    pub market: Option<String>,
}

/// Origin of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag of the command line.
    Flag,
    /// An environment variable.
    Environment(&'static str),
    /// The configuration file.
    File,
    /// The built-in default.
    Default,
}

impl Origin {
    /// The origin in a few words.
    pub(crate) fn said(self) -> String {
        match self {
            Self::Flag => "the command line".into(),
            Self::Environment(name) => format!("the variable {name}"),
            Self::File => "the file".into(),
            Self::Default => "the default".into(),
        }
    }
}

/// The defaults of this run.
#[derive(Clone, Debug)]
pub(crate) struct Defaults {
    /// Path of the file, which need not exist.
    pub path: PathBuf,
    /// Contents of the file; empty when it is missing or broken.
    pub file: File,
    /// Why the file could not be read.
    pub broken: Option<String>,
    /// The default sub-account and its origin.
    pub account: Option<(String, Origin)>,
    /// The default market and its origin.
    pub market: Option<(String, Origin)>,
}

impl Defaults {
    /// Reads file and environment. A broken file is kept as text, for the commands that need it.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let path = place(&variable);
        let (file, broken) = match read(&path) {
            Ok(file) => (file, None),
            Err(reason) => (File::default(), Some(reason)),
        };
        let text = |name| variable(name).and_then(|value| value.into_string().ok()).filter(|text| !text.is_empty());
        let account = text(ACCOUNT).map(|account| (account, Origin::Environment(ACCOUNT)));
        let account = account.or_else(|| file.account.map(|id| (id.to_string(), Origin::File)));
        let named = text(MARKET).map(|market| (market, Origin::Environment(MARKET)));
        let market = named.or_else(|| file.market.clone().map(|market| (market, Origin::File)));
        Self { path, file, broken, account, market }
    }

    /// The command line with the file's defaults, which stand below environment and flags.
    pub(crate) fn command(&self) -> Command {
        let mut command = Cli::command();
        // Help must not show a URL with a key.
        if let Some(url) = &self.file.url {
            let url: &'static str = url.expose().to_owned().leak();
            command = command.mut_arg("url", |arg| arg.default_value(url).hide_default_value(true));
        }
        if let Some(keypair) = self.file.keypair.as_ref().and_then(|path| path.to_str()) {
            let keypair: &'static str = keypair.to_owned().leak();
            command = command.mut_arg("keypair", |arg| arg.default_value(keypair).hide_default_value(true));
        }
        match &self.account {
            Some((account, _)) => with_account(command, account.clone().leak()),
            None => command,
        }
    }

    /// Origin of a flag whose environment variable is `variable`.
    pub(crate) fn origin(&self, matches: &ArgMatches, flag: &str, variable: &'static str, in_file: bool) -> Origin {
        match matches.value_source(flag) {
            Some(ValueSource::CommandLine) => Origin::Flag,
            Some(ValueSource::EnvVariable) => Origin::Environment(variable),
            _ if in_file => Origin::File,
            _ => Origin::Default,
        }
    }
}

/// Lets the environment set the default of every flag that names an own sub-account.
fn with_account(mut command: Command, account: &'static str) -> Command {
    let meant = |arg: &clap::Arg| arg.get_env().is_some_and(|name| name == ACCOUNT);
    let flags: Vec<clap::Id> =
        command.get_arguments().filter(|arg| meant(arg)).map(|arg| arg.get_id().clone()).collect();
    for flag in flags {
        command = command.mut_arg(flag, |arg| arg.default_value(account));
    }
    let names: Vec<String> = command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, |one| with_account(one, account)))
}

fn place(variable: &impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let folder = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder(PLACE).unwrap_or_else(|| {
        let settings = folder("XDG_CONFIG_HOME").or_else(|| Some(folder("HOME")?.join(".config")));
        settings.unwrap_or_default().join("kedge/config.toml")
    })
}

/// A missing file has no settings.
fn read(path: &Path) -> core::result::Result<File, String> {
    let shown = path.display();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(File::default()),
        Err(error) => return Err(format!("cannot read the configuration {shown}: {error}")),
    };
    toml::from_str(&text).map_err(|error| {
        let line = error.span().map(|span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
        let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
        // The line itself may hold a key.
        format!("the configuration {shown}{line}: {}; `kedge init --force` writes it anew", unquoted(error.message()))
    })
}

/// Writes the file, readable by its owner alone.
///
/// # Errors
/// [`CliError::Usage`] where it cannot be written.
pub(crate) fn write(path: &Path, file: &File) -> Result<()> {
    let mut text = String::from("# Written by `kedge init`. Flags and the environment come before what stands here.\n");
    // A string of JSON is one of TOML.
    let mut line = |key: &str, value: serde_json::Value| text += &format!("{key} = {value}\n");
    if let Some(url) = &file.url {
        line("url", url.expose().into());
    }
    if let Some(keypair) = &file.keypair {
        line("keypair", keypair.to_string_lossy().into());
    }
    if let Some(account) = file.account {
        line("account", account.into());
    }
    if let Some(market) = &file.market {
        line("market", market.as_str().into());
    }
    private::replace(path, &text).map_err(|error| CliError::Usage(format!("cannot write {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::FromArgMatches;

    use super::*;
    use crate::args;

    fn defaults(variables: &[(&str, &str)]) -> Defaults {
        let set: BTreeMap<String, OsString> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
        Defaults::read(|name| set.get(name).cloned())
    }

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("kedge-config-{name}-{}", std::process::id()))
    }

    #[test]
    fn what_was_written_is_read_and_comes_after_flags() {
        let path = folder("order").join("deep/config.toml");
        let file = File {
            url: Some(Secret::from("https://host.invalid?api-key=s3cret")),
            keypair: Some("/home/me/my \"key\".json".into()),
            account: Some(3),
            market: Some("SOL-PERP".into()),
        };
        write(&path, &file).unwrap();
        let place = path.to_str().unwrap();
        let found = defaults(&[("KEDGE_CONFIG", place)]);
        assert_eq!((&found.file, &found.broken), (&file, &None));
        let parse = |line: &str| {
            let matches = found.command().try_get_matches_from(line.split_whitespace()).unwrap();
            (Cli::from_arg_matches(&matches).unwrap(), matches)
        };
        let (cli, matches) = parse("kedge order list");
        assert_eq!(cli.keypair, file.keypair);
        assert_eq!(found.origin(&matches, "url", "KEDGE_URL", true), Origin::File);
        let args::Command::Order(args::Order::List(orders)) = cli.command else { panic!() };
        assert_eq!(orders.which.id.as_deref(), Some("3"));
        let (cli, matches) = parse("kedge transfer 5 --to 1 --url http://a:1");
        assert_eq!((cli.url.expose(), found.origin(&matches, "url", "", true)), ("http://a:1", Origin::Flag));
        let args::Command::Transfer(transfer) = cli.command else { panic!() };
        assert_eq!((transfer.from.as_deref(), &*transfer.to), (Some("3"), "1"));
        let set = defaults(&[("KEDGE_CONFIG", place), ("KEDGE_ACCOUNT", "5"), ("KEDGE_MARKET", "BTC-PERP")]);
        assert_eq!(set.account, Some(("5".into(), Origin::Environment(ACCOUNT))));
        assert_eq!(set.market.unwrap().0, "BTC-PERP");
        // Neither help nor debug output shows the key.
        let mut command = found.command();
        let help = command.render_long_help().to_string();
        assert!(!help.contains("s3cret") && !format!("{found:?}").contains("s3cret"), "{help}");
        std::fs::remove_dir_all(folder("order")).unwrap();
    }

    #[test]
    fn a_broken_file_is_not_quoted() {
        let path = folder("broken").with_extension("toml");
        for (text, told) in [
            ("url = https://host.invalid/s3cret\n", "line 1"),
            ("account = \"s3cret\"\n", "line 1: invalid type: a string, expected u16"),
            ("# none\nendpoint = \"https://host.invalid/s3cret\"\n", "line 2: unknown field `endpoint`"),
        ] {
            std::fs::write(&path, text).unwrap();
            let broken = defaults(&[("KEDGE_CONFIG", path.to_str().unwrap())]).broken.unwrap();
            assert!(broken.contains(told) && !broken.contains("s3cret"), "{broken}");
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(defaults(&[("HOME", "/home/me")]).path, Path::new("/home/me/.config/kedge/config.toml"));
        assert_eq!(defaults(&[("XDG_CONFIG_HOME", "/etc/x")]).path, Path::new("/etc/x/kedge/config.toml"));
    }
}
