//! Version ranges, compared by the order of versions alone.
//!
//! Cargo's requirements exclude pre-releases unless they name one; for an advisory a pre-release counts by its place in
//! the order.

use anyhow::Result;
use semver::{BuildMetadata, Comparator, Op, Prerelease, Version, VersionReq};

/// Whether a version lies in a range such as `>= 1.2.0, < 2.0.0`.
pub(super) fn holds(range: &VersionReq, version: &Version) -> bool {
    range.comparators.iter().all(|one| fits(one, version))
}

/// Parses ranges that are separated by `|`.
///
/// # Errors
/// When a range cannot be read.
pub(super) fn parse(text: &str) -> Result<Vec<VersionReq>> {
    let parts = text.split('|').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| Ok(VersionReq::parse(part)?)).collect()
}

fn fits(one: &Comparator, version: &Version) -> bool {
    let version = &Version { build: BuildMetadata::EMPTY, ..version.clone() };
    let (minor, patch) = (one.minor.unwrap_or(0), one.patch.unwrap_or(0));
    let at = |major, minor, patch| Version { pre: Prerelease::EMPTY, ..Version::new(major, minor, patch) };
    let lowest = Version { pre: one.pre.clone(), ..at(one.major, minor, patch) };
    // The first version after all that match the comparator's numbers.
    let behind = match (one.minor, one.patch) {
        (None, _) => first(one.major + 1, 0, 0),
        (Some(minor), None) => first(one.major, minor + 1, 0),
        (Some(minor), Some(patch)) => first(one.major, minor, patch + 1),
    };
    let whole = one.patch.is_some();
    match one.op {
        Op::Exact if whole => *version == lowest,
        Op::Exact | Op::Wildcard => *version >= lowest && *version < behind,
        Op::Greater if whole => *version > lowest,
        Op::Greater => *version >= behind,
        Op::GreaterEq => *version >= lowest,
        Op::Less => *version < lowest,
        Op::LessEq if whole => *version <= lowest,
        Op::LessEq => *version < behind,
        Op::Tilde => {
            *version >= lowest
                && *version
                    < first(one.major, one.minor.map_or(0, |minor| minor + 1), 0).max(match one.minor {
                        None => first(one.major + 1, 0, 0),
                        Some(_) => first(0, 0, 0),
                    })
        }
        // Caret and everything else: up to the next change of the first number that is not zero.
        _ => {
            let end = match (one.major, one.minor, one.patch) {
                (0, Some(0), Some(patch)) => first(0, 0, patch + 1),
                (0, Some(minor), _) => first(0, minor + 1, 0),
                (major, ..) => first(major + 1, 0, 0),
            };
            *version >= lowest && *version < end
        }
    }
}

/// The lowest version with these numbers, below its pre-releases.
fn first(major: u64, minor: u64, patch: u64) -> Version {
    Version { pre: Prerelease::new("0").unwrap_or(Prerelease::EMPTY), ..Version::new(major, minor, patch) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_go_by_the_order_of_versions() {
        for (range, inside, outside) in [
            (">= 1.2.0, < 2.0.0", &["1.2.0", "1.9.9"][..], &["1.1.9", "2.0.0"][..]),
            (">= 1.0.2", &["1.0.2", "2.0.0-rc.1"], &["1.0.1", "1.0.2-rc.1"]),
            ("^0.10.4", &["0.10.4", "0.10.9"], &["0.10.3", "0.11.0", "0.9.3"]),
            ("^1.2", &["1.2.0", "1.9.0"], &["1.1.9", "2.0.0", "2.0.0-rc.1"]),
            ("^0.0.3", &["0.0.3"], &["0.0.4", "0.0.2"]),
            ("~1.2.3", &["1.2.3", "1.2.9"], &["1.3.0", "1.2.2"]),
            ("~1", &["1.0.0", "1.9.0"], &["2.0.0"]),
            ("=0.2.1", &["0.2.1", "0.2.1+build"], &["0.2.2"]),
            ("= 0.2", &["0.2.0", "0.2.7"], &["0.3.0"]),
            ("> 1.2", &["1.3.0"], &["1.2.9"]),
            ("<= 1.2", &["1.2.9"], &["1.3.0"]),
            ("< 1.0.0-rc.2", &["1.0.0-rc.1", "0.9.0"], &["1.0.0-rc.2", "1.0.0"]),
        ] {
            let parsed = parse(range).unwrap();
            let is_in = |version: &&str| holds(&parsed[0], &version.parse().unwrap());
            assert!(inside.iter().all(is_in), "{range}");
            assert!(!outside.iter().any(is_in), "{range}");
        }
        assert_eq!(parse(">= 1.0.0 | < 0.5.0").unwrap().len(), 2);
        assert_eq!(parse("").unwrap().len(), 0);
    }
}
