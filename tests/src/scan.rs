//! The search for readable text in files: names, notes and identity numbers that must not be
//! found anywhere on a relay or a device.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;

use crate::caseload::Caseload;

/// The shortest text that is searched for, in bytes: shorter ones occur by chance in ciphertext.
pub const NEEDLE_BYTES_MIN: usize = 6;

/// What must not be found.
#[derive(Debug)]
pub struct Needles {
    finder: AhoCorasick,
    /// Names of people, employers and the provider.
    pub names: usize,
    /// Notes and orders, whole and by their words' beginnings.
    pub notes: usize,
    /// Identity and phone numbers.
    pub numbers: usize,
}

/// What a search went through and found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Findings {
    /// Files read.
    pub files: usize,
    /// Bytes read.
    pub bytes: u64,
    /// Occurrences found.
    pub found: usize,
}

impl Findings {
    /// Adds another search.
    pub fn add(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.found += other.found;
    }
}

impl Needles {
    /// Everything in a caseload that says something about somebody.
    /// # Errors
    /// Where there is too much to search for.
    pub fn of(caseload: &Caseload) -> Result<Self, aho_corasick::BuildError> {
        let mut names = BTreeSet::new();
        let mut notes = BTreeSet::new();
        let mut numbers = BTreeSet::new();
        let organisation = &caseload.organisation;
        names.insert(organisation.name.clone());
        names.extend(organisation.consultants.iter().map(|c| c.name.clone()));
        for employer in &organisation.employers {
            names.insert(employer.name.clone());
            names.extend(employer.contact.clone());
        }
        for person in &caseload.participants {
            names.insert(format!("{} {}", person.first_name, person.last_name));
            names.extend(
                [&person.first_name, &person.last_name, &person.nav_adviser].map(Clone::clone),
            );
            numbers.insert(person.national_id.clone());
            numbers.extend(person.phone.clone());
            notes.insert(person.order.clone());
        }
        notes.extend(caseload.meetings.iter().map(|meeting| meeting.note.clone()));
        let pieces: Vec<String> = notes
            .iter()
            .flat_map(|note| note.split(". ").chain(note.split("; ")).map(str::to_owned))
            .collect();
        notes.extend(pieces);
        for set in [&mut names, &mut notes, &mut numbers] {
            set.retain(|text| text.len() >= NEEDLE_BYTES_MIN);
        }
        let finder = AhoCorasick::new(names.iter().chain(&notes).chain(&numbers))?;
        Ok(Self {
            finder,
            names: names.len(),
            notes: notes.len(),
            numbers: numbers.len(),
        })
    }

    /// Some texts, also as browsers keep them, two bytes for a letter.
    /// # Errors
    /// Where there is too much to search for.
    pub fn of_texts(texts: &[&str]) -> Result<Self, aho_corasick::BuildError> {
        let wide = |text: &&str| text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let plain = texts.iter().map(|text| text.as_bytes().to_vec());
        let finder = AhoCorasick::new(plain.chain(texts.iter().map(wide)))?;
        Ok(Self {
            finder,
            names: texts.len(),
            notes: 0,
            numbers: 0,
        })
    }

    /// How many different texts are searched for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names + self.notes + self.numbers
    }

    /// Whether there is nothing to search for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The files below a folder in which something is found, with how often.
    /// # Errors
    /// Where a file cannot be read.
    pub fn places(&self, dir: &Path) -> std::io::Result<Vec<(PathBuf, usize)>> {
        let mut places = Vec::new();
        each_file(dir, &mut |path, bytes| {
            let found = self.finder.find_iter(bytes).count();
            if found > 0 {
                places.push((path.to_owned(), found));
            }
        })?;
        Ok(places)
    }

    /// Searches every file below a folder, also those of a database that is open.
    /// # Errors
    /// Where a file cannot be read.
    pub fn search(&self, dir: &Path) -> std::io::Result<Findings> {
        let mut findings = Findings::default();
        each_file(dir, &mut |_, bytes| {
            findings.add(Findings {
                files: 1,
                bytes: bytes.len() as u64,
                found: self.finder.find_iter(bytes).count(),
            });
        })?;
        Ok(findings)
    }
}

/// Every file below a folder, with what is in it. Links that lead nowhere, as browsers leave them,
/// are no files.
fn each_file(dir: &Path, look: &mut impl FnMut(&Path, &[u8])) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            each_file(&path, look)?;
        } else if path.is_file() {
            look(&path, &fs::read(&path)?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_finds_what_is_there_and_only_that() {
        let caseload = Caseload::read(&Caseload::sample_dir()).unwrap();
        let needles = Needles::of(&caseload).unwrap();
        assert!(needles.len() > 200);
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("clean"), [0_u8; 4096]).unwrap();
        assert_eq!(needles.search(dir.path()).unwrap().found, 0);
        let leak = format!("xx{}yy", caseload.participants[3].national_id);
        fs::create_dir(dir.path().join("deep")).unwrap();
        fs::write(dir.path().join("deep/leak"), leak).unwrap();
        assert_eq!(needles.search(dir.path()).unwrap().found, 1);
        let wide: Vec<u8> = "Åsheim".encode_utf16().flat_map(u16::to_le_bytes).collect();
        fs::write(dir.path().join("deep/wide"), wide).unwrap();
        fs::write(dir.path().join("deep/plain"), "Åsheim").unwrap();
        let texts = Needles::of_texts(&["Åsheim", "Fatima"]).unwrap();
        assert_eq!(texts.search(dir.path()).unwrap().found, 2);
        assert_eq!(texts.places(dir.path()).unwrap().len(), 2);
        // The caseload's own files are full of it.
        assert!(needles.search(&Caseload::sample_dir()).unwrap().found > 2_000);
    }
}
