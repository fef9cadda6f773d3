use serde::{Deserialize, Serialize};
use trap_runtime::class::Typed;

#[derive(Serialize, Deserialize, Typed)]
struct Order {
    id: u32,
    time: std::time::Duration,
}

#[derive(Serialize, Deserialize)]
struct Unknown;

struct Orders;

#[trap_runtime::class]
impl Orders {
    async fn find(&self, wanted: Unknown) -> Order {
        todo!()
    }
}

fn main() {}
