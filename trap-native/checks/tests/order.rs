//! How the exec stub takes its order out of the environment, and puts it back.

#[path = "../../stub/order.rs"]
mod order;

use std::ffi::{CStr, CString};
use std::ptr::null;

use order::Order;

/// An environment as the C library has it.
struct Environment {
    _texts: Vec<CString>,
    list: Vec<*const u8>,
}

impl Environment {
    fn new(entries: &[&str]) -> Self {
        let texts: Vec<_> = entries.iter().map(|entry| CString::new(*entry).unwrap()).collect();
        let list = texts.iter().map(|text| text.as_ptr().cast()).chain([null()]).collect();
        Self { _texts: texts, list }
    }

    fn take(&mut self) -> Option<Order> {
        // SAFETY: the list ends with null, and nobody else changes it.
        unsafe { Order::take(self.list.as_mut_ptr()) }
    }

    /// What a reader of the list finds.
    fn entries(&self) -> Vec<String> {
        let entries = self.list.iter().take_while(|entry| !entry.is_null());
        // SAFETY: every entry is one of the texts.
        entries.map(|entry| text(unsafe { CStr::from_ptr(entry.cast()) })).collect()
    }
}

fn text(text: &CStr) -> String {
    text.to_str().unwrap().to_owned()
}

#[test]
fn the_order_is_taken_out_and_put_back_where_it_was() {
    for entries in [
        &["TRAP_EXEC=/p"][..],
        &["TRAP_EXEC=/p", "A=1", "B=2"],
        &["A=1", "TRAP_EXEC=/p", "B=2"],
        &["A=1", "B=2", "TRAP_EXEC=/p"],
        &["", "TRAP_EXEC", "TRAP_EXE=/p", "TRAP_EXEC=/p", "TRAP_EXEC=/second"],
    ] {
        let mut environment = Environment::new(entries);
        let order = environment.take().expect("there is one");
        // SAFETY: the path is part of an entry, which ends with a zero.
        assert_eq!(text(unsafe { CStr::from_ptr(order.path.cast()) }), "/p");
        let rest: Vec<_> = entries.iter().filter(|entry| **entry != "TRAP_EXEC=/p").collect();
        assert_eq!(environment.entries(), rest.iter().map(|entry| (**entry).to_owned()).collect::<Vec<_>>());
        order.put_back();
        assert_eq!(environment.entries(), entries);
    }
}

#[test]
fn what_is_no_order_is_left_alone() {
    for entries in
        [&[][..], &["A=1"], &["TRAP_EXEC="], &["TRAP_EXEC=relative"], &["TRAP_EXECX=/p"], &["TRAP_EXEC"]]
    {
        let mut environment = Environment::new(entries);
        assert!(environment.take().is_none(), "{entries:?}");
        assert_eq!(environment.entries(), entries);
    }
    // SAFETY: a process without an environment has none.
    assert!(unsafe { Order::take(std::ptr::null_mut()) }.is_none());
}
