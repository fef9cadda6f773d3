//! A class with methods that clients call with full types, one for requests and one for the clock.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use trap_runtime::axum::routing::get;
use trap_runtime::class::{self, Failure, HttpRequest, Typed};

/// Who orders.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Typed)]
#[serde(transparent)]
struct CustomerId(u64);

/// An amount in the smallest unit.
#[derive(Serialize, Deserialize, Typed)]
struct Money {
    cents: u64,
    currency: String,
}

/// One thing that is ordered.
#[derive(Clone, Serialize, Deserialize, Typed)]
#[serde(rename_all = "camelCase")]
struct Line {
    article: String,
    count: u32,
    /// In cents.
    unit_price: u64,
}

/// What became of an order.
#[derive(Clone, Serialize, Deserialize, Typed)]
#[serde(tag = "state", rename_all = "camelCase")]
enum Status {
    Open,
    Paid { at: DateTime<Utc> },
}

#[derive(Clone, Serialize, Deserialize, Typed)]
struct Order {
    number: u32,
    lines: Vec<Line>,
    placed: DateTime<Utc>,
    status: Status,
}

#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error("an order has at least one line")]
    Empty,
    #[error("there is no order {0}")]
    Unknown(u32),
}

/// Kept between calls for as long as the platform keeps the process.
#[derive(Default)]
struct Orders {
    orders: Mutex<BTreeMap<u32, (CustomerId, Order)>>,
}

impl Orders {
    fn all(&self) -> MutexGuard<'_, BTreeMap<u32, (CustomerId, Order)>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Orders of a small shop.
#[trap_runtime::class]
impl Orders {
    /// What some lines cost together.
    async fn quote(&self, lines: Vec<Line>) -> Result<Money, OrderError> {
        if lines.is_empty() {
            return Err(OrderError::Empty);
        }
        let cents = lines.iter().map(|line| u64::from(line.count) * line.unit_price).sum();
        Ok(Money { cents, currency: "EUR".to_owned() })
    }

    /// Places an order.
    async fn place(&self, customer: CustomerId, lines: Vec<Line>) -> Result<Order, OrderError> {
        if lines.is_empty() {
            return Err(OrderError::Empty);
        }
        let mut all = self.all();
        let number = all.len() as u32 + 1;
        let order = Order { number, lines, placed: Utc::now(), status: Status::Open };
        all.insert(number, (customer, order.clone()));
        Ok(order)
    }

    /// The orders of a customer, the oldest first.
    async fn of(&self, customer: CustomerId, since: Option<DateTime<Utc>>) -> Vec<Order> {
        let all = self.all();
        let wanted = all
            .values()
            .filter(|(of, order)| *of == customer && since.is_none_or(|since| order.placed >= since));
        wanted.map(|(_, order)| order.clone()).collect()
    }

    /// What the bank calls: `POST /Orders/paid` with the number of an order.
    #[method(http)]
    async fn paid(&self, request: HttpRequest) -> Result<&'static str, Failure> {
        let number = std::str::from_utf8(request.body())?.trim().parse()?;
        let mut all = self.all();
        let (_, order) = all.get_mut(&number).ok_or(OrderError::Unknown(number))?;
        order.status = Status::Paid { at: Utc::now() };
        Ok("thank you\n")
    }

    /// Forgets what was not paid for.
    #[method(cron = "0 4 * * *")]
    async fn nightly(&self) {
        let mut all = self.all();
        let before = all.len();
        all.retain(|_, (_, order)| matches!(order.status, Status::Paid { .. }));
        eprintln!("{} orders forgotten", before - all.len());
    }
}

fn main() -> Result<(), trap_runtime::Error> {
    let router = class::router(Orders::default()).route("/health", get(|| async { "fine\n" }));
    trap_runtime::run(router)
}
