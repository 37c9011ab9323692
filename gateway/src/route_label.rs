//! Which route a path belongs to, for metrics: a handful of names whatever callers put into their paths.

/// The route's template; `other` for paths that are none of ours.
pub(crate) fn route_label(path: &str) -> &'static str {
    let mut parts = path.strip_prefix('/').unwrap_or_default().splitn(5, '/');
    match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("v1"), Some("reservations"), None, ..) => "/v1/reservations",
        (Some("v1"), Some("reservations"), Some("release"), None, _) => "/v1/reservations/release",
        (Some("v1"), Some("reservations"), Some(_), None, _) => "/v1/reservations/{id}",
        (Some("v1"), Some("reservations"), Some(_), Some("commit"), None) => "/v1/reservations/{id}/commit",
        (Some("v1"), Some("reservations"), Some(_), Some("release"), None) => "/v1/reservations/{id}/release",
        (Some("v1"), Some("reservations"), Some(_), Some("lines"), None) => "/v1/reservations/{id}/lines",
        (Some("v1"), Some("reservations"), Some(_), Some("extend"), None) => "/v1/reservations/{id}/extend",
        (Some("v1"), Some("orders"), None, ..) => "/v1/orders",
        (Some("v1"), Some("orders"), Some(_), None, _) => "/v1/orders/{id}",
        (Some("v1"), Some("orders"), Some(_), Some("cancel"), None) => "/v1/orders/{id}/cancel",
        (Some("v1"), Some("orders"), Some(_), Some("edit"), None) => "/v1/orders/{id}/edit",
        (Some("v1"), Some("orders"), Some(_), Some("shipments"), None) => "/v1/orders/{id}/shipments",
        (Some("v1"), Some("orders"), Some(_), Some("returns"), None) => "/v1/orders/{id}/returns",
        (Some("v1"), Some("orders"), Some(_), Some("refunds"), None) => "/v1/orders/{id}/refunds",
        (Some("v1"), Some("orders"), Some(_), Some("refunds"), Some(rest)) if is_retry(rest) => {
            "/v1/orders/{id}/refunds/{number}/retry"
        }
        (Some("v1"), Some("products"), None, ..) => "/v1/products",
        (Some("v1"), Some("products"), Some(_), None, _) => "/v1/products/{sku}",
        (Some("v1"), Some("products"), Some(_), Some("sales"), Some(sale)) if !sale.contains('/') => {
            "/v1/products/{sku}/sales/{sale}"
        }
        (Some("v1"), Some("products"), Some(_), Some("history"), None) => "/v1/products/{sku}/history",
        (Some("v1"), Some("products"), Some(_), Some("locations"), Some(location))
            if !location.contains('/') =>
        {
            "/v1/products/{sku}/locations/{location}"
        }
        (Some("v1"), Some("products"), Some(_), Some("waiting-list"), None) => {
            "/v1/products/{sku}/waiting-list"
        }
        (Some("v1"), Some("products"), Some(_), Some("waiting-list"), Some(customer))
            if !customer.contains('/') =>
        {
            "/v1/products/{sku}/waiting-list/{customer}"
        }
        (Some("v1"), Some("stock"), Some("stream"), None, _) => "/v1/stock/stream",
        (Some("v1"), Some("stock"), Some(_), None, _) => "/v1/stock/{sku}",
        (Some("v1"), Some("stock"), Some(_), Some("adjustments"), None) => "/v1/stock/{sku}/adjustments",
        (Some("v1"), Some("stock"), Some(_), Some("transfers"), None) => "/v1/stock/{sku}/transfers",
        (Some("v1"), Some("stock"), Some(_), Some("incoming"), rest) => match rest {
            None => "/v1/stock/{sku}/incoming",
            Some(rest) => lot_label(rest),
        },
        (Some("v1"), Some("sourcing"), None, ..) => "/v1/sourcing",
        (Some("v1"), Some("batch"), None, ..) => "/v1/batch",
        (Some("v1"), Some("import"), None, ..) => "/v1/import",
        (Some("openapi.json"), None, ..) => "/openapi.json",
        (Some("docs"), ..) => "/docs",
        _ => "other",
    }
}

/// What follows `refunds/` when a refund is to be tried again.
fn is_retry(rest: &str) -> bool {
    rest.strip_suffix("/retry").is_some_and(|number| !number.contains('/'))
}

/// What follows `incoming/` when something is done about a lot.
fn lot_label(rest: &str) -> &'static str {
    match rest.split_once('/') {
        Some((_, "receive")) => "/v1/stock/{sku}/incoming/{id}/receive",
        Some((_, "reschedule")) => "/v1/stock/{sku}/incoming/{id}/reschedule",
        Some((_, "cancel")) => "/v1/stock/{sku}/incoming/{id}/cancel",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_described_route_has_its_own_label() {
        for path in crate::routes::description().paths.paths.keys() {
            let concrete = path
                .replace("{sku}", "a%2Fb")
                .replace("{id}", "rsv_0")
                .replace("{number}", "1")
                .replace("{sale}", "spring")
                .replace("{location}", "main")
                .replace("{customer}", "ann");
            assert_eq!(route_label(&concrete), path);
        }
    }

    #[test]
    fn other_paths_share_one() {
        for path in [
            "",
            "/",
            "/v1",
            "/v1/nothing",
            "/v1/stock/a/b/c",
            "/v1/stock/a/adjustments/x",
            "/v1/stock/a/transfers/x",
            "/v1/stock/a/incoming/x",
            "/v1/stock/a/incoming/x/y",
            "/v1/orders/a/refunds/1",
            "/v1/orders/a/refunds/1/2/retry",
            "//",
            "/v2/orders",
        ] {
            assert_eq!(route_label(path), "other", "{path}");
        }
        assert_eq!(route_label("/docs/index.html"), "/docs");
    }
}
