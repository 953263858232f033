//! Files of verification beside the targets.
//!
//! What a job leaves for a later verification is a [state](state), saved when it ends, or a
//! [journal](journal), kept while it runs. A [`Keeper`] is told by the loop what becomes of writes and flushes.
//! What a block looked like that was wrong is [dumped](dump).

pub(crate) mod dump;
mod journal;
mod keeper;
mod state;

pub(crate) use keeper::{Keeper, Past};
