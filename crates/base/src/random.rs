//! Random generators.
