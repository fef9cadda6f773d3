use serde::{Deserialize, Serialize};
use trap_runtime::class::Typed;

#[derive(Serialize, Deserialize, Typed)]
pub struct Order {
    id: u32,
}

pub struct Orders;

#[trap_runtime::class]
impl Orders {
    pub async fn find(&self, id: u32) -> Order {
        Order { id }
    }
}

fn main() {}
