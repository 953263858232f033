//! Records of issued requests (`write_iolog`): what two programs did, request by request.

use std::collections::BTreeMap;

use crate::Outcome;

/// One line of a record, without its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name of the file.
    pub file: String,
    /// add, open, close, read, write, trim, sync, datasync, ...
    pub action: String,
    /// Offset and length of a request; `None` for actions on files.
    pub extent: Option<(u64, u64)>,
}

impl Entry {
    /// True for requests, false for actions on files.
    pub fn is_request(&self) -> bool {
        self.extent.is_some()
    }
}

/// Reads a record of version 2 or 3. Several records in one text (clones append to the same file)
/// are read as one.
pub fn parse(text: &str) -> Outcome<Vec<Entry>> {
    let mut timed = None;
    let mut entries = Vec::new();
    for (index, line) in text.lines().enumerate() {
        match line {
            "fio version 2 iolog" => timed = Some(false),
            "fio version 3 iolog" => timed = Some(true),
            _ => {
                let entry = timed.and_then(|timed| parse_entry(line, timed));
                let entry = entry.ok_or_else(|| format!("line {}: {line:?}", index + 1))?;
                entries.push(entry);
            }
        }
    }
    Ok(entries)
}

fn parse_entry(line: &str, timed: bool) -> Option<Entry> {
    let mut fields = line.split(' ');
    if timed {
        fields.next()?.parse::<u64>().ok()?;
    }
    let file = fields.next()?.to_string();
    let action = fields.next()?.to_string();
    let extent = match (fields.next(), fields.next(), fields.next()) {
        (None, ..) => None,
        (Some(offset), Some(length), None) => Some((offset.parse().ok()?, length.parse().ok()?)),
        _ => return None,
    };
    Some(Entry { file, action, extent })
}

/// Entries by file, each in order: clones that share a record interleave in it as they please.
pub fn by_file(entries: &[Entry]) -> BTreeMap<&str, Vec<&Entry>> {
    let mut files: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        files.entry(&entry.file).or_default().push(entry);
    }
    files
}

/// The first difference of two sequences in words, `None` if there is none.
pub fn first_difference(ours: &[&Entry], theirs: &[&Entry]) -> Option<String> {
    let same = ours.iter().zip(theirs).take_while(|(a, b)| a == b).count();
    if same == ours.len() && same == theirs.len() {
        return None;
    }
    let show = |entries: &[&Entry]| match entries.get(same) {
        None => "the end".to_string(),
        Some(Entry { file, action, extent: Some((offset, length)) }) => {
            format!("{file} {action} {offset} {length}")
        }
        Some(Entry { file, action, extent: None }) => format!("{file} {action}"),
    };
    Some(format!(
        "entry {} of {} and {}: {} instead of {}",
        same + 1,
        ours.len(),
        theirs.len(),
        show(ours),
        show(theirs)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_give_the_same_entries() {
        let new = parse("fio version 3 iolog\n40 f add\n41 f read 0 4096\n50 f close\n").unwrap();
        let old = parse("fio version 2 iolog\nf add\nf read 0 4096\nf close\n").unwrap();
        assert_eq!(new, old);
        assert_eq!(new.iter().filter(|entry| entry.is_request()).count(), 1);
    }

    #[test]
    fn torn_lines_are_errors() {
        for text in
            ["40 f add\n", "fio version 3 iolog\n40 f read 0\n", "fio version 3 iolog\nf add\n"]
        {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn difference_names_the_entry() {
        let ours = parse("fio version 2 iolog\nf read 0 1\nf read 1 1\n").unwrap();
        let theirs = parse("fio version 2 iolog\nf read 0 1\nf read 2 1\n").unwrap();
        let (ours, theirs): (Vec<_>, Vec<_>) = (ours.iter().collect(), theirs.iter().collect());
        assert_eq!(first_difference(&ours, &ours), None);
        let text = first_difference(&ours, &theirs).unwrap();
        assert!(text.contains("entry 2") && text.contains("read 1 1"), "{text}");
        assert!(first_difference(&ours[..1], &theirs).unwrap().contains("the end"));
    }
}
