//! What engines can and cannot do beside plain transfers, as far as the plan of a job depends on it.
//!
//! This is knowledge about fio's engines, built here or not: whether an engine that runs can really do
//! it is said by the engine itself.

/// Something that only some engines can do, or cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ability {
    /// Writes that are not torn.
    AtomicWrites,
    /// Several ranges in one trim request.
    TrimRanges,
    /// Writes that later ones do not overtake.
    Barriers,
    /// Transfers at any offset.
    Seek,
    /// Submission by threads other than the one that set it up.
    Offload,
}

/// True if jobs of this engine may ask for it. Of plug-ins nothing is known.
pub(crate) fn can(engine: &str, ability: Ability) -> bool {
    if engine.starts_with("external:") {
        return true;
    }
    match ability {
        Ability::AtomicWrites => matches!(engine, "pvsync2" | "libaio" | "io_uring"),
        Ability::TrimRanges => engine == "io_uring_cmd",
        Ability::Barriers => engine == "libpmem",
        Ability::Seek => !matches!(engine, "splice" | "net" | "netsplice" | "rdma"),
        Ability::Offload => !matches!(engine, "io_uring" | "io_uring_cmd" | "libblkio"),
    }
}

/// The engines that have an ability which few have.
pub(crate) fn engines_that_can(ability: Ability) -> Vec<&'static str> {
    super::engines().map(|engine| engine.name).filter(|name| can(name, ability)).collect()
}
