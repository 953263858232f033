//! When may it go? Rates, think time, floors of rates, and the search for a queue depth.
//!
//! All of it is arithmetic on times that the caller reads from its clock: nothing here waits. Times are
//! nanoseconds on the clock of the run.

mod depth;
mod floors;
mod rates;
mod think;

pub use depth::{DepthSearch, Trial};
pub use floors::{Floors, Missed};
pub use rates::Rates;
pub use think::Think;
