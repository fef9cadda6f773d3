//! A class as it is understood here: types that have a name stand apart, once each.

/// A class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Its name in Rust, which is an identifier.
    pub name: String,
    /// Its documentation.
    pub doc: String,
    /// False where a panic ends the program.
    pub unwinds: bool,
    /// In the order of the source.
    pub methods: Vec<Method>,
    /// The types with a name that methods use, each before what it uses.
    pub types: Vec<Declared>,
}

/// A method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// Its name, which is an identifier.
    pub name: String,
    /// Its documentation.
    pub doc: String,
    /// What calls it.
    pub call: Call,
}

/// What calls a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// A client, by JSON-RPC.
    Rpc {
        /// True when it takes a `GnzContext` before its parameters.
        context: bool,
        /// What it takes.
        params: Vec<Param>,
        /// What it returns.
        returns: Type,
    },
    /// A request at its address.
    Http,
    /// The clock, at these times.
    Cron(String),
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name, which is an identifier.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// One that everybody knows.
    Plain(Plain),
    /// Any number of values; of bytes, they are bytes.
    Array(Box<Type>),
    /// A value or `null`.
    Option(Box<Type>),
    /// Values by name.
    Map(Box<Type>),
    /// So many values.
    Tuple(Vec<Type>),
    /// One of [`Class::types`].
    Named(usize),
}

/// A type that needs no declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as they are called in the description")]
pub enum Plain {
    String,
    Number,
    Byte,
    Bigint,
    Boolean,
    Void,
    Any,
    Date,
}

/// A type with a name: a struct or an enum, one for each choice of its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Its name in TypeScript, which no other has.
    pub name: String,
    /// Its documentation.
    pub doc: String,
    /// What serde writes it like.
    pub form: Form,
}

/// What serde writes a type like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// A struct.
    Content(Content),
    /// An enum.
    Enum {
        /// The field that names the variant.
        tag: Option<String>,
        /// The field with the rest.
        content: Option<String>,
        /// Nothing names the variant.
        untagged: bool,
        /// The variants.
        variants: Vec<Variant>,
    },
}

/// What a struct or a variant has in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing.
    Unit,
    /// One value, written as itself.
    Newtype(Type),
    /// A list.
    Tuple(Vec<Type>),
    /// Fields.
    Struct(Vec<Field>),
}

/// A variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// As serde writes it.
    pub name: String,
    /// Its documentation.
    pub doc: String,
    /// What it has in it.
    pub content: Content,
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// As serde writes it.
    pub name: String,
    /// Its documentation.
    pub doc: String,
    /// It may be missing.
    pub optional: bool,
    /// Its own fields stand in its place.
    pub flatten: bool,
    /// Its type.
    pub ty: Type,
}

impl Class {
    /// The types that a type of this class has in it, itself included.
    pub fn reaches(&self, from: &Type) -> Vec<usize> {
        let mut seen = Vec::new();
        let mut ahead = vec![from];
        while let Some(ty) = ahead.pop() {
            match ty {
                Type::Plain(_) => {}
                Type::Array(of) | Type::Option(of) | Type::Map(of) => ahead.push(of),
                Type::Tuple(all) => ahead.extend(all),
                Type::Named(index) if seen.contains(index) => {}
                Type::Named(index) => {
                    seen.push(*index);
                    ahead.extend(self.types[*index].parts());
                }
            }
        }
        seen
    }
}

impl Declared {
    /// The types directly in it.
    pub fn parts(&self) -> Vec<&Type> {
        match &self.form {
            Form::Content(content) => content.parts(),
            Form::Enum { variants, .. } => {
                variants.iter().flat_map(|variant| variant.content.parts()).collect()
            }
        }
    }
}

impl Content {
    /// The types directly in it.
    pub fn parts(&self) -> Vec<&Type> {
        match self {
            Self::Unit => Vec::new(),
            Self::Newtype(ty) => vec![ty],
            Self::Tuple(all) => all.iter().collect(),
            Self::Struct(fields) => fields.iter().map(|field| &field.ty).collect(),
        }
    }
}
