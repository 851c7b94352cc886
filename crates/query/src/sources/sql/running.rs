/// A statement that runs; if it is dropped before it is over, it is stopped at the server.
pub(super) struct Running(Option<Box<dyn FnOnce() + Send>>);

impl Running {
    pub(super) fn new(interrupt: Box<dyn FnOnce() + Send>) -> Self {
        Self(Some(interrupt))
    }

    /// The statement is over: nothing is left to stop.
    pub(super) fn end(mut self) {
        self.0 = None;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(interrupt) = self.0.take() {
            interrupt();
        }
    }
}
