//! One object that holds what a route takes from three places. What names the operation, its key and its subject is picked
//! out; the rest is read as the body of that route, without being copied in between.

use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::wire::text::Text;

/// What an operation is about, if that is not said in its body.
pub(super) trait Subject {
    /// The member that names it.
    const MEMBER: Option<&'static str>;
}

/// The body says it all.
#[derive(Debug)]
pub(super) struct OfNothing;

/// About a reservation.
#[derive(Debug)]
pub(super) struct OfReservation;

/// About a product.
#[derive(Debug)]
pub(super) struct OfProduct;

impl Subject for OfNothing {
    const MEMBER: Option<&'static str> = None;
}

impl Subject for OfReservation {
    const MEMBER: Option<&'static str> = Some("reservation_id");
}

impl Subject for OfProduct {
    const MEMBER: Option<&'static str> = Some("sku");
}

/// An operation with a body of this kind.
#[derive(Debug)]
pub(super) struct Entry<'a, S, T> {
    pub(super) key: Option<Text<'a>>,
    /// The text that names its subject; empty if it has none.
    pub(super) subject: String,
    pub(super) request: T,
    of: PhantomData<S>,
}

impl<'de: 'a, 'a, S: Subject, T: Deserialize<'de>> Deserialize<'de> for Entry<'a, S, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntryVisitor<'a, S, T>(PhantomData<(&'a (), S, T)>);

        impl<'de: 'a, 'a, S: Subject, T: Deserialize<'de>> Visitor<'de> for EntryVisitor<'a, S, T> {
            type Value = Entry<'a, S, T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let mut head = Head::default();
                let body = Body { map, head: &mut head, subject: S::MEMBER };
                let request = T::deserialize(MapAccessDeserializer::new(body))?;
                let subject = match (S::MEMBER, head.subject) {
                    (Some(member), None) => return Err(A::Error::missing_field(member)),
                    (_, subject) => subject.map(|text| text.to_string()).unwrap_or_default(),
                };
                Ok(Entry { key: head.key, subject, request, of: PhantomData })
            }
        }

        deserializer.deserialize_map(EntryVisitor(PhantomData))
    }
}

/// What was picked out.
#[derive(Default)]
struct Head<'a> {
    key: Option<Text<'a>>,
    subject: Option<Text<'a>>,
}

/// The members that are left, as an object of their own.
struct Body<'h, 'a, A> {
    map: A,
    head: &'h mut Head<'a>,
    subject: Option<&'static str>,
}

impl<'de: 'a, 'a, A: MapAccess<'de>> MapAccess<'de> for Body<'_, 'a, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.map.next_key::<Text<'de>>()? {
            match &*name {
                // Read before, and looked at for being given once.
                "op" => {
                    self.map.next_value::<IgnoredAny>()?;
                }
                "key" => pick(&mut self.map, "key", &mut self.head.key)?,
                name if Some(name) == self.subject => {
                    pick(&mut self.map, self.subject.unwrap_or_default(), &mut self.head.subject)?;
                }
                name => return seed.deserialize(StrDeserializer::new(name)).map(Some),
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

fn pick<'de: 'a, 'a, A: MapAccess<'de>>(
    map: &mut A,
    member: &'static str,
    slot: &mut Option<Text<'a>>,
) -> Result<(), A::Error> {
    if slot.is_some() {
        return Err(A::Error::duplicate_field(member));
    }
    *slot = Some(map.next_value()?);
    Ok(())
}
