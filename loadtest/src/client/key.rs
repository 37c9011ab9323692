//! Idempotency keys: one for every intention, the same in every attempt and in every run with the same seed.

use std::fmt::Write;

/// Derives the keys of one run.
#[derive(Debug, Clone, Copy)]
pub struct Keys {
    seed: u64,
}

impl Keys {
    /// Keys of the run with this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The key for one step of what one invoice asks for, in printable characters only.
    pub fn key(self, invoice: &str, step: &str) -> String {
        let mut key = format!("lt-{:016x}-", self.seed);
        for byte in invoice.bytes() {
            if byte.is_ascii_alphanumeric() {
                key.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                let _: std::fmt::Result = write!(key, "_{byte:02x}");
            }
        }
        key.push('-');
        key.push_str(step);
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_by_seed_invoice_and_step_and_are_printable() {
        let keys = Keys::new(7);
        assert_eq!(keys.key("C536379", "cancel"), "lt-0000000000000007-C536379-cancel");
        assert_ne!(keys.key("1", "a"), Keys::new(8).key("1", "a"));
        assert_ne!(keys.key("1-a", "b"), keys.key("1", "a-b"));
        assert!(keys.key("ü \"x\"", "a").bytes().all(|byte| byte.is_ascii_graphic()));
    }
}
