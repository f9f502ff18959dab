//! Puts the browser's files together: modules through wasm-bindgen, names by content, stylesheets,
//! pages, compressed copies, and the signed list of them all. See docs/web.md.
//!
//! The same sources give the same bytes: nothing here reads a clock, and every list is sorted.

mod bindgen;
mod compress;
mod names;
mod release;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

pub use bindgen::Module;
pub use release::{DEVELOPMENT_CHANNEL, Release, sequence_of, verify};

/// Why nothing came of it, for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that cannot be read or written.
    #[error("{path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's word on it.
        cause: std::io::Error,
    },
    /// A module that wasm-bindgen does not take.
    #[error("wasm-bindgen on {module}: {cause}")]
    Bindgen {
        /// The module.
        module: String,
        /// Its words.
        cause: String,
    },
    /// A source names a part that there is not.
    #[error("{file} names {{{{{name}}}}}, which is no part of the app")]
    UnknownName {
        /// Where it stands.
        file: String,
        /// The name.
        name: String,
    },
    /// A signing key that is none.
    #[error("{0}")]
    Key(String),
}

impl Error {
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |cause| Self::File {
            path: path.to_path_buf(),
            cause,
        }
    }
}

/// The modules, by the names of their crates' artifacts.
pub const MODULES: [(&str, &str); 4] = [
    ("participant", "folge_web_participant.wasm"),
    ("scan", "folge_web_scan.wasm"),
    ("staff", "folge_web_staff.wasm"),
    ("worker", "folge_web_worker.wasm"),
];

/// Whose files are whose: a phone with a participant's page shall not fetch the staff app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The staff app.
    Staff,
    /// The participant's page.
    Participant,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Participant => "participant",
        }
    }
}

const STAFF: &[Part] = &[Part::Staff];
const PARTICIPANT: &[Part] = &[Part::Participant];
const BOTH: &[Part] = &[Part::Staff, Part::Participant];

/// Everything that a build is made from.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The text files of `web/`, by their paths in it, such as `shell/start.js`.
    pub sources: BTreeMap<String, Vec<u8>>,
    /// What wasm-bindgen made of each module, by its name.
    pub modules: BTreeMap<String, Module>,
}

impl Inputs {
    /// Reads the sources in `web`, and the compiled modules in `modules` through wasm-bindgen, whose
    /// work is kept in `cache`.
    /// # Errors
    /// A file that cannot be read; a module that wasm-bindgen does not take.
    pub fn read(web: &Path, modules: &Path, cache: &Path) -> Result<Self, Error> {
        let mut sources = BTreeMap::new();
        for folder in ["icons", "pages", "shell", "style"] {
            let path = web.join(folder);
            for entry in fs::read_dir(&path).map_err(Error::file(&path))?.flatten() {
                let bytes = fs::read(entry.path()).map_err(Error::file(&entry.path()))?;
                let name = entry.file_name().to_string_lossy().into_owned();
                sources.insert(format!("{folder}/{name}"), bytes);
            }
        }
        let modules = MODULES
            .iter()
            .map(|(name, file)| {
                let module = Module::made(name, &modules.join(file), cache)?;
                Ok(((*name).to_owned(), module))
            })
            .collect::<Result<_, Error>>()?;
        Ok(Self { sources, modules })
    }

    fn text(&self, name: &str) -> Result<String, Error> {
        let path = PathBuf::from("web").join(name);
        let missing = || std::io::Error::from(std::io::ErrorKind::NotFound);
        let bytes = self.bytes(name).ok_or_else(missing);
        bytes
            .and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other))
            .map_err(Error::file(&path))
    }

    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.sources.get(name).cloned()
    }
}

/// One file of the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Who needs it before there is no network.
    parts: &'static [Part],
}

/// The finished app: every file by the path under which it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dist {
    /// The files, with `/release.json` among them.
    pub files: BTreeMap<String, File>,
}

/// Puts the app together and signs the list of its files.
/// # Errors
/// A source that is missing, or that names what there is not.
pub fn assemble(inputs: &Inputs, release: &Release) -> Result<Dist, Error> {
    let mut made = names::Names::new();
    made.set("version", &release.version);
    made.set("channel", &release.channel);
    made.set("release-key", &release.public_key());
    for (icon, kind) in [("icon", "svg"), ("icon-192", "png"), ("icon-512", "png")] {
        let bytes = inputs.bytes(&format!("icons/{icon}.{kind}"));
        made.asset(icon, kind, bytes.unwrap_or_default(), BOTH);
    }
    for (bundle, part) in [("staff", STAFF), ("participant", PARTICIPANT)] {
        let mut css = String::new();
        for sheet in ["tokens", "base", bundle] {
            css.push_str(&smaller_css(&inputs.text(&format!("style/{sheet}.css"))?));
        }
        made.asset(bundle, "css", css.into_bytes(), part);
    }
    for (name, module) in &inputs.modules {
        let part = match name.as_str() {
            "participant" => PARTICIPANT,
            "scan" => BOTH,
            _ => STAFF,
        };
        made.asset(name, "wasm", module.wasm.clone(), part);
        let glue = made.with_snippets(name, module, part)?;
        made.asset(&format!("{name}-bindgen"), "js", glue, part);
    }
    for (name, source, part) in [("worker", "worker", STAFF), ("scan", "scan", BOTH)] {
        let file = format!("shell/{source}.js");
        let text = made.fill(&file, &inputs.text(&file)?)?;
        made.asset(name, "js", text.into_bytes(), part);
    }
    for (name, scope, part) in [("staff", "/", STAFF), ("participant", "/p", PARTICIPANT)] {
        let text = inputs
            .text("shell/start.js")?
            .replace("{{module.js}}", &format!("{{{{{name}-bindgen.js}}}}"))
            .replace("{{module.wasm}}", &format!("{{{{{name}.wasm}}}}"))
            .replace("{{scope}}", scope);
        let text = made.fill("shell/start.js", &text)?;
        made.asset(&format!("start-{name}"), "js", text.into_bytes(), part);
    }
    for (path, source, parts) in [
        ("/app.webmanifest", "pages/app.webmanifest", STAFF),
        ("/index.html", "pages/staff.html", STAFF),
        ("/p.html", "pages/participant.html", PARTICIPANT),
        // Browsers fetch it themselves; it stands in the list for whoever compares.
        ("/service-worker.js", "shell/service-worker.js", &[][..]),
    ] {
        let text = made.fill(source, &inputs.text(source)?)?;
        made.page(path, text.into_bytes(), parts);
    }
    let mut files = made.into_files();
    let signed = release.sign(&files);
    files.insert(
        "/release.json".to_owned(),
        File {
            bytes: signed,
            parts: &[],
        },
    );
    Ok(Dist { files })
}

impl Dist {
    /// Writes the app into a folder, with a copy compressed by brotli beside everything that gets
    /// smaller by it, and nothing else: what was there before goes. Gives the compressed sizes.
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, into: &Path, cache: &Path) -> Result<BTreeMap<String, usize>, Error> {
        let mut sizes = BTreeMap::new();
        let fresh = into.with_extension("new");
        if fresh.exists() {
            fs::remove_dir_all(&fresh).map_err(Error::file(&fresh))?;
        }
        for (name, file) in &self.files {
            let path = fresh.join(name.trim_start_matches('/'));
            write(&path, &file.bytes)?;
            if let Some(small) = compress::smaller(name, &file.bytes, cache)? {
                write(&path.with_added_extension("br"), &small)?;
                sizes.insert(name.clone(), small.len());
            }
        }
        if into.exists() {
            fs::remove_dir_all(into).map_err(Error::file(into))?;
        }
        fs::rename(&fresh, into).map_err(Error::file(into))?;
        Ok(sizes)
    }
}

pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::file(folder))?;
    }
    fs::write(path, bytes).map_err(Error::file(path))
}

/// The MIME type that a file is served with.
#[must_use]
pub fn mime(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        Some("wasm") => "application/wasm",
        Some("webmanifest") => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

/// A stylesheet without comments and indentation.
fn smaller_css(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    let lines = plain.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests;
