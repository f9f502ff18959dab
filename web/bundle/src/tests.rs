#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

fn inputs() -> Inputs {
    let module = |name: &str| Module {
        wasm: format!("wasm of {name}").into_bytes(),
        js: format!("import './snippets/x/{name}.js';"),
        snippets: BTreeMap::from([(format!("x/{name}.js"), b"1".to_vec())]),
    };
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut sources = BTreeMap::new();
    for folder in ["icons", "pages", "shell", "style"] {
        for entry in fs::read_dir(web.join(folder)).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            sources.insert(format!("{folder}/{name}"), fs::read(entry.path()).unwrap());
        }
    }
    let modules = MODULES
        .iter()
        .map(|(name, _)| ((*name).to_owned(), module(name)));
    Inputs {
        sources,
        modules: modules.collect(),
    }
}

fn text(dist: &Dist, path: &str) -> String {
    String::from_utf8(dist.files[path].bytes.clone()).unwrap()
}

#[test]
fn whoever_names_a_file_names_it_by_its_content() {
    let dist = assemble(&inputs(), &Release::development("1.2.3", 7)).unwrap();
    for (path, file) in &dist.files {
        if let Some(name) = path.strip_prefix("/a/") {
            let hash = name.split('.').nth(1).unwrap();
            assert_eq!(hash, &names::sha256(&file.bytes)[..16]);
        }
        let Ok(text) = std::str::from_utf8(&file.bytes) else {
            continue;
        };
        assert!(!text.contains("{{"), "{path} leaves a name open");
        for quoted in text
            .split(['"', '\\'])
            .filter(|word| word.starts_with("/a/") && word.len() > 3)
        {
            assert!(dist.files.contains_key(quoted), "{path} names {quoted}");
        }
    }
    let page = text(&dist, "/index.html");
    assert!(page.contains("name=\"folge-version\" content=\"1.2.3\""));
    assert!(page.contains("content=\"development\""));
    // A change anywhere below changes every name above it.
    let mut changed = inputs();
    changed.modules.get_mut("staff").unwrap().wasm.push(b'!');
    let changed = assemble(&changed, &Release::development("1.2.3", 7)).unwrap();
    assert_ne!(text(&changed, "/index.html"), page);
    assert_eq!(text(&changed, "/p.html"), text(&dist, "/p.html"));
}

#[test]
fn the_release_lists_every_file_and_a_changed_list_does_not_verify() {
    let release = Release::development("1.2.3", 7);
    let dist = assemble(&inputs(), &release).unwrap();
    let signed = &dist.files["/release.json"].bytes;
    let list = verify(signed, &release.public_key()).unwrap();
    assert_eq!(list["sequence"], 7);
    assert_eq!(list["channel"], DEVELOPMENT_CHANNEL);
    let files = list["files"].as_array().unwrap();
    assert_eq!(files.len() + 1, dist.files.len());
    for file in files {
        let there = &dist.files[file["path"].as_str().unwrap()];
        assert_eq!(file["bytes"], there.bytes.len());
        assert_eq!(file["sha256"], names::sha256(&there.bytes));
    }
    // A participant's phone keeps nothing of the staff app.
    let kept = files.iter().filter(|file| {
        let parts = file["parts"].as_array().unwrap();
        parts.iter().any(|part| part == "participant")
    });
    for file in kept {
        let path = file["path"].as_str().unwrap();
        assert!(
            !path.contains("staff") && !path.contains("worker"),
            "{path}"
        );
    }
    assert!(text(&dist, "/service-worker.js").contains(&release.public_key()));

    let other = String::from_utf8(signed.clone()).unwrap();
    let other = other.replace("\\\"sequence\\\":7", "\\\"sequence\\\":8");
    assert_ne!(other.as_bytes(), signed);
    assert!(verify(other.as_bytes(), &release.public_key()).is_none());
}

#[test]
fn a_release_key_is_read_and_the_one_that_everybody_has_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let secret = "ab".repeat(32);
    fs::write(&file, format!("{secret}\n")).unwrap();
    let release = Release::signed("1", 2, &file).unwrap();
    let dist = assemble(&inputs(), &release).unwrap();
    let signed = &dist.files["/release.json"].bytes;
    assert_eq!(
        verify(signed, &release.public_key()).unwrap()["channel"],
        "release"
    );
    assert!(!format!("{release:?}").contains("ab"));
    let known = names::hex(b"folge development key: no secret");
    for bad in [known.as_str(), "abc", "", &secret[2..], "æ"] {
        fs::write(&file, bad).unwrap();
        assert!(Release::signed("1", 2, &file).is_err(), "{bad}");
    }
}

#[test]
fn a_folder_holds_what_was_made_last_and_compressed_copies_are_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (out, cache) = (folder.path().join("dist"), folder.path().join("cache"));
    let dist = assemble(&inputs(), &Release::development("1", 1)).unwrap();
    fs::create_dir_all(&out).unwrap();
    fs::write(out.join("old.js"), "old").unwrap();
    let sizes = dist.write(&out, &cache).unwrap();
    assert!(!out.join("old.js").exists());
    assert!(sizes.contains_key("/service-worker.js"));
    for (path, file) in &dist.files {
        let at = out.join(path.trim_start_matches('/'));
        assert_eq!(fs::read(&at).unwrap(), file.bytes);
        if let Some(size) = sizes.get(path) {
            let small = fs::read(at.with_added_extension("br")).unwrap();
            assert_eq!(small.len(), *size);
            let mut plain = Vec::new();
            brotli::BrotliDecompress(&mut &small[..], &mut plain).unwrap();
            assert_eq!(plain, file.bytes);
        }
    }
    assert_eq!(sequence_of(&out, &dist.files), Some((1, true)));
    let mut changed = inputs();
    changed
        .sources
        .insert("style/staff.css".into(), b"a { b: c }".to_vec());
    let changed = assemble(&changed, &Release::development("1", 1)).unwrap();
    assert_eq!(sequence_of(&out, &changed.files), Some((1, false)));
}

#[test]
fn a_stylesheet_loses_its_comments_alone() {
    let css = "/* a */\n:root {\n  --a: 1; /* b */\n}\n\n";
    assert_eq!(smaller_css(css), ":root {\n--a: 1;\n}\n");
}

#[test]
fn a_name_that_nothing_has_is_an_error() {
    let mut wrong = inputs();
    wrong
        .sources
        .insert("pages/staff.html".into(), b"{{nobody.js}}".to_vec());
    let error = assemble(&wrong, &Release::development("1", 1)).unwrap_err();
    assert!(error.to_string().contains("{{nobody.js}}"), "{error}");
}
