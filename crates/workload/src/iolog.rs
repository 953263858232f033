//! Lines of an I/O log, version 3: the text form that replays read.
//!
//! A line is `TIME NAME ACTION` for files and `TIME NAME ACTION OFFSET LENGTH` for requests, with the
//! time in microseconds since the log was opened.

use crate::Request;

/// Appends the line that a log begins with.
pub fn header(to: &mut Vec<u8>) {
    to.extend_from_slice(b"fio version 3 iolog\n");
}

/// Appends a line about a file: `add`, `open`, `close`.
pub fn file_line(to: &mut Vec<u8>, time_us: u64, name: &str, action: &str) {
    number(to, time_us);
    for word in [name, action] {
        to.push(b' ');
        to.extend_from_slice(word.as_bytes());
    }
    to.push(b'\n');
}

/// Appends a line about a request.
pub fn request_line(to: &mut Vec<u8>, time_us: u64, name: &str, request: &Request) {
    file_line(to, time_us, name, request.direction.name());
    to.pop();
    for value in [request.offset, request.length] {
        to.push(b' ');
        number(to, value);
    }
    to.push(b'\n');
}

/// Appends a decimal number without allocating.
fn number(to: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    to.extend_from_slice(&digits[at..]);
}

#[cfg(test)]
mod tests {
    use fiord_base::{Direction, FileIndex};

    use super::*;

    #[test]
    fn lines_are_as_replays_read_them() {
        let mut log = Vec::new();
        header(&mut log);
        file_line(&mut log, 0, "a.0.0", "add");
        let direction = Direction::Write;
        let request = Request { direction, file: FileIndex(0), offset: 8192, length: 512 };
        request_line(&mut log, u64::MAX, "a.0.0", &request);
        let expected =
            "fio version 3 iolog\n0 a.0.0 add\n18446744073709551615 a.0.0 write 8192 512\n";
        assert_eq!(String::from_utf8(log).unwrap(), expected);
    }
}
