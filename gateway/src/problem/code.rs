//! The codes: one table of name, status, title and whether a retry may help. Names are part of the contract.

use hyper::StatusCode;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $status:ident, $title:literal, $retryable:literal;)*) => {
        /// What kind of problem it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            /// All of them, for documentation and tests.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name programs switch on.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The status it comes with.
            pub(crate) const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// The kind in words.
            pub(crate) const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// Whether a problem of this kind may go away by itself, unless the refusal knows better.
            pub(crate) const fn is_retryable(self) -> bool {
                match self { $(Self::$variant => $retryable,)* }
            }
        }
    };
}

codes! {
    /// The body is no JSON text.
    MalformedJson = "malformed_json", BAD_REQUEST, "The body is not JSON", false;
    /// The path cannot be read.
    MalformedPath = "malformed_path", BAD_REQUEST, "The path cannot be read", false;
    /// The query string cannot be read, or asks for something there is not.
    MalformedQuery = "malformed_query", BAD_REQUEST, "The query cannot be read", false;
    /// The request as a whole cannot be read.
    BadRequest = "bad_request", BAD_REQUEST, "The request cannot be read", false;
    /// A POST without a key.
    IdempotencyKeyMissing = "idempotency_key_missing", BAD_REQUEST, "An Idempotency-Key header is needed", false;
    /// A key that is none.
    IdempotencyKeyInvalid = "idempotency_key_invalid", BAD_REQUEST, "The Idempotency-Key header is not valid", false;
    /// The provider said no.
    PaymentDeclined = "payment_declined", PAYMENT_REQUIRED, "The payment was declined", false;
    /// No such address.
    NotFound = "not_found", NOT_FOUND, "Not found", false;
    /// No such product (as the thing asked for).
    ProductNotFound = "unknown_sku", NOT_FOUND, "There is no such product", false;
    /// No such reservation.
    ReservationNotFound = "reservation_not_found", NOT_FOUND, "There is no such reservation", false;
    /// The id is not one of a reservation.
    NotAReservation = "not_a_reservation", NOT_FOUND, "This is no reservation's id", false;
    /// No such order.
    OrderNotFound = "order_not_found", NOT_FOUND, "There is no such order", false;
    /// No such refund.
    RefundNotFound = "refund_not_found", NOT_FOUND, "There is no such refund", false;
    /// No such lot.
    LotNotFound = "lot_not_found", NOT_FOUND, "There is no such lot", false;
    /// The product was not in the catalogue at the time asked about.
    AbsentThen = "absent_then", NOT_FOUND, "The product was not there then", false;
    /// The journal or the clock has not come to what is asked about.
    NotYet = "not_yet", NOT_FOUND, "It has not come to that yet", true;
    /// The address knows other methods.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "This method is not allowed here", false;
    /// The request did not come to its end in time.
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT, "The request took too long", true;
    /// Too few units.
    InsufficientStock = "insufficient_stock", CONFLICT, "Not enough stock", true;
    /// The product never lay at the location that a line asks for.
    UnknownLocation = "unknown_location", UNPROCESSABLE_ENTITY, "The product has never been at this location", false;
    /// Not for sale now.
    NotSellable = "not_sellable", CONFLICT, "The product is not for sale", true;
    /// Its sale has not opened, or is paused.
    SaleNotOpen = "sale_not_open", CONFLICT, "The sale is not open", true;
    /// The customer would have more units in a sale than one customer may.
    CustomerLimit = "customer_limit", CONFLICT, "More than one customer may have", false;
    /// Another sale of the product is not closed, or this one is.
    OtherSale = "other_sale", CONFLICT, "There is another sale of the product", false;
    /// No such sale.
    SaleNotFound = "sale_not_found", NOT_FOUND, "No such sale", false;
    /// Something is left of the product.
    ProductInUse = "product_in_use", CONFLICT, "Something is left of the product", false;
    /// The product is a bundle, which has no stock of its own.
    ProductIsBundle = "product_is_bundle", CONFLICT, "The product is a bundle", false;
    /// A bundle would be made of a bundle.
    ComponentIsBundle = "component_is_bundle", UNPROCESSABLE_ENTITY, "A component is a bundle itself", false;
    /// A bundle cannot be had in part.
    BundleInPart = "bundle_in_part", UNPROCESSABLE_ENTITY, "A bundle is had whole or not at all", false;
    /// With its bundles taken apart a request has too many lines.
    TooManyLines = "too_many_lines", UNPROCESSABLE_ENTITY, "Too many lines with its bundles taken apart", false;
    /// The product is not at the location that is asked for.
    LocationNotFound = "unknown_location", NOT_FOUND, "The product has never been at this location", false;
    /// The last location of a product.
    LastLocation = "last_location", CONFLICT, "The product has no other location", false;
    /// Somebody has a claim at the location.
    LocationInUse = "location_in_use", CONFLICT, "The location is in use", false;
    /// Units lie at the location.
    LocationNotEmpty = "location_not_empty", CONFLICT, "Something lies at the location", false;
    /// The product has no waiting list.
    NoWaitingList = "no_waiting_list", CONFLICT, "The product has no waiting list", false;
    /// The customer does not wait for the product.
    NotWaiting = "not_waiting", NOT_FOUND, "The customer does not wait for the product", false;
    /// Nobody else can wait for the product.
    WaitingListFull = "waiting_list_full", CONFLICT, "The waiting list is full", true;
    /// The count is another than expected.
    StockChanged = "stock_changed", CONFLICT, "The stock has changed", false;
    /// The count would go below zero.
    StockBelowZero = "stock_below_zero", CONFLICT, "The stock would go below zero", false;
    /// The count would be too large to be one.
    StockAboveMaximum = "stock_above_maximum", CONFLICT, "The stock would be too large", false;
    /// Too few units on the shelf to ship.
    NotOnShelf = "not_on_shelf", CONFLICT, "Not enough on the shelf to ship", true;
    /// A hold that is not there any more.
    HoldNotFound = "hold_not_found", CONFLICT, "The hold is not there any more", false;
    /// More committed than held.
    CommitAboveHold = "commit_above_hold", CONFLICT, "More committed than held", false;
    /// More shipped, cancelled or returned than promised.
    FulfilmentAboveAllocation = "fulfilment_above_allocation", CONFLICT, "More than was promised", false;
    /// Committed before.
    ReservationCommitted = "reservation_already_committed", CONFLICT, "The reservation was committed already", false;
    /// Released before.
    ReservationReleased = "reservation_already_released", CONFLICT, "The reservation was released already", false;
    /// An order has it.
    ReservationInCheckout = "reservation_in_checkout", CONFLICT, "The reservation is being checked out", true;
    /// Its lines are others, or are being changed.
    ReservationChanged = "reservation_changed", CONFLICT, "The reservation was changed meanwhile", false;
    /// Its lines were changed more often than they can be.
    TooManyChanges = "too_many_changes", CONFLICT, "The reservation was changed too often", false;
    /// Somebody else's.
    ReservationOfOther = "reservation_of_other", CONFLICT, "The reservation belongs to another customer", false;
    /// More promised than there is.
    ProductShort = "product_short", CONFLICT, "More is promised than there is", true;
    /// The order costs something else.
    TotalChanged = "total_changed", CONFLICT, "The order's total has changed", false;
    /// The order is not in a state that allows this.
    OrderState = "order_state", CONFLICT, "The order's state does not allow this", false;
    /// More than is left of a line.
    LineExceeded = "line_exceeded", CONFLICT, "More than is left of the line", false;
    /// More to be paid back than is left of what was paid.
    RefundAbovePaid = "refund_above_paid", CONFLICT, "More than is left of what was paid", false;
    /// The refund is under way or paid.
    RefundNotFailed = "refund_not_failed", CONFLICT, "The refund has not failed", false;
    /// An order cannot have so many refunds.
    TooManyRefunds = "too_many_refunds", CONFLICT, "The order has too many refunds", false;
    /// The lot has come to its end.
    LotEnded = "lot_ended", CONFLICT, "The lot has come to its end", false;
    /// More received than is left of the lot.
    LotExceeded = "lot_exceeded", CONFLICT, "More than is left of the lot", false;
    /// A product cannot have so many lots on their way.
    TooManyLots = "too_many_lots", CONFLICT, "The product has too many open lots", false;
    /// More to be sent than is fit for sale there and nobody's.
    TransferExceeded = "transfer_exceeded", CONFLICT, "More than can be sent from there", true;
    /// Its time was over.
    ReservationExpired = "reservation_expired", GONE, "The reservation has lapsed", false;
    /// More bytes than allowed.
    PayloadTooLarge = "payload_too_large", PAYLOAD_TOO_LARGE, "The body is too large", false;
    /// Not JSON by its own word.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The body's media type is not supported", false;
    /// Members of the body are wrong.
    ValidationFailed = "validation_failed", UNPROCESSABLE_ENTITY, "The request is not valid", false;
    /// All or nothing was asked of operations that cannot be.
    AtomicUnsupported = "atomic_unsupported", UNPROCESSABLE_ENTITY, "These operations cannot be all or nothing", false;
    /// The key was used for something else.
    IdempotencyKeyReused = "idempotency_key_reused", UNPROCESSABLE_ENTITY, "The key was used for another request", false;
    /// A line names a product there is not.
    UnknownSku = "unknown_sku", UNPROCESSABLE_ENTITY, "There is no such product", false;
    /// A line the order or reservation does not have.
    UnknownLine = "unknown_line", UNPROCESSABLE_ENTITY, "There is no such line", false;
    /// More units in a line than the product allows.
    LineTooLarge = "line_too_large", UNPROCESSABLE_ENTITY, "Too many units in one line", false;
    /// Fewer units in a line than the product allows.
    LineTooSmall = "line_too_small", UNPROCESSABLE_ENTITY, "Too few units in one line", false;
    /// Units in a line that are no multiple of what the product is sold by.
    LineNotMultiple = "line_not_multiple", UNPROCESSABLE_ENTITY, "Not a multiple of what it is sold by", false;
    /// Lines of an order are not edited.
    LinesNotEditable = "lines_not_editable", UNPROCESSABLE_ENTITY, "The lines of an order cannot be edited", false;
    /// A commit of nothing, or of lines there are not.
    CommitMismatch = "commit_mismatch", UNPROCESSABLE_ENTITY, "The commit does not fit the reservation", false;
    /// A hold time the products do not allow.
    HoldTimeOutOfRange = "hold_time_out_of_range", UNPROCESSABLE_ENTITY, "The hold time is not allowed", false;
    /// Neither the line nor the product has a price.
    NoPrice = "no_price", UNPROCESSABLE_ENTITY, "There is no price in this currency", false;
    /// The value does not fit into an amount.
    TotalTooLarge = "total_too_large", UNPROCESSABLE_ENTITY, "The order's value is too large", false;
    /// A movement or count that happened too long ago, or has not happened yet.
    StampOutOfRange = "stamp_out_of_range", UNPROCESSABLE_ENTITY, "Too long ago, or still to come", false;
    /// A transfer from a location to itself.
    TransferToSelf = "transfer_to_self", UNPROCESSABLE_ENTITY, "The transfer leads to where it begins", false;
    /// A transfer from where the product has never been.
    UnknownSource = "unknown_source", UNPROCESSABLE_ENTITY, "The product has never been there", false;
    /// A transfer to where the product has never been.
    UnknownDestination = "unknown_destination", UNPROCESSABLE_ENTITY, "The product is not kept there", false;
    /// More has happened than one request may go through.
    TooMuchHistory = "too_much_history", UNPROCESSABLE_ENTITY, "Too much has happened to go through it", false;
    /// A record that the answer rests on is damaged or missing.
    JournalUnreadable = "journal_unreadable", INTERNAL_SERVER_ERROR, "The journal cannot be read there", false;
    /// Our fault.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong here", true;
    /// More than can be served now.
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, "Too much at once", true;
    /// On the way down.
    Draining = "draining", SERVICE_UNAVAILABLE, "The service is shutting down", true;
    /// Cannot answer for the moment.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "The service cannot answer for the moment", true;
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn a_name_has_one_title_whatever_its_status() {
        let mut titles = HashMap::new();
        for code in Code::ALL {
            let title = titles.entry(code.name()).or_insert(code.title());
            assert_eq!(*title, code.title(), "{}", code.name());
        }
    }
}
