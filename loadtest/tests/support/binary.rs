//! The `holdfast` program itself, for tests that must be able to kill it.

use std::path::PathBuf;
use std::process::Command;

/// Names a program to use instead of one built from this tree.
const VARIABLE: &str = "HOLDFAST_BIN";

/// Where the program is. It is built first, so that no test passes on yesterday's program; cargo does nothing if it is
/// up to date.
pub(crate) fn holdfast() -> PathBuf {
    if let Some(path) = std::env::var_os(VARIABLE) {
        return PathBuf::from(path);
    }
    // Tests stand in <target>/<profile>/deps, programs one folder above.
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(|deps| deps.parent()).unwrap();
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--package", "holdfast-gateway", "--bin", "holdfast"]);
    build.current_dir(env!("CARGO_MANIFEST_DIR")).env("CARGO_TARGET_DIR", profile.parent().unwrap());
    if profile.ends_with("release") {
        build.arg("--release");
    }
    let built = build.status().unwrap();
    assert!(built.success(), "cannot build holdfast: {built}; {VARIABLE} can name one");
    profile.join(format!("holdfast{}", std::env::consts::EXE_SUFFIX))
}
