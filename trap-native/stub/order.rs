//! The order to execute a program: a variable, and how it is taken out of the environment and put back.

/// What the variable begins with that says which program to execute.
const ORDER: &[u8] = b"TRAP_EXEC=";

/// The variable that named the program, taken out of the environment.
pub struct Order {
    /// Where in the list it was.
    slot: *mut *const u8,
    /// The whole text, `TRAP_EXEC=/…`.
    entry: *const u8,
    /// The path in it.
    pub path: *const u8,
}

impl Order {
    /// Takes the variable out of a list; those behind it move up, and their order stays.
    ///
    /// # Safety
    /// `list` is null or a list as `environ` is, and nobody else changes it until the order is put back.
    pub unsafe fn take(list: *mut *const u8) -> Option<Self> {
        if list.is_null() {
            return None;
        }
        let mut slot = list;
        loop {
            // SAFETY: the slot is one of the list's, at most that of the null at its end, where the loop ends.
            let entry = unsafe { *slot };
            if entry.is_null() {
                return None;
            }
            // SAFETY: the entry is a text with a final zero.
            if let Some(path) = unsafe { path_in(entry) } {
                // SAFETY: as above; null is moved last, so what is left is a list.
                unsafe { remove(slot) };
                return Some(Self { slot, entry, path });
            }
            // SAFETY: the slot was not the last one.
            slot = unsafe { slot.add(1) };
        }
    }

    /// Makes the list what it was.
    pub fn put_back(&self) {
        let (mut slot, mut entry) = (self.slot, self.entry);
        loop {
            // SAFETY: the list was one entry longer when the slot was found, so there is a slot for each entry
            // that moves back, and for the null behind them.
            let next = unsafe { slot.replace(entry) };
            if entry.is_null() {
                return;
            }
            entry = next;
            // SAFETY: as above.
            slot = unsafe { slot.add(1) };
        }
    }
}

/// The absolute path in an entry of the environment that is the order to execute it.
///
/// # Safety
/// `entry` points to a text with a final zero.
unsafe fn path_in(entry: *const u8) -> Option<*const u8> {
    let mut rest = entry;
    for expected in ORDER {
        // SAFETY: every byte before this one was not the final zero, because none of ours is zero.
        if unsafe { *rest } != *expected {
            return None;
        }
        // SAFETY: the final zero comes later.
        rest = unsafe { rest.add(1) };
    }
    // SAFETY: this is the final zero at most.
    (unsafe { *rest } == b'/').then_some(rest)
}

/// Moves everything behind a slot up by one.
///
/// # Safety
/// The slot belongs to a list that ends with null, and is not the one of that null.
unsafe fn remove(mut slot: *mut *const u8) {
    loop {
        // SAFETY: what is in the slot is not the null at the end, so there is another slot.
        let behind = unsafe { slot.add(1) };
        // SAFETY: both are slots of the list.
        let entry = unsafe { *behind };
        // SAFETY: as above.
        unsafe { *slot = entry };
        if entry.is_null() {
            return;
        }
        slot = behind;
    }
}
