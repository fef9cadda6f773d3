//! Hosts: the Node process of a platform (or any other command), started as the platform starts it.
//!
//! A [`Container`] is a [`Sandbox`](crate::lambda::Sandbox) whose runtime is a host: it has a clean
//! environment, a process group and a temporary folder of its own, and nothing of it is left when it ends.
//! Everything it does is reported to an [`Observer`](crate::lambda::Observer); any number can run at once.

mod child;
mod clock;
mod container;
pub(crate) mod environment;
pub(crate) mod group;
mod lines;
pub mod node;
pub mod process;
mod witness;

pub use clock::Clock;
pub use container::{BOOTSTRAP, Container, Host};
pub use witness::{Answerer, Witness};
