//! Wall-clock time for people, in the zone of the machine.

/// The time as ctime(3) prints it in the C locale, without the line feed:
/// `Mon Nov 23 13:31:00 2026`. The zone is that of TZ or the machine.
pub fn local_time_text(unix_seconds: u64) -> String {
    let Ok(seconds) = libc::time_t::try_from(unix_seconds) else {
        return unix_seconds.to_string();
    };
    // SAFETY: all-zero is a valid value of this plain record.
    let mut parts: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both addresses are valid for the call. It may read TZ from the environment, which
    // nothing in this process changes.
    let converted = unsafe { libc::localtime_r(&raw const seconds, &raw mut parts) };
    if converted.is_null() {
        return unix_seconds.to_string();
    }
    format_parts(&parts)
}

fn format_parts(parts: &libc::tm) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let word = |words: &'static [&'static str], index: i32| {
        usize::try_from(index).ok().and_then(|index| words.get(index)).copied().unwrap_or("???")
    };
    format!(
        "{} {} {:2} {:02}:{:02}:{:02} {}",
        word(&DAYS, parts.tm_wday),
        word(&MONTHS, parts.tm_mon),
        parts.tm_mday,
        parts.tm_hour,
        parts.tm_min,
        parts.tm_sec,
        i64::from(parts.tm_year) + 1900,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_padded_with_a_space() {
        // SAFETY: all-zero is a valid value of this plain record.
        let mut parts: libc::tm = unsafe { std::mem::zeroed() };
        parts.tm_wday = 2;
        parts.tm_mon = 10;
        parts.tm_mday = 3;
        parts.tm_hour = 7;
        parts.tm_year = 126;
        assert_eq!(format_parts(&parts), "Tue Nov  3 07:00:00 2026");
    }

    #[test]
    fn any_number_gives_a_text() {
        assert!(!local_time_text(0).is_empty());
        assert!(!local_time_text(u64::MAX).is_empty());
        assert!(!local_time_text(i64::MAX as u64).is_empty());
    }
}
