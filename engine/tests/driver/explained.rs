//! What is explained is what is then decided, whoever asks in whatever history.

use holdfast_engine::product::{
    Considered, ExplainedLine, Explanation, OpenHolds, PassedOver, ProductEvent, SourceOutcome,
};
use holdfast_engine::{Event, Sku};

use super::{Answer, Driver};

impl Driver {
    /// What a product says about claims that are about to be made of it.
    pub(super) fn explain(&mut self, sku: &Sku, open: &OpenHolds) -> Option<Explanation> {
        self.read_mail(sku);
        self.settle(sku);
        Some(self.products.get(sku)?.explain(self.now, open))
    }

    /// Checks it, now that they were made or refused, from this position of the journal on.
    pub(super) fn check_explained(&self, explained: Option<Explanation>, heard: &Answer, from: usize) {
        let Some(Explanation { lines, refusal, .. }) = explained else { return };
        assert_eq!(refusal.as_ref(), heard.as_ref().err(), "a refusal is foreseen");
        let opened: Vec<_> = self.journal[from..]
            .iter()
            .filter_map(|event| match event {
                Event::Product(_, ProductEvent::HoldOpened { quantity, sources, .. }) => {
                    Some((*quantity, sources))
                }
                _ => None,
            })
            .collect();
        for ExplainedLine { claim, considered, queued } in lines {
            let made = opened.iter().find(|(_, sources)| sources.asked() == claim.location.as_ref());
            let taken: Vec<_> = made.iter().flat_map(|(units, sources)| sources.filled(*units)).collect();
            let said: Vec<_> = considered
                .iter()
                .filter_map(|Considered { location, outcome, .. }| match outcome {
                    SourceOutcome::Taken(units) => Some((location, *units)),
                    SourceOutcome::PassedOver(_) => None,
                })
                .collect();
            assert_eq!(said, taken, "what is taken from where");
            assert_eq!(queued, made.map(|(_, sources)| sources.queued()).unwrap_or_default(), "what queues");
            for location in &considered {
                let Considered { free, outcome, .. } = location;
                let fits = match outcome {
                    SourceOutcome::Taken(units) => *free >= (*units).into(),
                    SourceOutcome::PassedOver(PassedOver::NotAskedFor) => claim.location.is_some(),
                    SourceOutcome::PassedOver(
                        PassedOver::NotNeeded
                        | PassedOver::TooFar
                        | PassedOver::DistanceUnknown
                        | PassedOver::NotWhole
                        | PassedOver::Refused,
                    ) => !free.is_zero(),
                    SourceOutcome::PassedOver(
                        PassedOver::Closed
                        | PassedOver::BeforeRelease
                        | PassedOver::SaleNotOpen
                        | PassedOver::SetAside
                        | PassedOver::NotInSale
                        | PassedOver::NothingFree,
                    ) => free.is_zero(),
                };
                assert!(fits, "{location:?} of {considered:?} for {claim:?}");
            }
        }
    }
}
