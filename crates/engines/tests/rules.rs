//! The rules of the contract, tried with every engine on every kind of target that can be had here.

mod grounds;

use fiord_engine::Registration;
use fiord_engine::contract::{Case, Kept, RULES};
use fiord_engines::REGISTRY;
use grounds::Made;

/// Engines whose queue keeps flushes in line with what was submitted before them; those that end each
/// request before they return have no other choice.
fn flushes_in_order(engine: &Registration) -> bool {
    engine.caps.inline || matches!(engine.name, "posixaio" | "vsync")
}

/// Engines that change sizes, which devices do not.
fn changes_sizes(engine: &Registration) -> bool {
    matches!(engine.name, "falloc" | "ftruncate")
}

/// Tries all rules; all engines that break one are told.
fn try_all(make: impl Fn() -> Result<Made, String>) {
    let mut broken = Vec::new();
    let mut tried = 0;
    for engine in REGISTRY {
        let made = match make() {
            Ok(made) => made,
            Err(reason) => {
                eprintln!("skipped: {reason}");
                return;
            }
        };
        if changes_sizes(engine) && made.ground.block_device {
            continue;
        }
        let flushes_in_order = flushes_in_order(engine);
        let case = Case { engine, ground: &made.ground, flushes_in_order };
        for rule in RULES {
            match (rule.check)(&case) {
                Ok(Kept::Yes) => tried += 1,
                Ok(Kept::NotConcerned(_)) => {}
                Err(text) => broken.push(format!(
                    "{} on {}: \"{}\": {text}",
                    engine.name, made.ground.name, rule.name
                )),
            }
        }
    }
    assert!(broken.is_empty(), "{} of {tried} rules broken:\n{}", broken.len(), broken.join("\n"));
    assert!(tried > REGISTRY.len(), "only {tried} rules were tried");
}

#[test]
fn on_a_file_in_memory() {
    try_all(grounds::in_memory);
}

#[test]
fn on_a_direct_file() {
    try_all(grounds::direct_file);
}

#[test]
fn on_a_direct_loop_device() {
    try_all(|| grounds::loop_device(true));
}

#[test]
fn on_a_buffered_loop_device() {
    try_all(|| grounds::loop_device(false));
}

#[test]
fn on_a_broken_device() {
    try_all(|| grounds::broken_device(true));
}

#[test]
fn on_a_broken_device_with_a_cache() {
    try_all(|| grounds::broken_device(false));
}

#[test]
fn on_a_zram_device() {
    try_all(grounds::zram);
}
