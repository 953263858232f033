//! Lists for each direction: `reads[,writes[,trims]]`.

use fiord_base::PerDirection;

use super::ValueError;
use super::piece::Piece;

/// Up to three lists: one is for all directions, of two the second is also for trims. Blank ones are
/// empty, but one `what` there must be.
pub(super) fn per_direction<T: Clone>(
    all: Piece<'_>,
    what: &str,
    read: impl Fn(Piece<'_>) -> Result<Vec<T>, ValueError>,
) -> Result<PerDirection<Vec<T>>, ValueError> {
    let parts = all.split(|b| b == b',');
    if let Some(extra) = parts.get(3) {
        return Err(ValueError::at(all.from(extra.start - all.start), "at most three lists"));
    }
    let count = parts.len();
    let mut lists: [Vec<T>; 3] = [Vec::new(), Vec::new(), Vec::new()];
    for (list, part) in lists.iter_mut().zip(parts) {
        if !part.is_blank() {
            *list = read(part)?;
        }
    }
    match count {
        1 => {
            lists[1] = lists[0].clone();
            lists[2] = lists[0].clone();
        }
        2 => lists[2] = lists[1].clone(),
        _ => {}
    }
    if lists.iter().all(Vec::is_empty) {
        return Err(ValueError::at(all, format!("at least one {what}")));
    }
    Ok(PerDirection(lists))
}
