//! Collects everything that is wrong with a body, each with a pointer to where.
//!
//! Pointers are made only when something is wrong: they come as closures.

use std::borrow::Cow;

use holdfast_engine::{NameError, SmolStr, check_text};

use super::int::Int;
use crate::limits::FIELD_ERRORS_MAX;
use crate::problem::{FieldError, Problem};

/// What was found wrong so far.
#[derive(Debug, Default)]
pub(crate) struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// One more thing wrong.
    pub(crate) fn push(
        &mut self,
        pointer: impl Into<String>,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) {
        if self.0.len() < FIELD_ERRORS_MAX {
            self.0.push(FieldError { pointer: pointer.into(), code, detail: detail.into() });
        }
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The refusal, if anything is wrong.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::invalid(self.0)) }
    }

    /// The refusal; for when something is known to be wrong.
    pub(crate) fn into_problem(self) -> Problem {
        Problem::invalid(self.0)
    }

    /// An integer within a range.
    pub(crate) fn integer(
        &mut self,
        pointer: impl FnOnce() -> String,
        value: Int,
        min: i64,
        max: i64,
    ) -> Option<i64> {
        match value {
            Int::Whole(value) if (min..=max).contains(&value) => Some(value),
            Int::Whole(_) | Int::Beyond => {
                self.push(pointer(), "out_of_range", format!("must be an integer from {min} to {max}"));
                None
            }
            Int::Other(what) => {
                let detail = format!("must be an integer from {min} to {max}, not {what}");
                self.push(pointer(), "not_an_integer", detail);
                None
            }
        }
    }

    /// The same, for a count.
    pub(crate) fn count(
        &mut self,
        pointer: impl FnOnce() -> String,
        value: Int,
        min: u64,
        max: u64,
    ) -> Option<u64> {
        let bound = |bound: u64| i64::try_from(bound).unwrap_or(i64::MAX);
        self.integer(pointer, value, bound(min), bound(max)).and_then(|count| u64::try_from(count).ok())
    }

    /// The outcome of one of the engine's own checks of a name.
    pub(crate) fn name<T>(
        &mut self,
        pointer: impl FnOnce() -> String,
        name: Result<T, NameError>,
    ) -> Option<T> {
        match name {
            Ok(name) => Some(name),
            Err(error) => {
                self.push(pointer(), name_code(error), error.to_string());
                None
            }
        }
    }

    /// A text for people, possibly empty.
    pub(crate) fn text(
        &mut self,
        pointer: impl FnOnce() -> String,
        text: &str,
        max: usize,
    ) -> Option<SmolStr> {
        self.name(pointer, check_text(text, max).map(|()| SmolStr::new(text)))
    }

    /// A text for people, with something in it.
    pub(crate) fn filled_text(
        &mut self,
        pointer: impl FnOnce() -> String,
        text: &str,
        max: usize,
    ) -> Option<SmolStr> {
        if text.trim().is_empty() {
            return self.name(pointer, Err(NameError::Empty));
        }
        self.text(pointer, text, max)
    }
}

/// The code of a rule for names.
pub(crate) fn name_code(error: NameError) -> &'static str {
    match error {
        NameError::Empty => "empty",
        NameError::TooLong { .. } => "too_long",
        NameError::ControlCharacter => "control_character",
        NameError::SurroundingSpace => "surrounding_space",
    }
}
