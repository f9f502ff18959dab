//! Just enough of Automerge's binary format (`automerge.org/automerge-binary-format-spec`) to
//! take a change chunk apart, to put it together again, and to know before the library reads it
//! that it cannot blow up: run-length encoding lets a few bytes claim billions of operations.

use folge_protocol::codec::Reader;
use sha2::{Digest, Sha256};

use super::error::DocumentError;
use super::limits;

pub(crate) const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
pub(crate) const TYPE_DOCUMENT: u8 = 0;
pub(crate) const TYPE_CHANGE: u8 = 1;

const SHORT: DocumentError = DocumentError::Damaged("it ends too early");
const NUMBER: DocumentError = DocumentError::Damaged("a number is not well formed");
const OPERATIONS: DocumentError = DocumentError::TooLarge("operations");

/// Appends `value` in unsigned LEB128.
pub(crate) fn put_uleb(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or(0);
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Takes one unsigned LEB128 number, in its one shortest form.
pub(crate) fn uleb(input: &mut Reader<'_>) -> Result<u64, DocumentError> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = input.u8().map_err(|_| SHORT)?;
        let low = u64::from(byte & 0x7f);
        if shift == 63 && low > 1 {
            return Err(NUMBER);
        }
        value |= low << shift;
        if byte & 0x80 == 0 {
            return if byte == 0 && shift > 0 {
                Err(NUMBER)
            } else {
                Ok(value)
            };
        }
    }
    Err(NUMBER)
}

fn sleb(input: &mut Reader<'_>) -> Result<i64, DocumentError> {
    let mut value = 0_i64;
    for shift in (0..64).step_by(7) {
        let byte = input.u8().map_err(|_| SHORT)?;
        value |= i64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            if byte & 0x40 != 0 && shift + 7 < 64 {
                value |= -1 << (shift + 7);
            }
            return Ok(value);
        }
    }
    Err(NUMBER)
}

/// Takes a number that counts something, at most `max`.
pub(crate) fn count(
    input: &mut Reader<'_>,
    max: u64,
    what: &'static str,
) -> Result<usize, DocumentError> {
    let count = uleb(input)?;
    if count > max {
        return Err(DocumentError::TooLarge(what));
    }
    usize::try_from(count).map_err(|_| DocumentError::TooLarge(what))
}

pub(crate) fn take<'a>(input: &mut Reader<'a>, len: usize) -> Result<&'a [u8], DocumentError> {
    input.take(len).map_err(|_| SHORT)
}

/// A chunk around `body`: magic, checksum, type, length. Also its hash.
pub(crate) fn build(chunk_type: u8, body: &[u8]) -> (Vec<u8>, [u8; 32]) {
    let mut tail = Vec::with_capacity(body.len() + 12);
    tail.push(chunk_type);
    put_uleb(&mut tail, body.len() as u64);
    tail.extend_from_slice(body);
    let hash: [u8; 32] = Sha256::digest(&tail).into();
    let mut chunk = Vec::with_capacity(tail.len() + 8);
    chunk.extend_from_slice(&MAGIC);
    chunk.extend_from_slice(&hash[..4]);
    chunk.extend_from_slice(&tail);
    (chunk, hash)
}

/// Takes a chunk apart that must fill `bytes`: its type, body and hash.
pub(crate) fn open(bytes: &[u8]) -> Result<(u8, &[u8], [u8; 32]), DocumentError> {
    let mut input = Reader::new(bytes);
    if take(&mut input, 4)? != MAGIC {
        return Err(DocumentError::Damaged("it is no chunk"));
    }
    let checksum = take(&mut input, 4)?;
    let hash: [u8; 32] = Sha256::digest(input.rest()).into();
    if checksum != &hash[..4] {
        return Err(DocumentError::Damaged("its checksum is wrong"));
    }
    let chunk_type = input.u8().map_err(|_| SHORT)?;
    let len = uleb(&mut input)?;
    if len != input.rest().len() as u64 {
        return Err(DocumentError::Damaged("its length is wrong"));
    }
    Ok((chunk_type, input.rest(), hash))
}

/// The dependencies of a change and what follows them in its body.
pub(crate) struct ChangeBody<'a> {
    pub(crate) dependencies: Vec<[u8; 32]>,
    pub(crate) rest: &'a [u8],
}

/// Splits a change's body behind its dependencies.
pub(crate) fn split_change(body: &[u8]) -> Result<ChangeBody<'_>, DocumentError> {
    let mut input = Reader::new(body);
    let max = limits::CHANGE_DEPENDENCIES_MAX as u64;
    let dependencies = (0..count(&mut input, max, "dependencies")?)
        .map(|_| input.array().map_err(|_| SHORT))
        .collect::<Result<_, _>>()?;
    Ok(ChangeBody {
        dependencies,
        rest: input.rest(),
    })
}

/// Checks what follows a change's dependencies: sizes and run lengths only.
pub(crate) fn check_change(rest: &[u8]) -> Result<(), DocumentError> {
    let mut input = Reader::new(rest);
    skip_bytes(&mut input)?; // actor
    uleb(&mut input)?; // sequence number
    uleb(&mut input)?; // first operation
    sleb(&mut input)?; // time
    skip_bytes(&mut input)?; // message
    let others = count(&mut input, limits::CHANGE_OPERATIONS_MAX, "actors")?;
    for _ in 0..others {
        skip_bytes(&mut input)?;
    }
    let columns = columns(&mut input)?;
    check_columns(
        &mut input,
        &columns,
        limits::CHANGE_OPERATIONS_MAX,
        others as u64 + 1,
    )?;
    // Bytes behind the columns are an extension point of the format that we never use.
    if input.rest().is_empty() {
        Ok(())
    } else {
        Err(DocumentError::Damaged("bytes left over"))
    }
}

/// Checks the body of a whole document's chunk: sizes and run lengths only.
pub(crate) fn check_document(body: &[u8]) -> Result<(), DocumentError> {
    let mut input = Reader::new(body);
    let actors = count(&mut input, limits::SNAPSHOT_CHANGES_MAX, "actors")?;
    for _ in 0..actors {
        skip_bytes(&mut input)?;
    }
    let heads = count(&mut input, limits::SNAPSHOT_CHANGES_MAX, "heads")?;
    take(&mut input, heads.saturating_mul(32))?;
    let changes = columns(&mut input)?;
    let operations = columns(&mut input)?;
    check_columns(
        &mut input,
        &changes,
        limits::SNAPSHOT_CHANGES_MAX * 4,
        actors as u64,
    )?;
    check_columns(
        &mut input,
        &operations,
        limits::SNAPSHOT_OPERATIONS_MAX,
        actors as u64,
    )
}

fn skip_bytes(input: &mut Reader<'_>) -> Result<(), DocumentError> {
    let len = count(input, limits::SNAPSHOT_BYTES_MAX as u64, "bytes")?;
    take(input, len).map(drop)
}

fn columns(input: &mut Reader<'_>) -> Result<Vec<(u64, usize)>, DocumentError> {
    (0..count(input, 64, "columns")?)
        .map(|_| {
            let specification = uleb(input)?;
            let len = count(input, limits::SNAPSHOT_BYTES_MAX as u64, "column")?;
            Ok((specification, len))
        })
        .collect()
}

fn check_columns(
    input: &mut Reader<'_>,
    columns: &[(u64, usize)],
    max: u64,
    actors: u64,
) -> Result<(), DocumentError> {
    let actor = |data: &mut Reader<'_>| match uleb(data)? {
        actor if actor < actors => Ok(0),
        _ => Err(DocumentError::Damaged("an actor that is not listed")),
    };
    for &(specification, len) in columns {
        let data = take(input, len)?;
        if specification & 8 != 0 {
            return Err(DocumentError::Damaged("a column is compressed"));
        }
        let mut data = Reader::new(data);
        match specification & 7 {
            0 => check_runs(&mut data, max, uleb)?,
            1 => check_runs(&mut data, max, actor)?,
            2 | 6 => check_runs(&mut data, max, |data| uleb(data).map(|_| 0))?,
            3 => check_runs(&mut data, max, |data| sleb(data).map(|_| 0))?,
            5 => check_runs(&mut data, max, |data| skip_bytes(data).map(|()| 0))?,
            4 => {
                let mut total = 0_u64;
                while !data.rest().is_empty() {
                    total = total.saturating_add(uleb(&mut data)?);
                    if total > max {
                        return Err(OPERATIONS);
                    }
                }
            }
            _ => {} // raw bytes
        }
    }
    Ok(())
}

/// Walks a run-length encoded column. `value` takes one value and says how many entries of
/// other columns it stands for (for the group columns; otherwise 0).
fn check_runs(
    data: &mut Reader<'_>,
    max: u64,
    value: impl Fn(&mut Reader<'_>) -> Result<u64, DocumentError>,
) -> Result<(), DocumentError> {
    let (mut total, mut grouped) = (0_u64, 0_u64);
    while !data.rest().is_empty() {
        let run = sleb(data)?;
        let len = match run {
            0 => uleb(data)?,
            1.. => {
                grouped = grouped.saturating_add(value(data)?.saturating_mul(run.unsigned_abs()));
                run.unsigned_abs()
            }
            _ => {
                let len = run.unsigned_abs();
                if len > data.rest().len() as u64 {
                    return Err(SHORT);
                }
                for _ in 0..len {
                    grouped = grouped.saturating_add(value(data)?);
                }
                len
            }
        };
        total = total.saturating_add(len);
        if total > max || grouped > max {
            return Err(OPERATIONS);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form() {
        for value in [0, 1, 127, 128, 300, u64::MAX] {
            let mut bytes = Vec::new();
            put_uleb(&mut bytes, value);
            assert_eq!(uleb(&mut Reader::new(&bytes)), Ok(value));
        }
        for bad in [&[0x80, 0x00][..], &[0x80], &[0xff; 11], &[]] {
            assert!(uleb(&mut Reader::new(bad)).is_err());
        }
    }

    #[test]
    fn a_run_of_billions_is_refused() {
        // Run length 2^40 of the value 1.
        let mut run = vec![0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0x01];
        let bytes = run.clone();
        let error = check_columns(&mut Reader::new(&bytes), &[(0x42, 7)], 1000, 1);
        assert_eq!(error, Err(OPERATIONS));
        // Nulls are run-length encoded too.
        run.insert(0, 0);
        let error = check_columns(&mut Reader::new(&run[..7]), &[(0x42, 7)], 1000, 1);
        assert_eq!(error, Err(OPERATIONS));
    }
}
