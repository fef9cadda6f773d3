use trap_runtime::class;

#[class]
struct NoBlock;

#[class(jsonrpc)]
impl NoArguments {}

trait Trait {}

#[class]
impl Trait for Implementor {}

#[class]
impl<T> Generic<T> {}

struct Empty;

#[class]
impl Empty {
    fn new() -> Self {
        Self
    }
}

fn main() {}
