use trap_runtime::class::Typed;

#[derive(Typed)]
struct Written {
    #[serde(with = "hex")]
    hash: Vec<u8>,
}

#[derive(Typed)]
struct Renamed {
    #[serde(rename(serialize = "a", deserialize = "b"))]
    name: String,
}

#[derive(Typed)]
#[serde(from = "String")]
struct From(u8);

#[derive(Typed)]
enum Other {
    #[serde(other)]
    Rest,
}

#[derive(Typed)]
union Bits {
    a: u8,
}

#[derive(Typed)]
struct Like {
    #[typed(like = "String")]
    a: u8,
}

fn main() {}
