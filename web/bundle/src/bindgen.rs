//! wasm-bindgen as a library: a compiled module in, a smaller one and its glue out.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use wasm_bindgen_cli_support::Bindgen;

use crate::names::sha256;
use crate::{Error, write};

/// Goes up when what is made of a module changes with the module the same.
const CACHE_VERSION: u32 = 1;

/// A module as browsers load it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// The module.
    pub wasm: Vec<u8>,
    /// What lets scripts call it.
    pub js: String,
    /// Scripts that its crates bring, by their paths below `snippets/`.
    pub snippets: BTreeMap<String, Vec<u8>>,
}

impl Module {
    /// Makes it of a compiled module, or finds it in the cache.
    pub(crate) fn made(name: &str, compiled: &Path, cache: &Path) -> Result<Self, Error> {
        let bytes = fs::read(compiled).map_err(Error::file(compiled))?;
        let key = sha256(&bytes);
        let folder = cache.join(format!("bindgen-{CACHE_VERSION}-{name}-{key}"));
        if !folder.join("done").exists() {
            let cause = |error: &dyn std::fmt::Display| Error::Bindgen {
                module: name.to_owned(),
                cause: format!("{error:#}"),
            };
            Bindgen::new()
                .input_bytes(name, bytes)
                .web(true)
                .map_err(|error| cause(&error))?
                .typescript(false)
                .demangle(false)
                .omit_default_module_path(true)
                .remove_name_section(true)
                .remove_producers_section(true)
                .generate(&folder)
                .map_err(|error| cause(&error))?;
            write(&folder.join("done"), b"")?;
        }
        let glue = folder.join(format!("{name}.js"));
        let wasm = folder.join(format!("{name}_bg.wasm"));
        let mut snippets = BTreeMap::new();
        let below = folder.join("snippets");
        if below.exists() {
            collect(&below, "", &mut snippets)?;
        }
        Ok(Self {
            wasm: fs::read(&wasm).map_err(Error::file(&wasm))?,
            js: smaller_js(&fs::read_to_string(&glue).map_err(Error::file(&glue))?),
            snippets,
        })
    }
}

fn collect(folder: &Path, name: &str, found: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Error> {
    let entries = fs::read_dir(folder).map_err(Error::file(folder))?;
    for entry in entries.flatten() {
        let own = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if path.is_dir() {
            collect(&path, &format!("{name}{own}/"), found)?;
        } else {
            let bytes = fs::read(&path).map_err(Error::file(&path))?;
            let small = match String::from_utf8(bytes) {
                Ok(text) if own.ends_with(".js") => smaller_js(&text).into_bytes(),
                Ok(text) => text.into_bytes(),
                Err(binary) => binary.into_bytes(),
            };
            found.insert(format!("{name}{own}"), small);
        }
    }
    Ok(())
}

/// The glue without the comments that stand on lines of their own, and without indentation. It has
/// no text that spans lines.
fn smaller_js(text: &str) -> String {
    let mut small = String::new();
    let mut in_comment = false;
    for line in text.lines().map(str::trim) {
        if in_comment || line.starts_with("/*") {
            in_comment = !line.ends_with("*/");
            continue;
        }
        if !line.is_empty() && !line.starts_with("//") {
            small.push_str(line);
            small.push('\n');
        }
    }
    small
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_indentation_go_and_code_stays() {
        let text = "/* a */\nlet a = '/*';\n  /**\n   * b\n   */\n  f(a); // c\n\n// d\n";
        assert_eq!(smaller_js(text), "let a = '/*';\nf(a); // c\n");
    }
}
