//! What a module for browsers asks its surroundings for.

use crate::process::Failure;

/// What wasm-bindgen makes real in a browser. Any other import is a symbol that nobody has.
const IMPORTS_FROM: [&str; 2] = ["__wbindgen_placeholder__", "__wbindgen_externref_xform__"];

/// Checks that the module wants nothing that a browser with wasm-bindgen would not give.
pub(crate) fn check_imports(name: &str, module: &[u8]) -> Result<(), Failure> {
    let imports = imports(module)
        .ok_or_else(|| Failure::new(format!("{name} is no wasm module that we can read")))?;
    let strangers: Vec<String> = imports
        .into_iter()
        .filter(|(from, _)| !IMPORTS_FROM.contains(&from.as_str()))
        .map(|(from, name)| format!("{from}.{name}"))
        .collect();
    if strangers.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{name} linked for browsers lacks: {}",
        strangers.join(", ")
    )))
}

/// Where each import comes from, and its name. See the WebAssembly specification, 5.5.5.
fn imports(module: &[u8]) -> Option<Vec<(String, String)>> {
    const SECTION_IMPORT: u8 = 2;
    let mut rest = Bytes(module.strip_prefix(b"\0asm\x01\0\0\0")?);
    while !rest.0.is_empty() {
        let section = rest.byte()?;
        let len = rest.number()?;
        let mut body = Bytes(rest.take(len)?);
        if section != SECTION_IMPORT {
            continue;
        }
        return (0..body.number()?)
            .map(|_| {
                let import = (body.name()?, body.name()?);
                body.skip_import_type()?;
                Some(import)
            })
            .collect();
    }
    Some(Vec::new())
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(front)
    }
    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }
    /// An unsigned LEB128 number.
    fn number(&mut self) -> Option<usize> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
    fn name(&mut self) -> Option<String> {
        let len = self.number()?;
        String::from_utf8(self.take(len)?.to_vec()).ok()
    }
    fn limits(&mut self) -> Option<()> {
        if self.byte()? & 1 == 1 {
            self.number()?;
        }
        self.number().map(|_| ())
    }
    fn skip_import_type(&mut self) -> Option<()> {
        match self.byte()? {
            // A function: its type.
            0 => self.number().map(|_| ()),
            // A table: what it holds, and its size.
            1 => {
                self.byte()?;
                self.limits()
            }
            // A memory: its size.
            2 => self.limits(),
            // A global: its type, and whether it changes.
            3 => self.take(2).map(|_| ()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modules_imports_are_read_and_a_cut_module_is_not() {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        module.extend([1, 4, 1, 0x60, 0, 0]);
        module.extend([2, 16, 2]);
        module.extend(b"\x03env\x01f\x00\x00");
        module.extend(b"\x01a\x01m\x02\x00\x01");
        let import = |from: &str, name: &str| (from.to_owned(), name.to_owned());
        assert_eq!(
            imports(&module),
            Some(vec![import("env", "f"), import("a", "m")])
        );
        assert!(check_imports("m", &module).is_err());
        assert_eq!(imports(&module[..module.len() - 1]), None);
        assert_eq!(imports(b"\0asm\x01\0\0\0"), Some(Vec::new()));
    }
}
