//! Names by content: who is named by others comes first, so that they can write its hash.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::{Error, File, Module, Part};

/// Characters of the hash in a name.
const HASH_CHARS: usize = 16;

pub(crate) struct Names {
    /// What stands for `{{name}}` in a source.
    values: BTreeMap<String, String>,
    files: BTreeMap<String, File>,
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

impl Names {
    pub(crate) fn new() -> Self {
        Self {
            values: BTreeMap::new(),
            files: BTreeMap::new(),
        }
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_owned(), value.to_owned());
    }

    /// Adds a file that never changes under its name, and that others name as `{{name.kind}}`.
    pub(crate) fn asset(&mut self, name: &str, kind: &str, bytes: Vec<u8>, parts: &'static [Part]) {
        let hash = sha256(&bytes);
        let path = format!("/a/{name}.{}.{kind}", &hash[..HASH_CHARS]);
        self.set(&format!("{name}.{kind}"), &path);
        self.files.insert(path, File { bytes, parts });
    }

    /// Adds a file whose name stays while its content changes.
    pub(crate) fn page(&mut self, path: &str, bytes: Vec<u8>, parts: &'static [Part]) {
        self.files.insert(path.to_owned(), File { bytes, parts });
    }

    /// Writes the names that a source leaves open.
    pub(crate) fn fill(&self, file: &str, text: &str) -> Result<String, Error> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            filled.push_str(before);
            let (name, after) = after.split_once("}}").unwrap_or((after, ""));
            let value = self.values.get(name).ok_or_else(|| Error::UnknownName {
                file: file.to_owned(),
                name: name.to_owned(),
            })?;
            filled.push_str(value);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// A module's glue, with the scripts that its crates brought as files of their own.
    pub(crate) fn with_snippets(
        &mut self,
        name: &str,
        module: &Module,
        parts: &'static [Part],
    ) -> Result<Vec<u8>, Error> {
        let mut glue = module.js.clone();
        for (index, (path, bytes)) in module.snippets.iter().enumerate() {
            let snippet = format!("{name}-snippet-{index}");
            self.asset(&snippet, "js", bytes.clone(), parts);
            let url = self.fill(path, &format!("{{{{{snippet}.js}}}}"))?;
            // The module asks for its imports by the path; only where scripts are fetched from is
            // another.
            let path = format!("./snippets/{path}");
            let renamed = glue.lines().map(|line| match line.starts_with("import ") {
                true => line.replace(&path, &url) + "\n",
                false => line.to_owned() + "\n",
            });
            glue = renamed.collect();
        }
        Ok(glue.into_bytes())
    }

    pub(crate) fn into_files(self) -> BTreeMap<String, File> {
        self.files
    }
}
