//! Placeholder
use super::package::Package;
use anyhow::Result;
use std::path::Path;
pub fn check(_modules: &Path, _package: &Package) -> Result<()> { Ok(()) }
