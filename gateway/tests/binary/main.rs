//! The `holdfast` binary as a process: what it says, how it ends, what survives it.

mod ends;
mod import;
mod process;
mod serve;
