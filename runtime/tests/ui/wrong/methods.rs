use trap_runtime::class::{GnzContext, HttpRequest};

struct Orders;

#[trap_runtime::class]
impl Orders {
    fn changes(&mut self) {}
    fn ends(self) {}
    fn generic<T>(&self, value: T) {}
    fn borrows(&self, name: &str) {}
    fn nameless(&self, (a, b): (u8, u8)) {}
    fn anything(&self, value: impl Send) {}
    fn late(&self, name: String, context: GnzContext) {}
    fn constructor(&self) {}
    fn http(&self) {}
    #[method(http)]
    fn no_request(&self) {}
    #[method(cron = "0 4 * *")]
    fn four_fields(&self) {}
    #[method(cron = "0 4 * * *")]
    fn asks(&self, day: u8) {}
    #[method(post)]
    fn unknown(&self) {}
    #[method]
    fn nothing(&self) {}
    #[method(http)]
    #[method(skip)]
    fn both(&self, request: HttpRequest) {}
    #[method(http)]
    fn no_receiver(request: HttpRequest) {}
}

fn main() {}
