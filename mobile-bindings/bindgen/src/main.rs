//! Makes what Kotlin, Swift and Python see of `folge-mobile` from the built library: their code,
//! the list of everything public (`mobile-bindings/api.txt`), and its description
//! (`docs/mobile-api.md`).
//!
//! `folge-bindgen LIBRARY OUT`: writes `OUT/{kotlin,swift,python}`, `OUT/api.txt` and
//! `OUT/mobile-api.md`.

mod api;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use camino::{Utf8Path, Utf8PathBuf};
use uniffi_bindgen::bindings::{
    GenerateOptions, SwiftBindingsOptions, TargetLanguage, generate, generate_swift_bindings,
};
use uniffi_bindgen::{BindgenLoader, BindgenPaths, GlobalConfig};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("folge-bindgen: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let args: Vec<Utf8PathBuf> = std::env::args().skip(1).map(Utf8PathBuf::from).collect();
    let [library, out] = args.as_slice() else {
        bail!("usage: folge-bindgen LIBRARY OUT");
    };
    for (language, folder) in [
        (TargetLanguage::Kotlin, "kotlin"),
        (TargetLanguage::Python, "python"),
    ] {
        generate(GenerateOptions {
            languages: vec![language],
            source: library.clone(),
            out_dir: out.join(folder),
            metadata_no_deps: true,
            ..GenerateOptions::default()
        })
        .with_context(|| format!("the {folder} code"))?;
    }
    generate_swift_bindings(SwiftBindingsOptions {
        generate_swift_sources: true,
        generate_headers: true,
        generate_modulemap: true,
        source: library.clone(),
        out_dir: out.join("swift"),
        module_name: Some("FolgeFFI".to_owned()),
        // The name under which SwiftPM and Xcode look for it.
        modulemap_filename: Some("module.modulemap".to_owned()),
        metadata_no_deps: true,
        ..SwiftBindingsOptions::default()
    })
    .context("the Swift code")?;
    describe(library, out)
}

fn describe(library: &Utf8Path, out: &Utf8Path) -> Result<()> {
    let loader = BindgenLoader::new(BindgenPaths::default(), GlobalConfig::default());
    let metadata = loader.load_metadata(library)?;
    let components = loader.load_cis(metadata)?;
    let [component] = components.as_slice() else {
        bail!("the library has {} components, not one", components.len());
    };
    std::fs::write(out.join("api.txt"), api::list(component))?;
    std::fs::write(out.join("mobile-api.md"), api::description(component))?;
    Ok(())
}
