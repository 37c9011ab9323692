//! Expect units from a supplier.

use smol_str::SmolStr;

use super::super::super::{Announcement, LotEvent, Origin, Product};
use crate::ids::LotId;
use crate::rejection::Rejection;

impl Product {
    pub(super) fn decide_announce(
        &self,
        lot: LotId,
        announcement: &Announcement,
        actor: Option<SmolStr>,
    ) -> Result<LotEvent, Rejection> {
        self.check_new_lot(lot)?;
        let Announcement { location, units, expected_at, reference } = announcement.clone();
        Ok(LotEvent::Announced { origin: Origin::Supplier, location, units, expected_at, reference, actor })
    }
}
